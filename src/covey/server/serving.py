"""A server on this machine, until it is told to end."""

from __future__ import annotations

import secrets
import socket
import threading
from dataclasses import dataclass, field

from covey.extras import require
from covey.store.moved_pictures import UNMOVED, Moved
from covey.store.review import Review
from covey.types import CoveyError, UsageError

HOST = "127.0.0.1"
_PATIENCE = 2  # seconds for requests on their way when the server ends
_LOOK = 0.2  # seconds between looks whether it should


@dataclass(frozen=True, slots=True)
class Serving:
    """A server that is bound to its port.

    Attributes:
        review: The project.
        socket: Bound, not yet listened to.
        moved: Where pictures of the project are now.
        token: Of the session.
    """

    review: Review
    socket: socket.socket
    moved: Moved = UNMOVED
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))

    @property
    def port(self) -> int:
        """Of the server."""
        return int(self.socket.getsockname()[1])

    @property
    def url(self) -> str:
        """Address of the page, with the token."""
        return f"http://{HOST}:{self.port}/?token={self.token}"

    def serve(self, stopped: threading.Event) -> None:
        """Answers until `stopped` is set or Ctrl-C; requests on their way may end.

        Raises:
            MissingExtraError: If a library is missing.
            CoveyError: If the server ends by itself.
        """
        uvicorn = require("uvicorn", "review")
        require("fastapi", "review")
        from covey.server.app import make_app

        config = uvicorn.Config(
            make_app(self.review, self.token, self.moved),
            log_level="warning",
            access_log=False,  # addresses hold the token
            proxy_headers=False,
            server_header=False,
            date_header=False,
            ws="none",
            lifespan="off",
            timeout_graceful_shutdown=_PATIENCE,
        )
        server = uvicorn.Server(config)
        work = threading.Thread(  # not the main one, so that Ctrl-C is ours
            target=server.run, kwargs={"sockets": [self.socket]}, name="covey-server", daemon=True
        )
        work.start()
        try:
            while work.is_alive() and not stopped.wait(_LOOK):
                pass
            if not stopped.is_set():
                raise CoveyError(f"the server at port {self.port} ended; see above, and try again")
        except KeyboardInterrupt:
            stopped.set()
        finally:
            server.should_exit = True
            work.join(2 * _PATIENCE)


def bind(review: Review, port: int = 0, *, moved: Moved = UNMOVED) -> Serving:
    """Takes a port of this machine for a project.

    Args:
        review: The project.
        port: 0 for one that is free.
        moved: Where pictures of the project are now.

    Raises:
        UsageError: If it is taken, or not allowed.
    """
    # named TCP, or asyncio leaves Nagle's algorithm on, which holds answers back for 40 ms
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((HOST, port))
        found.listen(128)
    except OSError as error:
        found.close()
        raise UsageError(
            f"port {port} cannot be used ({error.strerror}); name another one with --port, or "
            "leave --port out for a free one"
        ) from None
    return Serving(review, found, moved)
