"""Random searches with units that differ in their share of good settings."""

from __future__ import annotations

import numpy as np

SEARCHES = {
    "search, 50 % and 25 %": (0.5, 0.25),
    "search, 50 % and 15 %": (0.5, 0.15),
    "search, 35 % and 5 %": (0.35, 0.05),
}
"""Random searches, by the probabilities that a trial of each unit has good settings."""
WRONG, EXCLUDED = "a direction", "the reported effect excluded"
"""In the place of an effect: what is counted in searches."""
LEAD = 0.05
"""The effect that a source reports, where exclusion is counted in a search."""
GOOD, BAD, NOISE = 0.0, 0.3, 0.02
"""Losses of trials: of good settings, what others lose more on average, and the deviation."""


def search(rng: np.random.Generator, n: int, share: float) -> list[tuple[float, float]]:
    """Validation and test losses of the trials of a unit, of which a share has good settings."""
    is_good = rng.random(n) < share
    losses = np.where(is_good, GOOD, 0.1 + rng.exponential(BAD, n))
    valid, test = (losses + NOISE * rng.normal(size=n) for _ in range(2))
    return list(zip(valid.tolist(), test.tolist(), strict=True))
