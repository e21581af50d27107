"""Replaces the layers of torch.nn in a model."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from inspect import Parameter, signature
from typing import Any, TypeVar, overload

import torch
from torch import nn

# From here, and not from torch.nn, where other classes may take their places.
from torch.nn.modules import rnn as torch_rnn

from lstm_variants.cells import Cell, ElmanCell, GRUCell, LSTMCell
from lstm_variants.nn.layers import GRU, LSTM, RNN
from lstm_variants.nn.recurrent import Recurrent
from lstm_variants.torch_internals import has_hooks, is_compiled

CELLS: dict[type, Cell] = {
    torch_rnn.LSTM: LSTMCell(),
    torch_rnn.GRU: GRUCell(),
    torch_rnn.RNN: ElmanCell(),
}
"""The cells of torch's layers."""
Model = TypeVar("Model", bound=nn.Module)


# A model is returned as it is; a layer of torch.nn is itself replaced.
@overload
def replace_layers(
    model: torch_rnn.RNNBase,
    *,
    lstm: Callable[..., Recurrent] | Cell | None = ...,
    gru: Callable[..., Recurrent] | Cell | None = ...,
    rnn: Callable[..., Recurrent] | Cell | None = ...,
) -> Recurrent: ...
@overload
def replace_layers(
    model: Model,
    *,
    lstm: Callable[..., Recurrent] | Cell | None = ...,
    gru: Callable[..., Recurrent] | Cell | None = ...,
    rnn: Callable[..., Recurrent] | Cell | None = ...,
) -> Model: ...
def replace_layers(
    model: nn.Module,
    *,
    lstm: Callable[..., Recurrent] | Cell | None = LSTM,
    gru: Callable[..., Recurrent] | Cell | None = GRU,
    rnn: Callable[..., Recurrent] | Cell | None = RNN,
) -> nn.Module:
    """Replace the LSTM, GRU and RNN layers of `torch.nn` in a model, in place.

    `LSTM`, `GRU` and `RNN` have the parameters of the layers that they replace, the same tensors:
    tied weights stay tied, and an optimizer that was created before trains them. Another variant
    reuses the parameters whose name, shape and blocks are the same, and may compute another
    function from them; it initialises all others. New parameters require gradients even if the old
    layer was frozen, and an optimizer has to be created after the call. A warning names the layers
    that reuse none of the old parameters, such as those of variants with other blocks. Settings of
    torch's layer override those of a function.

    Code of the model that unpacks the states, such as `output, (h, c) = lstm(x)`, has to be changed
    for a variant that returns another number of them; a warning names these layers. See [Replace
    torch.nn.LSTM](../howto/replace.md#another-variant).

    Layers that may compute something else than torch's class are not replaced, and a warning names
    them: subclasses, compiled layers, and layers with a parametrisation, hooks, added parameters,
    parameters of another shape or a `forward` of their own. Layers are found as submodules; a
    second reference to one, as in a list of Python, is not changed. Call this before
    `torch.compile` of a layer, and before `DistributedDataParallel` or `fully_shard`.

    Args:
        model: The model, or a layer.
        lstm: What replaces a [torch.nn.LSTM][]: a layer class; a cell, such as `MyCell()`, for a
            layer with this cell; or a function with torch's arguments. `None`: LSTMs are not
            replaced.
        gru: The same for [torch.nn.GRU][].
        rnn: The same for [torch.nn.RNN][]. `nonlinearity` is passed to a class that has this
            argument; to other classes and to functions only if it is not `"tanh"`; never to cells.

    Returns:
        The model; the new layer if `model` is itself a layer of `torch.nn`.

    Raises:
        TypeError: If `model` is not a module, or what replaces a layer is not a layer of this
            package.
        ValueError: If there is nothing to replace, or a new layer has another `proj_size`.

    Examples:
        >>> import torch
        >>> import lstm_variants as lv
        >>> model = torch.nn.Sequential(torch.nn.LSTM(8, 16), torch.nn.Identity())
        >>> lv.replace_layers(model, lstm=lv.nn.PeepholeLSTM)
        Sequential(
          (0): PeepholeLSTM(8, 16)
          (1): Identity()
        )
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"replace_layers expects a module, got {type(model)}")
    classes = {torch_rnn.LSTM: lstm, torch_rnn.GRU: gru, torch_rnn.RNN: rnn}
    for given in classes.values():
        is_cell_type = isinstance(given, type) and issubclass(given, Cell)
        is_other_module = isinstance(given, nn.Module) or (
            isinstance(given, type)
            and issubclass(given, nn.Module)
            and (given is Recurrent or not issubclass(given, Recurrent))
        )
        makes_layers = callable(given) and not (is_cell_type or is_other_module)
        if not (makes_layers or isinstance(given, Cell | None)):
            raise TypeError(
                "replace_layers expects a class of layers, such as lstm_variants.nn.GRU, or a "
                f"cell, such as GRUCell(), got {given!r}"
            )
    named = list(model.named_modules(remove_duplicate=False))
    compiled = {module for name, module in named if is_compiled(name)}
    new: dict[nn.Module, Recurrent] = {}
    skipped: list[str] = []
    reinitialised: list[str] = []
    other_states: list[str] = []
    for name, old in model.named_modules():
        if not isinstance(old, torch_rnn.RNNBase):
            continue
        layer = next((given for kind, given in classes.items() if isinstance(old, kind)), LSTM)
        if layer is None:
            continue
        reason = reason_to_keep(old, inside_compile=old in compiled)
        if reason is None:
            made = replacement(old, layer)
            reason = overwritten(old, {*dir(made)})
            if reason is None:
                vars(made).update(own_attributes(old))
                new[old] = made
                if {*made.parameters()}.isdisjoint(old.parameters()):
                    reinitialised.append(f"{name or 'the model'} ({made})")
                if len(made.cell.state_fields) != len(CELLS[type(old)].state_fields):
                    states = ", ".join(f"{field.name}_n" for field in made.cell.state_fields)
                    other_states.append(f"{name or 'the model'} ({made}) returns {states}")
        if reason is not None:
            skipped.append(f"{name or 'the model'}: {reason}")
    if not new:
        reasons = "; ".join(skipped) or "there is no LSTM, GRU or RNN of torch.nn"
        raise ValueError(f"nothing to replace in {type(model).__name__}: {reasons}")
    if skipped:
        warnings.warn(f"not replaced: {'; '.join(skipped)}", stacklevel=2)
    if reinitialised:
        warnings.warn(
            "replaced by layers with other blocks, which have none of the old weights and are "
            f"initialised anew: {'; '.join(reinitialised)}",
            stacklevel=2,
        )
    if other_states:
        warnings.warn(
            "replaced by layers with another number of states: change the code that unpacks them, "
            f"which may raise no error: {'; '.join(other_states)}",
            stacklevel=2,
        )
    for name, old in named:
        if name and old in new:
            model.set_submodule(name, new[old])
    return new.get(model, model)


def reason_to_keep(old: torch_rnn.RNNBase, *, inside_compile: bool) -> str | None:
    """Why a layer is not replaced; `None` if it can be replaced."""
    kind, shown = type(old), shown_type(old)
    if kind not in CELLS:
        base = next(c for c in kind.__mro__ if c.__module__ == torch_rnn.__name__)
        return f"{shown}, a subclass of torch.nn.{base.__name__}"
    if inside_compile:  # the wrapper calls the old layer
        return f"{shown} inside torch.compile, which should be called after this function"
    if has_hooks(old):
        return f"{shown} with hooks"
    given, usual = parts(old), parts(kind(**settings(old), device="meta"))
    if given.keys() != usual.keys():
        return f"{shown} with added or missing parameters"
    if given != usual:
        return f"{shown} with parameters of another shape"
    return overwritten(old, {*dir(kind)})


def shown_type(old: torch_rnn.RNNBase) -> str:
    """The class of a layer, in a message."""
    return f"{type(old).__module__}.{type(old).__qualname__}"


def overwritten(old: torch_rnn.RNNBase, names: set[str]) -> str | None:
    """Which of the names the layer has as attributes of its own; `None` if it has none."""
    changed = own_attributes(old).keys() & names
    return f"{shown_type(old)} with its own {', '.join(sorted(changed))}" if changed else None


def settings(layer: torch_rnn.RNNBase) -> dict[str, Any]:
    """The arguments that a layer of torch was created with, without `dtype` and `device`."""
    # Only some classes take these two: they are left out where they have the default.
    special = {"proj_size": layer.proj_size, "nonlinearity": nonlinearity_of(layer)}
    return {
        "input_size": layer.input_size,
        "hidden_size": layer.hidden_size,
        "num_layers": layer.num_layers,
        "bias": layer.bias,
        "batch_first": layer.batch_first,
        # With one layer, the constructor would warn that there is no place for dropout.
        "dropout": layer.dropout if layer.num_layers > 1 else 0.0,
        "bidirectional": layer.bidirectional,
        **{name: value for name, value in special.items() if value not in (0, "tanh")},
    }


def nonlinearity_of(layer: torch_rnn.RNNBase) -> str:
    """The function that a layer of torch applies to its candidate: torch computes by `mode`."""
    return "relu" if layer.mode == "RNN_RELU" else "tanh"


def parts(module: nn.Module) -> dict[str, torch.Size | None]:
    """The names of all parameters, buffers and submodules, with the shapes of the parameters."""
    parameters = module.named_parameters(remove_duplicate=False)
    others = (*dict(module.named_buffers(remove_duplicate=False)), *dict(module.named_children()))
    return dict.fromkeys(others) | {name: parameter.shape for name, parameter in parameters}


def own_attributes(layer: torch_rnn.RNNBase) -> dict[str, Any]:
    """Attributes of a layer that torch does not set."""
    kind: Any = type(layer)
    plain = vars(kind(1, 1, device="meta"))
    return {name: value for name, value in vars(layer).items() if name not in plain}


def replacement(old: torch_rnn.RNNBase, layer: Callable[..., Recurrent] | Cell) -> Recurrent:
    """A new layer with the settings and the parameters of one of torch.

    Raises:
        TypeError: If the new one is not a layer of this package.
        ValueError: If its outputs have another size.
    """
    first = next(old.parameters())
    random_state = torch.get_rng_state()
    cuda_state = torch.cuda.get_rng_state(first.device) if first.is_cuda else None
    arguments = settings(old)
    if isinstance(layer, Cell):
        arguments.pop("nonlinearity", None)  # the cell has its own
        layer = partial(Recurrent, layer)
    if isinstance(layer, type):
        shown = signature(layer).parameters
        names = {*getattr(layer, "settings", ()), *shown}
        if isinstance(old, torch_rnn.RNN) and "nonlinearity" in names:
            arguments["nonlinearity"] = nonlinearity_of(old)  # the default may be another one
        is_open = any(p.kind is Parameter.VAR_KEYWORD for p in shown.values())
        if old.proj_size and not ("proj_size" in names or is_open):
            raise ValueError(f"{layer.__name__} has no proj_size, {shown_type(old)} has {old}")
    new = layer(**arguments, device=first.device, dtype=first.dtype)
    if not isinstance(new, Recurrent):
        raise TypeError(f"replace_layers expects layers of lstm_variants.nn, got {type(new)}")
    if new.proj_size != old.proj_size:
        raise ValueError(f"proj_size should be {old.proj_size}, that of torch's layer, got {new}")
    if old.num_layers == 1:
        new.dropout = old.dropout
    if new.cell.block_names == CELLS[type(old)].block_names:
        own = dict(new.named_parameters())
        for name, parameter in old.named_parameters(remove_duplicate=False):
            if name in own and own[name].shape == parameter.shape:
                setattr(new, name, parameter)
                del own[name]
        if not own:  # what follows draws the same random numbers as without a replacement
            torch.set_rng_state(random_state)
            if cuda_state is not None:
                torch.cuda.set_rng_state(cuda_state, first.device)
    return new.train(old.training)
