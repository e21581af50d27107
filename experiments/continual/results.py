"""What the record says about continual streams."""

from __future__ import annotations

import math
import statistics

import tabulate

from experiments import Record, Result
from experiments.records import grouped
from experiments.statistics.comparisons import Comparison, Pair, scores, shares
from experiments.statistics.readings import CLAIMED, NO_NUMBER, Reading, question
from experiments.statistics.verdicts import claim

GROUP = "Counting and formal languages"


def name(model: str, resets: str) -> str:
    """A network, as figure and labels name it."""
    return model if resets == "none" else f"{model} with resets"


def is_solved(record: Record) -> bool:
    """Whether all predictions on all streams of the test are right."""
    return bool(record["wrong"] == 0)


def symbols(record: Record) -> float:
    """Symbols before the first error, the mean over the streams of the test."""
    return float(statistics.mean(record["before_first_error"]))


OF_INTEREST = 1.0  # orders of magnitude
UNIT = "orders of magnitude"


def read_as(reported: str, place: str, statistic: str = NO_NUMBER) -> Reading:
    """What the paper reports, read in a summary by others."""
    n, unit = (None, "") if statistic == NO_NUMBER else (100, "% of networks")
    return Reading(
        "Gers, Schmidhuber & Cummins 2000",
        reported,
        CLAIMED,
        "in a summary by others",
        place,
        statistic,
        n,
        unit,
    )


Network = tuple[str, str]
"""Model, and when its state is reset."""

WITH_A_FORGET_GATE = read_as(
    "solutions without an error: 18 % of the networks with a forget gate, 62 % if the learning "
    "rate decays, none without it",
    "Table 2",
    "mean",
)


def compared(
    result: Result, ahead: Network, behind: Network, reported: float | None = None
) -> list[Comparison]:
    """Compare two networks by the shares of seeds that solve the task, and by how far they come."""
    found = grouped(result["records"], "model", "resets")
    cap = result["config"]["tested_steps"]
    names = name(*ahead), name(*behind)

    def orders(network: Network) -> list[float]:
        return [math.log10(1 + symbols(record)) for record in found[network]]

    return [
        shares(
            Pair(*names, measure="seeds without an error"),
            [is_solved(r) for r in found[ahead]],
            [is_solved(r) for r in found[behind]],
            reported=reported,
        ),
        scores(
            Pair(*names, measure="symbols before the first error"),
            orders(ahead),
            orders(behind),
            UNIT,
            of_interest=OF_INTEREST,
            ceiling=math.log10(1 + cap),
        ),
    ]


def claims(result: Result) -> list[Record]:
    """Shares of seeds that solve the task, and how far the others come."""
    found = grouped(result["records"], "model", "resets")

    def growth(model: str) -> list[float]:
        sizes = [record["sizes"] for record in found[model, "none"]]
        return [math.log10(size[-1][1] / size[0][1]) for size in sizes]

    none, resets = ("LSTM-1997", "none"), ("LSTM-1997", "at each string")
    first, last = (found[none][0]["sizes"][k][0] for k in (0, -1))
    return [
        claim(
            "With a forget gate an LSTM learns a continual stream, without it it does not",
            WITH_A_FORGET_GATE,
            "adapted",
            compared(result, ("LSTM", "none"), none, reported=62.0),
            lesson=(
                "x.",
                "After this training, with far fewer updates than in the paper, hardly any LSTM "
                "reads the stream without an error, with a forget gate or without. For this "
                "amount of training the effect of the paper is excluded; about longer training "
                "that says nothing.",
            ),
        ),
        claim(
            "Resets from outside let an LSTM without a forget gate learn the stream",
            read_as(
                "solutions without an error: 74 % of the networks with resets, none without them",
                "Table 2",
                "mean",
            ),
            "adapted",
            compared(result, resets, none, reported=74.0),
            lesson=(
                "++",
                "An LSTM without a forget gate learns the strings in most runs if its state is "
                "reset at each of them, and in none if it is not, with the same training.",
            ),
        ),
        claim(
            "Without a forget gate the cell state grows, with it it does not",
            read_as(
                "without resets, the state may grow indefinitely; forget gates reset it",
                "abstract, and figures of the cell states",
            ),
            "adapted",
            [
                scores(
                    Pair(
                        "LSTM-1997",
                        "LSTM",
                        f"growth of the mean size of c from {first:,} to {last:,} symbols",
                        words=("more", "less"),
                    ),
                    growth("LSTM-1997"),
                    growth("LSTM"),
                    UNIT,
                    of_interest=OF_INTEREST,
                )
            ],
            lesson=(
                "+",
                "Without a forget gate the cell state grows in proportion to the number of "
                "symbols; with it, it does not. Growth alone is no error: the cell states of LSTMs "
                "with peepholes grow as well, and some of these networks make no error. (This "
                "comparison was not declared.)",
            ),
        ),
        claim(
            "An LSTM with peepholes and a GRU learn a continual stream, an LSTM without a forget "
            "gate does not",
            question(),
            "our own task",
            [
                comparison
                for model in ("PeepholeLSTM", "GRU")
                for comparison in compared(result, (model, "none"), none)
            ],
            lesson=(
                "..0.",
                "After this training, too few networks learn the stream to tell whether peepholes "
                "or the gates of a GRU help.",
            ),
        ),
    ]


def table(result: Result) -> str:
    """How far each network is right, and how its state grows, a row for each."""
    rows = []
    names = ("resets", "model", "rate")
    for (resets, model, rate), records in grouped(result["records"], *names).items():
        solved = [is_solved(record) for record in records]
        far = [symbols(record) for record in records]
        size = {at: statistics.median(r["sizes"][at][1] for r in records) for at in (0, -1)}
        rows.append(
            {
                "resets": resets,
                "network": model,
                "parameters": f"{records[0]['parameters']:,}",
                "learning rate": f"{rate:g}",
                "solved": f"{sum(solved)} of {len(solved)}",
                "symbols before an error, median": f"{statistics.median(far):,.0f}",
                "range": f"{min(far):,.0f} to {max(far):,.0f}",
                "wrong, median": f"{100 * statistics.median(r['wrong'] for r in records):.2g} %",
                f"size after {records[0]['sizes'][0][0]:,}": f"{size[0]:.2g}",
                f"after {records[0]['sizes'][-1][0]:,}": f"{size[-1]:,.3g}",
                "seconds": f"{statistics.median(record['seconds'] for record in records):.0f}",
            }
        )
    shown = tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)
    config = result["config"]
    return (
        f"*Solved*: seeds with all predictions right on {config['tested']} streams of "
        f"{config['tested_steps']:,} symbols. *Size*: the mean absolute value of the cell state "
        "(GRU: of the hidden state) after so many symbols, the median. *Seconds*: of training and "
        f"tests together, the median, on a machine that did other work too.\n\n{shown}"
    )
