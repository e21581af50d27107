"""The README's table of supported versions, from records of test runs: `make support`."""

from __future__ import annotations

import datetime
import json
import platform
import tomllib
from pathlib import Path

import torch

from experiments.report.markdown import replace_marked

ROOT = Path(__file__).resolve().parent.parent
RECORDS = Path(__file__).with_suffix(".json")
README = ROOT / "README.md"
ROWS = {"lowest": "lowest", "default": "default", "newest": "newest"}


def record(name: str, passed: int) -> None:
    """Store a run of the suite that passed, under its name."""
    records = json.loads(RECORDS.read_text()) if RECORDS.exists() else {}
    records[name] = {
        "python": platform.python_version(),
        "torch": torch.__version__.partition("+")[0],
        "passed": passed,
        "date": datetime.date.today().isoformat(),
    }
    RECORDS.write_text(json.dumps(records, indent=1, sort_keys=True) + "\n")


def table(records: dict[str, dict[str, str | int]]) -> str:
    """The records as a Markdown table."""
    lines = ["| | Python | PyTorch | tested on |", "|---|---|---|---|"]
    for name, title in ROWS.items():
        found = records[name]
        lines.append(f"| {title} | {found['python']} | {found['torch']} | {found['date']} |")
    return "\n".join(lines)


def with_table(readme: str) -> str:
    """The README with the table of the stored records."""
    text = table(json.loads(RECORDS.read_text()))
    return replace_marked(readme, "support", text)


def lowest() -> tuple[str, str]:
    """The lowest Python and torch that pyproject.toml allows."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    [requirement] = project["dependencies"]
    return project["requires-python"].removeprefix(">="), requirement.removeprefix("torch>=")


if __name__ == "__main__":
    README.write_text(with_table(README.read_text()))
    print(f"written: {README}")
