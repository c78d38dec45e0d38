"""How heavy is the page of the review, how soon is it there, and does its gallery scroll smoothly?

A made project of 20,000 groups (see review_timings.py), with pictures and without, is served by
`covey review` and looked at in a headless Chromium. First paint and first groups are told from the
moment that the address is opened, by a browser that has kept nothing. Then the gallery is scrolled
through by the wheel, and from end to end by a key; a task of the page's main thread keeps it from
answering as long as it runs. Other work on the machine stretches tasks, so how long the processor
worked on them is told beside the clock. Of several rounds the least disturbed one counts.

    python benchmarks/review_page.py [--items 100000] [--repeats 5]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from covey.server.app import PAGE
from machine import RESULTS, provenance, write_json
from review_browser import Served, Watch, chromium, serve
from review_digits import write_pictures
from review_timings import made_project

OUT = RESULTS / "review_page.json"
ROUNDS = 3
TURNS, PIXELS, EVERY = 120, 700, 16  # of the wheel: how many, how far, milliseconds between them

_FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


def weight() -> dict[str, Any]:
    """Bytes of the files of the page, not packed, by kind."""
    files = [path for path in PAGE.iterdir() if path.is_file()]
    kinds = sorted({path.suffix[1:] for path in files})
    sizes = {
        kind: sum(path.stat().st_size for path in files if path.suffix == f".{kind}")
        for kind in kinds
    }
    return {"files": len(files), "bytes": sum(sizes.values()), **sizes}


def with_pictures(project: Path, pictures: list[str]) -> None:
    """Gives the items of a made project pictures, the same ones again and again."""
    for path in project.glob("items/*/items.parquet"):
        table = pq.read_table(path)
        column = [pictures[i % len(pictures)] for i in range(table.num_rows)]
        place = table.schema.get_field_index("picture")
        pq.write_table(table.set_column(place, "picture", pa.array(column, pa.string())), path)


def opening(browser: Any, served: Served, repeats: int) -> dict[str, Any]:
    """Milliseconds until something, and until groups, are on the screen."""
    paints, groups, watch = [], [], Watch(served.origin)
    for _ in range(repeats + 1):
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        page = context.new_page()
        watch.on(page)
        page.goto(served.url, wait_until="commit")
        page.locator(".gallery .card a").first.wait_for()
        groups.append(page.evaluate("performance.now()"))
        paints.append(page.evaluate(_FIRST_PAINT))
        context.close()
    assert not watch.errors, watch.errors
    assert not watch.foreign, watch.foreign
    return {
        "first_paint_ms": round(statistics.median(paints[1:])),  # the first one warms the server
        "first_groups_ms": round(statistics.median(groups[1:])),
    }


def scrolling(browser: Any, served: Served) -> dict[str, Any]:
    """What holds the page up while the gallery is scrolled."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(served.url)
    page.locator(".gallery .card a").first.wait_for()
    page.wait_for_timeout(1500)
    page.mouse.move(700, 500)
    browser.start_tracing(page=page, categories=["toplevel"])
    for _ in range(TURNS):
        page.mouse.wheel(0, PIXELS)
        page.wait_for_timeout(EVERY)
    page.wait_for_timeout(500)
    wheel = tasks_of(browser.stop_tracing())
    cards = page.locator(".gallery > *").count()
    browser.start_tracing(page=page, categories=["toplevel"])
    page.locator(".gallery .card a").first.focus()
    page.keyboard.press("End")
    count = page.evaluate("document.querySelector('.gallery [aria-setsize]').ariaSetSize")
    page.locator(f'.gallery [aria-posinset="{count}"] a').wait_for()
    page.keyboard.press("Home")
    page.locator('.gallery [aria-posinset="1"] a').wait_for()
    page.wait_for_timeout(500)
    ends = tasks_of(browser.stop_tracing())
    context.close()
    return {"cards_in_document": cards, "by the wheel": wheel, "to the end and back": ends}


def tasks_of(trace: bytes) -> dict[str, Any]:
    """Tasks of the page's main thread, by seconds of the processor and of the clock.

    Args:
        trace: Of Chromium, JSON, with its tasks.
    """
    events = json.loads(trace)["traceEvents"]
    main = {
        (event["pid"], event["tid"])
        for event in events
        if event.get("name") == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    tasks = [
        event
        for event in events
        if event["name"].endswith("RunTask")
        and event.get("ph") == "X"
        and (event["pid"], event["tid"]) in main
    ]
    told: dict[str, Any] = {"tasks": len(tasks)}
    for name, field in (("processor", "tdur"), ("clock", "dur")):
        took = [event[field] / 1000 for event in tasks]
        told[name] = {
            "seconds": round(sum(took) / 1000, 2),
            "longest_ms": round(max(took)),
            "over_50_ms": sum(each > 50 for each in took),
            "over_100_ms": sum(each > 100 for each in took),
        }
    return told


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    from playwright.sync_api import sync_playwright

    path = chromium()
    if path is None:
        parser.error("no Chromium: install one, or run playwright install chromium")
    result: dict[str, Any] = {"weight": weight()}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        project = Path(folder) / "project"
        made_project(project, arguments.items)
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for name in ("ids", "pictures"):
            if name == "pictures":
                with_pictures(project, write_pictures(Path(folder) / "pictures"))
            with serve(project) as served:
                facts = served.ask("GET", "/v1/project")
                result[name] = {
                    "items": facts["items"],
                    "groups": facts["groups"],
                    **opening(browser, served, arguments.repeats),
                    "scrolling": min(
                        (scrolling(browser, served) for _ in range(ROUNDS)),
                        key=lambda each: each["by the wheel"]["clock"]["seconds"],
                    ),
                }
            print(name, result[name], flush=True)
        result["browser"] = browser.version
        browser.close()
    result["load_average"] = [round(each, 1) for each in os.getloadavg()]
    write_json(OUT, {**provenance("playwright", "fastapi", "uvicorn"), **result})


if __name__ == "__main__":
    main()
