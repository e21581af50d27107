"""What the trials of a search mean."""

from __future__ import annotations

import math
import statistics
from itertools import combinations

import numpy as np
import tabulate

from experiments import Record, Result
from experiments.music.results import MARGIN, PUBLISHED
from experiments.records import grouped
from experiments.statistics.comparisons import Comparison, trials
from experiments.statistics.importance import shares_of_variance
from experiments.statistics.trials import best
from experiments.statistics.verdicts import claim

REPEATED = "trials"
"""Each repetition is trained with settings of its own."""
CHUNG = "Chung et al. 2014"
LABELS = {
    "rate": "learning rate",
    "batch": "sequences per update",
    "noise": "weight noise",
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


def claims(result: Result) -> list[Record]:
    """Differences of the test NLL between the best tenths, by the rule for random searches."""
    data, losses = result["config"]["data"], losses_of(result)
    published = PUBLISHED[data][CHUNG]

    def lower(ahead: str, behind: str, **options: float) -> Comparison:
        label = f"{ahead} below {behind}, test NLL"
        return trials(label, losses[ahead], losses[behind], "nats per frame", **options)

    pairs = [
        (*sorted(pair, key=published.__getitem__),)
        for pair in combinations(published, 2)
        if published[pair[0]] != published[pair[1]]
    ]
    return [
        claim(
            f"On {data} the units are in the order of the paper's table of test NLL",
            CHUNG,
            ", ".join(f"{model} {nll:.2f}" for model, nll in published.items())
            + " (a reading of their table; they conclude that gated units are better than tanh "
            "units, and GRU and LSTM comparable)",
            "adapted",
            [
                lower(ahead, behind, reported=published[behind] - published[ahead])
                for ahead, behind in pairs
            ],
            place="table of test NLL",
        ),
        claim(
            f"On {data} an LSTM without peepholes is worse by less than {MARGIN} nats per frame "
            "than one with them",
            "Breuel 2015",
            "peephole units are not useful, on other tasks",
            "our own task",
            [lower("LSTM", "PeepholeLSTM", margin=MARGIN)],
            place="abstract",
        ),
    ]


def table(result: Result) -> str:
    """Test NLL of the best trials of each unit, and the importance of each setting."""
    data = result["config"]["data"]
    found = grouped(result["records"], "model")
    limit = result["config"]["epochs"]
    rows = []
    for model, nlls in best_nlls(result).items():
        first = min(found[model], key=lambda trial: trial["valid"])
        rows.append(
            {
                "unit": model,
                "trials": len(found[model]),
                "best by validation": f"{nlls[0]:.2f}",
                "its rate": f"{first['rate']:.2g}",
                "its sequences per update": first["batch"],
                "its weight noise": f"{first['noise']:g}",
                "best tenth, median": f"{statistics.median(nlls):.2f}",
                "range": f"{min(nlls):.2f} to {max(nlls):.2f}",
                "at the limit of epochs": sum(t["epochs"] >= limit for t in found[model]),
            }
            | {
                source: f"{numbers[model]:.2f}" if model in numbers else ""
                for source, numbers in PUBLISHED[data].items()
            }
        )
    listed = [
        {"setting": LABELS[name], "share": f"{100 * share:.0f} %"}
        for name, share in importances(result).items()
    ]
    return "\n\n".join(
        (
            "Test NLL in nats per frame, capped at that of the frequencies of keys; the papers' "
            "beside it.",
            tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True),
            "Functional analysis of variance (fANOVA) of the test NLL over the trials of all "
            "units: the share of its variance that the main effect of each setting explains. The "
            "learning rate is on a logarithmic scale.",
            tabulate.tabulate(listed, "keys", tablefmt="pipe", disable_numparse=True),
        )
    )


def importances(result: Result) -> dict[str, float]:
    """The share of the variance of the test NLL that each setting explains alone."""
    drawn = [
        {"rate": math.log10(t["rate"]), "batch": float(t["batch"]), "noise": float(t["noise"])}
        for t in result["records"]
    ]
    return shares_of_variance(drawn, [nll_of(trial) for trial in result["records"]])
