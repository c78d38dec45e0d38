"""What a curve shows, against sums over links."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

from covey.training.link_curve import judge_links


def test_same_as_written_out():
    rng = np.random.default_rng(0)
    scores, same = rng.random((6, 5)).astype(np.float32), rng.random((6, 5)) < 0.4
    fit = judge_links(scores, same)
    each = [-log(p if s else 1 - p) for p, s in zip(scores.flat, same.flat, strict=True)]
    assert fit.loss == pytest.approx(np.mean(each), rel=1e-5)
    ranked = [s for _, s in sorted(zip(scores.flat, same.flat, strict=True), reverse=True)]
    precision = [np.mean(ranked[: place + 1]) for place, true in enumerate(ranked) if true]
    assert fit.average_precision == pytest.approx(np.mean(precision))


def test_certain_and_wrong_is_finite():
    fit = judge_links(np.array([[0.0, 1.0]], np.float32), np.array([[True, False]]))
    assert fit.loss == pytest.approx(-log(1e-7))
    assert fit.average_precision == 0.5


def test_nothing_within_a_group():
    fit = judge_links(np.array([[0.5]], np.float32), np.array([[False]]))
    assert np.isnan(fit.average_precision)
    assert fit.loss == pytest.approx(log(2))
