"""Intervals and the rule that makes verdicts of them."""

import numpy as np
import pytest
import scipy.stats

from experiments import verdicts
from experiments.verdicts import claim, compare, counted


def outcome(comparison, **of):
    return claim("", "", "", [comparison])["comparisons"][0]["outcome"]


@pytest.mark.parametrize("error", [0.05, 0.05 / 6])
@pytest.mark.parametrize("n", [5, 10, 200])
def test_an_interval_of_a_normal_sample_is_about_students(n, error):
    widths = []
    for seed in range(20):
        sample = np.random.default_rng(seed).normal(3.0, 2.0, n)
        low, high = verdicts.interval(sample, error)
        t = scipy.stats.t.interval(1 - error, n - 1, sample.mean(), scipy.stats.sem(sample))
        widths.append((high - low) / (t[1] - t[0]))
    assert min(widths) >= 1 - 1e-9
    assert np.median(widths) == pytest.approx(1, abs=0.05)


def test_a_skewed_sample_has_the_bootstraps_interval():
    sample = np.random.default_rng(0).lognormal(0, 2, 40)
    low, high = verdicts.interval(sample)
    t = scipy.stats.t.interval(0.95, 39, sample.mean(), scipy.stats.sem(sample))
    found = scipy.stats.bootstrap((sample,), np.mean, method="percentile", rng=1)
    assert high > t[1]
    assert low == pytest.approx(t[0])
    assert high == pytest.approx(found.confidence_interval.high, rel=0.05)


def test_differences_are_taken_seed_by_seed():
    seeds = np.random.default_rng(0).normal(0, 100, 10)
    [found] = claim("", "", "", [compare("", seeds + 1.0, seeds)])["comparisons"]
    assert found["difference"] == pytest.approx(1.0)
    assert found["interval"] == pytest.approx((1.0, 1.0))
    assert found["outcome"] == "yes"


def test_what_may_be_chance_does_not_hold():
    noise = np.random.default_rng(0).normal(0, 1, 10)
    assert outcome(compare("", noise, 0)) == "no"
    assert outcome(compare("", noise - 9, 0)) == "opposite"


@pytest.mark.parametrize(("m", "most"), [(1, 0.05), (6, 0.015)])
def test_the_error_rate_is_kept_for_few_seeds(m, most):
    # 0.025 / m is meant; the bootstrap alone has 0.07 for one comparison, 0.03 however many.
    rng = np.random.default_rng(1)
    held = []
    for _ in range(400):
        comparisons = [
            compare("", rng.normal(0, 1, 5), 0),
            *[compare("", np.zeros(5), 0)] * (m - 1),
        ]
        held.append(claim("", "", "", comparisons)["comparisons"][0]["outcome"] == "yes")
    assert np.mean(held) < most


def test_the_comparisons_of_a_claim_share_the_error():
    sample = np.random.default_rng(0).normal(1, 1, 10)
    one = claim("", "", "", [compare("", sample, 0)])["comparisons"][0]["interval"]
    many = claim("", "", "", [compare("", sample, 0)] * 9)["comparisons"][0]["interval"]
    assert many[0] < one[0] < one[1] < many[1]


def test_a_margin_allows_to_be_a_little_worse():
    worse = np.full(5, -0.3)
    assert outcome(compare("", worse, 0, margin=0.5)) == "yes"
    assert outcome(compare("", worse, 0, margin=0.2)) == "opposite"


def test_two_that_fail_are_not_equally_good():
    both = compare("", np.zeros(5), np.zeros(5), margin=0.5, can=(False, False))
    assert outcome(both) == "undecided"
    assert claim("", "", "", [both])["verdict"] == "not decided here"
    assert outcome(both._replace(can=(False, True))) == "no"
    assert outcome(both._replace(can=(True, False))) == "yes"


def test_what_is_undecided_takes_no_share_of_the_error():
    sample = np.random.default_rng(0).normal(1, 1, 10)
    failed = compare("", np.zeros(5), np.zeros(5), can=(False, False))
    alone = claim("", "", "", [compare("", sample, 0)])["comparisons"][0]
    beside = claim("", "", "", [compare("", sample, 0), failed, failed])
    assert beside["comparisons"][0] == alone
    assert beside["verdict"] == claim("", "", "", [compare("", sample, 0)])["verdict"]


def test_one_seed_decides_nothing_but_a_count_does():
    assert outcome(compare("", [5.0], [0.0])) == "no"
    assert outcome(counted("", 5)) == "yes"
    assert outcome(counted("", -5)) == "opposite"


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        (["yes", "yes"], "holds"),
        (["yes", "no"], "holds in part"),
        (["yes", "opposite"], "mixed"),
        (["yes", "no", "opposite"], "mixed"),
        (["yes", "undecided"], "holds"),
        (["undecided"], "not decided here"),
        (["no", "no"], "does not hold here"),
        (["no", "opposite"], "does not hold here"),
        (["opposite", "opposite"], "the opposite holds here"),
    ],
)
def test_the_rule(outcomes, said):
    assert verdicts.verdict(outcomes) == said


def test_a_claim_without_a_comparison_is_refused():
    with pytest.raises(ValueError, match="needs a comparison"):
        verdicts.verdict([])


def test_the_interval_is_the_same_every_time():
    sample = np.array([1.0, 2.0, 4.0, 8.0])
    assert verdicts.interval(sample) == verdicts.interval(sample)
