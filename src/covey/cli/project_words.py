"""What `covey run` says: groups, and what became of those before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from covey.io.report.words import count


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
    if report.get("expected_precision") is not None:
        sentences.append(
            f"Expected precision {report['expected_precision']:.2f}, recall "
            f"{report['expected_recall']:.2f} (BCubed)."
        )
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
    sentences += [f"Note: {note}" for note in report.get("notes", [])]
    return [*sentences, f"Next: covey review {facts['project']}"]
