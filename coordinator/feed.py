"""Touches the world: the ledger feed: whoever the covenant names follows the coordinator's log as it grows, over gRPC.

It reads, and takes no message of a round: a path of its own, so that a head shown there and another one shown in a
round would be seen side by side. TLS with a certificate of both ends; who is let in is looked up anew for every line.
"""

import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import HealthServicer

from coordinator.errors import OperatorRefusal
from protocol.errors import SamenzichtError
from protocol.feed import MAX_ENTRIES, METHOD, SERVICE, FeedPart, FeedQuestion

MAX_FOLLOWERS = 32  # each holds a thread; a covenant has tens of parties
TURN_S = 50.0  # then a follower calls again, with its certificate: who is removed is out within a minute
LOOK_S = 1.0
GRACE_S = 2.0
ALIVE_MS = 30_000  # a line that fell silent is closed


class FeedPortTaken(OperatorRefusal):
    """An address on which the ledger feed cannot listen: another program holds it, or this machine has no such one."""


@dataclass(frozen=True, slots=True)
class Head:
    """The log as it is. leaves: bodies in order; checkpoint: its signed head."""

    leaves: tuple[bytes, ...]
    checkpoint: str


@dataclass(slots=True, repr=False)
class Feed:
    """What followers get. One thread reads the store and shows what it found; the threads of followers wait for it."""

    _head: Head
    _ends: bool = False
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _places: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(MAX_FOLLOWERS - 2))

    def show(self, head: Head) -> None:
        """Show the log as it is now."""
        with self._changed:
            if head is not self._head:
                self._head = head
                self._changed.notify_all()

    def end(self) -> None:
        """End every call."""
        with self._changed:
            self._ends = True
            self._changed.notify_all()

    def follow(self, question: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        """Yield what the asker has not seen, and go on as the log grows."""
        try:
            seen = FeedQuestion.parse(question, source="question").size
        except SamenzichtError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, error.code)
        if not self._places.acquire(blocking=False):
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "too-many-followers")
        try:
            yield from self._grow(seen, context)
        finally:
            self._places.release()

    def _grow(self, seen: int, context: grpc.ServicerContext) -> Iterator[bytes]:
        head, until_s = self._head, time.monotonic() + TURN_S
        yield from parts_of(head, seen)
        while context.is_active() and time.monotonic() < until_s and not self._ends:
            with self._changed:
                self._changed.wait(LOOK_S)
                newer = self._head
            if newer is not head:
                yield from parts_of(newer, len(head.leaves))
                head = newer


def parts_of(head: Head, seen: int) -> Iterator[bytes]:
    """Yield a log from the entries on that were seen; one part without entries where there is nothing new.

    Also where the log is shorter than what was seen: its signed head is what the asker needs to prove that.
    """
    first = min(seen, len(head.leaves))
    for at in range(first, max(len(head.leaves), first + 1), MAX_ENTRIES):
        entries = tuple(leaf.decode("utf-8") for leaf in head.leaves[at : at + MAX_ENTRIES])
        yield FeedPart(checkpoint=head.checkpoint, entries=entries, first=at).encode()


@dataclass(slots=True, repr=False)
class Certificates:
    """What the line shows and whom it lets in, by file name as for the edge. Put anew, they hold from the next call."""

    files: Mapping[str, bytes]

    def configuration(self) -> grpc.ServerCertificateConfiguration:
        """Return them as gRPC asks for them at every line."""
        pair = [(self.files["server.key"], self.files["server.pem"])]
        return grpc.ssl_server_certificate_configuration(pair, root_certificates=self.files["parties.pem"])


def start_feed(feed: Feed, address: str, certificates: Certificates) -> tuple[grpc.Server, int]:
    """Start the service; return it with the port that it listens on.

    Raises: FeedPortTaken.
    """
    server = grpc.server(
        ThreadPoolExecutor(MAX_FOLLOWERS, thread_name_prefix="feed"),
        options=(
            ("grpc.so_reuseport", 0),
            ("grpc.max_receive_message_length", FeedQuestion.max_bytes),
            ("grpc.keepalive_time_ms", ALIVE_MS),
        ),
    )
    method: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_stream_rpc_method_handler(feed.follow)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {METHOD: method}),))
    health = HealthServicer()
    health.set(SERVICE, health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(health, server)
    line = grpc.dynamic_ssl_server_credentials(
        certificates.configuration(), certificates.configuration, require_client_authentication=True
    )
    try:
        port = server.add_secure_port(address, line)
    except RuntimeError:
        raise FeedPortTaken(
            got=f"no line on {address}",
            wanted="an address of this machine that is free",
            act="the operator must name another address or stop the other program",
        ) from None
    server.start()
    return server, port
