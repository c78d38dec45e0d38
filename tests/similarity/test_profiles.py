from __future__ import annotations

import numpy as np
import pytest

from covey.knn import build_knn_graph
from covey.similarity import profiles
from covey.similarity.profiles import profile_matrix
from covey.types import KnnGraph, UsageError


def oracle(x: np.ndarray, knn: KnnGraph, centred: bool) -> np.ndarray:
    """Profiles one pair at a time."""
    x = x / np.linalg.norm(x, axis=1, keepdims=True)
    score = np.empty(knn.indices.shape)
    for i in range(knn.n):
        local = [i, *knn.indices[i].tolist()]

        def profile(j: int, local: list[int] = local) -> np.ndarray:
            row = np.array([x[j] @ x[m] for m in local])
            if centred:
                row[local.index(j)] = x[local[0]] @ x[local[1]]
                row -= row.mean()
            return row / np.linalg.norm(row)

        score[i] = [profile(i) @ profile(j) for j in local[1:]]
    return score


@pytest.mark.parametrize("centred", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_equals_pair_by_pair(centred: bool, dtype: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiles, "_CHUNK_BYTES", 5000)  # several chunks
    x = (3 * np.random.default_rng(0).normal(size=(80, 12))).astype(dtype)
    knn = build_knn_graph(x, 7)
    np.testing.assert_allclose(
        profile_matrix(x, knn, centred=centred),
        oracle(x.astype(float), knn, centred),
        atol=2e-5,
    )


def test_another_collection_is_refused() -> None:
    knn = build_knn_graph(np.eye(4), 2)
    with pytest.raises(UsageError, match="5 rows"):
        profile_matrix(np.eye(5), knn)
