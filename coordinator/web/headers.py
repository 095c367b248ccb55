"""Touches the world: what every answer of the monitor carries: nothing from elsewhere, nothing inline, nothing kept.

Who asks for the headers alone gets those of the page itself.
"""

from collections.abc import Mapping
from types import MappingProxyType

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": POLICY,
        "Strict-Transport-Security": "max-age=31536000",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
)
NOT_KEPT = "no-store"


class Headers:
    """Adds the headers. An answer that says itself how long it may be kept stays so; every other is not kept."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, with the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # RFC 9110 9.3.2: HEAD is GET without its content; routes are written once, for GET.
        headers_alone = scope["method"] == "HEAD"
        asked = {**scope, "method": "GET"} if headers_alone else scope

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", NOT_KEPT)
            elif headers_alone:
                message = {**message, "body": b""}
            await send(message)

        await self._app(asked, receive, sending)
