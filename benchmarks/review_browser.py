"""A server in a process of its own, and a Chromium that looks at its page."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from machine import REPOSITORY

KNOWN = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


@dataclass
class Served:
    """A project that `covey review` serves.

    Attributes:
        url: With the token.
        process: Of the server.
    """

    url: str
    process: subprocess.Popen[str]

    @property
    def origin(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """As another program would, without the page."""
        token = urlsplit(self.url).query.removeprefix("token=")
        headers = {"Authorization": f"Bearer {token}"}
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            headers["Content-Type"] = "application/json"
        asked = urllib.request.Request(self.origin + path, data, headers, method=method)
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return json.load(answer)


@contextlib.contextmanager
def serve(project: Path) -> Iterator[Served]:
    """Starts `covey review` on a free port, and ends it."""
    command = [sys.executable, "-m", "covey", "review", str(project), "--no-browser", "--json"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "src"), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stdout is not None
        yield Served(_address(process), process)
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    told = ""
    for line in process.stdout:
        told += line
        with contextlib.suppress(json.JSONDecodeError):
            return str(json.loads(told)["url"])
    raise AssertionError(f"covey review ended: {told}")


def chromium() -> Path | None:
    """Path of a Chromium: that of the system, else the one that playwright brings; None for none.

    Raises:
        ModuleNotFoundError: If playwright is missing.
    """
    from playwright.sync_api import sync_playwright

    found = next((path for name in KNOWN if (path := shutil.which(name))), None)
    if found is not None:
        return Path(found)
    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
    return own if own.exists() else None


@dataclass
class Watch:
    """What a page did that it should not have done.

    Attributes:
        origin: Of the server.
        errors: Of the console, and those that nobody caught.
        foreign: Requests to other hosts.
    """

    origin: str
    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def on(self, page: Any) -> None:
        """Watches from now on."""
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._say(str(error)))
        page.on("request", lambda request: self._request(request.url))

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self._say(f"{message.text} {message.location['url']}")

    def _say(self, words: str) -> None:
        self.errors.append(words)

    def _request(self, url: str) -> None:
        if not url.startswith((self.origin, "data:", "blob:")):
            self.foreign.append(url)
