"""What the README shows is what happens."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import lstm_variants
from experiments.benchmarks import summary
from experiments.benchmarks.sizes import size_of
from lstm_variants import VARIANTS
from lstm_variants.kernels.onnx import onnx_node
from tests import support, surroundings

pytestmark = pytest.mark.site

ROOT = Path(__file__).parent.parent


def test_the_first_example_prints_that_outputs_are_equal():
    examples = surroundings.examples()
    assert len(examples) == 1
    for code, output in examples:
        assert "lv.replace_layers(model)" in code
        assert output == "True\n"
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        assert done.stdout == output


def test_the_citation_has_the_version_of_the_package():
    assert f"\nversion: {lstm_variants.__version__}\n" in (ROOT / "CITATION.cff").read_text()


def test_the_table_of_speed_is_that_of_the_records():
    readme = (ROOT / "README.md").read_text()
    assert "| `PeepholeLSTM` " in readme
    assert "MB in place of" in readme
    assert "effect of the C library" in readme
    assert summary.with_summary(readme) == readme


def test_the_example_has_the_size_of_the_numbers_below_it():
    [(code, _)] = surroundings.examples()
    size = size_of(summary.SIZE)
    assert f"torch.nn.LSTM({size['D']}, {size['H']})" in code
    assert f"torch.randn({size['T']}, {size['B']}, {size['D']})" in code


def test_variants_that_onnx_lacks_are_those_that_the_readme_names():
    operators = {name: onnx_node(variant.cell) for name, variant in VARIANTS.items()}
    loops = {name for name, operator in operators.items() if operator is None}
    assert not loops & {"LSTM", "PeepholeLSTM", "CoupledLSTM", "GRU", "RNN", "BiLSTM"}
    assert len(loops) > len(operators) / 2
    readme = " ".join((ROOT / "README.md").read_text().split())
    assert "The other variants, more than half, need PyTorch 2.13 or newer." in readme


def test_the_table_of_versions_is_that_of_the_records(request):
    if request.config.getoption("--record"):
        pytest.skip("this run writes the records")
    readme = (ROOT / "README.md").read_text()
    assert "<!-- support -->" in readme
    assert support.with_table(readme) == readme
    records = json.loads(support.RECORDS.read_text())
    python, torch = support.lowest()
    assert records["lowest"]["python"].startswith(f"{python}.")
    assert records["lowest"]["torch"] == f"{torch}.0"


def test_every_place_on_the_map_exists():
    readme = (ROOT / "README.md").read_text()
    [tree] = re.findall(r"```\n(lstm_variants/.*?)```", readme, re.DOTALL)
    folder = ROOT
    for line in tree.splitlines():
        name = line.split()[0]
        if not line.startswith(" "):
            folder = ROOT / name
            assert folder.is_dir(), name
        else:
            assert (folder / name).exists(), name
