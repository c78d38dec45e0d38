"""`covey evaluate`: groups against known labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from covey import __version__
from covey.cli import options
from covey.cli.terminal import Terminal

if TYPE_CHECKING:
    from covey.io.matching import Matched
    from covey.metrics.clustering import ClusteringScores


def evaluate(
    groups: Annotated[
        Path,
        typer.Argument(
            metavar="GROUPS",
            help="What `covey cluster` wrote: .csv, .tsv, .parquet or the folder; or .npy labels.",
        ),
    ],
    labels: Annotated[
        Path,
        typer.Argument(
            metavar="LABELS",
            help="True labels: .npy, .npz, .csv, .tsv, .parquet, .txt. Missing or negative ones "
            "are left out.",
        ),
    ],
    column: Annotated[
        str | None, typer.Option(help="Column or array of LABELS with the labels.")
    ] = None,
    mask: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="One number per row of LABELS: 0 leaves the row out."),
    ] = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Compare GROUPS with LABELS.

    Items are matched by id where both have ids, else by row.
    """
    terminal = Terminal(json=json, quiet=quiet)  # its clock runs while libraries load
    from covey.io.matching import match_labels

    matched = match_labels(groups, labels, column=column, mask=mask)
    scores, repeated = both_scores(matched)
    facts: dict[str, Any] = {
        "version": __version__,
        **scores.as_dict(),
        "without_singletons": None if repeated is None else repeated.as_dict(),
        "unlabelled": matched.n_unlabelled,
        "unmatched_groups": matched.unmatched_groups,
        "unmatched_labels": matched.unmatched_labels,
        "notes": matched.notes,
        "seconds": round(terminal.seconds, 3),
    }
    terminal.answer(score_sentences(scores, repeated, matched.notes), facts)


def both_scores(matched: Matched) -> tuple[ClusteringScores, ClusteringScores | None]:
    """The scores with singleton groups and without; None if there is nothing but singletons."""
    import numpy as np

    from covey.metrics import clustering

    scores = clustering.evaluate(matched.labels_true, matched.labels_pred)
    known = matched.labels_true[matched.labels_true >= 0]
    if np.bincount(known).max() < 2:
        return scores, None
    repeated = clustering.evaluate(matched.labels_true, matched.labels_pred, ignore_singletons=True)
    return scores, repeated


def score_sentences(
    scores: ClusteringScores, repeated: ClusteringScores | None, notes: list[str]
) -> list[str]:
    """The scores as a small table in plain text."""
    lines = [
        f"{scores.items:,} items, {scores.groups:,} true groups, {scores.clusters:,} clusters.",
        "",
        f"{'':<21}{'items':>9}  {'pairwise P':>10} {'R':>6} {'F':>6}  "
        f"{'BCubed P':>8} {'R':>6} {'F':>6}",
        _row("all", scores),
    ]
    if repeated is not None:
        lines.append(_row("without singletons", repeated))
    lines += [_row(f"true groups of {name}", part) for name, part in scores.buckets.items()]
    lines += [
        "",
        f"NMI = V-measure {scores.nmi:.4f}   AMI {scores.ami:.4f}   ARI {scores.ari:.4f}   "
        f"accuracy {scores.accuracy:.4f}",
    ]
    return lines + [f"Note: {note}." for note in notes]


def _row(name: str, scores: ClusteringScores) -> str:
    pairs, items = scores.pairwise, scores.bcubed
    return (
        f"{name:<21}{scores.items:>9,}  {pairs.precision:>10.4f} {pairs.recall:>6.4f} "
        f"{pairs.f:>6.4f}  {items.precision:>8.4f} {items.recall:>6.4f} {items.f:>6.4f}"
    )
