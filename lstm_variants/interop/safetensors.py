"""Layers in safetensors files: loading one runs no code."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from lstm_variants import cells
from lstm_variants.cells import Cell
from lstm_variants.nn import Recurrent

KEY = "lstm_variants"
"""The entry of a file's metadata that describes the layer."""
OPTIONS = (
    *("input_size", "hidden_size", "num_layers", "bias", "batch_first", "bidirectional"),
    *("proj_size", "dropout", "weight_dropout", "recurrent_dropout", "zoneout"),
)
"""What a layer is made from, besides its cell."""


def to_safetensors(layer: Recurrent, path: str | os.PathLike[str]) -> None:
    """Save a layer, its cell and its options but for `backend` in a safetensors file, atomically.

    Other programs read the file as the layer's `state_dict`.

    Args:
        layer: The layer.
        path: The file.

    Examples:
        >>> import os, tempfile
        >>> from lstm_variants.interop import from_safetensors, to_safetensors
        >>> from lstm_variants.nn import PeepholeLSTM
        >>> path = os.path.join(tempfile.mkdtemp(), "layer.safetensors")
        >>> to_safetensors(PeepholeLSTM(8, 16, bidirectional=True), path)
        >>> from_safetensors(path)
        Recurrent(LSTMCell(peephole='current'), 8, 16, bidirectional=True)
    """
    name = type(layer.cell).__name__
    described = {
        "cell": name,
        "is_of_this_package": type(layer.cell) is getattr(cells, name, None),
        "settings": asdict(cast(Any, layer.cell)),
        "options": {name: getattr(layer, name) for name in OPTIONS},
    }
    tensors = {name: tensor.contiguous() for name, tensor in layer.state_dict().items()}
    target = Path(path)
    temporary = target.with_name(f".{target.name}-{uuid4().hex}")
    try:
        # Not save_file, whose files only their owner can read.
        temporary.write_bytes(save(tensors, metadata={KEY: json.dumps(described)}))
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def from_safetensors(path: str | os.PathLike[str], *, cell: Cell | None = None) -> Recurrent:
    """Make a layer from a file that `to_safetensors` wrote.

    Args:
        path: The file.
        cell: The cell, if it is not one of this package.

    Raises:
        ValueError: If the file does not describe a layer, or not that of this cell.
        OSError: If there is no such file.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"{path} is not a safetensors file: {error}") from error
    if KEY not in metadata:
        raise ValueError(
            f"{path} should have been written by to_safetensors, and describes no layer; create "
            "the layer, and load the file with safetensors.torch.load_model"
        )
    described = json.loads(metadata[KEY])
    if cell is None:
        name = described["cell"]
        if not described["is_of_this_package"] or not hasattr(cells, name):
            raise ValueError(
                f"{path} has the cell {name}, which is not one of this package: pass cell="
            )
        cell = getattr(cells, name)(**described["settings"])
    layer = Recurrent(cell, dtype=next(iter(tensors.values())).dtype, **described["options"])
    try:
        layer.load_state_dict(tensors)
    except RuntimeError as error:
        raise ValueError(f"the parameters in {path} are not those of {layer}: {error}") from error
    return layer
