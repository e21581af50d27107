"""Tests, intervals and Holm's procedure against independent implementations."""

import gc
import math

import numpy as np
import pytest
import scipy.stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep

from experiments import DIVERGED
from experiments.statistics.inference import Bound, Scores, Shares, Times, holm, rank_sum

pytestmark = pytest.mark.records

SIZES = [(3, 4), (5, 5), (6, 3)]
LEVELS = [0.2, 0.05, 0.05 / 4]


def values(array):
    return tuple(map(float, array))


def scores(rng):
    n, m = rng.integers(3, 11, 2)
    return Scores(values(rng.normal(0.5, 1, n)), values(rng.normal(0, 1, m)))


def tied_scores(rng):
    n, m = rng.integers(3, 11, 2)
    return Scores(values(rng.integers(0, 5, n)), values(rng.integers(0, 5, m)))


def bound(rng):
    return Bound(values(rng.normal(0.5, 1, rng.integers(3, 15))), 0.25)


def tied_bound(rng):
    return Bound(values(rng.integers(-2, 5, rng.integers(3, 15))), 0.0)


def uncensored_times(rng):
    n, m = rng.integers(3, 11, 2)
    return Times(values(rng.exponential(1, n)), values(rng.exponential(2, m)), math.inf)


def censored_times(rng):
    n, m = rng.integers(3, 11, 2)
    return Times(values(rng.exponential(1, n)), values(rng.exponential(2, m)), 1.5)


def shares(rng):
    n, m = rng.integers(3, 21, 2)
    return Shares(values(rng.random(n) < 0.7), values(rng.random(m) < 0.4))


def between(steps):
    """An effect in each gap between steps, and one beyond each end."""
    steps = np.unique(np.round(steps, 9))
    return [steps[0] - 1, *(steps[:-1] + steps[1:]) / 2, steps[-1] + 1]


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize(("n", "m"), SIZES)
def test_the_rank_sum_test_is_scipys_with_all_permutations(n, m, tied):
    rng = np.random.default_rng(n)
    for _ in range(5):
        both = rng.integers(0, 4, n + m) if tied else rng.normal(size=n + m)
        found = rank_sum(both[:n], both[n:])
        for p, side in ((found.above, "greater"), (found.below, "less")):
            method = scipy.stats.PermutationMethod(n_resamples=np.inf)
            expected = scipy.stats.mannwhitneyu(both[:n], both[n:], alternative=side, method=method)
            assert p == pytest.approx(expected.pvalue)


def test_the_rank_sum_test_without_ties_is_the_exact_one():
    rng = np.random.default_rng(0)
    first, second = rng.normal(0.5, 1, 20), rng.normal(0, 1, 15)
    expected = scipy.stats.mannwhitneyu(first, second, method="exact")
    assert rank_sum(first, second).both == pytest.approx(expected.pvalue)


def test_the_smallest_p_values():
    assert rank_sum(range(5, 10), range(5)).both == pytest.approx(2 / math.comb(10, 5))
    assert Bound((1.0,) * 5, 0.0).test().above == pytest.approx(2**-5)
    # Boschloo's p-value is the largest over all shares of p^5 (1 - p)^5.
    solved = Shares((1.0,) * 5, (0.0,) * 5).test()
    assert solved.above == pytest.approx(2**-10, rel=1e-3)
    assert solved.below == pytest.approx(1)


@pytest.mark.parametrize(
    "sample",
    [
        Scores((1.0, 2.0, 2.0, 5.0), (5.0, 2.0, 1.0, 2.0)),
        Scores((3.0,) * 5, (3.0,) * 5),
        Bound((1.0,) * 5, 1.0),
        Times((1.0, 2.0, 9.0), (1.0, 2.0, 7.0), 7.0),
        Times((7.0,) * 5, (8.0,) * 5, 7.0),
        Shares((1.0, 1.0, 0.0), (1.0, 0.0, 1.0)),
        Shares((0.0,) * 5, (0.0,) * 5),
        Shares((1.0,) * 5, (1.0,) * 5),
    ],
)
def test_identical_samples_have_a_p_value_of_1(sample):
    assert sample.test().both == pytest.approx(1)
    low, high = sample.interval(0.05)
    assert low <= 0 <= high


@pytest.mark.parametrize("error", LEVELS)
@pytest.mark.parametrize("draw", [scores, tied_scores, bound, tied_bound, uncensored_times])
def test_an_interval_has_the_effects_that_are_not_rejected(draw, error):
    rng = np.random.default_rng(0)
    for _ in range(25):
        sample = draw(rng)
        low, high = sample.interval(error)
        for effect in between(sample.effects):
            assert (low < effect < high) == (sample.test(effect).both > error)


@pytest.mark.parametrize("error", LEVELS)
def test_an_interval_of_censored_times_has_the_effects_that_are_not_rejected(error):
    # Which times are tied at the cap depends on the effect: p-values of neighbouring effects can be
    # out of order, and a rejected effect can lie between two that are not.
    rng = np.random.default_rng(0)
    unbounded = 0
    for _ in range(25):
        sample = censored_times(rng)
        low, high = sample.interval(error)
        unbounded += high == math.inf
        accepted = [e for e in (0.0, *between(sample.effects)) if sample.test(e).both > error]
        assert low <= min(accepted)
        assert max(accepted) <= high
    assert unbounded


@pytest.mark.parametrize("error", LEVELS)
def test_an_interval_of_shares_is_agresti_and_caffos(error):
    rng = np.random.default_rng(0)
    for _ in range(25):
        sample = shares(rng)
        counts = [f(group) for group in (sample.ahead, sample.behind) for f in (sum, len)]
        expected = confint_proportions_2indep(*counts, method="agresti-caffo", alpha=error)
        low, high = sample.interval(error)
        assert (low, high) == pytest.approx(np.clip(100 * np.array(expected), -100, 100))
        for effect in np.linspace(-99.5, 99.5, 40):
            assert (low < effect < high) == (sample.test(effect).both > error)


@pytest.mark.parametrize("draw", [scores, tied_scores, uncensored_times, censored_times])
def test_the_interval_of_swapped_samples_is_the_negative(draw):
    rng = np.random.default_rng(1)
    for _ in range(20):
        sample = draw(rng)
        cap = (sample.cap,) if isinstance(sample, Times) else ()
        swapped = type(sample)(sample.behind, sample.ahead, *cap)
        low, high = sample.interval(0.05)
        assert swapped.interval(0.05) == pytest.approx((-high, -low))
        assert swapped.estimate == pytest.approx(-sample.estimate)


@pytest.mark.parametrize("draw", [scores, tied_scores])
def test_an_interval_of_scores_moves_and_grows_with_them(draw):
    rng = np.random.default_rng(2)
    for _ in range(20):
        sample = draw(rng)
        ends = np.array(sample.interval(0.05))
        moved = Scores(tuple(v + 8 for v in sample.ahead), sample.behind)
        assert moved.interval(0.05) == pytest.approx(ends + 8)
        together = Scores(*(tuple(v - 2 for v in g) for g in (sample.ahead, sample.behind)))
        assert together.interval(0.05) == pytest.approx(ends)
        scaled = Scores(*(tuple(v * 4 for v in g) for g in (sample.ahead, sample.behind)))
        assert scaled.interval(0.05) == pytest.approx(4 * ends)


def test_an_interval_of_times_does_not_depend_on_their_unit():
    rng = np.random.default_rng(3)
    for _ in range(20):
        sample = censored_times(rng)
        groups = (tuple(60 * t for t in group) for group in (sample.ahead, sample.behind))
        scaled = Times(*groups, 60 * sample.cap)
        assert scaled.test().both == pytest.approx(sample.test().both)
        assert scaled.interval(0.05) == pytest.approx(sample.interval(0.05))


def test_an_interval_of_uncensored_times_moves_with_the_ratio():
    rng = np.random.default_rng(4)
    for _ in range(20):
        sample = uncensored_times(rng)
        sooner = Times(tuple(t / 3 for t in sample.ahead), sample.behind, math.inf)
        expected = np.array(sample.interval(0.05)) + math.log(3)
        assert sooner.interval(0.05) == pytest.approx(expected)


def test_how_much_sooner_is_unbounded_if_the_other_network_never_solves_it():
    low, high = Times((1.0, 2.0, 3.0, 4.0, 5.0), (10.0,) * 5, 10.0).interval(0.05)
    assert 0 < low < math.log(10)
    assert high == math.inf


def test_a_run_that_diverged_does_not_tie_the_others():
    ahead, behind = (-8.5, -8.4, -8.6, -8.55, -8.45), (-9.0, -9.1, -9.2, -9.3)
    worst, diverged = (Scores(ahead, (*behind, value)) for value in (-20.0, -DIVERGED))
    assert diverged.test(0.0) == worst.test(0.0)
    assert diverged.interval(0.05)[0] == worst.interval(0.05)[0]


def test_few_seeds_bound_nothing():
    assert Scores((1.0, 2.0), (3.0, 4.0)).interval(0.05) == (-math.inf, math.inf)
    assert Bound((1.0,) * 5, 0.0).interval(0.05) == (-math.inf, math.inf)


COVERED = {
    "normal": (lambda r: Scores(values(r.normal(1, 1, 10)), values(r.normal(0, 1, 10))), 1),
    "median": (lambda r: Bound(values(r.exponential(1, 10)), 0.0), math.log(2)),
    "times": (
        lambda r: Times(values(r.exponential(1 / 4, 10)), values(r.exponential(1, 10)), 0.9),
        math.log(4),
    ),
    "shares": (lambda r: Shares(values(r.random(10) < 0.8), values(r.random(10) < 0.3)), 50),
}


@pytest.mark.parametrize("outcome", COVERED)
def test_intervals_cover_the_true_effect(outcome):
    draw, effect = COVERED[outcome]
    rng = np.random.default_rng(5)
    intervals = [draw(rng).interval(0.05) for _ in range(200)]
    assert np.mean([low <= effect <= high for low, high in intervals]) >= 0.93


@pytest.mark.parametrize("m", [1, 4, 11])
def test_holms_procedure_is_that_of_statsmodels(m, monkeypatch):
    monkeypatch.setattr(gc, "collect", int)  # statsmodels calls it every time, which takes long
    rng = np.random.default_rng(m)
    for _ in range(50):
        p_values = (rng.random(m) ** 4).tolist()
        rejected, levels, adjusted = zip(*holm(p_values, 0.05), strict=True)
        expected = multipletests(p_values, alpha=0.05, method="holm")
        assert list(rejected) == expected[0].tolist()
        assert adjusted == pytest.approx(expected[1])
        assert list(rejected) == [p <= level for p, level in zip(p_values, levels, strict=True)]
        ended = [level for level, yes in zip(levels, rejected, strict=True) if not yes]
        assert all(level == pytest.approx(0.05 / len(ended)) for level in ended)
