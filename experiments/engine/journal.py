"""The finished units of a run, kept on disk so that a stopped run can be continued."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from experiments import Record
from experiments.engine.code import digest
from experiments.engine.files import write_whole
from experiments.engine.provenance import provenance


class Journal:
    """The finished units of a run that has not come to its end, a line of JSON for each.

    It belongs to an experiment, one configuration and the present code: units of other settings or
    of other code are not continued.

    Attributes:
        runs: The provenance of earlier runs that finished some of the units.
        records: What they finished.
    """

    def __init__(self, folder: Path | None, name: str, config: Any, *, fresh: bool) -> None:
        """Open the journal of a configuration; without a folder, nothing is kept."""
        self.runs: list[Record] = []
        self.records: list[Record] = []
        self.path = None
        if folder is None:
            return
        folder.mkdir(parents=True, exist_ok=True)
        settings = json.dumps([dataclasses.asdict(config), digest(name)], sort_keys=True)
        run = hashlib.sha256(settings.encode()).hexdigest()[:12]
        self.path = folder / f".journal-{run}.jsonl"
        if fresh:
            self.path.unlink(missing_ok=True)
        complete, begun = [], None
        for line in self.path.read_text().splitlines() if self.path.exists() else ():
            # The last line is incomplete if its writer was killed.
            with contextlib.suppress(json.JSONDecodeError):
                entry = json.loads(line)
                complete.append(line)
                if "command" in entry:
                    begun = entry
                    continue
                self.records.append(entry)
                if begun is not None:
                    self.runs.append(begun)
                    begun = None
        if self.records:
            print(f"continuing: {len(self.records)} finished units in {self.path} (--fresh: anew)")
        write_whole(self.path, "".join(f"{line}\n" for line in complete))
        self.add(provenance())

    def add(self, entry: Record) -> None:
        """Append a line and wait until it is on the disk."""
        if self.path is not None:
            with self.path.open("a") as file:
                file.write(json.dumps(entry, allow_nan=False) + "\n")
                file.flush()
                os.fsync(file.fileno())

    def close(self) -> None:
        """Remove the file: the record holds everything now."""
        if self.path is not None:
            self.path.unlink()
