"""The sample of the quick suite: every value of every parameter, up to a number of cases."""

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


@pytest.mark.parametrize("count", [1, 4, 8])
@pytest.mark.parametrize("n", [1, 4, 10, 25])
def test_a_spread_has_so_many_cases(n, count):
    places = [3 * k for k in range(n)]
    chosen = spread(places, count, "test_a")
    assert chosen == sorted(set(chosen))
    assert set(chosen) <= set(places)
    assert len(chosen) == min(n, count)


def test_tests_have_different_cases():
    """Together, tests of 25 variants see all of them."""
    found = [set(spread(range(25), 8, f"test_{k}")) for k in range(60)]
    assert set().union(*found) == set(range(25))


@pytest.mark.parametrize(("n", "count"), [(7, 1), (25, 1), (25, 2)])
def test_a_shift_chooses_other_cases(n, count):
    found = [set(spread(range(n), count, "test_a", shift)) for shift in range(n)]
    assert set().union(*found) == set(range(n))
    assert not found[0] & found[1]


@pytest.mark.xdist_group("one")
def test_groups_of_tests_go_to_one_process(request):
    # Some pairs of pytest and pytest-xdist ignore groups; expensive fixtures then run twice.
    if getattr(request.config.option, "loadgroup", False):
        assert request.node.nodeid.endswith("@one")
