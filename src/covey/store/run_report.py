"""The page of a full run: what it found, how far to trust that, what to check first."""

from __future__ import annotations

from pathlib import Path

from covey.clustering import ClusterResult
from covey.io.report.page import write_report
from covey.store.review import Review


def write_run_report(review: Review, number: int, result: ClusterResult, command: str) -> Path:
    """Writes the page of a run, as `covey cluster` writes one.

    Groups are those that the run found, by numbers of its own: what people had named, confirmed or
    corrected is not in it.

    Args:
        review: The project.
        number: Of the run.
        result: What it found, of the first items of the project.
        command: That made it.

    Returns:
        Path of the page.

    Raises:
        CoveyError: If it cannot be written.
    """
    items, n = review.items, result.clustering.n
    path = review.project.report(number)
    path.parent.mkdir(exist_ok=True)
    write_report(
        path,
        result,
        ids=items.ids.slice(0, n).to_pylist(),
        images=[each or "" for each in items.pictures[:n]] if items.has_pictures else None,
        texts=[items.text_of(item) or "" for item in range(n)] if items.has_texts else None,
        title=f"What run {number} found in {review.project.name}",
        x=items.matrix()[:n],
        command=command,
    )
    return path
