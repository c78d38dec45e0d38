"""Nobody but who knows the token reads, and no other site, however it asks, changes anything."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from covey.server.app import ReviewApp, make_app
from covey.server.bodies import MOST_BODY
from covey.store.review import Review

from .conftest import ORIGIN, TOKEN, Client

_MERGE = {"groups": [1, 2]}


def answered(
    app: ReviewApp,
    raw_path: bytes,
    *,
    path: str | None = None,
    method: str = "GET",
    headers: Iterable[tuple[bytes, bytes]] = (),
    body: Iterable[bytes] = (b"",),
) -> tuple[int, dict[str, str], bytes]:
    """What an app answers to a request that no client would clean up."""
    parts = list(body)
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if not parts:
            return {"type": "http.disconnect"}
        part = parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(parts)}

    async def send(message: Any) -> None:
        sent.append(message)

    raw_path, _, query = raw_path.partition(b"?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": raw_path.decode() if path is None else path,
        "raw_path": raw_path,
        "query_string": query,
        "root_path": "",
        "headers": [(b"host", b"127.0.0.1:8000"), *headers],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }
    asyncio.run(app(scope, receive, send))
    told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], told, b"".join(each.get("body", b"") for each in sent[1:])


BEARER = (b"authorization", f"Bearer {TOKEN}".encode())


@pytest.mark.parametrize(
    "headers", [{"Authorization": ""}, {"Authorization": "Bearer x"}, {"Authorization": TOKEN}]
)
@pytest.mark.parametrize("path", ["/v1/project", "/", "/v1/openapi.json", "/main.js", "/v1/none"])
def test_nothing_without_the_token(client: Client, path: str, headers: dict[str, str]) -> None:
    answer = client("GET", path, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "covey review" in answer.json()["detail"]
    assert client("GET", f"{path}?token=wrong", headers=headers).status_code == 401


def test_a_browser_without_the_token_is_told_what_to_do(client: Client) -> None:
    asked = {"Authorization": "", "Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    for path, more, status in (
        ("/", {}, 401),
        ("/?token=%3Cb%3E", {}, 401),
        ("/v1/project", {}, 401),
        ("/", {"Host": "evil.example"}, 403),
        ("/", {"Sec-Fetch-Site": "cross-site"}, 403),
    ):
        answer = client("GET", path, headers=asked | more)
        assert answer.status_code == status
        assert answer.headers["content-type"].startswith("text/html")
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert "<code>covey review</code> printed" in answer.text
        assert not any(each in answer.text for each in ("a project", TOKEN, "<b>", "<script"))
        assert ("www-authenticate" in answer.headers) == (status == 401)
        assert "set-cookie" not in answer.headers
    assert client("POST", "/v1/undo", headers=asked).json()["status"] == 401
    missing = client("GET", "/v1/groups/99", headers={"Accept": "text/html"})
    assert missing.json()["status"] == 404


def test_the_token_in_the_address_counts_for_the_page_only(client: Client) -> None:
    assert (
        client("GET", f"/v1/project?token={TOKEN}", headers={"Authorization": ""}).status_code
        == 401
    )
    assert client("POST", f"/?token={TOKEN}", headers={"Authorization": ""}).status_code == 401


def test_the_cookie_reads_and_changes_nothing(client: Client, review: Review) -> None:
    client("GET", f"/?token={TOKEN}", headers={"Authorization": ""})
    ((name, value),) = client.cookies.items()
    alone = {"Authorization": "", "Cookie": f'{name}="{value}"', "Origin": ORIGIN}
    assert client("GET", "/v1/project", headers=alone).status_code == 200
    for method, path, body in (
        ("POST", "/v1/groups/merge", _MERGE),
        ("PATCH", "/v1/groups/1", {"name": "x"}),
        ("POST", "/v1/undo", {}),
        ("POST", "/v1/runs", {}),
    ):
        assert client(method, path, json=body, headers=alone).status_code == 401
    assert review.journal.last == 2


def test_the_cookie_is_kept_from_scripts_and_other_sites(client: Client) -> None:
    told = client("GET", f"/?token={TOKEN}", headers={"Authorization": ""}).headers["set-cookie"]
    assert "HttpOnly" in told
    assert "SameSite=strict" in told
    assert "Path=/" in told
    assert TOKEN not in told  # a cookie goes to other ports, too, where it must open nothing
    value = told.split(";")[0].partition("=")[2]
    bearer = {"Authorization": f"Bearer {value}"}
    assert client("POST", "/v1/undo", headers=bearer).status_code == 401
    wrong = told.split(";")[0].replace(value, "wrong")
    assert (
        client("GET", "/v1/project", headers={"Authorization": "", "Cookie": wrong}).status_code
        == 401
    )


@pytest.mark.parametrize("other", ['a={"b": 1}', "a[1]=2", 'a="b', "a=b c d", "é=1", "a b=1", "=a"])
def test_cookies_of_other_servers_do_not_hide_ours(client: Client, other: str) -> None:
    told = client("GET", f"/?token={TOKEN}", headers={"Authorization": ""}).headers["set-cookie"]
    both = f"{other}; {told.partition(';')[0]}".encode()
    client.cookies.clear()
    headers = {"Authorization": "", "Cookie": both}
    assert client("GET", "/v1/project", headers=headers).status_code == 200  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "evil.example:8000", "127.0.0.1", "127.0.0.1:8001",
        "127.0.0.1.evil.example:8000", "",
    ],
)  # fmt: skip
def test_no_other_name_stands_for_this_machine(client: Client, host: str) -> None:
    assert client("GET", "/v1/project", headers={"Host": host}).status_code == 403


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000"])
def test_names_of_this_machine(client: Client, host: str) -> None:
    headers = {"Host": host, "Origin": f"http://{host}"}
    assert client("GET", "/v1/project", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9000"},
        {"Origin": "https://127.0.0.1:8000"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_nothing_from_another_origin(
    client: Client, review: Review, headers: dict[str, str]
) -> None:
    assert client("GET", "/v1/project", headers=headers).status_code == 403
    assert client("POST", "/v1/groups/merge", json=_MERGE, headers=headers).status_code == 403
    assert client("OPTIONS", "/v1/groups/merge", headers=headers).status_code == 403
    assert review.journal.last == 2


@pytest.mark.parametrize(
    "path",
    [
        b"/../project.json",
        b"/..",
        b"/./main.js",
        b"/v1/items/../project",
        b"/%2e%2e/project.json",
        b"/%2E%2E%2fproject.json",
        b"/..%2fproject.json",
        b"/..%5cproject.json",
        b"/..\\project.json",
        b"/%252e%252e/project.json",
        b"/v1/items/1%00/thumbnail",
        b"/page/%2e%2e/%2e%2e/etc/passwd",
    ],
)
def test_no_path_names_a_file(app: ReviewApp, path: bytes) -> None:
    from urllib.parse import unquote

    for decoded in (path.decode(), unquote(path.decode())):
        status, told, body = answered(app, path, path=decoded, headers=[BEARER])
        assert status == 404
        assert told["content-type"] == "application/problem+json"
        assert b"no path names a file" in body


def test_large_bodies_are_refused(app: ReviewApp, review: Review) -> None:
    whole = b" " * (MOST_BODY + 1)
    length = (b"content-length", str(len(whole)).encode())
    merge = {"method": "POST", "headers": [BEARER, (b"content-type", b"application/json")]}
    status, _, _ = answered(
        app, b"/v1/groups/merge", method="POST", headers=[BEARER, length], body=[b""]
    )
    assert status == 413
    parts = [b'{"groups": [1, 2]}', *[b" " * (1 << 20)] * 9]
    assert answered(app, b"/v1/groups/merge", body=parts, **merge)[0] == 413  # type: ignore[arg-type]
    lying = [*merge["headers"], (b"content-length", b"18")]
    assert answered(app, b"/v1/groups/merge", method="POST", headers=lying, body=parts)[0] == 413
    for wrong in (b"-1", b"1e3", b"x"):
        headers = [BEARER, (b"content-length", wrong)]
        assert answered(app, b"/v1/undo", method="POST", headers=headers)[0] == 413
    assert review.journal.last == 2
    parts = [b'{"groups": [1, 2]}', *[b" " * (1 << 20)] * 7]
    assert answered(app, b"/v1/groups/merge", body=parts, **merge)[0] == 200  # type: ignore[arg-type]
    assert review.journal.last == 3


def test_every_answer_has_the_headers(client: Client) -> None:
    for path, headers in (
        ("/v1/project", {}),
        ("/v1/groups/99", {}),
        ("/v1/project", {"Authorization": ""}),
        ("/v1/project", {"Host": "evil.example"}),
    ):
        told = client("GET", path, headers=headers).headers
        assert told["cache-control"] == "no-store"
        assert told["x-content-type-options"] == "nosniff"
        assert told["referrer-policy"] == "no-referrer"
        assert "default-src 'self'" in told["content-security-policy"]
        assert "frame-ancestors 'none'" in told["content-security-policy"]
        assert "access-control-allow-origin" not in told


def test_other_sites_are_told_nothing_by_preflight(client: Client) -> None:
    asked = {"Authorization": "", "Access-Control-Request-Method": "POST"}
    answer = client("OPTIONS", "/v1/groups/merge", headers=asked)
    assert answer.status_code == 401
    assert "access-control-allow-methods" not in answer.headers


def test_a_failure_shows_no_traceback(client: Client, review: Review) -> None:
    review.journal.close()
    answer = client("GET", "/v1/project")
    assert answer.status_code in (400, 500)
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Traceback" not in answer.text


@pytest.fixture
def with_page(review: Review, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A client of a server whose page is two files, beside one that is none of it."""
    folder = tmp_path / "page"
    folder.mkdir()
    (folder / "index.html").write_text("<title>page</title>")
    (folder / "main.js").write_text("1")
    (tmp_path / "secret").write_text("secret")
    (folder / "link").symlink_to(tmp_path / "secret")
    monkeypatch.setattr("covey.server.app.PAGE", folder)
    return Client(make_app(review, TOKEN))


def test_the_page_and_its_files(with_page: Client) -> None:
    nobody = {"Authorization": ""}
    assert with_page("GET", "/main.js", headers=nobody).status_code == 401
    page = with_page("GET", f"/?token={TOKEN}", headers=nobody)
    assert (page.text, page.headers["cache-control"]) == ("<title>page</title>", "no-store")
    script = with_page("GET", "/main.js", headers=nobody)  # by the cookie
    assert (script.text, script.headers["cache-control"]) == ("1", "private, no-cache")
    assert script.headers["content-type"].startswith("text/javascript")
    assert "default-src 'self'" in script.headers["content-security-policy"]
    again = with_page("GET", "/", headers=nobody)
    assert again.status_code == 200
    assert "set-cookie" not in again.headers
    assert with_page("GET", "/nothing.js").status_code == 404


def test_a_link_from_elsewhere_may_open_the_page(with_page: Client) -> None:
    headers = {"Authorization": "", "Sec-Fetch-Site": "cross-site"}
    assert with_page("GET", f"/?token={TOKEN}", headers=headers).status_code == 200
    assert with_page("GET", "/main.js", headers=headers).status_code == 403


@pytest.mark.parametrize("path", [b"/../secret", b"/link", b"//etc/passwd", b"/page/../../secret"])
def test_files_beside_the_page_are_not_read(with_page: Client, path: bytes) -> None:
    status, _, body = answered(with_page.app, path, headers=[BEARER])
    assert status in (404, 405)
    assert b"secret" not in body.replace(b"/secret", b"")
