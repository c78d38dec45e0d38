import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from covey.partition.canonical import renumber
from covey.partition.components import components
from covey.partition.propagation import propagation
from covey.types import Constraints, Edges, UsageError


def random_edges(n, m, seed):
    rng = np.random.default_rng(seed)
    source, target = np.triu_indices(n, 1)
    kept = np.sort(rng.choice(source.size, m, replace=False))
    return Edges(source[kept], target[kept], (0.99 * rng.random(m)).astype(np.float32))


def oracle(edges, n, max_size, step, cut, constraints):
    """Runs components again at every threshold on what is still too large."""
    if cut is None:
        cut = float(edges.weight.min()) if edges.m else 0.0
    labels, open_items, t = np.full(n, -1), np.arange(n), cut
    while open_items.size:
        at_t = components(edges, n, cut=t, constraints=constraints)
        done = at_t.sizes[at_t.labels] <= max_size
        fresh = open_items[done[open_items]]
        labels[fresh] = at_t.labels[fresh] + labels.max() + 1
        open_items = open_items[~done[open_items]]
        t += (1 - t) * step
    return renumber(labels)


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 10**6),
    st.integers(2, 30),
    st.integers(1, 8),
    st.sampled_from([0.1, 0.5, 0.6, 0.9]),
    st.sampled_from([None, 0.0, 0.3]),
)
def test_agrees_with_cutting_again_and_again(seed, n, max_size, step, cut):
    rng = np.random.default_rng(seed)
    edges = random_edges(n, int(rng.integers(0, min(4 * n, n * (n - 1) // 2) + 1)), seed)
    constraints = Constraints(exclusive=rng.integers(-3, 5, n))
    found = propagation(edges, n, max_size=max_size, step=step, cut=cut, constraints=constraints)
    expected = oracle(edges, n, max_size, step, cut, constraints)
    assert np.array_equal(found.labels, expected)
    assert found.sizes.max() <= max_size


def test_a_cap_that_nothing_exceeds_gives_plain_components():
    edges = random_edges(40, 60, 0)
    found = propagation(edges, 40, max_size=40, cut=0.4)
    assert np.array_equal(found.labels, components(edges, 40, cut=0.4).labels)


def test_thresholds_rise_from_the_least_weight():
    """Published th_0; from 0 the second threshold would be .5 and leave the triple together."""
    edges = Edges(np.array([0, 1, 2]), np.array([1, 2, 3]), np.array([0.9, 0.55, 0.4], np.float32))
    assert propagation(edges, 4, max_size=2).labels.tolist() == [0, 0, 1, 2]
    assert propagation(edges, 4, max_size=3).labels.tolist() == [0, 0, 1, 2]
    assert propagation(edges, 4, max_size=3, cut=0.0).labels.tolist() == [0, 0, 0, 1]
    assert propagation(edges, 4, max_size=3).cut == pytest.approx(0.4)


def test_weights_below_zero_count_at_first():
    edges = Edges(np.array([0, 1]), np.array([1, 2]), np.array([-0.5, 0.8], np.float32))
    assert propagation(edges, 3, max_size=3).labels.tolist() == [0, 0, 0]
    assert propagation(edges, 3, max_size=3, cut=0.0).labels.tolist() == [0, 1, 1]


def test_certain_edges_and_must_links_may_exceed_the_cap():
    edges = Edges(np.arange(4), np.arange(1, 5), np.array([1, 1, 0.5, 1], np.float32))
    together = Constraints(must_link=np.array([[5, 6], [6, 7]]))
    found = propagation(edges, 8, max_size=2, constraints=together)
    assert found.labels.tolist() == [0, 0, 0, 1, 1, 2, 2, 2]


@pytest.mark.parametrize(
    ("options", "score", "words"),
    [
        ({"max_size": 0}, 0.5, "max_size"),
        ({"max_size": 2, "step": 1.0}, 0.5, "step"),
        ({"max_size": 2, "step": 0.0}, 0.5, "step"),
        ({"max_size": 2}, 3.0, "must not exceed 1"),
    ],
)
def test_options_out_of_range_are_refused(options, score, words):
    edges = Edges(np.array([0]), np.array([1]), np.array([score], np.float32))
    with pytest.raises(UsageError, match=words):
        propagation(edges, 2, **options)
