"""Every variant but the ablations against the layer of `torch.nn` that it would replace.

And some of them in half precision, for one time step, and against other layers of this package. How
two layers are timed: `paired.py`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import nn

from experiments.benchmarks import memory
from experiments.benchmarks.paired import First, Size, Timed
from experiments.benchmarks.ragged import Packed, Ragged
from experiments.benchmarks.summary import LAYERS
from lstm_variants import VARIANTS
from lstm_variants.cells import ElmanCell, GRUCell
from lstm_variants.variants import Variant

SIZES = (
    Size(32, 10, 8, 16),
    Size(32, 100, 64, 128),
    Size(64, 100, 256, 256),
    Size(32, 200, 512, 512),
    Size(1, 100, 128, 256),
)
MODES = ("forward", "training")
# Where only the layers of the README are timed, and these sizes.
QUICK_SIZES = SIZES[1:4]
# Packed sequences, with lengths like those of sentences.
RAGGED = Ragged(64, 100, 256, 256)
# Long sequences, where units that do not depend on one another show what that is worth.
LONG = Size(64, 1000, 256, 256)
# Layers that are also compared with another one of this package, in training with one thread. The
# IndRNN with tanh: over so many time steps, a ReLU is at zero for other units in float32 than in
# float64, where its slope jumps, and its gradients cannot be checked.
OWN_BASELINES: dict[str, tuple[str, tuple[Size, ...], dict[str, str]]] = {
    "SLSTM": ("LSTM", SIZES, {}),
    "MinGRU": ("GRU", (LONG,), {}),
    "MinLSTM": ("GRU", (LONG,), {}),
    "IndRNN": ("GRU", (LONG,), {"nonlinearity": "tanh"}),
}
# One time step, as in streaming and reinforcement learning.
STEPS = (Size(1, 1, 64, 128), Size(1, 1, 512, 512), Size(16, 1, 64, 256))
STEPPED = ("LSTM", "PeepholeLSTM", "GRU", "MGU", "SLSTM")
# Calls that take longer than their arithmetic.
SMALL = (Size(1, 1, 64, 128), Size(16, 1, 64, 256), Size(8, 20, 4, 8), Size(32, 10, 8, 16))
CALLED = ("LSTM", "PeepholeLSTM", "GRU", "RNN", "MGU", "SLSTM")
# bfloat16 is compared with the layer of torch.nn in bfloat16, float16 with ours in float32.
IN_HALF = {
    torch.bfloat16: ("LSTM", "PeepholeLSTM", "GRU"),
    torch.float16: ("LSTM", "PeepholeLSTM", "GRU"),
}
HALF = [(dtype, name) for dtype, names in IN_HALF.items() for name in names]
# Sizes at which the layers of the README are timed with other settings of the allocator too.
LARGE_BLOCKS = SIZES[2:4]
# The ablations are the peephole LSTM with less to do.
TIMED = [name for name, variant in VARIANTS.items() if not variant.ablation]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every model, mode, number of threads and size, sizes in the outer loop.

    For smoke, the smallest size alone; for a quick answer, some sizes and layers.
    """
    smoke, quick = metafunc.config.getoption("smoke"), metafunc.config.getoption("quick")
    if metafunc.function is test_speed_of_own_layers:
        pairs = [
            (name, size)
            for name, (_, sizes, _) in OWN_BASELINES.items()
            for size in (SIZES[:1] if smoke else sizes)
        ]
        metafunc.parametrize(("name", "size"), pairs, ids=[f"{n}-{size}" for n, size in pairs])
        return
    sizes: Sequence[Size] = {
        test_speed_of_one_step: STEPS,
        test_speed_of_small_calls: SMALL,
        test_speed_by_allocator: LARGE_BLOCKS,
        test_speed_of_ragged_batches: (Ragged(*SIZES[0]) if smoke else RAGGED,),
    }.get(metafunc.function, QUICK_SIZES if quick else SIZES)
    metafunc.parametrize("size", sizes[:1] if smoke else sizes, ids=str)
    if metafunc.function is test_speed_by_allocator:
        metafunc.parametrize("name", LAYERS)
        return
    if metafunc.function is test_speed:
        threads = metafunc.config.getoption("threads")
        metafunc.parametrize("threads", threads, ids=[f"threads{n}" for n in threads])
    metafunc.parametrize("mode", MODES)
    if metafunc.function is test_speed_in_half_precision:
        ids = [f"{name_of(dtype)}-{name}" for dtype, name in HALF]
        metafunc.parametrize(("dtype", "name"), HALF, ids=ids)
        return
    layers = {
        test_speed: TIMED,
        test_speed_of_ragged_batches: LAYERS,
        test_speed_of_small_calls: CALLED,
    }
    metafunc.parametrize("name", LAYERS if quick else layers.get(metafunc.function, STEPPED))


def test_speed(
    timed: Timed, name: str, mode: str, threads: int, size: Size, device: torch.device
) -> None:
    variant = VARIANTS[name]
    torch.manual_seed(0)
    ours, theirs = layer(variant, size), baseline(variant, size)
    torch.set_num_threads(threads)
    about: dict[str, Any] = {"threads": threads}
    if mode == "training" and (threads == 1 or device.type == "cuda"):
        x, grad = size.random(variant.directions, device)
        about["megabytes"] = memory.of_training(ours.to(device), x, grad)
        about["baseline_megabytes"] = memory.of_training(theirs.to(device), x, grad)
    timed("records", name, ours, theirs, mode, size, name_in_torch(theirs), **about)


def test_speed_of_ragged_batches(timed: Timed, name: str, mode: str, size: Ragged) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    ours, theirs = layer(VARIANTS[name], size), baseline(VARIANTS[name], size)
    packed = (Packed(model.layer, size.lengths) for model in (ours, theirs))
    timed("ragged", name, *packed, mode, size, name_in_torch(theirs), lengths=size.text())


def test_speed_of_own_layers(timed: Timed, name: str, size: Size) -> None:
    torch.set_num_threads(1)
    other, _, settings = OWN_BASELINES[name]
    torch.manual_seed(0)
    ours, theirs = layer(with_settings(name, settings), size), layer(VARIANTS[other], size)
    timed("own_layers", name, ours, theirs, "training", size, other, settings)


def test_speed_in_half_precision(
    timed: Timed, name: str, dtype: torch.dtype, mode: str, size: Size
) -> None:
    variant = VARIANTS[name]
    torch.set_num_threads(1)
    torch.manual_seed(0)
    ours = layer(variant, size).to(dtype)
    if dtype == torch.bfloat16:
        theirs = baseline(variant, size).to(dtype)
        against = name_in_torch(theirs)
    else:
        theirs, against = layer(variant, size), f"{name} in float32"
    timed("half_precision", name, ours, theirs, mode, size, against, dtype=name_of(dtype))


def test_speed_of_one_step(timed: Timed, name: str, mode: str, size: Size) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    ours, theirs = layer(VARIANTS[name], size), baseline(VARIANTS[name], size)
    timed("one_step", name, ours, theirs, mode, size, name_in_torch(theirs))


def test_speed_of_small_calls(timed: Timed, name: str, mode: str, size: Size) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    ours, theirs = layer(VARIANTS[name], size), baseline(VARIANTS[name], size)
    timed("small_calls", name, ours, theirs, mode, size, name_in_torch(theirs), threads=1)


def test_speed_by_allocator(timed: Timed, name: str, size: Size) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    ours, theirs = layer(VARIANTS[name], size), baseline(VARIANTS[name], size)
    x, grad = size.random(VARIANTS[name].directions, torch.device("cpu"))
    faults = {
        "page_faults": memory.page_faults(ours, x, grad),
        "baseline_page_faults": memory.page_faults(theirs, x, grad),
    }
    against = name_in_torch(theirs)
    timed("allocator", name, ours, theirs, "training", size, against, threads=1, **faults)


def with_settings(name: str, settings: dict[str, str]) -> Variant:
    """A variant with other settings of its cell."""
    variant = VARIANTS[name]
    cell: Any = variant.cell  # a dataclass
    return dataclasses.replace(variant, cell=dataclasses.replace(cell, **settings))


def name_of(dtype: torch.dtype) -> str:
    """Such as `float16`."""
    return str(dtype).removeprefix("torch.")


def name_in_torch(model: First) -> str:
    """The name of a layer of torch.nn."""
    return f"nn.{type(model.layer).__name__}"


def layer(variant: Variant, size: Size) -> First:
    """The layer of a variant, with parameters that can be checked."""
    made = First(variant.layer(size.D, size.H))
    with torch.no_grad():
        for name, parameter in made.layer.named_parameters():
            if name.startswith("gain_"):  # at 1, rounding errors grow from step to step
                parameter.fill_(0.1)
    return made


def baseline(variant: Variant, size: Size) -> First:
    """The layer of `torch.nn` that a variant is compared with: `LSTM` if torch has no such cell."""
    layers: dict[type, Any] = {GRUCell: nn.GRU, ElmanCell: nn.RNN}
    found = layers.get(type(variant.cell), nn.LSTM)
    return First(found(size.D, size.H, bidirectional=variant.directions == 2))
