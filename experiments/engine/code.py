"""The code that the records of an experiment depend on."""

from __future__ import annotations

import ast
import functools
import hashlib
from collections.abc import Iterator
from pathlib import Path

import lstm_variants
from experiments import FOLDER

PACKAGE = Path(lstm_variants.__file__).parent


@functools.cache
def digest(name: str) -> str:
    """A digest of the package and of all modules that an experiment's `run.py` imports.

    It is that of the time of the first call: later edits have no influence on a running process.
    """
    package = [p for p in PACKAGE.rglob("*") if p.suffix in {".py", ".cpp", ".h"}]
    found = hashlib.sha256()
    for path in sorted([*package, *imported_from(FOLDER / name / "run.py")]):
        found.update(path.read_bytes())
    return found.hexdigest()


def imported_from(start: Path) -> set[Path]:
    """A file and all files of `experiments` that it imports, directly or not."""
    found, left = set(), {start}
    while left:
        path = left.pop()
        found.add(path)
        left |= {p for name in imports(path) for p in [path_of(name)] if p} - found
    return found


def imports(path: Path) -> Iterator[str]:
    """The names that a file imports, of modules or of what is in them."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def path_of(name: str) -> Path | None:
    """The file of a module of `experiments`, if the name is one's."""
    package, *parts = name.split(".")
    base = FOLDER.joinpath(*parts)
    files = [p for p in (base / "__init__.py", base.with_suffix(".py")) if p.exists()]
    return files[0] if package == "experiments" and files else None
