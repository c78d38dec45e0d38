"""Long tails: exact sizes, and what they depend on."""

import numpy as np
import pytest

from covey.datasets.long_tail import (
    BUCKET_NAMES,
    balanced,
    head_and_tail,
    size_buckets,
    zipf,
)
from covey.metrics.clustering import evaluate
from covey.types import UsageError

SIZES = (40, 40, 31, 20, 20, 12, 9, 7, 5, 3, 3, 2, 1, 1)


@pytest.fixture
def labels():
    """Groups of the sizes above, in no order, with gaps between names and 17 items of nobody."""
    rng = np.random.default_rng(3)
    names = rng.choice(1000, len(SIZES), replace=False)
    return rng.permutation(np.concatenate([np.repeat(names, SIZES), np.full(17, -1)]))


DRAWS = (
    lambda y, seed: head_and_tail(y, heads=3, tail_size=3, seed=seed),
    lambda y, seed: head_and_tail(y, heads=2, tail_size=5, tails=4, seed=seed),
    lambda y, seed: zipf(y, exponent=0.9, seed=seed),
    lambda y, seed: zipf(y, exponent=0.5, groups=6, largest=20, smallest=2, seed=seed),
    lambda y, seed: balanced(y, size=7, groups=5, seed=seed),
)


def sizes_of(labels, rows):
    """How many items each group gives, by label."""
    found, counts = np.unique(labels[rows], return_counts=True)
    return dict(zip(found.tolist(), counts.tolist(), strict=True))


def test_heads_are_whole_and_tails_cut(labels):
    whole = sizes_of(labels, np.flatnonzero(labels >= 0))
    given = sizes_of(labels, head_and_tail(labels, heads=3, tail_size=3, seed=1))
    assert len(given) == 11  # of 14 groups three are below 3
    heads = [name for name, size in given.items() if size > 3]
    assert len(heads) == 3
    assert all(given[name] == whole[name] for name in heads)
    assert sorted(given.values())[:8] == [3] * 8


def test_some_tails_only(labels):
    given = sizes_of(labels, head_and_tail(labels, heads=2, tail_size=5, tails=4))
    assert sorted(given.values())[:4] == [5] * 4
    assert len(given) == 6


def test_no_heads_and_no_tails(labels):
    assert set(sizes_of(labels, head_and_tail(labels, heads=0, tail_size=3)).values()) == {3}
    given = sizes_of(labels, head_and_tail(labels, heads=4, tail_size=1, tails=0))
    whole = sizes_of(labels, np.flatnonzero(labels >= 0))
    assert given == {name: whole[name] for name in given}
    assert len(given) == 4


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0, 2.5])
@pytest.mark.parametrize("smallest", [1, 2])
def test_zipf_sizes(labels, exponent, smallest):
    given = sorted(sizes_of(labels, zipf(labels, exponent=exponent, smallest=smallest)).values())
    there = [size for size in SIZES if size >= smallest]

    def wanted(largest):
        ranks = range(1, len(there) + 1)
        return [max(smallest, int(largest * rank**-exponent + 0.5)) for rank in ranks]

    fits = [
        largest
        for largest in range(smallest, 41)
        if all(w <= t for w, t in zip(wanted(largest), there, strict=True))
    ]
    assert given[::-1] == sorted(wanted(fits[-1]), reverse=True)


def test_zipf_gives_most_of_the_largest_groups(labels):
    whole = sizes_of(labels, np.flatnonzero(labels >= 0))
    given = sizes_of(labels, zipf(labels, exponent=1, groups=5, largest=40))
    assert sorted(given.values(), reverse=True) == [40, 20, 13, 10, 8]
    by_size = sorted(given, key=lambda name: -given[name])
    assert [whole[name] for name in by_size] == [40, 40, 31, 20, 20]


def test_which_of_equal_groups_comes_first_is_drawn():
    labels = np.repeat(np.arange(10), 8)
    first = {
        max((s := sizes_of(labels, zipf(labels, exponent=1, seed=i))), key=s.get) for i in range(40)
    }
    assert len(first) > 5


def test_balanced(labels):
    assert sorted(sizes_of(labels, balanced(labels, size=7)).values()) == [7] * 8
    assert sorted(sizes_of(labels, balanced(labels, size=3, groups=4)).values()) == [3] * 4


@pytest.mark.parametrize("draw", DRAWS)
def test_rows_are_ascending_and_of_somebody_and_a_seed_decides(labels, draw):
    rows = draw(labels, 0)
    assert rows.dtype == np.int64
    assert (np.diff(rows) > 0).all()
    assert (labels[rows] >= 0).all()
    np.testing.assert_array_equal(rows, draw(labels.copy(), 0))
    assert any(not np.array_equal(rows, draw(labels, seed)) for seed in range(1, 9))


@pytest.mark.parametrize("draw", DRAWS)
def test_order_of_rows_does_not_choose_groups_or_sizes(labels, draw):
    shuffle = np.random.default_rng(8).permutation(len(labels))
    for seed in range(5):
        assert sizes_of(labels, draw(labels, seed)) == sizes_of(
            labels[shuffle], draw(labels[shuffle], seed)
        )


def test_items_of_a_group_are_drawn_equally_often():
    labels = np.repeat([4, 9], 10)
    count = np.zeros(20)
    for seed in range(2000):
        count[balanced(labels, size=3, seed=seed)] += 1
    np.testing.assert_allclose(count / 2000, 0.3, atol=0.05)


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda y: head_and_tail(y, heads=12, tail_size=3), r"12 heads .* 9 groups .* tail_size"),
        (lambda y: head_and_tail(y, heads=2, tail_size=3, tails=10), r"10 tails .* 9 groups"),
        (lambda y: balanced(y, size=20, groups=6), r"6 groups .* 5 groups have at least 20"),
        (lambda y: balanced(y, size=0), "size must be at least 1"),
        (lambda y: zipf(y, exponent=1, groups=15), r"15 groups .* 14 groups"),
        (lambda y: zipf(y, exponent=0.1, largest=40), r"has 31: ask for largest <= 1"),
        (lambda y: zipf(y, exponent=-1), "exponent"),
        (lambda y: zipf(y, exponent=float("nan")), "exponent"),
        (lambda y: zipf(y, exponent=1, largest=1, smallest=0), "smallest"),
        (lambda y: size_buckets(y, tail=9, head=8), "head must be at least tail"),
    ],
)
def test_what_cannot_be_had_is_refused_with_the_way_out(labels, draw, words):
    with pytest.raises(UsageError, match=words):
        draw(labels)


def test_the_way_out_of_a_zipf_works(labels):
    with pytest.raises(UsageError) as refused:
        zipf(labels, exponent=0.5, largest=40)
    fits = int(str(refused.value).split("largest <= ")[1].split(",")[0])
    zipf(labels, exponent=0.5, largest=fits)
    with pytest.raises(UsageError):
        zipf(labels, exponent=0.5, largest=fits + 1)


def test_buckets_are_those_of_the_scores(labels):
    code = size_buckets(labels, tail=5, head=20)
    known = np.flatnonzero(labels >= 0)
    whole = sizes_of(labels, known)
    for row, bucket in enumerate(code):
        if labels[row] < 0:
            assert bucket == -1
            continue
        size = whole[int(labels[row])]
        wanted = "tail" if size <= 5 else "medium" if size <= 20 else "head"
        assert BUCKET_NAMES[bucket] == wanted
    scores = evaluate(labels, labels, buckets=(5, 20)).buckets
    assert [scores[name].items for name in ("1-5", "6-20", "21+")] == [
        int((code == bucket).sum()) for bucket in range(3)
    ]


@pytest.mark.parametrize("labels", [np.empty(0, np.int64), np.array([-1, -1]), np.array([7])])
def test_hardly_any_items(labels):
    several = int((labels >= 0).sum())
    assert len(balanced(labels, size=1)) == several
    assert len(zipf(labels, exponent=1)) == several
    assert len(head_and_tail(labels, heads=0, tail_size=1)) == several
    assert size_buckets(labels).tolist() == [0 if label >= 0 else -1 for label in labels]
