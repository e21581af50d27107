"""Models that AOTInductor compiles and packages, in a process that has the package alone."""

import json
import os
import shutil
import subprocess
import sys

import pytest
import torch
from torch.export import Dim, export

from lstm_variants import nn
from tests.cpu_kernels import needs_kernels

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not shutil.which(os.environ.get("CXX", "g++")), reason="AOTInductor needs a C++ compiler"
    ),
]

LOAD = """
import sys
import torch
{imports}
model = torch._inductor.aoti_load_package(sys.argv[1] + "/model.pt2")
inputs, expected = torch.load(sys.argv[1] + "/expected.pt")
for found, right in zip(model(*inputs), expected, strict=True):
    assert found.dtype == right.dtype
    torch.testing.assert_close(found, right, rtol=0, atol={atol})
loaded = [name for name in sys.modules if name.startswith("lstm_variants")]
print(len(loaded))
"""


class Model(torch.nn.Module):
    """Layers in both directions and a linear one."""

    def __init__(self, layer, dtype, num_layers=2):
        super().__init__()
        self.recurrent = layer(3, 4, num_layers=num_layers, bidirectional=True, dtype=dtype)
        self.out = torch.nn.Linear(8, 2, dtype=dtype)

    def forward(self, x, lengths):
        output, (h, c) = self.recurrent(x, lengths=lengths)
        return self.out(output), h, c


def in_a_fresh_process(folder, imports, atol):
    """Run the package that lies in a folder; return how many modules of ours were imported."""
    code = LOAD.format(imports=imports, atol=atol)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(folder)],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def package(model, inputs, others, shapes, folder):
    """Compile for some inputs; store what the model computes with others."""
    with torch.no_grad():
        program = export(model, inputs, dynamic_shapes=shapes)
        torch._inductor.aoti_compile_and_package(program, package_path=str(folder / "model.pt2"))
        torch.save((others, model(*others)), folder / "expected.pt")


@needs_kernels
@pytest.mark.costly
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_a_packaged_model_with_other_sizes(dtype, tmp_path):
    model = Model(nn.PeepholeLSTM, dtype).eval()
    inputs = torch.randn(5, 3, 3, dtype=dtype), torch.tensor([5, 2, 1])
    others = torch.randn(9, 2, 3, dtype=dtype), torch.tensor([0, 9])
    package(model, inputs, others, ({0: Dim.AUTO, 1: Dim.AUTO}, {0: Dim.AUTO}), tmp_path)
    # The compiler leaves out roundings between operators: the input of the second layer is float32.
    atol = 1e-6 if dtype == torch.float32 else torch.finfo(dtype).eps
    assert in_a_fresh_process(tmp_path, "import lstm_variants.nn", atol)


@needs_kernels
def test_a_packaged_model_with_zoneout(tmp_path):
    """In evaluation, zoneout has shares and no tensors."""

    def layer(*sizes, **options):
        return nn.LSTM(*sizes, zoneout=0.3, **options)

    model = Model(layer, torch.float32).eval()
    inputs = torch.randn(5, 3, 3), torch.tensor([5, 2, 1])
    others = torch.randn(9, 2, 3), torch.tensor([0, 9])
    package(model, inputs, others, ({0: Dim.AUTO, 1: Dim.AUTO}, {0: Dim.AUTO}), tmp_path)
    assert in_a_fresh_process(tmp_path, "import lstm_variants.nn", 1e-6)


def test_a_packaged_reference_needs_torch_alone(tmp_path):
    """As in a program in C++: for one sequence length."""

    def layer(*sizes, **options):
        return nn.PeepholeLSTM(*sizes, backend="reference", **options)

    model = Model(layer, torch.float32, num_layers=1).eval()
    inputs = torch.randn(5, 3, 3), torch.tensor([5, 2, 1])
    others = torch.randn(5, 2, 3), torch.tensor([0, 5])
    package(model, inputs, others, ({1: Dim.AUTO}, {0: Dim.AUTO}), tmp_path)
    assert in_a_fresh_process(tmp_path, "", 1e-6) == 0
