"""The code that the records of an experiment depend on."""

from __future__ import annotations

import ast
import functools
import hashlib
from pathlib import Path

import lstm_variants
from experiments import FOLDER

PACKAGE = Path(lstm_variants.__file__).parent
NOT_RUN = ("__init__.py", "results.py", "figure.py")
"""Files in the folder of an experiment that its records do not depend on."""


def snapshot() -> dict[Path, bytes]:
    """The content of all source files."""
    files = [path for folder in (PACKAGE, FOLDER) for path in folder.rglob("*")]
    # An editor's lock beside a file may be a dangling link.
    sources = [path for path in files if path.suffix in {".py", ".cpp", ".h"} and path.is_file()]
    return {path: path.read_bytes() for path in sources}


CONTENT = snapshot()
"""As it was when this process began: what is edited later has no influence on it."""


def digest(name: str) -> str:
    """A digest of the package, of an experiment, and of all that it imports.

    Comments, docstrings and layout of Python files are not part of it. It is the same for all
    versions of Python.
    """
    own = [p for p in CONTENT if p.parent == FOLDER / name and p.name not in NOT_RUN]
    package = [path for path in CONTENT if path.is_relative_to(PACKAGE)]
    found = hashlib.sha256()
    for path in sorted({*package, *imported_from(own)}, key=place):
        found.update(path.name.encode() + b"\0" + hashed(path))
    return found.hexdigest()


def place(path: Path) -> tuple[bool, Path]:
    """A file's place in `experiments` or, after these, in the package, wherever that lies."""
    is_packages = path.is_relative_to(PACKAGE)
    return is_packages, path.relative_to(PACKAGE if is_packages else FOLDER)


def hashed(path: Path) -> bytes:
    """What the digest is of: the content of a file, for Python without comments and layout."""
    if path.suffix == ".py":
        return without_docstrings(CONTENT[path])
    return CONTENT[path].replace(b"\r\n", b"\n")


@functools.cache  # a run takes several digests, a second each
def without_docstrings(source: bytes) -> bytes:
    """The syntax tree of a source in Python, without docstrings."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        for name, value in list(ast.iter_fields(node)):
            if isinstance(value, list):
                value = [part for part in value if not is_string(part) and not is_empty(part, node)]
                setattr(node, name, value)
            if value is None or value == []:  # newer versions have more fields, or omit empty ones
                delattr(node, name)
    return ast.dump(tree).encode()


def is_string(node: object) -> bool:
    """Whether a statement is a string and nothing else, as a docstring is."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def is_empty(part: object, node: ast.AST) -> bool:
    """Whether a part of an f-string is empty: Python 3.12 has such parts, others do not."""
    return isinstance(node, ast.JoinedStr) and isinstance(part, ast.Constant) and part.value == ""


def imported_from(start: list[Path]) -> set[Path]:
    """Files, and all files of `experiments` that they import, directly or not."""
    found, left = set(), set(start)
    while left:
        path = left.pop()
        found.add(path)
        package = ("experiments", *path.relative_to(FOLDER).parent.parts)
        names = imports(CONTENT[path], package)
        left |= {p for name in names for p in [path_of(name)] if p} - found
    return found


@functools.cache
def imports(source: bytes, package: tuple[str, ...]) -> list[str]:
    """The names that a file of a package imports, of modules or of what is in them."""
    names = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else ()
            module = ".".join([*above, *([node.module] if node.module else [])])
            names += [module, *(f"{module}.{alias.name}" for alias in node.names)]
    return names


def path_of(name: str) -> Path | None:
    """The file of a module of `experiments`, if the name is one's."""
    package, *parts = name.split(".")
    base = FOLDER.joinpath(*parts)
    files = [path for path in (base / "__init__.py", base.with_suffix(".py")) if path in CONTENT]
    return files[0] if package == "experiments" and files else None
