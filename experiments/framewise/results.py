"""What the record says about frames of speech."""

from __future__ import annotations

import statistics

import tabulate

from experiments import FOLDER, Record, Result
from experiments.framewise_rates import results as pilot
from experiments.records import grouped, load
from experiments.statistics.choices import Choice
from experiments.statistics.comparisons import Comparison, Pair, scores
from experiments.statistics.readings import BY_MEMORY, CLAIMED, TRANSFERRED, Reading
from experiments.statistics.verdicts import claim

GROUP = "Both directions"

NOT_WORSE = 2.0
"""Percentage points by which a unit that is not worse may be behind."""
OF_INTEREST = 2.0
DELAY = 5
"""Frames by which the answers of a delayed network come later."""
UNIT = "percentage points"


def claims(result: Result) -> list[Record]:
    """Differences between the shares of frames that are right."""
    runs = grouped(result["records"], "model")
    right = {model: [100 * r["accuracy"] for r in records] for model, records in runs.items()}

    middle = {model: statistics.median(values) for model, values in right.items()}
    gained = " and ".join(
        f"{middle[f'{unit}, delayed'] - middle[unit]:.0f}" for unit in ("LSTM", "RNN")
    )

    def better(ahead: str, behind: str) -> Comparison:
        pair = Pair(ahead, behind, "right frames")
        return scores(
            pair, right[ahead], right[behind], UNIT, of_interest=OF_INTEREST, ceiling=100.0
        )

    def not_worse(ahead: str, behind: str) -> Comparison:
        pair = Pair(ahead, behind, "right frames")
        return scores(pair, right[ahead], right[behind], UNIT, margin=NOT_WORSE, ceiling=100.0)

    return [
        claim(
            "Networks that read in both directions classify frames better than those that read "
            "forwards",
            Reading(
                "Graves & Schmidhuber 2005",
                "bidirectional networks outperform unidirectional ones on framewise phoneme "
                "classification",
                CLAIMED,
                "in an excerpt",
                "abstract",
            ),
            "adapted",
            [better("BiLSTM", "LSTM"), better("BiRNN", "RNN")],
            lesson=(
                "++",
                "With about as many parameters, networks that read in both directions are right "
                "on more frames, LSTMs as well as RNNs.",
            ),
        ),
        claim(
            "LSTMs classify frames better than RNNs",
            Reading(
                "Graves & Schmidhuber 2005",
                "LSTM is more accurate than standard recurrent networks on framewise phoneme "
                "classification",
                CLAIMED,
                "in an excerpt",
                "abstract",
            ),
            "adapted",
            [better("LSTM", "RNN"), better("BiLSTM", "BiRNN")],
            lesson=(
                "++",
                "With about as many parameters, LSTMs are right on more frames than RNNs, in one "
                "direction and in both.",
            ),
        ),
        claim(
            "Networks that read in both directions classify frames better than those that answer "
            "later",
            Reading(
                "Schuster & Paliwal 1997",
                "a bidirectional RNN classifies phonemes better than a unidirectional one with any "
                "delay of the output",
                TRANSFERRED,
                BY_MEMORY,
            ),
            "adapted",
            [better("BiRNN", "RNN, delayed"), better("BiLSTM", "LSTM, delayed")],
            lesson=(
                "++",
                f"Answers that come {DELAY} frames later gain {gained} percentage points (LSTM and "
                "RNN, medians of the runs); reading in both directions gains more. Other delays "
                "were not tried.",
            ),
        ),
        claim(
            "With coupled gates, an LSTM classifies frames no worse, to within "
            f"{NOT_WORSE:g} percentage points",
            Reading(
                "Greff et al. 2017",
                "coupling the input and forget gates does not decrease the performance "
                "significantly, framewise classification of speech included",
                CLAIMED,
                BY_MEMORY,
            ),
            "adapted",
            [
                not_worse("CoupledLSTM", "LSTM"),
                not_worse("CoupledLSTM, both directions", "BiLSTM"),
            ],
            lesson=(
                "++",
                "An LSTM with f = 1 - i is no worse than one with both gates, and in these runs "
                "slightly ahead. It has more units, with about as many parameters.",
            ),
        ),
    ]


def choices(result: Result) -> list[Choice]:
    """The learning rates that the pilot chose."""
    path = FOLDER / "framewise_rates" / "record.json"
    return pilot.choices(load(path)) if path.exists() else []


def table(result: Result) -> str:
    """Accuracy, loss and time, a row for each network."""
    rows = []
    for (model, rate), records in grouped(result["records"], "model", "rate").items():
        right = [100 * record["accuracy"] for record in records]
        rows.append(
            {
                "network": model,
                "parameters of the layer": f"{records[0]['parameters']:,}",
                "learning rate": f"{rate:g}",
                "right frames, median": f"{statistics.median(right):.1f} %",
                "range": f"{min(right):.1f} to {max(right):.1f} %",
                "loss": f"{statistics.median(record['loss'] for record in records):.3f}",
                "seconds": f"{statistics.median(record['seconds'] for record in records):.1f}",
            }
        )
    shown = tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)
    return (
        "Right frames and loss, in nats per frame, are those of the test set. *Seconds*: of "
        "training and tests together, the median, on a machine that did other work too.\n\n"
        f"{shown}"
    )
