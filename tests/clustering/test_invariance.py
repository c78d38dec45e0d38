"""What must not change the clusters: order, repetition, form, threads, seed, place of zero."""

import numba
import numpy as np
import pytest

from covey import clustering, scoring, selection
from covey.clustering import cluster
from covey.datasets.digits import load_digits_images
from covey.datasets.synthetic import von_mises_fisher_mixture
from covey.metrics.information import adjusted_mutual_information


@pytest.mark.parametrize("name", ["digits", "mixture"])
def test_shuffling_renames_and_nothing_else(mixture, name: str, assert_same) -> None:
    x = {"digits": load_digits_images().x, "mixture": mixture[0]}[name]
    order = np.random.default_rng(0).permutation(len(x))
    a, b = cluster(x), cluster(x[order])
    assert_same(a, b, order)
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


def test_shuffling_euclidean_rows(mixture, assert_same) -> None:
    x = mixture[0][:500] * np.random.default_rng(1).uniform(1, 2, size=(500, 1))
    order = np.random.default_rng(0).permutation(500)
    assert_same(cluster(x, metric="euclidean"), cluster(x[order], metric="euclidean"), order)


@pytest.mark.parametrize(
    "layout", ["one after the other", "twins side by side", "one row 50 times"]
)
def test_repeated_rows_change_nothing(mixture, found, layout: str, assert_same) -> None:
    n = len(mixture[0])
    of = {
        "one after the other": np.tile(np.arange(n), 2),
        "twins side by side": np.repeat(np.arange(n), 2),
        "one row 50 times": np.concatenate([np.arange(n), np.full(49, 17)]),
    }[layout]
    repeated = cluster(mixture[0][of])
    assert_same(found, repeated, of)
    assert f"{len(of) - n:,} items repeat" in repeated.report.notes[0]
    assert repeated.knn.n == len(of)
    np.testing.assert_array_equal(repeated.knn.similarities, found.knn.similarities[of])
    same = of[repeated.edges.source] == of[repeated.edges.target]
    assert same.sum() == len(of) - n
    assert (repeated.edges.probability[same] == 1).all()


@pytest.mark.parametrize(("noise", "least"), [(0.0, 0.98), (0.1, 0.95)])
def test_half_precision_is_nearly_the_same(noise: float, least: float) -> None:
    """Rounding may tip the choice between neighbouring cuts; strays then join or leave."""
    x, _ = von_mises_fisher_mixture(900, 48, n_groups=40, noise=noise, seed=3)
    full, half = cluster(x), cluster(x.astype(np.float16))
    assert adjusted_mutual_information(half.clustering.labels, full.clustering.labels) >= least
    assert half.report.agreement == pytest.approx(full.report.agreement, abs=0.05)
    assert half.report.expected_precision == pytest.approx(full.report.expected_precision, abs=0.1)
    assert half.report.expected_recall == pytest.approx(full.report.expected_recall, abs=0.1)


@pytest.mark.parametrize("layout", ["fortran", "strided", "memmap", "float64"])
def test_any_layout(mixture, found, layout: str, tmp_path, assert_same) -> None:
    x = mixture[0]
    if layout == "memmap":
        np.save(tmp_path / "x.npy", x)
        given = np.load(tmp_path / "x.npy", mmap_mode="r")
    else:
        given = {
            "fortran": np.asfortranarray(x),
            "strided": np.repeat(x, 2, axis=1)[:, ::2],
            "float64": x.astype(np.float64),
        }[layout]
    kept = given.copy()
    got = cluster(given)
    np.testing.assert_array_equal(given, kept)
    assert_same(found, got)


def test_scale_changes_nothing(mixture, assert_same) -> None:
    """By a power of two, so that digits are the same when rows are brought to unit length."""
    assert_same(cluster(mixture[0] * 2), cluster(mixture[0] * 4))


def test_unit_length_made_or_given() -> None:
    """Rows that have it are left as they are: last digits differ, and strays may tip."""
    x, _ = von_mises_fisher_mixture(600, 48, n_groups=30, seed=3)
    given, made = (cluster(rows).clustering.labels for rows in (x, x * 4))
    assert adjusted_mutual_information(given, made) >= 0.98


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_and_runs_change_nothing(mixture, found, threads: int, assert_same) -> None:
    assert_same(found, cluster(mixture[0], threads=threads))


def test_compiled_loops_take_no_more_threads_than_given(mixture, monkeypatch) -> None:
    taken = []

    def score_edges(*arguments, **options):
        taken.append(numba.get_num_threads())
        return scoring.score_edges(*arguments, **options)

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
