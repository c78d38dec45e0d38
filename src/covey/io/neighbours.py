"""Neighbour lists out, to .npz or Parquet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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
    gallery: NDArray[np.object_] | Int64 | None = None,
) -> None:
    """Writes the neighbours of each item, atomically.

    A .npz holds `indices` and `similarities` as in `KnnGraph`, positions among the n items, and
    `item_id` (n,) with their names. A .parquet holds one line per item: `item_id`,
    `neighbour_ids` and `similarities`, the lists nearest first. Where the neighbours are those of
    queries in a gallery, positions and neighbour ids are of the gallery, whose names a .npz has as
    `gallery_id`.

    Args:
        path: Where to; its suffix decides the format.
        knn: n items, k neighbours each.
        ids: (n,) their ids, as `EmbeddingTable.ids`.
        rows: (n,) their row numbers, as `EmbeddingTable.rows`; used where there are no ids.
        gallery: Names of the items that `knn.indices` points to, where those are not the n items.

    Raises:
        UsageError: If the suffix is another one, or the numbers of items differ.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    names = item_names(knn.n, ids, rows)

    def plain(names: NDArray[Any]) -> NDArray[Any]:
        return names if names.dtype.kind == "i" else names.astype(str)

    def column(names: NDArray[Any]) -> pa.Array:
        return pa.array(names, pa.int64() if names.dtype.kind == "i" else pa.string())

    if suffix == ".npz":
        arrays: dict[str, Any] = {
            "indices": knn.indices,
            "similarities": knn.similarities,
            "item_id": plain(names),
        }
        if gallery is not None:
            arrays["gallery_id"] = plain(gallery)
        with atomic_file(path) as temporary:
            np.savez(temporary, **arrays)
        return
    if suffix != ".parquet":
        raise UsageError(f"{path}: neighbours are written to .npz or .parquet; change the suffix")
    named = column(names)
    ends = pa.array(np.arange(knn.n + 1, dtype=np.int64) * knn.k)
    among = named if gallery is None else column(gallery)
    near = among.take(pa.array(knn.indices.ravel()))
    similar = pa.array(knn.similarities.ravel(), pa.float32())
    columns = {
        "item_id": named,
        "neighbour_ids": pa.LargeListArray.from_arrays(ends, near),
        "similarities": pa.LargeListArray.from_arrays(ends, similar),
    }
    with atomic_file(path) as temporary:
        pq.write_table(pa.table(columns), temporary)
