"""`benchmarks/promises.py`: how far promises are from the truth."""

import numpy as np
import pytest

from covey.metrics.edges import expected_calibration_error, reliability
from covey.types import Edges

promises = pytest.importorskip("promises", reason="not in a source distribution")


def test_calibration_error_by_hand():
    bins = {"count": [0, 3, 1], "expected": [None, 0.4, 0.8], "observed": [None, 0.5, 0.2]}
    assert promises.calibration_error(bins) == pytest.approx((3 * 0.1 + 1 * 0.6) / 4)
    none = {"count": [0], "expected": [None], "observed": [None]}
    assert np.isnan(promises.calibration_error(none))


@pytest.mark.parametrize("m", [1, 5, 2000])
def test_is_the_error_that_the_package_measures(m):
    rng = np.random.default_rng(m)
    labels = rng.integers(0, 4, 200)
    source, target = rng.integers(0, 200, (2, m))
    probability = rng.random(m).astype(np.float32)
    edges = Edges(source, target, probability, probability)
    table = reliability(edges, labels)
    # Through the form that a result keeps on disk: None in the place of NaN.
    kept = {
        "count": table.count.tolist(),
        "expected": [None if np.isnan(p) else p for p in table.expected.tolist()],
        "observed": [None if np.isnan(p) else p for p in table.observed.tolist()],
    }
    expected = expected_calibration_error(edges, labels)
    assert promises.calibration_error(kept) == pytest.approx(expected)


def test_shortfalls_are_below_zero_where_too_much_was_promised():
    entry = {
        "expected_precision": 0.9,
        "expected_recall": 0.5,
        "bcubed": {"precision": 0.7, "recall": 0.6, "f": 0.65},
    }
    assert promises.shortfalls(entry) == pytest.approx({"precision": -0.2, "recall": 0.1})
