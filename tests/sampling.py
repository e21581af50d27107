"""Which cases of a parametrised test run in the quick suite: few, with as many values as there are.

A test of all variants runs with some of them, other tests with others.
"""

import zlib
from collections import Counter
from collections.abc import Hashable, Sequence

Case = frozenset[tuple[str, Hashable]]


def sample(cases: Sequence[Case]) -> list[int]:
    """Places of cases that together have every value of every parameter at least once.

    Args:
        cases: Of one test, each as pairs of a parameter and one of its values.

    Returns:
        Their places, in order; the first if there are no parameters.
    """
    used: Counter[tuple[str, Hashable]] = Counter()
    missing = frozenset().union(*cases)
    left = list(range(len(cases)))
    chosen = []
    while missing:
        # The one with the most new values; among those, the one whose values are the rarest.
        best = max(
            left, key=lambda k: (len(cases[k] & missing), -sum(used[v] for v in cases[k]), -k)
        )
        left.remove(best)
        chosen.append(best)
        used.update(cases[best])
        missing -= cases[best]
    return sorted(chosen) or [0]


def spread(places: Sequence[int], count: int, test: str, shift: int = 0) -> list[int]:
    """At most `count` of the places, evenly spread.

    Where they begin depends on the test's name and on the shift: with another one, others run.
    """
    n = len(places)
    if n <= count:
        return sorted(places)
    first = (zlib.crc32(test.encode()) + shift) % n
    return sorted({places[(first + k * n // count) % n] for k in range(count)})
