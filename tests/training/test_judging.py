"""Which embeddings held-out groups speak for."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from covey.calibration import Calibration
from covey.graph import knn_to_edges
from covey.knn import build_knn_graph
from covey.labelled_rows import LabelledRows
from covey.metrics.edges import average_precision
from covey.models.held_out import HeldOut
from covey.training.judging import Judged, best_share, judge, judge_rows
from covey.vectors import as_rows


@pytest.fixture(scope="module")
def items(hidden) -> LabelledRows:
    x, labels = hidden(120, 12)
    return LabelledRows(as_rows(x), labels)


def _judged(precision: float, f: float, *, own: float = 1.0) -> Judged:
    """One cut, its BCubed precision and recall both f."""
    shares = np.array([f])
    held = HeldOut(100, Calibration(np.zeros(1), shares), np.zeros(1), shares, shares)
    return Judged(own, precision, held)


def _rows(labels: np.ndarray, noise: float) -> np.ndarray:
    """Twelve directions, one for each group, and noise."""
    rng = np.random.default_rng(0)
    return as_rows((np.eye(12)[labels] + noise * rng.standard_normal((120, 12))).astype(np.float32))


def test_average_precision_is_of_the_cosines(items) -> None:
    edges = knn_to_edges(build_knn_graph(items.rows, 40))
    assert judge(items).precision == average_precision(edges, items.labels)
    assert judge(items).held.n_items == 120
    assert (judge(items).own, judge(items, 0.2).own) == (1.0, 0.2)


def test_groups_that_lie_apart_are_found_at_some_cut(items) -> None:
    judged = judge(LabelledRows(_rows(items.labels, 0.01), items.labels))
    assert (judged.precision, judged.held.best) == (1, 1)
    same = judged.held.calibration(np.float32([0.99, 0.01]))
    np.testing.assert_allclose(same, [1, 0], atol=0.05)
    scored = judge_rows(items, 40)
    assert (np.diff(scored.cut) > 0).all()
    assert scored.precision[-1] > scored.precision[0]


@pytest.mark.parametrize(
    ("precision", "f", "better"),
    [
        (0.85, 0.8, True),  # lacks a quarter less of 1
        (0.85, 0.795, True),  # F a little lower may be chance
        (0.85, 0.78, False),
        (0.805, 0.9, False),  # no clear gain in precision, however high F
        (float("nan"), 0.9, False),
    ],
)
def test_better_are_embeddings_of_clearly_higher_precision(precision, f, better) -> None:
    assert _judged(precision, f).is_better(_judged(0.8, 0.8), 100) is better


def test_of_equally_good_shares_the_largest(items) -> None:
    before = judge(items)
    perfect = best_share(_rows(items.labels, 0.01), items, before, 120)
    shares = [1.0, 0.8, 0.5, 0.2, 0.0]
    f = []
    for own in shares[1:]:
        both = [(1 - own) ** 0.5 * _rows(items.labels, 0.01), own**0.5 * items.rows]
        f.append(judge(LabelledRows(np.hstack(both), items.labels), own).f(120))
    first = next(own for own, each in zip(shares[1:], f, strict=True) if each > max(f) - 0.003)
    assert perfect.own == first
    assert perfect.f(120) > before.f(120)


def test_noise_is_not_trusted(items) -> None:
    before = judge(items)
    noise = as_rows(np.random.default_rng(0).standard_normal((120, 12)).astype(np.float32))
    assert best_share(noise, items, before, 120) is before
