"""Touches the world: serves the demo's pages to this machine alone, until Ctrl-C."""

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from coordinator.flower.superlink import LOOPBACK

PORT = 8430


class _Quiet(SimpleHTTPRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing of requests that went well."""

    def end_headers(self) -> None:
        """Send what keeps a page to itself."""
        self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()


def server_of(folder: Path, port: int = PORT) -> ThreadingHTTPServer:
    """Return a server of a folder's files on 127.0.0.1; port 0 takes a free one.

    Raises: OSError when the port is taken.
    """
    return ThreadingHTTPServer((LOOPBACK, port), partial(_Quiet, directory=str(folder)))
