"""`make docs` fails for whatever is broken, and says what it is."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("docs", "experiments", "lstm_variants", "tests")
FILES = ("CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "LICENSE", "README.md")
FILES += ("Makefile", "mkdocs.yml", "pyproject.toml")
PAGE = "docs/howto/replace.md"

FAULTS = {
    PAGE: {
        "\n[nowhere](nowhere.md)\n": "'nowhere.md'",
        "\n[nowhere](../index.md#nowhere)\n": "'../index.md#nowhere'",
        "\n[nowhere](#nowhere)\n": "'#nowhere'",
        '\n```python exec="true"\nraise ValueError("broken example")\n```\n': "broken example",
    },
    "lstm_variants/time_loop.py": {
        '\n\ndef broken() -> None:\n    """See [nothing][lstm_variants.nothing]."""\n\n\n'
        '__all__ += ["broken"]\n': "'lstm_variants.nothing'",
    },
}
"""What is added to a file, and what the build says of it."""


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


@pytest.mark.skipif("config.getoption('short')", reason="with --short, there is no second build")
def test_every_fault_is_reported(copy):
    """All in one build, which takes its time: each is a warning, and any warning is an error."""
    for file, faults in FAULTS.items():
        path = copy / file
        path.write_text(path.read_text() + "".join(faults))
    done = build(copy)
    assert done.returncode != 0
    warnings = done.stderr.split("WARNING")[1:]
    messages = [message for faults in FAULTS.values() for message in faults.values()]
    for message in messages:
        assert any(message in warning for warning in warnings), done.stderr
    for warning in warnings:  # nothing else is broken
        assert any(message in warning for message in messages), done.stderr
