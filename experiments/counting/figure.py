"""The figure of the record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments import Record, Result
from experiments.counting.results import by_case
from experiments.plotting import COLORS, grid, strips

ALT = (
    "Largest n up to which all words are right, for LSTM, PeepholeLSTM and GRU with 3 and 10 "
    "hidden units H, a dot for each seed, medians as bars; at the right edge, the largest n that "
    "is tested; below, the states of the LSTM and the GRU with three units that count farthest, "
    "while they read one word"
)


def figure(result: Result, width: float) -> Figure:
    """How far each network counts; below, the states of those that count farthest."""
    found = by_case(result["records"])
    languages = list(dict.fromkeys(language for language, _, _ in found))
    made, panels = grid(width, 2, 2, 3, by_row=True)
    for panel, language in zip(panels[0], languages, strict=True):
        mine = {(model, H): ns for (of, model, H), ns in found.items() if of == language}
        groups = {f"{model}, H = {H}": ns for (model, H), ns in mine.items()}
        draw_largest_n(panel, groups, [model for model, _ in mine], result["config"]["max_train_n"])
        panel.set_title(language)
    for panel, (model, symbol) in zip(panels[1], {"LSTM": "c", "GRU": "h"}.items(), strict=True):
        record = farthest(result["records"], model)
        panel.plot(record["trace"], color=COLORS[model])
        n = len(record["trace"]) // 2
        panel.axvline(n - 0.5, color=COLORS["RNN"], linestyle=":")
        panel.set_title(f"{model}: {symbol} of each unit")
        panel.set_xlabel(f"letter of the word with n = {n}\ndotted: first b")
    return made


def draw_largest_n(
    panel: Axes, groups: Mapping[str, Sequence[int]], models: Sequence[str], max_train_n: int
) -> None:
    """The largest n of each network, a row for each group in the colour of its model."""
    shown = {name: [1 + n for n in ns] for name, ns in groups.items()}
    strips(panel, shown, [COLORS[model] for model in models])
    panel.set_xscale("log")
    panel.axvline(1 + max_train_n, color=COLORS["RNN"], linestyle=":")
    panel.set_xlabel(f"1 + largest n\ndotted: training, to n = {max_train_n}")


def farthest(records: Sequence[Record], model: str) -> Record:
    """Of the networks of a model whose states are kept, the one that counts farthest."""
    kept = [r for r in records if r["case"]["model"] == model and "trace" in r]
    return max(kept, key=lambda record: record["max_correct_n"])
