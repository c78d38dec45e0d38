"""`covey search` and `covey reid`."""

import json
import re

import numpy as np
import pyarrow.parquet as pq
import pytest


@pytest.fixture
def persons(blobs, tmp_path):
    """The blobs as persons seen by three cameras, and 30 of them as queries of their own."""
    x, labels = blobs
    rng = np.random.default_rng(5)
    cameras = rng.integers(0, 3, 400)
    np.savez(tmp_path / "meta.npz", cam=cameras, other=labels)
    np.save(tmp_path / "q.npy", x[:30] + 0.05 * rng.standard_normal((30, 32)).astype(np.float32))
    (tmp_path / "who.txt").write_text("\n".join(map(str, labels[:30])) + "\n")
    np.save(tmp_path / "where.npy", (cameras[:30] + 1) % 3)
    return x, labels, cameras


def test_search_among_themselves(covey, blobs, tmp_path) -> None:
    ran = covey("search", "x.npy", "-o", "near.npz", "-k", "4", "--json")
    assert ran.code == 0, ran.err
    facts = ran.json
    assert (facts["n_items"], facts["n_queries"], facts["k"]) == (400, 400, 4)
    with np.load(tmp_path / "near.npz") as arrays:
        assert "gallery_id" not in arrays
        assert (arrays["indices"] != np.arange(400)[:, None]).all()
        assert (blobs[1][arrays["indices"]] == blobs[1][:, None]).mean() > 0.95


@pytest.mark.parametrize(
    "rerank", ["none", "k-reciprocal", "query-expansion", "diffusion", "profiles"]
)
def test_search_for_queries(covey, persons, names, tmp_path, rerank) -> None:
    ran = covey(
        *("search", "x.npy", "--queries", "q.npy", "-o", "near.parquet", "--k", "5"),
        *("--ids", "ids.txt", "--rerank", rerank),
    )
    assert ran.code == 0, ran.err
    assert "5 results for each of 30 queries among 400 items (exact" in ran.out
    table = pq.read_table(tmp_path / "near.parquet")
    assert table["item_id"].to_pylist() == list(range(30))
    near = table["neighbour_ids"].to_pylist()
    assert {name for row in near for name in row} <= set(names)
    first = [names.index(row[0]) for row in near]
    assert (persons[1][first] == persons[1][:30]).mean() > 0.9
    similar = np.array(table["similarities"].to_pylist())
    assert (np.diff(similar, axis=1) <= 0).all()


def test_one_query(covey, blobs, tmp_path) -> None:
    np.save(tmp_path / "one.npy", blobs[0][7:8])
    ran = covey("search", "x.npy", "--queries", "one.npy", "-o", "near.npz")
    assert ran.code == 0, ran.err
    with np.load(tmp_path / "near.npz") as arrays:
        assert arrays["indices"].shape == (1, 10)
        assert arrays["indices"][0, 0] == 7
        np.testing.assert_array_equal(arrays["gallery_id"], np.arange(400))


def naive_map(x, labels, cameras):
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    values = []
    for q in range(len(x)):
        junk = (labels == labels[q]) & (cameras == cameras[q])
        order = np.argsort(-(unit @ unit[q]), kind="stable")
        hits = (labels == labels[q])[order[~junk[order]]]
        ranks = np.flatnonzero(hits) + 1
        values.append(np.mean(np.arange(1, len(ranks) + 1) / ranks))
    return np.mean(values)


def test_reid_says_what_a_plain_loop_says(covey, persons, tmp_path) -> None:
    ran = covey(
        *("reid", "x.npy", "--labels", "y.npy", "--cameras", "meta.npz"),
        *("--camera-column", "cam", "-o", "each.csv", "--json"),
    )
    assert ran.code == 0, ran.err
    facts = ran.json
    assert facts["mAP"] == pytest.approx(naive_map(*persons), abs=1e-6)
    assert facts["protocol"] == "standard"
    assert (facts["n_queries"], facts["n_skipped"]) == (400, 0)
    assert set(facts["cmc"]) == {"1", "5", "10"}
    lines = (tmp_path / "each.csv").read_text().splitlines()
    assert lines[0] == "item_id,average_precision,inp,first_hit,positives"
    each = np.array([line.split(",") for line in lines[1:]], float)
    assert each[:, 1].mean() == pytest.approx(facts["mAP"])


def test_reid_in_words_and_by_the_other_protocol(covey, persons) -> None:
    ran = covey(
        *("reid", "x.npy", "--labels", "y.npy", "--protocol", "list-1023"),
        *("--rerank", "k-reciprocal"),
    )
    assert ran.code == 0, ran.err
    assert ran.out.startswith("400 queries among 400 items, list-1023 protocol, by k-reciprocal.\n")
    assert "CMC@10" in ran.out
    assert "without --cameras" not in ran.out
    assert "without --cameras" in covey("reid", "x.npy", "--labels", "y.npy").out


def test_reid_with_queries_and_a_page(covey, persons, names, tmp_path) -> None:
    np.save(tmp_path / "images.npy", np.zeros((400, 9, 9), np.uint8))
    np.save(tmp_path / "faces.npy", np.zeros((30, 9, 9), np.uint8))
    ran = covey(
        *("reid", "x.npy", "--labels", "y.npy", "--cameras", "meta.npz", "--camera-column", "cam"),
        *("--queries", "q.npy", "--query-labels", "who.txt", "--query-cameras", "where.npy"),
        *("--ids", "ids.txt", "--html", "page.html", "--examples", "2", "--json"),
        *("--images", "images.npy", "--query-images", "faces.npy"),
    )
    assert ran.code == 0, ran.err
    assert ran.json["n_queries"] == 30
    assert ran.json["mAP"] > 0.9
    page = (tmp_path / "page.html").read_text("utf-8")
    for name in ("worst", "middle", "best"):
        assert f'<section id="{name}">' in page
    assert page.count('class="asked"') == 6
    assert "data:image/png;base64" in page
    assert "<script" not in page


def test_a_mask_fits_labels_of_the_whole_file(covey, persons, tmp_path) -> None:
    mask = np.arange(400) % 2
    np.save(tmp_path / "mask.npy", mask)
    ran = covey(
        *("reid", "x.npy", "--labels", "y.npy", "--cameras", "meta.npz"),
        *("--camera-column", "cam", "--mask", "mask.npy", "--json"),
    )
    used = mask == 1
    expected = naive_map(*(part[used] for part in persons))
    assert ran.json["mAP"] == pytest.approx(expected, abs=1e-6)
    assert ran.json["n_items"] == 200


def test_one_camera_leaves_nothing_to_score(covey, blobs, tmp_path) -> None:
    np.save(tmp_path / "one.npy", np.zeros(400, int))
    ran = covey(
        *("reid", "x.npy", "--labels", "y.npy", "--cameras", "one.npy", "--json"),
        *("--html", "page.html"),
    )
    assert ran.code == 0, ran.err
    assert (ran.json["mAP"], ran.json["n_queries"], ran.json["n_skipped"]) == (None, 0, 400)
    assert "No query has anything to find" in (tmp_path / "page.html").read_text("utf-8")


def test_refusals(covey, persons, tmp_path) -> None:
    covey("search", "x.npy", "-o", "near.csv").refused(2, "near.csv", ".npz or .parquet")
    covey("search", "x.npy", "-o", "a.npz", "--query-ids", "ids.txt").refused(2, "--queries")
    covey("search", "x.npy", "-o", "a.npz", "--queries", "none.npy").refused(3, "none.npy")
    np.save(tmp_path / "short.npy", np.ones((2, 3)))
    covey("search", "x.npy", "-o", "a.npz", "--queries", "short.npy").refused(
        3, "queries have 3 values", "32"
    )
    reid = ("reid", "x.npy", "--labels", "y.npy")
    covey(*reid, "--queries", "q.npy").refused(2, "--query-labels")
    covey(*reid, "--query-labels", "who.txt").refused(2, "--query-labels wants --queries")
    both = ("--queries", "q.npy", "--query-labels", "who.txt")
    covey(*reid, *both, "--query-cameras", "where.npy").refused(2, "--cameras and --query-cameras")
    covey(*reid, "--images", "folder").refused(2, "--html")
    covey(*reid, "--cameras", "meta.npz").refused(3, "meta.npz", "--camera-column")
    covey(*reid, "-o", "each.txt").refused(2, "each.txt")
    covey(*reid, "--html", "y.npy").refused(2, "y.npy")
    covey("reid", "x.npy").refused(2, "--labels")


def test_json_is_one_object(covey, persons) -> None:
    ran = covey("reid", "x.npy", "--labels", "y.npy", "--json")
    assert json.loads(ran.out)["outputs"] == []
    assert not re.search("NaN", ran.out)
