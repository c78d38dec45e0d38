"""A project at a glance: what is in it, what people did, what runs found, what it takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from covey.review.changes import NO_GROUP
from covey.review.history import REDO, UNDO
from covey.review.state import ReviewState
from covey.store.project import Project
from covey.store.review import ADDED, RAN, Review
from covey.store.runs import Run


def group_counts(state: ReviewState) -> dict[str, int]:
    """Counts groups, and items by what became of them.

    Returns:
        `groups` (hidden ones, too), of these `named`, `confirmed` and `hidden`; items
        `in_no_group`, and `reviewed_items`: those of groups with a name, confirmed or hidden.
    """
    told = [each for each in state.groups.values() if not each.plain]
    return {
        "groups": len(state.groups),
        "named": sum(1 for each in told if each.name),
        "confirmed": sum(1 for each in told if each.confirmed),
        "hidden": sum(1 for each in told if each.hidden),
        "in_no_group": int((state.group_of == NO_GROUP).sum()),
        "reviewed_items": sum(len(each.members) for each in told),
    }


def project_facts(review: Review) -> dict[str, Any]:
    """All that can be told without looking at embeddings.

    Returns:
        `name`, `metric`, `made`, `items`, `dim` (None without items), `batches`, what
        `group_counts` has, `largest` (items of a group), `reviewed_share` of the items, `pending`
        (items that came since the last run), `corrections` (`made`, `taken_back`, and when the
        `last` was made), `links` (pairs that `must` or `cannot` be together), `revision`, `bytes`
        (by the part of the folder, and `all`), and `runs`, the first one first, see `run_facts`.
    """
    with review.lock:
        review.catch_up()
        state, items, project = review.state, review.items, review.project
        runs = [review.run(number) for number in review.runs]
        counts = group_counts(state)
        facts = {
            "name": project.name,
            "metric": project.metric,
            "made": project.made,
            "items": items.n,
            "dim": items.dimensions or None,
            "batches": len(review.batches),
            **counts,
            "largest": max((len(each.members) for each in state.groups.values()), default=0),
            "reviewed_share": round(counts["reviewed_items"] / items.n, 4) if items.n else 0.0,
            "pending": items.n - (runs[-1].n if runs else 0),
            "corrections": _corrections(review),
            "links": {
                "must": len(state.links("must")),
                "cannot": len(state.links("cannot")),
                "apart": len(state.apart),
            },
            "revision": state.revision,
        }
    facts["bytes"] = _bytes(project)
    facts["runs"] = [run_facts(project, each) for each in runs]
    return facts


def run_facts(project: Project, run: Run) -> dict[str, Any]:
    """What is known of a run.

    Returns:
        `number`, `made`, `kind` (full or grown), `items` (that there were), `new_items`,
        `decided_by` (number of the full run whose rule it is), `rule` (`scorer`, `k` neighbours,
        `partition`, and the probability at its `cut`), `trust` and `verdict` (of the run that
        decided), and `page` (path of that run's, None if there is none).
    """
    facts, rule = run.facts, run.rule()
    told = facts.get("report", {})
    by = int(told.get("decided_by", run.number))
    page = project.report(by)
    return {
        "number": run.number,
        "made": facts.get("made"),
        "kind": facts.get("kind"),
        "items": run.n,
        "new_items": facts.get("new_items"),
        "decided_by": by,
        "rule": {
            "scorer": rule.recipe.scorer,
            "k": rule.recipe.k,
            "partition": rule.recipe.partition,
            "cut": round(float(rule.evidence(np.array([rule.cut], np.float32))[0]), 4),
        },
        "trust": told.get("trust"),
        "verdict": told.get("verdict"),
        "page": str(page) if page.exists() else None,
    }


def _corrections(review: Review) -> dict[str, Any]:
    made = back = 0
    last = None
    for event in review.journal.events():
        if event.kind in (ADDED, RAN):
            continue
        back += (event.kind == UNDO) - (event.kind == REDO)
        if event.kind not in (UNDO, REDO):
            made, last = made + 1, event.time
    return {"made": made, "taken_back": back, "last": last}


def _bytes(project: Project) -> dict[str, int]:
    """Of regular files; the journal with what SQLite keeps beside it."""
    journal = project.journal.name
    found = dict.fromkeys(("items", "runs", "journal"), 0)
    for path in project.folder.iterdir():
        name = "journal" if path.name.startswith(journal) else path.name
        if path.is_dir() and not path.is_symlink():
            found[name] = found.get(name, 0) + sum(_size(each) for each in path.rglob("*"))
        else:
            name = name if name == "journal" else "other"
            found[name] = found.get(name, 0) + _size(path)
    return {**found, "all": sum(found.values())}


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size if path.is_file() else 0
    except FileNotFoundError:  # SQLite removes its own
        return 0
