"""`cluster` with a refiner: by what held-out groups told, and as invariant as without."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from covey.calibration import Calibration
from covey.clustering import cluster
from covey.knn import build_knn_graph
from covey.metrics.clustering import evaluate
from covey.models.held_out import HeldOut
from covey.scoring import score_edges
from covey.types import Constraints, InputError, MemoryLimitError, UsageError
from covey.vectors import as_rows

pytest.importorskip("torch")


@pytest.fixture(scope="module")
def collection(hidden) -> tuple[np.ndarray, np.ndarray]:
    """New groups, of sizes that the training did not see."""
    x, labels = hidden(300, 20, seed=5)
    kept = np.random.default_rng(0).permutation(300)[:220]
    return x[kept], labels[kept]


@pytest.fixture(scope="module")
def by_refiner(trained, collection):
    return cluster(collection[0], model=trained)


@pytest.fixture(scope="module")
def dial(any_refiner):
    """Leaves rows as they are; precision rises with the cut as recall falls."""
    cut = np.linspace(-0.2, 1.0, 13)
    rising = np.linspace(0.3, 1.0, 13)
    held = HeldOut(220, Calibration(cut, rising), cut, rising, rising[::-1].copy())
    return replace(any_refiner(1.0), held_out=held)


def test_better_than_without_labels_of_other_groups(by_refiner, collection) -> None:
    x, labels = collection
    found = evaluate(labels, by_refiner.clustering.labels).bcubed
    plain = evaluate(labels, cluster(x).clustering.labels).bcubed
    assert found.f > plain.f
    report = by_refiner.report
    assert report.method == "b-attention"
    assert report.partition == "map-equation"
    assert abs(report.expected_precision - found.precision) < 0.2
    assert abs(report.expected_recall - found.recall) < 0.2


@pytest.mark.parametrize(("own", "k"), [(0.0, 40), (0.5, 40), (1.0, 80)])
def test_tells_the_neighbours_that_were_used(any_refiner, collection, own, k) -> None:
    result = cluster(collection[0], model=any_refiner(own))
    assert result.report.k == k
    near = [set(row[:k].tolist()) for row in result.knn.indices]
    for one, other in zip(result.edges.source, result.edges.target, strict=True):
        assert other in near[one] or one in near[other]


def test_edges_are_calibrated_by_held_out_groups(by_refiner, trained) -> None:
    expected = trained.held_out.among(220).calibration(by_refiner.edges.score)
    np.testing.assert_array_equal(by_refiner.edges.probability, expected)
    assert by_refiner.clustering.cut == by_refiner.report.cut
    assert by_refiner.edges.probability.min() >= by_refiner.report.cut


@pytest.mark.parametrize("name", ["trained", "whitened"])
def test_neighbours_are_those_of_refined_rows(request, collection, name: str) -> None:
    x, model = collection[0], request.getfixturevalue(name)
    result = cluster(x, model=model)
    refined = model.refine(model.prepare(as_rows(x)))
    cosines = -np.sort(-(refined @ refined.T), axis=1)[:, 1 : 1 + result.knn.k]
    np.testing.assert_allclose(result.knn.similarities, cosines, atol=1e-5)


@pytest.mark.parametrize("name", ["trained", "whitened"])
def test_shuffling_renames_and_nothing_else(request, collection, assert_same, name: str) -> None:
    x, model = collection[0], request.getfixturevalue(name)
    order = np.random.default_rng(0).permutation(len(x))
    a, b = cluster(x, model=model), cluster(x[order], model=model)
    assert_same(a, b, order)
    np.testing.assert_array_equal(b.knn.similarities, a.knn.similarities[order])


def test_repeated_rows_change_nothing(by_refiner, trained, collection, assert_same) -> None:
    x = collection[0]
    of = np.concatenate([np.arange(220), np.arange(220), np.full(20, 17)])
    assert_same(by_refiner, cluster(x[of], model=trained), of)


def test_half_precision_and_read_only_rows(by_refiner, trained, collection, assert_same) -> None:
    x = collection[0].copy()
    x.flags.writeable = False
    assert_same(by_refiner, cluster(x, model=trained))
    half = cluster(x.astype(np.float16), model=trained)
    assert evaluate(by_refiner.clustering.labels, half.clustering.labels).bcubed.f > 0.9


def test_threads_and_seed_change_no_embedding(by_refiner, trained, collection) -> None:
    for options in ({"threads": 1}, {"seed": 7}):
        other = cluster(collection[0], model=trained, **options)
        np.testing.assert_array_equal(other.knn.indices, by_refiner.knn.indices)
        np.testing.assert_array_equal(other.knn.similarities, by_refiner.knn.similarities)


def test_the_dial_moves_the_cut(dial, collection) -> None:
    found = [
        cluster(collection[0], model=dial, prefer=prefer)
        for prefer in ("recall", "balanced", "precision")
    ]
    cuts = [each.report.cut for each in found]
    assert cuts == sorted(cuts)
    assert cuts[0] < cuts[2]
    sizes = [220 / each.clustering.n_clusters for each in found]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > sizes[2]
    recall, _, precision = (each.report for each in found)
    assert precision.expected_precision > recall.expected_precision
    assert recall.expected_recall > precision.expected_recall


def test_foreseen_is_what_held_out_groups_gave_at_the_cut(dial, collection) -> None:
    result = cluster(collection[0], model=dial, prefer="recall")
    curve = result.report.curve
    held = dial.held_out.among(220)
    at = np.interp(curve.cut, held.calibration.probability, held.calibration.score)
    np.testing.assert_allclose(curve.recall, np.interp(at, held.cut, held.recall), atol=1e-5)


def test_among_more_items_precision_is_foreseen_to_be_lower(dial, collection) -> None:
    fewer = replace(dial.held_out, n_items=55)
    one = cluster(collection[0], model=dial, prefer="recall").report
    other = cluster(collection[0], model=replace(dial, held_out=fewer), prefer="recall").report
    assert other.expected_precision < one.expected_precision


@pytest.mark.parametrize("own", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("n", [2, 3])
def test_hardly_any_items(any_refiner, collection, n: int, own: float) -> None:
    result = cluster(collection[0][:n], model=any_refiner(own))
    assert result.clustering.n == n
    assert result.report.method == "b-attention"


def test_equal_rows_share_a_cluster(any_refiner, collection) -> None:
    model, x = any_refiner(), collection[0]
    assert cluster(np.repeat(x[:1], 5, axis=0), model=model).clustering.labels.tolist() == [0] * 5
    labels = cluster(np.repeat(x[:9], 4, axis=0), model=model).clustering.labels.reshape(9, 4)
    assert (labels == labels[:, :1]).all()


def test_constraints_hold(trained, collection) -> None:
    x, labels = collection
    a, b = np.flatnonzero(labels == labels[0])[:2]
    apart = Constraints(cannot_link=np.array([[a, b]]))
    found = cluster(x, model=trained, constraints=apart).clustering.labels
    assert found[a] != found[b]
    stranger = int(np.flatnonzero(labels != labels[0])[0])
    linked = Constraints(must_link=np.array([[0, stranger]]))
    found = cluster(x, model=trained, constraints=linked).clustering.labels
    assert found[0] == found[stranger]


@pytest.mark.parametrize("partition", ["leiden", "components"])
@pytest.mark.parametrize("k", [None, 3])
def test_partition_and_neighbours_may_be_named(dial, collection, partition, k) -> None:
    result = cluster(collection[0], model=dial, partition=partition, k=k)
    assert result.report.partition == partition
    assert k is None or result.knn.k == k


@pytest.mark.parametrize(
    "options", [{"partition": "leiden"}, {"partition": "components"}, {"k": 7}]
)
def test_held_out_groups_tell_nothing_of_what_they_did_not_see(dial, collection, options) -> None:
    """They were judged by the map equation, on lists of one length: the halves promise there."""
    told = np.full(13, 0.123)
    model = replace(dial, held_out=replace(dial.held_out, precision=told, recall=told))
    assert (cluster(collection[0], model=model).report.curve.recall == 0.123).all()
    curve = cluster(collection[0], model=model, **options).report.curve
    assert (curve.recall != 0.123).all()
    edges = cluster(collection[0], model=dial, **options).edges
    told = dial.held_out.among(220).calibration(edges.score)
    np.testing.assert_array_equal(edges.probability, told)


@pytest.mark.parametrize("judges", [27, 49])
def test_too_few_judges_foresee_nothing(dial, collection, judges: int) -> None:
    """Of 220 items those of eight times fewer, or fewer than 50 of any number."""
    few = replace(dial, held_out=replace(dial.held_out, n_items=judges))
    report = cluster(collection[0], model=few).report
    assert not report.by_labels
    assert cluster(collection[0], model=dial).report.by_labels
    assert f"the model was judged on {judges} items, too few" in report.notes[-1]
    assert len(report.curve.cut) <= 10


@pytest.mark.parametrize("method", ["universal", "untrained", "cosine"])
def test_another_method_is_refused(any_refiner, collection, method: str) -> None:
    with pytest.raises(UsageError, match=f"method of its own: leave out '{method}', or"):
        cluster(collection[0], model=any_refiner(), method=method)


def test_what_it_was_not_trained_for_is_refused(any_refiner, collection) -> None:
    x = collection[0]
    with pytest.raises(InputError, match="embeddings of 16 numbers, these have 15; use the"):
        cluster(x[:, :15], model=any_refiner())
    with pytest.raises(UsageError, match="cannot be used with metric 'euclidean': use 'cosine'"):
        cluster(x, model=any_refiner(), metric="euclidean")


@pytest.mark.parametrize("own", [0.5, 1.0])
def test_takes_and_tells_no_more_stages_than_needed(any_refiner, collection, own: float) -> None:
    seen: list[tuple[str, float]] = []
    cluster(collection[0], model=any_refiner(own), progress=lambda *each: seen.append(each))
    stages = list(dict.fromkeys(stage for stage, _ in seen))
    refining = ["first neighbours", "refining"] if own < 1 else []
    assert stages == ["reading", *refining, "neighbours", "agreement", "groups"]
    assert {(stage, 1.0) for stage in stages} <= set(seen)


def test_without_torch_where_the_network_gained_nothing(dial, collection, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    assert cluster(collection[0], model=dial).clustering.n == 220


@pytest.mark.parametrize("name", ["trained", "whitened"])
def test_memory_of_refining_counts(request, collection, name: str) -> None:
    x, model = collection[0], request.getfixturevalue(name)
    stages: list[str] = []
    with pytest.raises(
        MemoryLimitError, match=r"refining 220 items needs about .* MB, the limit is 20 MB: .*out"
    ):
        cluster(x, model=model, memory_limit=20 * 10**6, progress=lambda at, _: stages.append(at))
    assert set(stages) == {"reading"}
    cluster(x, memory_limit=20 * 10**6)
    cluster(x, model=model, memory_limit=10**8)


@pytest.fixture(scope="module")
def by_scorer(with_scorer, collection):
    return cluster(collection[0], model=with_scorer)


def test_learned_scores_make_the_groups(by_scorer, with_scorer, collection) -> None:
    x, labels = collection
    report = by_scorer.report
    assert (report.method, report.partition, report.k) == ("b-attention", "average-linkage", 64)
    rows = as_rows(x)
    knn = build_knn_graph(rows, 64)
    edges = score_edges(rows, knn, "learned", model=with_scorer.scorer)
    pairs = {
        (int(a), int(b)): score
        for a, b, score in zip(edges.source, edges.target, edges.score, strict=True)
    }
    used = by_scorer.edges
    for a, b, score in zip(used.source, used.target, used.score, strict=True):
        assert score == pytest.approx(pairs[int(a), int(b)], abs=1e-5)
    cuts = with_scorer.held_out.cut
    assert np.abs(used.score.min() - cuts).min() < 0.1
    found = evaluate(labels, by_scorer.clustering.labels).bcubed
    plain = evaluate(labels, cluster(x).clustering.labels).bcubed
    assert found.f > plain.f
    told = with_scorer.held_out.among(len(x))
    assert report.agreement < 0.3, "so the promise of precision is drawn down"
    assert report.expected_precision < told.precision.max()
    assert told.recall.min() <= report.expected_recall <= told.recall.max()
    assert abs(report.expected_recall - found.recall) < 0.2


def test_learned_scores_of_shuffled_and_repeated_rows(by_scorer, with_scorer, collection) -> None:
    x, _ = collection
    order = np.random.default_rng(1).permutation(len(x))
    shuffled = cluster(x[order], model=with_scorer).clustering.labels
    expected = by_scorer.clustering.labels[order]
    assert adjusted_rand_score(shuffled, expected) == 1
    doubled = cluster(np.concatenate([x, x[:30]]), model=with_scorer).clustering.labels
    assert adjusted_rand_score(doubled[: len(x)], by_scorer.clustering.labels) == 1
    np.testing.assert_array_equal(doubled[len(x) :], doubled[:30])


def test_any_partition_goes_with_learned_scores(with_scorer, collection) -> None:
    for name in ("map-equation", "leiden", "components"):
        result = cluster(collection[0][:80], model=with_scorer, partition=name)
        assert result.report.partition == name
        assert len(result.clustering.labels) == 80


@pytest.mark.parametrize("n", [2, 3, 20])
def test_learned_scores_of_few_items(with_scorer, collection, n) -> None:
    assert len(cluster(collection[0][:n], model=with_scorer).clustering.labels) == n
