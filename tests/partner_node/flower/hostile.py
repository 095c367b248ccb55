"""A SuperLink that does as it likes: it speaks the Fleet API over TLS, says what a test wants, and writes all down."""

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from flwr.app import ConfigRecord, Message, RecordDict
from flwr.common.serde import message_from_proto, message_to_proto
from flwr.proto.fleet_pb2 import (
    ActivateNodeResponse,
    DeactivateNodeResponse,
    PullMessagesResponse,
    PushMessagesRequest,
    PushMessagesResponse,
)
from flwr.proto.heartbeat_pb2 import SendNodeHeartbeatResponse
from flwr.proto.message_pb2 import (
    ConfirmMessageReceivedResponse,
    ObjectTree,
    PullObjectRequest,
    PullObjectResponse,
    PushObjectResponse,
)
from flwr.proto.run_pb2 import GetRunResponse, Run
from flwr.supercore.inflatable.inflatable_object import get_all_nested_objects, get_object_tree

from coordinator.flower.certificates import Certificates
from coordinator.flower.envelope import content_of, envelope
from protocol.round.carriage import MESSAGE_TYPE, STUB_DIGEST, parcel

NODE, RUN = 7_777, 4_242
FLEET = "/v1/fleet/"
PROTOBUF = "application/x-protobuf"


@dataclass(frozen=True)
class Raw:
    """An answer that is no protobuf."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Waiting:
    """A message that waits for the node, and what its parts are said to be."""

    message: Message
    tree: ObjectTree
    objects: dict[str, bytes]


def waiting(
    content: RecordDict | None = None, *, message_type: str = MESSAGE_TYPE, to: int = NODE, run_id: int = RUN
) -> Waiting:
    """Return a message as an honest SuperLink would hand it over; a test then spoils it."""
    found = content_of(parcel((b"a frame",))) if content is None else content
    message = envelope(found, message_type, to, run_id=run_id, group_id="", ttl=60.0)
    objects = {name: each.deflate() for name, each in get_all_nested_objects(message).items()}
    message.metadata.__dict__["_message_id"] = message.object_id
    return Waiting(message, get_object_tree(message), objects)


@dataclass
class HostileSuperLink:
    """What it says. say: answers by the last part of a path, instead of the usual ones."""

    queue: list[Waiting] = field(default_factory=list)
    say: dict[str, Callable[[bytes], Raw]] = field(default_factory=dict)
    run_digest: str = STUB_DIGEST
    asked: list[str] = field(default_factory=list)
    pushed: list[Message] = field(default_factory=list)
    current: Waiting | None = None
    port: int = 0

    def answer(self, path: str, body: bytes) -> Raw:
        name = path.removeprefix(FLEET)
        self.asked.append(name)
        if name in self.say:
            return self.say[name](body)
        usual: dict[str, Callable[[bytes], bytes]] = {
            "activate-node": lambda _: ActivateNodeResponse(node_id=NODE).SerializeToString(),
            "deactivate-node": lambda _: DeactivateNodeResponse().SerializeToString(),
            "send-node-heartbeat": lambda _: SendNodeHeartbeatResponse(success=True).SerializeToString(),
            "pull-messages": self._pull,
            "get-run": lambda _: GetRunResponse(run=Run(run_id=RUN, fab_hash=self.run_digest)).SerializeToString(),
            "pull-object": self._object,
            "confirm-message-received": lambda _: ConfirmMessageReceivedResponse().SerializeToString(),
            "push-messages": self._push,
            "push-object": lambda _: PushObjectResponse(stored=True).SerializeToString(),
        }
        return Raw(body=usual[name](body)) if name in usual else Raw(404)

    def _pull(self, _body: bytes) -> bytes:
        if not self.queue:
            return b""
        self.current = self.queue.pop(0)
        bare = envelope(RecordDict(), MESSAGE_TYPE, NODE, run_id=RUN, group_id="", ttl=1.0)
        bare.__dict__["_metadata"] = self.current.message.metadata
        response = PullMessagesResponse(
            messages_list=[message_to_proto(bare)], message_object_trees=[self.current.tree]
        )
        return bytes(response.SerializeToString())

    def _object(self, body: bytes) -> bytes:
        assert self.current is not None
        content = self.current.objects.get(PullObjectRequest.FromString(body).object_id)
        found = PullObjectResponse(
            object_found=content is not None, object_available=True, object_content=content or b""
        )
        return bytes(found.SerializeToString())

    def _push(self, body: bytes) -> bytes:
        request = PushMessagesRequest.FromString(body)
        self.pushed += [message_from_proto(message) for message in request.messages_list]
        return bytes(PushMessagesResponse(session_id="s").SerializeToString())


@contextmanager
def serving(superlink: HostileSuperLink, context: ssl.SSLContext | None) -> Iterator[HostileSuperLink]:
    """Serve on a port of loopback, over TLS or, without a context, in the clear."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            raw = superlink.answer(self.path, body)
            self.send_response(raw.status)
            headers = {"content-type": PROTOBUF, "content-length": str(len(raw.body)), **raw.headers}
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw.body)

        def log_message(self, *_arguments: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that refuses is what is tested
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    superlink.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield superlink
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def server_context(folder: Path, made: Certificates) -> ssl.SSLContext:
    """Return a server's side of TLS with these certificates."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "server.pem").write_bytes(made.server)
    (folder / "server.key").write_bytes(made.server_key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    return context


def renamed(content: bytes) -> str:
    """Return the name under which these bytes would travel."""
    return sha256(content).hexdigest()


def records(**named: ConfigRecord) -> RecordDict:
    """Return a content of these records."""
    content = RecordDict()
    for name, record in named.items():
        content[name.replace("_", "-")] = record
    return content
