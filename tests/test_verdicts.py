"""The rule that makes verdicts of several seeds."""

import math
import re

import numpy as np
import pytest

from experiments.report import claims
from experiments.statistics import verdicts
from experiments.statistics.comparisons import Pair, scores, shares, times
from experiments.statistics.inference import Bound, Scores, Times, rank_sum
from experiments.statistics.readings import NO_PEEPHOLES, question
from experiments.statistics.verdicts import claim

pytestmark = pytest.mark.records


def pair(where):
    return Pair("first", "second", where=where)


N = 10
LOW = [k / 16 for k in range(N)]  # exact in binary: sums and differences have no error
HIGH = [10 + value for value in LOW]
CAP = 100.0
SOON = [1.0 + k for k in range(N)]
NEVER = [CAP] * N

AHEAD = scores(pair("ahead"), HIGH, LOW, "points", reported=1.0)
BEHIND = scores(pair("behind"), LOW, HIGH, "points")
OPEN = scores(pair("open"), LOW, LOW, "points")
EXCLUDED = scores(pair("excluded"), LOW, LOW, "points", reported=5.0)
UNSOLVED = [
    times(pair("time"), NEVER, NEVER, CAP, reported=2.0),
    times(pair("time, not worse"), NEVER, NEVER, CAP, margin=2.0),
    shares(pair("share"), [False] * N, [False] * N, reported=50.0),
]


UNDECIDABLE = [
    scores(pair("score"), HIGH, LOW, "points", reported=20.0, open_because="too short"),
    shares(pair("share"), [True] * N, [False] * N, reported=100.0, open_because="too short"),
]


def judged(*comparisons):
    return claim("text", question(), "same protocol", comparisons)


def outcomes(*comparisons):
    return [comparison["outcome"] for comparison in judged(*comparisons)["comparisons"]]


@pytest.mark.parametrize(
    ("found", "kind", "text"),
    [
        (["ahead", "ahead"], "replicated", "replicated"),
        (["ahead", "open"], "replicated in part", "replicated in part (1 of 2)"),
        (["ahead", "excluded"], "replicated in part", "replicated in part (1 of 2)"),
        (
            ["ahead", "behind"],
            "replicated in part",
            "replicated in part (1 of 2), the reverse in 1",
        ),
        (["behind", "behind"], "the reverse", "the reverse"),
        (["behind", "open", "excluded"], "the reverse in part", "the reverse in part (1 of 3)"),
        (
            ["ahead", "open", "open"],
            "undecided: too few runs",
            "undecided: too few runs in 2 of 3 (replicated in 1)",
        ),
        (
            ["excluded", "barred", "barred"],
            "undecided: not decidable here",
            "undecided: not decidable here in 2 of 3 (reported effect excluded in 1)",
        ),
        (
            ["ahead", "behind", "open", "unsolved", "unsolved"],
            "undecided: nobody solves it",
            "undecided: nobody solves it in 2, too few runs in 1 of 5 (replicated in 1, "
            "the reverse in 1)",
        ),
        (["excluded", "excluded"], "effect excluded", "reported effect excluded"),
        (
            ["excluded", "open"],
            "effect excluded in part",
            "reported effect excluded in part (1 of 2)",
        ),
        (["open"], "undecided: too few runs", "undecided: too few runs"),
        (["barred"] * 2, "undecided: not decidable here", "undecided: not decidable here"),
        (["unsolved"], "undecided: nobody solves it", "undecided: nobody solves it"),
    ],
)
def test_the_verdict_of_outcomes(found, kind, text):
    comparisons = [
        {
            "outcome": "open" if outcome in verdicts.UNDECIDED else outcome,
            "open_because": "a rule" if outcome == "barred" else "",
            "is_solved": outcome != "unsolved",
            "is_reported": True,
            "excluded": outcome == "excluded",
            "larger": False,
        }
        for outcome in found
    ]
    assert verdicts.verdict(comparisons, "replicated") == (kind, text)
    assert kind in verdicts.KINDS


@pytest.mark.parametrize(
    ("comparisons", "verdict"),
    [
        ([AHEAD, AHEAD], "supported, larger than the reported effect in 2 of 2"),
        ([AHEAD, OPEN], "supported in part (1 of 2)"),
        ([AHEAD, BEHIND], "supported in part (1 of 2), the reverse in 1"),
        ([BEHIND, OPEN, EXCLUDED], "the reverse in part (1 of 3)"),
        ([EXCLUDED], "reported effect excluded"),
        ([EXCLUDED, OPEN], "reported effect excluded in part (1 of 2)"),
        ([OPEN], "undecided: too few runs"),
    ],
)
def test_the_verdict_of_samples(comparisons, verdict):
    assert outcomes(*comparisons) == [comparison.pair.where for comparison in comparisons]
    assert judged(*comparisons)["verdict"] == verdict


def test_a_claim_of_a_paper_is_replicated_and_a_question_supported():
    assert claim("", NO_PEEPHOLES, "adapted", [BEHIND, AHEAD])["verdict"].startswith("replicated")
    assert judged(BEHIND, AHEAD)["verdict"].startswith("supported")


@pytest.mark.parametrize(("reported", "mark"), [(1.0, ">"), (10.0, "+"), (20.0, "<"), (None, "+")])
def test_an_effect_may_be_larger_than_reported(reported, mark):
    """HIGH is larger than LOW by 10."""
    [found] = (one := judged(scores(pair(""), HIGH, LOW, "", reported=reported)))["comparisons"]
    assert (one["marks"], found["larger"]) == (mark, mark == ">")


def test_an_effect_of_interest_is_no_reported_one():
    assert judged(scores(pair(""), HIGH, LOW, "", of_interest=1.0))["marks"] == "+"


def test_whether_an_effect_is_larger_is_corrected_for_all_comparisons_of_a_claim():
    above = scores(pair(""), [v + 3.9 / 16 for v in LOW], LOW, "", reported=0.001)
    p = verdicts.p_of_larger(above)
    assert 0.05 / 12 < p < 0.05
    assert judged(above)["comparisons"][0]["larger"]
    many = judged(above, *[OPEN] * 11)["comparisons"]
    assert not many[0]["larger"]


def test_power_grows_with_the_runs_and_with_the_effect():
    def power(n, effect):
        values = [k % 7 / 7 for k in range(n)]
        return verdicts.power(scores(pair(""), values, values, "", of_interest=effect), 0.05)

    assert power(5, 0.3) < power(10, 0.3) < power(20, 0.3) < power(20, 0.6)
    assert power(20, 0.6) == power(20, 0.6) > 0.9


def test_power_is_that_of_a_simulation_with_the_distribution_of_the_runs():
    """Normally distributed runs, a shift of one standard deviation."""
    rng = np.random.default_rng(0)
    many = rng.normal(0, 1, 10), rng.normal(0, 1, 10)
    found = verdicts.power(scores(pair(""), *map(np.ndarray.tolist, many), "", of_interest=1), 0.05)
    both = np.concatenate(many)
    shown = [
        rank_sum(rng.choice(both, 10) + 1.0, rng.choice(both, 10)).above <= 0.025
        for _ in range(2000)
    ]
    assert found == pytest.approx(np.mean(shown), abs=4 * math.sqrt(0.25 / verdicts.DRAWS))


def test_power_of_not_worse_is_that_of_equal_networks():
    wide = scores(pair(""), LOW, LOW, "", margin=2.0)
    narrow = scores(pair(""), LOW, LOW, "", margin=0.01)
    assert verdicts.power(wide, 0.05) == 1
    assert verdicts.power(narrow, 0.05) < 0.1
    few = times(pair(""), [*SOON[:2], *NEVER[2:]], [*SOON[:2], *NEVER[2:]], CAP, margin=50.0)
    assert verdicts.power(few, 0.05) < 0.05  # too few of them solve the task to be not worse


@pytest.mark.slow
def test_power_of_times_and_shares():
    half = [*SOON[:5], *NEVER[5:]]
    assert verdicts.power(times(pair(""), half, half, CAP, of_interest=1.1), 0.05) < 0.15
    assert verdicts.power(times(pair(""), SOON, SOON, CAP, of_interest=90.0), 0.05) > 0.9
    some = [True] * 5 + [False] * 5
    assert verdicts.power(shares(pair(""), some, some, reported=100.0), 0.05) == 1
    assert verdicts.power(shares(pair(""), some, some, reported=20.0), 0.05) < 0.3


def test_an_effect_can_be_as_claimed_and_smaller_than_reported():
    [found] = judged(scores(pair(""), HIGH, LOW, "points", reported=20.0))["comparisons"]
    assert (found["outcome"], found["excluded"]) == ("ahead", True)
    verdict = judged(AHEAD, scores(pair(""), HIGH, LOW, "points", reported=20.0))["verdict"]
    assert verdict == (
        "supported, smaller than the reported effect in 1 of 2, larger than the reported effect in "
        "1 of 2"
    )
    low, high = found["interval"]
    assert 0 < low < 10 < high < 20
    [found] = judged(scores(pair(""), HIGH, LOW, "points", reported=10.0))["comparisons"]
    assert (found["outcome"], found["excluded"]) == ("ahead", False)


def test_what_is_excluded_and_what_is_shown_agree_with_limits_and_intervals():
    """Exclusion is one-sided at half of its level; its limit is stated at that level."""
    random, decided = np.random.default_rng(0), 0
    for _ in range(60):
        comparisons = [
            scores(pair(""), random.normal(shift, 1, 8), random.normal(0, 1, 8), "", reported=2.0)
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
    assert outcomes(scores(pair(""), HIGH, LOW, "points", reported=1.0)) == ["ahead"]
    assert verdicts.p_of_exclusion(AHEAD) == 1


def test_a_fixed_bound_is_compared_with_by_the_sign_test():
    comparison = scores(pair(""), HIGH, 5.0, "points")
    assert isinstance(comparison.sample, Bound)
    assert verdicts.p_of_direction(comparison) == pytest.approx(2 / 2**N)
    assert outcomes(comparison, scores(pair(""), LOW, 5, "points")) == ["ahead", "behind"]


@pytest.mark.parametrize("comparison", UNSOLVED, ids=lambda c: c.pair.where)
def test_a_task_that_neither_network_solves_has_a_p_value_of_1(comparison):
    [found] = judged(comparison)["comparisons"]
    assert found["p"] == 1
    assert verdicts.p_of_exclusion(comparison) == 1
    assert (found["outcome"], found["excluded"]) == ("open", False)
    assert verdicts.outcome_of(found) == "unsolved"


@pytest.mark.parametrize("unsolved", UNSOLVED, ids=lambda c: c.pair.where)
def test_comparisons_that_are_not_solved_make_the_others_harder(unsolved):
    weak = scores(pair("weak"), [value + 4.5 / 16 for value in LOW], LOW, "points")
    assert 0.05 / 8 < verdicts.p_of_direction(weak) < 0.05 / 7
    before = judged(AHEAD, weak)["comparisons"]
    assert [c["outcome"] for c in before] == ["ahead", "ahead"]
    widths = []
    for more in (1, 6, 7):
        found = judged(AHEAD, weak, *[unsolved] * more)
        assert re.search(rf" of {2 + more}\b", found["verdict"])
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
    comparison = times(pair(""), ahead, behind, CAP, margin=4.0)
    assert outcomes(comparison) == [outcome]
    if behind is NEVER:
        assert judged(comparison)["comparisons"][0]["p"] == 1


def test_not_worse_in_a_score():
    worse = [value - 1 for value in LOW]
    assert outcomes(scores(pair(""), worse, LOW, "points", margin=4.0)) == ["ahead"]
    assert outcomes(scores(pair(""), worse, LOW, "points", margin=0.25)) == ["behind"]
    assert outcomes(scores(pair(""), worse, LOW, "points", margin=1.0)) == ["open"]


@pytest.mark.parametrize("margin", [1.0, 2.0])
def test_a_cap_censors_and_is_not_a_value(margin):
    some = [*SOON[:7], CAP, CAP, CAP]
    longer = [*SOON[:7], CAP + 1, 50 * CAP, math.inf]
    other = [*(3 * t for t in SOON[:6]), *[CAP] * 4]

    def found(*took):
        one = judged(times(pair(""), *took, CAP, reported=2.0, margin=margin))["comparisons"][0]
        return {name: value for name, value in one.items() if name != "comparison"}

    assert found(longer, other) == found(some, other)
    assert found(other, longer) == found(other, some)


def test_a_shift_by_the_margin_leaves_ties_as_they_are():
    for lower, higher in ((0.6, 0.7), (0.7, 0.8), (1.2, 1.3)):
        groups = [lower] * N, [higher] * N
        assert outcomes(scores(pair(""), *groups, "points", margin=0.1)) == ["open"]


def test_scores_at_a_ceiling_are_censored():
    ahead, behind = [300.0, 400.0, *[500.0] * 8], [100.0 + k for k in range(10)]
    one = scores(pair(""), ahead, behind, "n", reported=450.0, ceiling=500.0)
    [found] = judged(one)["comparisons"]
    assert found["outcome"] == "ahead"
    assert not found["excluded"]  # values at the ceiling may be any larger ones
    assert found["effect"] == found["interval"][1] == math.inf
    [found] = judged(scores(pair(""), ahead, behind, "n", reported=450.0))["comparisons"]
    assert found["excluded"]


def test_the_other_network_at_the_ceiling():
    assert Scores((1.0, 2.0, 3.0), (500.0,) * 3, 500.0).estimate == -math.inf
    full = [500.0] * N
    not_worse = scores(pair("not worse"), full, full, "n", margin=1.0, ceiling=500.0)
    assert outcomes(not_worse) == ["open"]


def test_half_of_the_seeds_are_enough_for_not_worse():
    half, fewer = [*SOON[:5], *[CAP] * 5], [*SOON[:4], *[CAP] * 6]
    assert outcomes(times(pair(""), SOON, half, CAP, margin=4.0)) == ["ahead"]
    assert outcomes(times(pair(""), SOON, fewer, CAP, margin=4.0)) == ["open"]


def test_an_effect_is_excluded_where_one_network_never_solves_it():
    some = [True] + [False] * (N - 1)
    assert outcomes(shares(pair(""), some, [False] * N, reported=90.0)) == ["excluded"]


def test_unsolved_runs_are_not_times():
    [found] = judged(times(pair(""), [1.0] * 6 + [CAP] * 4, [CAP] * 10, CAP))["comparisons"]
    assert found["outcome"] == "ahead"
    assert found["effect"] == math.inf  # not a ratio with the cap


def test_times_to_solve_are_reported_as_ratios():
    [found] = judged(times(pair(""), SOON, [8 * t for t in SOON], 1e9, reported=2.0))["comparisons"]
    low, high = found["interval"]
    assert found["outcome"] == "ahead"
    assert found["effect"] == pytest.approx(math.log(8))
    assert found["reference"] == pytest.approx(math.log(2))
    assert low < math.log(8) < high


def test_shares_of_seeds():
    yes, no = [True] * N, [False] * N
    assert outcomes(shares(pair(""), yes, no), shares(pair(""), no, yes)) == ["ahead", "behind"]
    assert outcomes(shares(pair(""), yes, yes, reported=90.0)) == ["excluded"]


def test_a_claim_without_comparisons_is_not_decided():
    found = judged()
    assert (found["verdict"], found["marks"], found["lesson"]) == (
        "nothing to compare with these settings",
        "",
        "",
    )


def test_bad_arguments_raise_an_error():
    with pytest.raises(ValueError, match="expected a number for each seed"):
        scores(pair(""), [1.0, math.nan], LOW, "points")
    with pytest.raises(ValueError, match="expected a number for each seed"):
        shares(pair(""), [], [True])
    with pytest.raises(ValueError, match="fidelity should be one of"):
        claim("", question(), "another", [OPEN])
    with pytest.raises(ValueError, match="expected cap > 0, margin >= 1"):
        times(pair(""), SOON, SOON, CAP, margin=0.0)
    with pytest.raises(ValueError, match="expected cap > 0, margin >= 1"):
        times(pair(""), SOON, SOON, CAP, reported=-1.0)


def equal_networks(rng, outcome):
    if outcome == "times":
        return times(pair(""), *(rng.exponential(1, N).tolist() for _ in range(2)), 0.9)
    draw = rng.normal if outcome == "normal" else rng.lognormal
    return scores(pair(""), *(draw(0, 1, N).tolist() for _ in range(2)), "points")


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
        lesson = (">.", "Do it.")
        return claim("text", question(), "adapted", comparisons, lesson=lesson)["lesson"]

    assert lesson_of(AHEAD, OPEN) == "Do it."
    assert lesson_of(OPEN, AHEAD) == ""  # with the same verdict
    assert lesson_of(AHEAD, AHEAD) == ""


@pytest.mark.parametrize("comparison", UNDECIDABLE, ids=lambda comparison: comparison.pair.where)
def test_what_runs_cannot_decide_is_undecided_and_counts_as_a_comparison(comparison):
    decided = comparison._replace(open_because="")
    assert outcomes(decided) == ["ahead"]
    assert outcomes(decided._replace(reported=1000.0), comparison) == ["ahead", "open"]
    alone, beside = (judged(*found)["comparisons"][0] for found in ([AHEAD], [AHEAD, comparison]))
    assert beside["p"] > alone["p"]
    [found] = judged(comparison)["comparisons"]
    assert claims.outcome_text(found) == "undecided: not decidable here, too short"
