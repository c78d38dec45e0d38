import numpy as np
import pytest
from scipy.cluster.hierarchy import linkage

from covey.partition.canonical import renumber
from covey.partition.components import components
from covey.partition.hierarchy import cut_tree
from covey.types import Constraints, Edges


def random_edges(n, m, seed):
    rng = np.random.default_rng(seed)
    source, target = np.triu_indices(n, 1)
    kept = np.sort(rng.choice(source.size, m, replace=False))
    return Edges(source[kept], target[kept], rng.random(m).astype(np.float32))


def flood(edges, n, cut):
    labels = np.arange(n)
    for i, j, w in zip(edges.source, edges.target, edges.weight, strict=True):
        if w >= cut:
            labels[labels == labels[i]] = labels[j]
    return renumber(labels)


@pytest.mark.parametrize("cut", [-1.0, 0.2, 0.7, 0.95, 2.0])
@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_a_flood(cut, seed):
    edges = random_edges(50, 80, seed)
    found = components(edges, 50, cut=cut)
    assert np.array_equal(found.labels, flood(edges, 50, cut))
    assert found.cut == cut


def test_the_cut_is_inclusive_in_float32():
    edges = Edges(np.array([0]), np.array([1]), np.array([0.7], np.float32))
    assert components(edges, 2, cut=0.7).n_clusters == 1


def test_one_tree_holds_every_higher_cut():
    edges = random_edges(60, 150, 0)
    tree = components(edges, 60, cut=0.1).tree
    for cut in (0.1, 0.4, 0.8, 0.99):
        assert np.array_equal(cut_tree(tree, 60, 1 - cut), flood(edges, 60, cut))


def test_the_tree_is_scipys_single_linkage():
    n = 25
    edges = random_edges(n, n * (n - 1) // 2, 1)
    expected = linkage(1 - edges.score.astype(float), "single")
    np.testing.assert_allclose(components(edges, n, cut=0).tree, expected)


def test_under_cannot_link_the_stronger_edges_decide():
    chain = Edges(np.arange(3), np.arange(1, 4), np.array([0.9, 0.6, 0.8], np.float32))
    apart = Constraints(cannot_link=np.array([[0, 3]]))
    assert components(chain, 4, cut=0.5, constraints=apart).labels.tolist() == [0, 0, 1, 1]
    apart = Constraints(exclusive=np.array([1, 0, 0, 1]))
    assert components(chain, 4, cut=0.5, constraints=apart).labels.tolist() == [0, 0, 1, 1]


def test_must_link_joins_without_an_edge():
    edges = Edges(np.array([0]), np.array([1]), np.array([0.1], np.float32))
    together = Constraints(must_link=np.array([[1, 3]]))
    assert components(edges, 4, cut=0.5, constraints=together).labels.tolist() == [0, 1, 2, 1]
