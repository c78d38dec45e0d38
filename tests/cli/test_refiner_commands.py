"""Commands that take a model by `covey train b-attention`, and those that do not."""

from __future__ import annotations

import json
import re
import sys
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


def test_cluster_tells_the_neighbours_that_were_used(covey, model, tmp_path) -> None:
    """Forty by default, although eighty are looked for."""
    for options, k in (((), 40), (("--k", "7"), 7)):
        ran = covey("cluster", "x.npy", "--model", "m", "-o", "out", *options)
        assert ran.code == 0, ran.err
        assert json.loads((tmp_path / "out" / "summary.json").read_text())["k"] == k
        page = (tmp_path / "out" / "report.html").read_text("utf-8")
        assert "<dt>cut, a probability</dt>" in page
        assert f"<dt>neighbours per item</dt><dd>{k}</dd>" in page


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
        (1.0, True, "Embeddings were whitened by r and no more (its network is not used)"),
        (1.0, False, "r leaves embeddings as they are (its network is not used)"),
    ],
)
def test_says_what_was_done(covey, rows, any_refiner, tmp_path, own, whitening, told):
    write_model(tmp_path / "r", any_refiner(own, whitening))
    ran = covey("search", "x.npy", "--model", "r", "-o", "near.npz")
    assert ran.code == 0, ran.err
    assert told in ran.out
    assert f"{told}.\n" in covey("cluster", "x.npy", "--model", "r", "-o", "g.csv").out
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
    told = (
        "twelve was trained on embeddings of 12 numbers, those of x.npy have 16",
        "train another",
    )
    reid = ("reid", "x.npy", "--labels", "y.npy")
    covey("cluster", "x.npy", "--model", "twelve", "-o", "g.csv").refused(3, *told)
    covey("search", "x.npy", "--model", "twelve", "-o", "near.npz").refused(3, *told)
    covey(*reid, "--model", "twelve").refused(3, *told)
    no_embedder = ("universal: holds a model by covey train universal", "b-attention")
    covey("search", "x.npy", "--model", "universal", "-o", "near.npz").refused(3, *no_embedder)
    covey(*reid, "--model", "universal").refused(3, *no_embedder)
    covey("search", "x.npy", "--model", "nowhere", "-o", "near.npz").refused(3, "nowhere")
    ships = (
        "default names the universal scorer that ships",
        "refines no embeddings",
        "b-attention",
    )
    covey("search", "x.npy", "--model", "default", "-o", "near.npz").refused(3, *ships)
    covey(*reid, "--model", "default").refused(3, *ships)
    fine_tune = ("train", "universal", "x.npy", "--labels", "y.npy", "-o", "n")
    covey(*fine_tune, "--from", "twelve").refused(
        3, "twelve: holds a model by covey train b-attention", "covey train universal"
    )
    assert {path.name for path in tmp_path.iterdir()} == before


def test_queries_of_another_kind_are_refused_by_name(covey, model, rows, tmp_path) -> None:
    np.save(tmp_path / "short.npy", rows[:5, :12])
    asked = ("--queries", "short.npy", "--model", "m")
    told = ("short.npy: queries have 12 values in a row", "x.npy, 16")
    covey("search", "x.npy", *asked, "-o", "near.npz").refused(3, *told)
    covey("reid", "x.npy", "--labels", "y.npy", *asked, "--query-labels", "y.npy").refused(3, *told)


def test_without_torch_only_a_network_that_is_used_is_refused(
    covey, rows, any_refiner, tmp_path, monkeypatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    write_model(tmp_path / "used", any_refiner(0.2))
    write_model(tmp_path / "unused", any_refiner(1.0, True))
    reid = ("reid", "x.npy", "--labels", "y.npy")
    for command in (
        ("cluster", "no.npy", "-o", "g.csv"),
        ("search", "no.npy", "-o", "n.npz"),
        reid,
    ):
        covey(*command, "--model", "used").refused(5, 'pip install "covey[learn]"')
    for command in (("cluster", "x.npy", "-o", "g.csv"), ("search", "x.npy", "-o", "n.npz"), reid):
        ran = covey(*command, "--model", "unused")
        assert ran.code == 0, ran.err
    for model, needs in (("used", "needs: PyTorch"), ("unused", "needs: no PyTorch")):
        assert needs in covey("info", model).out.splitlines()


def test_what_cluster_cannot_do_with_it_is_refused(covey, model, tmp_path) -> None:
    group = ("cluster", "x.npy", "--model", "m", "-o", "g.csv")
    covey(*group, "--method", "universal").refused(2, "leave out 'universal'")
    covey(*group, "--metric", "euclidean").refused(
        2, "m compares directions", "leave the model out"
    )
    assert not (tmp_path / "g.csv").exists()


def test_a_damaged_model_is_refused_in_one_line(covey, model, tmp_path) -> None:
    path = tmp_path / "m" / "config.json"
    path.write_text(path.read_text().replace('"own"', '"other"'))
    covey("search", "x.npy", "--model", "m", "-o", "near.npz").refused(
        3, "config.json: has no 'own'", "train the model again"
    )
