"""Intervals and the rule that makes verdicts of them."""

import numpy as np
import pytest
import scipy.stats

from experiments import verdicts
from experiments.verdicts import claim, compare, exact


def outcome(comparison, **of):
    return claim("", "", "", [comparison])["comparisons"][0]["outcome"]


@pytest.mark.parametrize("n", [5, 10, 200])
def test_an_interval_of_a_normal_sample_is_about_students(n):
    widths = []
    for seed in range(20):
        sample = np.random.default_rng(seed).normal(3.0, 2.0, n)
        low, high = verdicts.interval(sample)
        t = scipy.stats.t.interval(0.95, n - 1, sample.mean(), scipy.stats.sem(sample))
        widths.append((high - low) / (t[1] - t[0]))
    assert np.median(widths) == pytest.approx(1, abs=0.15)


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


def test_the_error_rate_is_kept_for_few_seeds():
    rng = np.random.default_rng(1)
    held = [outcome(compare("", rng.normal(0, 1, 5), 0)) == "yes" for _ in range(300)]
    assert np.mean(held) < 0.05  # 0.025 is meant; plain percentiles have 0.07 and more


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
    assert outcome(compare("", np.zeros(5), np.zeros(5), margin=0.5, able=False)) == "no"


def test_one_seed_decides_nothing_but_a_count_does():
    assert outcome(compare("", [5.0], [0.0])) == "no"
    assert outcome(exact("", 5)) == "yes"
    assert outcome(exact("", -5)) == "opposite"


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        (["yes", "yes"], "holds"),
        (["yes", "no"], "holds in part"),
        (["yes", "opposite"], "holds in part"),
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
