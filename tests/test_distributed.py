"""Layers in torch's DistributedDataParallel: two processes on the CPU."""

import time

import pytest
import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

from lstm_variants import VARIANTS

COMPILED = "PeepholeLSTM"
B = 8
pytestmark = pytest.mark.skipif(not dist.is_gloo_available(), reason="torch has no gloo")


def compare_gradients(rank, store, folder):
    """Half a batch on each of two processes, and the whole batch on one."""
    dist.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=2)
    torch.set_num_threads(1)
    own = slice(rank * B // 2, (rank + 1) * B // 2)
    torch.manual_seed(1)
    x, lengths = torch.randn(5, B, 4), torch.tensor([5, 4, 3, 0, 5, 1, 2, 5])
    cases = [(name, False) for name in VARIANTS] + [(COMPILED, True)]
    for name, compiled in cases:
        torch.manual_seed(0)
        layer = VARIANTS[name].layer(4, 6, num_layers=2, bidirectional=True)
        whole = VARIANTS[name].layer(4, 6, num_layers=2, bidirectional=True)
        whole.load_state_dict(layer.state_dict())
        divided = DistributedDataParallel(layer)
        if compiled:
            divided = torch.compile(divided, backend="aot_eager")
        divided(x[:, own], lengths=lengths[own])[0].square().sum().backward()
        whole(x, lengths=lengths)[0].square().sum().backward()
        for (parameter, ours), expected in zip(
            layer.named_parameters(), whole.parameters(), strict=True
        ):
            torch.testing.assert_close(
                2 * ours.grad,
                expected.grad,
                msg=lambda text, where=(name, compiled, parameter): f"{where}: {text}",
            )
    dist.barrier()
    (folder / str(rank)).touch()


def test_gradients_of_two_processes_are_those_of_the_whole_batch(tmp_path):
    context = torch.multiprocessing.spawn(
        compare_gradients, (tmp_path / "store", tmp_path), nprocs=2, join=False
    )
    done = [tmp_path / "0", tmp_path / "1"]
    end = time.monotonic() + 300  # s, on one core without kernels
    try:
        while not all(path.exists() for path in done) and time.monotonic() < end:
            context.join(timeout=0.2)  # raises the error of a process
        assert all(path.exists() for path in done)
    finally:
        # Gloo hangs at the end of a process now and then, when all is done.
        for process in context.processes:
            process.kill()
