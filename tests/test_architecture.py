"""What the parts of the package may know of one another."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "lstm_variants"
SOURCES = sorted(PACKAGE.rglob("*.py"))
LAYERS = ("cells", "steps", "time_loop", "kernels", "nn", "interop")
"""Each imports only those before it."""


def name_of(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(path): ast.parse(path.read_text()) for path in SOURCES}


def imported(tree):
    """The modules of the package that a module imports; a name in a package is the module of it."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (inside & MODULES.keys()) or {node.module}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found & MODULES.keys()


def test_there_is_no_circle_among_imports():
    """Imports for the type checker alone count too."""
    TopologicalSorter({name: imported(tree) for name, tree in MODULES.items()}).prepare()


def layer_of(module):
    part = module.split(".")[1:2]
    return LAYERS.index(part[0]) if part and part[0] in LAYERS else None


@pytest.mark.parametrize("module", [name for name in MODULES if layer_of(name) is not None])
def test_layers_import_only_lower_ones(module):
    for other in imported(MODULES[module]):
        lower = layer_of(other)
        if lower is None:
            assert other in ("lstm_variants.names", "lstm_variants.torch_internals")
        else:
            assert lower <= layer_of(module), f"{module} imports {other}"


def compared(tree):
    """The texts that a module compares something with."""
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Compare)]
    parts = [part for node in nodes for part in (node.left, *node.comparators)]
    return {n.value for part in parts for n in ast.walk(part) if isinstance(n, ast.Constant)}


@pytest.mark.parametrize("module", [name for name in MODULES if ".cells" not in name])
def test_no_letter_of_a_block_is_compared_outside_its_cell(module):
    assert not compared(MODULES[module]) & set("ifgorznhc")
