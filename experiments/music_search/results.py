"""What the trials of a search mean."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from itertools import product

import numpy as np
import tabulate
from numpy.typing import NDArray

from experiments import Record, Result
from experiments.music.results import (
    CHUNG,
    GATED,
    GATED_AHEAD,
    MARGIN,
    PUBLISHED,
    TANH_AHEAD,
    chung,
    comparable,
    ranked,
)
from experiments.music_baselines.results import LABELS as BASELINES
from experiments.music_baselines.results import stored
from experiments.records import grouped
from experiments.statistics.choices import Choice, Limit
from experiments.statistics.comparisons import Comparison, Pair, trials
from experiments.statistics.good_settings import unequal
from experiments.statistics.importance import shares_of_variance, shares_table
from experiments.statistics.inference import p_value_text
from experiments.statistics.readings import CLAIMED, FROM_TABLE, NO_PEEPHOLES, Reading
from experiments.statistics.trials import Trials, best, ended_by_limit, is_cut_off
from experiments.statistics.verdicts import claim

REPEATED = "trials"
"""Each repetition is trained with settings of its own."""
TIE = "; PeepholeLSTM and RNN tie in the table, which is not tested"
LESSONS: dict[str, tuple[tuple[str, str], tuple[str, str], tuple[str, str]]] = {
    "JSB Chorales": (
        (
            "<<",
            "On chorales, GRU and PeepholeLSTM are better than a plain RNN, by less than the paper "
            "reports. Among the trials without weight noise, this is not shown for the "
            "PeepholeLSTM.",
        ),
        (
            "x",
            "On chorales, a lead of the GRU over the PeepholeLSTM as large as reported is "
            "excluded; the order of the two is undecided.",
        ),
        (
            "+",
            f"On chorales, an LSTM without peepholes is less than {MARGIN} nats per frame worse "
            "than one with them. This margin is nearly as large as the advantage of a GRU over a "
            "plain RNN.",
        ),
    ),
    "Nottingham": (
        (
            ">>",
            "On Nottingham (folk tunes), a plain RNN is better than GRU and PeepholeLSTM; the "
            "intervals lie above the differences in the paper's table. Among the trials with "
            "weight noise, this is not shown for the GRU. The limits of these runs are on the "
            "page of "
            "the search. In Bai et al., with larger networks, gated "
            "units are ahead.",
        ),
        (".", "On Nottingham (folk tunes), the order of GRU and PeepholeLSTM is undecided."),
        (
            ".",
            "On Nottingham (folk tunes), the whole interval is in favour of peepholes; whether "
            f"they gain more than the margin of {MARGIN} is undecided. Without them, one of the "
            "two best trials ends at the limit of updates.",
        ),
    ),
    "MuseData": (
        (
            "x",
            "On MuseData, a lead of the GRU over a plain RNN as large as reported is excluded; the "
            "order of the two is undecided. Among the trials with weight noise alone, the GRU is "
            "better.",
        ),
        (
            "<",
            "On MuseData, the GRU is better than the PeepholeLSTM, by less than the paper's table "
            "shows. Most trials of the PeepholeLSTM end at the limit of updates, though not its "
            "two best ones.",
        ),
        (
            ".",
            "On MuseData, it is undecided whether an LSTM without peepholes is worse by more than "
            "the margin.",
        ),
    ),
    "Piano-midi": (
        (
            "x",
            "On Piano-midi, a lead of the GRU over a plain RNN as large as reported is excluded; "
            "the order of the two is undecided. Among the trials with weight noise alone, the GRU "
            "is better. The best trials of the RNN are also better than those of both LSTMs, by "
            "about 0.1 nats per frame, a comparison that was not declared.",
        ),
        (
            "<",
            "On Piano-midi, the GRU is better than the PeepholeLSTM, by less than the paper's "
            "table shows.",
        ),
        (
            "+",
            f"On Piano-midi, an LSTM without peepholes is less than {MARGIN} nats per frame worse "
            "than one with them.",
        ),
    ),
}
NO_LESSONS = (("", ""), ("", ""), ("", ""))
"""The outcomes of the claims' comparisons on each data set, and what to take from them."""
LABELS = {
    "rate": "learning rate",
    "batch": "sequences per update",
    "noise": "weight noise",
    "unit": "recurrent unit",
}


def nll_of(trial: Record) -> float:
    """The test NLL of a trial, at most that of the frequencies of keys."""
    return min(float(trial["test"]["per_frame"]), float(trial["chance"]))


def losses_of(result: Result) -> dict[str, list[tuple[float, float]]]:
    """For each unit, validation and test NLL of its trials."""
    return {
        model: [(float(trial["valid"]), nll_of(trial)) for trial in records]
        for model, records in grouped(result["records"], "model").items()
    }


def best_nlls(result: Result) -> dict[str, list[float]]:
    """For each unit, the test NLL of the tenth of its trials with the best validation NLL."""
    return {
        model: best(*np.transpose(losses)).tolist() for model, losses in losses_of(result).items()
    }


def ends_of(drawn: Sequence[Record]) -> NDArray[np.float64]:
    """The validation NLL of trials, and 1 for each that ended by the limit of epochs, or 0."""
    return np.array([(t["valid"], float(t["epochs"] >= t["at_most"])) for t in drawn]).T


def claims(result: Result) -> list[Record]:
    """Differences of the test NLL between the best tenths, by the rule for random searches."""
    data, losses = result["config"]["data_set"], losses_of(result)
    published, lessons = PUBLISHED[data][CHUNG], LESSONS.get(data, NO_LESSONS)

    found = grouped(result["records"], "model")
    cut_off = {model for model, drawn in found.items() if is_cut_off(*ends_of(drawn))}

    def lower(ahead: str, behind: str, **options: float) -> Comparison:
        ended = [model for model in (ahead, behind) if model in cut_off]
        reason = f"most of the best trials of the {ended[0]} end at the limit" if ended else ""
        pair = Pair(ahead, behind, "test NLL")
        return trials(
            pair, losses[ahead], losses[behind], "nats per frame", open_because=reason, **options
        )

    def below(
        ahead: Sequence[str], behind: Sequence[str], reading: Reading, lesson: tuple[str, str]
    ) -> Record:
        return claim(
            f"On {data} the test NLL of {' and '.join(ahead)} is lower than that of "
            f"{' and '.join(behind)}",
            reading,
            "adapted",
            [
                lower(first, second, reported=published[second] - published[first])
                for first, second in product(ahead, behind)
            ],
            lesson=lesson,
        )

    is_ahead = [model for model in GATED if published[model] < published["RNN"]]
    is_behind = [model for model in GATED if published[model] > published["RNN"]]
    first, second = ranked(published)
    if is_ahead:
        remark = GATED_AHEAD + ("" if is_ahead == [*GATED] else TIE)
        gates = below(is_ahead, ["RNN"], chung(data, [*published], CLAIMED, remark), lessons[0])
    else:
        gates = below(
            ["RNN"], is_behind, chung(data, [*published], FROM_TABLE, TANH_AHEAD), lessons[0]
        )
    return [
        gates,
        below(
            [first], [second], chung(data, [*published], FROM_TABLE, comparable(first)), lessons[1]
        ),
        claim(
            f"On {data}, peepholes gain an LSTM less than {MARGIN} nats per frame",
            NO_PEEPHOLES,
            "our own task",
            [lower("LSTM", "PeepholeLSTM", margin=MARGIN)],
            lesson=lessons[2],
        ),
    ]


def choices(result: Result) -> list[Choice]:
    """The learning rates of the best tenth of each unit, chosen by the validation NLL."""
    return [
        Choice(
            "learning rate",
            model,
            tuple(result["config"]["rate"]),
            tuple(best(*np.transpose([(t["valid"], t["rate"]) for t in drawn])).tolist()),
            "the validation NLL",
            is_range=True,
        )
        for model, drawn in grouped(result["records"], "model").items()
    ]


def good_settings(result: Result) -> list[str]:
    """Whether the share of good settings differs between the units."""
    return unequal(losses_of(result))


def limits(result: Result) -> list[Limit]:
    """How many trials of each unit end at the limit of updates."""
    return [
        Limit(model, "The limit of updates", int(ends_of(drawn)[1].sum()), len(drawn))
        for model, drawn in grouped(result["records"], "model").items()
    ]


def table(result: Result) -> str:
    """Test NLL of the best trials of each unit, and the importance of each setting."""
    data = result["config"]["data_set"]
    published = PUBLISHED[data]
    baselines = " and ".join(f"{nll:.2f} ({BASELINES[k]})" for k, nll in stored(data).items())
    rows = []
    for model, drawn in grouped(result["records"], "model").items():
        valid, places = np.array([t["valid"] for t in drawn]), np.arange(float(len(drawn)))
        chosen = [drawn[place] for place in best(valid, places).astype(int)]
        nlls, rates = [nll_of(trial) for trial in chosen], [trial["rate"] for trial in chosen]
        rows.append(
            {
                "unit": model,
                "trials": len(drawn),
                "ended by the limit": ended_by_limit(*ends_of(drawn)),
                "best by validation": f"{nlls[0]:.2f}",
                "best tenth, median": f"{statistics.median(nlls):.2f}",
                "range": f"{min(nlls):.2f} to {max(nlls):.2f}",
                "its learning rates": f"{min(rates):.2g} to {max(rates):.2g}",
                "with weight noise": f"{sum(t['noise'] > 0 for t in chosen)} of {len(chosen)}",
                "with 1 sequence per update": (
                    f"{sum(t['batch'] == 1 for t in chosen)} of {len(chosen)}"
                ),
            }
            | {
                source: f"{numbers[model]:.2f}" if model in numbers else ""
                for source, numbers in published.items()
            }
        )
    return "\n\n".join(
        (
            "Test NLL in nats per frame, capped at that of the frequencies of keys. The papers' "
            "values are in the last columns.",
            tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True),
            *([f"[Baselines](music-baselines.md) have {baselines}."] if baselines else ()),
            "By how much the best tenth has a lower test NLL than that of RNN, separately for "
            "trials with weight noise and without; p-values of *no difference*, not adjusted. No "
            "verdict depends on this table.",
            tabulate.tabulate(by_noise(result), "keys", tablefmt="pipe", disable_numparse=True),
            shares_table({"share": importances(result)}, LABELS, "test NLL"),
            "The learning rate is on a logarithmic scale.",
        )
    )


def by_noise(result: Result) -> list[Record]:
    """By how much each unit is better than RNN, among trials with weight noise and without."""
    found = grouped(result["records"], "model")
    rows = []
    for model in found:
        if model == "RNN":
            continue
        row = {"unit": model}
        for title, has_noise in (("with weight noise", True), ("without", False)):
            ahead, behind = (
                tuple(
                    (float(t["valid"]), nll_of(t))
                    for t in found.get(name, ())
                    if (t["noise"] > 0) == has_noise
                )
                for name in (model, "RNN")
            )
            if ahead and behind:
                sample = Trials(ahead, behind)
                row[title] = f"{sample.estimate:+.3f}"
                row[f"p, {title}"] = p_value_text(sample.test().both, 2)
        rows.append(row)
    return rows


def importances(result: Result) -> dict[str, float]:
    """The share of the variance of the test NLL that each setting explains alone."""
    drawn = [
        {
            "rate": math.log10(t["rate"]),
            "batch": float(t["batch"]),
            "noise": float(t["noise"]),
            "unit": t["case"]["model"],
        }
        for t in result["records"]
    ]
    return shares_of_variance(drawn, [nll_of(trial) for trial in result["records"]])
