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

WARNINGS = {
    PAGE: {
        "\n[nowhere](nowhere.md)\n": "'nowhere.md'",
        "\n[nowhere](../index.md#nowhere)\n": "'../index.md#nowhere'",
        "\n[nowhere](#nowhere)\n": "'#nowhere'",
    },
    "lstm_variants/scan.py": {
        '\n\ndef broken() -> None:\n    """See [nothing][lstm_variants.nothing]."""\n\n\n'
        '__all__ += ["broken"]\n': "'lstm_variants.nothing'",
    },
}
"""What is added to a file, and what the build says of it."""
BROKEN_EXAMPLE = '\n```python exec="true"\nraise ValueError("broken example")\n```\n'


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


def test_broken_links_and_references_are_named(copy):
    """All in one build, which takes its time: each is a warning, and any warning is an error."""
    for file, faults in WARNINGS.items():
        path = copy / file
        path.write_text(path.read_text() + "".join(faults))
    done = build(copy)
    assert done.returncode != 0
    warnings = [line for line in done.stderr.splitlines() if "WARNING" in line]
    for message in (message for faults in WARNINGS.values() for message in faults.values()):
        assert any(message in line for line in warnings), done.stderr


def test_a_broken_example_fails_the_build(copy):
    path = copy / PAGE
    path.write_text(path.read_text() + BROKEN_EXAMPLE)
    done = build(copy)
    assert done.returncode != 0
    errors = [line for line in done.stderr.splitlines() if "WARNING" in line or "Error" in line]
    assert any("broken example" in line for line in errors), done.stderr
