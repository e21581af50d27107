"""The compiled library: where it is, what this machine can run of it, and a call."""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress
from ctypes import c_char_p, c_int
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from struct import Struct

import torch

from lstm_variants.kernels.tracing import constant_while_tracing

NAME = "lstm_variants_kernels.so"
PADDED_BYTES = 64
"""Rows of gates and cell states fill whole vectors of this size, whatever the machine has."""


# Call in call.h, field by field: the cell, whether numbers are doubles, threads, directions; sizes
# and strides; the tensors that all directions share; those of each direction.
SETTINGS = (
    "kind",
    "blocks",
    "input_gate",
    "forget_gate",
    "output_gate",
    "coupled",
    "peephole",
    "input_activation",
    "output_activation",
    "reset_after",
    "relu",
)
DIRECTION = (
    *("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr", "weight_ch"),
    *("h_0", "c_0", "h_n", "c_n", "gates", "cells"),
    *("d_h_n", "d_c_n"),
    *("d_weight_ih", "d_weight_hh", "d_bias_ih", "d_bias_hh", "d_weight_hr", "d_weight_ch"),
    *("d_h_0", "d_c_0", "d_x"),
)
LAYOUT = Struct(f"@{len(SETTINGS) + 3}i10q4P{2 * len(DIRECTION)}P")
VERSION = 2
"""Of the library's interface; `interface_version` in call.h."""

OUT_OF_MEMORY, LENGTHS_OUT_OF_RANGE = 1, 2
"""Results of a call, `Result` in entry.cpp."""


class Kernels:
    """The library, loaded.

    Attributes:
        instruction_sets: Those that this machine can run, the fastest first, with their numbers.
        instruction_set: The one that runs.
        why_single: Why one thread does everything; `None` if many can share the work.
    """

    def __init__(self, path: Path) -> None:
        """Load a library.

        Raises:
            OSError: If it cannot be loaded, or if it was built from other sources.
        """
        self.why_single = share_threads_with_torch()
        library = ctypes.CDLL(str(path))
        check_interface(library)
        self._run = library.lstm_variants_run
        self._run.argtypes = [c_char_p, c_int, c_int]
        name_of = library.lstm_variants_instruction_set
        name_of.restype = c_char_p
        self.instruction_sets: dict[str, int] = {}
        number = 0
        while (name := name_of(number)) is not None:
            if name:
                self.instruction_sets[name.decode()] = number
            number += 1
        self.instruction_set = next(iter(self.instruction_sets))
        if not library.lstm_variants_has_threads():
            self.why_single = "they were compiled without OpenMP"

    @property
    def threads(self) -> int:
        """How many threads a call uses: torch's number, or one."""
        return 1 if self.why_single else torch.get_num_threads()

    def run(self, call: bytes, *, backward: bool = False) -> None:
        """Compute what a call, in `LAYOUT`, describes. After an error, nothing has been written.

        Raises:
            MemoryError: If there is too little memory for it.
            IndexError: If a length is below 0 or above `T`.
        """
        result = self._run(call, self.instruction_sets[self.instruction_set], backward)
        if result == OUT_OF_MEMORY:
            raise MemoryError("too little memory for the workspace of a recurrent layer")
        if result == LENGTHS_OUT_OF_RANGE:
            raise IndexError("lengths out of range")


def check_interface(library: ctypes.CDLL) -> None:
    """Raise an error if a library was built from sources with another interface.

    Raises:
        OSError: If the version or the size of a call is not the one described here.
    """
    found: dict[str, int | None] = {"version": None, "call_size": None}
    for name in found:
        with suppress(AttributeError):  # older libraries do not report them
            found[name] = getattr(library, f"lstm_variants_{name}")()
    expected = {"version": VERSION, "call_size": LAYOUT.size}
    if found != expected:
        raise OSError(
            f"it was built from other sources than these (interface {found}, expected "
            f"{expected}). Build it again: python -m pip install --force-reinstall --no-deps -e ."
        )


def kernels() -> Kernels:
    """The library that was built with this package.

    Raises:
        RuntimeError: If there is none; the message says why.
    """
    loaded = load()
    if isinstance(loaded, str):
        raise RuntimeError(loaded)
    return loaded


@constant_while_tracing  # loading a library cannot be traced
def unavailable_reason() -> str | None:
    """Why there is no library; `None` if there is one."""
    loaded = load()
    return loaded if isinstance(loaded, str) else None


@cache
def load() -> Kernels | str:
    """The library that was built with this package, or why there is none, in words."""
    with as_file(files(__package__) / NAME) as path:
        if not path.exists():
            return (
                "the package was installed without its CPU kernels: no C++ compiler was found "
                "(GCC or Clang; install one, then the package again)"
            )
        try:
            return Kernels(path)
        except OSError as error:
            return f"the library of the CPU kernels cannot be loaded: {error}"


def share_threads_with_torch() -> str | None:
    """Make torch's OpenMP runtime known to the library, which brings none of its own.

    Two runtimes in one process get in each other's way: the idle threads of the one keep spinning
    while the other works.

    Returns:
        Why that is impossible, in words; `None` if it is done.
    """
    torch_library = Path(torch.__file__).parent / "lib"
    # Some builds have a hash in the name. The last one is the system's, if torch has loaded it.
    for path in (*torch_library.glob("libgomp*.so*"), "libgomp.so.1"):
        loaded_by_torch = getattr(os, "RTLD_NOLOAD", 0)
        try:
            ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL | loaded_by_torch)
        except OSError:
            continue
        return None
    return "torch's OpenMP runtime was not found (libgomp)"
