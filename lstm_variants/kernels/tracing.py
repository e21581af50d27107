"""Functions that torch.compile should not trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import torch

Function = TypeVar("Function", bound=Callable[..., object])


def constant_while_tracing(function: Function) -> Function:
    """Mark a function whose result is a constant in the traced program.

    It is called while tracing. Its arguments are guarded; other values that it reads are not.
    """
    return cast(Function, torch.compiler.assume_constant_result(function))
