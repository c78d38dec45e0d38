"""`covey knn`, `covey info`, `covey demo`, `covey --version`."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest

import covey as package
from covey.hub import UniversalModel, default_model
from covey.io.model_folder import write_model
from covey.io.refiner_card import edges_sentence, network_sentence


def test_version_and_help(covey) -> None:
    assert covey("--version").out == f"covey {package.__version__}\n"
    told = covey("--help")
    assert told.code == 0
    for name in (
        "cluster",
        "evaluate",
        "knn",
        "search",
        "reid",
        "info",
        "demo",
        "train",
        "130 interrupted",
    ):
        assert name in told.out


def test_no_command_shows_the_help(covey) -> None:
    ran = covey()
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("Usage: covey")


def test_knn_to_npz(covey, blobs, tmp_path) -> None:
    ran = covey("knn", "x.npy", "-o", "near.npz", "--k", "5", "--json")
    assert ran.code == 0, ran.err
    assert (ran.json["k"], ran.json["index"], ran.json["recall"]) == (5, "exact", 1.0)
    with np.load(tmp_path / "near.npz", allow_pickle=False) as arrays:
        near, similar, ids = (arrays[name] for name in ("indices", "similarities", "item_id"))
    unit = blobs[0] / np.linalg.norm(blobs[0], axis=1, keepdims=True)
    all_pairs = unit @ unit.T
    np.fill_diagonal(all_pairs, -2)
    np.testing.assert_array_equal(near[:, 0], all_pairs.argmax(axis=1))
    np.testing.assert_allclose(similar[:, 0], all_pairs.max(axis=1), atol=1e-5)
    np.testing.assert_array_equal(ids, np.arange(400))


def test_knn_to_parquet_names_items(covey, blobs, names, tmp_path) -> None:
    ran = covey("knn", "x.npy", "-o", "near.parquet", "--k", "3", "--ids", "ids.txt")
    assert ran.code == 0, ran.err
    table = pq.read_table(tmp_path / "near.parquet")
    assert table["item_id"].to_pylist() == names
    assert {len(near) for near in table["neighbour_ids"].to_pylist()} == {3}
    assert set(table["neighbour_ids"].to_pylist()[0]) <= set(names)


def test_info(covey, blobs, tmp_path) -> None:
    x = blobs[0].copy()
    x[1] = x[0]
    x[2] = np.nan
    np.save(tmp_path / "x.npy", x)
    facts = covey("info", "x.npy", "--json").json
    found = facts["embeddings"]
    assert (found["n_items"], found["dim"], found["dtype"]) == (399, 32, "float32")
    assert found["n_duplicates"] == 1
    assert [entry["row"] for entry in found["bad_rows"]] == [2]
    lengths = np.linalg.norm(np.delete(x, 2, axis=0), axis=1)
    assert found["norms"]["max"] == pytest.approx(lengths.max())
    assert facts["threads"] >= 1
    assert "numpy" in facts["libraries"]
    words = covey("info", "x.npy")
    assert "399 x 32 float32" in words.out
    assert "row 2 holds NaN" in words.out
    assert "grouping takes about" in words.out
    alone = covey("info").out
    assert alone.startswith("covey ")
    assert "extra learn (torch, to train models and to refine embeddings by one): " in alone
    assert "pip install" not in alone
    assert "model: universal, " in alone
    assert facts["model"]["weights"] > 1000
    assert facts["model"]["about"] == default_model().about
    covey("info", "nope.npy").refused(3, "nope.npy")


def test_info_describes_a_model_that_refines(covey, trained, tmp_path) -> None:
    write_model(tmp_path / "m", trained)
    ran = covey("info", "m")
    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    assert lines[0].startswith("m: a model by covey train b-attention. It groups and finds items")
    assert lines[1] == "embeddings: 16 dimensions, compared by cosine"
    assert lines[2] == "trained on: 240 items in 24 groups of hidden.npy"
    assert lines[3] == "held out before that, to decide: 80 of them in 8 groups"
    assert lines[4] == network_sentence(trained)
    found = trained.about["validation"]
    assert lines[5] == edges_sentence(trained)
    assert f"average precision {found['average precision']:.3f} (of the embeddings as" in lines[6]
    assert f"BCubed F {found['BCubed F']:.3f} (of the embeddings as they are" in lines[6]
    assert lines[7].startswith("At the best cut of 80 items that it was judged by, a cosine of ")
    assert lines[9:] == ["needs: PyTorch", f"made by: covey {package.__version__}, seed 0"]
    facts = covey("info", "m", "--json").json["model"]
    assert (facts["path"], facts["kind"], facts["dim"]) == ("m", "b-attention", 16)
    assert facts["uses_network"] is True
    assert facts["own"] == trained.own
    assert facts["whitens"] is False
    assert facts["figures"] == found
    assert facts["about"] == trained.about
    held = trained.held_out
    f = 2 * held.precision * held.recall / (held.precision + held.recall)
    best = int(f.argmax())
    assert facts["cut"]["n_items"] == 80
    assert facts["cut"]["score"] == held.cut[best]
    expected = np.interp(held.cut[best], held.calibration.score, held.calibration.probability)
    assert facts["cut"]["probability"] == pytest.approx(expected, abs=1e-5)
    assert facts["cut"]["precision"] == held.precision[best]
    assert facts["cut"]["recall"] == held.recall[best]


@pytest.mark.parametrize(
    ("whitening", "told"), [(True, "whitened and no more"), (False, "stay as they are")]
)
def test_info_describes_a_model_whose_network_is_not_used(
    covey, any_refiner, tmp_path, whitening, told
) -> None:
    write_model(tmp_path / "m", any_refiner(1.0, whitening))
    out = covey("info", "m").out
    assert "The network is not used: " in out
    assert told in out
    assert "on held-out groups: " not in out
    assert "needs: no PyTorch\nmade by: covey (version not known), seed 3\n" in out
    facts = covey("info", "m", "--json").json["model"]
    assert (facts["uses_network"], facts["whitens"]) == (False, whitening)
    assert (facts["figures"], facts["covey"]) == (None, None)


def test_info_describes_a_universal_model(covey, tmp_path) -> None:
    one = default_model()
    figures = {"groups": 4, "average precision": 0.75, "of the cosine": 0.5, "before": 0.7}
    about = one.about | {"refined on": "400 items of x.npy", "validation": figures}
    write_model(tmp_path / "u", UniversalModel(one.scorer, one.appraiser, about))
    lines = covey("info", "u").out.splitlines()
    assert lines[0].startswith("u: a model by covey train universal. ")
    assert lines[2] == f"trained on: views of {', '.join(one.about['sets'])}"
    assert lines[3] == "fine-tuned on: 400 items of x.npy"
    assert lines[4].startswith("figures: Average precision of edges among 4 held-out groups: 0.750")
    facts = covey("info", "u", "--json").json["model"]
    assert (facts["path"], facts["kind"], facts["dim"]) == ("u", "universal", None)
    assert (facts["trained_on"], facts["figures"]) == ("400 items of x.npy", figures)
    shipped = covey("info", "default")
    assert shipped.out.startswith("default: a model by covey train universal. ")
    assert covey("info", "default", "--json").json["model"]["about"] == one.about


def test_info_of_what_is_no_model(covey, blobs, tmp_path) -> None:
    write_model(tmp_path / "m", default_model())
    covey("info", "m", "--id-column", "id").refused(2, "m: is a folder", "--id-column")
    covey("info", "m", "--k", "3").refused(2, "--k is for embeddings")
    (tmp_path / "out").mkdir()
    covey("info", "out").refused(3, "out: holds no file config.json", "`covey train` wrote")
    (tmp_path / "m" / "config.json").write_text("{}")
    covey("info", "m").refused(3, "config.json: describes no model that this version knows")
    covey("info", "nowhere").refused(3, "nowhere: no such file")


def test_demo_leaves_a_report_to_open(covey, tmp_path) -> None:
    ran = covey("demo", "-o", "digits")
    assert ran.code == 0, ran.err
    assert str(tmp_path / "digits" / "report.html") in ran.out
    page = (tmp_path / "digits" / "report.html").read_text("utf-8")
    assert page.count("data:image/png;base64") > 10
    summary = json.loads((tmp_path / "digits" / "summary.json").read_text())
    assert summary["n_items"] == 1797
    assert covey("demo", "-o", "digits", "--json").json["against_labels"]["items"] == 1797
