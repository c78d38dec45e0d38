"""`covey review`: a project in the browser."""

from __future__ import annotations

from typing import Annotated

import typer

from covey.cli import options
from covey.cli.project import ProjectFolder
from covey.cli.terminal import Terminal


@options.flat
def review(
    project: ProjectFolder,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Of this machine; 0 takes a free one.")
    ] = 0,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Print the address and open nothing.")
    ] = False,
    *,
    json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Review the groups of a project in the browser, until Ctrl-C. All is kept as it is done."""
    terminal = Terminal(json=json, quiet=quiet)
    import os
    import sys
    import threading
    import webbrowser
    from contextlib import closing

    from covey.cli.interrupt import is_work_left
    from covey.extras import require

    for name in ("uvicorn", "fastapi"):
        require(name, "review")
    from covey.server.serving import bind
    from covey.store.review import Review

    with Review(project) as opened:
        serving = bind(opened, port)
        with closing(serving.socket):
            terminal.answer(
                [f"{opened.project.name} is at {serving.url}", "Ctrl-C ends."],
                {"project": str(project), "url": serving.url, "port": serving.port},
            )
            if not no_browser:
                threading.Thread(target=webbrowser.open, args=(serving.url,), daemon=True).start()
            serving.serve(threading.Event())
    terminal.remark("covey: ended; everything is kept")
    if is_work_left():  # suggestions or a map, which nobody waits for any more
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
