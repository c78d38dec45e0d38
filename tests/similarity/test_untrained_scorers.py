"""What every untrained scorer owes, whatever its formula."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from covey.graph import knn_to_edges
from covey.knn import build_knn_graph
from covey.similarity.bhattacharyya import bhattacharyya_matrix, bhattacharyya_similarity
from covey.similarity.cosine import cosine_matrix, cosine_similarity
from covey.similarity.jaccard import structure_matrix, structure_similarity
from covey.similarity.local_scale import (
    csls,
    csls_matrix,
    mutual_proximity,
    mutual_proximity_matrix,
    self_tuning,
    self_tuning_matrix,
)
from covey.similarity.profiles import profile_matrix, profile_similarity
from covey.types import Edges, Float32, KnnGraph

Score = Callable[[np.ndarray, KnnGraph], Edges]
Matrix = Callable[[np.ndarray, KnnGraph], Float32]

SCORERS: dict[str, tuple[Score, Matrix]] = {
    "cosine": (lambda x, knn: cosine_similarity(knn), lambda x, knn: cosine_matrix(knn)),
    "structure": (lambda x, knn: structure_similarity(knn), lambda x, knn: structure_matrix(knn)),
    "bhattacharyya": (
        lambda x, knn: bhattacharyya_similarity(knn),
        lambda x, knn: bhattacharyya_matrix(knn),
    ),
    "mutual": (lambda x, knn: mutual_proximity(knn), lambda x, knn: mutual_proximity_matrix(knn)),
    "csls": (lambda x, knn: csls(knn), lambda x, knn: csls_matrix(knn)),
    "self_tuning": (lambda x, knn: self_tuning(knn), lambda x, knn: self_tuning_matrix(knn)),
    "profile": (profile_similarity, profile_matrix),
    "centred": (
        lambda x, knn: profile_similarity(x, knn, centred=True),
        lambda x, knn: profile_matrix(x, knn, centred=True),
    ),
}


@pytest.fixture(params=list(SCORERS))
def scorer(request: pytest.FixtureRequest) -> tuple[Score, Matrix]:
    return SCORERS[request.param]


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


def test_edges_are_made_from_the_matrix(scorer: tuple[Score, Matrix]) -> None:
    x = groups()
    knn = build_knn_graph(x, 9)
    score, matrix = scorer
    values = matrix(x, knn)
    assert values.shape == (240, 9)
    assert values.dtype == np.float32
    expected = knn_to_edges(knn, score=values)
    edges = score(x, knn)
    np.testing.assert_array_equal(edges.source, expected.source)
    np.testing.assert_array_equal(edges.target, expected.target)
    np.testing.assert_array_equal(edges.score, expected.score)


def test_shuffling_renames_the_edges(scorer: tuple[Score, Matrix]) -> None:
    x = groups()
    shuffle = np.random.default_rng(1).permutation(len(x))

    def named(rows: np.ndarray, name: np.ndarray) -> dict[tuple[int, int], float]:
        edges = scorer[0](rows, build_knn_graph(rows, 9))
        ends = np.sort(np.stack([name[edges.source], name[edges.target]]), axis=0)
        return dict(zip(map(tuple, ends.T.tolist()), edges.score.tolist(), strict=True))

    before, after = named(x, np.arange(len(x))), named(x[shuffle], shuffle)
    assert before.keys() == after.keys()
    np.testing.assert_allclose(
        list(before.values()), [after[pair] for pair in before], rtol=1e-5, atol=1e-5
    )


def test_a_column_of_items_themselves_changes_nothing(scorer: tuple[Score, Matrix]) -> None:
    x = groups()
    knn = build_knn_graph(x, 9)
    a, b = scorer[0](x, knn), scorer[0](x, with_self(knn))
    np.testing.assert_array_equal(a.source, b.source)
    np.testing.assert_allclose(a.score, b.score, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_hardly_any_items(scorer: tuple[Score, Matrix], n: int) -> None:
    x = groups(n, 4)
    edges = scorer[0](x, build_knn_graph(x, 5))
    assert edges.m == n * (n - 1) // 2
    assert np.isfinite(edges.score).all()


def test_twins_give_finite_scores(scorer: tuple[Score, Matrix]) -> None:
    x = np.repeat(groups(6, 4), 5, axis=0)
    edges = scorer[0](x, build_knn_graph(x, 4))
    assert edges.m == 6 * 10
    assert np.isfinite(edges.score).all()


@pytest.mark.parametrize("name", ["structure", "bhattacharyya", "mutual", "csls", "centred"])
def test_members_outrank_strangers(name: str) -> None:
    x = groups()
    edges = SCORERS[name][0](x, build_knn_graph(x, 25))
    same = edges.source % 12 == edges.target % 12
    assert edges.score[same].mean() > edges.score[~same].mean()
