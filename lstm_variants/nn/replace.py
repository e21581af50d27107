"""Replaces the layers of torch.nn in a model."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from torch import nn

from lstm_variants.nn.gru import GRU
from lstm_variants.nn.lstm import LSTM
from lstm_variants.nn.recurrent import Recurrent
from lstm_variants.nn.rnn import RNN
from lstm_variants.torch_internals import has_hooks


def replace_layers(
    model: nn.Module,
    *,
    lstm: Callable[..., Recurrent] = LSTM,
    gru: Callable[..., Recurrent] = GRU,
    rnn: Callable[..., Recurrent] = RNN,
) -> nn.Module:
    """Replace the LSTM, GRU and RNN layers of `torch.nn` in a model, in place.

    The new layers have the parameters of the old ones: the same tensors, so that an optimizer that
    was created before and weights that are tied keep working. A parameter that the old layer does
    not have, or that has another shape there, is initialised by the new layer.

    Subclasses of torch's layers and layers with a parametrisation, hooks, other parameters or an
    own `forward` are not replaced, since their behaviour is not that of torch's class alone. A
    warning names them.

    Args:
        model: The model, or a layer.
        lstm: What replaces a [torch.nn.LSTM][]: a class of layers, or a function with torch's
            arguments.
        gru: What replaces a [torch.nn.GRU][].
        rnn: What replaces a [torch.nn.RNN][]. `nonlinearity` is passed if it is not `"tanh"`.

    Returns:
        The model; the new layer if `model` is itself a layer of `torch.nn`.

    Raises:
        ValueError: If there is nothing to replace.

    Examples:
        >>> import torch
        >>> from lstm_variants import replace_layers
        >>> from lstm_variants.nn import PeepholeLSTM
        >>> model = torch.nn.Sequential(torch.nn.LSTM(8, 16), torch.nn.Identity())
        >>> replace_layers(model, lstm=PeepholeLSTM)
        Sequential(
          (0): PeepholeLSTM(8, 16)
          (1): Identity()
        )
    """
    classes = {nn.LSTM: lstm, nn.GRU: gru, nn.RNN: rnn}
    new: dict[nn.Module, Recurrent] = {}
    kept: list[str] = []
    for name, old in model.named_modules():
        if isinstance(old, nn.RNNBase):
            reason = reason_to_keep(old)
            if reason is None:
                new[old] = replacement(old, classes[type(old)])
            else:
                kept.append(f"{name or 'the model'}: {reason}")
    if not new:
        found = "; ".join(kept) or "there is no LSTM, GRU or RNN of torch.nn"
        raise ValueError(f"nothing to replace in {type(model).__name__}: {found}")
    if kept:
        warnings.warn(f"not replaced: {'; '.join(kept)}", stacklevel=2)
    for name, old in list(model.named_modules(remove_duplicate=False)):
        if name and old in new:
            model.set_submodule(name, new[old])
    return new.get(model, model)


def reason_to_keep(old: nn.RNNBase) -> str | None:
    """Why a layer is not replaced; `None` if it is nothing but one of torch's three."""
    kind = type(old)
    name = f"{kind.__module__}.{kind.__qualname__}"
    if kind not in (nn.LSTM, nn.GRU, nn.RNN):
        base = next(c for c in kind.__mro__ if c.__module__ == nn.LSTM.__module__)
        return f"{name}, a subclass of torch.nn.{base.__name__}"
    if has_hooks(old):
        return f"{name} with hooks"
    plain = kind(**settings(old), device="meta")
    if parts(old) != parts(plain):
        return f"{name} with other parameters"
    changed = [key for key, value in own_attributes(old).items() if callable(value)]
    if changed:
        return f"{name} with its own {', '.join(changed)}"
    return None


def settings(layer: nn.RNNBase) -> dict[str, Any]:
    """The arguments that a layer of torch was created with, without `dtype` and `device`.

    Without `dropout` too, of which layers warn when they are created if there is one layer alone.
    """
    # Only some layers have these two.
    special = {"proj_size": layer.proj_size, "nonlinearity": getattr(layer, "nonlinearity", "tanh")}
    return {
        "input_size": layer.input_size,
        "hidden_size": layer.hidden_size,
        "num_layers": layer.num_layers,
        "bias": layer.bias,
        "batch_first": layer.batch_first,
        "bidirectional": layer.bidirectional,
        **{name: value for name, value in special.items() if value not in (0, "tanh")},
    }


def parts(module: nn.Module) -> set[str]:
    """The names of all parameters, buffers and submodules."""
    return {
        *dict(module.named_parameters(remove_duplicate=False)),
        *dict(module.named_buffers(remove_duplicate=False)),
        *dict(module.named_children()),
    }


def own_attributes(layer: nn.RNNBase) -> dict[str, Any]:
    """Attributes of a layer that torch does not set."""
    kind: Any = type(layer)
    plain = vars(kind(1, 1, device="meta"))
    return {name: value for name, value in vars(layer).items() if name not in plain}


def replacement(old: nn.RNNBase, layer: Callable[..., Recurrent]) -> Recurrent:
    """A new layer with the settings, the parameters and the user's attributes of one of torch."""
    first = old.weight_ih_l0
    new = layer(**settings(old), device=first.device, dtype=first.dtype)
    new.dropout = old.dropout
    own = dict(new.named_parameters())
    for name, parameter in old.named_parameters(remove_duplicate=False):
        if name in own and own[name].shape == parameter.shape:
            setattr(new, name, parameter)
    vars(new).update(own_attributes(old))
    return new.train(old.training)
