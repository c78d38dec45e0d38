"""The main job as one function: what the user was promised, on whole collections."""

import numba
import numpy as np
import pytest

from covey import clustering, scoring, selection
from covey.clustering import ClusterResult, cluster
from covey.datasets.digits import load_digits_images
from covey.datasets.synthetic import von_mises_fisher_mixture
from covey.graph_partition import PARTITIONS
from covey.metrics.clustering import evaluate
from covey.metrics.information import adjusted_mutual_information
from covey.partition.canonical import renumber
from covey.partition.constraints import check_constraints
from covey.scoring import COMPARE_DIRECTIONS, SCORERS
from covey.types import Constraints, InputError, MemoryLimitError, UsageError

_NO_PAIRS = np.empty((0, 2), np.int64)


@pytest.fixture(scope="module")
def mixture():
    return von_mises_fisher_mixture(600, 48, n_groups=30, noise=0.1, seed=3)


@pytest.fixture(scope="module")
def found(mixture) -> ClusterResult:
    return cluster(mixture[0])


def _same(a: ClusterResult, b: ClusterResult, order: np.ndarray | slice = slice(None)) -> None:
    """Asserts that b groups `order` of what a groups, up to the names of clusters."""
    np.testing.assert_array_equal(b.clustering.labels, renumber(a.clustering.labels[order]))
    np.testing.assert_array_equal(b.clustering.strength, a.clustering.strength[order])
    assert b.clustering.cut == a.clustering.cut
    assert b.report.method == a.report.method
    assert b.report.agreement == a.report.agreement
    assert b.report.expected_precision == a.report.expected_precision


# Promises about order, repetition and form


def _collections() -> dict[str, np.ndarray]:
    return {
        "digits": load_digits_images().x,
        "mixture": von_mises_fisher_mixture(600, 48, n_groups=30, noise=0.1, seed=3)[0],
    }


@pytest.mark.parametrize("name", ["digits", "mixture"])
def test_shuffling_renames_and_nothing_else(name: str) -> None:
    x = _collections()[name]
    order = np.random.default_rng(0).permutation(len(x))
    a, b = cluster(x), cluster(x[order])
    _same(a, b, order)
    np.testing.assert_allclose(
        b.report.cohesion[b.clustering.labels],
        a.report.cohesion[a.clustering.labels[order]],
        atol=1e-6,
    )
    place = np.argsort(order)
    pairs = np.sort(np.stack([place[a.edges.source], place[a.edges.target]]), axis=0)
    by_pair = np.lexsort((pairs[1], pairs[0]))
    np.testing.assert_array_equal(pairs[0][by_pair], b.edges.source)
    np.testing.assert_array_equal(a.edges.probability[by_pair], b.edges.probability)


def test_shuffling_euclidean_rows(mixture) -> None:
    x = mixture[0][:500] * np.random.default_rng(1).uniform(1, 2, size=(500, 1))
    order = np.random.default_rng(0).permutation(500)
    _same(cluster(x, metric="euclidean"), cluster(x[order], metric="euclidean"), order)


@pytest.mark.parametrize(
    "layout", ["one after the other", "twins side by side", "one row 50 times"]
)
def test_repeated_rows_change_nothing(mixture, found, layout: str) -> None:
    n = len(mixture[0])
    of = {
        "one after the other": np.tile(np.arange(n), 2),
        "twins side by side": np.repeat(np.arange(n), 2),
        "one row 50 times": np.concatenate([np.arange(n), np.full(49, 17)]),
    }[layout]
    repeated = cluster(mixture[0][of])
    _same(found, repeated, of)
    assert f"{len(of) - n:,} items repeat" in repeated.report.notes[0]
    assert repeated.knn.n == len(of)
    np.testing.assert_array_equal(repeated.knn.similarities, found.knn.similarities[of])
    same = of[repeated.edges.source] == of[repeated.edges.target]
    assert same.sum() == len(of) - n
    assert (repeated.edges.probability[same] == 1).all()


def test_the_curve_counts_repeated_rows(mixture, found) -> None:
    before = found.report.curve
    curve = cluster(np.repeat(mixture[0], 3, axis=0)).report.curve
    np.testing.assert_array_equal(curve.n_clusters, before.n_clusters)
    np.testing.assert_array_equal(curve.largest, 3 * before.largest)
    assert (curve.n_singletons == 0).all()
    assert (before.n_singletons > 0).any()


@pytest.mark.parametrize(("noise", "least"), [(0.0, 0.98), (0.1, 0.95)])
def test_half_precision_is_nearly_the_same(noise: float, least: float) -> None:
    """Rounding may tip the choice between neighbouring cuts; strays then join or leave."""
    x, _ = von_mises_fisher_mixture(900, 48, n_groups=40, noise=noise, seed=3)
    full, half = cluster(x), cluster(x.astype(np.float16))
    assert adjusted_mutual_information(half.clustering.labels, full.clustering.labels) >= least
    assert half.report.agreement == pytest.approx(full.report.agreement, abs=0.05)
    assert half.report.expected_precision == pytest.approx(full.report.expected_precision, abs=0.1)
    assert half.report.expected_recall == pytest.approx(full.report.expected_recall, abs=0.1)


@pytest.mark.parametrize("layout", ["fortran", "strided", "memmap", "float64", "scaled"])
def test_any_layout(mixture, found, layout: str, tmp_path) -> None:
    x = mixture[0]
    if layout == "memmap":
        np.save(tmp_path / "x.npy", x)
        given = np.load(tmp_path / "x.npy", mmap_mode="r")
    else:
        given = {
            "fortran": np.asfortranarray(x),
            "strided": np.repeat(x, 2, axis=1)[:, ::2],
            "float64": x.astype(np.float64),
            "scaled": x * 4,  # a power of two: the same digits
        }[layout]
    kept = given.copy()
    got = cluster(given)
    np.testing.assert_array_equal(given, kept)
    if layout == "scaled":  # brought to unit length, so last digits may differ
        ami = adjusted_mutual_information(got.clustering.labels, found.clustering.labels)
        assert ami >= 0.95
    else:
        _same(found, got)


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_and_runs_change_nothing(mixture, found, threads: int) -> None:
    _same(found, cluster(mixture[0], threads=threads))


def test_compiled_loops_take_no_more_threads_than_given(mixture, monkeypatch) -> None:
    taken = []

    def score_edges(*arguments):
        taken.append(numba.get_num_threads())
        return scoring.score_edges(*arguments)

    for module in (clustering, selection):
        monkeypatch.setattr(module, "score_edges", score_edges)
    before = numba.get_num_threads()
    cluster(mixture[0][:100], threads=1)
    assert set(taken) == {1}
    assert numba.get_num_threads() == before


def test_the_seed_changes_little(mixture, found) -> None:
    other = cluster(mixture[0], seed=12345)
    ami = adjusted_mutual_information(other.clustering.labels, found.clustering.labels)
    assert ami > 0.9


def test_euclidean_groups_do_not_depend_on_where_zero_is() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(12, 10))[np.arange(480) % 12] * 3 + rng.normal(size=(480, 10))
    a, b = cluster(x, metric="euclidean"), cluster(x + 50, metric="euclidean")
    assert adjusted_mutual_information(a.clustering.labels, b.clustering.labels) > 0.95


# What comes out


def test_finds_the_groups(mixture, found) -> None:
    scores = evaluate(mixture[1], found.clustering.labels)
    assert scores.bcubed.f > 0.85
    assert found.report.notes == []


@pytest.mark.parametrize("prefer", ["precision", "balanced", "recall"])
def test_report_is_in_range_and_aligned(mixture, prefer) -> None:
    result = cluster(mixture[0], prefer=prefer, method="cosine")
    report, curve, got = result.report, result.report.curve, result.clustering
    n = len(mixture[0])
    for value in (report.expected_precision, report.expected_recall, report.agreement, report.cut):
        assert 0 <= value <= 1
    assert report.method == "cosine"
    assert report.partition == "map-equation"
    assert report.prefer == prefer
    assert got.cut == report.cut
    assert len(got.labels) == len(got.strength) == n
    assert ((got.strength >= 0) & (got.strength <= 1)).all()
    np.testing.assert_array_equal(got.labels, renumber(got.labels))
    assert len(report.cohesion) == got.n_clusters
    assert ((report.cohesion >= 0) & (report.cohesion <= 1)).all()
    assert (report.cohesion[got.sizes == 1] == 1).all()

    size = len(curve.cut)
    for array in (curve.n_clusters, curve.n_singletons, curve.largest, curve.precision):
        assert array.shape == (size,)
    for array in (curve.precision, curve.recall, curve.agreement):
        assert array.shape == (size,)
        assert ((array >= 0) & (array <= 1)).all()
    assert (np.diff(curve.cut) >= 0).all()
    assert (curve.n_singletons <= curve.n_clusters).all()
    assert (curve.n_clusters + curve.largest <= n + 1).all()
    assert 0 <= curve.chosen < size
    assert curve.cut[curve.chosen] == pytest.approx(report.cut)
    assert curve.precision[curve.chosen] == report.expected_precision
    assert curve.n_clusters[curve.chosen] == pytest.approx(got.n_clusters, rel=0.1)

    assert set(report.seconds) == {"reading", "neighbours", "agreement", "groups"}
    assert all(seconds >= 0 for seconds in report.seconds.values())

    edges = result.edges
    assert (edges.source < edges.target).all()
    assert edges.target.max() < n
    assert (edges.probability >= np.float32(report.cut)).all()
    assert edges.probability.max() <= 1
    assert result.knn.n == n
    assert result.knn.k == 80


def test_clusters_hang_together_by_edges_above_the_cut(found) -> None:
    labels = found.clustering.labels
    linked = np.zeros(len(labels), bool)
    inside = labels[found.edges.source] == labels[found.edges.target]
    linked[found.edges.source[inside]] = linked[found.edges.target[inside]] = True
    np.testing.assert_array_equal(linked, found.clustering.sizes[labels] > 1)


def test_cohesion_equals_a_loop(found) -> None:
    labels, edges = found.clustering.labels, found.edges
    for group in range(found.clustering.n_clusters):
        inside = (labels[edges.source] == group) & (labels[edges.target] == group)
        expected = edges.probability[inside].mean() if inside.any() else 1.0
        assert found.report.cohesion[group] == pytest.approx(expected, abs=1e-5)


def test_the_dial_moves_cluster_sizes() -> None:
    x = load_digits_images().x[::2]
    size = [
        len(x) / cluster(x, prefer=prefer).clustering.n_clusters
        for prefer in ("precision", "balanced", "recall")
    ]
    assert size == sorted(size)
    assert size[0] < size[2]


@pytest.mark.parametrize("partition", PARTITIONS)
def test_every_partition(mixture, partition: str) -> None:
    x, labels = mixture[0][:400], mixture[1][:400]
    result = cluster(x, partition=partition)
    assert result.report.partition == partition
    assert evaluate(labels, result.clustering.labels).bcubed.f > 0.6
    order = np.random.default_rng(0).permutation(400)
    _same(result, cluster(x[order], partition=partition), order)


@pytest.mark.parametrize("method", SCORERS)
def test_every_scorer(mixture, method: str) -> None:
    x, labels = mixture[0][:400], mixture[1][:400]
    result = cluster(x, method=method)
    assert result.report.method == method
    assert evaluate(labels, result.clustering.labels).bcubed.f > 0.75


@pytest.mark.parametrize("method", ["auto", *sorted(set(SCORERS) - COMPARE_DIRECTIONS)])
def test_euclidean_scorers(method: str) -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(400) % 10
    x = 4 * rng.normal(size=(10, 16))[labels] + rng.normal(size=(400, 16))
    result = cluster(x, metric="euclidean", method=method)
    assert result.report.method not in COMPARE_DIRECTIONS
    assert evaluate(labels, result.clustering.labels).bcubed.f > 0.95
    assert (result.knn.similarities <= 0).all()


@pytest.mark.parametrize("k", [1, 3, 40, 10_000])
def test_any_number_of_neighbours(mixture, k: int) -> None:
    result = cluster(mixture[0][:120], k=k)
    assert result.knn.k == min(k, 119)
    assert result.clustering.n == 120


def test_large_collections_take_shorter_lists(mixture, monkeypatch) -> None:
    monkeypatch.setattr(clustering, "_MANY", 119)
    assert cluster(mixture[0][:120]).knn.k == 50
    assert cluster(mixture[0][:119]).knn.k == 80
    assert cluster(mixture[0][:120], k=70).knn.k == 70


# Collections with nothing to find, or little


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("n", [2, 3, 4])
def test_few_items(n: int, metric) -> None:
    result = cluster(np.random.default_rng(n).normal(size=(n, 6)), metric=metric)
    assert result.clustering.n == n
    assert result.knn.k == n - 1
    assert any(f"{n} items" in note for note in result.report.notes)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_all_rows_equal(metric) -> None:
    result = cluster(np.full((30, 5), 0.7), metric=metric)
    assert result.clustering.n_clusters == 1
    assert result.edges.m == 29
    assert result.report.cohesion.tolist() == [1]
    assert any("one item without repeats" in note for note in result.report.notes)
    assert any("29 items repeat" in note for note in result.report.notes)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_two_rows_repeated(metric) -> None:
    rows = np.array([[1.0, 0.1, 0], [-0.1, 0.2, 1]])
    labels = cluster(np.repeat(rows, 20, axis=0), metric=metric).clustering.labels
    assert len(np.unique(labels[:20])) == len(np.unique(labels[20:])) == 1


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize(("n", "d"), [(60, 16), (500, 8), (600, 64)])
def test_noise_is_called_noise(n: int, d: int, metric) -> None:
    result = cluster(np.random.default_rng(n).normal(size=(n, d)), metric=metric)
    assert result.report.agreement < 0.3
    assert any("may be no groups" in note for note in result.report.notes)


def test_a_single_tight_group() -> None:
    """One heap has no parts: whatever is made of it, the report must not vouch for it."""
    x = np.eye(32)[0] + 0.02 * np.random.default_rng(0).normal(size=(300, 32))
    report = cluster(x).report
    assert report.agreement < 0.3
    assert any("may be no groups" in note for note in report.notes)


def test_groups_in_the_plane() -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(600) % 9
    centre = np.stack(np.meshgrid([0, 10, 20], [0, 10, 20]), axis=-1).reshape(9, 2)
    result = cluster(centre[labels] + rng.normal(size=(600, 2)), metric="euclidean")
    assert evaluate(labels, result.clustering.labels).bcubed.f > 0.97
    assert any("a little noise" in note for note in result.report.notes)


def test_many_small_groups_in_the_plane() -> None:
    rng = np.random.default_rng(1)
    labels = np.arange(1500) % 100
    grid = np.stack(np.meshgrid(np.arange(10), np.arange(10)), axis=-1).reshape(100, 2)
    x = grid[labels] + 0.03 * rng.normal(size=(1500, 2))
    result = cluster(x, metric="euclidean")
    assert evaluate(labels, result.clustering.labels).bcubed.f > 0.95
    assert result.report.expected_recall > 0.8


def test_many_dimensions_and_distances() -> None:
    rng = np.random.default_rng(2)
    labels = np.arange(500) % 20
    x = 0.5 * rng.normal(size=(20, 400))[labels] + rng.normal(size=(500, 400))
    result = cluster(x, metric="euclidean")
    assert evaluate(labels, result.clustering.labels).bcubed.f > 0.95
    assert result.report.agreement > 0.8
    assert len(np.unique(result.edges.score)) > result.edges.m / 2


def test_one_dimension() -> None:
    labels = np.arange(400) % 4
    x = np.array([0, 10, 20, 50])[labels] + 0.3 * np.random.default_rng(0).normal(size=400)
    result = cluster(x[:, None], metric="euclidean")
    scores = evaluate(labels, result.clustering.labels)
    assert scores.bcubed.precision == 1
    assert scores.bcubed.f > 0.9
    signs = cluster(np.array([[2.0], [-1], [3], [-4], [5]])).clustering.labels  # cosines of +-1
    assert signs[0] == signs[2] == signs[4]
    assert signs[1] == signs[3]


# What is refused


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_a_bad_number_is_named(value: float, metric) -> None:
    x = np.random.default_rng(0).normal(size=(50, 4))
    x[31, 2] = value
    with pytest.raises(InputError, match=rf"row 31 .* {value} in column 2"):
        cluster(x, metric=metric)


def test_a_row_of_zeros_is_named() -> None:
    x = np.random.default_rng(0).normal(size=(50, 4))
    x[12] = 0
    with pytest.raises(InputError, match=r"row 12 .* all zeros"):
        cluster(x)
    assert cluster(x, metric="euclidean").clustering.n == 50


@pytest.mark.parametrize("x", [np.ones((1, 3)), np.ones((0, 3)), np.ones(3), np.array([["a"]])])
def test_no_collection(x) -> None:
    with pytest.raises(InputError):
        cluster(x)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"method": "magic"}, "unknown method 'magic': choose one of auto, cosine"),
        ({"partition": "magic"}, "unknown partition 'magic'"),
        ({"prefer": "speed"}, "unknown prefer 'speed': choose one of precision, balanced, recall"),
        ({"metric": "dot"}, "unknown metric 'dot'"),
        ({"k": 0}, "k must be at least 1, got 0"),
        ({"seed": -1}, "seed must be at least 0, got -1"),
        ({"threads": 0}, "threads must be at least 1, got 0"),
        ({"metric": "euclidean", "method": "smoothed"}, "compares directions"),
        ({"metric": "euclidean", "method": "profiles"}, "compares directions"),
    ],
)
def test_wrong_options_are_refused(option, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        cluster(np.eye(5), **option)


def test_too_little_memory_is_told() -> None:
    with pytest.raises(MemoryLimitError):
        cluster(np.eye(50), memory_limit=1000)


# Constraints


def _constraints(labels: np.ndarray, seed: int) -> Constraints:
    """Pairs against the truth, so that they cost something, and photos of three."""
    rng = np.random.default_rng(seed)
    n = len(labels)
    must = rng.integers(0, n // 2, size=(20, 2))
    same = [np.flatnonzero(labels == group)[:2] for group in range(15)]
    cannot = np.array([pair for pair in same if len(pair) == 2 and pair.min() >= n // 2])
    exclusive = np.full(n, -1)
    exclusive[-90:] = np.repeat(np.arange(30), 3)
    return Constraints(must, cannot if len(cannot) else _NO_PAIRS, exclusive)


@pytest.mark.parametrize("partition", PARTITIONS)
def test_constraints_are_always_kept(mixture, partition: str) -> None:
    x, labels = mixture[0][:300], mixture[1][:300]
    constraints = _constraints(labels, 0)
    result = cluster(x, partition=partition, constraints=constraints)
    assert check_constraints(result.clustering.labels, constraints) == 0
    assert evaluate(labels, result.clustering.labels).bcubed.f > 0.3


def test_constraints_between_equal_rows(mixture) -> None:
    """Two people in one photo whose rows are equal bit for bit stay apart all the same."""
    x = np.repeat(mixture[0][:150], 3, axis=0)
    constraints = Constraints(
        np.array([[3, 30], [31, 60]]),
        np.array([[0, 1], [1, 2], [0, 2], [30, 31]]),
        np.where(np.arange(450) // 3 == 40, 7, -1),
    )
    labels = cluster(x, constraints=constraints).clustering.labels
    assert check_constraints(labels, constraints) == 0
    assert len({*labels[:3]}) == 3
    assert len({*labels[120:123]}) == 3


def test_no_constraints_are_no_constraints(mixture, found) -> None:
    _same(found, cluster(mixture[0], constraints=Constraints()))


def test_a_contradiction_names_the_callers_items(mixture) -> None:
    constraints = Constraints(np.array([[8, 93]]), np.array([[93, 8]]))
    with pytest.raises(UsageError, match="items 93 and 8 apart"):
        cluster(mixture[0], constraints=constraints)


# Progress and interruption


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_progress_of_every_stage(mixture, metric) -> None:
    calls: list[tuple[str, float]] = []
    cluster(mixture[0][:300], metric=metric, progress=lambda *call: calls.append(call))
    stages = list(dict.fromkeys(stage for stage, _ in calls))
    assert stages == ["reading", "neighbours", "agreement", "groups"]
    assert [stage for stage, _ in calls] == sorted((s for s, _ in calls), key=stages.index)
    for stage in stages:
        done = [fraction for name, fraction in calls if name == stage]
        assert done[0] == 0
        assert done[-1] == 1
        assert all(0 <= fraction <= 1 for fraction in done)
    agreement = [fraction for name, fraction in calls if name == "agreement"]
    assert agreement == sorted(agreement)
    assert len(agreement) > 20


@pytest.mark.parametrize("stage", ["reading", "neighbours", "agreement", "groups"])
def test_an_interrupt_comes_through(mixture, found, stage: str) -> None:
    def stop(name: str, done: float) -> None:
        if name == stage and done > 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cluster(mixture[0], progress=stop)
    _same(found, cluster(mixture[0]))  # and leaves nothing behind


# More than are judged


def test_a_part_decides_for_a_large_collection(monkeypatch) -> None:
    x, labels = von_mises_fisher_mixture(3_000, 48, n_groups=120, seed=5)
    full = cluster(x)
    monkeypatch.setattr(clustering, "_MOST_JUDGED", 500)
    monkeypatch.setattr("covey.sampling._REGION", 100)
    part = cluster(x)
    ami = adjusted_mutual_information(part.clustering.labels, full.clustering.labels)
    assert ami > 0.9
    gap = evaluate(labels, full.clustering.labels).bcubed.f
    gap -= evaluate(labels, part.clustering.labels).bcubed.f
    assert gap < 0.05
    assert any("whole regions" in note for note in part.report.notes)
    curve = part.report.curve
    assert curve.n_clusters[curve.chosen] == part.clustering.n_clusters
    assert (curve.n_singletons <= curve.n_clusters).all()
    assert (curve.n_clusters <= 3_000).all()
    order = np.random.default_rng(0).permutation(3_000)
    _same(part, cluster(x[order]), order)


def test_one_repeated_row_is_told_in_the_singular() -> None:
    x = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32)
    assert cluster(x).report.notes[0].startswith("1 item repeats another row")
