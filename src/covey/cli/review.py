"""`covey review`: a project in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from covey.cli import options
from covey.cli.project import ProjectFolder
from covey.cli.terminal import Terminal

if TYPE_CHECKING:
    from covey.store.moved_pictures import Moved


@options.flat
def review(
    project: ProjectFolder,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Of this machine; 0 takes a free one.")
    ] = 0,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Print the address and open nothing.")
    ] = False,
    images: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where pictures are now, if they were moved."),
    ] = None,
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
    from contextlib import closing, nullcontext

    from covey.cli.interrupt import ends_as_if_interrupted, is_work_left
    from covey.cli.opening import opened_in_browser
    from covey.extras import require

    for name in ("uvicorn", "fastapi"):
        require(name, "review")
    from covey.server.serving import bind
    from covey.store.moved_pictures import UNMOVED, find_moved
    from covey.store.review import Review

    with Review(project) as opened:
        moved = UNMOVED if images is None else find_moved(opened.items.pictures, images)
        if images is not None:
            terminal.remark(_told(moved))
        serving = bind(opened, port, moved=moved)
        with closing(serving.socket), ends_as_if_interrupted():
            terminal.answer(
                [f"{opened.project.name} is at {serving.url}", "Ctrl-C ends."],
                {"project": str(project), "url": serving.url, "port": serving.port},
            )
            browser = nullcontext(True) if no_browser else opened_in_browser(serving.url, project)
            with browser as asked:
                if not asked:
                    terminal.remark(
                        f"covey: files in {project} can be read by others, so no browser is "
                        "opened; open the address by hand"
                    )
                serving.serve(threading.Event())
    terminal.remark("covey: ended; everything is kept")
    if is_work_left():  # suggestions or a map, which nobody waits for any more
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def _told(moved: Moved) -> str:
    if moved.old is None:
        return "covey: no picture is missing; --images is not needed"
    return f"covey: {moved.found:,} of {moved.missing:,} missing pictures are in {moved.new}"
