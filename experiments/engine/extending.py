"""What becomes of a record that is there: seeds are added to it, or it is replaced."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments import Record, Result, data
from experiments.engine.code import digest
from experiments.engine.journal import key
from experiments.engine.provenance import machine, versions
from experiments.records import load

NEEDED = {"command", "commit", "date", "machine", "machines", "earlier_runs"}
NEEDED |= {"code", "config", "seeds", "records"}
"""What a record has to state."""


def check_replaceable(path: Path, config: Any, seeds: int) -> None:
    """Check that a run does not replace a record of other settings, or of more seeds.

    Raises:
        SystemExit: If there is one.
    """
    try:
        before = load(path)
    except (OSError, ValueError):
        return  # none, or nothing that could be lost
    differs = before.get("config") != as_stored(config)
    if differs or len(before.get("seeds", ())) > seeds:
        what = "other settings" if differs else f"{len(before['seeds'])} seeds"
        raise SystemExit(
            f"{path} holds results with {what}. Move it away, or name another folder: --out DIR"
        )


def is_finished(path: Path, name: str, config: Any, cases: Sequence[Record], seeds: int) -> bool:
    """Whether a record is what a run would write: of the same code, settings, data and seeds."""
    try:
        before = extended(path, name, config, cases, seeds)
    except SystemExit:
        return False
    return before is not None and len(before["seeds"]) == seeds


def as_stored(config: Any) -> Any:
    """A configuration as it is in a record."""
    return json.loads(json.dumps(dataclasses.asdict(config)))


def extended(
    path: Path, name: str, config: Any, cases: Sequence[Record], seeds: int
) -> Result | None:
    """The record that a run adds to, if there is one.

    Args:
        path: File of the record.
        name: The name of the experiment.
        config: Configuration of the run.
        cases: What is run with each seed.
        seeds: How many seeds the run has.

    Raises:
        SystemExit: If it has other settings, cases or data, comes from other code, from other
            versions of libraries or from machines with kernels where this one has none (or the
            reverse), has more seeds or is damaged.
    """
    if not path.exists():
        return None
    try:
        result = load(path)
        missing = NEEDED - result.keys()
    except (OSError, ValueError) as error:
        raise SystemExit(str(error)) from error
    if missing:
        raise SystemExit(
            f"{path} does not state its {', '.join(sorted(missing))} and cannot be extended. "
            "Move it away to begin anew"
        )
    here = machine()
    had_kernels, has_kernels = result["machine"].get("kernels"), here["kernels"]
    had = versions(result["machine"])
    other = [name for name, version in versions(here).items() if had.get(name, version) != version]
    wanted = {key(case, seed) for case in cases for seed in result["seeds"]}
    reasons = {
        "other settings": result["config"] != as_stored(config),
        "other cases": {key(r["case"], r["seed"]) for r in result["records"]} != wanted,
        "other data (generated or real)": result.get("generated", False) != data.is_generated(),
        "other code": result["code"] != digest(name),
        f"other versions of {' and '.join(other)}": bool(other),
        "the CPU kernels, which are missing here,": had_kernels and not has_kernels,
        "no CPU kernels, which are here,": has_kernels and not had_kernels,
        f"more seeds, {len(result['seeds'])},": len(result["seeds"]) > seeds,
    }
    if found := [reason for reason, holds in reasons.items() if holds]:
        raise SystemExit(
            f"{path} was run with {' and '.join(found)} and cannot be extended. Move it away to "
            "begin anew, or name another folder: --out DIR"
        )
    return result
