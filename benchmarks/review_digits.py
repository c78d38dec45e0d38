"""A project to review: scikit-learn's digits with pictures, or with texts in their place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from covey.cluster_report import Prefer
from covey.datasets.digits import load_digits_images
from covey.store.items import Batch
from covey.store.project import create_project
from covey.store.review import Review
from covey.store.running import RunOptions, run_project

_SIZE = 64  # pixels that a picture of 8 x 8 is enlarged to


def digits_project(
    folder: Path, *, n: int = 1797, pictures: bool = True, prefer: Prefer = "balanced"
) -> Path:
    """Makes a project of the first digits, and groups them once.

    Args:
        folder: Gets `pictures/` and `project/`.
        n: How many.
        pictures: Whether items have pictures; otherwise they have texts.
        prefer: What the run does.

    Returns:
        The folder of the project.
    """
    digits = load_digits_images()
    folder.mkdir(parents=True, exist_ok=True)
    ids = np.array([f"digit-{number:04d}" for number in range(n)], object)
    texts = [f"Handwritten digit {number} of 1,797, read as ink" for number in range(n)]
    shown = (
        {"texts": texts} if not pictures else {"pictures": write_pictures(folder / "pictures", n)}
    )
    project = folder / "project"
    create_project(project, name="Handwritten digits")
    with Review(project) as review:
        review.add(Batch(ids, digits.x[:n], source="scikit-learn", **shown))
        run_project(review, RunOptions(threads=1, prefer=prefer))
    return project


def write_pictures(folder: Path, n: int = 1797) -> list[str]:
    """Writes the first digits as pictures.

    Args:
        folder: Must not be there.
        n: How many.

    Returns:
        Their paths, absolute.
    """
    folder.mkdir(parents=True)
    paths = []
    for number, pixels in enumerate(load_digits_images().images[:n]):
        path = (folder / f"{number:04d}.png").absolute()
        Image.fromarray(pixels).resize((_SIZE, _SIZE), Image.Resampling.BICUBIC).save(path)
        paths.append(str(path))
    return paths
