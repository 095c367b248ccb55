"""Touches the world: how many readers are answered at once; the next one gets a page that says to wait."""

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from coordinator.web.mishaps import mishap

MOST_AT_ONCE = 400  # a page takes 20 ms to draw and one is drawn at a time: the last of these waits eight seconds
WAIT_S = 30


class Crowd:
    """Counts the requests that are being answered, and refuses those above a number."""

    def __init__(self, app: ASGIApp, most: int = MOST_AT_ONCE) -> None:
        self._app, self._most, self._inside = app, most, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or say that there are too many."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._inside >= self._most:
            answer = mishap(Request(scope, receive), 503)
            answer.headers["Retry-After"] = str(WAIT_S)
            await answer(scope, receive, send)
            return
        self._inside += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._inside -= 1
