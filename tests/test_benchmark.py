"""The benchmark notices wrong results before it times them, and says what it measured."""

import copy
import os
import platform
import signal
import subprocess
import sys
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest
import torch

from experiments.benchmarks import __main__ as timing
from experiments.benchmarks import memory, page, paired, summary
from experiments.benchmarks import test_speed as suite
from experiments.benchmarks.pooled import pooled
from experiments.engine.provenance import machine
from experiments.records import load
from lstm_variants import VARIANTS
from lstm_variants.nn import LSTM
from tests.cpu_kernels import needs_kernels

size = paired.Size(B=3, T=5, D=2, H=4)
CPU = torch.device("cpu")


cases = [(name, {}) for name in VARIANTS]
cases += [(name, settings) for name, (*_, settings) in suite.OWN_BASELINES.items() if settings]


@pytest.mark.parametrize("mode", suite.MODES)
@pytest.mark.parametrize(
    ("name", "settings"), cases, ids=["-".join((n, *s.values())) for n, s in cases]
)
def test_every_tensor_of_a_result_is_checked(name, settings, mode):
    variant = suite.with_settings(name, settings)
    model = suite.layer(variant, size)
    x, grad = size.random(variant.directions, CPU)
    results = paired.step_of(model, x, grad, mode)()
    paired.check(name, settings, model, x, grad, results)
    for k, result in enumerate(results):
        wrong = list(results)
        wrong[k] = result.detach().clone(memory_format=torch.contiguous_format)
        wrong[k].view(-1)[result.numel() // 2] += 0.01 * result.abs().max()
        with pytest.raises(AssertionError, match="wrong by"):
            paired.check(name, settings, model, x, grad, tuple(wrong))


@pytest.mark.parametrize("mode", suite.MODES)
@pytest.mark.parametrize(("dtype", "name"), suite.HALF)
def test_results_in_half_precision_are_checked(dtype, name, mode):
    model = suite.layer(VARIANTS[name], size).to(dtype)
    x, grad = size.random(1, CPU)
    results = paired.step_of(model, x, grad, mode)()
    paired.check(name, {}, model, x, grad, results)
    for k, result in enumerate(results):
        wrong = list(results)
        wrong[k] = result.detach().clone(memory_format=torch.contiguous_format)
        wrong[k].view(-1)[result.numel() // 2] += 0.1 * result.abs().max()
        with pytest.raises(AssertionError, match="wrong by"):
            paired.check(name, {}, model, x, grad, tuple(wrong))


def test_the_peepholes_of_a_timed_layer_are_on():
    assert suite.layer(VARIANTS["PeepholeLSTM-previous"], size).layer.weight_ch_l0.all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"devices": ()}, "--devices should be among cpu"),
        ({"devices": ("tpu",)}, "--devices should be among cpu.* got 'tpu'"),
        ({"threads": ()}, "--threads should be numbers of 1 or more"),
        ({"threads": (0,)}, "--threads should be numbers of 1 or more"),
        ({"half_precision": True, "allocator": True}, "have a record each: name one of them"),
        ({"threads": (77,)}, "benchmarks is for results with .* another folder: --out DIR"),
        ({"out": Path(__file__)}, "--out should be a folder that can be written"),
    ],
)
def test_options_are_checked_before_anything_is_timed(options, message):
    with pytest.raises(SystemExit, match=message):
        timing.check(timing.Options(**options))


@pytest.fixture
def plain(monkeypatch):
    """The environment of torch as it is by default."""
    for name in timing.SETTINGS:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_default_options_are_those_of_the_published_results(plain):
    timing.check(timing.Options())


def test_a_setting_of_torch_is_not_published_under_the_name_of_the_processor(plain, tmp_path):
    plain.setenv("ATEN_CPU_CAPABILITY", "avx2")
    with pytest.raises(SystemExit, match="unset ATEN_CPU_CAPABILITY, or name another folder"):
        timing.check(timing.Options())
    link = tmp_path / "link"
    link.symlink_to(timing.Options().out, target_is_directory=True)
    with pytest.raises(SystemExit, match="unset ATEN_CPU_CAPABILITY"):
        timing.check(timing.Options(out=link))
    timing.check(timing.Options(out=tmp_path))


@pytest.mark.parametrize(
    ("status", "reason"),
    [(1, "A check failed"), (-11, "ended by SIGSEGV"), (4, "ended with status 4")],
)
def test_a_run_that_fails_says_why(status, reason):
    assert reason in timing.failure(status)


def test_allocators_are_timed_in_processes_of_their_own(monkeypatch, tmp_path):
    seen = []

    def time_all(folder, run, process, part, variables):
        seen.append(variables)
        return {"allocator": [len(seen)]}, [part]

    monkeypatch.setattr(timing, "time_all", time_all)
    run = timing.run_of("cpu", timing.Options(allocator=True), machine())
    found = timing.time_sections(tmp_path, run, 0)
    assert found == ({"returned": [1], "kept": [2]}, ["returned", "kept"])
    assert seen[0] == {}
    assert set(seen[1]) == {"MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_"} < {*timing.SETTINGS}


@pytest.mark.skipif(platform.system() != "Linux", reason="glibc's settings")
@pytest.mark.slow
def test_memory_that_is_kept_causes_no_page_faults():
    code = """
import torch
from experiments.benchmarks import memory, test_speed as suite
from lstm_variants import VARIANTS
size = suite.LARGE_BLOCKS[0]._replace(T=20)
torch.set_num_threads(1)
made = size.random(1, torch.device("cpu"))
print(memory.page_faults(suite.baseline(VARIANTS["LSTM"], size), *made))
"""
    found = [
        int(subprocess.check_output([sys.executable, "-c", code], env=os.environ | variables))
        for variables in ({"MALLOC_MMAP_THRESHOLD_": "100000"}, timing.ALLOCATORS["kept"])
    ]
    assert found[0] > 100 > 10 > found[1]


def test_processes_are_pooled_and_their_differences_kept():
    slow = {"seconds": [3.0, 3.0, 3.3], "baseline_seconds": [2.0, 2.0, 2.0], "variant": "GRU"}
    fast = {"seconds": [1.0, 1.1], "baseline_seconds": [2.0, 2.0], "variant": "GRU"}
    [found] = pooled([[slow], [fast]])
    assert found["ratio"]["median"] == pytest.approx(1.5)
    assert (found["ratio"]["low"], found["ratio"]["high"]) == pytest.approx((0.525, 1.5))
    assert found["milliseconds"]["median"] == pytest.approx(3000)
    assert (found["rounds"], found["variant"]) == (5, "GRU")
    assert "seconds" not in found


needs_linux = pytest.mark.skipif(
    platform.system() != "Linux", reason="only Linux says how much memory is used"
)


@needs_linux
def test_output_gates_and_cell_states_are_counted():
    x, grad = torch.randn(100, 32, 64), torch.randn(100, 32, 128)
    found = memory.of_training(paired.First(LSTM(64, 128)), x, grad)
    assert 6 * 4 * grad.numel() / 2**20 < found


@needs_linux
@needs_kernels  # those of torch keep little
def test_memory_that_is_kept_for_later_calls_is_counted():
    x, grad = torch.randn(100, 32, 64), torch.randn(100, 32, 128)
    first, later = (memory.of_training(m(LSTM(64, 128)), x, grad) for m in (paired.First, Twice))
    assert later < first - 1


class Twice(paired.First):
    """A layer that takes a whole step already in the call that loads libraries."""

    def forward(self, x):
        if x.shape[1] == 1:
            full = torch.randn(100, 32, 64, requires_grad=True)
            torch.autograd.grad(self.layer(full)[0].sum(), [full, *self.parameters()])
        return super().forward(x)


@needs_linux
def test_a_process_that_dies_is_an_error_and_not_waited_for():
    x, grad = torch.randn(3, 2, 4), torch.randn(3, 2, 5)
    assert memory.of_training(paired.First(LSTM(4, 5)), x, grad) is not None
    with pytest.raises(BrokenProcessPool):
        memory.of_training(Dying(LSTM(4, 5)), x, grad)


class Dying(paired.First):
    """A layer that ends its process."""

    def forward(self, x):
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_record_without_memory_and_one_of_a_gpu_have_pages():
    result = copy.deepcopy(load(summary.RECORDS[0]))
    for record in result["records"]:
        record["megabytes"] = record["baseline_megabytes"] = None
    assert "### Memory" not in page.section(result)
    assert "unknown" in summary.summary([result])
    assert "| goal " in " ".join(page.section(result).split())
    result["experiment"], result["machine"]["gpu"] = "bench-cuda", "A GPU"
    found = page.section(result)
    assert "goal" not in found
    assert "thread;" not in found
    assert "AVX512-BF16" not in found
