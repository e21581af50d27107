"""The published measurements whose processor is nearest to this one."""

from __future__ import annotations

from collections.abc import Sequence

from experiments import Record, Result

ORDER = ("AVX2", "AVX512", "AMX")
"""Instruction sets that were measured: each processor has those before its own too."""


def nearest(simd: str, results: Sequence[Result]) -> Result | None:
    """The record with the most similar instruction sets, the newest of several; none without any.

    Args:
        simd: The newest instruction set of this processor, as records state it.
        results: Records of the suite on CPUs.
    """

    def distance(result: Result) -> int:
        return abs(rank(result["machine"]["simd"]) - rank(simd))

    newest_first = sorted(results, key=lambda result: str(result["date"]), reverse=True)
    return min(newest_first, key=distance, default=None)


def rank(simd: str) -> int:
    """The place among instruction sets; others, those of other architectures too, are below."""
    return ORDER.index(simd) if simd in ORDER else -1


def find(result: Result | None, record: Record) -> Record | None:
    """The published timing of the same layer, mode and size."""
    same = ("variant", "mode", "size", "threads")
    for published in result["records"] if result else ():
        if all(published[name] == record.get(name) for name in same):
            found: Record = published
            return found
    return None
