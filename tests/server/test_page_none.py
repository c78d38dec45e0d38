"""Homes that are accepted together, in a real Chromium, against a real server."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from covey.calibration import Calibration
from covey.grouping_rule import GroupingRule
from covey.selection import Recipe
from covey.store.items import Batch
from covey.store.project import create_project
from covey.store.review import Review
from covey.store.runs import Grouped
from covey.types import Edges, KnnGraph
from review_browser import chromium, serve

pytestmark = pytest.mark.browser


def _with_sure_homes(folder: Path) -> Path:
    """Six groups of eleven items, and to each an item in none that belongs there."""
    rng = np.random.default_rng(0)
    true = np.repeat(np.arange(1, 7), 12)
    placed, n = true.copy(), len(true)
    placed[::12] = -1
    x = rng.normal(size=(7, 8))[true] + 0.05 * rng.normal(size=(n, 8))
    one, other = np.triu_indices(n, 1)
    same = true[one] == true[other]
    chance = np.where(same, rng.uniform(0.95, 1, len(one)), rng.uniform(0, 0.02, len(one)))
    chance = chance.astype(np.float32)
    similar = np.full((n, n), -np.inf, np.float32)
    similar[one, other] = similar[other, one] = chance
    near = np.argsort(-similar, axis=1, kind="stable")[:, : n - 1]
    ends = Calibration(np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    found = Grouped(
        placed,
        placed,
        np.linspace(1, 0.5, n).astype(np.float32),
        Edges(one, other, chance, chance),
        KnnGraph(near.astype(np.int32), np.take_along_axis(similar, near, 1)),
        GroupingRule(Recipe("cosine", n - 1), 0.5, ends),
    )
    create_project(folder)
    with Review(folder) as review:
        ids = np.array([f"Item {i:02d}" for i in range(n)], object)
        review.add(Batch(ids, x.astype(np.float32), source="made"))
        review.placed(found, review.batches, {"revision": 1, "kind": "full", "new_items": n})
    return folder


def test_sure_homes_are_accepted_together_and_undone(tmp_path: Path) -> None:
    playwright = pytest.importorskip("playwright.sync_api", reason="no playwright")
    if (path := chromium()) is None:
        pytest.skip("no Chromium: install one, or run playwright install chromium")
    with serve(_with_sure_homes(tmp_path / "project")) as served, playwright.sync_playwright() as p:
        for _ in range(300):
            if served.ask("GET", "/v1/suggestions")["ready"]:
                break
            time.sleep(0.1)
        homes = [each["home"] for each in served.ask("GET", "/v1/none")["items"]]
        assert all(home["chance"] >= 0.8 for home in homes)
        wrong = sum(1 - home["chance"] for home in homes)
        page = p.chromium.launch(executable_path=path, args=["--no-sandbox"]).new_page()
        page.goto(served.url)
        page.locator(".gallery a").first.wait_for()
        page.evaluate("location.hash = '#/none'")
        page.get_by_role("button", name=f"Accept 6 of 80 % and more, about {wrong:.1f}").click()
        page.locator("#told", has_text="Moved 6 items to 6 groups").wait_for()
        assert served.ask("GET", "/v1/project")["in_no_group"] == 0
        for left in range(1, 7):
            page.get_by_role("button", name="Undo: move").click()
            page.locator("nav").get_by_text(f"No group{left}", exact=True).wait_for()
        assert served.ask("GET", "/v1/project")["in_no_group"] == 6
