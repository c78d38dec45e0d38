"""Files that pages are filled from."""

from __future__ import annotations

from importlib import resources


def template(name: str) -> str:
    """The text of a file in the folder `template`."""
    return resources.files("covey.io.report").joinpath("template", name).read_text("utf-8")
