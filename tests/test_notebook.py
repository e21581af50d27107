"""The walkthrough as a notebook: it runs."""

import re
import subprocess
import sys

import nbformat

from experiments.report.notebook import PAGE, write_notebook


def test_the_notebook_runs_and_has_what_the_page_has(tmp_path):
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
