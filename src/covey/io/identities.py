"""Who is on a picture and which camera took it, for every row of a table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from covey.io.embeddings import EmbeddingTable
from covey.io.labelled_items import item_codes
from covey.metrics.retrieval import Identities
from covey.types import Int64


@dataclass(frozen=True, slots=True)
class IdentityFiles:
    """Where identities and cameras of a table are.

    Attributes:
        table: n items.
        labels: File of identities.
        cameras: File of cameras, or None.
        mask: The mask that the table was read with, or None.
    """

    table: EmbeddingTable
    labels: Path
    cameras: Path | None = None
    mask: Path | None = None


@dataclass(frozen=True, slots=True)
class NamedIdentities:
    """Identities, and what their codes are called.

    Attributes:
        items: n identities.
        labels, cameras: Names by code; cameras None where there are none.
    """

    items: Identities
    labels: NDArray[Any]
    cameras: NDArray[Any] | None

    def told(self, item: int) -> str:
        """`id 12 · camera 3`, in the words of the files."""
        label = self.items.labels[item]
        words = f"id {self.labels[label] if label >= 0 else '?'}"
        if self.items.cameras is not None and self.cameras is not None:
            camera = self.items.cameras[item]
            words += f" · camera {self.cameras[camera] if camera >= 0 else '?'}"
        return words


def read_identities(
    sources: list[IdentityFiles],
    *,
    label_column: str | None = None,
    camera_column: str | None = None,
) -> list[NamedIdentities]:
    """Reads identities and cameras of several tables, so that equal names have equal codes.

    Args:
        sources: Gallery and queries, or one table that is both.
        label_column, camera_column: Columns or arrays, where the files have several.

    Raises:
        InputError: If a file cannot be read or does not fit its table.
    """
    labels, names = _shared(
        [
            item_codes(each.table, each.labels, column=label_column, mask=each.mask)
            for each in sources
        ]
    )
    cameras: list[Int64] | list[None] = [None] * len(sources)
    places = None
    files = [each.cameras for each in sources]
    if None not in files:
        cameras, places = _shared(
            [
                item_codes(
                    each.table,
                    file,
                    column=camera_column,
                    mask=each.mask,
                    option="--camera-column",
                )
                for each, file in zip(sources, files, strict=True)
                if file is not None
            ]
        )
    return [
        NamedIdentities(Identities(codes, seen), names, places)
        for codes, seen in zip(labels, cameras, strict=True)
    ]


def _shared(parts: list[tuple[Int64, NDArray[Any]]]) -> tuple[list[Int64], NDArray[Any]]:
    """Codes into one list of names for all; a name counts as it is written."""
    written = [names.astype(str) for _, names in parts]
    every, place = np.unique(np.concatenate(written), return_inverse=True)
    starts = np.cumsum([0, *map(len, written)])
    codes = []
    for (own, _), start in zip(parts, starts, strict=False):
        codes.append(np.where(own >= 0, place[start + np.maximum(own, 0)], -1).astype(np.int64))
    return codes, every
