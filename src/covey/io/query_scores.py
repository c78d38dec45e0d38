"""How each query of a search fared, as a table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from covey.io.groups import item_names, write_table
from covey.metrics.retrieval import QueryScores
from covey.types import Int64


def write_query_scores(
    path: str | Path,
    scores: QueryScores,
    *,
    ids: NDArray[np.object_] | None = None,
    rows: Int64 | None = None,
) -> None:
    """Writes one line per query to .csv, .tsv or .parquet, atomically.

    Columns: `item_id`, `average_precision`, `inp`, `first_hit` (rank from 1) and `positives`. The
    figures are empty for a query without a label or without anything to find.

    Args:
        path: Where to; its suffix decides the format.
        scores: q queries.
        ids: (q,) their ids, as `EmbeddingTable.ids`.
        rows: (q,) their row numbers, as `EmbeddingTable.rows`; used where there are no ids.

    Raises:
        UsageError: If the suffix is another one, or the numbers of items differ.
    """
    names = item_names(len(scores.positives), ids, rows)
    kind = pa.int64() if names.dtype.kind == "i" else pa.string()
    none = ~scores.counted
    write_table(
        path,
        pa.table(
            {
                "item_id": pa.array(names, kind),
                "average_precision": pa.array(scores.average_precision, mask=none),
                "inp": pa.array(scores.inverse_penalty, mask=none),
                "first_hit": pa.array(scores.first_hit, mask=none),
                "positives": pa.array(scores.positives),
            }
        ),
    )
