"""Layers in safetensors files: loading one runs no code."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping
from dataclasses import asdict
from inspect import signature
from numbers import Integral, Real
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from lstm_variants import cells
from lstm_variants.cells import Cell
from lstm_variants.interop.layers import check_layer, common_dtype
from lstm_variants.nn import Recurrent
from lstm_variants.nn.arguments import check_constructor
from lstm_variants.nn.regularisation import check_rates

KEY = "lstm_variants"
"""The entry of a file's metadata that describes the layer."""
OPTIONS = (
    *("input_size", "hidden_size", "num_layers", "bias", "batch_first", "bidirectional"),
    *("proj_size", "dropout", "weight_dropout", "recurrent_dropout", "zoneout"),
)
"""What a layer is made from, besides its cell."""
CONSTRUCTOR = tuple(signature(check_constructor).parameters)[1:]
"""Those of them that are no rates of regularisation."""


def to_safetensors(layer: Recurrent, path: str | os.PathLike[str]) -> None:
    """Save a layer, its cell and its options except `backend` in a safetensors file, atomically.

    Other programs read the file as the layer's `state_dict`.

    Args:
        layer: The layer.
        path: The file.

    Raises:
        TypeError: If `layer` is not a layer of this package, or a setting has a wrong type.
        ValueError: If a file could not represent the layer: a parameter is parametrised, pruned or
            tied, the parameters have several dtypes, the layer has submodules, its class overrides
            `forward` or `step`, or a setting is out of range or neither a number nor text. Hooks
            are not saved.
        OSError: If the file cannot be written.

    Examples:
        >>> import os, tempfile
        >>> from lstm_variants.interop import from_safetensors, to_safetensors
        >>> import lstm_variants as lv
        >>> path = os.path.join(tempfile.mkdtemp(), "layer.safetensors")
        >>> to_safetensors(lv.nn.PeepholeLSTM(8, 16, bidirectional=True), path)
        >>> from_safetensors(path)
        Recurrent(LSTMCell(peephole='current'), 8, 16, bidirectional=True)
    """
    check_layer(layer)
    # Copies: parameters may be views of one storage.
    tensors = {
        name: tensor.clone(memory_format=torch.contiguous_format)
        for name, tensor in layer.state_dict().items()
    }
    check_plain(layer, tensors)
    text = json.dumps(description(layer), default=as_json)
    target = Path(os.path.realpath(path))  # what a symbolic link points to, not the link
    temporary = target.with_name(f".{uuid4().hex}")
    try:
        # Not save_file, whose files only their owner can read.
        with temporary.open("wb") as file:
            file.write(save(tensors, metadata={KEY: text}))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def check_plain(layer: Recurrent, tensors: Mapping[str, Tensor]) -> None:
    """Check that a layer made from the same cell and options could load these tensors.

    Raises:
        ValueError: If not.
    """
    names = {name for names in layer.spec.names for name in names}
    if changed := sorted(names ^ tensors.keys()):
        raise ValueError(
            "the state_dict of the layer should have the parameters of its cell alone, and differs "
            f"in {', '.join(changed)}: remove parametrisations, pruning and modules of its own "
            "first, or save the state_dict with safetensors.torch.save_file"
        )
    common_dtype(tensors)
    if any(tensor.is_meta for tensor in tensors.values()):
        raise ValueError("the layer should have values, and is on the meta device")
    for name in ("forward", "step"):
        if getattr(type(layer), name) is not getattr(Recurrent, name):
            raise ValueError(
                f"{type(layer).__name__} should have the {name} of its base class: a file has its "
                "cell and its parameters alone. Save the state_dict with torch.save"
            )
    # Some were changed after the layer was created. The warning, of dropout, was given then.
    with warnings.catch_warnings(action="ignore"):
        options = {name: getattr(layer, name) for name in CONSTRUCTOR}
        check_constructor(layer.cell, **options)
    check_rates(
        layer.cell, layer.spec.kinds, layer.weight_dropout, layer.recurrent_dropout, layer.zoneout
    )
    # Of parameters that are one, there is the first; others share their memory, if they have any.
    places = [place for p in layer.parameters() if (place := p.data_ptr())]
    if len(dict(layer.named_parameters())) < len(tensors) or len({*places}) < len(places):
        raise ValueError(
            "the parameters of the layer should not be tied: a file has each of them once. Save "
            "the state_dict with torch.save, or untie them first"
        )


def description(layer: Recurrent) -> dict[str, Any]:
    """The description of a layer in a file."""
    name = type(layer.cell).__name__
    return {
        "cell": name,
        "is_of_this_package": type(layer.cell) is getattr(cells, name, None),
        "settings": asdict(cast(Any, layer.cell)),
        "options": {name: getattr(layer, name) for name in OPTIONS},
    }


def as_json(value: Any) -> int | float:
    """A number of another library for JSON, as NumPy's or a fraction.

    Raises:
        ValueError: If it is no number.
    """
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    raise ValueError(f"settings and options should be numbers or text to be saved, got {value!r}")


def from_safetensors(path: str | os.PathLike[str], *, cell: Cell | None = None) -> Recurrent:
    """Make a layer from a file that `to_safetensors` wrote.

    It is a `Recurrent` in training mode on the CPU, whose parameters are trained; call `eval()` for
    inference.

    Args:
        path: The file.
        cell: The cell, if it is not one of this package.

    Raises:
        TypeError: If `cell` is not a cell.
        ValueError: If the file does not describe a layer, or not that of this cell.
        OSError: If there is no such file.

    Examples:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from lstm_variants.interop import from_safetensors, to_safetensors
        >>> import lstm_variants as lv
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "layer.safetensors"
        ...     to_safetensors(lv.nn.PeepholeLSTM(3, 5, dropout=0.1, num_layers=2), path)
        ...     from_safetensors(path)
        Recurrent(LSTMCell(peephole='current'), 3, 5, num_layers=2, dropout=0.1)
    """
    try:
        # safetensors 0.4 reads tensors to the default device.
        with torch.device("cpu"), safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"{path} is not a safetensors file: {error}") from error
    if KEY not in metadata:
        raise ValueError(
            f"{path} should have been written by to_safetensors, and describes no layer; create "
            "the layer, and load the file with safetensors.torch.load_model"
        )
    if not isinstance(cell, Cell | None):
        raise TypeError(f"cell should be a cell, such as LSTMCell(), got {cell!r}")
    described = parsed(metadata[KEY], path)
    cell = cell_of(described, path) if cell is None else check_cell_of_file(cell, described, path)
    dtype = common_dtype(tensors)
    check_sizes(described["options"], cell, tensors, path)
    try:
        layer = Recurrent(cell, device="cpu", dtype=dtype, **described["options"])
    except (TypeError, ValueError, RuntimeError) as error:
        raise unknown_layer(path, error) from error
    try:
        layer.load_state_dict(tensors)
    except RuntimeError as error:
        raise ValueError(f"the parameters in {path} are not those of {layer}: {error}") from error
    return layer


def check_sizes(
    options: Mapping[str, Any], cell: Cell, tensors: Mapping[str, Tensor], path: Any
) -> None:
    """Check that a layer would be as large as its tensors: creating another could take all memory.

    Raises:
        ValueError: If it would not.
    """
    layers, first = options.get("num_layers", 1), tensors.get("weight_ih_l0")
    H, D = options.get("hidden_size"), options.get("input_size")
    if not (isinstance(layers, int) and isinstance(H, int) and isinstance(D, int)):
        return  # the layer itself raises an error
    shape = [len(cell.blocks) * H, D]
    stored = None if first is None else list(first.shape)
    if layers > len(tensors) or shape != stored:
        raise ValueError(
            f"{path} describes {layers} layer(s) with weight_ih_l0 {shape}, and has "
            f"{len(tensors)} parameters with weight_ih_l0 {stored}"
        )


def parsed(text: str, path: Any) -> dict[str, Any]:
    """The description of a layer, whose options are all known to this version.

    Raises:
        ValueError: If it is not one.
    """
    try:
        described = json.loads(text)
    except json.JSONDecodeError:
        described = None
    kinds = {"cell": object, "is_of_this_package": bool, "settings": dict, "options": dict}
    if not isinstance(described, dict) or not all(
        isinstance(described.get(name), kind) for name, kind in kinds.items()
    ):
        raise ValueError(
            f"{path} does not describe a layer as to_safetensors does: its metadata {KEY!r} should "
            f"be a JSON object with {', '.join(kinds)}, got {text[:200]}"
        )
    if unknown := sorted(described["options"].keys() - set(OPTIONS)):
        raise ValueError(
            f"{path} has the options {', '.join(unknown)}, which this version does not have: "
            "it may have been written by a newer one"
        )
    return described


def cell_of(described: Mapping[str, Any], path: Any) -> Cell:
    """The cell of this package that a file describes.

    Raises:
        ValueError: If this package has no such cell.
    """
    name = described["cell"]
    kind = getattr(cells, str(name), None)
    is_cell = isinstance(kind, type) and issubclass(kind, Cell)
    if not is_cell or not described["is_of_this_package"]:
        raise ValueError(
            f"{path} has the cell {name}, which is not one of this package: pass cell="
        )
    try:
        cell: Cell = cast(Any, kind)(**described["settings"])
    except (TypeError, ValueError) as error:
        raise unknown_layer(path, error) from error
    return cell


def check_cell_of_file(cell: Cell, described: Mapping[str, Any], path: Any) -> Cell:
    """The given cell.

    Raises:
        ValueError: If it is not that of the file.
    """
    # Through JSON, which changes tuples into lists.
    settings = json.loads(json.dumps(asdict(cast(Any, cell)), default=as_json))
    given, stored = (type(cell).__name__, settings), (described["cell"], described["settings"])
    if given != stored:
        had, got = (f"{name} with {values}" for name, values in (stored, given))
        raise ValueError(f"{path} has the cell {had}, not {got}: pass the cell that it has")
    return cell


def unknown_layer(path: Any, error: Exception) -> ValueError:
    """The error for a description of which no layer can be made."""
    return ValueError(f"{path} describes no layer that this version can make: {error}")
