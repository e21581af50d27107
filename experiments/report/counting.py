"""What the counting experiment says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tabulate

from experiments import Record
from experiments.verdicts import claim, compare


def by_case(records: Sequence[Record]) -> dict[tuple[str, str, int], list[int]]:
    """The n reached, in the order of seeds."""
    found: dict[tuple[str, str, int], list[int]] = {}
    for record in sorted(records, key=lambda r: r["seed"]):
        case = record["case"]
        key = case["language"], case["model"], case["hidden"]
        found.setdefault(key, []).append(record["reached"])
    return found


def score(records: Sequence[Record]) -> Record:
    """Counting is compared in octaves: the logarithm, base 2, of one more than the n reached."""
    reached_by = {key: np.log2(1 + np.array(ns)) for key, ns in by_case(records).items()}
    settings = list(dict.fromkeys((key[0], key[2]) for key in reached_by))
    return {
        "claims": [
            claim(
                "LSTMs learn to count, GRUs do not",
                "Weiss, Goldberg & Yahav 2018",
                "LSTM right to n = 256 and 100, GRU to 38 and below 10 (aⁿbⁿ, aⁿbⁿcⁿ)",
                [
                    compare(
                        f"{language}, H = {H}: octaves of n, LSTM over GRU",
                        reached_by[language, "LSTM", H],
                        reached_by[language, "GRU", H],
                    )
                    for language, H in settings
                ],
            ),
            claim(
                "Counting takes no peepholes",
                "Suzgun, Belinkov & Shieber 2018",
                "without them, H = 3, aⁿbⁿcⁿ: first failure at n = 83 to 244 in ten trials",
                [
                    compare(
                        f"{language}, H = {H}: octaves of n, LSTM over peephole LSTM",
                        reached_by[language, "LSTM", H],
                        reached_by[language, "PeepholeLSTM", H],
                        margin=0.5,
                    )
                    for language, H in settings
                ],
            ),
        ]
    }


def table(records: Sequence[Record]) -> str:
    """The n reached, a row for each model and size."""
    rows: dict[tuple[str, int], dict[str, Any]] = {}
    for (language, model, hidden), ns in by_case(records).items():
        row = rows.setdefault((model, hidden), {"model": model, "H": hidden})
        row[f"{language}: median n"] = f"{np.median(ns):g}"
        row[f"{language}: range"] = f"{min(ns)} to {max(ns)}"
    return tabulate.tabulate(list(rows.values()), "keys", tablefmt="pipe")
