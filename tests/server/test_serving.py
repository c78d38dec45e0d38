"""A real server on a real port, and the command that starts it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from covey.cli.exits import run
from covey.server.serving import bind
from covey.store.review import Review
from covey.types import UsageError


def sent_in_chunks(port: int, token: str, mebibytes: int) -> bytes:
    """How the answer to a body without a length, a byte longer than that, begins."""
    head = (
        f"POST /v1/undo HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port)) as raw:
        raw.sendall(head.encode())
        try:
            for _ in range(mebibytes):
                raw.sendall(b"100000\r\n" + b" " * (1 << 20) + b"\r\n")
            raw.sendall(b"1\r\n \r\n0\r\n\r\n")
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


def test_the_command(project: Path) -> None:
    command = [sys.executable, "-m", "covey", "review", str(project), "--no-browser"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdout is not None
        address = re.search(r"http://127\.0\.0\.1:(\d+)/\?token=(\S+)", process.stdout.readline())
        assert address is not None
        origin, token = f"http://127.0.0.1:{address[1]}", address[2]
        headers = {"Authorization": f"Bearer {token}"}
        for _ in range(300):
            try:
                httpx.get(f"{origin}/v1/project", headers=headers, timeout=30)
                break
            except httpx.ConnectError:
                time.sleep(0.1)
        answer = httpx.post(
            f"{origin}/v1/groups/merge", json={"groups": [1, 2]}, headers=headers, timeout=30
        )
        assert answer.status_code == 200, answer.text
        with Review(project) as other:  # another reviewer at the same time
            assert other.state.group_of[8] == 1
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
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
    from covey.server.serving import Serving

    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setattr(Serving, "serve", lambda self, stopped: time.sleep(0.2))
    assert run(["review", str(project), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["url"].startswith(f"http://127.0.0.1:{told['port']}/?token=")
    assert opened == [told["url"]]


def test_without_the_extra(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert run(["review", str(project), "--no-browser"]) == 5
    assert 'pip install "covey[review]"' in capsys.readouterr().err
