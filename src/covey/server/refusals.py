"""What a request gets that is not let in: a problem, or a page where a browser asks for one."""

from __future__ import annotations

from html import escape

from starlette.datastructures import Headers
from starlette.responses import Response

from covey.server.problems import problem

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Covey review</title>
</head>
<body>
<h1>This page needs its key</h1>
<p>{why}</p>
<p>Open the whole address that <code>covey review</code> printed in its terminal; it begins with
<code>http://127.0.0.1</code> and ends with the token of the session. Where it was opened before,
look for that tab: only that one may change anything. If the terminal is gone, so is the session:
begin <code>covey review</code> again.</p>
</body>
</html>
"""


def refusal(method: str, headers: Headers, status: int, why: str) -> Response:
    """Says no.

    Args:
        method, headers: Of the request.
        status: 401 says how to be let in.
        why: In a sentence.
    """
    answer: Response = problem(status, why)
    if method == "GET" and status in (401, 403) and "text/html" in headers.get("accept", ""):
        sentence = f"{why[0].upper()}{why[1:]}."
        answer = Response(_PAGE.format(why=escape(sentence)), status, media_type="text/html")
    answer.headers["Vary"] = "Accept"
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer
