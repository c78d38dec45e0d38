"""The browser, opened at an address that nobody else sees.

Everybody on a machine sees the command lines of all processes, so an address that holds a token
must be on none. The browser is given a file that its owner alone can read, and that leads there.
"""

from __future__ import annotations

import os
import tempfile
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path

_PAGE = """<!doctype html>
<meta charset="utf-8">
<title>Covey review</title>
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url={url}">
<p><a href="{url}">To the review</a>
"""


@contextmanager
def opened_in_browser(url: str, folder: Path) -> Iterator[bool]:
    """Opens an address; the file that leads to it goes at the end of the block.

    Args:
        url: Holds what nobody else may know.
        folder: Where the file is written for a while. Browsers in a sandbox read folders of the
            user, not those of the system.

    Returns:
        Whether the browser was asked: not where files cannot be kept from others.
    """
    handle, name = tempfile.mkstemp(prefix="open-", suffix=".html", dir=folder)
    path = Path(name).absolute()
    try:
        private = os.name != "posix" or not os.fstat(handle).st_mode & 0o077
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(_PAGE.format(url=escape(url)) if private else "")
        if private:
            threading.Thread(target=webbrowser.open, args=(path.as_uri(),), daemon=True).start()
        yield private
    finally:
        path.unlink(missing_ok=True)
