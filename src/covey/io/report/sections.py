"""The sections of the page, each a function from results to HTML."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from covey.cluster_report import ClusterReport
from covey.io.report.charts import cut_curve_svg, histogram_svg
from covey.io.report.contact_sheet import ContactSheet
from covey.io.report.findings import Finding, Findings
from covey.io.report.groups import Groups
from covey.io.report.layout2d import Map
from covey.io.report.verdict import (
    agreement_sentence,
    judge,
    precision_sentence,
    recall_sentence,
)
from covey.io.report.words import SCORERS, count, cut_name, percent, safe, seconds

_TABLE_ROWS = 40
_CHART_WIDTHS = (("wide", 500), ("narrow", 336))


def headline(
    title: str,
    report: ClusterReport,
    groups: Groups,
    command: str | None,
    skipped: Sequence[str],
) -> str:
    """Figures, verdict, notes and the command."""
    several = groups.n_clusters - groups.n_singletons
    noise = groups.n - int(groups.sizes.sum())
    verdict = judge(report, groups)
    lead = (
        f"{count(groups.n, 'item')} in {count(several, 'cluster')} of two or more, and "
        f"{count(groups.n_singletons, 'item')} that {_stand(groups.n_singletons)} alone."
    )
    if noise:
        lead += f" {count(noise, 'item')} called noise."
    figures = (
        ("Items", f"{groups.n:,}"),
        ("Clusters of two or more", f"{several:,}"),
        ("Singletons", f"{groups.n_singletons:,}"),
        ("Largest cluster", f"{int(groups.sizes.max(initial=0)):,}"),
    )
    tiles = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in figures)
    alike = partial(agreement_sentence, by_labels=report.by_labels)
    return f"""<header>
<p class="eyebrow">Covey report</p>
<h1>{safe(title, most=200)}</h1>
<p class="lead">{lead}</p>
<div class="verdict {verdict.level}"><span class="mark" aria-hidden="true"></span>
<p><strong>{verdict.heading}</strong> {verdict.sentence}</p></div>
<div class="quality">
{_meter("Expected precision", report.expected_precision, precision_sentence)}
{_meter("Expected recall", report.expected_recall, recall_sentence)}
{_meter("Agreement of two halves", report.agreement, alike)}
</div>
<dl class="figures">{tiles}</dl>
{_notes(report, skipped)}
{_command(command)}
</header>"""


def _stand(number: int) -> str:
    return "stands" if number == 1 else "stand"


def _meter(name: str, value: float, sentence: Callable[[float], str]) -> str:
    known = value == value
    filled = 100.0 * min(max(value, 0.0), 1.0) if known else 0.0
    return (
        f'<section><h2>{name}</h2><p class="big">{percent(value)}</p>'
        f'<div class="meter" aria-hidden="true"><i style="width:{filled:.1f}%"></i></div>'
        f"<p>{sentence(value)}</p></section>"
    )


def _notes(report: ClusterReport, skipped: Sequence[str]) -> str:
    told = ""
    if report.notes:
        notes = "".join(f"<li>{safe(note, most=600)}</li>" for note in report.notes[:30])
        told = f'<h2 class="minor">Notes</h2><ul class="notes">{notes}</ul>'
    if skipped:
        some = "".join(f"<li>{safe(entry, most=300)}</li>" for entry in skipped[:50])
        more = f"<li>and {len(skipped) - 50:,} more</li>" if len(skipped) > 50 else ""
        told += (
            f'<details class="skipped"><summary>{count(len(skipped), "input")} left out</summary>'
            f"<ul>{some}{more}</ul></details>"
        )
    return told


def _command(command: str | None) -> str:
    if not command:
        return ""
    return (
        '<h2 class="minor">Made by</h2>'
        f'<pre class="command" tabindex="0"><code>{safe(command, most=2000)}</code></pre>'
    )


def suspicious(kinds: Sequence[Findings], groups: Groups, sheet: ContactSheet) -> str:
    """Every kind of finding, the reasons in words, the items beside them."""
    return "".join(_kind(findings, groups, sheet) for findings in kinds)


def _kind(findings: Findings, groups: Groups, sheet: ContactSheet) -> str:
    if not findings.shown:
        return (
            f'<section class="kind empty" id="{findings.key}"><h3>{findings.heading}</h3>'
            f"<p>{findings.none}</p></section>"
        )
    cards = "".join(_finding(finding, findings.key, groups, sheet) for finding in findings.shown)
    shown = len(findings.shown)
    tally = f"{shown:,} of {findings.total:,} shown" if shown < findings.total else f"{shown:,}"
    return (
        f'<section class="kind" id="{findings.key}"><h3>{findings.heading} '
        f'<span class="tally">{tally}</span></h3><p class="meaning">{findings.meaning}</p>'
        f'<div class="findings {findings.key} {sheet.kind}">{cards}</div></section>'
    )


def _finding(finding: Finding, key: str, groups: Groups, sheet: ContactSheet) -> str:
    if key in ("outliers", "strays"):
        name = safe(sheet.name(int(finding.rows[0].items[0])), most=60)
        heading = f"<h4>{name if sheet.ids is not None else f'Item {name}'}</h4>"
        about = f"in cluster {finding.clusters[0]}" if key == "outliers" else "alone"
    elif key == "merges":
        one, other = finding.clusters
        heading, about = f"<h4>Clusters {one} and {other}</h4>", ""
    else:
        label = finding.clusters[0]
        heading, about = f"<h4>Cluster {label}</h4>", _about(groups, label)
    rows = "".join(
        f"<figure><figcaption>{row.caption}</figcaption>"
        f"{sheet.sheet(row.items, groups.strength)}</figure>"
        for row in finding.rows
        if row.items.size
    )
    about = f'<p class="about">{about}</p>' if about else ""
    return (
        f'<article class="card"><div class="head">{heading}{about}</div>'
        f'<p class="reason">{finding.reason}</p><div class="rows">{rows}</div></article>'
    )


def _about(groups: Groups, label: int) -> str:
    size = int(groups.sizes[label])
    told = count(size, "item")
    if size > 1:
        told += f" · cohesion {percent(float(groups.cohesion[label]))}"
    return told


def cut_curve(report: ClusterReport) -> str:
    """The curve in two widths, and the numbers as a table."""
    curve = report.curve
    charts = "".join(
        f'<div class="{name}">{cut_curve_svg(curve, width)}</div>' for name, width in _CHART_WIDTHS
    )
    rows = np.unique(
        np.append(
            np.linspace(0, max(curve.cut.size - 1, 0), min(curve.cut.size, _TABLE_ROWS)).round(),
            [curve.chosen] if curve.cut.size else [],
        )
    ).astype(int)
    marks = np.where(rows == curve.chosen, ' class="chosen" aria-current="true"', "")
    body = "".join(
        f"<tr{mark}>"
        f"<td>{cut_name(curve.cut[c])}{' (taken)' if c == curve.chosen else ''}</td>"
        f"<td>{curve.n_clusters[c]:,}</td>"
        f"<td>{curve.n_singletons[c]:,}</td><td>{curve.largest[c]:,}</td>"
        f"<td>{percent(float(curve.precision[c]))}</td>"
        f"<td>{percent(float(curve.recall[c]))}</td>"
        f"<td>{percent(float(curve.agreement[c]))}</td></tr>"
        for c, mark in zip(rows, marks, strict=True)
    )
    return f"""<figure class="chart">{charts}</figure>
<details><summary>The numbers</summary><div class="scroll" tabindex="0" role="region"
aria-label="Cut curve as a table"><table><thead><tr>
<th scope="col">cut</th><th scope="col">clusters</th><th scope="col">singletons</th>
<th scope="col">largest</th><th scope="col">precision</th><th scope="col">recall</th>
<th scope="col">agreement</th>
</tr></thead><tbody>{body}</tbody></table></div></details>"""


def histogram(groups: Groups) -> str:
    """Sizes of the clusters in doubling bins."""
    charts = "".join(
        f'<div class="{name}">{histogram_svg(groups.sizes, width)}</div>'
        for name, width in _CHART_WIDTHS
    )
    return f'<figure class="chart">{charts}</figure>'


def map_caption(drawn: Map, groups: Groups) -> str:
    """What the map shows and what it leaves out."""
    told = (
        f"{drawn.items.shape[0]:,} of {count(groups.n, 'item')} in {drawn.clusters.shape[0]:,} of "
        f"{count(groups.n_clusters, 'cluster')}."
        if drawn.items.shape[0] < groups.n
        else f"All {count(groups.n, 'item')}."
    )
    return (
        f"{told} Every disc is a cluster: its area is the number of items, the firmest sit in "
        "the middle. Neighbouring discs are alike; long distances mean little."
    )


def gallery(groups: Groups, sheet: ContactSheet, seed: int, *, largest: int, others: int) -> str:
    """Contact sheets of the largest clusters, a sample of the other ones, and singletons."""
    by_size = np.argsort(-groups.sizes, kind="stable")
    if groups.n_clusters - groups.n_singletons <= largest + others:
        largest += others
    several = by_size[: groups.n_clusters - groups.n_singletons]
    rest, alone = several[largest:], by_size[several.shape[0] :]
    rng = np.random.default_rng(seed)
    sample = np.sort(rng.choice(rest.shape[0], min(others, rest.shape[0]), replace=False))
    parts = []
    if several.size:
        top = several[:largest]
        which = "All clusters" if top.size == several.size else f"The {top.size} largest clusters"
        parts.append(_sheets(which, top, groups, sheet))
    if sample.size:
        told = f"{sample.size} of the {rest.size:,} other clusters, by chance"
        parts.append(_sheets(told, rest[sample], groups, sheet))
    if alone.size:
        few = np.sort(rng.choice(alone, min(36, alone.size), replace=False))
        told = (
            "Singletons" if few.size == alone.size else f"{few.size} of {alone.size:,} singletons"
        )
        items = groups.order[groups.starts[few]]
        parts.append(
            f'<h3>{told}</h3><div class="alone">{sheet.sheet(items, groups.strength)}</div>'
        )
    return "".join(parts)


def _sheets(told: str, labels: np.ndarray, groups: Groups, sheet: ContactSheet) -> str:
    cards = []
    for label in labels:
        strongest, weakest = groups.ends(int(label), 12, 6)
        caption = "Most typical" if weakest.size else "All items"
        edge = (
            f"<figure><figcaption>Least sure</figcaption>"
            f"{sheet.sheet(weakest, groups.strength)}</figure>"
            if weakest.size
            else ""
        )
        cards.append(
            f'<article class="card"><div class="head"><h4>Cluster {label}</h4>'
            f'<p class="about">{_about(groups, int(label))}</p></div>'
            f'<div class="rows"><figure><figcaption>{caption}</figcaption>'
            f"{sheet.sheet(strongest, groups.strength)}</figure>{edge}</div></article>"
        )
    return f'<h3>{told}</h3><div class="gallery">{"".join(cards)}</div>'


def footer(report: ClusterReport, groups: Groups, version: str, seed: int) -> str:
    """Parameters, seconds per stage, how to read strength and how to correct."""
    rows = "".join(
        f"<div><dt>{safe(name)}</dt><dd>{safe(value)}</dd></div>"
        for name, value in (
            ("Covey", version),
            ("scorer", SCORERS.get(report.method, report.method)),
            ("partition", report.partition),
            ("preferred", report.prefer),
            ("cut, a probability", cut_name(report.cut)),
            ("neighbours per item", f"{report.k:,}"),
            ("map and sample seed", seed),
        )
    )
    total = sum(report.seconds.values())
    spent = "".join(
        f"<div><dt>{safe(stage)}</dt><dd>{seconds(duration)}</dd></div>"
        for stage, duration in report.seconds.items()
    )
    if spent:
        spent += f"<div><dt>together</dt><dd>{seconds(total)}</dd></div>"
    return f"""<div class="columns">
<section><h3>Parameters</h3><dl>{rows}</dl></section>
<section><h3>Seconds by stage</h3><dl>{spent or "<div><dt>not measured</dt><dd></dd></div>"}</dl>
</section></div>"""
