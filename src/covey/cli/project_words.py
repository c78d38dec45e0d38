"""What `covey run` and `covey info` say of a project: groups, reviews, runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from covey.byte_sizes import format_bytes
from covey.cli.words import expected_sentences
from covey.io.report.words import count, percent

_MOST_RUNS = 10
"""Runs that are told of in words."""


def run_sentences(facts: Mapping[str, Any]) -> list[str]:
    """The facts of a run in words."""
    items, groups, alone = facts["items"], facts["groups"], facts["in_no_group"]
    if not facts["touched"]:
        return [f"Nothing to do: {'; '.join(facts['report']['notes'])}."]
    sentences = [
        f"{count(items, 'item')} in {count(groups, 'group')}; {alone:,} in none."
        if alone
        else f"{count(items, 'item')} in {count(groups, 'group')}."
    ]
    became, report = facts["became"], facts["report"]
    if facts["kind"] == "grown":
        sentences.append(
            f"{count(facts['new_items'], 'new item')} came; {count(facts['touched'], 'item')} were "
            f"grouped anew by the rule of run {report['grown_from']}."
        )
    if report.get("outgrown") is not None:
        sentences.append(
            f"All of them were grouped anew, as there are {report['outgrown']:.0%} more than the "
            "rule was decided on."
        )
    precision, recall = report.get("expected_precision"), report.get("expected_recall")
    if precision is not None and recall is not None:
        sentences += expected_sentences(precision, recall)
    if became["kept"] or became["changed"]:
        parts = [f"{became['kept']:,} stayed as they were"]
        if became["grown"]:
            parts[-1] += f" ({became['grown']:,} of them grew)"
        parts += [
            f"{became[name]:,} {words}"
            for name, words in (
                ("changed", "lost items or got some of others"),
                ("new", "are new"),
                ("gone", "are gone"),
            )
            if became[name]
        ]
        sentences.append(f"Of the groups {', '.join(parts)}.")
    if (page := facts["page"]) is not None:
        of = f" in what run {report['decided_by']} found" if facts["kind"] == "grown" else ""
        sentences.append(f"{page} shows what to check first{of}.")
    sentences += [f"Note: {note}" for note in report.get("notes", [])]
    sentences += [f"Wrote {each}" for each in facts["outputs"]]
    return [*sentences, f"Next: covey review {facts['project']}"]


def run_verdict(report: Mapping[str, Any]) -> str:
    """How far to trust the groups of a run; of a grown one, those of the run that decided.

    Args:
        report: Of the run.
    """
    heading = str(report.get("verdict", ""))
    if not heading or "decided_by" not in report:
        return heading
    return f"Run {report['decided_by']}, whose rule this run repeats: {heading}"


def project_sentences(facts: Mapping[str, Any]) -> list[str]:
    """What is in a project, a line each.

    Args:
        facts: See `project_facts`, with the `path`.
    """
    sizes, corrections, links = facts["bytes"], facts["corrections"], facts["links"]
    pending = count(facts["pending"], "item")
    rows = "" if facts["dim"] is None else f" of {facts['dim']:,} values"
    waiting = f"{pending} came since the last run and may be in no group yet"
    last = "" if corrections["last"] is None else f", the last at {corrections['last']}"
    back = (
        f" ({corrections['taken_back']:,} of them taken back)" if corrections["taken_back"] else ""
    )
    parts = ", ".join(
        f"{name} {format_bytes(size)}" for name, size in sizes.items() if name != "all" and size
    )
    runs = facts["runs"]
    left_out = len(runs) - _MOST_RUNS
    return [
        f"{facts['path']}: the project {facts['name']}, made {facts['made']}, rows compared by "
        f"{facts['metric']}",
        f"items: {facts['items']:,}{rows}, in {facts['batches']:,} "
        f"batch{'' if facts['batches'] == 1 else 'es'}"
        + (f"; {waiting}: covey run {facts['path']}" if facts["pending"] else ""),
        f"groups: {facts['groups']:,}, the largest of {count(facts['largest'], 'item')}; "
        f"{facts['named']:,} named, {facts['confirmed']:,} confirmed, {facts['hidden']:,} hidden; "
        f"{count(facts['in_no_group'], 'item')} in none",
        f"reviewed: {percent(facts['reviewed_share'])} of the items are in groups that were named, "
        "confirmed or hidden",
        f"corrections: {corrections['made']:,}{back}{last}; of pairs {links['must']:,} must and "
        f"{links['cannot']:,} cannot be together"
        + (f"; no two of {count(links['apart'], 'set')} of items" if links["apart"] else ""),
        f"on disk: {format_bytes(sizes['all'])}" + (f" ({parts})" if parts else ""),
        "runs: none yet" if not runs else f"runs: {len(runs):,}",
        *([f"  ... {count(left_out, 'earlier run')}, see --json"] if left_out > 0 else []),
        *(_run_line(each) for each in runs[-_MOST_RUNS:]),
    ]


def _run_line(run: Mapping[str, Any]) -> str:
    rule = run["rule"]
    line = f"  {run['number']}, {run['kind']}, {run['made']}, {count(run['items'], 'item')}"
    if run["decided_by"] != run["number"]:
        return f"{line}, by the rule of run {run['decided_by']}"
    line += (
        f": {rule['scorer']} of {count(rule['k'], 'neighbour')}, {rule['partition']}, from a "
        f"probability of {rule['cut']:.2f}"
    )
    line += f"; {run['verdict']}" if run["verdict"] else ""
    return f"{line} ({run['page']})" if run["page"] else line
