"""Neighbour lists out, to .npz or Parquet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from covey.io.atomic import atomic_file
from covey.io.groups import item_names
from covey.types import Int64, KnnGraph, UsageError

SUFFIXES = (".npz", ".parquet")
"""Formats that `write_neighbours` knows."""


def write_neighbours(
    path: str | Path,
    knn: KnnGraph,
    *,
    ids: NDArray[np.object_] | None = None,
    rows: Int64 | None = None,
) -> None:
    """Writes the neighbours of each item, atomically.

    A .npz holds `indices` and `similarities` as in `KnnGraph`, positions among the n items, and
    `item_id` (n,) with their names. A .parquet holds one line per item: `item_id`,
    `neighbour_ids` and `similarities`, the lists nearest first.

    Args:
        path: Where to; its suffix decides the format.
        knn: n items, k neighbours each.
        ids: (n,) their ids, as `EmbeddingTable.ids`.
        rows: (n,) their row numbers, as `EmbeddingTable.rows`; used where there are no ids.

    Raises:
        UsageError: If the suffix is another one, or the numbers of items differ.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    names = item_names(knn.n, ids, rows)
    if suffix == ".npz":
        plain = names if names.dtype.kind == "i" else names.astype(str)
        with atomic_file(path) as temporary:
            np.savez(temporary, indices=knn.indices, similarities=knn.similarities, item_id=plain)
        return
    if suffix != ".parquet":
        raise UsageError(f"{path}: neighbours are written to .npz or .parquet; change the suffix")
    named = pa.array(names, pa.int64() if names.dtype.kind == "i" else pa.string())
    ends = pa.array(np.arange(knn.n + 1, dtype=np.int64) * knn.k)
    near = named.take(pa.array(knn.indices.ravel()))
    similar = pa.array(knn.similarities.ravel(), pa.float32())
    columns = {
        "item_id": named,
        "neighbour_ids": pa.LargeListArray.from_arrays(ends, near),
        "similarities": pa.LargeListArray.from_arrays(ends, similar),
    }
    with atomic_file(path) as temporary:
        pq.write_table(pa.table(columns), temporary)
