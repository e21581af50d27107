"""The sample of the quick suite has every value of every parameter."""

from itertools import product

import pytest

from tests.sampling import sample, spread


@pytest.mark.parametrize("sizes", [(), (1,), (5,), (16, 2, 2), (3, 13, 2, 4)], ids=str)
def test_every_value_is_in_the_sample(sizes):
    every = [range(size) for size in sizes]
    cases = [frozenset(enumerate(values)) for values in product(*every)]
    chosen = sample(cases)
    assert chosen == sorted(set(chosen))
    assert frozenset().union(*(cases[k] for k in chosen)) == frozenset().union(*cases)
    assert len(chosen) == max(sizes, default=1)


def test_values_that_go_together_stay_together():
    cases = [frozenset({("backend", b), ("name", n)}) for b, n in [(0, 0), (0, 1), (1, 1), (1, 2)]]
    assert {v for k in sample(cases) for v in cases[k]} == {v for case in cases for v in case}


@pytest.mark.parametrize(
    ("places", "expected"), [([3], [3]), (range(4), [0, 1, 2, 3]), (range(10), [0, 3, 6, 9])]
)
def test_a_spread_goes_from_the_first_to_the_last(places, expected):
    assert spread(list(places), 4) == expected
