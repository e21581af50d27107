"""Images of digits, which scikit-learn's package holds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SIDE, WHITEST = 8, 16


class Images(NamedTuple):
    """Images of digits that people wrote by hand.

    Attributes:
        pixels: `[N, 64]`, row by row, from 0 to 1.
        digits: Which digit each is, `[N]`.
    """

    pixels: NDArray[np.float32]
    digits: NDArray[np.int64]


def images() -> Images:
    """All 1,797 images of 8 x 8 pixels."""
    # Importing it takes a second, which the experiments without images do not need.
    from sklearn.datasets import load_digits

    found = load_digits()
    return Images((found.data / WHITEST).astype(np.float32), found.target.astype(np.int64))
