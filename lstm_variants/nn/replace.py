"""Replaces the layers of torch.nn in a model."""

from __future__ import annotations

import warnings
from collections.abc import Callable

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
    """Replace every recurrent layer of `torch.nn` in a model, in place.

    The new layers have the parameters of the old ones: the same tensors, so that an optimizer that
    was created before and weights that are tied keep working. A parameter that the old layer does
    not have, or that has another shape there, is initialised by the new layer.

    Subclasses of torch's layers, layers with a parametrisation and layers with hooks are not
    replaced, since their behaviour is not that of torch's class alone. A warning names them.

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
    left: list[str] = []
    for name, old in model.named_modules():
        if type(old) in classes and not has_hooks(old):
            new[old] = replacement(old, classes[type(old)])
        elif isinstance(old, nn.RNNBase):
            left.append(f"{name or 'the model'}: {described(old)}")
    if not new:
        found = "; ".join(left) or "there is no LSTM, GRU or RNN of torch.nn"
        raise ValueError(f"nothing to replace in {type(model).__name__}: {found}")
    if left:
        warnings.warn(f"not replaced: {'; '.join(left)}", stacklevel=2)
    for name, old in list(model.named_modules(remove_duplicate=False)):
        if name and old in new:
            model.set_submodule(name, new[old])
    return new.get(model, model)


def replacement(old: nn.RNNBase, layer: Callable[..., Recurrent]) -> Recurrent:
    """A new layer with the settings and the parameters of a layer of torch."""
    first = old.weight_ih_l0
    # Only some layers have these arguments.
    special = {"proj_size": old.proj_size, "nonlinearity": getattr(old, "nonlinearity", "tanh")}
    given = {name: value for name, value in special.items() if value not in (0, "tanh")}
    new = layer(
        old.input_size,
        old.hidden_size,
        num_layers=old.num_layers,
        bias=old.bias,
        batch_first=old.batch_first,
        dropout=old.dropout,
        bidirectional=old.bidirectional,
        device=first.device,
        dtype=first.dtype,
        **given,
    )
    own = dict(new.named_parameters())
    for name, parameter in old.named_parameters():
        if name in own and own[name].shape == parameter.shape:
            setattr(new, name, parameter)
    return new.train(old.training)


def described(layer: nn.RNNBase) -> str:
    """What a layer is that is not replaced."""
    kind = type(layer)
    name = f"{kind.__module__}.{kind.__qualname__}"
    if has_hooks(layer):
        return f"{name} with hooks"
    base = next(c for c in kind.__mro__ if c.__module__ == nn.LSTM.__module__)
    return f"{name}, a subclass of torch.nn.{base.__name__}"
