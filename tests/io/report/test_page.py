from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from covey.clustering import ClusterResult
from covey.io.report import write_report
from covey.types import Edges, KnnGraph, UsageError

HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(2)>&amp;\u202e</title>'</script>"
VOID = {"meta", "link", "img", "br"}


class Reader(HTMLParser):
    """Every tag with its attributes; complains where tags do not nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, tag
        assert self.open.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def read(path: Path) -> tuple[str, Reader]:
    text = path.read_text("utf-8")
    return text, Reader(text)


def tiny(labels: list[int], result_of) -> ClusterResult:
    n = len(labels)
    none = np.empty(0, np.int64)
    edges = Edges(none, none, np.empty(0, np.float32), np.empty(0, np.float32))
    k = min(1, max(n - 1, 0))
    knn = KnnGraph(np.zeros((n, k), np.int64), np.zeros((n, k), np.float32))
    return result_of(edges, knn, np.array(labels, np.int64), 0.5)


def test_asks_the_network_for_nothing(tmp_path: Path, digits) -> None:
    result, images, x = digits
    write_report(tmp_path / "r.html", result, images=images, x=x)
    text, page = read(tmp_path / "r.html")
    assert "http://" not in text
    assert "https://" not in text
    assert not re.search(r"url\(|@import|srcset", text)
    addresses = [
        value
        for _, attributes in page.tags
        for name, value in attributes.items()
        if name in ("src", "href", "data", "action", "poster")
    ]
    assert addresses
    assert all(value is not None and value.startswith(("data:", "#")) for value in addresses)
    assert "default-src 'none'" in text
    assert len(text) < 1_000_000


def test_reads_well_without_eyes(tmp_path: Path, digits) -> None:
    result, images, x = digits
    write_report(tmp_path / "r.html", result, images=images, x=x, title="Digits")
    text, page = read(tmp_path / "r.html")
    assert text.startswith("<!doctype html>")
    assert page.of("html")[0]["lang"] == "en"
    assert all(image["alt"] for image in page.of("img"))
    charts = [svg for svg in page.of("svg") if svg.get("role") == "img"]
    assert len(charts) == 4
    assert all(svg["aria-label"] for svg in charts)
    names = [a["id"] for _, a in page.tags if "id" in a]
    assert len(names) == len(set(names))
    targets = {(a["href"] or "")[1:] for a in page.of("a")}
    assert targets <= set(names)
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_says_the_figures_in_words(tmp_path: Path, digits) -> None:
    result, images, _ = digits
    result = replace(result, report=replace(result.report, notes=["Groups may be mixed."]))
    write_report(
        tmp_path / "r.html",
        result,
        images=images,
        command="covey cluster digits.npy",
        skipped=[(7, "holds NaN"), ("a.png", "is no image"), "one more"],
    )
    words = " ".join(read(tmp_path / "r.html")[1].texts)
    clustering = result.clustering
    several = clustering.n_clusters - clustering.n_singletons
    assert f"1,797 items in {several} clusters of two or more" in words
    assert "covey cluster digits.npy" in words
    assert "3 inputs left out" in words
    assert "row 7: holds NaN" in words
    assert "a.png: is no image" in words
    assert result.report.notes[0] in words
    for flag in ("--constraints pairs.csv", "--exclusive photos.csv", "--prefer"):
        assert flag in words


def test_escapes_whatever_the_user_gives(tmp_path: Path, digits) -> None:
    result, _, x = digits
    ids = [f"{HOSTILE}{i}" for i in range(result.clustering.n)]
    result = replace(result, report=replace(result.report, notes=[HOSTILE], method=HOSTILE))
    for given in ({"texts": ids}, {}, {"images": [f"missing-{name}.png" for name in ids]}):
        write_report(
            tmp_path / "r.html",
            result,
            ids=ids,
            x=x,
            title=HOSTILE,
            command=HOSTILE,
            skipped=[HOSTILE, (HOSTILE, HOSTILE)],
            **given,
        )
        text, page = read(tmp_path / "r.html")
        assert len(page.of("script")) == 2
        assert not page.of("img")
        assert not any("onerror" in attributes for _, attributes in page.tags)
        assert "alert(1)</script>" not in text
        data = json.loads(_data(text))
        assert data["names"][0].startswith(HOSTILE[:40])


def _data(text: str) -> str:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    assert found
    return found.group(1)


def test_same_input_gives_the_same_bytes(tmp_path: Path, digits) -> None:
    result, images, x = digits
    for name in ("a", "b"):
        write_report(tmp_path / name, result, images=images, x=x)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize(
    "labels",
    [[], [0], [0, 0], [0, 1], [0, 0, 0], [-1, -1], [0, -1, 0, 1], [0] * 40, list(range(40))],
    ids=str,
)
def test_degenerate_collections(tmp_path: Path, labels: list[int], result_of) -> None:
    result = tiny(labels, result_of)
    for x in (None, np.zeros((len(labels), 3), np.float32)):
        write_report(tmp_path / "r.html", result, x=x)
        _, page = read(tmp_path / "r.html")
        assert page.of("canvas")


def test_unknown_figures(tmp_path: Path, digits) -> None:
    result, _, _ = digits
    unknown = np.full_like(result.report.curve.precision, np.nan)
    curve = replace(result.report.curve, precision=unknown, recall=unknown)
    report = replace(
        result.report, curve=curve, expected_precision=np.nan, expected_recall=np.nan, notes=[]
    )
    clustering = replace(
        result.clustering, strength=np.full(result.clustering.n, np.nan, np.float32)
    )
    write_report(tmp_path / "r.html", replace(result, report=report, clustering=clustering))
    text, page = read(tmp_path / "r.html")
    assert "could not be estimated" in " ".join(page.texts)
    assert "nan" not in re.sub(r"<script.*?</script>", "", text, flags=re.S).lower()


@pytest.mark.parametrize("name", ["ids", "images", "texts", "x"])
def test_refuses_lists_of_another_length(tmp_path: Path, digits, name: str) -> None:
    with pytest.raises(UsageError, match=rf"{name} has 3 entries and the clustering 1,797"):
        write_report(tmp_path / "r.html", digits[0], **{name: np.zeros((3, 2))})
    assert not list(tmp_path.iterdir())


def test_leaves_the_old_file_where_the_write_fails(tmp_path: Path, digits, monkeypatch) -> None:
    path = tmp_path / "r.html"
    path.write_text("old")

    def refuse(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", refuse)
    with pytest.raises(KeyboardInterrupt):
        write_report(path, digits[0])
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["r.html"]


def test_size_does_not_grow_with_the_collection(tmp_path: Path, result_of) -> None:
    rng = np.random.default_rng(0)
    n = 12_000
    labels = np.sort(rng.integers(0, 3_000, n))
    labels = np.unique(labels, return_inverse=True)[1].astype(np.int64)
    near = np.clip(np.arange(n)[:, None] + np.array([1, 2, 3]), 0, n - 1)
    knn = KnnGraph(near, np.ones((n, 3), np.float32))
    weight = rng.random(n - 1).astype(np.float32)
    edges = Edges(np.arange(n - 1), np.arange(1, n), weight, weight)
    write_report(
        tmp_path / "r.html",
        result_of(edges, knn, labels, 0.5),
        ids=[f"a rather long name of item number {i}" for i in range(n)],
    )
    data = json.loads(_data((tmp_path / "r.html").read_text("utf-8")))
    assert len(data["items"]) <= 6000
    assert (tmp_path / "r.html").stat().st_size < 1_500_000


@pytest.mark.browser
def test_draws_the_map_in_a_browser(tmp_path: Path, digits) -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium here")
    write_report(tmp_path / "r.html", digits[0], x=digits[2])
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"]
    options += ["--disable-background-networking", "--disable-component-update", "--disable-quic"]
    options += ["--enable-logging=stderr", f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"]
    told = subprocess.run(
        [chromium, *options, (tmp_path / "r.html").as_uri()],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert re.search(r'<canvas[^>]*style="height: \d+px', told.stdout)
    assert "CONSOLE" not in told.stderr
