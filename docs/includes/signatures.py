"""Shows constructors of layers with all their arguments, as `inspect.signature` does.

Without it, the pages would have `*others` and `**options`, which the source has.
"""

import inspect
from typing import Any

import griffe

import lstm_variants.nn.layers as layers

KINDS = {
    inspect.Parameter.POSITIONAL_OR_KEYWORD: griffe.ParameterKind.positional_or_keyword,
    inspect.Parameter.KEYWORD_ONLY: griffe.ParameterKind.keyword_only,
}


class Signatures(griffe.Extension):
    """Replaces the arguments of constructors in `lstm_variants.nn.layers`."""

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        """Replace them when the package has been read."""
        if pkg.path != "lstm_variants":
            return
        for name, kind in pkg["nn.layers"].classes.items():
            layer = getattr(layers, name)
            if issubclass(layer, layers.Layer) and "__init__" in kind.members:
                init = kind["__init__"]
                shown = map(parameter, inspect.signature(layer).parameters.values())
                init.parameters = griffe.Parameters(init.parameters["self"], *shown)


def parameter(argument: inspect.Parameter) -> griffe.Parameter:
    """An argument, as the documentation shows it."""
    has_default = argument.default is not argument.empty
    return griffe.Parameter(
        argument.name,
        annotation=argument.annotation,
        kind=KINDS[argument.kind],
        default=repr(argument.default) if has_default else None,
    )
