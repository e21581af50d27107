"""The walkthrough as a notebook: it runs."""

import re
import subprocess
import sys

import nbformat
import pytest

from experiments.report.address import colab
from experiments.report.notebook import PAGE, write_notebook


def test_the_notebook_runs_and_has_what_the_page_has(tmp_path, monkeypatch):
    monkeypatch.delenv("REPO_URL", raising=False)
    path = tmp_path / "walkthrough.ipynb"
    write_notebook(path)
    notebook = nbformat.read(path, as_version=4)
    first, *others = [cell["source"] for cell in notebook.cells if cell["cell_type"] == "code"]
    assert len(others) == PAGE.read_text().count('```python exec="true" source="above"')
    code = "\n".join(
        [first.replace("%pip install --quiet lstm_variants_torch-*.tar.gz", "pass"), *others]
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "False\nbackward half changed: True" in done.stdout
    assert done.stdout.count("output shape: torch.Size([32, 10, ") == 4
    prose = "\n".join(c["source"] for c in notebook.cells if c["cell_type"] == "markdown")
    assert prose.startswith("# Four recurrent networks")
    assert prose.count(r"\begin{aligned}") == PAGE.read_text().count("show(VARIANTS[") == 3
    assert r"c_t &= f_t \odot c_{t-1} + i_t \odot g_t \\" in prose
    # Nothing that only the site can show.
    assert not re.search(r"\]\(\.|\]\[|!!!|exec=|<!--", prose)


@pytest.mark.parametrize(
    "address", ["https://example.org/lstm_variants", "https://github.com/example/lstm_variants"]
)
@pytest.mark.parametrize("end", ["", "/", ".git"])
def test_with_an_address_the_notebook_is_installed_from_the_repository(
    tmp_path, monkeypatch, address, end
):
    monkeypatch.setenv("REPO_URL", address + end)
    write_notebook(tmp_path / "walkthrough.ipynb")
    notebook = nbformat.read(tmp_path / "walkthrough.ipynb", as_version=4)
    first = next(cell["source"] for cell in notebook.cells if cell["cell_type"] == "code")
    assert f"    %pip install --quiet git+{address}" in first.splitlines()
    assert "make wheel" not in first
    # Colab opens notebooks of GitHub alone.
    assert ("colab" in colab()) == ("github.com" in address)
    assert not colab() or "/github/example/lstm_variants/blob/" in colab()
