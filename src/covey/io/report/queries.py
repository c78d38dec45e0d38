"""One page of example queries with their ranked lists, hits and misses marked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from string import Template

import numpy as np

from covey.io.atomic import atomic_file
from covey.io.report.contact_sheet import ContactSheet
from covey.io.report.templates import template
from covey.io.report.words import count, percent, safe
from covey.metrics.retrieval import RetrievalScores
from covey.retrieval.examples import Example

_HEADINGS = {
    "worst": ("Worst", "The lowest average precision; one query for each identity."),
    "middle": ("In the middle", "Nearest to the median."),
    "best": ("Best", "The highest average precision; of equal ones, the most to find."),
}
_BINS = 10


@dataclass(frozen=True, slots=True)
class Side:
    """Queries or gallery, as they are shown.

    Attributes:
        sheet: Draws an item.
        told: Gives the identity and camera of an item in words.
    """

    sheet: ContactSheet
    told: Callable[[int], str]


def write_query_page(
    path: str | Path,
    scores: RetrievalScores,
    examples: dict[str, list[Example]],
    *,
    queries: Side,
    gallery: Side,
    title: str,
    ranking: str,
    command: str | None = None,
) -> None:
    """Writes one HTML file: the measures, how they spread, and rankings to look at.

    Styles and thumbnails are inside the file, it has no scripts, and its content policy forbids
    every outside request. All that comes from the user is escaped.

    Args:
        path: File to write; replaced in one step when it is complete.
        scores: Of all queries.
        examples: Under "worst", "middle" and "best".
        queries, gallery: How items are shown.
        title: Heading of the page.
        ranking: What put the results in order, in words.
        command: The command that made the result, to be shown.

    Raises:
        CoveyError: If the file cannot be written.
    """
    parts = [
        _examples(name, examples[name], scores, queries, gallery)
        for name in _HEADINGS
        if examples.get(name)
    ]
    protocol = {
        "standard": "standard protocol: the query's own camera does not count, all matches do",
        "list-1023": "lists of 1,023, cameras not looked at, only matches in the list count",
    }[scores.protocol]
    lead = f"{count(scores.queries, 'query').replace('querys', 'queries')}, {protocol}. {ranking}."
    if scores.skipped:
        lead += f" {scores.skipped:,} more had nothing to find and do not count."
    unreadable = queries.sheet.unreadable + gallery.sheet.unreadable
    made = f"<p>Covey {safe(metadata.version('covey'))}</p>"
    if command:
        made += f'<pre class="command" tabindex="0"><code>{safe(command, most=2000)}</code></pre>'
    if unreadable:
        made += f"<p>{unreadable:,} images could not be drawn; their names stand instead.</p>"
    html = Template(template("queries.html")).substitute(
        title=safe(title, most=200),
        style=template("style.css") + template("queries.css"),
        lead=lead,
        tiles=_tiles(scores),
        spread=_spread(scores),
        examples="".join(parts) or "<p>No query has anything to find.</p>",
        made=made,
    )
    with atomic_file(path) as temporary:
        temporary.write_bytes(html.encode("utf-8", "replace"))


def _tiles(scores: RetrievalScores) -> str:
    figures = {
        "mAP": scores.mean_ap,
        "mINP": scores.mean_inp,
        **{f"CMC@{rank}": share for rank, share in scores.cmc.items()},
    }
    return "".join(
        f"<div><dt>{name}</dt><dd>{'–' if value != value else f'{100 * value:.1f}'}</dd></div>"
        for name, value in figures.items()
    )


def _spread(scores: RetrievalScores) -> str:
    """Queries by average precision, a bar for each tenth."""
    values = scores.per_query.average_precision[scores.per_query.counted]
    if not len(values):
        return ""
    number = np.bincount(np.minimum((values * _BINS).astype(int), _BINS - 1), minlength=_BINS)
    bars = "".join(
        f'<li title="{n:,} queries"><i style="height:{100 * n / number.max():.1f}%"></i>'
        f"<b>{n:,}</b><span>{low / _BINS:.1f}</span></li>"
        for low, n in enumerate(number)
    )
    return f'<ol class="spread">{bars}</ol>'


def _examples(
    name: str,
    examples: list[Example],
    scores: RetrievalScores,
    queries: Side,
    gallery: Side,
) -> str:
    heading, meaning = _HEADINGS[name]
    cards = "".join(_card(each, scores, queries, gallery) for each in examples)
    return (
        f'<section id="{name}"><h2>{heading}</h2><p class="meaning">{meaning}</p>'
        f'<div class="queries {gallery.sheet.kind}">{cards}</div></section>'
    )


def _card(example: Example, scores: RetrievalScores, queries: Side, gallery: Side) -> str:
    one = scores.per_query
    ap, first = float(one.average_precision[example.query]), int(one.first_hit[example.query])
    found = int(example.hits.sum())
    matches = int(one.positives[example.query])
    told = (
        f"Average precision <b>{percent(ap)}</b> · {found:,} of "
        f"{count(matches, 'match').replace('matchs', 'matches')} among the first "
        f"{len(example.results):,}"
    )
    if first > len(example.results):
        told += f" · first match at rank {first:,}"
    results = "".join(
        _result(int(item), rank, bool(hit), gallery)
        for rank, (item, hit) in enumerate(zip(example.results, example.hits, strict=True), 1)
    )
    late = ""
    if len(example.late):
        cells = "".join(
            _result(int(item), int(rank), True, gallery)
            for item, rank in zip(example.late, example.late_ranks, strict=True)
        )
        late = f"<figure><figcaption>Matches further down</figcaption><ol>{cells}</ol></figure>"
    about = _lines(queries.told(example.query))
    name = safe(queries.sheet.name(example.query), most=60)
    return (
        f'<article class="card"><div class="head"><h4>Query {name}</h4>'
        f'<p class="about">{told}</p></div><div class="ranking">'
        f'<figure class="asked"><figcaption>Query</figcaption><ol><li>'
        f"{queries.sheet.cell(example.query, queries.told(example.query))}"
        f"<span>{about}</span></li></ol></figure>"
        f"<figure><figcaption>Results</figcaption><ol>{results}</ol></figure>{late}</div></article>"
    )


def _result(item: int, rank: int, hit: bool, gallery: Side) -> str:
    told = gallery.told(item)
    mark = "✓" if hit else "✗"
    return (
        f'<li class="{"hit" if hit else "miss"}">{gallery.sheet.cell(item, told)}'
        f'<span><b aria-label="{"match" if hit else "no match"}">{mark}</b> {rank:,}'
        f"<em>{_lines(told)}</em></span></li>"
    )


def _lines(told: str) -> str:
    """Identity and camera below each other, so that neither is broken."""
    return safe(told, most=60).replace(" · ", "<br>")
