"""Partitions by name, all called alike on edges that a cut has already thinned."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from covey.partition.average_linkage import average_linkage
from covey.partition.components import components
from covey.partition.density_peaks import density_peaks
from covey.partition.leiden import leiden
from covey.partition.map_equation import map_equation
from covey.partition.propagation import propagation
from covey.types import Clustering, Constraints, Edges, Float32, UsageError

Partition = Literal[
    "map-equation", "leiden", "average-linkage", "density-peaks", "propagation", "components"
]
PARTITIONS: tuple[Partition, ...] = get_args(Partition)
TRIED_PARTITIONS: tuple[Partition, ...] = ("map-equation", "leiden")
"""Those that compete where none is named: the first for many groups of all sizes, the second for
few large ones. `selection` decides."""

_LINKED = 0.25  # mean weight between two clusters at which average linkage still joins them
_REACH = 64  # neighbours that edges with probabilities were chosen from
_LARGEST = 300  # size cap of propagation, as published for large face collections


def partition_edges(
    edges: Edges,
    n: int,
    *,
    name: str = "map-equation",
    constraints: Constraints | None = None,
    rounds: int = 10,
    seed: int = 0,
    probable: bool = False,
) -> Clustering:
    """Clusters n items by edges that all lie above the cut.

    Args:
        edges: Edges to use; none is weaker than the cut.
        n: Number of items.
        name: One of `PARTITIONS`.
        constraints: What must and must not share a cluster.
        rounds: Effort of the map equation and of Leiden.
        seed: For every random order.
        probable: Whether weights are probabilities. Then average linkage and propagation take them
            as they are, the one joins down to that of the lightest edge, the other rises from it;
            otherwise only their order is taken to tell.

    Raises:
        UsageError: If the name is unknown, or constraints contradict each other.
    """
    if name == "map-equation":
        return map_equation(edges, n, constraints=constraints, rounds=rounds, seed=seed)
    if name == "leiden":
        return leiden(edges, n, constraints=constraints, rounds=rounds, seed=seed)
    if name == "average-linkage" and probable and edges.m:
        linked = float(edges.weight.min())
        return average_linkage(
            edges, n, cut=linked, reach=_REACH, constraints=constraints, seed=seed
        )
    if name == "propagation" and probable:
        return propagation(edges, n, max_size=_LARGEST, constraints=constraints, seed=seed)
    above = _upper_half(edges)
    if name == "average-linkage":
        reach = max(1, round(2 * edges.m / max(n, 1)))
        return average_linkage(
            above, n, cut=_LINKED, reach=reach, constraints=constraints, seed=seed
        )
    if name == "density-peaks":
        return density_peaks(above, n, cut=0.0, constraints=constraints, seed=seed)
    if name == "propagation":
        return propagation(above, n, max_size=_LARGEST, constraints=constraints, seed=seed)
    if name == "components":
        return components(above, n, cut=0.0, constraints=constraints, seed=seed)
    raise UsageError(f"unknown partition {name!r}: choose one of {', '.join(PARTITIONS)}")


def _upper_half(edges: Edges) -> Edges:
    """Maps weights linearly to [0.5, 1]: an edge above the cut is rather true than false."""
    weight: Float32 = edges.weight
    low = np.float32(weight.min(initial=np.inf)) if edges.m else np.float32(0)
    width = np.float32(weight.max(initial=-np.inf)) - low if edges.m else np.float32(1)
    scaled = np.float32(0.5) + (weight - low) / (2 * (width if width > 0 else np.float32(1)))
    return Edges(edges.source, edges.target, np.asarray(scaled, np.float32))
