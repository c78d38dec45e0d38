import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from covey.partition.constraints import check_constraints, resolve_constraints
from covey.types import Constraints, UsageError


def pairs(*rows):
    return np.array(rows, np.int64).reshape(-1, 2)


def conflicts(resolved):
    """Every conflicting pair of components, by plain loops over the tags."""
    start, tag = resolved.tags()
    sets = [set(tag[a:b]) for a, b in itertools.pairwise(start)]
    return {(a, b) for b in range(len(sets)) for a in range(b) if sets[a] & sets[b]}


@pytest.mark.parametrize("n", [0, 1, 2])
@pytest.mark.parametrize("constraints", [None, Constraints()])
def test_nothing_known_leaves_every_item_alone(n, constraints):
    resolved = resolve_constraints(constraints, n)
    assert resolved.group.tolist() == list(range(n))
    assert resolved.n_groups == n
    assert not resolved.contracts
    assert not resolved.separates
    assert conflicts(resolved) == set()


def test_must_link_is_closed_and_numbered_by_first_appearance():
    resolved = resolve_constraints(Constraints(must_link=pairs((4, 1), (1, 3), (2, 2))), 5)
    assert resolved.group.tolist() == [0, 1, 2, 1, 1]
    assert resolved.contracts


def test_cannot_link_is_lifted_sorted_and_unique():
    constraints = Constraints(
        must_link=pairs((0, 4)), cannot_link=pairs((3, 4), (0, 3), (3, 0), (2, 1))
    )
    resolved = resolve_constraints(constraints, 5)
    assert resolved.cannot.tolist() == [[0, 3], [1, 2]]
    assert conflicts(resolved) == {(0, 3), (1, 2)}


def test_exclusive_groups_stay_compact():
    n = 20_000
    exclusive = np.where(np.arange(n) % 2, 7, -3)
    resolved = resolve_constraints(Constraints(exclusive=exclusive), n)
    assert resolved.cannot.shape == (0, 2)
    assert resolved.exclusive.shape == (n // 2,)
    assert resolved.tags()[1].shape == (n // 2,)


def test_an_exclusive_group_of_one_separates_nothing():
    resolved = resolve_constraints(Constraints(exclusive=np.array([5, 9, -1])), 3)
    assert not resolved.separates


def test_a_component_carries_the_exclusive_groups_of_all_its_items():
    constraints = Constraints(must_link=pairs((0, 1)), exclusive=np.array([8, 6, 8, 6, -1]))
    resolved = resolve_constraints(constraints, 5)
    assert conflicts(resolved) == {(0, 1), (0, 2)}
    assert resolved.exclusive[: resolved.exclusive_start[1]].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("constraints", "words"),
    [
        (Constraints(pairs((0, 1), (1, 2)), pairs((2, 0))), "items 2 and 0"),
        (Constraints(cannot_link=pairs((1, 1))), "items 1 and 1"),
        (Constraints(pairs((0, 2)), exclusive=np.array([4, -1, 4])), "items 0 and 2"),
        (Constraints(must_link=pairs((0, 3))), r"must_link row 0 names the pair \(0, 3\)"),
        (Constraints(cannot_link=pairs((0, 1), (-1, 2))), r"cannot_link row 1 .* \(-1, 2\)"),
        (Constraints(must_link=np.array([[0.0, 1.0]])), "must hold integers"),
        (Constraints(exclusive=np.zeros(2, np.int64)), "each of the 3 items"),
        (Constraints(exclusive=np.zeros(3)), "float64"),
    ],
)
def test_contradictions_and_bad_indices_name_the_pair(constraints, words):
    with pytest.raises(UsageError, match=words):
        resolve_constraints(constraints, 3)


def test_check_counts_broken_pairs():
    constraints = Constraints(
        must_link=pairs((0, 1), (2, 3), (4, 5)),
        cannot_link=pairs((0, 2), (0, 1), (4, 5)),
        exclusive=np.array([1, 1, 1, -1, 1, 1]),
    )
    labels = np.array([0, 0, 0, 1, -1, -1])
    # must (2, 3) and noise (4, 5); cannot (0, 2) and (0, 1); exclusive 0, 1, 2 pairwise
    assert check_constraints(labels, constraints) == 2 + 2 + 3
    assert check_constraints(labels, None) == 0
    assert check_constraints(np.empty(0, np.int64), Constraints()) == 0


@given(st.data())
def test_agrees_with_plain_loops(data):
    n = data.draw(st.integers(1, 8))
    pair = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1))
    must = data.draw(st.lists(pair, max_size=4))
    cannot = data.draw(st.lists(pair, max_size=4))
    exclusive = data.draw(st.lists(st.integers(-1, 2), min_size=n, max_size=n))
    constraints = Constraints(pairs(*must), pairs(*cannot), np.array(exclusive))

    group = list(range(n))
    for a, b in must:
        old, new = group[a], group[b]
        group = [new if g == old else g for g in group]
    apart = set(cannot) | {
        (a, b) for b in range(n) for a in range(b) if exclusive[a] == exclusive[b] >= 0
    }
    if any(group[a] == group[b] for a, b in apart):
        with pytest.raises(UsageError):
            resolve_constraints(constraints, n)
        return
    resolved = resolve_constraints(constraints, n)
    same = resolved.group[:, None] == resolved.group
    assert np.array_equal(same, np.equal.outer(group, group))
    lifted = {tuple(sorted((resolved.group[a], resolved.group[b]))) for a, b in apart}
    assert conflicts(resolved) == lifted
    assert check_constraints(resolved.group, constraints) == 0
