"""Touches the world: HTTP to one host, over TLS 1.3, through one proxy if the configuration names one.

Nothing comes from the environment: no proxy, no certificate, no host. No redirect is followed, nothing is unpacked, and
an answer that is too long is not read to its end: what stands behind the address is not trusted with this machine.
"""

import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from partner_node.flower.errors import TooMuch
from protocol.round.carriage import PART_BYTES

TIMEOUT_S = 30.0
# A byte a second would keep each read within its timeout for a month. 4 MiB at 64 kbit/s take nine minutes.
PATIENCE_S, LEAST_BYTES_S = 30.0, 4_000.0
MAX_RESPONSE_BYTES = PART_BYTES + (1 << 16)  # one object: a part and its envelope


class _Bounded(httpx.SyncByteStream):
    """A body of which no more than the limit is read."""

    def __init__(self, stream: httpx.SyncByteStream) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        left, started_s = MAX_RESPONSE_BYTES, time.monotonic()
        for chunk in self._stream:
            left -= len(chunk)
            if left < 0:
                raise too_much()
            took_s = time.monotonic() - started_s
            if took_s > PATIENCE_S and MAX_RESPONSE_BYTES - left < took_s * LEAST_BYTES_S:
                raise httpx.ReadTimeout("an answer that creeps")
            yield chunk

    def close(self) -> None:
        """Close the body below."""
        self._stream.close()


class BoundedTransport(httpx.BaseTransport):
    """A transport whose answers are short and come as they are."""

    def __init__(self, context: ssl.SSLContext, proxy: str | None) -> None:
        through = None if proxy is None else httpx.Proxy(proxy)
        self._inner = httpx.HTTPTransport(verify=context, proxy=through, trust_env=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request.

        Raises: TooMuch.
        """
        request.headers["accept-encoding"] = "identity"
        response = self._inner.handle_request(request)
        if "content-encoding" in response.headers:
            response.close()
            raise too_much()
        stream = response.stream
        if not isinstance(stream, httpx.SyncByteStream):
            raise too_much()
        return httpx.Response(response.status_code, headers=response.headers, stream=_Bounded(stream))

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


def client(context: ssl.SSLContext, proxy: str | None) -> httpx.Client:
    """Return the client of one link."""
    return httpx.Client(transport=BoundedTransport(context, proxy), timeout=TIMEOUT_S, trust_env=False)


def trusting(authority_der: bytes, *, client: Path | None = None) -> ssl.SSLContext:
    """Return a context that trusts this one authority. client: certificate and key that it shows, PEM in one file.

    Raises: ValueError, ssl.SSLError when the bytes are no certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.load_verify_locations(cadata=authority_der)
    if client is not None:
        context.load_cert_chain(client)
    return context


def too_much() -> TooMuch:
    """Return what is raised for an answer that is too long or packed."""
    return TooMuch(
        got="an answer of the SuperLink that is packed, or longer than any part",
        wanted=f"at most {MAX_RESPONSE_BYTES} plain bytes",
        act="the coordinator must look at what stands before its SuperLink",
    )
