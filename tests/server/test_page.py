"""The page of the review in a real Chromium, against a real server."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

from covey.cli.opening import opened_in_browser
from review_browser import Served, Watch, chromium, serve
from review_digits import digits_project

pytestmark = pytest.mark.browser

VIEWS = {
    "groups": "Groups",
    "merge": "Queue",
    "merge/mixed": "Queue",
    "merge/outlier": "Queue",
    "none": "In no group",
    "map": "Map",
    "search": "Search",
    "search/3": "More like this",
    "curve": "Cuts",
    "history": "History",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    pytest.importorskip("playwright", reason='no playwright: pip install "covey[browser]"')
    from playwright.sync_api import sync_playwright

    if (path := chromium()) is None:
        pytest.skip("no Chromium: install one, or run playwright install chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def pictured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return digits_project(tmp_path_factory.mktemp("pictured"), n=400)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return digits_project(tmp_path_factory.mktemp("written"), n=300, pictures=False)


@pytest.fixture(scope="module")
def server(pictured: Path) -> Iterator[Served]:
    with serve(pictured) as found:
        yield found


@pytest.fixture
def served(server: Served) -> Served:
    """As it was at first: whatever a test did before is undone."""
    while server.ask("GET", "/v1/project")["undo"]:
        server.ask("POST", "/v1/undo", {})
    return server


@pytest.fixture
def watch(served: Served) -> Watch:
    return Watch(served.origin)


@pytest.fixture
def page(browser: Any, served: Served, watch: Watch) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    context.set_default_timeout(20_000)
    opened = context.new_page()
    watch.on(opened)
    opened.goto(served.url)
    opened.wait_for_selector(".gallery a")
    yield opened
    context.close()
    assert watch.foreign == []
    assert watch.errors == []


def _go(page: Any, view: str) -> None:
    page.evaluate("view => { location.hash = '#/' + view; }", view)


def _said(page: Any, words: str) -> None:
    page.locator("#told", has_text=words).wait_for()


def _asked(page: Any, groups: list[int]) -> None:
    """Waits until the queue asks about two groups, and takes an answer."""
    for group in groups:
        link = page.locator(".stage:not(.changing)").get_by_role("link", name=f"group {group}")
        link.first.wait_for()


def _export(page: Any) -> dict[str, str]:
    """Group of each item, by the file that the menu gives; named ones by their names."""
    page.get_by_text("Export", exact=True).click()
    with page.expect_download() as waited:
        page.get_by_role("link", name="CSV table").click()
    rows = csv.DictReader(io.StringIO(Path(waited.value.path()).read_text("utf-8")))
    return {row["item_id"]: row["name"] or row["group"] for row in rows}


def _sizes(groups: dict[str, str]) -> list[int]:
    return sorted(Counter(group for group in groups.values() if group).values())


def test_walk(page: Any, served: Served) -> None:
    before = _export(page)

    _go(page, "merge")
    page.get_by_role("heading", name="Are these two groups the same?").wait_for()
    asked = served.ask("GET", "/v1/suggestions?kind=merge")["suggestions"][0]
    page.get_by_role("button", name="Same S").click()
    _said(page, "Merged")
    merged = _export(page)
    assert len(_sizes(merged)) == len(_sizes(before)) - 1
    into = served.ask("GET", "/v1/events?order=newest&limit=1")["events"][0]["about"]["into"]
    assert into in asked["groups"]

    _go(page, f"split/{into}")
    page.locator("#parts:not([disabled])").fill("3")
    page.get_by_role("group", name="Part 3").wait_for()
    page.get_by_role("button", name="Split like this").click()
    _said(page, f"Split group {into}")
    page.wait_for_url(f"**/#/group/{into}")
    assert len(_sizes(_export(page))) == len(_sizes(merged)) + 2

    page.get_by_role("button", name="Name it").click()
    page.keyboard.type("seven")
    page.keyboard.press("Enter")
    _said(page, "“seven”")
    page.get_by_role("heading", name="seven").wait_for()

    _go(page, "merge/mixed")
    page.get_by_role("button", name="Same S").click()
    _said(page, "It stays one group.")

    named = _export(page)
    assert "seven" in named.values()
    rejected = served.ask("GET", "/v1/events?order=newest&limit=1")["events"][0]
    assert rejected["kind"] == "reject"

    for kind in ("reject", "name", "split", "merge"):
        page.get_by_role("button", name=f"Undo: {kind}").click()
        _said(page, f"Undone: {kind}")
    assert page.get_by_role("button", name="Undo", exact=True).first.is_disabled()
    assert _export(page) == before


def test_merging_by_keys_alone(page: Any, served: Served) -> None:
    page.keyboard.press("q")
    page.get_by_role("heading", name="Are these two groups the same?").wait_for()
    first = served.ask("GET", "/v1/suggestions?kind=merge")["suggestions"]
    groups = served.ask("GET", "/v1/project")["groups"]

    _asked(page, first[0]["groups"])
    page.keyboard.press("u")
    _asked(page, first[1]["groups"])
    page.keyboard.press("z")
    _said(page, "Back to what you were unsure of.")
    _asked(page, first[0]["groups"])
    page.keyboard.press("s")
    _said(page, "Merged")
    assert served.ask("GET", "/v1/project")["groups"] == groups - 1
    left = served.ask("GET", "/v1/suggestions?kind=merge")["suggestions"][0]
    _asked(page, left["groups"])
    page.keyboard.press("d")
    _said(page, "differ")
    page.keyboard.press("z")
    _said(page, "Undone: not same")
    _asked(page, left["groups"])
    page.keyboard.press("z")
    _said(page, "Undone: merge")
    _asked(page, first[0]["groups"])
    assert served.ask("GET", "/v1/project")["groups"] == groups
    page.keyboard.press("Shift+Z")
    _said(page, "Done again: merge")
    _asked(page, left["groups"])


def test_selecting_by_keys_and_moving(page: Any, served: Served) -> None:
    alone = served.ask("GET", "/v1/project")["in_no_group"]
    first = served.ask("GET", "/v1/groups")["groups"][0]
    other = served.ask("GET", "/v1/groups")["groups"][1]
    page.locator(".gallery a").first.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.getAttribute('href')") == (
        f"#/group/{other['number']}"
    )
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/#/group/{first['number']}")
    page.locator(".tile[data-item]").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowRight")
    page.get_by_text("2 items selected").wait_for()

    page.keyboard.press("m")
    page.keyboard.type(str(other["number"]))
    page.keyboard.press("Enter")
    _said(page, "Moved 2 items")
    assert served.ask("GET", f"/v1/groups/{other['number']}")["size"] == other["size"] + 2
    assert page.locator(".tile[aria-selected=true]").count() == 0

    page.locator(".tile[data-item]").nth(1).click()
    page.locator(".tile[data-item]").nth(4).click(modifiers=["Shift"])
    page.get_by_text("4 items selected").wait_for()
    page.keyboard.press("Delete")
    _said(page, "Took 4 items out")
    assert served.ask("GET", "/v1/project")["in_no_group"] == alone + 4
    assert served.ask("GET", f"/v1/groups/{first['number']}")["size"] == first["size"] - 6


def test_a_conflict_is_told_and_what_is_shown_is_mended(
    page: Any, served: Served, watch: Watch
) -> None:
    number = served.ask("GET", "/v1/groups")["groups"][0]["number"]
    _go(page, f"group/{number}")
    page.get_by_role("button", name="Confirm", exact=True).wait_for()
    served.ask("PATCH", f"/v1/groups/{number}", {"name": "by somebody else"})
    page.keyboard.press("c")
    alert = page.locator("#wrong")
    alert.get_by_text("This page is up to date again.").wait_for()
    page.get_by_role("heading", name="by somebody else").wait_for()
    assert not served.ask("GET", f"/v1/groups/{number}")["confirmed"]
    page.keyboard.press("c")
    _said(page, "is confirmed.")
    assert alert.inner_text() == ""
    assert "412 (Precondition Failed)" in watch.errors.pop()


@pytest.mark.parametrize("width", [1280, 390])
def test_every_view_opens(page: Any, served: Served, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    number = served.ask("GET", "/v1/groups")["groups"][0]["number"]
    views = {**VIEWS, f"group/{number}": f"Group {number}", f"split/{number}": "Split group"}
    for view, title in views.items():
        _go(page, view)
        page.get_by_role("heading", name=title).first.wait_for()
        page.wait_for_load_state("networkidle")
        overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, f"{view} is wider than the window"
    assert "token" not in page.url


def test_items_without_pictures_show_texts_and_a_lost_server_is_told(
    browser: Any, written: Path
) -> None:
    with serve(written) as served:
        watch = Watch(served.origin)
        page = browser.new_page()
        watch.on(page)
        page.goto(served.url)
        page.locator(".gallery").get_by_text("Handwritten digit").first.wait_for()
        page.locator(".gallery a").first.click()
        page.get_by_role("option", name="Handwritten digit").first.wait_for()
        assert page.locator("img").count() == 0
        assert watch.errors == []

        served.process.terminate()
        served.process.wait(20)
        page.keyboard.press("q")
        page.locator("#lost").get_by_text("The server does not answer.").wait_for()
        page.close()


def test_of_many_groups_only_those_in_sight_are_drawn(page: Any, served: Served) -> None:
    number = served.ask("GET", "/v1/groups")["groups"][0]["number"]
    members = served.ask("GET", f"/v1/groups/{number}/members?limit=500")["members"]
    rest = [group["number"] for group in served.ask("GET", "/v1/groups")["groups"][1:]]
    served.ask("POST", "/v1/groups/merge", {"groups": [number, *rest]})
    every = served.ask("GET", f"/v1/groups/{number}/members?limit=500")["members"]
    assert len(every) > len(members)
    parts = [[each["item"]] for each in every]
    served.ask("POST", f"/v1/groups/{number}/split", {"parts": parts})
    page.reload()
    page.get_by_text(f"{len(every)} groups").wait_for()
    assert page.locator(".gallery > *").count() < 120
    page.locator(".gallery a").first.focus()
    page.keyboard.press("End")
    last = page.locator(f'.gallery [aria-posinset="{len(every)}"] a')
    last.wait_for()
    assert last.evaluate("each => each === document.activeElement")
    assert page.locator(".gallery > *").count() < 120


def test_running_again_is_followed_to_its_end(page: Any, served: Served) -> None:
    number = served.ask("GET", "/v1/groups")["groups"][0]["number"]
    served.ask("PATCH", f"/v1/groups/{number}", {"name": "kept"})
    page.get_by_role("button", name="Run again").click()
    assert page.get_by_role("button", name="Add what is new").is_disabled()
    page.get_by_role("button", name="Group all anew").click()
    page.locator(".job progress").wait_for()
    page.locator("#told", has_text="The run is done.").wait_for(timeout=120_000)
    assert page.locator(".job").is_hidden()
    assert served.ask("GET", "/v1/project")["runs"] == [1, 2]
    page.locator(".gallery").get_by_text("kept").wait_for()


def test_the_file_that_the_browser_is_given_leads_to_the_page(
    browser: Any, served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = Queue[str]()
    monkeypatch.setattr("webbrowser.open", opened.put)
    page = browser.new_page()
    with opened_in_browser(served.url, tmp_path):
        page.goto(opened.get(timeout=20))
        page.locator(".gallery a").first.wait_for()
    assert page.url.startswith(f"{served.origin}/")
    assert "token" not in page.url
    page.locator(".gallery a").first.click()
    page.get_by_role("button", name="Confirm", exact=True).click()
    _said(page, "is confirmed.")
    page.close()


def test_pictures_that_are_gone_leave_the_id(browser: Any, tmp_path: Path) -> None:
    folder = digits_project(tmp_path, n=120)
    for picture in (tmp_path / "pictures").iterdir():
        picture.unlink()
    with serve(folder) as served:
        page = browser.new_page()
        page.goto(served.url)
        group = served.ask("GET", "/v1/groups")["groups"][0]
        lost = page.locator(".gallery .label.lost")
        lost.get_by_text(group["exemplar_ids"][0], exact=True).first.wait_for()
        page.locator(".gallery a").first.click()
        members = served.ask("GET", f"/v1/groups/{group['number']}/members")["members"]
        tile = page.locator(f'.tile[data-item="{members[0]["item"]}"] .label.lost')
        tile.get_by_text(members[0]["id"], exact=True).wait_for()
        page.close()


@pytest.mark.parametrize(
    ("path", "view", "told"),
    [("map", "map", "The map could not be made"), ("suggestions", "merge", "could not be comp")],
)
def test_what_failed_is_told_and_tried_again(
    page: Any, watch: Watch, path: str, view: str, told: str
) -> None:
    def failed(route: Any) -> None:
        found = route.fetch().json()
        problem = {"type": "about:blank", "title": "", "status": 503, "detail": "no memory"}
        route.fulfill(json=found | {"ready": False, "problem": problem})

    page.route(f"**/v1/{path}*", failed)
    _go(page, view)
    page.get_by_text(told).wait_for()
    page.get_by_text("no memory").first.wait_for()
    page.unroute(f"**/v1/{path}*")
    page.get_by_role("button", name="Try again").click()
    page.get_by_text("did not fail; nothing is begun anew").wait_for()  # as it did not
    page.get_by_text("near ones are alike" if view == "map" else "Are these two").wait_for()
    assert "409 (Conflict)" in watch.errors.pop()
