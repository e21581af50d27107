"""Where a number comes from: command, commit, date, machine. No host name."""

from __future__ import annotations

import datetime
import functools
import importlib.metadata
import os
import platform
import re
import shlex
import subprocess
import sys
from pathlib import Path

import torch

import lstm_variants
from experiments import FOLDER, Record
from lstm_variants.kernels.cpu import native

LIBRARIES = ("numpy", "scipy", "numba", "llvmlite", "librosa", "scikit-learn")
"""What units compute with, besides torch: results may depend on their versions."""


def provenance() -> Record:
    """All of it, as it is now."""
    return {
        "command": command(),
        "commit": commit(),
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "machine": machine(),
    }


def command() -> str:
    """The command that is running, as one would type it anywhere.

    Folders and addresses have no influence on the numbers and are left out.
    """
    text = re.sub(
        r"\0--(out|data|scheduler)[=\0][^\0]*", "", "".join(f"\0{a}" for a in sys.argv[1:])
    )
    arguments = text.split("\0")[1:]
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    program = f"-m {spec.name.removesuffix('.__main__')}" if spec else Path(sys.argv[0]).name
    return " ".join(["python", program, *map(shlex.quote, arguments)])


def commit() -> str:
    """The commit of the code, with `+changes` if a source file differs from it."""
    if Path(lstm_variants.__file__).parents[1] != FOLDER.parent:
        return "unknown (the package lstm_variants is not of the same checkout)"

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", str(FOLDER), *arguments],
            capture_output=True,
            encoding="utf-8",
            check=True,
            env={**os.environ, "LC_ALL": "C"},  # messages are compared below
        ).stdout.strip()

    try:
        # Unpacked in the checkout of something else, the files belong to no commit.
        if Path(git("rev-parse", "--show-toplevel")).resolve() != FOLDER.parent.resolve():
            return "unknown (not a git checkout)"
        head = git("rev-parse", "HEAD")
        sources = (":/*.py", ":/*.cpp", ":/*.h", ":/CMakeLists.txt")
        changed = git("status", "--porcelain", "--untracked-files=all", "--", *sources)
    except OSError:
        return "unknown (git was not found)"
    except subprocess.CalledProcessError as error:
        if "dubious ownership" in error.stderr:
            return "unknown (the checkout belongs to another user: see git's safe.directory)"
        return "unknown (not a git checkout)"
    return head + ("+changes" if changed else "")


def machine() -> Record:
    """Processor, threads and versions."""
    return {
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "simd": simd(),
        "kernels": native.unavailable_reason() is None,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "torch": torch.__version__,
        "libraries": libraries(),
        "cuda": torch.version.cuda,
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
    }


@functools.cache
def libraries() -> dict[str, str]:
    """The versions of those of `LIBRARIES` that are installed."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def versions(stated: Record) -> dict[str, str]:
    """The versions of libraries that a machine states; older records have that of torch alone."""
    return {"torch": stated["torch"], **stated.get("libraries", {})}


def simd() -> str:
    """The newest instruction set of the CPU, as torch names it, or AMX if the kernels use that."""
    has_kernels = native.unavailable_reason() is None
    if has_kernels and native.MATRIX_UNITS in native.kernels().instruction_sets:
        return "AMX"
    return torch.backends.cpu.get_cpu_capability()


def cpu_model() -> str:
    """The processor's name, as the system gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"
