"""Layers in torch's DistributedDataParallel and fully_shard: two processes on the CPU."""

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.nn.parallel import DistributedDataParallel

from lstm_variants import VARIANTS

B = 8
WAYS = {
    "replicated": DistributedDataParallel,
    "compiled": lambda layer: torch.compile(DistributedDataParallel(layer), backend="aot_eager"),
    "sharded": lambda layer: fully_shard(layer, mesh=init_device_mesh("cpu", (2,))),
}
CASES = [
    ("compiled", "PeepholeLSTM"),
    *((way, name) for way in ("replicated", "sharded") for name in VARIANTS),
]
pytestmark = pytest.mark.skipif(not dist.is_gloo_available(), reason="torch has no gloo")


def compare_gradients(rank, store, folder):
    """Half a batch on each of two processes, and the whole batch on one."""
    dist.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=2)
    torch.set_num_threads(1)
    own = slice(rank * B // 2, (rank + 1) * B // 2)
    torch.manual_seed(1)
    x, lengths = torch.randn(5, B, 4), torch.tensor([5, 4, 3, 0, 5, 1, 2, 5])
    for way, name in CASES:
        torch.manual_seed(0)
        layer = VARIANTS[name].layer(4, 6, num_layers=2, bidirectional=True)
        whole = VARIANTS[name].layer(4, 6, num_layers=2, bidirectional=True)
        whole.load_state_dict(layer.state_dict())
        divided = WAYS[way](layer)
        divided(x[:, own], lengths=lengths[own])[0].square().sum().backward()
        whole(x, lengths=lengths)[0].square().sum().backward()
        for (parameter, ours), expected in zip(
            layer.named_parameters(), whole.parameters(), strict=True
        ):
            mean = ours.grad.full_tensor() if way == "sharded" else ours.grad
            torch.testing.assert_close(
                2 * mean,
                expected.grad,
                msg=lambda text, where=(way, name, parameter): f"{where}: {text}",
            )
    dist.barrier()
    (folder / str(rank)).touch()


@pytest.mark.slow
def test_the_documented_script(tmp_path):
    script = Path(__file__).parent.parent / "docs" / "includes" / "train_ddp.py"
    options = ["--standalone", "--nproc-per-node", "2", str(script)]
    command = [sys.executable, "-m", "torch.distributed.run", *options]
    with (tmp_path / "said").open("w") as said:
        running = subprocess.Popen(command, cwd=tmp_path, stdout=said, stderr=said)
    end = time.monotonic() + 300
    try:
        while not (tmp_path / "tagger.pt").exists() and running.poll() is None:
            assert time.monotonic() < end
            time.sleep(0.2)
    finally:
        # Gloo hangs at the end of a process now and then, when all is done. Of SIGTERM, the parent
        # ends its processes.
        running.terminate()
        running.wait(timeout=60)
    text = (tmp_path / "said").read_text()
    losses = [float(loss) for loss in re.findall(r"epoch \d: last loss (\S+)", text)]
    assert len(losses) == 3, text
    assert losses[-1] < losses[0]


@pytest.mark.slow
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
