"""What the README shows is what happens."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import lstm_variants
from experiments.benchmarks import summary
from tests import support, surroundings

ROOT = Path(__file__).parent.parent


def test_examples_print_what_the_readme_says():
    examples = surroundings.examples()
    assert len(examples) == 2
    for code, output in examples:
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        assert done.stdout == output


def test_the_citation_has_the_version_of_the_package():
    assert f"\nversion: {lstm_variants.__version__}\n" in (ROOT / "CITATION.cff").read_text()


def test_the_table_of_speed_is_that_of_the_records():
    readme = (ROOT / "README.md").read_text()
    assert "| `PeepholeLSTM` " in readme
    assert summary.with_summary(readme) == readme


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
