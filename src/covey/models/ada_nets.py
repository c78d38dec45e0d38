"""Ada-NETS: embeddings refined over a graph whose neighbourhoods have the size that suits each.

    lists     the k nearest of every item, scored in structure space          `ordered_lists`
    lengths   of each list its first ones, as many as a filter finds clean    `neighbour_filter`
    graph     what is left, both ways, without weights                        `neighbour_graph`
    network   two means over the graph with a layer after each                `graph_network`

(Adaptive Neighbour discovEry in STructure space, Wang et al., ICLR 2022. Formulas and defects of
the published code from our notes on it; each module says what it mends.) Every part can be left
out, see `AdaNETSConfig`: lists as they were found, one length for all, all candidates, or lengths
that are read off the lists without a filter.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from covey.models.ada_nets_config import LISTS, AdaNETSConfig
from covey.models.graph_network import GraphNetwork, refine_graph
from covey.models.neighbour_filter import NeighbourFilter, filtered_lengths
from covey.models.neighbour_graph import NeighbourGraph, neighbour_graph
from covey.models.ordered_lists import OrderedLists, candidates, ordered_lists
from covey.similarity.list_lengths import gap_lengths, stable_lengths
from covey.threads import bounded_threads, torch_threads
from covey.types import Float32, Int64, KnnGraph, UsageError

_FILTERED = 0.5  # share of the work done when the graph stands


class AdaNETSNetwork(nn.Module):
    """A filter, where lengths are adaptive, and a graph network."""

    def __init__(self, config: AdaNETSConfig) -> None:
        super().__init__()
        self.config = config
        self.filter = NeighbourFilter(config) if config.length == "adaptive" else None
        self.graph = GraphNetwork(config)


def list_lengths(
    config: AdaNETSConfig,
    rows: Float32,
    lists: OrderedLists,
    neighbour_filter: NeighbourFilter | None = None,
    *,
    tick: Callable[[float], None] = lambda done: None,
) -> Int64:
    """(n,) int64 in [1, m]: how many candidates each item keeps, by the config's `length`.

    Args:
        config: The whole.
        rows: (n, inputs) float32 of unit length.
        lists: Of these.
        neighbour_filter: Trained; only for adaptive lengths.
        tick: Called with the share done.

    Raises:
        UsageError: If lengths are adaptive without a filter, or fixed before training has chosen.
    """
    n, m = lists.items.shape
    if config.length == "adaptive":
        if neighbour_filter is None:
            raise UsageError("adaptive lengths need a filter: train one, or choose another length")
        return filtered_lengths(neighbour_filter, rows, lists, batch=LISTS, tick=tick)
    if config.length == "gap":
        return gap_lengths(lists.scores if config.space == "structure" else lists.similarities)
    if config.length == "stable":
        return stable_lengths(lists.agreement)
    if config.length == "all":
        return np.full(n, m, np.int64)
    if config.fixed is None:
        raise UsageError("the fixed length is not known yet: give one, or let training choose it")
    return np.full(n, max(1, min(config.fixed, m)), np.int64)


def graph_of(
    network: AdaNETSNetwork,
    rows: Float32,
    knn: KnnGraph | None = None,
    *,
    threads: int | None = None,
    tick: Callable[[float], None] = lambda done: None,
) -> NeighbourGraph:
    """The graph of a collection, as its lists and the filter make it; see `refine_rows`."""
    if knn is None:
        knn = candidates(rows, network.config, threads=threads)
    if knn.includes_self:
        raise UsageError("the lists must not include the item itself: drop their first column")
    lists = ordered_lists(rows, knn, network.config)
    lengths = list_lengths(network.config, rows, lists, network.filter, tick=tick)
    return neighbour_graph(lists.items, lengths)


def refine_rows(
    network: AdaNETSNetwork,
    rows: Float32,
    knn: KnnGraph | None = None,
    *,
    threads: int | None = None,
    tick: Callable[[float], None] = lambda done: None,
) -> Float32:
    """Refines all rows of a collection, where the network is.

    Args:
        network: Trained.
        rows: (n, inputs) float32 of unit length.
        knn: Their neighbours, without the items themselves, of which k - 1 are used; looked for if
            None.
        threads: At most so many.
        tick: Called with the share done.

    Returns:
        (n, outputs) float32 of unit length. O(n k^2) time for the lists, O(n k) for the rest;
        see `AdaNETSConfig.bytes_among`.

    Raises:
        UsageError: If the lists include the items themselves.
    """
    with torch_threads(threads), bounded_threads(threads or torch.get_num_threads()):
        graph = graph_of(
            network, rows, knn, threads=threads, tick=lambda done: tick(_FILTERED * done)
        )
        return refine_graph(
            network.graph,
            rows,
            graph,
            tick=lambda done: tick(_FILTERED + (1 - _FILTERED) * done),
        )
