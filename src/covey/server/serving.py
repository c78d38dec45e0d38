"""A server on this machine, until it is told to end."""

from __future__ import annotations

import secrets
import socket
import threading
from dataclasses import dataclass, field

from covey.extras import require
from covey.store.review import Review
from covey.types import UsageError

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Serving:
    """A server that is bound to its port.

    Attributes:
        review: The project.
        socket: Bound, not yet listened to.
        token: Of the session.
    """

    review: Review
    socket: socket.socket
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
        """Answers until `stopped` is set; requests on their way are ended first.

        Raises:
            MissingExtraError: If a library is missing.
        """
        uvicorn = require("uvicorn", "review")
        require("fastapi", "review")
        from covey.server.app import make_app

        config = uvicorn.Config(
            make_app(self.review, self.token),
            log_level="warning",
            access_log=False,  # addresses hold the token
            proxy_headers=False,
            server_header=False,
            date_header=False,
            ws="none",
            lifespan="off",
            timeout_graceful_shutdown=2,
        )
        server = uvicorn.Server(config)
        server.install_signal_handlers = lambda: None

        def end() -> None:
            stopped.wait()
            server.should_exit = True

        threading.Thread(target=end, daemon=True).start()
        server.run(sockets=[self.socket])


def bind(review: Review, port: int = 0) -> Serving:
    """Takes a port of this machine for a project.

    Args:
        review: The project.
        port: 0 for one that is free.

    Raises:
        UsageError: If it is taken, or not allowed.
    """
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((HOST, port))
        found.listen(128)
    except OSError as error:
        found.close()
        raise UsageError(
            f"port {port} cannot be used ({error.strerror}); name another one with --port, or leave "
            "--port out for a free one"
        ) from None
    return Serving(review, found)
