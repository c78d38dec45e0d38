"""What a validation says of embeddings: average precision, and F at the best of a few cuts."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from covey.graph_partition import partition_edges
from covey.training.watch import Validation, Watch, validate_edges, validate_rows
from covey.types import Edges
from covey.vectors import as_rows


@pytest.fixture(scope="module")
def items(hidden) -> tuple[np.ndarray, np.ndarray]:
    x, labels = hidden(150, 10, wide=0.6)
    return as_rows(x), labels.astype(np.int64)


def _naive_edges(rows: np.ndarray, k: int) -> dict[tuple[int, int], float]:
    """Cosine of every pair of which one is among the k nearest of the other."""
    cosine = rows @ rows.T
    np.fill_diagonal(cosine, -2)
    near = np.argsort(-cosine, axis=1)[:, :k]
    return {(min(i, j), max(i, j)): float(cosine[i, j]) for i in range(len(rows)) for j in near[i]}


def _naive_precision(edges: dict[tuple[int, int], float], labels: np.ndarray) -> float:
    """Mean, over edges inside a group, of the share of such edges among those as close."""
    ranked = sorted(edges, key=lambda pair: -edges[pair])
    hits, found = 0, []
    for rank, (i, j) in enumerate(ranked, 1):
        if labels[i] == labels[j]:
            hits += 1
            found.append(hits / rank)
    return float(np.mean(found))


def _naive_f(found: np.ndarray, labels: np.ndarray) -> float:
    """BCubed F, item by item."""
    together = found[:, None] == found
    same = labels[:, None] == labels
    both = (together & same).sum(1)
    precision, recall = np.mean(both / together.sum(1)), np.mean(both / same.sum(1))
    return float(2 * precision * recall / (precision + recall))


def test_of_the_forty_nearest(items) -> None:
    rows, labels = items
    found = validate_rows(rows, labels)
    edges = _naive_edges(rows, 40)
    assert found.average_precision == pytest.approx(_naive_precision(edges, labels), abs=1e-4)
    assert found.average_precision != pytest.approx(
        _naive_precision(_naive_edges(rows, 80), labels), abs=1e-3
    )


def test_f_is_that_of_the_best_of_six_cuts(items) -> None:
    rows, labels = items
    pairs = _naive_edges(rows, 40)
    ranked = sorted(pairs, key=lambda pair: -pairs[pair])
    f = []
    for density in 12 ** (np.arange(6) / 5):  # edges an item, from 1 to 12
        some = sorted(ranked[: round(density * len(rows))])
        source, target = np.array(some).T
        score = np.array([pairs[pair] for pair in some], np.float32)
        kept = Edges(source, target, score)
        f.append(_naive_f(partition_edges(kept, len(rows), rounds=1, seed=0).labels, labels))
    assert max(f) > min(f) + 0.05, "choose data whose cuts differ"
    assert validate_rows(rows, labels).f == pytest.approx(max(f), abs=1e-6)


def test_groups_that_lie_apart_are_perfect() -> None:
    labels = np.arange(60) % 6
    noise = 0.01 * np.random.default_rng(0).standard_normal((60, 6))
    assert validate_rows(as_rows(np.eye(6)[labels] + noise), labels) == Validation(1.0, 1.0)


def test_shuffling_changes_nothing(items) -> None:
    rows, labels = items
    order = np.random.default_rng(1).permutation(len(rows))
    one, other = validate_rows(rows, labels), validate_rows(rows[order], labels[order] + 5)
    assert other.average_precision == pytest.approx(one.average_precision, abs=1e-9)
    assert other.f == pytest.approx(one.f, abs=0.05)  # the partition's draws go by row


@pytest.mark.parametrize("n", [2, 3])
def test_hardly_any_items(n: int) -> None:
    found = validate_rows(as_rows(1 + 0.1 * np.eye(n)), np.zeros(n, np.int64))
    assert found == Validation(1.0, 1.0)


def test_equal_rows_and_ties() -> None:
    rows = np.repeat(np.eye(2, dtype=np.float32), 4, axis=0)
    labels = np.repeat([0, 1], 4)
    assert validate_rows(rows, labels).average_precision == 1
    assert 0 < validate_rows(rows, labels[[0, 4, 1, 5, 2, 6, 3, 7]]).average_precision < 1


def test_where_nobody_has_company_there_is_no_precision() -> None:
    """Then no validation is better than another, and training keeps its last weights."""
    edges = Edges(np.array([0]), np.array([1]), np.array([0.5], np.float32))
    found = validate_edges(edges, np.array([0, 1]))
    assert np.isnan(found.average_precision)


def test_nobody_watches_unless_told() -> None:
    watch = Watch()
    watch.tell(1, 0.5, None)
    watch.keep(None)  # type: ignore[arg-type]
    assert watch.start is None
