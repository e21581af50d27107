"""What pages say of comparisons and of themselves: numbers, pairs of runs, descriptions."""

import json
import math
import re

import experiments
from experiments.report import claims, pages
from experiments.statistics.comparisons import scores, times
from tests.test_verdicts import judged, pair


def shown(claim):
    return pages.verdict_of(claim, claim["verdict"], "anchor")


def test_numbers_have_no_exponents():
    numbers = [0.12345, 99.96, 999.4, 999.7, 1000, -1234.5]
    assert [*map(claims.number_text, numbers)] == (
        ["+0.123", "+100", "+999", "+1,000", "+1,000", "-1,234"]
    )
    ratios = [math.log(ratio) for ratio in (1.234, 99.96, 1234)]
    assert [*map(claims.times_text, ratios)] == ["1.23", "100", "1,234"]


def test_half_of_the_pairs_is_not_most_of_them():
    [found] = judged(times(pair("a and b"), [10, 20], [30, 100], 100))["comparisons"]
    assert claims.effect_text(found).startswith("in at least half of the pairs of runs of which")


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
