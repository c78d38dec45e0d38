"""The groups as a file, as `covey export` writes it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from covey.server.session import Opened
from covey.store.exports import FORMATS, export_of, write_export

router = APIRouter(tags=["exports"])

_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "json": "application/json",
    "fiftyone": "application/x-ndjson",
    "coco": "application/json",
}


@router.get(
    "/v1/exports/{kind}",
    response_class=Response,
    responses={200: {"content": {name: {} for name in sorted(set(_TYPES.values()))}}},
)
def export(
    session: Opened,
    kind: Literal["csv", "parquet", "json", "fiftyone", "coco"],
    spreadsheet: Annotated[
        bool, Query(description="Of csv: ids that may run as formulas get an apostrophe, too.")
    ] = False,
) -> Response:
    """The groups as a file."""
    found = export_of(session.review)
    with tempfile.TemporaryDirectory(prefix="covey-") as folder:
        path = Path(folder) / f"groups{FORMATS[kind]}"
        write_export(path, found, kind, spreadsheet=spreadsheet)
        data = path.read_bytes()
    name = f"{'' if kind in ('csv', 'parquet', 'json') else kind + '-'}groups{FORMATS[kind]}"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "ETag": f'"{found.revision}"',
    }
    return Response(data, media_type=_TYPES[kind], headers=headers)
