"""Intervals and the rule that makes verdicts of them."""

import numpy as np
import pytest
import scipy.stats

from experiments import verdicts


def test_an_interval_of_a_normal_sample_is_about_the_textbook_one():
    sample = np.random.default_rng(0).normal(3.0, 2.0, 200)
    low, high = verdicts.interval(sample)
    t = scipy.stats.t.interval(0.95, 199, sample.mean(), scipy.stats.sem(sample))
    assert [low, high] == pytest.approx(list(t), abs=0.05)


def test_differences_are_taken_seed_by_seed():
    seeds = np.random.default_rng(0).normal(0, 100, 10)
    found = verdicts.compare("", seeds + 1.0, seeds)
    assert found["difference"] == pytest.approx(1.0)
    assert found["low"] == pytest.approx(1.0)
    assert found["high"] == pytest.approx(1.0)
    assert found["holds"]


def test_a_comparison_that_may_be_chance_does_not_hold():
    noise = np.random.default_rng(0).normal(0, 1, 10)
    assert not verdicts.compare("", noise, np.zeros(10))["holds"]
    assert not verdicts.compare("", -1 - abs(noise), np.zeros(10))["holds"]


def test_a_margin_allows_to_be_a_little_worse():
    worse = np.full(5, -0.3)
    assert verdicts.compare("", worse, np.zeros(5), margin=0.5)["holds"]
    assert not verdicts.compare("", worse, np.zeros(5), margin=0.2)["holds"]


def test_one_seed_decides_nothing():
    found = verdicts.compare("", [5.0], [0.0])
    assert found["low"] is None
    assert not found["holds"]


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ([True, True], "holds"),
        ([True, False], "holds in part"),
        ([False, False], "does not hold here"),
    ],
)
def test_the_rule(held, said):
    assert verdicts.verdict(held) == said


def test_the_interval_is_the_same_every_time():
    sample = [1.0, 2.0, 4.0, 8.0]
    assert verdicts.interval(sample) == verdicts.interval(sample)
