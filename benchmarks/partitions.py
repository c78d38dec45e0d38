"""What does each partition cost?

A planted graph: 100,000 items in 2,000 groups, 1.5 million edges, 70% of them inside a group, with
weights from 0.6 to 1 inside and from 0.3 to 0.8 between. Each partition runs once on 2,000 items to
be compiled, then once on the whole.

    python benchmarks/partitions.py
"""

from __future__ import annotations

import time

import numpy as np

from covey.graph_partition import PARTITIONS, partition_edges
from covey.types import Edges
from machine import RESULTS, provenance, write_json


def planted(n: int, groups: int, m: int, *, inside: float = 0.7, seed: int = 0) -> Edges:
    """A graph with known groups of equal size."""
    rng = np.random.default_rng(seed)
    size = n // groups
    source = rng.integers(n, size=m)
    own = rng.random(m) < inside
    target = np.where(
        own, source // size * size + rng.integers(size, size=m), rng.integers(n, size=m)
    )
    weight = np.where(own, rng.uniform(0.6, 1.0, m), rng.uniform(0.3, 0.8, m)).astype(np.float32)
    low, high = np.minimum(source, target), np.maximum(source, target)
    _, first = np.unique(low * n + high, return_index=True)
    first = first[low[first] < high[first]]
    return Edges(low[first], high[first], weight[first])


def main() -> None:
    small, large = planted(2_000, 40, 30_000), planted(100_000, 2_000, 1_500_000)
    entries = []
    for name in PARTITIONS:
        partition_edges(small, 2_000, name=name)
        began, used = time.perf_counter(), time.process_time()
        found = partition_edges(large, 100_000, name=name)
        entries.append(
            {
                "partition": name,
                "seconds": time.perf_counter() - began,
                "cpu_seconds": time.process_time() - used,
                "n_clusters": found.n_clusters,
                "edges": large.m,
            }
        )
        print(entries[-1], flush=True)
    write_json(RESULTS / "partitions.json", {**provenance("numba"), "results": entries})


if __name__ == "__main__":
    main()
