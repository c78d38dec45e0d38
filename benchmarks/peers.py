"""The peers that Covey is measured against, each with the grid that its parameters are taken from.

A sweep takes embeddings of unit length and yields (parameters, labels), one pair for each point of
its grid; a label below 0 is noise. Work that the points share is done once. `quality_peers.py`
picks the best point with the labels, which no user of a peer could do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Embeddings = NDArray[np.float32]
Labels = NDArray[np.int64]
Graph = tuple[Labels, Labels, NDArray[np.float64]]
Sweep = Callable[[Embeddings, int], Iterator[tuple[dict[str, Any], Labels]]]

CUT_QUANTILES = [
    0.0,
    0.1,
    0.2,
    0.3,
    0.4,
    0.5,
    0.6,
    0.7,
    0.75,
    0.8,
    0.85,
    0.9,
    0.92,
    0.94,
    0.96,
    0.98,
]


@dataclass(frozen=True)
class Peer:
    """A peer and its grid.

    Attributes:
        grid: The grid in words.
        packages: Distributions whose versions go into the result.
        sweep: Called with embeddings (n, d) of unit length and the true number of groups.
    """

    grid: str
    packages: tuple[str, ...]
    sweep: Sweep


def cosine_graph(x: Embeddings, k: int) -> Graph:
    """Exact k nearest neighbours as undirected edges, each pair once.

    Returns:
        Source and target (m,) with source < target, and cosine similarity (m,).
    """
    n = len(x)
    index = faiss.IndexFlatIP(x.shape[1])
    index.add(x)
    similarity, target = index.search(x, k + 1)
    source = np.repeat(np.arange(n), k + 1)
    target, similarity = target.ravel(), similarity.ravel().astype(np.float64)
    other = source != target
    source, target, similarity = source[other], target[other], similarity[other]
    pair = np.minimum(source, target) * n + np.maximum(source, target)
    pair, first = np.unique(pair, return_index=True)
    return pair // n, pair % n, similarity[first]


def infomap_modules(
    n: int, graph: Graph, *, trials: int = 1, seed: int = 1
) -> tuple[Labels, float]:
    """Two-level Infomap; items without an edge stay alone.

    Returns:
        Labels (n,) and the codelength in bits.
    """
    import infomap

    source, target, weight = graph
    labels = np.arange(n) + n
    network = infomap.Infomap(silent=True, two_level=True, num_trials=trials, seed=seed)
    network.add_links(np.column_stack([source, target, weight]))
    result = network.run()
    for item, module in result.modules().items():
        labels[item] = module
    return labels, float(result.codelength)


def leiden_communities(n: int, graph: Graph, quality: str, resolution: float) -> Labels:
    """Leiden with the quality function of that name in `leidenalg`."""
    import igraph
    import leidenalg

    source, target, weight = graph
    network = igraph.Graph(n=n, edges=np.column_stack([source, target]), directed=False)
    partition = leidenalg.find_partition(
        network,
        getattr(leidenalg, quality),
        weights=weight,
        resolution_parameter=resolution,
        n_iterations=2,
        seed=1,
    )
    return np.array(partition.membership)


def _cut(graph: Graph, quantile: float) -> tuple[float, Graph]:
    """Keeps the edges above a quantile of all similarities, and above 0."""
    source, target, similarity = graph
    cut = max(1e-6, float(np.quantile(similarity, quantile)))
    kept = similarity >= cut
    return cut, (source[kept], target[kept], similarity[kept])


def _sweep_infomap(x: Embeddings, _: int) -> Iterator[tuple[dict[str, Any], Labels]]:
    for k in (30, 50, 80):
        graph = cosine_graph(x, k)
        for quantile in CUT_QUANTILES:
            cut, kept = _cut(graph, quantile)
            yield {"k": k, "cut": cut}, infomap_modules(len(x), kept)[0]


def _sweep_leiden(x: Embeddings, _: int) -> Iterator[tuple[dict[str, Any], Labels]]:
    qualities = {
        "RBConfigurationVertexPartition": [1, 5, 20, 50, 100, 200, 500],
        "CPMVertexPartition": [0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8],
    }
    for k in (30, 80):
        graph = cosine_graph(x, k)
        for quantile in (0.0, 0.6):
            cut, kept = _cut(graph, quantile)
            for quality, resolutions in qualities.items():
                for resolution in resolutions:
                    labels = leiden_communities(len(x), kept, quality, resolution)
                    yield (
                        {"k": k, "cut": cut, "quality": quality, "resolution": resolution},
                        labels,
                    )


def _sweep_average_linkage(x: Embeddings, _: int) -> Iterator[tuple[dict[str, Any], Labels]]:
    import fastcluster
    from scipy.cluster.hierarchy import fcluster

    n = len(x)
    condensed = np.empty(n * (n - 1) // 2)
    start = 0
    for i in range(n - 1):
        condensed[start : start + n - 1 - i] = x[i + 1 :] @ x[i]
        start += n - 1 - i
    np.subtract(1.0, condensed, out=condensed)
    np.maximum(condensed, 0.0, out=condensed)
    tree = fastcluster.linkage(condensed, "average", preserve_input=False)
    merges = n - np.unique(np.geomspace(2, n, 200).astype(int))
    for merge in merges:
        height = float(tree[max(merge - 1, 0), 2])
        yield {"height": height}, fcluster(tree, height, "distance")


def _sweep_dbscan(x: Embeddings, _: int) -> Iterator[tuple[dict[str, Any], Labels]]:
    from sklearn.cluster import DBSCAN

    source, target, similarity = cosine_graph(x, 80)
    distance = np.maximum(1 - similarity, 1e-7)
    ends = np.concatenate([source, target]), np.concatenate([target, source])
    graph = csr_array((np.concatenate([distance, distance]), ends), shape=(len(x), len(x)))
    for eps in np.unique(np.quantile(distance, np.geomspace(0.002, 0.9, 40))):
        for min_samples in (1, 2, 3, 5, 10, 20):
            fit = DBSCAN(eps=eps, min_samples=min_samples, metric="precomputed")
            yield {"eps": float(eps), "min_samples": min_samples}, fit.fit_predict(graph)


def _sweep_hdbscan(x: Embeddings, _: int) -> Iterator[tuple[dict[str, Any], Labels]]:
    from sklearn.cluster import HDBSCAN
    from sklearn.cluster._hdbscan._tree import tree_to_labels

    for min_samples in (1, 2, 5, 10):
        # The tree depends on min_samples alone; `fit` ends with the very call made below.
        fit = HDBSCAN(min_samples=min_samples, algorithm="brute", copy=False).fit(x)
        for min_cluster_size in (2, 3, 5, 10, 20, 40):
            for method in ("eom", "leaf"):
                labels, _strength = tree_to_labels(
                    fit._single_linkage_tree_, min_cluster_size, method, False, 0.0, None
                )
                parameters = {
                    "min_samples": min_samples,
                    "min_cluster_size": min_cluster_size,
                    "method": method,
                }
                yield parameters, labels


def _sweep_fast_hdbscan(x: Embeddings, _: int) -> Iterator[tuple[dict[str, Any], Labels]]:
    from fast_hdbscan.hdbscan import clusters_from_spanning_tree, compute_minimum_spanning_tree

    for min_samples in (1, 2, 5, 10):
        tree, _neighbours, _core = compute_minimum_spanning_tree(x, min_samples=min_samples)
        for min_cluster_size in (2, 3, 5, 10, 20, 40):
            for method in ("eom", "leaf"):
                found = clusters_from_spanning_tree(
                    tree, min_cluster_size=min_cluster_size, cluster_selection_method=method
                )
                parameters = {
                    "min_samples": min_samples,
                    "min_cluster_size": min_cluster_size,
                    "method": method,
                }
                yield parameters, found[0]


def _sweep_evoc(x: Embeddings, _: int) -> Iterator[tuple[dict[str, Any], Labels]]:
    import evoc

    for n_neighbors in (15, 30):
        for min_samples in (2, 5):
            for base_min_cluster_size in (2, 3, 5, 10):
                for noise_level in (0.0, 0.5):
                    parameters = {
                        "n_neighbors": n_neighbors,
                        "min_samples": min_samples,
                        "base_min_cluster_size": base_min_cluster_size,
                        "noise_level": noise_level,
                    }
                    fit = evoc.EVoC(random_state=0, **parameters).fit(x)
                    for layer, labels in enumerate(fit.cluster_layers_):
                        yield parameters | {"layer": layer}, labels


def _sweep_k_means(x: Embeddings, groups: int) -> Iterator[tuple[dict[str, Any], Labels]]:
    from sklearn.cluster import KMeans

    for seed in range(3):
        fit = KMeans(groups, n_init=1, random_state=seed).fit(x)
        yield {"n_clusters": groups, "seed": seed}, fit.labels_


PEERS = {
    "average linkage": Peer(
        "cosine; cut where the number of clusters is one of about 200 from 2 to n, even in log",
        ("fastcluster",),
        _sweep_average_linkage,
    ),
    "Infomap": Peer(
        "exact cosine neighbours, k in {30, 50, 80}; edges cut at 16 quantiles of similarity",
        ("infomap", "faiss-cpu"),
        _sweep_infomap,
    ),
    "DBSCAN": Peer(
        "cosine distance to 80 neighbours; eps at 40 of its quantiles; min_samples in "
        "{1, 2, 3, 5, 10, 20}",
        ("scikit-learn", "faiss-cpu"),
        _sweep_dbscan,
    ),
    "HDBSCAN": Peer(
        "min_samples in {1, 2, 5, 10}; min_cluster_size in {2, 3, 5, 10, 20, 40}; eom and leaf",
        ("scikit-learn",),
        _sweep_hdbscan,
    ),
    "fast_hdbscan": Peer(
        "min_samples in {1, 2, 5, 10}; min_cluster_size in {2, 3, 5, 10, 20, 40}; eom and leaf",
        ("fast-hdbscan", "pynndescent"),
        _sweep_fast_hdbscan,
    ),
    "EVoC": Peer(
        "n_neighbors in {15, 30}; min_samples in {2, 5}; base_min_cluster_size in {2, 3, 5, 10}; "
        "noise_level in {0, .5}; every layer",
        ("evoc",),
        _sweep_evoc,
    ),
    "Leiden": Peer(
        "exact cosine neighbours, k in {30, 80}; all edges and the upper 40 %; modularity and "
        "constant Potts at 7 resolutions each",
        ("leidenalg", "igraph", "faiss-cpu"),
        _sweep_leiden,
    ),
    "k-means": Peer(
        "the true number of groups; best of three seeds",
        ("scikit-learn",),
        _sweep_k_means,
    ),
}
