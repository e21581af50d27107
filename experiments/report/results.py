"""Stored results, and where they come from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Result = dict[str, Any]


def load(path: Path) -> Result:
    """A stored result.

    Raises:
        SystemExit: If there is none; the message says what makes it.
    """
    if not path.exists():
        raise SystemExit(f"There is no {path}: run 'python -m experiments.{path.stem}' first.")
    result: Result = json.loads(path.read_text())
    return result


def provenance(result: Result) -> str:
    """One line that says where the numbers come from."""
    machine = result["machine"]
    where = f"{machine['gpu']}, " if result["experiment"].endswith("cuda") else ""
    return (
        f"`{result['command']}` at commit `{result['commit'][:12]}`, {result['date'][:10]}: "
        f"{where}{machine['cpu']}, {machine['cores']} cores, {machine['threads']} threads, "
        f"{machine['simd']}, torch {machine['torch']}, Python {machine['python']}"
    )
