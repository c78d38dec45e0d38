"""Signs of clusterings against plain loops; clusterings that say nothing."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import adjusted_mutual_info_score

from covey.graph import knn_to_edges
from covey.knn import build_knn_graph
from covey.models.appraisal import SIGNS, Appraiser, CutTrial, read_signs
from covey.partition.canonical import renumber
from covey.types import KnnGraph


def _naive_bcubed(truth: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    precision = recall = 0.0
    for i in range(len(truth)):
        both = ((truth == truth[i]) & (labels == labels[i])).sum()
        precision += both / (labels == labels[i]).sum()
        recall += both / (truth == truth[i]).sum()
    return precision / len(truth), recall / len(truth)


def _agree(a: np.ndarray, b: np.ndarray) -> float:
    if min(len(set(a)), len(set(b))) == 1 or max(len(set(a)), len(set(b))) == len(a):
        return 0.0
    return max(0.0, adjusted_mutual_info_score(a, b))


def _sizes(labels: np.ndarray) -> np.ndarray:
    return np.array([(labels == one).sum() for one in labels])


def _oracle(trial: CutTrial, knn: KnnGraph) -> list[dict[str, float]]:
    """One cut and one sign at a time."""
    count, n = trial.labels.shape
    first, second = trial.halves
    agreement = [_agree(first[c], second[c]) for c in range(count)]
    company = [np.mean([_sizes(half[c]) > 1 for half in trial.halves]) for c in range(count)]
    utility = [a * b**0.2 for a, b in zip(agreement, company, strict=True)]
    best = int(np.argmax(utility))
    weight = np.exp((np.array(utility) - max(utility)) / 0.02)
    weight[weight <= 0.01 * weight.sum()] = 0
    weight /= weight.sum()
    pairs = {(min(i, j), max(i, j)) for i in range(n) for j in knn.indices[i].tolist()}

    def steady(labels: np.ndarray, c: int, step: int) -> float:
        return _agree(labels[c], labels[c + step]) if 0 <= c + step < count else 1.0

    found = []
    for c in range(count):
        labels, sizes = trial.labels[c], _sizes(trial.labels[c])
        against = np.array(
            [np.mean([_naive_bcubed(h[o], labels) for h in trial.halves], 0) for o in range(count)]
        )
        near = [[labels[j] == labels[i] for j in knn.indices[i]] for i in range(n)]
        signs = {
            "agreement of the halves": agreement[c],
            "share of the halves' items in company": company[c],
            "utility below the highest": utility[c] - max(utility),
            "highest utility": max(utility),
            "agreement where utility is highest": agreement[best],
            "log density over that of the highest utility": np.log(
                trial.density[c] / trial.density[best]
            ),
            "precision against the halves at this cut": against[c, 0],
            "recall against the halves at this cut": against[c, 1],
            "precision against the halves at good cuts": weight @ against[:, 0],
            "recall against the halves at good cuts": weight @ against[:, 1],
            "log density": np.log(trial.density[c]),
            "log clusters per item": np.log(len(set(labels)) / n),
            "share of items alone": np.mean(sizes == 1),
            "log share of the largest cluster": np.log(sizes.max() / n),
            "mean log size of an item's cluster": np.log(sizes).mean(),
            "deviation of log size": np.log(sizes).std(),
            "kept edges inside": trial.kept[c],
            "all edges inside": np.mean([labels[i] == labels[j] for i, j in pairs]),
            "agreement with the coarser cut": steady(trial.labels, c, -1),
            "agreement with the finer cut": steady(trial.labels, c, 1),
            "agreement with the coarser cut, halves": np.mean(
                [steady(half, c, -1) for half in trial.halves]
            ),
            "agreement with the finer cut, halves": np.mean(
                [steady(half, c, 1) for half in trial.halves]
            ),
            "mean log size in the halves above that in the whole": np.mean(
                [np.log(_sizes(half[c])) for half in trial.halves]
            )
            - np.log(sizes).mean(),
            "agreement of the halves at the coarser cut": agreement[max(c - 1, 0)],
            "agreement of the halves at the finer cut": agreement[min(c + 1, count - 1)],
        }
        for k in (1, 5, 10, 30):
            signs[f"nearest {k} inside"] = np.mean([row[:k] for row in near])
        found.append(signs)
    return found


def _trial(n: int, cuts: int, seed: int) -> tuple[CutTrial, KnnGraph]:
    rng = np.random.default_rng(seed)
    groups = np.arange(n) % 6

    def noisy(share: float) -> np.ndarray:
        labels = np.where(rng.random(n) < share, rng.integers(6, 20, n), groups)
        return renumber(labels).astype(np.int32)

    labels = [[noisy(0.15 * c) for c in range(cuts)] for _ in range(3)]
    stacked = np.array(labels, np.int32)
    knn = build_knn_graph(rng.normal(size=(6, 4))[groups] + rng.normal(size=(n, 4)), 12)
    return CutTrial(np.geomspace(8, 1, cuts), stacked[0], stacked[1:], rng.random(cuts)), knn


@pytest.mark.parametrize(("n", "cuts"), [(50, 4), (50, 1), (14, 3)])
def test_signs_equal_loops(n: int, cuts: int) -> None:
    trial, knn = _trial(n, cuts, n)
    got = read_signs(trial, knn_to_edges(knn), knn)
    assert (got.shape, got.dtype) == ((cuts, len(SIGNS)), np.float32)
    expected = _oracle(trial, knn)
    assert set(expected[0]) == set(SIGNS)
    for c, signs in enumerate(expected):
        for number, name in enumerate(SIGNS):
            assert got[c, number] == pytest.approx(signs[name], abs=2e-5), name


def test_signs_of_shuffled_items_are_the_same() -> None:
    trial, knn = _trial(60, 4, 1)
    order = np.random.default_rng(0).permutation(60)
    place = np.argsort(order)
    shuffled = CutTrial(
        trial.density,
        np.array([renumber(labels[order]) for labels in trial.labels], np.int32),
        np.array([[renumber(c[order]) for c in half] for half in trial.halves], np.int32),
        trial.kept,
    )
    graph = KnnGraph(place[knn.indices[order]], knn.similarities[order])
    np.testing.assert_allclose(
        read_signs(shuffled, knn_to_edges(graph), graph),
        read_signs(trial, knn_to_edges(knn), knn),
        atol=1e-5,
    )


@pytest.mark.parametrize("n", [1, 2, 3, 40])
@pytest.mark.parametrize("together", [True, False])
def test_all_together_and_all_alone_agree_on_nothing(n: int, together: bool) -> None:
    labels = (np.zeros(n) if together else np.arange(n)).astype(np.int32)
    trial = CutTrial(
        np.array([2.0, 1.0]), np.tile(labels, (2, 1)), np.tile(labels, (2, 2, 1)), np.ones(2)
    )
    assert (trial.agreement == 0).all()
    knn = build_knn_graph(np.random.default_rng(n).normal(size=(n, 3)), min(5, n - 1) or 1)
    signs = read_signs(trial, knn_to_edges(knn), knn)
    assert np.isfinite(signs).all()
    named = dict(zip(SIGNS, signs[0], strict=True))
    assert named["share of items alone"] == (not together or n == 1)
    assert named["log share of the largest cluster"] == pytest.approx(
        0 if together else -np.log(n), abs=1e-6
    )
    if n > 1:
        assert named["nearest 1 inside"] == named["all edges inside"] == together


def test_the_appraiser_gives_shares(any_network) -> None:
    network = any_network(len(SIGNS), 2)
    signs = np.random.default_rng(0).normal(size=(9, len(SIGNS))).astype(np.float32)
    got = Appraiser(network)(signs)
    assert (got.shape, got.dtype) == ((9, 2), np.float64)
    assert ((got > 0) & (got < 1)).all()
    np.testing.assert_allclose(got, expit(network(signs).astype(float)))
