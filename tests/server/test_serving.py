"""A real server on a real port, and the command that starts it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
import pytest

from covey.cli.exits import run
from covey.server.app import make_app
from covey.server.background import WORK
from covey.server.serving import Serving, bind
from covey.store.review import Review
from covey.types import UsageError

from .conftest import TOKEN, Client


def sent_in_chunks(port: int, token: str, mebibytes: int) -> bytes:
    """How the answer to a body without a length, a byte longer than that, begins."""
    head = (
        f"POST /v1/undo HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port)) as raw:
        raw.sendall(head.encode())
        try:
            for _ in range(mebibytes):
                raw.sendall(b"100000\r\n" + b" " * (1 << 20) + b"\r\n")
            raw.sendall(b"1\r\n0\r\n0\r\n\r\n")  # a number, so that all of it is JSON
        except OSError:
            pass  # was refused before all of it came
        return raw.recv(100)


def test_a_real_server(review: Review) -> None:
    serving, stopped = bind(review), threading.Event()
    thread = threading.Thread(target=serving.serve, args=(stopped,))
    thread.start()
    try:
        origin = f"http://127.0.0.1:{serving.port}"
        with httpx.Client(
            base_url=origin, headers={"Authorization": f"Bearer {serving.token}"}
        ) as one:
            assert one.get("/v1/project").json()["items"] == 26
            begun = time.perf_counter()
            for _ in range(10):
                assert (
                    one.post("/v1/items/move", json={"items": [23], "group": 1}).status_code == 200
                )
                one.post("/v1/undo")
            assert time.perf_counter() - begun < 20
        assert httpx.get(f"{origin}/v1/project").status_code == 401
        assert httpx.get(serving.url).status_code in (
            200,
            404,
        )  # 404 where the page is not built in
        assert sent_in_chunks(serving.port, serving.token, 8).startswith(b"HTTP/1.1 413")
        assert sent_in_chunks(serving.port, serving.token, 7).startswith(b"HTTP/1.1 422")
        with socket.create_connection(("127.0.0.1", serving.port)) as raw:
            raw.sendall(b"GET /%2e%2e/project.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert raw.recv(100).startswith(b"HTTP/1.1 403")
        with pytest.raises(UsageError, match=r"cannot be used .*--port"):
            bind(review, serving.port)
    finally:
        stopped.set()
        thread.join(30)
    assert not thread.is_alive()


@contextmanager
def started(
    project: Path,
    env: Mapping[str, str] = MappingProxyType({}),
    options: Sequence[str] = ("--no-browser",),
) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """The command once it answers; its address and token."""
    command = [sys.executable, "-m", "covey", "review", str(project), *options]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        env=os.environ | {"PYTHONUNBUFFERED": "1"} | dict(env),
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            address = re.search(r"http://127\.0\.0\.1:(\d+)/\?token=(\S+)", line)
            assert address is not None
            origin, token = f"http://127.0.0.1:{address[1]}", address[2]
            headers = {"Authorization": f"Bearer {token}"}
            for _ in range(300):
                try:
                    httpx.get(f"{origin}/v1/project", headers=headers, timeout=30)
                    break
                except httpx.ConnectError:
                    time.sleep(0.1)
            yield process, origin, token
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command(project: Path, number: signal.Signals) -> None:
    with started(project) as (process, origin, token):
        headers = {"Authorization": f"Bearer {token}"}
        answer = httpx.post(
            f"{origin}/v1/groups/merge", json={"groups": [1, 2]}, headers=headers, timeout=30
        )
        assert answer.status_code == 200, answer.text
        with Review(project) as other:  # another reviewer at the same time
            assert other.state.group_of[8] == 1
        process.send_signal(number)
        assert process.wait(60) == 0
        assert process.stderr is not None
        told = process.stderr.read()
        assert "everything is kept" in told
        assert "Traceback" not in told
    with Review(project) as after:
        assert after.journal.last == 3


def test_a_port_that_is_taken(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert run(["review", str(project), "--port", str(port), "--no-browser"]) == 2
    told = capsys.readouterr().err
    assert f"port {port} cannot be used" in told
    assert "--port" in told
    assert run(["review", str(project.parent), "--no-browser"]) == 3
    assert "is no project" in capsys.readouterr().err


def test_the_address_is_told_as_json(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[tuple[str, int, str]] = []

    def browse(address: str) -> None:
        path = Path(unquote(urlsplit(address).path))
        opened.append((address, path.stat().st_mode & 0o777, path.read_text()))

    monkeypatch.setattr("webbrowser.open", browse)
    monkeypatch.setattr(Serving, "serve", lambda self, stopped: time.sleep(0.2))
    assert run(["review", str(project), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["url"].startswith(f"http://127.0.0.1:{told['port']}/?token=")
    ((address, mode, page),) = opened
    assert address.startswith(project.absolute().as_uri())
    assert told["url"].partition("=")[2] not in address
    assert told["url"] in page
    assert mode == 0o600
    assert not list(project.glob("open-*"))


def test_files_that_others_can_read_get_no_token(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def readable(**how: Any) -> tuple[int, str]:
        handle, name = mkstemp(**how)
        os.chmod(name, 0o644)  # as all files of a disk of another system are
        return handle, name

    mkstemp = tempfile.mkstemp
    monkeypatch.setattr("tempfile.mkstemp", readable)
    monkeypatch.setattr("webbrowser.open", lambda address: pytest.fail("was opened"))
    monkeypatch.setattr(Serving, "serve", lambda self, stopped: None)
    assert run(["review", str(project)]) == 0
    assert "open the address by hand" in capsys.readouterr().err
    assert not list(project.glob("open-*"))


def test_the_token_is_on_no_command_line(project: Path, tmp_path: Path) -> None:
    browser, seen = tmp_path / "browser", tmp_path / "seen"
    browser.write_text(f'#!/bin/sh\necho "$@" > {seen}.tmp && mv {seen}.tmp {seen}\n')
    browser.chmod(0o700)
    with started(project, env={"BROWSER": str(browser)}, options=()) as (process, _, token):
        for _ in range(300):
            if seen.exists():
                break
            time.sleep(0.1)
        told = seen.read_text()
        assert "open-" in told
        assert token not in told
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


def test_pictures_that_were_moved(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def served(self: Serving, stopped: threading.Event) -> None:
        client = Client(make_app(self.review, TOKEN, self.moved))
        answers.append(client("GET", "/v1/items/0/thumbnail").status_code)
        for thread in threading.enumerate():  # the command leaves its process to end without them
            if thread.name == WORK:
                thread.join()

    answers: list[int] = []
    monkeypatch.setattr(Serving, "serve", served)
    command = ["review", str(project), "--no-browser", "--images"]
    assert run([*command, str(project.parent / "pictures")]) == 0
    assert "no picture is missing" in capsys.readouterr().err
    (project.parent / "pictures").rename(project.parent / "new")
    assert run([*command, str(project.parent / "new")]) == 0
    assert "2 of 2 missing pictures" in capsys.readouterr().err
    assert run([*command, str(project)]) == 2
    assert "has none of the 2 pictures" in capsys.readouterr().err
    assert answers == [200, 200]


def test_without_the_extra(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert run(["review", str(project), "--no-browser"]) == 5
    assert 'pip install "covey[review]"' in capsys.readouterr().err
