import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage

from covey.partition.canonical import renumber
from covey.partition.contraction import contract
from covey.partition.hierarchy import cut_tree, merge_tree
from covey.types import Constraints, Edges, UsageError


@pytest.mark.parametrize("method", ["single", "average", "complete"])
def test_cuts_like_scipy(method):
    tree = linkage(np.random.default_rng(0).normal(size=(30, 3)), method)
    for height in [-1.0, *tree[::5, 2], np.inf]:
        expected = fcluster(tree, height, "distance") if height >= 0 else np.arange(30)
        assert np.array_equal(cut_tree(tree, 30, height), renumber(expected))


@pytest.mark.parametrize("n", [0, 1, 4])
def test_an_empty_forest_leaves_all_alone(n):
    assert cut_tree(np.empty((0, 4)), n).tolist() == list(range(n))


def test_a_forest_keeps_its_trees_apart():
    tree = np.array([[1, 3, 0.1, 2], [0, 5, 0.4, 3]])
    assert cut_tree(tree, 5).tolist() == [0, 0, 1, 0, 2]
    assert cut_tree(tree, 5, 0.4).tolist() == [0, 0, 1, 0, 2]
    assert cut_tree(tree, 5, 0.3).tolist() == [0, 1, 2, 1, 3]


def test_a_row_above_a_parted_row_joins_nothing():
    tree = np.array([[0, 1, 0.9, 2], [2, 3, 0.1, 3]])
    assert cut_tree(tree, 3, 0.5).tolist() == [0, 1, 2]


def test_must_links_come_first_and_lowest():
    edges = Edges(np.array([0, 1]), np.array([1, 2]), np.array([1.5, 0.5], np.float32))
    graph = contract(edges, 4, Constraints(must_link=np.array([[0, 3]])))
    a, b, c = graph.node[[0, 1, 2]]
    tree = merge_tree(graph, np.array([a, c]), np.array([b, b]), np.array([1.5, 0.5]))
    assert tree.tolist() == [[0, 3, -0.5, 2], [1, 4, -0.5, 3], [2, 5, 0.5, 4]]


@pytest.mark.parametrize("shape", [(3, 4), (1, 3)])
def test_a_tree_of_the_wrong_shape_is_refused(shape):
    with pytest.raises(UsageError, match="a tree over 3 items"):
        cut_tree(np.zeros(shape), 3)
