"""Pictures of the review page for the docs: scikit-learn's digits, grouped for precision.

The groups are those of a run; some are named and one is confirmed, as a reviewer would have done.

    python benchmarks/review_pictures.py      # writes docs/review-*.png
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image

from machine import REPOSITORY
from review_browser import Served, chromium, serve
from review_digits import digits_project

OUT = REPOSITORY / "docs"
MOST = 250_000
"""Bytes of a picture."""

NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
SHOTS = (
    ("gallery", "groups", 1280, "light"),
    ("queue", "merge", 1280, "light"),
    ("split", "split/{largest}", 1280, "light"),
    ("none", "none", 1280, "light"),
    ("map", "map", 1280, "dark"),
    ("phone", "groups", 390, "dark"),
)


def reviewed(served: Served) -> int:
    """Names groups by what their strongest item shows; gives the largest without a name."""
    from covey.datasets.digits import load_digits_images

    labels = load_digits_images().labels
    groups = served.ask("GET", "/v1/groups?limit=60")["groups"]
    named: set[int] = set()
    for group in groups:
        digit = int(labels[group["exemplars"][0]])
        if digit not in named and len(named) < 6:
            named.add(digit)
            body: dict[str, Any] = {"name": NAMES[digit]}
            served.ask("PATCH", f"/v1/groups/{group['number']}", body)
    served.ask("PATCH", f"/v1/groups/{groups[1]['number']}", {"confirmed": True})
    return int(served.ask("GET", "/v1/groups?show=unnamed")["groups"][0]["number"])


def shoot(browser: Any, served: Served, name: str, view: str, width: int, scheme: str) -> Path:
    """One picture, once everything is there."""
    context = browser.new_context(
        viewport={"width": width, "height": 800 if width > 600 else 844}, color_scheme=scheme
    )
    page = context.new_page()
    page.goto(f"{served.url}#/{view}")
    page.locator("main h1").first.wait_for()
    page.wait_for_load_state("networkidle")
    for waits in (".skeleton", ".changing"):
        page.locator(waits).first.wait_for(state="detached", timeout=120_000)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)
    path = OUT / f"review-{name}.png"
    page.screenshot(path=path)
    context.close()
    Image.open(path).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
        path, optimize=True
    )
    assert path.stat().st_size < MOST, f"{path} has {path.stat().st_size} bytes"
    return path


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.parse_args()
    from playwright.sync_api import sync_playwright

    path = chromium()
    if path is None:
        parser.error("no Chromium: install one, or run playwright install chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        project = digits_project(Path(folder) / "digits", prefer="precision")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        with serve(project) as served:
            largest = reviewed(served)
            for name, view, width, scheme in SHOTS:
                view = view.format(largest=largest)
                print(shoot(browser, served, name, view, width, scheme), flush=True)
        browser.close()


if __name__ == "__main__":
    main()
