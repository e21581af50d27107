"""Stored results, and where they come from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments import Record

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


def grouped(records: Sequence[Record], *names: str) -> dict[Any, list[Record]]:
    """Records by what their cases have under some names, each group in the order of seeds.

    A key is one value for one name, else a tuple.
    """
    found: dict[Any, list[Record]] = {}
    for record in sorted(records, key=lambda r: r["seed"]):
        values = tuple(record["case"][name] for name in names)
        found.setdefault(values if len(names) > 1 else values[0], []).append(record)
    return found


def provenance(result: Result) -> str:
    """One line that says where the numbers come from."""
    machine = result["machine"]
    where = f"{machine['gpu']}, " if result["experiment"].endswith("cuda") else ""
    return (
        f"`{result['command']}` at commit `{result['commit'][:12]}`, {result['date'][:10]}: "
        f"{where}{machine['cpu']}, {machine['cores']} cores, {machine['threads']} threads, "
        f"{machine['simd']}, torch {machine['torch']}, Python {machine['python']}"
    )
