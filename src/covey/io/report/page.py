"""The whole report: one HTML file that asks the network for nothing."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
from numpy.typing import NDArray

from covey.clustering import ClusterResult
from covey.io.atomic import atomic_file
from covey.io.report import sections
from covey.io.report.contact_sheet import ContactSheet
from covey.io.report.findings import Findings
from covey.io.report.groups import Groups, group
from covey.io.report.layout2d import Map, lay_out
from covey.io.report.neighbourhood import count_neighbours
from covey.io.report.outliers import looseness
from covey.io.report.suspicious import find_suspicious
from covey.io.report.templates import template
from covey.io.report.words import safe
from covey.types import UsageError

Items = Sequence[Any] | NDArray[Any]
Skipped = tuple[int | str, str] | str


def write_report(
    path: str | Path,
    result: ClusterResult,
    *,
    ids: Items | None = None,
    images: Items | None = None,
    texts: Items | None = None,
    title: str = "What belongs together",
    x: NDArray[np.floating] | None = None,
    command: str | None = None,
    skipped: Sequence[Skipped] = (),
    seed: int = 0,
) -> None:
    """Writes one HTML file that says what was found, how far to trust it and where to look.

    Scripts, styles, charts and thumbnails are inside the file, and its content policy forbids
    every outside request. All that comes from the user is escaped. The same input gives the same
    bytes.

    Args:
        path: File to write; replaced in one step when it is complete.
        result: What `cluster` gave for n items.
        ids: n names, or None for the item numbers.
        images: n arrays (h, w[, 1 | 3 | 4]) or paths of image files, or None.
        texts: n texts, or None; shown where there are no images, spoken where there are.
        title: Heading of the page.
        x: (n, d) embeddings for the map; without them it is drawn from the graph.
        command: The command that made the result, to be shown.
        skipped: What was left out of the collection: sentences, or (row or name, reason).
        seed: Decides the map and which small groups are sampled.

    Raises:
        UsageError: If `ids`, `images`, `texts` or `x` have not n entries.
        CoveyError: If the file cannot be written.
    """
    n = result.clustering.n
    for name, given in (("ids", ids), ("images", images), ("texts", texts), ("x", x)):
        if given is not None and len(given) != n:
            raise UsageError(
                f"{name} has {len(given):,} entries and the clustering {n:,} items: pass one for "
                "each item, in the order of the rows that were clustered"
            )
    html = render_report(
        result,
        ContactSheet(ids, images, texts),
        title=title,
        x=x,
        command=command,
        skipped=skipped,
        seed=seed,
    )
    with atomic_file(path) as temporary:
        temporary.write_bytes(html.encode("utf-8", "replace"))


def render_report(
    result: ClusterResult,
    sheet: ContactSheet,
    *,
    title: str,
    x: NDArray[np.floating] | None,
    command: str | None,
    skipped: Sequence[Skipped],
    seed: int,
) -> str:
    """The page as text. O(n log n + m) time; its size does not grow with n."""
    groups = group(result)
    near = count_neighbours(result.knn, groups)
    kinds = find_suspicious(result, groups, near)
    drawn = lay_out(result, groups, x, seed=seed)
    script = template("map.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    suspicious = sections.suspicious(kinds, groups, sheet)
    gallery = sections.gallery(groups, sheet, seed, largest=24, others=12)
    left_out = [_left_out(entry) for entry in skipped]
    if sheet.unreadable:
        left_out.append(
            f"{sheet.unreadable:,} images could not be drawn; their names stand instead"
        )
    return Template(template("page.html")).substitute(
        title=safe(title, most=200),
        script_hash=f"sha256-{digest}",
        style=template("style.css"),
        headline=sections.headline(title, result.report, groups, command, left_out),
        suspicious=suspicious,
        cut_curve=sections.cut_curve(result.report),
        foreseen_by=(
            "what groups with labels, on which the model was judged, gave at the same cosine"
            if result.report.by_labels
            else "a model that was trained on collections with labels"
        ),
        histogram=sections.histogram(groups),
        map_caption=sections.map_caption(drawn, groups),
        gallery=gallery,
        footer=sections.footer(result.report, groups, metadata.version("covey"), seed),
        data=_map_data(drawn, groups, looseness(groups, near), kinds, sheet),
        script=script,
    )


def _map_data(
    drawn: Map,
    groups: Groups,
    loose: NDArray[np.bool_],
    kinds: Sequence[Findings],
    sheet: ContactSheet,
) -> str:
    """The map as JSON that is safe inside a script element; lengths in hundredths."""
    place = {int(label): i for i, label in enumerate(drawn.clusters)}
    about = [(kind.key, finding) for kind in kinds for finding in kind.shown]
    data = {
        "clusters": drawn.clusters.tolist(),
        "size": groups.sizes[drawn.clusters].tolist(),
        "centre": (100 * drawn.centre).round().astype(int).ravel().tolist(),
        "radius": [round(float(r), 2) for r in drawn.radius],
        "items": drawn.items.tolist(),
        "place": drawn.place.tolist(),
        "points": (100 * drawn.points).round().astype(int).ravel().tolist(),
        "strength": (100 * groups.strength[drawn.items]).round().astype(int).tolist(),
        "names": sheet.captions(drawn.items, most=80),
        "flagged": sorted({f.clusters[0] for key, f in about if key in ("mixed", "large")}),
        "loose": loose[drawn.items].astype(int).tolist(),
        "bridges": [
            [place[g] for g in f.clusters]
            for key, f in about
            if key == "merges" and all(g in place for g in f.clusters)
        ],
    }
    text = json.dumps(data, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _left_out(entry: Skipped) -> str:
    if isinstance(entry, str):
        return entry
    where, reason = entry
    return f"row {where}: {reason}" if isinstance(where, int) else f"{where}: {reason}"
