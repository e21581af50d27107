"""What the counting experiment says."""

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
from experiments.verdicts import Comparison, claim, compare

ALT = "How far each network counts, and what its units remember while it reads a word"


def by_case(records: Sequence[Record]) -> dict[tuple[str, str, int], list[int]]:
    """The n reached, in the order of seeds."""
    found = grouped(records, "language", "model", "hidden")
    return {key: [record["reached"] for record in group] for key, group in found.items()}


def score(records: Sequence[Record]) -> Record:
    """Counting is compared in octaves: the logarithm, base 2, of one more than the n reached."""
    octaves = {key: np.log2(1 + np.array(ns)) for key, ns in by_case(records).items()}
    settings = list(dict.fromkeys((key[0], key[2]) for key in octaves))
    [longest] = {record["trained"] for record in records}

    def beyond(model: str) -> list[Comparison]:
        return [
            compare(
                f"{language}, H = {H}: octaves of n, {model} over the training's {longest}",
                octaves[language, model, H],
                np.log2(1 + longest),
            )
            for language, H in settings
        ]

    def farther(ahead: str, behind: str) -> list[Comparison]:
        return [
            compare(
                f"{language}, H = {H}: octaves of n, {ahead} over {behind}",
                octaves[language, ahead, H],
                octaves[language, behind, H],
            )
            for language, H in settings
        ]

    return {
        "claims": [
            claim(
                "LSTMs count farther than GRUs",
                "Weiss, Goldberg & Yahav 2018",
                "by a summary of the paper: LSTM to n = 256 and 100, GRU to 38 and below 10",
                farther("LSTM", "GRU"),
            ),
            claim(
                "An LSTM without peepholes counts beyond its training",
                "Suzgun, Belinkov & Shieber 2018",
                "H = 3, aⁿbⁿcⁿ: first failure at n = 83 to 244 in ten trials, median 139.5",
                beyond("LSTM"),
            ),
            claim(
                "Peepholes make an LSTM count farther",
                "this project",
                "not compared in the papers above",
                farther("PeepholeLSTM", "LSTM"),
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
