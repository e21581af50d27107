"""The LSTM family in PyTorch: one readable equation per variant."""

from importlib import import_module
from typing import TYPE_CHECKING

from lstm_variants import cells, equations, kernels, models, nn, testing
from lstm_variants.kernels import explain
from lstm_variants.names import suggestion
from lstm_variants.nn.replace import replace_layers
from lstm_variants.traces import trace
from lstm_variants.variants import VARIANTS

if TYPE_CHECKING:
    from lstm_variants import interop

__all__ = [
    "VARIANTS",
    "cells",
    "equations",
    "explain",
    "interop",
    "kernels",
    "models",
    "nn",
    "replace_layers",
    "testing",
    "trace",
]
__version__ = "0.1.0"

LAYERS = {
    "StandardLSTM": ("lstm_variants.nn.LSTM",),
    "BiLSTM": ("lstm_variants.nn.LSTM with bidirectional=True",),
}
"""The layers of models whose layer has another name."""


def __dir__() -> list[str]:
    return [*__all__, *(name for name in globals() if name.startswith("__"))]


def missing(name: str) -> AttributeError:
    """The error for a name that the package does not have, with the places of similar ones."""
    modules = [module for module in (models, nn, cells, kernels) if name in module.__all__]
    places = [f"{module.__name__}.{name}" for module in modules]
    places += LAYERS.get(name, ())
    hint = f": use {' or '.join(places)}" if places else suggestion(name, __all__)
    return AttributeError(f"module {__name__!r} has no attribute {name!r}{hint}")


if not TYPE_CHECKING:  # to a type checker, every name would exist

    def __getattr__(name: str) -> object:
        if name == "interop":  # imported when it is used: it needs other libraries
            return import_module("lstm_variants.interop")
        raise missing(name)
