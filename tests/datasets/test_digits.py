"""The digits that come with scikit-learn."""

import numpy as np

from covey.datasets.digits import load_digits_images


def test_digits():
    x, images, labels = load_digits_images()
    assert x.shape == (1797, 64)
    assert x.dtype == np.float32
    assert x.max() == 16
    assert images.shape == (1797, 8, 8)
    assert images.dtype == np.uint8
    assert images.max() == 255
    assert np.unique(labels).tolist() == list(range(10))
