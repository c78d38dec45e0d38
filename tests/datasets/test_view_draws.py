"""Views of labelled sets: seeds, sizes, labels that agree with rows, families, degenerate sets."""

import numpy as np
import pytest

from covey.datasets.synthetic import von_mises_fisher_mixture
from covey.datasets.view_draws import FEWEST_ROWS, LabelledSet, draw_subset, draw_view
from covey.types import InputError, UsageError


def labelled(name, *, n=4000, d=48, family=None, seed=0, nobody=0, share=1.0):
    x, labels = von_mises_fisher_mixture(n, d, n_groups=n // 25, seed=seed)
    labels[:nobody] = -1
    return LabelledSet(name, family or name, x.astype(np.float16), labels, share)


@pytest.fixture(scope="module")
def sets():
    return [
        labelled("faces", nobody=300, seed=1),
        labelled("words", family="texts", d=24, seed=2),
        labelled("letters", family="texts", d=32, seed=3, share=0.5),
    ]


def nearest_agree(x, labels):
    s = x @ x.T
    np.fill_diagonal(s, -2)
    together = np.bincount(labels)[labels] > 1
    return (labels[s.argmax(axis=1)] == labels)[together].mean()


def assert_sound(view):
    assert view.x.dtype == np.float32
    assert view.labels.dtype == np.int64
    assert view.labels.shape == view.x.shape[:1]
    assert np.isfinite(view.x).all()
    np.testing.assert_allclose(np.linalg.norm(view.x, axis=1), 1, atol=1e-5)
    assert len(np.unique(view.x, axis=0)) == len(view.x)
    assert (np.bincount(view.labels) > 0).all()


def test_a_seed_gives_the_same_bytes(sets):
    for seed in range(6):
        one, other = draw_view(sets, seed), draw_view(sets, seed)
        assert one.x.tobytes() == other.x.tobytes()
        assert one.labels.tobytes() == other.labels.tobytes()
        assert (one.name, one.families) == (other.name, other.families)
    assert draw_view(sets, 0).x.tobytes() != draw_view(sets, 1).x.tobytes()


def test_views_are_sound_and_of_the_families_they_name(sets):
    family = {one.name: one.family for one in sets}
    names = set()
    for seed in range(60):
        view = draw_view(sets, seed)
        assert_sound(view)
        assert FEWEST_ROWS <= len(view.x) <= 28_166
        parts = view.name.split("+") if view.name != "synthetic" else []
        assert view.families == tuple(sorted({family[part] for part in parts}))
        names.add(view.name)
    assert {"synthetic", "faces", "words", "letters"} < names
    assert any("+" in name for name in names)


def test_shares_are_how_often_sets_are_drawn(sets):
    first = [draw_view(sets, seed, synthetic=0.2).name.split("+")[0] for seed in range(150)]
    names, counts = np.unique(first, return_counts=True)
    share = dict(zip(names, counts / 150, strict=True))
    assert share["synthetic"] == pytest.approx(0.2, abs=0.08)
    assert share["faces"] == pytest.approx(0.32, abs=0.1)
    assert share["letters"] == pytest.approx(0.16, abs=0.08)


def test_a_part_keeps_rows_and_labels_together(sets):
    own = sets[0]
    unit = own.x.astype(np.float32)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    for seed in range(12):
        x, labels = draw_subset(own, np.random.default_rng(seed))
        source = (x @ unit.T).argmax(axis=1)
        np.testing.assert_allclose(x, unit[source], atol=1e-5)
        assert len(np.unique(source)) == len(source)
        truth = own.labels[source]
        alone = truth < 0
        assert len(np.unique(labels[alone])) == np.count_nonzero(alone)
        assert not np.isin(labels[alone], labels[~alone]).any()
        pairs = np.unique(np.stack([truth[~alone], labels[~alone]]), axis=1)
        assert len(np.unique(pairs[0])) == len(np.unique(pairs[1])) == pairs.shape[1]
        assert nearest_agree(x, labels) > 0.8


def test_items_of_nobody_come_in_some_parts_only(sets):
    own = sets[0]
    alone = []
    for seed in range(30):
        x, _ = draw_subset(own, np.random.default_rng(seed))
        source = (x @ own.x.astype(np.float32).T).argmax(axis=1)
        alone.append(np.count_nonzero(own.labels[source] < 0))
    assert 0 in alone
    assert max(alone) > 5


def test_groups_left_out_give_one_item_each():
    own = LabelledSet("own", "own", random_rows(3000, 4), np.repeat(np.arange(300), 10))
    longest = []
    for seed in range(20):
        x, _ = draw_subset(own, np.random.default_rng(seed), most=1600)
        source = (x @ own.x.astype(np.float32).T / np.linalg.norm(own.x, axis=1)).argmax(axis=1)
        ordered = np.flatnonzero(np.diff(source) < 0)
        strays = source[ordered[0] + 1 :] if len(ordered) else source[:0]
        others = np.setdiff1d(source, strays)
        assert not np.isin(own.labels[strays], own.labels[others]).any()
        assert len(np.unique(own.labels[strays])) == len(strays)
        longest.append(len(strays))
    assert longest.count(0) > 3
    assert max(longest) > 5


def test_a_part_has_no_more_than_asked_for():
    big = labelled("big", n=20_000, d=8)
    many = LabelledSet("many", "many", big.x, np.arange(20_000))
    nobodys = LabelledSet("nobodys", "nobodys", big.x, np.where(big.labels < 400, -1, big.labels))
    for seed in range(20):
        x, labels = draw_subset(nobodys, np.random.default_rng(seed), most=900)
        assert len(x) <= 900 + 300 + 300
        x, labels = draw_subset(many, np.random.default_rng(seed), most=900)
        assert len(x) <= 900 + 300
        x, labels = draw_subset(big, np.random.default_rng(seed), most=2000)
        assert len(x) <= 2000 + 666
        assert np.bincount(labels).max() <= 500


def test_without_sets_all_is_synthetic(sets):
    for seed in range(5):
        view = draw_view([], seed)
        assert (view.name, view.families) == ("synthetic", ())
        assert_sound(view)
    assert draw_view(sets, 3, synthetic=1.0).name == "synthetic"
    assert "synthetic" not in {draw_view(sets, seed, synthetic=0.0).name for seed in range(10)}


def random_rows(n, d, seed=0):
    return np.random.default_rng(seed).standard_normal((n, d))


@pytest.mark.parametrize(
    ("x", "labels"),
    [
        (random_rows(300, 8), np.zeros(300, np.int64)),
        (random_rows(300, 8), np.arange(300)),
        (random_rows(300, 8), np.full(300, -1)),
        (random_rows(300, 2), np.arange(300) % 7),
        (random_rows(300, 1), np.arange(300) % 7),
        (random_rows(5, 8), np.array([0, 0, 1, 1, -1])),
        (np.ones((300, 4), np.float32), np.arange(300) % 9),
        (np.zeros((300, 4), np.float32), np.arange(300) % 9),
        (random_rows(0, 4), np.empty(0, np.int64)),
        (np.repeat(random_rows(3, 4), 100, axis=0), np.repeat(np.arange(3, dtype=np.uint8), 100)),
    ],
    ids=["one", "singletons", "nobody", "d2", "d1", "five", "equal", "zero", "empty", "repeats"],
)
def test_degenerate_sets(x, labels):
    odd = LabelledSet("odd", "odd", x, labels)
    for seed in range(8):
        assert_sound(draw_view([odd], seed, synthetic=0.0))
    assert len(draw_view([odd, labelled("good")], 1).x) >= FEWEST_ROWS


def test_unusable_sets_are_refused():
    x = random_rows(4, 3)
    with pytest.raises(InputError, match="labels"):
        LabelledSet("odd", "odd", x, np.zeros(3, np.int64))
    with pytest.raises(InputError, match="d >= 1"):
        LabelledSet("odd", "odd", x[:, :0], np.zeros(4, np.int64))
    with pytest.raises(UsageError, match="share"):
        LabelledSet("odd", "odd", x, np.zeros(4, np.int64), share=0.0)
    x[2, 1] = np.nan
    with pytest.raises(InputError, match="set odd: row 2"):
        LabelledSet("odd", "odd", x, np.zeros(4, np.int64))


def test_numbers_out_of_range_are_refused():
    with pytest.raises(UsageError, match="synthetic"):
        draw_view([], 0, synthetic=1.5)
    with pytest.raises(UsageError, match="seed"):
        draw_view([], -1)


def test_labels_of_text_are_refused() -> None:
    with pytest.raises(InputError, match="set mine: labels are str"):
        LabelledSet("mine", "mine", np.ones((2, 3)), np.array(["a", "b"]))
