"""Results of the networks with the learning rates of the sources."""

from __future__ import annotations

from experiments import Record, Result
from experiments.counting.results import (
    BEYOND,
    FARTHER,
    LARGEST_N,
    WEISS_DIFFERENCES,
    beyond,
    farther,
    table,
)
from experiments.counting_source_rates import SMALLER, SUZGUN, WEISS
from experiments.records import grouped
from experiments.statistics.comparisons import Comparison, Pair
from experiments.statistics.readings import question
from experiments.statistics.verdicts import claim

GROUP = "Counting and formal languages"

__all__ = ["claims", "table"]


def claims(result: Result) -> list[Record]:
    """Differences of the largest n."""
    config = result["config"]
    cases = grouped(result["records"], "language", "model", "hidden", "rate")
    found = {case: [record["max_correct_n"] for record in cases[case]] for case in cases}
    languages = list(dict.fromkeys(language for language, *_ in found))

    def lstm_minus_gru(
        language: str, H: int, rate: float, of_gru: float, reported: float | None = None
    ) -> Comparison:
        names = f"LSTM with rate {rate:g}", f"GRU with rate {of_gru:g}"
        pair = Pair(*names, "largest n", f"{language}, H = {H}", LARGEST_N)
        ns = {"LSTMs": found[language, "LSTM", H, rate], "GRUs": found[language, "GRU", H, of_gru]}
        return farther(config, pair, ns, reported)

    def smaller_minus_larger(language: str, H: int) -> Comparison:
        ns = {f"GRUs with {rate:g}": found[language, "GRU", H, rate] for rate in (SMALLER, WEISS)}
        names = f"GRU with rate {SMALLER:g}", f"GRU with rate {WEISS:g}"
        return farther(config, Pair(*names, "largest n", f"{language}, H = {H}", LARGEST_N), ns)

    return [
        claim(
            "LSTMs count farther than GRUs at the learning rate of the source",
            FARTHER,
            "adapted",
            [
                lstm_minus_gru(language, 10, WEISS, WEISS, WEISS_DIFFERENCES[language, 10])
                for language in languages
            ],
            lesson=(
                "</",
                "With the learning rate of the source, another optimiser and ten hidden units, an "
                "LSTM counts farther than a GRU on aⁿbⁿ, by less than the source reports for a "
                "training range twice as large. On aⁿbⁿcⁿ these LSTMs fit the training range and "
                "most GRUs do not, as in the source; how much farther an LSTM counts is therefore "
                "not judged.",
            ),
        ),
        claim(
            "An LSTM without peepholes counts beyond its training range at the learning rate of "
            "the source",
            BEYOND,
            "adapted",
            [
                beyond(config, language, 3, found[language, "LSTM", 3, SUZGUN])
                for language in languages
            ],
            lesson=(
                "++",
                "At the learning rate of the source, an LSTM with three hidden units needs no "
                "peepholes to count beyond its training range; one of the runs on aⁿbⁿcⁿ is "
                "wrong at n = 1.",
            ),
        ),
        claim(
            "LSTMs count farther than GRUs with a smaller learning rate",
            question(),
            "our own task",
            [
                lstm_minus_gru(language, H, rate, SMALLER)
                for language in languages
                for H, rate in ((3, SUZGUN), (10, WEISS))
            ],
            lesson=(
                "++//",
                "On aⁿbⁿ an LSTM counts farther than a GRU with a smaller learning rate, after as "
                "many epochs. With the smaller rate, most GRUs do not fit the training range of "
                "aⁿbⁿcⁿ.",
            ),
        ),
        claim(
            "GRUs count farther with a smaller learning rate",
            question(),
            "our own task",
            [smaller_minus_larger(language, H) for language in languages for H in (3, 10)],
            lesson=(
                "-x//",
                "On aⁿbⁿ, in as many epochs, a GRU with three hidden units does not count as far "
                "with a smaller rate; with ten, an advantage of 25 in n is excluded. On aⁿbⁿcⁿ "
                "most GRUs do not fit the training range. More epochs were not tried.",
            ),
        ),
    ]
