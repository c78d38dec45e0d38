"""Bodies of requests: so large at most, not compressed, and JSON that everybody reads alike.

JSON as Python reads it is more than JSON. A name that is given twice, NaN, or half of a character
would mean one thing to who sends it and another to who reads it, so none of them comes in.
"""

from __future__ import annotations

import json
from typing import Any

from starlette.datastructures import Headers
from starlette.types import Message, Receive

MOST_BODY = 8 << 20
"""Bytes of a body."""
_LONGEST_LENGTH = 12  # digits of a Content-Length that is looked at

Refused = tuple[int, str]


async def body_of(headers: Headers, receive: Receive) -> bytes | Refused:
    """All of a body, or status and reason why it is not let in."""
    too_large = 413, f"a body has at most {MOST_BODY >> 20} MiB; send it in parts"
    told = headers.get("content-length", "0")
    if not told.isdecimal() or len(told) > _LONGEST_LENGTH or int(told) > MOST_BODY:
        return too_large
    found, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            return bytes(found)  # who asked has gone away
        found += message.get("body", b"")
        more = message.get("more_body", False)
        if len(found) > MOST_BODY:
            return too_large
    return _refused(headers, bytes(found)) or bytes(found)


def told_again(body: bytes, receive: Receive) -> Receive:
    """Gives a body that was read already to whoever reads it next."""
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _refused(headers: Headers, body: bytes) -> Refused | None:
    if not body:
        return None
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return 415, "a body must be JSON; say Content-Type: application/json"
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        return 415, "a body must not be compressed; leave Content-Encoding out"
    try:
        _check(body.decode())
    except UnicodeDecodeError as error:
        return 400, f"byte {error.start} of the body is not UTF-8; JSON is"
    except RecursionError:
        return 400, "the body cannot be read as JSON: it is nested too deeply"
    except _TwiceError as error:
        return 422, str(error)
    except ValueError as error:
        return 400, f"the body cannot be read as JSON: {error}"
    return None


class _TwiceError(ValueError):
    """A name that an object has more than once."""


def _check(text: str) -> None:
    """Raises ValueError, or RecursionError, where a text is not plain JSON."""
    found = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    if "\\ud" in text.lower():  # perhaps half of a pair
        try:
            json.dumps(found, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise ValueError(r"a text holds half of a character (\ud800 to \udfff)") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        name = next(name for name in names if names.count(name) > 1)
        raise _TwiceError(f"body.{ascii(name[:60])[1:-1]}: is given more than once; give it once")
    return found


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number of JSON")
