"""What every untrained scorer owes, whatever its formula."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from covey.graph import knn_to_edges
from covey.knn import build_knn_graph
from covey.similarity.bhattacharyya import bhattacharyya_matrix
from covey.similarity.jaccard import structure_matrix
from covey.similarity.local_scale import csls_matrix, mutual_proximity_matrix
from covey.similarity.profiles import profile_matrix
from covey.similarity.smoothing import smoothed_matrix
from covey.types import Edges, Float32, KnnGraph

Scorer = Callable[[np.ndarray, KnnGraph], Float32]

SCORERS: dict[str, Scorer] = {
    "structure": lambda x, knn: structure_matrix(knn),
    "bhattacharyya": lambda x, knn: bhattacharyya_matrix(knn),
    "mutual": lambda x, knn: mutual_proximity_matrix(knn),
    "csls": lambda x, knn: csls_matrix(knn),
    "smoothed": smoothed_matrix,
    "profile": profile_matrix,
    "centred": lambda x, knn: profile_matrix(x, knn, centred=True),
}


@pytest.fixture(params=list(SCORERS))
def scorer(request: pytest.FixtureRequest) -> Scorer:
    return SCORERS[request.param]


def scored(scorer: Scorer, x: np.ndarray, k: int) -> Edges:
    knn = build_knn_graph(x, k)
    return knn_to_edges(knn, score=scorer(x, knn))


def groups(n: int = 240, d: int = 16) -> np.ndarray:
    rng = np.random.default_rng(0)
    return (rng.normal(size=(12, d))[np.arange(n) % 12] + 0.7 * rng.normal(size=(n, d))).astype(
        np.float32
    )


def with_self(knn: KnnGraph) -> KnnGraph:
    own = np.arange(knn.n, dtype=np.int32)[:, None]
    return KnnGraph(
        np.hstack([own, knn.indices]),
        np.hstack([np.ones((knn.n, 1), np.float32), knn.similarities]),
        includes_self=True,
    )


def test_every_entry_of_the_lists_has_a_score(scorer: Scorer) -> None:
    x = groups()
    values = scorer(x, build_knn_graph(x, 9))
    assert values.shape == (240, 9)
    assert values.dtype == np.float32


def test_shuffling_renames_the_edges(scorer: Scorer) -> None:
    x = groups()
    shuffle = np.random.default_rng(1).permutation(len(x))

    def named(rows: np.ndarray, name: np.ndarray) -> dict[tuple[int, int], float]:
        edges = scored(scorer, rows, 9)
        ends = np.sort(np.stack([name[edges.source], name[edges.target]]), axis=0)
        return dict(zip(map(tuple, ends.T.tolist()), edges.score.tolist(), strict=True))

    before, after = named(x, np.arange(len(x))), named(x[shuffle], shuffle)
    assert before.keys() == after.keys()
    np.testing.assert_allclose(
        list(before.values()), [after[pair] for pair in before], rtol=1e-5, atol=1e-5
    )


def test_a_column_of_items_themselves_changes_nothing(scorer: Scorer) -> None:
    x = groups()
    knn = build_knn_graph(x, 9)
    own = scorer(x, with_self(knn))[:, 1:]
    np.testing.assert_allclose(scorer(x, knn), own, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_hardly_any_items(scorer: Scorer, n: int) -> None:
    x = groups(n, 4)
    edges = scored(scorer, x, 5)
    assert edges.m == n * (n - 1) // 2
    assert np.isfinite(edges.score).all()


def test_twins_give_finite_scores(scorer: Scorer) -> None:
    x = np.repeat(groups(6, 4), 5, axis=0)
    edges = scored(scorer, x, 4)
    assert edges.m == 6 * 10
    assert np.isfinite(edges.score).all()


@pytest.mark.parametrize("name", sorted(SCORERS.keys() - {"profile"}))
def test_members_outrank_strangers(name: str) -> None:
    x = groups()
    edges = scored(SCORERS[name], x, 25)
    same = edges.source % 12 == edges.target % 12
    assert edges.score[same].mean() > edges.score[~same].mean()
