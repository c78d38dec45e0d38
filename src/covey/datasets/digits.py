"""The 1,797 handwritten digits that come with scikit-learn: real input without a download."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from covey.types import Float32, Int64


class Digits(NamedTuple):
    """Handwritten digits, 8 x 8 pixels.

    Attributes:
        x: (1797, 64) float32 pixels in [0, 16], row by row.
        images: (1797, 8, 8) uint8 the same scaled to [0, 255], ink bright.
        labels: (1797,) int64 in 0..9.
    """

    x: Float32
    images: NDArray[np.uint8]
    labels: Int64


def load_digits_images() -> Digits:
    """Loads scikit-learn's copy of the UCI Optical Recognition of Handwritten Digits test set.

    (Alpaydin and Kaynak, 1998, https://doi.org/10.24432/C50P49, CC BY 4.0.)
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = np.rint(bunch.images * (255 / 16)).astype(np.uint8)
    return Digits(bunch.data.astype(np.float32), images, bunch.target.astype(np.int64))
