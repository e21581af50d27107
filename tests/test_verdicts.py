"""The rule that makes verdicts of several seeds."""

import math

import numpy as np
import pytest

from experiments.report import claims
from experiments.statistics import verdicts
from experiments.statistics.comparisons import scores, shares, times
from experiments.statistics.inference import Bound, Scores, Times
from experiments.statistics.readings import question
from experiments.statistics.verdicts import claim

N = 10
LOW = [k / 16 for k in range(N)]  # exact in binary: sums and differences have no error
HIGH = [10 + value for value in LOW]
CAP = 100.0
SOON = [1.0 + k for k in range(N)]
NEVER = [CAP] * N

AHEAD = scores("ahead", HIGH, LOW, "points", reported=1.0)
BEHIND = scores("behind", LOW, HIGH, "points")
OPEN = scores("open", LOW, LOW, "points")
EXCLUDED = scores("excluded", LOW, LOW, "points", reported=5.0)
UNSOLVED = [
    times("time", NEVER, NEVER, CAP, reported=2.0),
    times("time, not worse", NEVER, NEVER, CAP, margin=2.0),
    shares("share", [False] * N, [False] * N, reported=50.0),
]


UNDECIDABLE = [
    scores("score", HIGH, LOW, "points", reported=20.0, open_because="too short"),
    shares("share", [True] * N, [False] * N, reported=100.0, open_because="too short"),
]


def judged(*comparisons):
    return claim("text", question(), "same protocol", comparisons)


def outcomes(*comparisons):
    return [comparison["outcome"] for comparison in judged(*comparisons)["comparisons"]]


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (["ahead", "ahead"], "reproduced"),
        (["ahead", "open"], "reproduced in part (1 of 2)"),
        (["ahead", "excluded"], "reproduced in part (1 of 2)"),
        (["ahead", "behind"], "reproduced in part (1 of 2), reversed in 1"),
        (["behind", "behind"], "reversed"),
        (["behind", "open", "excluded"], "reversed in part (1 of 3)"),
        (["ahead", "open", "open"], "inconclusive (reproduced in 1 of 3)"),
        (["excluded", "open", "open"], "inconclusive (reported effect excluded in 1 of 3)"),
        (["ahead", "behind", *["open"] * 3], "inconclusive (reproduced in 1, reversed in 1 of 5)"),
        (["excluded", "excluded"], "reported effect excluded"),
        (["excluded", "open"], "reported effect excluded in part (1 of 2)"),
        (["open"], "inconclusive"),
    ],
)
def test_the_verdict_of_outcomes(found, verdict):
    comparisons = [
        {"outcome": outcome, "is_reported": True, "excluded": outcome == "excluded"}
        for outcome in found
    ]
    assert verdicts.verdict(comparisons) == verdict


@pytest.mark.parametrize(
    ("comparisons", "verdict"),
    [
        ([AHEAD, AHEAD], "reproduced"),
        ([AHEAD, OPEN], "reproduced in part (1 of 2)"),
        ([AHEAD, BEHIND], "reproduced in part (1 of 2), reversed in 1"),
        ([BEHIND, OPEN, EXCLUDED], "reversed in part (1 of 3)"),
        ([EXCLUDED], "reported effect excluded"),
        ([EXCLUDED, OPEN], "reported effect excluded in part (1 of 2)"),
        ([OPEN], "inconclusive"),
    ],
)
def test_the_verdict_of_samples(comparisons, verdict):
    assert outcomes(*comparisons) == [comparison.label for comparison in comparisons]
    assert judged(*comparisons)["verdict"] == verdict


def test_an_effect_can_be_as_claimed_and_smaller_than_reported():
    [found] = judged(scores("", HIGH, LOW, "points", reported=20.0))["comparisons"]
    assert (found["outcome"], found["excluded"]) == ("ahead", True)
    verdict = judged(AHEAD, scores("", HIGH, LOW, "points", reported=20.0))["verdict"]
    assert verdict == "reproduced, smaller than the reported effect in 1 of 2"
    low, high = found["interval"]
    assert 0 < low < 10 < high < 20
    [found] = judged(scores("", HIGH, LOW, "points", reported=10.0))["comparisons"]
    assert (found["outcome"], found["excluded"]) == ("ahead", False)


def test_what_is_excluded_and_what_is_shown_agree_with_limits_and_intervals():
    """Exclusion is one-sided at half of its level; its limit is stated at that level."""
    random, decided = np.random.default_rng(0), 0
    for _ in range(60):
        comparisons = [
            scores("", random.normal(shift, 1, 8), random.normal(0, 1, 8), "points", reported=2.0)
            for shift in (0.0, 1.0, 3.0)
        ]
        for one, found in zip(comparisons, judged(*comparisons)["comparisons"], strict=True):
            below = one.sample.test(2.0).below
            assert verdicts.p_of_exclusion(one) == min(1.0, 2 * below)
            assert found["excluded"] == (2 * below <= found["exclusion_level"])
            assert found["excluded"] == (found["at_most"] < 2.0)
            low, high = found["interval"]
            assert (found["p"] <= 0.05) == (not low <= 0 <= high)
            decided += found["excluded"]
    assert 20 < decided < 160


def test_a_larger_effect_than_reported_is_not_excluded():
    assert outcomes(scores("", HIGH, LOW, "points", reported=1.0)) == ["ahead"]
    assert verdicts.p_of_exclusion(AHEAD) == 1


def test_a_fixed_bound_is_compared_with_by_the_sign_test():
    comparison = scores("", HIGH, 5.0, "points")
    assert isinstance(comparison.sample, Bound)
    assert verdicts.p_of_direction(comparison) == pytest.approx(2 / 2**N)
    assert outcomes(comparison, scores("", LOW, 5, "points")) == ["ahead", "behind"]


@pytest.mark.parametrize("comparison", UNSOLVED, ids=lambda c: c.label)
def test_a_task_that_neither_network_solves_has_a_p_value_of_1(comparison):
    [found] = judged(comparison)["comparisons"]
    assert found["p"] == 1
    assert verdicts.p_of_exclusion(comparison) == 1
    assert (found["outcome"], found["excluded"], found["solved"]) == ("open", False, False)


@pytest.mark.parametrize("unsolved", UNSOLVED, ids=lambda c: c.label)
def test_comparisons_that_are_not_solved_make_the_others_harder(unsolved):
    weak = scores("weak", [value + 4.5 / 16 for value in LOW], LOW, "points")
    assert 0.05 / 8 < verdicts.p_of_direction(weak) < 0.05 / 7
    before = judged(AHEAD, weak)["comparisons"]
    assert [c["outcome"] for c in before] == ["ahead", "ahead"]
    widths = []
    for more in (1, 6, 7):
        found = judged(AHEAD, weak, *[unsolved] * more)
        assert found["verdict"].endswith(f" of {2 + more})")
        first, second = found["comparisons"][:2]
        assert first["outcome"] == "ahead"
        p = verdicts.p_of_direction(weak)
        assert second["outcome"] == ("ahead" if p <= 0.05 / (1 + more) else "open")
        assert second["p"] == pytest.approx((1 + more) * p)
        assert first["level"] == pytest.approx(0.05 / (2 + more))
        widths.append(np.diff(second["interval"])[0])
    assert second["outcome"] == "open"
    assert widths == sorted(widths)


@pytest.mark.parametrize(
    ("ahead", "behind", "outcome"),
    [
        (SOON, SOON, "ahead"),
        ([4 * t for t in SOON], SOON, "open"),
        ([9 + t / 10 for t in SOON], [t / 10 for t in SOON], "behind"),
        (NEVER, NEVER, "open"),
        (SOON, NEVER, "open"),
        (NEVER, SOON, "behind"),
    ],
)
def test_not_worse_is_within_the_margin_and_needs_both_networks_to_solve_it(ahead, behind, outcome):
    comparison = times("", ahead, behind, CAP, margin=4.0)
    assert outcomes(comparison) == [outcome]
    if behind is NEVER:
        assert judged(comparison)["comparisons"][0]["p"] == 1


def test_not_worse_in_a_score():
    worse = [value - 1 for value in LOW]
    assert outcomes(scores("", worse, LOW, "points", margin=4.0)) == ["ahead"]
    assert outcomes(scores("", worse, LOW, "points", margin=0.25)) == ["behind"]
    assert outcomes(scores("", worse, LOW, "points", margin=1.0)) == ["open"]


@pytest.mark.parametrize("margin", [1.0, 2.0])
def test_a_cap_censors_and_is_not_a_value(margin):
    some = [*SOON[:7], CAP, CAP, CAP]
    longer = [*SOON[:7], CAP + 1, 50 * CAP, math.inf]
    other = [*(3 * t for t in SOON[:6]), *[CAP] * 4]
    expected = judged(times("", some, other, CAP, reported=2.0, margin=margin))
    assert judged(times("", longer, other, CAP, reported=2.0, margin=margin)) == expected
    swapped = judged(times("", other, some, CAP, reported=2.0, margin=margin))
    assert judged(times("", other, longer, CAP, reported=2.0, margin=margin)) == swapped


def test_a_shift_by_the_margin_leaves_ties_as_they_are():
    for lower, higher in ((0.6, 0.7), (0.7, 0.8), (1.2, 1.3)):
        pair = [lower] * N, [higher] * N
        assert outcomes(scores("", *pair, "points", margin=0.1)) == ["open"]


def test_scores_at_a_ceiling_are_censored():
    ahead, behind = [300.0, 400.0, *[500.0] * 8], [100.0 + k for k in range(10)]
    [found] = judged(scores("", ahead, behind, "n", reported=450.0, ceiling=500.0))["comparisons"]
    assert found["outcome"] == "ahead"
    assert not found["excluded"]  # values at the ceiling may be any larger ones
    assert found["effect"] == found["interval"][1] == math.inf
    [found] = judged(scores("", ahead, behind, "n", reported=450.0))["comparisons"]
    assert found["excluded"]


def test_the_other_network_at_the_ceiling():
    assert Scores((1.0, 2.0, 3.0), (500.0,) * 3, 500.0).estimate == -math.inf
    full = [500.0] * N
    assert outcomes(scores("not worse", full, full, "n", margin=1.0, ceiling=500.0)) == ["open"]


def test_half_of_the_seeds_are_enough_for_not_worse():
    half, fewer = [*SOON[:5], *[CAP] * 5], [*SOON[:4], *[CAP] * 6]
    assert outcomes(times("", SOON, half, CAP, margin=4.0)) == ["ahead"]
    assert outcomes(times("", SOON, fewer, CAP, margin=4.0)) == ["open"]


def test_an_effect_is_excluded_where_one_network_never_solves_it():
    some = [True] + [False] * (N - 1)
    assert outcomes(shares("", some, [False] * N, reported=90.0)) == ["excluded"]


def test_unsolved_runs_are_not_times():
    [found] = judged(times("", [1.0] * 6 + [CAP] * 4, [CAP] * 10, CAP))["comparisons"]
    assert found["outcome"] == "ahead"
    assert found["effect"] == math.inf  # not a ratio with the cap


def test_times_to_solve_are_reported_as_ratios():
    [found] = judged(times("", SOON, [8 * t for t in SOON], 1e9, reported=2.0))["comparisons"]
    low, high = found["interval"]
    assert found["outcome"] == "ahead"
    assert found["effect"] == pytest.approx(math.log(8))
    assert found["reference"] == pytest.approx(math.log(2))
    assert low < math.log(8) < high


def test_shares_of_seeds():
    yes, no = [True] * N, [False] * N
    assert outcomes(shares("", yes, no), shares("", no, yes)) == ["ahead", "behind"]
    assert outcomes(shares("", yes, yes, reported=90.0)) == ["excluded"]


def test_a_claim_without_comparisons_is_not_decided():
    found = judged()
    assert (found["verdict"], found["marks"], found["lesson"]) == (
        "nothing to compare with these settings",
        "",
        "",
    )


def test_bad_arguments_raise_an_error():
    with pytest.raises(ValueError, match="expected a number for each seed"):
        scores("", [1.0, math.nan], LOW, "points")
    with pytest.raises(ValueError, match="expected a number for each seed"):
        shares("", [], [True])
    with pytest.raises(ValueError, match="fidelity should be one of"):
        claim("", question(), "another", [OPEN])
    with pytest.raises(ValueError, match="expected cap > 0, margin >= 1"):
        times("", SOON, SOON, CAP, margin=0.0)
    with pytest.raises(ValueError, match="expected cap > 0, margin >= 1"):
        times("", SOON, SOON, CAP, reported=-1.0)


def equal_networks(rng, outcome):
    if outcome == "times":
        return times("", *(rng.exponential(1, N).tolist() for _ in range(2)), 0.9)
    draw = rng.normal if outcome == "normal" else rng.lognormal
    return scores("", *(draw(0, 1, N).tolist() for _ in range(2)), "points")


@pytest.mark.parametrize("m", [1, 4])
@pytest.mark.parametrize("outcome", ["normal", "lognormal", "times"])
def test_the_family_wise_error_is_kept(outcome, m, monkeypatch):
    for sample in (Scores, Times):  # intervals decide nothing and take most of the time
        monkeypatch.setattr(sample, "interval", lambda *_: (-1.0, 1.0))
    rng = np.random.default_rng(0)
    claims = 300
    wrong = sum(
        not {"ahead", "behind"}.isdisjoint(
            outcomes(*(equal_networks(rng, outcome) for _ in range(m)))
        )
        for _ in range(claims)
    )
    assert wrong / claims <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / claims)


def test_a_lesson_belongs_to_the_outcomes_it_was_written_for():
    def lesson_of(*comparisons):
        lesson = ("+.", "Do it.")
        return claim("text", question(), "adapted", comparisons, lesson=lesson)["lesson"]

    assert lesson_of(AHEAD, OPEN) == "Do it."
    assert lesson_of(OPEN, AHEAD) == ""  # with the same verdict
    assert lesson_of(AHEAD, AHEAD) == ""


@pytest.mark.parametrize("comparison", UNDECIDABLE, ids=lambda comparison: comparison.label)
def test_what_runs_cannot_decide_is_undecided_and_counts_as_a_comparison(comparison):
    decided = comparison._replace(open_because="")
    assert outcomes(decided) == ["ahead"]
    assert outcomes(decided._replace(reported=1000.0), comparison) == ["ahead", "open"]
    alone, beside = (judged(*found)["comparisons"][0] for found in ([AHEAD], [AHEAD, comparison]))
    assert beside["p"] > alone["p"]
    [found] = judged(comparison)["comparisons"]
    assert claims.outcome_text(found) == "undecided: too short"
