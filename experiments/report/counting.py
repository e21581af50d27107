"""Results of the counting experiment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tabulate
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from experiments import Record
from experiments.report.figures import COLORS, strips
from experiments.report.results import Result, grouped
from experiments.verdicts import Comparison, claim, scores

ALT = "How far each network counts, and what its units remember while it reads a word"


def by_case(records: Sequence[Record]) -> dict[tuple[str, str, int], list[int]]:
    """The n reached, in the order of seeds."""
    found = grouped(records, "language", "model", "hidden")
    return {key: [record["reached"] for record in group] for key, group in found.items()}


# Largest n of LSTM minus that of GRU, with H = 10, by a summary of Weiss, Goldberg & Yahav.
WEISS = {("aⁿbⁿ", 10): 256 - 38, ("aⁿbⁿcⁿ", 10): 100 - 10}
# First failing n of Suzgun, Belinkov & Shieber's ten networks with H = 3, the median.
SUZGUN = {("aⁿbⁿcⁿ", 3): 139.5}
OF_INTEREST = 25  # n: half of the training range
FARTHEST = 500  # the largest n that is tested


def score(records: Sequence[Record]) -> Record:
    """Differences of the largest n."""
    found = by_case(records)
    settings = list(dict.fromkeys((key[0], key[2]) for key in found))
    [longest] = {record["trained"] for record in records}

    def beyond(language: str, H: int) -> Comparison:
        first_failure = SUZGUN.get((language, H))
        return scores(
            f"{language}, H = {H}: LSTM beyond n = {longest}",
            found[language, "LSTM", H],
            float(longest),
            "n",
            reported=first_failure - 1 - longest if first_failure else OF_INTEREST,
        )

    def farther(language: str, H: int, ahead: str, behind: str, reported: float) -> Comparison:
        return scores(
            f"{language}, H = {H}: {ahead} minus {behind}",
            found[language, ahead, H],
            found[language, behind, H],
            "n",
            reported=reported,
            ceiling=FARTHEST,
        )

    return {
        "claims": [
            claim(
                "LSTMs count farther than GRUs",
                "Weiss, Goldberg & Yahav 2018",
                "by a summary of the paper, H = 10: LSTM to n = 256 and 100, GRU to 38 and below "
                f"10; otherwise of interest from {OF_INTEREST} on",
                "adapted",
                [
                    farther(language, H, "LSTM", "GRU", WEISS.get((language, H), OF_INTEREST))
                    for language, H in settings
                ],
            ),
            claim(
                "An LSTM without peepholes counts beyond its training range",
                "Suzgun, Belinkov & Shieber 2018",
                "H = 3, aⁿbⁿcⁿ: first failure at n = 83 to 244 in ten trials, median 139.5; "
                f"otherwise of interest from {OF_INTEREST} beyond on",
                "adapted",
                [beyond(language, H) for language, H in settings],
            ),
            claim(
                "Peepholes make an LSTM count farther",
                "this project",
                f"not compared in the papers above; of interest from {OF_INTEREST} on",
                "our own task",
                [
                    farther(language, H, "PeepholeLSTM", "LSTM", OF_INTEREST)
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


def figure(result: Result) -> Figure:
    """How far each network counts; below, what those that count farthest remember."""
    found = by_case(result["records"])
    languages = list(dict.fromkeys(language for language, _, _ in found))
    made, panels = plt.subplots(2, 2, figsize=(9, 6), layout="constrained", squeeze=False)
    for panel, language in zip(panels[0], languages, strict=True):
        mine = {(model, H): ns for (of, model, H), ns in found.items() if of == language}
        groups = {f"{model}, H = {H}": [1 + n for n in ns] for (model, H), ns in mine.items()}
        strips(panel, groups, [COLORS[model] for model, _ in mine])
        panel.set_xscale("log")
        panel.axvline(1 + result["config"]["longest"], color=COLORS["RNN"], linestyle=":")
        panel.set_title(f"{language}: 1 + largest n", loc="left", size=11)
    for panel, (model, symbol) in zip(panels[1], {"LSTM": "c", "GRU": "h"}.items(), strict=True):
        record = farthest(result["records"], model)
        panel.plot(record["trace"], color=COLORS[model])
        panel.axvline(len(record["trace"]) / 2 - 0.5, color=COLORS["RNN"], linestyle=":")
        panel.set_title(f"{model}: {symbol} at each letter", loc="left", size=11)
        panel.set_xlabel(f"letter of the word with n = {len(record['trace']) // 2}")
    return made


def farthest(records: Sequence[Record], model: str) -> Record:
    """Of the networks of a model whose states are kept, the one that counts farthest."""
    kept = [r for r in records if r["case"]["model"] == model and "trace" in r]
    return max(kept, key=lambda record: record["reached"])
