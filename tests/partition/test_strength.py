import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from covey.partition.strength import membership_strength
from covey.types import Edges, UsageError


def edges(*rows):
    array = np.array(rows, float).reshape(-1, 3)
    return Edges(
        array[:, 0].astype(np.int64), array[:, 1].astype(np.int64), array[:, 2].astype(np.float32)
    )


def oracle(e, labels):
    n = len(labels)
    w = np.zeros((n, n))
    linked = np.zeros((n, n), bool)
    for i, j, v in zip(e.source, e.target, np.clip(e.weight, 0, 1), strict=True):
        w[i, j] = w[j, i] = v
        linked[i, j] = linked[j, i] = True
    out = []
    for i in range(n):
        mates = [j for j in range(n) if j != i and labels[j] == labels[i] >= 0]
        degree = linked[i].sum()
        if not mates:
            out.append(1 - w[i].max())
            continue
        a = b = 0.0
        if degree:
            a = w[i, mates].sum() / min(len(mates), degree)
        for j in range(n):
            if j == i or j in mates:
                continue
            club = [t for t in range(n) if t == j or labels[t] == labels[j] >= 0]
            if degree:
                b = max(b, w[i, club].sum() / min(max(len(club), len(mates)), degree))
        out.append(0.5 if a == b == 1 else a * (1 - b) / (1 - a * b))
    return np.array(out, np.float32)


@st.composite
def cases(draw):
    n = draw(st.integers(1, 7))
    pairs = [(i, j) for j in range(n) for i in range(j)]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    value = st.sampled_from([0.0, 0.25, 0.5, 0.9, 1.0]) | st.floats(-1, 2, width=32)
    labels = draw(st.lists(st.integers(-1, 3), min_size=n, max_size=n))
    return edges(*[(i, j, draw(value)) for i, j in chosen]), np.array(labels)


@settings(deadline=None)  # the first call compiles
@given(cases())
def test_agrees_with_plain_loops_and_stays_in_range(case):
    e, labels = case
    strength = membership_strength(e, labels)
    assert strength.dtype == np.float32
    assert ((strength >= 0) & (strength <= 1)).all()
    np.testing.assert_allclose(strength, oracle(e, labels), atol=1e-5)


@settings(deadline=None)  # the first call compiles
@given(cases(), st.randoms(use_true_random=False))
def test_shuffling_the_items_shuffles_the_strengths(case, random):
    e, labels = case
    to = list(range(len(labels)))
    random.shuffle(to)
    to = np.array(to)
    a, b = to[e.source], to[e.target]
    moved = Edges(np.minimum(a, b), np.maximum(a, b), e.score)
    shuffled = np.empty_like(labels)
    shuffled[to] = labels
    np.testing.assert_allclose(
        membership_strength(moved, shuffled)[to], membership_strength(e, labels), atol=1e-6
    )


def test_rises_with_own_edges_and_falls_with_rival_ones():
    labels = np.array([0, 0, 0, 1, 1])
    previous = -1.0
    for own in (0.0, 0.3, 0.6, 0.9, 1.0):
        value = membership_strength(edges((0, 1, own), (0, 2, 0.5), (0, 3, 0.4)), labels)[0]
        assert value > previous
        previous = value
    previous = 1.0
    for rival in (0.0, 0.3, 0.6, 0.9):
        value = membership_strength(edges((0, 1, 0.8), (0, 2, 0.8), (0, 3, rival)), labels)[0]
        assert value < previous
        previous = value


def test_certain_cases():
    assert membership_strength(edges((0, 1, 1)), np.array([0, 0])).tolist() == [1, 1]
    assert membership_strength(edges((0, 1, 0.25)), np.array([0, 1])).tolist() == [0.75, 0.75]
    assert membership_strength(edges(), np.array([0, 1, -1])).tolist() == [1, 1, 1]
    assert membership_strength(edges(), np.array([0, 0])).tolist() == [0, 0]
    assert membership_strength(edges(), np.empty(0, np.int64)).shape == (0,)


def test_one_strong_edge_to_a_stray_item_hardly_shakes_a_member_of_many():
    mates = [(0, j, 0.8) for j in range(1, 21)]
    labels = np.array([0] * 21 + [1])
    assert membership_strength(edges(*mates, (0, 21, 0.9)), labels)[0] > 0.7


def test_nan_and_foreign_items_are_refused():
    with pytest.raises(UsageError, match="edge 1 between items 0 and 2 has the score nan"):
        membership_strength(edges((0, 1, 1), (0, 2, np.nan)), np.zeros(3, np.int64))
    with pytest.raises(UsageError, match="0 and 5"):
        membership_strength(edges((0, 5, 1)), np.zeros(3, np.int64))
