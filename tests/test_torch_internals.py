"""Private names of torch are in one file only."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import lstm_variants
from lstm_variants.torch_internals import DLPACK_EXCHANGE_API, TRIED, constant_while_tracing

PACKAGE = Path(lstm_variants.__file__).parent
INTERNALS = "torch_internals.py"
OF_MODULES = {name for name in vars(torch.nn.Module()) if name.startswith("_")}


def is_private(name):
    return name.startswith("_") and not name.endswith("__")


def private_names(source):
    """Names of torch that start with an underscore, in imports and as attributes."""
    tree = ast.parse(source)
    found, names = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules = [alias for alias in node.names if alias.name.split(".")[0] == "torch"]
            names.update(alias.asname or "torch" for alias in modules)
            found.update(a.name for a in modules if any(map(is_private, a.name.split("."))))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "torch":
            names.update(alias.asname or alias.name for alias in node.names)
            paths = [f"{node.module}.{alias.name}" for alias in node.names]
            found.update(path for path in paths if any(map(is_private, path.split("."))))
    for node in ast.walk(tree):
        root = node
        while isinstance(root, ast.Attribute):
            root = root.value
        if isinstance(root, ast.Name) and root.id in names and root is not node:
            path = ast.unparse(node)
            if any(map(is_private, path.split("."))):
                found.add(path)
        if isinstance(node, ast.Attribute) and node.attr in OF_MODULES:
            found.add(ast.unparse(node))
    return found


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_only_one_file_has_private_names_of_torch(path):
    assert bool(private_names(path.read_text())) == (path.name == INTERNALS)


@pytest.mark.parametrize(
    "source",
    [
        "import torch\ntorch._C.x()",
        "import torch._dynamo",
        "from torch._subclasses import FakeTensor",
        "from torch import _C",
        "from torch.autograd import forward_ad as ad\nad._current_level",
        "import torch.nn as nn\nnn.modules._functions",
        "layer._parameters",
    ],
)
def test_private_names_are_found(source):
    assert private_names(source)
    assert not private_names(source.replace("._", ".").replace(" _", " "))


@pytest.mark.parametrize(
    "name", ["_C._AutoDispatchBelowAutograd", "autograd.function._SingleLevelFunction"]
)
def test_a_torch_that_lacks_something_is_named(name):
    code = f"import torch; del torch.{name}; import lstm_variants"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    message = (
        f"ImportError: lstm_variants runs with PyTorch {TRIED}; PyTorch {torch.__version__} lacks"
    )
    assert message in done.stderr
    assert name.rpartition(".")[2] in done.stderr.splitlines()[-1]


def test_only_the_oldest_torch_lacks_the_exchange_of_tensors():
    """Without it, tests of what uses it are left out."""
    version = tuple(map(int, torch.__version__.split(".")[:2]))
    assert (DLPACK_EXCHANGE_API is None) == (version < (2, 10))


def test_an_import_is_not_slow():
    """What takes long to import is left to those who use it."""
    slow = "'torch._dynamo', 'torch._inductor', 'torch.onnx', 'sympy', 'numpy.testing'"
    code = f"import sys, torch, lstm_variants.nn; print(sorted({{{slow}}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_functions_are_marked_as_by_torch():
    assert vars(constant_while_tracing(lambda: 0)) == vars(
        torch.compiler.assume_constant_result(lambda: 0)
    )


def test_names_of_python_are_not_private():
    assert not private_names("import torch\ntorch.__version__\nself._state")
