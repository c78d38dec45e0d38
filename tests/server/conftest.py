"""A small project, served to clients that need no socket."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from covey.calibration import Calibration
from covey.grouping_rule import GroupingRule
from covey.selection import Recipe
from covey.server.app import ReviewApp, make_app
from covey.store.items import Batch
from covey.store.project import create_project
from covey.store.review import Review
from covey.store.runs import Grouped
from covey.types import Edges, KnnGraph

TOKEN = "a-token"
ORIGIN = "http://127.0.0.1:8000"

PLACED = np.repeat([1, 2, 3, 4, 5, -1], [8, 6, 4, 3, 2, 3])
"""Groups of 26 items."""


class Client:
    """Asks an app, from this origin and with the token, unless told otherwise."""

    def __init__(self, app: Any, **headers: str) -> None:
        self.app = app
        self.headers = {"Authorization": f"Bearer {TOKEN}"} | headers
        self.cookies = httpx.Cookies()

    def __call__(self, method: str, path: str, **how: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(
                transport=transport, base_url=ORIGIN, cookies=self.cookies
            ) as client:
                headers = self.headers | how.pop("headers", {})
                return await client.request(method, path, headers=headers, **how)

        answer = asyncio.run(ask())
        self.cookies.update(answer.cookies)
        return answer

    def get(self, path: str, **how: Any) -> Any:
        """The answer, which is a good one."""
        answer = self("GET", path, **how)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None, **how: Any) -> Any:
        """The answer, which is a good one."""
        answer = self("POST", path, json=body, **how)
        assert answer.status_code in (200, 202), answer.text
        return answer.json()

    def every(self, path: str, name: str, limit: int = 3) -> list[Any]:
        """All rows of a list, page by page."""
        found, cursor = [], ""
        while True:
            mark = "&" if "?" in path else "?"
            page = self.get(f"{path}{mark}limit={limit}{cursor}")
            assert len(page[name]) <= limit
            found += page[name]
            if page["next"] is None:
                assert page["total"] == len(found)
                return found
            cursor = f"&cursor={page['next']}"

    def suggestions(self, query: str = "") -> Any:
        """Suggestions, once they are ready."""
        for _ in range(600):
            if (found := self.get(f"/v1/suggestions?limit=500{query}"))["ready"]:
                return found
            time.sleep(0.1)
        raise AssertionError("no suggestions within a minute")


def until(client: Client, path: str, name: str) -> Any:
    """The answer, once a part of it is there."""
    for _ in range(600):
        if (found := client.get(path))[name]:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{path}: no {name}")


def made(folder: Path) -> Path:
    """26 items in 5 groups and none; the first two have pictures, the first three texts."""
    rng = np.random.default_rng(0)
    n = len(PLACED)
    x = rng.normal(size=(6, 8))[PLACED.clip(0)] + 0.2 * rng.normal(size=(n, 8))
    pictures = folder.parent / "pictures"
    pictures.mkdir()
    Image.fromarray(rng.integers(0, 255, (300, 500, 3)).astype(np.uint8)).save(pictures / "a.png")
    (pictures / "b.png").write_bytes(b"no picture")
    paths = [str(pictures / "a.png"), str(pictures / "b.png"), *[""] * (n - 2)]
    texts = ["one", "two", "three", *[""] * (n - 3)]
    names = np.array([f"Item {i:02d}" for i in range(n)], object)
    one, other = np.triu_indices(n, 1)
    same = (PLACED[one] == PLACED[other]) & (PLACED[one] > 0)
    chance = np.where(same, rng.uniform(0.6, 1, len(one)), rng.uniform(0, 0.3, len(one)))
    chance[(PLACED[one] == 1) & (PLACED[other] == 2)] += 0.3
    chance = chance.astype(np.float32)
    similar = np.full((n, n), -np.inf, np.float32)
    similar[one, other] = similar[other, one] = chance
    near = np.argsort(-similar, axis=1, kind="stable")[:, : n - 1]
    ends = Calibration(np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    found = Grouped(
        PLACED,
        PLACED,
        np.linspace(1, 0.5, n).astype(np.float32),
        Edges(one, other, chance, chance),
        KnnGraph(near.astype(np.int32), np.take_along_axis(similar, near, 1)),
        GroupingRule(Recipe("cosine", n - 1), 0.5, ends),
    )
    create_project(folder, name="a project")
    with Review(folder) as review:
        batch = Batch(names, x.astype(np.float32), paths, texts, source="made")
        review.add(batch)
        review.placed(found, review.batches, {"revision": 1, "kind": "full", "new_items": n})
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return made(tmp_path / "project")


@pytest.fixture
def review(project: Path) -> Iterator[Review]:
    with Review(project) as opened:
        yield opened


@pytest.fixture
def app(review: Review) -> ReviewApp:
    return make_app(review, TOKEN)


@pytest.fixture
def client(app: ReviewApp) -> Client:
    return Client(app)


def groups_far_apart(n: int) -> np.ndarray:
    """(n, 16) rows in ten groups."""
    rng = np.random.default_rng(0)
    return (rng.normal(size=(10, 16))[np.arange(n) % 10] + 0.1 * rng.normal(size=(n, 16))).astype(
        np.float32
    )
