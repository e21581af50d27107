"""Layers in torch's DistributedDataParallel: two processes on the CPU."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

from lstm_variants import VARIANTS

ROOT = Path(__file__).parent.parent
COMPILED = "PeepholeLSTM"
B = 8
pytestmark = pytest.mark.skipif(not dist.is_gloo_available(), reason="torch has no gloo")


def compare_gradients(rank, store):
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
    dist.destroy_process_group()


def test_gradients_of_two_processes_are_those_of_the_whole_batch(tmp_path):
    torch.multiprocessing.spawn(compare_gradients, (tmp_path / "store",), nprocs=2)


def test_the_script_of_the_documentation_trains(tmp_path):
    script = ROOT / "docs" / "includes" / "train_ddp.py"
    command = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc-per-node",
        "2",
        str(script),
    ]
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    losses = [float(line.rpartition(" ")[2]) for line in done.stdout.splitlines()]
    assert len(losses) == 3
    assert losses[-1] < losses[0]
    assert (tmp_path / "tagger.pt").exists()
