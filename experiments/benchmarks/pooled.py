"""Times of several processes that ran the suite one after the other, as one record."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import numpy as np

from experiments import Record

RAW = ("seconds", "baseline_seconds")


def ratios(record: Record) -> list[float]:
    """The ratio of times of each round of a process."""
    pairs = zip(record["seconds"], record["baseline_seconds"], strict=True)
    return [ours / theirs for ours, theirs in pairs]


def pooled(runs: Sequence[Sequence[Record]]) -> list[Record]:
    """The records of all processes together.

    Quartiles are those of all rounds. The lowest and the highest median of a process tell how much
    the same measurement differs from one process to the next.
    """
    return [pooled_record(records) for records in zip(*runs, strict=True)]


def pooled_record(records: Sequence[Record]) -> Record:
    """One timing, from the same one of each process."""
    first = records[0]
    medians = [statistics.median(ratios(record)) for record in records]
    ours, theirs = (
        1e3 * np.array([second for record in records for second in record[name]]) for name in RAW
    )
    return {
        **{name: value for name, value in first.items() if name not in RAW},
        "rounds": len(ours),
        "ratio": quartiles(ours / theirs) | {"low": min(medians), "high": max(medians)},
        "milliseconds": quartiles(ours),
        "baseline_milliseconds": quartiles(theirs),
    }


def quartiles(values: np.ndarray) -> dict[str, float]:
    """Median and quartiles."""
    q1, median, q3 = np.percentile(values, [25, 50, 75])
    return {"median": float(median), "q1": float(q1), "q3": float(q3)}
