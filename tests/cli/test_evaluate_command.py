"""`covey evaluate`: matching by id and by row, and the scores it gives."""

import numpy as np
import pytest

from covey.io.groups import write_groups
from covey.metrics import clustering as metrics
from covey.types import Clustering


def _groups(path, labels, **names) -> None:
    strength = np.ones(len(labels), np.float32)
    write_groups(path, Clustering(np.asarray(labels, np.int64), strength), **names)


@pytest.fixture
def truth(tmp_path) -> np.ndarray:
    """60 items in 12 groups of unlike size, some of them singletons; saved as y.npy."""
    labels = np.sort(np.random.default_rng(1).zipf(1.6, 60) % 12)
    np.save(tmp_path / "y.npy", labels)
    return labels


@pytest.fixture
def found(truth) -> np.ndarray:
    """The truth with every fifth item put elsewhere."""
    labels = truth.copy()
    labels[::5] = (labels[::5] + 1) % 12
    return np.unique(labels, return_inverse=True)[1]


def test_by_row(covey, tmp_path, truth, found) -> None:
    _groups(tmp_path / "g.csv", found)
    ran = covey("evaluate", "g.csv", "y.npy", "--json")
    assert ran.code == 0, ran.err
    facts = ran.json
    scores = metrics.evaluate(truth, found)
    assert facts["pairwise"] == pytest.approx(scores.pairwise.as_dict())
    assert facts["bcubed"] == pytest.approx(scores.bcubed.as_dict())
    for name in ("nmi", "ami", "ari", "v_measure", "accuracy"):
        assert facts[name] == pytest.approx(getattr(scores, name))
    repeated = metrics.evaluate(truth, found, ignore_singletons=True)
    assert facts["without_singletons"]["items"] == repeated.items
    assert facts["without_singletons"]["pairwise"] == pytest.approx(repeated.pairwise.as_dict())
    assert facts["buckets"].keys() == scores.buckets.keys()
    assert facts["notes"] == []


def test_npy_groups_and_folder_agree_with_the_table(covey, tmp_path, truth, found) -> None:
    (tmp_path / "out").mkdir()
    _groups(tmp_path / "out" / "groups.csv", found)
    np.save(tmp_path / "g.npy", found)
    folder = covey("evaluate", "out", "y.npy", "--json").json
    array = covey("evaluate", "g.npy", "y.npy", "--json").json
    assert folder["bcubed"] == array["bcubed"]


def test_by_id_in_any_order_with_unmatched_items_named(covey, tmp_path, truth, found) -> None:
    names = np.array([f"n{i}" for i in range(60)], object)
    _groups(tmp_path / "g.parquet", found, ids=names)
    order = np.random.default_rng(0).permutation(60)[:-2]
    lines = "".join(f"n{i},{truth[i]}\n" for i in order) + "stranger,3\n"
    (tmp_path / "y.csv").write_text("item_id,label\n" + lines)
    facts = covey("evaluate", "g.parquet", "y.csv", "--json").json
    kept = np.sort(order)
    scores = metrics.evaluate(truth[kept], found[kept])
    assert facts["items"] == 58
    assert facts["bcubed"] == pytest.approx(scores.bcubed.as_dict())
    assert set(facts["unmatched_groups"]) == set(names) - {f"n{i}" for i in kept}
    assert facts["unmatched_labels"] == ["stranger"]
    assert any("stranger" in note for note in facts["notes"])


def test_row_numbers_of_a_masked_run_point_into_all_labels(covey, tmp_path, truth, found) -> None:
    rows = np.arange(20, 60)
    _groups(tmp_path / "g.csv", np.unique(found[20:], return_inverse=True)[1], rows=rows)
    mask = np.r_[np.zeros(20), np.ones(40)]
    np.save(tmp_path / "mask.npy", mask)
    scores = metrics.evaluate(truth[20:], found[20:])
    plain = covey("evaluate", "g.csv", "y.npy", "--json").json
    masked = covey("evaluate", "g.csv", "y.npy", "--mask", "mask.npy", "--json").json
    assert plain["bcubed"] == masked["bcubed"] == pytest.approx(scores.bcubed.as_dict())
    assert plain["unmatched_labels"] == [str(row) for row in range(20)]
    assert masked["unmatched_labels"] == []
    np.save(tmp_path / "g.npy", found[20:])
    array = covey("evaluate", "g.npy", "y.npy", "--mask", "mask.npy", "--json").json
    assert array["bcubed"] == plain["bcubed"]


def test_missing_labels_are_left_out(covey, tmp_path, truth, found) -> None:
    partly = truth.copy()
    partly[:10] = -1
    np.save(tmp_path / "y.npy", partly)
    _groups(tmp_path / "g.csv", found)
    facts = covey("evaluate", "g.csv", "y.npy", "--json").json
    assert (facts["items"], facts["unlabelled"]) == (50, 10)


def test_words(covey, tmp_path, truth, found) -> None:
    _groups(tmp_path / "g.csv", found)
    ran = covey("evaluate", "g.csv", "y.npy")
    assert ran.code == 0
    assert "60 items" in ran.out
    assert "BCubed" in ran.out


def test_all_singletons(covey, tmp_path) -> None:
    np.save(tmp_path / "y.npy", np.arange(5))
    np.save(tmp_path / "g.npy", np.arange(5))
    facts = covey("evaluate", "g.npy", "y.npy", "--json").json
    assert facts["without_singletons"] is None
    assert facts["bcubed"]["f"] == 1


def test_refusals(covey, tmp_path, truth, found) -> None:
    np.save(tmp_path / "g.npy", found[:-1])
    covey("evaluate", "g.npy", "y.npy").refused(3, "59", "60")
    _groups(tmp_path / "g.csv", found)
    np.save(tmp_path / "short.npy", truth[:-1])
    covey("evaluate", "g.csv", "short.npy").refused(3, "item 59", "59 rows")
    covey("evaluate", "nope.csv", "y.npy").refused(3, "nope.csv")
    covey("evaluate", "g.csv", "nope.npy").refused(3, "nope.npy")
    (tmp_path / "empty").mkdir()
    covey("evaluate", "empty", "y.npy").refused(3, "groups.csv")
    named = np.array([f"n{i}" for i in range(60)], object)
    _groups(tmp_path / "named.csv", found, ids=named)
    (tmp_path / "other.csv").write_text("item_id,label\na,1\nb,1\n")
    covey("evaluate", "named.csv", "other.csv").refused(3, "'n0'", "'a'")
    np.save(tmp_path / "none.npy", np.full(60, -1))
    covey("evaluate", "g.csv", "none.npy").refused(3)
