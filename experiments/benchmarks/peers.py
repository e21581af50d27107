"""Other implementations of the same cells, timed against our layers: `make bench-peers`.

Needs the extra `frameworks`. One thread; all that compute a cell run in turn, round by round, in
one process; each round begins with another of them. A peer's outputs and the gradient of its input
are compared with ours before it is timed.
"""

from __future__ import annotations

import os

# JAX makes as many threads as there are cores that the process may use: one, as for the others.
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
os.environ["JAX_PLATFORMS"] = "cpu"

import gc
import io
import logging
import tempfile
import warnings
from collections import deque
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import flax.linen
import jax
import jax.numpy as jnp
import numpy as np
import onnxruntime
import torch
import torchrecurrent
import tyro
from numpy.typing import NDArray
from torch import Tensor, nn

from experiments import Record
from experiments.benchmarks.paired import First, Size, step_of
from experiments.benchmarks.pooled import quartiles
from experiments.benchmarks.test_speed import MODES, SIZES
from experiments.engine.files import check_writable, write_json
from experiments.engine.provenance import provenance
from lstm_variants.interop import to_flax
from lstm_variants.nn import GRU, LSTM, PeepholeLSTM, Recurrent

# Otherwise a second thread computes, and shares the core with the one that waits for it.
jax.config.update("jax_cpu_enable_async_dispatch", False)

LAYERS: dict[str, Any] = {"LSTM": LSTM, "PeepholeLSTM": PeepholeLSTM, "GRU": GRU}
CELLS = tuple(LAYERS)
TOLERANCE = 1e-4  # of the largest value
# A round takes all that compute a cell once; at most so many seconds of them.
SECONDS, LEAST, MOST = 4.0, 5, 200

Arrays = tuple[Any, ...]
Step = Callable[[], Arrays]
"""Outputs; in training the gradients of the input and the weights too, that of the input second."""


def in_torch(layer: nn.Module, x: Tensor, grad: Tensor, mode: str) -> Step:
    """A layer of PyTorch that returns its output first."""
    return step_of(First(layer), x, grad, mode)


def in_jax(
    run: Callable[[Any, Any], Any], weights: Any, x: Tensor, grad: Tensor, mode: str
) -> Step:
    """A function of weights and input in JAX, compiled."""
    x_, grad_ = jnp.asarray(x.numpy()), jnp.asarray(grad.numpy())

    def forward(weights: Any, x: Any) -> Arrays:
        return (run(weights, x),)

    def training(weights: Any, x: Any) -> Arrays:
        output, pull = jax.vjp(run, weights, x)
        d_weights, d_x = pull(grad_)
        return output, d_x, d_weights

    compiled = jax.jit({"forward": forward, "training": training}[mode])
    return lambda: jax.block_until_ready(compiled(weights, x_))


def torch_nn(layer: Recurrent, x: Tensor, grad: Tensor, mode: str) -> Step:
    """The layer of torch.nn with the same weights."""
    module = getattr(nn, type(layer).__name__)(layer.input_size, layer.hidden_size)
    module.load_state_dict(layer.state_dict())
    return in_torch(module, x, grad, mode)


def python_loop(layer: Recurrent, x: Tensor, grad: Tensor, mode: str) -> Step:
    """The reference: a loop over time steps in Python, as in the notebook."""
    module: Recurrent = LAYERS[type(layer).__name__](
        layer.input_size, layer.hidden_size, backend="reference"
    )
    module.load_state_dict(layer.state_dict())
    return in_torch(module, x, grad, mode)


def torchrecurrent_layer(layer: Recurrent, x: Tensor, grad: Tensor, mode: str) -> Step:
    """The layer of torchrecurrent, a loop in Python over cells."""
    module = torchrecurrent.PeepholeLSTM(layer.input_size, layer.hidden_size)
    renamed = {"weight_ph": "weight_ch"}
    for name, parameter in module.named_parameters():
        kind = name.rpartition(".")[2]
        parameter.data.copy_(getattr(layer, f"{renamed.get(kind, kind)}_l0"))
    return in_torch(module, x, grad, mode)


def onnx_runtime(layer: Recurrent, x: Tensor, grad: Tensor, mode: str) -> Step:
    """The exported layer in ONNX Runtime."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/layer.onnx"
        with warnings.catch_warnings(action="ignore"), redirect_stdout(io.StringIO()):
            torch.onnx.export(layer.eval(), (x,), path, dynamo=True)
        session = onnxruntime.InferenceSession(path, options)
    feed, output = {session.get_inputs()[0].name: x.numpy()}, [session.get_outputs()[0].name]
    return lambda: (session.run(output, feed)[0],)


def flax_layer(layer: Recurrent, x: Tensor, grad: Tensor, mode: str) -> Step:
    """The recurrent layer of Flax, compiled by XLA."""
    cells = {"LSTM": flax.linen.OptimizedLSTMCell, "GRU": flax.linen.GRUCell}
    rnn = flax.linen.RNN(cells[type(layer).__name__](layer.hidden_size), time_major=True)
    [tree] = to_flax(layer)

    def run(tree: Any, x: Any) -> Any:
        return rnn.apply({"params": {"cell": tree}}, x)

    return in_jax(run, jax.tree.map(jnp.asarray, tree), x, grad, mode)


def jax_scan(layer: Recurrent, x: Tensor, grad: Tensor, mode: str) -> Step:
    """The peephole LSTM as one writes it in JAX: a scan, compiled by XLA."""
    weights = {
        name.removesuffix("_l0"): jnp.asarray(p.detach().numpy())
        for name, p in layer.named_parameters()
    }

    def run(w: Any, x: Any) -> Any:
        p_i, p_f, p_o = jnp.split(w["weight_ch"], 3)

        def step(state: Any, wx_t: Any) -> Any:
            h, c = state
            i, f, g, o = jnp.split(wx_t + h @ w["weight_hh"].T, 4, axis=-1)
            i, f = jax.nn.sigmoid(i + p_i * c), jax.nn.sigmoid(f + p_f * c)
            c = f * c + i * jnp.tanh(g)
            h = jax.nn.sigmoid(o + p_o * c) * jnp.tanh(c)
            return (h, c), h

        zeros = jnp.zeros((x.shape[1], layer.hidden_size))
        wx = x @ w["weight_ih"].T + w["bias_ih"] + w["bias_hh"]
        return jax.lax.scan(step, (zeros, zeros), wx)[1]

    return in_jax(run, weights, x, grad, mode)


PEERS: dict[str, tuple[Callable[..., Step], tuple[str, ...], tuple[str, ...]]] = {
    "torch.nn": (torch_nn, ("LSTM", "GRU"), MODES),
    "loop in Python": (python_loop, CELLS, MODES),
    "torchrecurrent": (torchrecurrent_layer, ("PeepholeLSTM",), MODES),
    "ONNX Runtime": (onnx_runtime, CELLS, ("forward",)),
    "Flax": (flax_layer, ("LSTM", "GRU"), MODES),
    "JAX scan": (jax_scan, ("PeepholeLSTM",), MODES),
}
"""Each with its cells and modes."""

PACKAGES = ("torch", "torchrecurrent", "onnxruntime", "jax", "flax")


@dataclass(frozen=True)
class Options:
    """Time other implementations of the same cells."""

    smoke: bool = False
    """The smallest size; writes nothing."""
    out: Annotated[Path, tyro.conf.arg(metavar="DIR")] = Path(__file__).parent
    """Folder for the result."""


def as_array(value: Any) -> NDArray[Any]:
    """A result as an array."""
    return value.detach().numpy() if isinstance(value, Tensor) else np.asarray(value)


def check(name: str, found: Arrays, expected: Arrays) -> None:
    """Compare the output, and in training the gradient of the input.

    Raises:
        SystemExit: If a peer computes something else.
    """
    for got, right in zip(found[:2], expected[:2], strict=True):
        error = np.abs(as_array(got) - as_array(right)).max() / np.abs(as_array(right)).max()
        if not error < TOLERANCE:
            raise SystemExit(f"{name} computes something else: a relative error of {error:.1e}")


def time_cell(cell: str, size: Size, mode: str) -> list[Record]:
    """Time our layer and all that compute its cell at a size."""
    torch.manual_seed(0)
    layer = LAYERS[cell](size.D, size.H)
    x, grad = torch.randn(size.T, size.B, size.D), torch.randn(size.T, size.B, size.H)
    ours = in_torch(layer, x, grad, mode)
    expected, steps = ours(), {}
    for name, (prepare, cells, modes) in PEERS.items():
        if cell in cells and mode in modes:
            steps[name] = prepare(layer, x, grad, mode)
            check(name, steps[name](), expected)
    steps = {"ours": ours} | steps
    times: dict[str, list[float]] = {name: [] for name in steps}
    order = deque(steps)
    gc.collect()
    gc.disable()
    begin = perf_counter()
    while len(times["ours"]) < LEAST or (
        perf_counter() - begin < SECONDS and len(times["ours"]) < MOST
    ):
        for name in order:
            start = perf_counter()
            steps[name]()
            times[name].append(perf_counter() - start)
        order.rotate()
    gc.enable()
    milliseconds = {name: 1e3 * np.array(values[1:]) for name, values in times.items()}
    return [
        {
            "variant": cell,
            "size": size._asdict(),
            "mode": mode,
            "peer": name,
            "rounds": len(values),
            "ratio": quartiles(milliseconds["ours"] / values),
            "milliseconds": quartiles(milliseconds["ours"]),
            "baseline_milliseconds": quartiles(values),
        }
        for name, values in milliseconds.items()
        if name != "ours"
    ]


def main() -> None:
    """Check, time, write."""
    options = tyro.cli(Options, prog="python -m experiments.benchmarks.peers")
    if not (hasattr(os, "sched_setaffinity") or options.smoke):
        raise SystemExit("This system cannot hold JAX to one core, as Linux can: nothing is timed.")
    if not options.smoke:
        check_writable(options.out, "--out")
    torch.set_num_threads(1)
    logging.disable(logging.WARNING)
    result = {"experiment": "peers", **provenance()}
    result["versions"] = {name: version(name) for name in PACKAGES}
    result["records"] = []
    for size in SIZES[:1] if options.smoke else SIZES:
        for cell in CELLS:
            for mode in MODES:
                records = time_cell(cell, size, mode)
                result["records"] += records
                for record in records:
                    times = (
                        record["milliseconds"]["median"],
                        record["baseline_milliseconds"]["median"],
                    )
                    print(
                        f"{size} {cell} {mode}: {times[0]:.3g} ms, {record['peer']} {times[1]:.3g} "
                        f"ms, ratio {record['ratio']['median']:.2f}",
                        flush=True,
                    )
    if not options.smoke:
        write_json(options.out / "peers.json", result)


if __name__ == "__main__":
    main()
