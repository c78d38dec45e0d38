"""Commands that take a model by `covey train b-attention`, and those that do not."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from covey.clustering import cluster
from covey.hub import default_model
from covey.io.model_folder import write_model
from covey.retrieval.collection import Collection
from covey.retrieval.refined import refine_collection
from covey.retrieval.search import search
from covey.vectors import as_rows

pytest.importorskip("torch")


@pytest.fixture
def rows(hidden, tmp_path: Path) -> np.ndarray:
    """120 unit rows in twelve groups, which are mapped read-only, and ten queries."""
    x, labels = hidden(120, 12, seed=3)
    x = as_rows(x)
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", labels)
    np.save(tmp_path / "q.npy", x[:10] + 0.01)
    return x


@pytest.fixture
def model(trained, rows, tmp_path: Path):
    """The trained refiner, as the folder m."""
    write_model(tmp_path / "m", trained)
    return trained


@pytest.fixture
def other(any_refiner, tmp_path: Path) -> None:
    """One for rows of twelve numbers, as the folder twelve; the shipped model as universal."""
    write_model(tmp_path / "twelve", any_refiner(inputs=12))
    write_model(tmp_path / "universal", default_model())


def test_cluster(covey, model, rows, tmp_path) -> None:
    ran = covey("cluster", "x.npy", "--model", "m", "-o", "g.csv", "--json", "--threads", "1")
    assert ran.code == 0, ran.err
    assert (ran.json["model"], ran.json["method"]) == ("m", "b-attention")
    expected = cluster(rows, model=model).clustering.labels
    lines = (tmp_path / "g.csv").read_text().splitlines()
    column = lines[0].split(",").index("cluster_id")
    assert [int(line.split(",")[column]) for line in lines[1:]] == expected.tolist()


def test_cluster_says_where_the_figures_come_from(covey, model) -> None:
    ran = covey("cluster", "x.npy", "--model", "m", "-o", "out", "--prefer", "precision")
    assert ran.code == 0, ran.err
    assert "Expected, by other groups with labels: " in ran.out


def test_search(covey, model, rows, tmp_path) -> None:
    ran = covey(*("search", "x.npy", "--model", "m", "-o", "near.npz", "-k", "4", "--json"))
    assert ran.code == 0, ran.err
    assert ran.json["model"] == "m"
    expected, _ = search(refine_collection(Collection.of(rows), model), 4)
    with np.load(tmp_path / "near.npz") as arrays:
        np.testing.assert_array_equal(arrays["indices"], expected.indices)
        np.testing.assert_allclose(arrays["similarities"], expected.similarities, atol=1e-6)


def test_search_for_queries(covey, model, rows, tmp_path) -> None:
    ran = covey("search", "x.npy", "--queries", "q.npy", "--model", "m", "-o", "near.npz")
    assert ran.code == 0, ran.err
    assert "Embeddings were refined by m; similarities are theirs." in ran.out
    collection = Collection.of(rows, np.load(tmp_path / "q.npy"))
    expected, _ = search(refine_collection(collection, model), 10)
    with np.load(tmp_path / "near.npz") as arrays:
        np.testing.assert_array_equal(arrays["indices"], expected.indices)
    assert (expected.indices[:, 0] == np.arange(10)).all()


@pytest.mark.parametrize(
    ("own", "whitening", "told"),
    [
        (0.5, True, "Embeddings were refined by r"),
        (1.0, True, "Embeddings were whitened by r and no more"),
        (1.0, False, "r leaves embeddings as they are"),
    ],
)
def test_search_says_what_was_done(covey, rows, any_refiner, tmp_path, own, whitening, told):
    write_model(tmp_path / "r", any_refiner(own, whitening))
    ran = covey("search", "x.npy", "--model", "r", "-o", "near.npz")
    assert ran.code == 0, ran.err
    assert told in ran.out
    scored = covey("reid", "x.npy", "--labels", "y.npy", "--model", "r").out
    done = told.split(" by r")[0].split("were ")[-1] if "were" in told else "leaves as they are"
    assert done in scored.splitlines()[0]


def test_search_in_too_little_memory_is_refused(covey, model, tmp_path) -> None:
    search_few = (
        "search",
        "x.npy",
        "--queries",
        "q.npy",
        "-o",
        "near.npz",
        "--memory-limit",
        "9MB",
    )
    told = ("refining 130 items needs about ", "the limit is 9 MB", "leave the model out")
    covey(*search_few, "--model", "m").refused(4, *told)
    assert not (tmp_path / "near.npz").exists()
    assert covey(*search_few).code == 0


def test_reid(covey, model) -> None:
    reid = ("reid", "x.npy", "--labels", "y.npy")
    plain, refined = (covey(*reid, *more, "--json").json for more in ((), ("--model", "m")))
    assert refined["model"] == "m"
    assert refined["mAP"] > plain["mAP"] + 0.1
    ran = covey(*reid, "--model", "m", "--rerank", "profiles")
    assert ran.code == 0, ran.err
    assert re.search(r"by profiles of embeddings refined by m\.", ran.out)


def test_what_does_not_fit_is_refused(covey, rows, other, tmp_path) -> None:
    before = {path.name for path in tmp_path.iterdir()}
    told = ("embeddings of 12 numbers, these have 16", "train another")
    reid = ("reid", "x.npy", "--labels", "y.npy")
    covey("cluster", "x.npy", "--model", "twelve", "-o", "g.csv").refused(3, *told)
    covey("search", "x.npy", "--model", "twelve", "-o", "near.npz").refused(3, *told)
    covey(*reid, "--model", "twelve").refused(3, *told)
    no_embedder = ("universal: holds a model by covey train universal", "b-attention")
    covey("search", "x.npy", "--model", "universal", "-o", "near.npz").refused(3, *no_embedder)
    covey(*reid, "--model", "universal").refused(3, *no_embedder)
    covey("search", "x.npy", "--model", "nowhere", "-o", "near.npz").refused(3, "nowhere")
    fine_tune = ("train", "universal", "x.npy", "--labels", "y.npy", "-o", "n")
    covey(*fine_tune, "--from", "twelve").refused(
        3, "twelve: holds a model by covey train b-attention", "covey train universal"
    )
    assert {path.name for path in tmp_path.iterdir()} == before


def test_what_cluster_cannot_do_with_it_is_refused(covey, model, tmp_path) -> None:
    group = ("cluster", "x.npy", "--model", "m", "-o", "g.csv")
    covey(*group, "--method", "universal").refused(2, "leave out 'universal'")
    covey(*group, "--metric", "euclidean").refused(3, "metric 'euclidean'", "leave the model out")
    assert not (tmp_path / "g.csv").exists()


def test_a_damaged_model_is_refused_in_one_line(covey, model, tmp_path) -> None:
    path = tmp_path / "m" / "config.json"
    path.write_text(path.read_text().replace('"own"', '"other"'))
    covey("search", "x.npy", "--model", "m", "-o", "near.npz").refused(
        3, "config.json: has no 'own'", "train the model again"
    )
