"""Dropout on recurrent weights and on the state, and zoneout: what a layer draws at each call."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import signature
from numbers import Real
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import dropout

from lstm_variants.cells import Cell, Weights
from lstm_variants.nn.spec import Configured
from lstm_variants.steps import Masks
from lstm_variants.torch_internals import is_compiling

RECURRENT_WEIGHTS = ("weight_hh", "weight_gh")
"""What weight dropout applies to: the weights from the step before."""


def check_rates(
    cell: Cell, names: Sequence[str], weight_dropout: Any, recurrent_dropout: Any, zoneout: Any
) -> None:
    """Check the probabilities that a layer is given.

    Args:
        cell: Its cell.
        names: Names of the cell's parameters.
        weight_dropout: As of the layer.
        recurrent_dropout: As of the layer.
        zoneout: As of the layer.

    Raises:
        TypeError: If a probability is no number.
        ValueError: If one is not in [0, 1], or has no meaning for the cell.
    """
    rates = zoneout if isinstance(zoneout, tuple | list) else (zoneout,)
    pairs = [("weight_dropout", weight_dropout), ("recurrent_dropout", recurrent_dropout)]
    for name, rate in (*pairs, *(("zoneout", rate) for rate in rates)):
        if isinstance(rate, bool) or not isinstance(rate, Real):
            raise TypeError(f"{name} should be a probability, got {rate!r}")
        if not 0 <= float(rate) <= 1:
            raise ValueError(f"{name} should be a probability, from 0 to 1, got {rate!r}")
    if rates is zoneout and len(zoneout) != len(cell.zoneout_fields):
        raise ValueError(
            f"zoneout should be one probability, or one for each of {cell.zoneout_fields} of "
            f"{cell}, got {zoneout!r}"
        )
    sees = "h_recurrent" in signature(cell.step).parameters
    for name, rate in pairs:
        # Recurrent dropout applies to weights of any name.
        if rate and "weight_hh" not in names and not (sees and name == "recurrent_dropout"):
            raise ValueError(
                f"{name} should be 0 for {cell}, which has no recurrent weights (`weight_hh`)"
            )
    if recurrent_dropout and not sees:
        raise ValueError(
            f"recurrent_dropout should be 0 for {cell}, whose step has no argument `h_recurrent`"
        )


def regularised(
    layer: Configured, x: Tensor, weights: tuple[Weights, ...]
) -> tuple[tuple[Weights, ...], tuple[Masks, ...] | None]:
    """The weights of each direction for one call, and its masks.

    Args:
        layer: The module.
        x: The input of one of its layers, `[T, B, D]`.
        weights: The parameters of each direction.
    """
    rates = layer.weight_dropout, layer.recurrent_dropout, layer.zoneout
    if rates == (0, 0, 0):
        return weights, None
    if not is_compiling():
        check_rates(
            layer.cell, layer.spec.kinds, *rates
        )  # they may have been set after construction
    if layer.training and layer.weight_dropout:
        weights = tuple(drop_weights(w, layer.weight_dropout) for w in weights)
    drawn = (draw_masks(layer, x) for _ in weights)
    return weights, tuple(masks for masks in drawn if masks is not None) or None


def drop_weights(weights: Weights, rate: float) -> Weights:
    """Weights with dropout on the recurrent ones."""
    given = {name: getattr(weights, name, None) for name in RECURRENT_WEIGHTS}
    return weights._replace(
        **{k: dropout(w, float(rate)) for k, w in given.items() if w is not None}
    )


def draw_masks(layer: Configured, x: Tensor) -> Masks | None:
    """The masks of a call of one layer in one direction, for an input `[T, B, D]`."""
    T, B, _ = x.shape
    sizes = dict.fromkeys(layer.cell.state_type._fields, layer.hidden_size)
    sizes[layer.cell.state_type._fields[0]] = P = layer.proj_size or layer.hidden_size
    names, rates = layer.cell.zoneout_fields, layer.zoneout
    # Not `tuple | list`, which torch 2.9 does not trace.
    given = rates if isinstance(rates, (tuple, list)) else (rates,) * len(names)
    zoneout = dict(zip(names, map(float, given), strict=True))
    drops = layer.training and layer.recurrent_dropout > 0
    if not drops and not any(given):
        return None

    def zoneout_mask(name: str, size: int) -> Tensor | float | None:
        rate = zoneout.get(name)
        if not rate:
            return None
        if not layer.training:
            return rate
        # A default dtype of bfloat16 has too few values between 0 and 1 for small rates.
        return torch.rand(T, B, size, dtype=torch.float32, device=x.device) < rate

    factors = dropout(x.new_ones(B, P), float(layer.recurrent_dropout)) if drops else None
    return Masks(factors, tuple(zoneout_mask(*field) for field in sizes.items()))
