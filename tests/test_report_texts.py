"""What pages say of comparisons and of themselves: numbers, pairs of runs, descriptions."""

import json
import math
import re

import pytest

import experiments
from experiments.report import claims, pages
from experiments.statistics import good_settings
from experiments.statistics.choices import Choice, Limit, warnings
from experiments.statistics.comparisons import TIMES, Pair, scores, shares, times
from tests.test_verdicts import judged, pair


def shown(claim):
    return pages.verdict_of(claim, claim["verdict"], "anchor")


def test_numbers_have_no_exponents():
    numbers = [0.12345, 99.96, 999.4, 999.7, 1000, -1234.5]
    difference = {"unit": "points"}
    assert [claims.value_text(difference, number) for number in numbers] == (
        ["0.123 points", "100 points", "999 points", "1,000 points", "1,000 points", "1,234 points"]
    )
    ratios = [math.log(ratio) for ratio in (1.234, 99.96, 1234)]
    assert [claims.value_text({"unit": TIMES}, ratio) for ratio in ratios] == (
        ["1.23 times", "100 times", "1,234 times"]
    )


def sentence_of(comparison):
    [found] = judged(comparison)["comparisons"]
    return claims.sentence(found)


LOW, HIGH = [0.1 * k for k in range(10)], [5 + 0.1 * k for k in range(10)]
GRU = Pair("GRU", "LSTM", "NLL", "music")


@pytest.mark.parametrize(
    ("comparison", "sentence"),
    [
        (
            scores(GRU, HIGH, LOW, "nats"),
            "music: GRU better than LSTM by 5 nats (4.7 to 5.3; 95 %)",
        ),
        (scores(GRU, LOW, HIGH, "nats"), "music: GRU worse than LSTM by 5 nats (4.7 to 5.3; 95 %)"),
        (
            scores(GRU, [v + 0.01 for v in LOW], LOW, "nats"),
            "music: GRU better than LSTM by 0.01 nats (worse by 0.29 to better by 0.31; 95 %)",
        ),
        (
            times(GRU, [10.0] * 10, [20.0] * 10, 100),
            "music: GRU 2 times sooner than LSTM (2; 95 %)",
        ),
        (
            times(GRU, [100.0] * 10, [20.0] * 10, 100),
            "music: GRU solves it in 0 of 10 runs, LSTM in 10 of 10 (at least 5 times later; 95 %)",
        ),
        (
            times(GRU, [10.0] * 9 + [100.0], [20.0] * 10, 100),
            "music: GRU solves it in 9 of 10 runs, LSTM in 10 of 10; 2 times sooner (2 times "
            "sooner; 95 %)",
        ),
        (
            times(GRU, [100.0] * 10, [100.0] * 10, 100),
            "music: GRU solves it in 0 of 10 runs, LSTM in 0 of 10",
        ),
        (
            shares(GRU, [True] * 10, [False] * 10),
            "music: GRU solves it in 10 of 10 runs, LSTM in 0 of 10 (better by 61.2 to 100 "
            "percentage points; 95 %)",
        ),
    ],
    ids=["better", "worse", "undecided", "sooner", "never", "some", "nobody", "shares"],
)
def test_a_sentence_has_the_direction_in_words(comparison, sentence):
    assert sentence_of(comparison) == sentence


def test_power_stands_where_runs_are_too_few():
    claim = judged(scores(GRU, LOW, LOW, "nats", of_interest=0.3))
    [without] = claim["comparisons"]
    assert claims.outcome_text(without) == "undecided: too few runs"
    claims.with_power([claim])
    assert re.fullmatch(
        r"undecided: too few runs \(power \d+ %\)", claims.outcome_text(claim["comparisons"][0])
    )
    assert [*map(claims.percent, (0.0, 0.004, 0.006, 0.5))] == ["below 1 %"] * 2 + ["1 %", "50 %"]


WARNED = {
    "lowest": Choice("rate", "GRU", (0.1, 0.01), (0.01,), "loss"),
    "highest": Choice("rate", "GRU", (0.1, 0.01), (0.1, 0.1, 0.01), "loss"),
    "near the highest": Choice("rate", "GRU", (0.01, 0.1), (0.095, 0.02), "loss", is_range=True),
}


@pytest.mark.parametrize("end", WARNED)
def test_a_choice_at_an_end_is_warned_of(end):
    [sentence] = warnings([WARNED[end]], [])
    assert sentence.startswith("Chosen rates are at an end of those that were tried: GRU (")
    assert f": {end})." in sentence


def test_a_choice_in_the_middle_is_not_warned_of():
    middle = Choice("rate", "GRU", (0.1, 0.03, 0.01), (0.03, 0.03, 0.01), "loss")
    inside = Choice("rate", "GRU", (0.01, 0.1), (0.03, 0.02), "loss", is_range=True)
    assert warnings([middle, inside], [Limit("GRU", "The limit", 4, 9)]) == []


def test_other_limits_are_warned_of():
    choices = [
        Choice("rate", "all networks", (0.1,), (0.1,), "nothing"),
        Choice("rate", "GRU", (0.1, 0.03, 0.01), (0.03,), "the score of 2 seeds", is_compared=True),
    ]
    single, same, ended = warnings(choices, [Limit("GRU", "The limit", 5, 9)])
    assert single == "One rate, 0.1, was tried for all networks: it is not tuned."
    assert "chosen by the score of 2 seeds, the measure that is compared here" in same
    assert ended.startswith("The limit ended at least half of the runs of GRU (5 of 9)")


def test_searches_with_unequal_shares_of_good_settings_are_warned_of():
    few = [(1.0, 1.0), *[(2.0, 2.0)] * 19]
    many = [(1.0, 1.0)] * 10 + [(2.0, 2.0)] * 10
    assert good_settings.unequal({"GRU": many, "LSTM": many[1:]}) == []
    [sentence] = good_settings.unequal({"GRU": few, "LSTM": many})
    assert "GRU 1 of 20, LSTM 10 of 20" in sentence


def test_half_of_the_pairs_is_not_most_of_them():
    [found] = judged(times(pair("a and b"), [10, 20], [30, 100], 100))["comparisons"]
    assert claims.effect_text(found) == "2 of 2 against 1 of 2"


def test_an_interval_at_another_level_is_explained():
    """Where an effect is excluded that lies in it, whatever the outcome is."""
    ahead = [2.38, 1.79, -0.03, 0.4, 2.48, 2.28, 0.96, 1.6, 2.05, 2.07]
    behind = [0.88, 0.26, -0.09, -0.26, 1.06, -2.25, -0.14, 0.03, -1.43, 0.33]
    equal = [0.1 * k for k in range(10)]  # excluded first, so that others are tested at 2.5 %
    for reported, crosses in ((2.6, True), (10.0, False)):
        claim = judged(
            scores(pair("a and b"), ahead, behind, "points", reported=reported),
            *(scores(pair("c and d"), equal, equal, "points", reported=30.0) for _ in range(2)),
        )
        found = claim["comparisons"][0]
        assert (found["outcome"], found["excluded"]) == ("ahead", True)
        assert (found["interval"][1] >= reported) == crosses
        others = [c for c in claim["comparisons"][1:] if c["interval"][1] >= c["reference"]]
        assert others == []
        assert (pages.OTHER_LEVEL in shown(claim)) == crosses


def test_a_claim_without_comparisons_has_a_text():
    assert "**Nothing to compare with these settings**" in shown(judged())


def test_descriptions_of_pages_are_plain_text():
    for name in experiments.names():
        front = pages.front_matter(name, experiments.sections(name)[""], is_run=True)
        [description] = re.findall('^description: (".*")$', front, re.MULTILINE)
        assert not re.search(r"[\]\[`*$]|\?\.|\.\.", json.loads(description)), name
