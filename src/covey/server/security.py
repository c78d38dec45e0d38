"""Who may ask: nobody but the user of this machine, from the page of this server or a program.

Other sites that the browser shows can send requests here, too. So:

    Host      names this machine and the port: no foreign name may stand for 127.0.0.1
    Origin    if sent, is that of this server; so is Sec-Fetch-Site
    token     in the header Authorization; the cookie, which a browser adds by itself, counts for
              reading only
    path      names no file, and nothing in it is encoded that could
    body      8 MiB at most, whatever its header says; JSON, and said to be, see `bodies`
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from covey.server.bodies import body_of, told_again
from covey.server.refusals import refusal

_HOSTS = ("127.0.0.1", "localhost", "[::1]")
_ENCODED = (b"%2e", b"%2f", b"%5c", b"%25", b"%00", b"\\")
_ALWAYS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; "
    "script-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """Stands before an app, refuses what may not come in, and adds headers to what goes out.

    Args:
        app: Behind it.
        token: Of the session.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self.app, self._token, self._cookie = app, token, cookie_name(token)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            return  # no sockets here: closed without a word

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", _keeping(scope["path"]))
            await send(message)

        async def refuse(status: int, why: str) -> None:
            answer = refusal(scope["method"], Headers(scope=scope), status, why)
            await answer(scope, receive, with_headers)

        if (refused := self._refusal(scope)) is not None:
            await refuse(*refused)
            return
        body = await body_of(Headers(scope=scope), receive)
        if isinstance(body, tuple):
            await refuse(*body)
        else:
            await self.app(scope, told_again(body, receive), with_headers)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Status and reason, where a request is not let in."""
        headers = Headers(scope=scope)
        port = (scope.get("server") or ("", 0))[1]
        origins = [f"{name}:{port}" for name in _HOSTS] + [*_HOSTS] * (port == 80)
        if headers.get("host", "") not in origins:
            return 403, "this server answers to 127.0.0.1 and localhost only"
        entry = scope["path"] == "/" and self._is_token(_queried(scope))
        origin, site = headers.get("origin"), headers.get("sec-fetch-site", "none")
        if origin is not None and origin not in [f"http://{each}" for each in origins]:
            return 403, "the request comes from another site"
        if site not in ("none", "same-origin") and not entry:
            return 403, "the request comes from another site"
        if _names_a_file(scope):
            return 404, "there is no such page; no path names a file here"
        reads = scope["method"] in ("GET", "HEAD")
        if self._is_token(_borne(headers)) or (reads and (entry or self._has_cookie(headers))):
            return None
        return 401, (
            "the token of this session is missing or wrong; open the address that covey review "
            "printed, or send it as Authorization: Bearer TOKEN"
        )

    def _is_token(self, given: str) -> bool:
        return secrets.compare_digest(given.encode(), self._token.encode())

    def _has_cookie(self, headers: Headers) -> bool:
        # other servers of this machine set cookies, too, and one that is odd must not hide ours
        found = cookie_parser(headers.get("cookie", "")).get(self._cookie, "")
        return secrets.compare_digest(found.encode(), cookie_value(self._token).encode())


def cookie_name(token: str) -> str:
    """Name of the cookie, another one for each session: servers on other ports share cookies."""
    return f"covey-{hashlib.sha256(token.encode()).hexdigest()[:12]}"


def cookie_value(token: str) -> str:
    """What the cookie holds: enough to read, but not the token, as cookies go to all ports."""
    return hmac.new(token.encode(), b"read", hashlib.sha256).hexdigest()


def _borne(headers: Headers) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _queried(scope: Scope) -> str:
    return parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]


def _names_a_file(scope: Scope) -> bool:
    raw = (scope.get("raw_path") or scope["path"].encode()).lower()
    parts = scope["path"].split("/")
    return any(each in raw for each in _ENCODED) or "." in parts or ".." in parts


def _keeping(path: str) -> str:
    """Answers of the API are not kept; files of the page are, but asked for again."""
    return "no-store" if path == "/" or path.startswith("/v1/") else "private, no-cache"
