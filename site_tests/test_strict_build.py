"""`make docs` fails for whatever is broken, and says what it is."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("docs", "experiments", "lstm_variants", "tests")
FILES = ("CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "README.md")
FILES += ("Makefile", "mkdocs.yml", "pyproject.toml")
PAGE = "docs/howto/replace.md"

FAULTS = {
    "link": (PAGE, "\n[nowhere](nowhere.md)\n", r"'nowhere.md'"),
    "anchor": (PAGE, "\n[nowhere](../index.md#nowhere)\n", r"'../index.md#nowhere'"),
    "link within a page": (PAGE, "\n[nowhere](#nowhere)\n", r"'#nowhere'"),
    "reference in a docstring": (
        "lstm_variants/scan.py",
        '\n\ndef broken() -> None:\n    """See [nothing][lstm_variants.nothing]."""\n\n\n'
        '__all__ += ["broken"]\n',
        "'lstm_variants.nothing'",
    ),
    "example": (
        PAGE,
        '\n```python exec="true"\nraise ValueError("broken example")\n```\n',
        "broken example",
    ),
}


@pytest.fixture
def copy(tmp_path):
    """What the documentation is built from, in a folder with a space in its name."""
    folder = tmp_path / "a copy"
    ignored = shutil.ignore_patterns("__pycache__")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in FILES:
        shutil.copy(ROOT / name, folder)
    environment = folder / ".venv"
    environment.mkdir()
    for name in ("bin", "lib", "pyvenv.cfg"):
        (environment / name).symlink_to(Path(sys.prefix) / name)
    (environment / ".has-docs").touch()
    return folder


def build(folder):
    """Run `make docs` with the report as it is."""
    command = ["make", "--old-file=report", "docs"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_what_is_whole_is_built(copy):
    done = build(copy)
    assert done.returncode == 0, done.stderr
    assert (copy / "site" / "index.html").exists()
    assert "WARNING" not in done.stderr


@pytest.mark.parametrize(("file", "text", "message"), FAULTS.values(), ids=list(FAULTS))
def test_a_fault_fails_the_build_for_its_reason(copy, file, text, message):
    path = copy / file
    path.write_text(path.read_text() + text)
    done = build(copy)
    assert done.returncode != 0
    warnings = [line for line in done.stderr.splitlines() if "WARNING" in line or "Error" in line]
    assert any(message in line for line in warnings), done.stderr
