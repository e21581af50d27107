"""The compiled library: loading, instruction sets and calls."""

from __future__ import annotations

import ctypes
import json
import os
import sys
from contextlib import nullcontext, suppress
from ctypes import c_char_p, c_int, c_int64, c_void_p
from functools import cache
from hashlib import sha256
from importlib.machinery import ExtensionFileLoader
from importlib.metadata import distributions
from importlib.resources import as_file, files
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from struct import calcsize
from sysconfig import get_config_var
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import torch

from lstm_variants.torch_internals import DLPACK_EXCHANGE_API, constant_while_tracing

NAME = "lstm_variants_kernels.so"
MODULE = "lstm_variants_module"
"""The name of a module of Python beside the library, which calls it for ordinary tensors."""
PADDED_BYTES = 64
"""Rows of gates and cell states are padded to vectors of this size on every machine."""

SOURCES = Path(__file__).with_name("source")
"""What the library is compiled from; an installed package is without it."""

MATRIX_UNITS = "amx"
OF_AVX512 = {
    MATRIX_UNITS: "avx512 with bfloat16 products in matrix units (AMX)",
    "avx512_bf16": "avx512 with bfloat16 products",
}
"""Instruction sets that are AVX-512 except in calls in bfloat16, and what computes those."""

OUT_OF_MEMORY, LENGTHS_OUT_OF_RANGE, BFLOAT16_NOT_SUPPORTED, BATCH_SIZES_DO_NOT_FIT = 1, 2, 3, 4
"""Results of a call, `Result` in entry.cpp."""


SHARED = (
    *("is_double", "is_bfloat16", "threads", "directions"),
    *("T", "B", "D", "H", "P", "padded", "N"),
    *("x_time", "x_batch", "d_output_time", "d_output_batch"),
    *("beta", "h_share", "c_share"),
    *("lengths", "batch_sizes", "resets", "x", "output", "d_output"),
)
"""What a call has once: options, sizes, real numbers and tensors, in the order of plan.py."""


class Layout:
    """The fields of a call, as the library lists them (call.h), and how they lie in memory.

    Attributes:
        kinds: Names of the kinds of cells, in the order of their numbers.
        cell: Names of the cell's settings.
        shared: Names of what a call has once: options, sizes, real numbers, tensors.
        direction: Names of the tensors of each direction.
        head: The format of `cell` and `shared`, as `struct` has it.
        size: The size of a call, with two directions, in bytes.
    """

    def __init__(self, listed: str) -> None:
        """Read the lists: names with spaces between, groups with semicolons."""
        self.kinds, self.cell, options, sizes, reals, tensors, self.direction = (
            tuple(group.split()) for group in listed.split(";")
        )
        self.shared = (*options, *sizes, *reals, *tensors)
        numbers = f"{len(self.cell) + len(options)}i{len(sizes)}q{len(reals)}d"
        self.head = f"@{numbers}{len(tensors)}P"
        self.size = calcsize(self.head + f"{2 * len(self.direction)}P")


class GrainSizes(ctypes.Structure):
    """Multiplications with weights that are worth a thread, see thread_count.h."""

    _fields_ = (("call", c_int64), ("step", c_int64))


class Kernels:
    """The library, loaded.

    Attributes:
        layout: The fields of a call.
        instruction_sets: The instruction sets that this machine supports, the fastest first, with
            their numbers in the library.
        instruction_set: The one in use.
        address: Where its function for a call is.
        module: The module of Python beside it; `None` if there is none that was built with it.
        grain_sizes: How much work is worth a thread.
        single_thread_reason: Why there is only one thread; `None` if there can be many.
    """

    def __init__(self, path: Path) -> None:
        """Load a library.

        Raises:
            OSError: If it cannot be loaded, or if it was built from other sources.
        """
        self.single_thread_reason = share_threads_with_torch()
        library = ctypes.CDLL(str(path))
        self.layout = read_layout(library)
        self._run = library.lstm_variants_run
        self._run.argtypes = [c_char_p, c_int, c_int]
        self.address = ctypes.cast(self._run, c_void_p).value
        self.thread_count = library.lstm_variants_thread_count
        self.thread_count.argtypes = [c_char_p]
        self.grain_sizes = GrainSizes.in_dll(library, "lstm_variants_grain_sizes")
        self.module = load_module(path.parent, digest_of(library))
        self._multiplies_bfloat16 = library.lstm_variants_multiplies_bfloat16
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
            self.single_thread_reason = "on this system, they have no threads"

    @property
    def number(self) -> int:
        """The number of the instruction set in use."""
        return self.instruction_sets[self.instruction_set]

    @property
    def multiplies_bfloat16(self) -> bool:
        """Whether there are calls in bfloat16, with products of that and sums in float32."""
        return bool(self._multiplies_bfloat16(self.number))

    def described(self, *, in_bfloat16: bool) -> str:
        """The instructions that compute a call, for a reader."""
        found = OF_AVX512.get(self.instruction_set)
        if found is None:
            return self.instruction_set
        return found if in_bfloat16 and self.multiplies_bfloat16 else "avx512"

    @property
    def threads(self) -> int:
        """The greatest number of threads of a call: torch's number, or one."""
        return 1 if self.single_thread_reason else torch.get_num_threads()

    def run(self, call: bytes, *, backward: bool = False) -> None:
        """Compute a call, packed by `layout`. After an error, nothing has been written.

        Raises:
            MemoryError: If there is too little memory for it.
            IndexError: If a length is below 0 or above `T`.
            RuntimeError: If it is in bfloat16, and `multiplies_bfloat16` is false.
            ValueError: If `batch_sizes` do not decrease from at most `B`, or do not add up to `N`.
        """
        result = self._run(call, self.number, backward)
        if result == OUT_OF_MEMORY:
            raise MemoryError("too little memory for the workspace of a recurrent layer")
        if result == LENGTHS_OUT_OF_RANGE:
            raise IndexError("lengths out of range")
        if result == BFLOAT16_NOT_SUPPORTED:
            raise RuntimeError("the instruction set in use has no calls in bfloat16")
        if result == BATCH_SIZES_DO_NOT_FIT:
            raise ValueError("batch_sizes should not increase, and add up to the rows of x")


def read_layout(library: ctypes.CDLL) -> Layout:
    """The fields of a call, if the library was built from the sources in `SOURCES`.

    Raises:
        OSError: If it was built from others, or the fields of a call are not those of plan.py.
    """
    if digest := digest_of(library):
        lists = library.lstm_variants_call_layout
        lists.restype = c_char_p
        if not SOURCES.exists() or digest == sources_digest():
            layout = Layout(lists().decode())
            if (layout.shared, layout.size) == (SHARED, library.lstm_variants_call_size()):
                return layout
    raise OSError(
        "it was built from other sources than these. Build it again: "
        "python -m pip install --force-reinstall --no-deps -e ."
    )


def digest_of(library: ctypes.CDLL) -> str | None:
    """The digest of the sources that a library was built from; `None` if it is not this one."""
    function = getattr(library, "lstm_variants_sources_digest", None)
    if function is None:
        return None
    function.restype = c_char_p
    digest: bytes = function()
    return digest.decode()


def load_module(folder: Path, digest: str | None) -> Any:
    """The module of Python in a folder.

    Returns:
        The module; `None` if there is none that this Python can load and that was built from the
        same sources as the library, or if torch lacks the interface that it reads tensors by.
    """
    if DLPACK_EXCHANGE_API is None:
        return None
    if sys.implementation.name != "cpython" or get_config_var("Py_GIL_DISABLED"):
        return None
    path = folder / f"{MODULE}.abi3.so"
    spec = spec_from_file_location(MODULE, path, loader=ExtensionFileLoader(MODULE, str(path)))
    if spec is None or spec.loader is None:
        return None
    try:
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
    except ImportError:
        return None
    return module if module.digest == digest else None


def sources_digest() -> str:
    """A digest of the files in `SOURCES`, as CMakeLists.txt computes it."""
    paths = *sorted(SOURCES.glob("[a-z]*.h")), *sorted(SOURCES.glob("[a-z]*.cpp"))
    digests = [sha256(path.read_bytes()).hexdigest() for path in paths]
    return sha256("".join(digests).encode()).hexdigest()


def kernels() -> Kernels:
    """The library that was built with this package.

    Raises:
        RuntimeError: If there is none; the message has the reason.
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
    """Load the library that was built with this package, or return why there is none."""
    library = files(__package__) / NAME
    try:
        with as_file(library) if library.is_file() else nullcontext(installed()) as path:
            if path is None:
                if os.name == "nt":
                    return "the CPU kernels do not support Windows"
                return (
                    "the package was installed without its CPU kernels: no C++ compiler was found "
                    "(GCC or Clang; install one, then the package again). If there was one, not "
                    f"the installed files are imported, but those in {Path(__file__).parents[3]}"
                )
            return Kernels(path)
    except OSError as error:
        return f"the library of the CPU kernels cannot be loaded: {error}"


def installed() -> Path | None:
    """The library that pip has built from these sources and installed elsewhere.

    Python imports the sources, and not the installed package, if it is started in their folder.
    """
    place = Path(__file__).resolve().with_name(NAME)
    folder = place.parents[3]
    for package in distributions(name="lstm-variants-torch"):
        origin = urlsplit(json.loads(package.read_text("direct_url.json") or "{}").get("url", ""))
        if origin.scheme == "file" and Path(url2pathname(origin.path)).resolve() == folder:
            library = Path(str(package.locate_file(place.relative_to(folder).as_posix())))
            return library if library.exists() else None
    return None


def share_threads_with_torch() -> str | None:
    """Load torch's OpenMP runtime for the library, which is not linked to one.

    Two runtimes in one process slow each other down: idle threads of one keep spinning while the
    other works. Only if torch's is not found, the system's is loaded, for one thread.

    Returns:
        Why that is impossible; `None` if it is done.
    """
    packages = Path(torch.__file__).parent.parent
    # Wheels have it in one of two folders, some with a hash in the name: the first on x86-64, the
    # second on AArch64. The last one is the system's, if torch has loaded it.
    bundled = *packages.glob("torch/lib/libgomp*.so*"), *packages.glob("torch.libs/libgomp*.so*")
    for path in (*bundled, "libgomp.so.1"):
        loaded_by_torch = getattr(os, "RTLD_NOLOAD", 0)
        try:
            ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL | loaded_by_torch)
        except OSError:
            continue
        return None
    with suppress(OSError):  # for one thread, any runtime will do
        ctypes.CDLL("libgomp.so.1", mode=ctypes.RTLD_GLOBAL)
    return "torch's OpenMP runtime was not found (libgomp)"
