"""What the record says about tracking a state."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import tabulate

from experiments import Record, Result
from experiments.records import grouped
from experiments.statistics.comparisons import Comparison, Pair, scores, shares
from experiments.statistics.readings import BY_MEMORY, CLAIMED, TRANSFERRED, Reading, question
from experiments.statistics.verdicts import claim

GROUP = "Counting and formal languages"

RIGHT = 0.99
"""A task is solved at a length if at least this share of the states is right."""


GENERALISES = 90.0
"""The accuracy in percent from which the source says that a network generalises (by memory)."""
WITHOUT_STATE = ("MinGRU", "MinGRU, 2 layers", "MinLSTM", "MinLSTM, 2 layers")
"""Networks whose gates and candidates depend on the input alone."""

LESSON_ON_PARITY = (
    "+++-",
    "One gate is enough: GRU, MGU and JANET are right on parity for sequences 16 times as long as "
    "those of the training. An IndRNN, whose units do not depend on one another, is at chance; a "
    "second layer does not change that here.",
)
LESSON_ON_S3 = (
    ".+.-",
    "An MGU tracks the order of three things on sequences 16 times as long. GRUs and JANETs learn "
    "it in all runs, but the accuracy of some falls with the length, so that ten seeds do not "
    "decide it for them. An IndRNN is at chance.",
)


def claims(result: Result) -> list[Record]:
    """Shares of seeds that solve a task at the largest length, and accuracies there."""
    found = grouped(result["records"], "task", "model")
    longest = result["config"]["times_longer"][-1]
    last = {key: [100 * r["accuracies"][-1] for r in records] for key, records in found.items()}

    def solved(task: str, model: str) -> list[bool]:
        return [value >= 100 * RIGHT for value in last[task, model]]

    def oftener(task: str, ahead: str, behind: Sequence[str]) -> list[Comparison]:
        return [
            shares(
                Pair(ahead, model, f"seeds that solve it at {longest} times the length", task),
                solved(task, ahead),
                solved(task, model),
            )
            for model in behind
        ]

    def above(task: str, models: Sequence[str]) -> list[Comparison]:
        return [
            scores(
                Pair(model, f"{GENERALISES:g} %", f"right at {longest} times the length", task),
                last[task, model],
                GENERALISES,
                "percentage points",
            )
            for model in models
        ]

    return [
        claim(
            "An LSTM tracks parity on longer sequences, MinGRU and MinLSTM do not",
            Reading(
                "Grazzi et al. 2025",
                "linear recurrent networks whose transitions have positive eigenvalues alone "
                "cannot solve parity at finite precision; non-linear ones can handle it",
                CLAIMED,
                "in an excerpt",
                "abstract",
            ),
            "adapted",
            oftener("parity", "LSTM", WITHOUT_STATE),
            lesson=(
                "++++",
                "An LSTM learns parity on short sequences and is right on sequences 16 times as "
                "long, in all runs. MinGRU and MinLSTM, with one layer or with two, are at chance "
                "on the longer sequences; with this training, they do not learn parity at the "
                "length of the training either.",
            ),
        ),
        claim(
            "An RNN tracks products of permutations on longer sequences, MinGRU and MinLSTM do not",
            Reading(
                "Merrill, Petty & Sabharwal 2024",
                "state-space models struggle, compared to RNNs, on state tracking that is less "
                "complex than composing permutations of five things",
                TRANSFERRED,
                "in an excerpt",
                "abstract and introduction",
            ),
            "adapted",
            oftener("S3", "RNN", WITHOUT_STATE),
            lesson=(
                "++++",
                "A network without any gate tracks the order of three things on sequences 16 times "
                "as long as those of the training, in all runs. MinGRU and MinLSTM do not learn it "
                "with this training, not even at the length of the training.",
            ),
        ),
        claim(
            "An sLSTM tracks a state on longer sequences, MinGRU and MinLSTM do not",
            Reading(
                "Beck et al. 2024",
                "sLSTM and LSTM, whose recurrence mixes the units, solve parity; models without "
                "such a recurrence do not",
                TRANSFERRED,
                BY_MEMORY,
                "section on formal languages",
            ),
            "adapted",
            [
                comparison
                for task in ("parity", "S3")
                for comparison in oftener(task, "SLSTM", ("MinGRU", "MinLSTM"))
            ],
            lesson=(
                "++++",
                "An sLSTM, whose gates depend on the hidden state, tracks a state on longer "
                "sequences in most runs; MinGRU and MinLSTM do so in none.",
            ),
        ),
        claim(
            "RNN and LSTM generalise to longer sequences on regular tasks",
            Reading(
                "Delétang et al. 2023",
                "RNNs and LSTMs generalise on regular tasks, parity among them",
                CLAIMED,
                "in an excerpt",
                "abstract",
            ),
            "adapted, in part our own task",
            [*above("parity", ("RNN", "LSTM")), *above("S3", ("RNN", "LSTM"))],
            lesson=(
                ".+++",
                "LSTMs generalise to sequences 16 times as long on both tasks, RNNs on S3. Most "
                "RNNs do so on parity too, but ten seeds are too few to decide it: two of them "
                "stay far below. Its learning rate was chosen on S3.",
            ),
        ),
        *(
            claim(
                f"GRU, MGU, JANET and IndRNN track {what} on longer sequences",
                question(),
                "our own task",
                above(task, ("GRU", "MGU", "JANET", "IndRNN")),
                lesson=lesson,
            )
            for task, what, lesson in (
                ("parity", "parity", LESSON_ON_PARITY),
                ("S3", "products of permutations", LESSON_ON_S3),
            )
        ),
    ]


def table(result: Result) -> str:
    """Accuracies and the share of seeds that solve each task, a row for each network and task."""
    config = result["config"]
    lengths = [k * config["steps"] for k in config["times_longer"]]
    rows = []
    for (task, model, rate), records in grouped(result["records"], "task", "model", "rate").items():
        fit = [record["training_length"]["accuracy"] >= RIGHT for record in records]
        far = [record["accuracies"][-1] >= RIGHT for record in records]
        medians = [
            statistics.median(r["accuracies"][k] for r in records) for k in range(len(lengths))
        ]
        rows.append(
            {
                "task": task,
                "network": model,
                "parameters": f"{records[0]['parameters']['all']:,}",
                "learning rate": f"{rate:g}",
                f"solved at T = {lengths[0]}": f"{sum(fit)} of {len(fit)}",
                f"at T = {lengths[-1]}": f"{sum(far)} of {len(far)}",
            }
            | {
                f"right, T = {length}": f"{100 * value:.1f} %"
                for length, value in zip(lengths, medians, strict=True)
            }
            | {"seconds": f"{statistics.median(record['seconds'] for record in records):.1f}"}
        )
    shown = tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)
    return (
        "*Solved*: seeds with at least "
        f"{100 * RIGHT:g} % of the states right, at all time steps of sequences with T = "
        f"{lengths[0]} or at the last of T = {lengths[-1]}. *Right*: share of the last states, the "
        "median. *Seconds*: of training and tests together, the median, on a machine that did "
        f"other work too.\n\n{shown}"
    )
