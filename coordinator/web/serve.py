"""Touches the world: listens, and serves the monitor to readers until it is told to stop."""

import socket
from pathlib import Path

import uvicorn

from coordinator.errors import OperatorRefusal
from coordinator.estimates.context_file import NOTHING_TOLD, ContextFile
from coordinator.web.app import make_app
from coordinator.web.load import load_monitor, log_size
from coordinator.web.site import Site
from coordinator.web.theme import Theme
from privacy.language import Language

MOST_LINES = 2_000  # open at once; the application itself refuses above `crowd.MOST_AT_ONCE`, with a page
_KEEP_ALIVE_S = 5
_BACKLOG = 256


class PortTaken(OperatorRefusal):
    """A port on which something listens already, or an address that this machine does not have."""


def make_site(
    folder: Path, *, language: Language, theme: Theme | None = None, told: ContextFile = NOTHING_TOLD
) -> Site:
    """Return what is served of an office's folder; its figures are read when they are first asked for."""
    css = b"" if theme is None else theme.css()
    return Site(lambda: load_monitor(folder, told=told), lambda: log_size(folder), language, css)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens. port: 0 takes a free one.

    Raises: PortTaken.
    """
    try:
        return socket.create_server((host, port), backlog=_BACKLOG)
    except OSError as error:
        raise PortTaken(
            got=f"port {port} of {host}, which cannot be used ({error.strerror})",
            wanted="a free port of this machine",
            act="the operator must stop what listens there, or choose another with --port",
        ) from None


def serve(site: Site, listener: socket.socket) -> None:
    """Serve until a signal says stop."""
    config = uvicorn.Config(
        make_app(site),
        log_level="warning",
        access_log=False,  # who looked at what is nobody's business here
        server_header=False,
        ws="none",  # no page opens one
        limit_concurrency=MOST_LINES,
        timeout_keep_alive=_KEEP_ALIVE_S,
    )
    uvicorn.Server(config).run(sockets=[listener])
