"""Runs the units of an experiment side by side, and keeps what is finished if it is stopped.

A unit is one case with one seed. It runs in a worker process, with one thread, so that a seed gives
the same record whatever else runs.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import math
import multiprocessing
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from experiments import Record
from experiments.stamp import sources, stamp

Unit = tuple[Record, int]  # a case and a seed
DIVERGED = 1e30


class Journal:
    """The finished units of a run that has not come to its end, a line of JSON for each.

    It belongs to a configuration and to the code as it is.

    Attributes:
        runs: The stamps of earlier runs that finished some of them.
        records: What they finished.
    """

    def __init__(self, folder: Path | None, name: str, config: Any, *, fresh: bool) -> None:
        """Open the journal of a configuration, or none if there is no folder."""
        self.runs: list[Record] = []
        self.records: list[Record] = []
        self.path = None
        if folder is None:
            return
        folder.mkdir(parents=True, exist_ok=True)
        # Units of other settings, or of other code, are none of this run's.
        settings = json.dumps([dataclasses.asdict(config), sources()], sort_keys=True)
        digest = hashlib.sha256(settings.encode()).hexdigest()[:12]
        self.path = folder / f".{name}-{digest}.jsonl"
        if fresh:
            self.path.unlink(missing_ok=True)
        whole, begun = [], None
        for line in self.path.read_text().splitlines() if self.path.exists() else ():
            # The last line is torn if its writer was killed.
            with contextlib.suppress(json.JSONDecodeError):
                entry = json.loads(line)
                whole.append(line)
                if "command" in entry:
                    begun = entry
                    continue
                self.records.append(entry)
                if begun is not None:
                    self.runs.append(begun)
                    begun = None
        if self.records:
            print(f"continuing: {len(self.records)} finished units in {self.path} (--fresh: anew)")
        write_whole(self.path, "".join(f"{line}\n" for line in whole))
        self.add(stamp())

    def add(self, entry: Record) -> None:
        """Store a line, and see it on the disk."""
        if self.path is not None:
            with self.path.open("a") as file:
                file.write(json.dumps(entry, allow_nan=False) + "\n")
                file.flush()
                os.fsync(file.fileno())

    def close(self) -> None:
        """Forget it: the result holds everything now."""
        if self.path is not None:
            self.path.unlink()


def run_units(
    name: str,
    run: Callable[..., Record],
    config: Any,
    units: Sequence[Unit],
    jobs: int,
    journal: Journal,
) -> list[Record]:
    """The records of all units in their order; those that the journal has are not run again."""
    known = {key(record): record for record in journal.records}
    missing = [unit for unit in units if key(as_record(*unit)) not in known]
    with tqdm(total=len(units), initial=len(units) - len(missing), desc=name, unit="unit") as bar:
        for record in finished(run, config, missing, jobs):
            journal.add(record)
            known[key(record)] = record
            bar.update()
    return [known[key(as_record(*unit))] for unit in units]


def finished(
    run: Callable[..., Record], config: Any, units: Sequence[Unit], jobs: int
) -> Iterator[Record]:
    """Records as they come: from this process one after the other, or from others."""
    if not jobs:
        yield from (one(run, config, *unit) for unit in units)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context, initializer=start_worker) as pool:
        futures = [pool.submit(one, run, config, *unit) for unit in units]
        left = set(futures)
        try:
            for future in as_completed(futures):
                left.remove(future)
                yield future.result()
        except Exception:
            pool.shutdown(cancel_futures=True)
            # What others have finished meanwhile is not lost.
            yield from (f.result() for f in left if not (f.cancelled() or f.exception()))
            raise
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def start_worker() -> None:
    """Use one thread, and do not outlive the process that asked for the work."""
    torch.set_num_threads(1)
    threading.Thread(target=end_with_parent, daemon=True).start()


def end_with_parent() -> None:
    """Wait for the parent to end, be it killed, and end too."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextlib.contextmanager
def single_thread() -> Iterator[None]:
    """One thread for torch, as the processes side by side have."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def one(run: Callable[..., Record], config: Any, case: Record, seed: int) -> Record:
    """The record of one unit, with the seconds that it took."""
    start = time.perf_counter()
    record: Record = finite(as_record(case, seed) | run(config, seed, **case))
    return record | {"seconds": round(time.perf_counter() - start, 3)}


def finite(value: Any) -> Any:
    """The same with `DIVERGED` for what is not a finite number, which JSON cannot hold."""
    if isinstance(value, dict):
        return {key: finite(part) for key, part in value.items()}
    if isinstance(value, list):
        return [finite(part) for part in value]
    return DIVERGED if isinstance(value, float) and not math.isfinite(value) else value


def as_record(case: Record, seed: int) -> Record:
    """The part of a record that names its unit."""
    return {"case": case, "seed": seed}


def key(record: Record) -> str:
    """The same for the same unit."""
    return json.dumps([record["case"], record["seed"]], sort_keys=True)


def write_json(path: Path, content: Record) -> None:
    """Write a result whole or not at all, whatever happens meanwhile."""
    write_whole(path, json.dumps(content, indent=1, allow_nan=False) + "\n")
    print(f"written: {path}")


def write_whole(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, suffix=".tmp") as file:
        try:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            os.chmod(file.name, 0o644)
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise
