"""Results of the counting experiment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import tabulate

from experiments import FOLDER, Record, Result
from experiments.counting_rates import results as pilot
from experiments.records import grouped, load
from experiments.statistics.choices import Choice
from experiments.statistics.comparisons import Comparison, Pair, scores, shares
from experiments.statistics.inference import p_statement
from experiments.statistics.readings import CLAIMED, NOT_KNOWN, Reading, question
from experiments.statistics.verdicts import claim

GROUP = "Counting and formal languages"


def by_case(records: Sequence[Record]) -> dict[tuple[str, str, int], list[int]]:
    """The largest n up to which all words are right, in the order of seeds."""
    found = grouped(records, "language", "model", "hidden")
    return {key: [record["max_correct_n"] for record in group] for key, group in found.items()}


WEISS_DIFFERENCES = {("aⁿbⁿ", 10): 256 - 38, ("aⁿbⁿcⁿ", 10): 100 - 10}
"""Largest n of LSTM minus that of GRU, with H = 10, of Weiss, Goldberg & Yahav."""
FARTHER = Reading(
    "Weiss, Goldberg & Yahav 2018",
    "H = 10, trained below n = 100 and 50: LSTM to n = 256 and 100, GRU to 38 and below 10",
    CLAIMED,
    "in a summary by others",
    "results on two counting languages",
    NOT_KNOWN,
    unit="n",
)
SUZGUN = {("aⁿbⁿcⁿ", 3): 139.5}
"""First failing n of Suzgun, Belinkov & Shieber's networks with H = 3."""
BEYOND = Reading(
    "Suzgun, Belinkov & Shieber 2018",
    f"H = 3, aⁿbⁿcⁿ: first failure at n = 83 to 244 in ten trials, median {SUZGUN['aⁿbⁿcⁿ', 3]}",
    CLAIMED,
    "in full",
    "result files of the released code",
    "median",
    10,
    "n",
)
LARGEST_N = "farther", "less far"
"""How a sentence says which network counts farther."""
OF_INTEREST = 25  # n: half of the training range
FITTED = 0.5
"""How far networks count is compared if as many of their seeds are right on the training range."""


def beyond(config: Record, language: str, H: int, ns: Sequence[int]) -> Comparison:
    """How far LSTMs count beyond the training range."""
    first_failure = SUZGUN.get((language, H))
    max_train_n = config["max_train_n"]
    return scores(
        Pair("LSTM", f"n = {max_train_n}", "largest n", f"{language}, H = {H}", LARGEST_N),
        ns,
        float(max_train_n),
        "in n",
        reported=first_failure - 1 - max_train_n if first_failure else None,
        of_interest=OF_INTEREST,
    )


def farther(
    config: Record, pair: Pair, ns: Mapping[str, Sequence[int]], reported: float | None = None
) -> Comparison:
    """How much farther the first of two networks counts than the second.

    Args:
        config: The settings of the runs.
        pair: What is compared.
        ns: The largest n of each seed, for both networks, with their names in the plural.
        reported: The difference that the source reports.
    """
    # How far a network counts says little if it does not fit the words of the training.
    shares = {name: np.mean([n >= config["max_train_n"] for n in ns[name]]) for name in ns}
    unfit = [name for name, share in shares.items() if share < FITTED]
    ahead, behind = ns.values()
    return scores(
        pair,
        ahead,
        behind,
        "in n",
        reported=reported,
        of_interest=OF_INTEREST,
        ceiling=config["max_test_n"],
        open_because=f"most {unfit[0]} do not fit the training range" if unfit else "",
    )


def claims(result: Result) -> list[Record]:
    """Differences of the largest n."""
    config, found = result["config"], by_case(result["records"])
    settings = list(dict.fromkeys((key[0], key[2]) for key in found))

    def compare(
        language: str, H: int, ahead: str, behind: str, reported: float | None = None
    ) -> Comparison:
        ns = {f"{model}s": found[language, model, H] for model in (ahead, behind)}
        pair = Pair(ahead, behind, "largest n", f"{language}, H = {H}", LARGEST_N)
        return farther(config, pair, ns, reported)

    return [
        claim(
            "LSTMs count farther than GRUs",
            FARTHER,
            "adapted",
            [
                compare(language, H, "LSTM", "GRU", WEISS_DIFFERENCES.get((language, H)))
                for language, H in settings
            ],
            lesson=(
                ".<//",
                "With ten hidden units an LSTM counts farther than a GRU on aⁿbⁿ, but the "
                "difference in n is smaller than in the source, whose training range is twice as "
                "large. On aⁿbⁿcⁿ these "
                "LSTMs fit the training range and most GRUs do not, as in the source; how much "
                "farther an LSTM counts is therefore not judged. With three hidden units and the "
                "learning rates chosen in the pilot experiment, three of ten LSTMs do not learn "
                "aⁿbⁿ, and the others count farther than all GRUs.",
            ),
        ),
        claim(
            "An LSTM without peepholes counts beyond its training range",
            BEYOND,
            "adapted",
            [
                beyond(config, *setting, found[setting[0], "LSTM", setting[1]])
                for setting in settings
            ],
            lesson=(
                ".+.+",
                "An LSTM with ten hidden units needs no peepholes to count beyond its training "
                "range. With three units and the learning rates chosen in the pilot experiment, "
                "some runs do not learn the training range.",
            ),
        ),
        claim(
            "Peepholes make an LSTM count farther",
            question("not compared in the papers above"),
            "our own task",
            [compare(language, H, "PeepholeLSTM", "LSTM") for language, H in settings],
            lesson=(
                ".+..",
                "In one of four settings, an LSTM counts farther with peepholes; its learning "
                "rate there is ten times that of the LSTM without. In the others, the seeds are "
                "too few to tell. With three units on aⁿbⁿ, the learning rate chosen in the pilot "
                "experiment may not be suitable for this LSTM: with that of one of the sources, "
                "all of its runs fit the training range.",
            ),
        ),
    ]


def choices(result: Result) -> list[Choice]:
    """How the learning rates were chosen: by the record of another experiment."""
    path = FOLDER / "counting_rates" / "record.json"
    return pilot.choices(load(path)) if path.exists() else []


def observations(result: Result) -> list[str]:
    """How many networks are right on the training range, compared between LSTM and GRU."""
    found, fits = by_case(result["records"]), result["config"]["max_train_n"]
    sentences = []
    for language, H in dict.fromkeys((key[0], key[2]) for key in found):
        fitted = [[n >= fits for n in found[language, model, H]] for model in ("LSTM", "GRU")]
        first, second = (f"{sum(group)} of {len(group)}" for group in fitted)
        p = shares(Pair("LSTM", "GRU"), *fitted).sample.test().both
        sentences.append(
            f"{language}, H = {H}: {first} LSTMs and {second} GRUs are right on the whole training "
            f"range, n up to {fits} (Boschloo's test, {p_statement(p)})."
        )
    return sentences


def table(result: Result) -> str:
    """The largest n of each network, a row for each."""
    max_train_n, limit = (result["config"][name] for name in ("max_train_n", "max_test_n"))
    rows = []
    networks = grouped(result["records"], "language", "hidden", "model", "rate")
    for (language, hidden, model, rate), records in networks.items():
        ns = [record["max_correct_n"] for record in records]
        errors = [record["train_error"] for record in records]
        rows.append(
            {
                "language": language,
                "H": hidden,
                "model": model,
                "learning rate": f"{rate:g}",
                f"right to n = {max_train_n}": f"{sum(n >= max_train_n for n in ns)} of {len(ns)}",
                "at the limit": f"{sum(n >= limit for n in ns)} of {len(ns)}",
                "largest n, median": f"{np.median(ns):,g}",
                "range": f"{min(ns):,} to {max(ns):,}",
                "training error, median": f"{np.median(errors):.1e}",
            }
        )
    return tabulate.tabulate(rows, "keys", tablefmt="pipe", disable_numparse=True)
