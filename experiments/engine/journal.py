"""The finished units of a run, kept on disk so that a stopped run can be continued."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from experiments import Record, Result, data
from experiments.engine.code import digest
from experiments.engine.files import write_whole
from experiments.engine.provenance import provenance, versions

Unit = tuple[Record, int]
"""A case and a seed."""


class Journal:
    """The finished units of a run that has not come to its end, a line of JSON for each.

    It belongs to an experiment, one configuration, the present code and versions of libraries,
    machines with the CPU kernels or without, and generated data or not: units of others are not
    continued.

    Attributes:
        records: The wanted units that are finished, by their key.
        begun: The provenance of this run, taken once: whatever happens to the checkout meanwhile,
            record and journal state the same.
        runs: The provenance of earlier runs that finished some of the units.
    """

    def __init__(
        self, folder: Path | None, name: str, config: Any, units: Sequence[Unit], *, fresh: bool
    ) -> None:
        """Open the journal of a configuration; without a folder, nothing is kept."""
        self.begun = provenance()
        self.records: dict[str, Record] = {}
        self.runs: list[Record] = []
        self.others: list[str] = []
        self.path = None
        if folder is None:
            return
        folder.mkdir(parents=True, exist_ok=True)
        here = self.begun["machine"]
        depends_on = [digest(name), versions(here), here["kernels"], data.is_generated()]
        settings = json.dumps([dataclasses.asdict(config), *depends_on], sort_keys=True)
        run = hashlib.sha256(settings.encode()).hexdigest()[:12]
        self.path = folder / f".journal-{run}.jsonl"
        if fresh:
            self.path.unlink(missing_ok=True)
        kept = self.read({key(*unit) for unit in units})
        if self.records:
            print(
                f"continuing: {len(self.records)} finished units in {self.path} (to begin anew: "
                "--fresh, or delete this file)"
            )
        write_whole(self.path, "".join(f"{line}\n" for line in kept))
        self.add(self.begun)

    def add_record(self, result: Result) -> None:
        """Count the units of a record as finished."""
        self.records |= {
            key(record["case"], record["seed"]): record for record in result["records"]
        }
        own = {name: result[name] for name in ("command", "commit", "date", "machine")}
        taken = [*result["earlier_runs"], own]
        self.runs = [*taken, *(run for run in self.runs if run not in taken)]
        print(f"extending: {len(result['records'])} units of the record are kept")

    def read(self, wanted: set[str]) -> list[str]:
        """Read the lines of earlier runs, and return those that are complete."""
        kept, begun, counted = [], "", False
        text = ""
        if self.path and self.path.exists():
            text = self.path.read_text(encoding="utf-8", errors="replace")
        for line in text.splitlines():
            # The last line is incomplete if its writer was killed; others if a disk was damaged.
            with contextlib.suppress(json.JSONDecodeError):
                entry = json.loads(line)
                if not isinstance(entry, dict) or not (
                    "command" in entry or entry.keys() >= {"case", "seed"}
                ):
                    continue
                kept.append(line)
                if "command" in entry:
                    begun, counted = line, False
                elif key(entry["case"], entry["seed"]) in wanted:
                    self.records[key(entry["case"], entry["seed"])] = entry
                    if begun and not counted:
                        self.runs.append(json.loads(begun))
                        counted = True
                else:
                    self.others += [begun] if begun not in self.others else []
                    self.others.append(line)
        return kept

    def add(self, entry: Record) -> None:
        """Append a line and wait until it is on the disk."""
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry, allow_nan=False) + "\n")
                file.flush()
                os.fsync(file.fileno())

    def close(self) -> None:
        """Keep the units that the record does not hold; without any, remove the file."""
        if self.path is None:
            return
        if self.others:
            write_whole(self.path, "".join(f"{line}\n" for line in self.others))
        else:
            self.path.unlink()


def key(case: Record, seed: int) -> str:
    """The same text for the same unit."""
    return json.dumps([case, seed], sort_keys=True)


class OccupiedError(Exception):
    """Another run writes into the folder. The message is for the user."""


@contextlib.contextmanager
def alone_in(folder: Path | None) -> Iterator[None]:
    """Let no other run write into a folder meanwhile.

    Raises:
        OccupiedError: If one does.
    """
    if folder is None:
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / ".lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise OccupiedError(
            f"Another run writes into {folder}. Wait for its end, or choose another folder (--out)"
        ) from None
    try:
        yield
    finally:
        lock.release()
