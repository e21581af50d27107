"""The test for random searches."""

import itertools
import math
import re
from pathlib import Path

import numpy as np
import pytest

from experiments.statistics import trials as searches
from experiments.statistics.comparisons import Pair, trials
from experiments.statistics.importance import places_by_loss
from experiments.statistics.inference import rank_sum
from experiments.statistics.readings import question
from experiments.statistics.trials import Trials, best
from experiments.statistics.verdicts import claim

PAIR = Pair("first", "second")
MANY = searches.PERMUTATIONS
pytestmark = [pytest.mark.records, pytest.mark.usefixtures("few_permutations")]


def search(rng, number=60, better=0.0, width=1.0):
    """Losses of trials that depend on a learning rate, as in a random search."""
    rate = rng.uniform(-2.5, 2.5, number) / width
    loss = 0.05 + 0.1 * rate**2 + 0.05 * rng.exponential(size=number) - better
    valid, test = (loss + 0.003 * rng.normal(size=number) for _ in range(2))
    return tuple(zip(valid.tolist(), test.tolist(), strict=True))


def test_equal_searches_are_rarely_told_apart_and_their_best_trials_are_no_sample():
    rng = np.random.default_rng(0)
    pairs = [(search(rng), search(rng)) for _ in range(300)]
    rejected = np.mean([Trials(*pair).test().both <= 0.05 for pair in pairs])
    assert rejected < 0.05 + 3 * math.sqrt(0.05 * 0.95 / len(pairs))
    tenths = [[best(*np.transpose(losses)) for losses in pair] for pair in pairs]
    assert np.mean([rank_sum(*tenth).both <= 0.05 for tenth in tenths]) > 0.1


def test_searches_with_other_shares_of_good_trials_are_told_apart_by_equal_best_tenths():
    rng = np.random.default_rng(7)

    def middle(**options):
        tenths = [best(*np.transpose(search(rng, **options))) for _ in range(2000)]
        return np.mean(np.median(tenths, axis=1))

    better = middle(width=0.2) - middle()
    assert middle(width=0.2, better=better) == pytest.approx(middle(), abs=0.002)
    pairs = [(search(rng, better=better, width=0.2), search(rng)) for _ in range(200)]
    assert np.mean([Trials(*pair).test().both <= 0.05 for pair in pairs]) > 0.1


@pytest.mark.parametrize(("counted", "tolerance"), [(searches.COUNTED, 1e-9), (0, 0.05)])
def test_p_values_are_those_of_all_permutations(monkeypatch, counted, tolerance):
    monkeypatch.setattr(searches, "PERMUTATIONS", MANY)
    monkeypatch.setattr(searches, "COUNTED", counted)
    rng = np.random.default_rng(8)
    ahead, behind = search(rng, 3, better=0.05), search(rng, 12)
    trials = {*ahead, *behind}
    effects = []
    for chosen in itertools.combinations(sorted(trials), len(ahead)):
        groups = [*zip(*chosen, strict=True)], [*zip(*trials - {*chosen}, strict=True)]
        tenths = [best(*np.array(group)) for group in groups]
        effects.append(np.median(np.subtract.outer(tenths[1], tenths[0])))
    sample = Trials(ahead, behind)
    found = sample.test()
    assert len(effects) == 455
    assert found.above == pytest.approx(
        np.mean(np.array(effects) > sample.estimate - 1e-9), rel=tolerance
    )
    assert found.below == pytest.approx(
        np.mean(np.array(effects) < sample.estimate + 1e-9), rel=tolerance
    )


@pytest.mark.parametrize(
    ("ahead", "behind", "outcomes"), [(20, 20, 456), (30, 12, None), (1, 1, 2)]
)
def test_shares_of_all_outcomes_are_those_of_permutations_that_are_drawn(ahead, behind, outcomes):
    every, some = (
        searches.counted(ahead, behind),
        searches.drawn(ahead, behind, searches.PERMUTATIONS),
    )
    assert outcomes in (None, len(every.shares))
    assert every.shares.sum() == pytest.approx(1)
    share = dict(zip(map(tuple, np.hstack([every.ahead, every.behind])), every.shares, strict=True))
    assert len(share) == len(every.shares)
    for place, found in zip(
        map(tuple, np.hstack([some.ahead, some.behind])), some.shares, strict=True
    ):
        error = math.sqrt(share[place] / searches.PERMUTATIONS)
        assert found == pytest.approx(share[place], abs=6 * error + 1 / searches.PERMUTATIONS)


def test_a_better_search_is_found():
    rng = np.random.default_rng(1)
    pairs = [(search(rng, better=0.05), search(rng)) for _ in range(40)]
    sides = [Trials(*pair).test() for pair in pairs]
    assert np.mean([s.both <= 0.05 and s.above < s.below for s in sides]) > 0.8


def test_the_best_tenth_is_that_of_the_validation_losses():
    valid, test = np.arange(21.0)[::-1], np.arange(21.0)
    assert best(valid, test).tolist() == [20, 19, 18]  # a tenth, rounded up


def test_intervals_are_the_effects_that_are_not_rejected():
    rng = np.random.default_rng(2)
    covered = []
    for _ in range(40):
        sample = Trials(search(rng, better=0.03), search(rng))
        low, high = sample.interval(0.05)
        assert low < sample.estimate < high
        assert sample.test(low - 0.01).both <= 0.05
        assert sample.test(high + 0.01).both <= 0.05
        covered.append(low <= 0.03 <= high)
    assert np.mean(covered) >= 0.85


def test_a_level_that_no_permutation_reaches_gives_no_limits():
    rng = np.random.default_rng(3)
    sample = Trials(search(rng, 2), search(rng, 2))
    assert sample.interval(0.01) == (-math.inf, math.inf)


def test_an_effect_moves_with_the_losses():
    rng = np.random.default_rng(4)
    ahead, behind = search(rng), search(rng)
    moved = tuple((valid - 0.25, test - 0.25) for valid, test in ahead)
    before, after = Trials(ahead, behind), Trials(moved, behind)
    assert after.estimate == pytest.approx(before.estimate + 0.25)
    assert after.test(0.25) == pytest.approx(before.test(0.0), abs=0.02)


def test_a_diverged_trial_has_the_worst_validation_loss():
    rng = np.random.default_rng(5)
    ahead, behind = search(rng), search(rng)
    diverged = tuple((math.inf, 2.3) for _ in range(40))
    sample = Trials(ahead + diverged, behind + diverged)
    assert len(sample.effects) == 100
    assert 0 < sample.test().both <= 1


def test_trials_are_judged_by_the_rule():
    rng = np.random.default_rng(6)
    better, worse = search(rng, better=0.3), search(rng)
    found = claim(
        "text",
        question(),
        "our own task",
        [
            trials(PAIR, better, worse, "nats", of_interest=0.02),
            trials(PAIR, worse, better, "nats", of_interest=0.02),
            trials(PAIR, worse, worse, "nats", margin=0.3),
        ],
    )
    assert [c["outcome"] for c in found["comparisons"]] == ["ahead", "behind", "ahead"]
    few = trials(PAIR, better[:19], worse, "nats", of_interest=0.02)
    assert few.open_because == "fewer than 20 trials of a network"
    assert not trials(PAIR, better[:20], worse[:20], "nats", margin=0.3).open_because
    with pytest.raises(ValueError, match="expected a number for each seed"):
        trials(PAIR, [(math.nan, 1.0)], worse, "nats")
    with pytest.raises(ValueError, match="expected finite test losses"):
        trials(PAIR, [(1.0, math.inf)], worse, "nats")


def test_equal_validation_losses_are_not_in_favour_of_a_network():
    same, various = ((0.0, 1.0),) * 60, tuple((0.0, 0.5 + k % 2) for k in range(60))
    one, other = Trials(same, various).test(), Trials(various, same).test()
    assert one == pytest.approx((other.below, other.above), abs=0.05)


def test_the_page_of_the_rule_has_the_number_of_permutations():
    page = (Path(__file__).parent.parent / "docs" / "results" / "what-holds.md").read_text()
    found = re.search(r"in all ways, up to (\d+) trials of each network;\s([\d,]+) times", page)
    most, drawn = (int(number.replace(",", "")) for number in found.groups())
    assert drawn == MANY + 1
    assert searches.best_places(most, most).own == 0 < searches.best_places(most + 1, most).own


@pytest.mark.parametrize(("ended", "is_cut_off"), [(0, False), (1, False), (2, True)])
def test_more_than_half_of_the_best_trials_have_to_end_by_the_limit(ended, is_cut_off):
    valid = np.arange(20.0)  # two of which are the best tenth
    assert searches.is_cut_off(valid, np.array([1.0] * ended + [0.0] * (20 - ended))) is is_cut_off
    assert not searches.is_cut_off(valid, np.array([0.0] * 2 + [1.0] * 18))


def test_equal_best_tenths_have_an_interval():
    """As where the error of the best trials is 0."""
    trials = [(0.01 * k, max(0.0, k - 5.0)) for k in range(20)]
    low, high = Trials(tuple(trials), tuple(trials)).interval(0.05)
    assert -math.inf < low < 0 < high < math.inf


def test_no_p_value_is_zero():
    """Where no other permutation is as far: the one that was found counts."""
    ahead, behind = (tuple((k / 99 + c, k / 99 + c) for k in range(60)) for c in (0.0, 9.0))
    assert Trials(ahead, behind).test().above > 0


def test_names_are_in_the_order_of_their_median_losses():
    names, losses = ["a", "b", "c"] * 3, [2.0, 3.0, 1.0, 2.0, 3.0, 1.0, 0.0, 9.0, 9.0]
    assert places_by_loss(names, losses) == {"c": 0, "a": 1, "b": 2}
