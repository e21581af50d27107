"""The three suites of tests, as markers: `pytest -m package`, `replication`, `site`."""

import ast
from functools import cache
from pathlib import Path

SUITES = ("package", "replication", "site")
OF_THE_PACKAGE = "experiments.oracles"
"""The part of the experiments that tests of the package use: NumPy loops from the papers."""


@cache
def suite_of(path: Path) -> str:
    """The suite of a file that names none itself, by what it imports: the experiments or not."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and not node.level:
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    used = [name for name in names if name.partition(".")[0] == "experiments"]
    return "replication" if any(not is_of_the_package(name) for name in used) else "package"


def is_of_the_package(name: str) -> bool:
    """Whether a module of the experiments, or something in it, belongs to the oracles."""
    return f"{name}.".startswith(f"{OF_THE_PACKAGE}.")
