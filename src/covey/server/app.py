"""The app: one project, its API under /v1, and the page that uses it."""

from __future__ import annotations

from pathlib import Path

from fastapi import Depends, FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from covey import __version__
from covey.server import (
    assigning,
    corrections,
    events,
    exports,
    groups,
    items,
    maps,
    parts,
    project,
    runs,
    strays,
    suggestions,
    thumbnails,
)
from covey.server.describing import describe
from covey.server.parameters import known_only
from covey.server.problems import problem, tell_problems
from covey.server.security import Guard, cookie_name, cookie_value
from covey.server.session import Session
from covey.store.moved_pictures import UNMOVED, Moved
from covey.store.review import Review

PAGE = Path(__file__).parent / "page"
"""Folder of the page: index.html and what it asks for."""

_ABOUT = """Groups of one project, and what people say about them.

Send the token that `covey review` printed as `Authorization: Bearer TOKEN`. Answers that hold
state carry its revision as ETag; a change with `If-Match` is refused (412) if a group that it
concerns was touched since. `?dry_run=true` tells what a change would do. Failures are
`application/problem+json`.
"""

_ROUTERS = (
    project.router,
    groups.router,
    parts.router,
    corrections.router,
    items.router,
    strays.router,
    thumbnails.router,
    suggestions.router,
    events.router,
    runs.router,
    maps.router,
    assigning.router,
    exports.router,
)


class ReviewApp:
    """An ASGI app with a guard before it.

    Args:
        review: The project.
        token: Of the session: who knows it may do everything.
        moved: Where pictures of the project are now.

    Attributes:
        session: What is held of the project.
        inner: The app behind the guard.
    """

    def __init__(self, review: Review, token: str, moved: Moved = UNMOVED) -> None:
        self.session = Session(review, moved)
        self.inner = _inner(self.session, token)
        self._guard = Guard(self.inner, token)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        await self._guard(scope, receive, send)


def make_app(review: Review, token: str, moved: Moved = UNMOVED) -> ReviewApp:
    """An app for a project; suggestions begin to be worked out.

    Args:
        review: The project; stays open as long as the app is used.
        token: Of the session, see `covey.server.security`.
        moved: Where pictures of the project are now.
    """
    app = ReviewApp(review, token, moved)
    app.session.suggesting.start()
    return app


def _inner(session: Session, token: str) -> FastAPI:
    app = FastAPI(
        title="Covey review",
        version=__version__,
        description=_ABOUT,
        openapi_url="/v1/openapi.json",
        docs_url=None,  # these pages would load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.session = session
    tell_problems(app)
    for router in _ROUTERS:
        app.include_router(router, dependencies=[Depends(known_only)])

    @app.get("/", include_in_schema=False)
    def page(request: Request) -> Response:
        """The page; whoever brings the token gets it as a cookie, which pictures need."""
        try:
            answer = Response((PAGE / "index.html").read_bytes(), media_type="text/html")
        except OSError:
            answer = problem(404, "this installation has no page; the API is under /v1")
        if "token" in request.query_params:
            answer.set_cookie(
                cookie_name(token), cookie_value(token), httponly=True, samesite="strict", path="/"
            )
        return answer

    if PAGE.is_dir():  # for what no path takes; mounted, it would take other methods of the paths
        app.router.default = _files_of_page
    describe(app)  # last: it is made anew where paths come
    return app


async def _files_of_page(scope: Scope, receive: Receive, send: Send) -> None:
    """A file of the page; what is none is not there, however it is asked for."""
    if scope["method"] not in ("GET", "HEAD"):
        raise HTTPException(404)
    await StaticFiles(directory=PAGE)(scope, receive, send)
