"""Touches the world: the node's end of Flower's Fleet API: log in, beat, fetch a message, bring the answer.

Flower's own `http_request_response` is not used: refused, it interrupts or ends its process and prints the server's
words; it tries for ever; and it offers the bundle. This is the client below it, with the calls that a round needs and
none that fetches a bundle.
"""

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice

import httpx
from cryptography.hazmat.primitives.asymmetric import ec
from flwr.app import Message, Metadata, RecordDict
from flwr.app.message.message import make_message, remove_content_from_message
from flwr.common.constant import SUPERLINK_NODE_ID
from flwr.common.serde import message_to_proto
from flwr.common.serde_utils import metadata_from_proto
from flwr.proto.fleet_pb2 import (
    ActivateNodeRequest,
    DeactivateNodeRequest,
    PullMessagesRequest,
    PushMessagesRequest,
)
from flwr.proto.heartbeat_pb2 import SendNodeHeartbeatRequest
from flwr.proto.message_pb2 import (
    ConfirmMessageReceivedRequest,
    ObjectTree,
    PullObjectRequest,
    PushObjectRequest,
)
from flwr.proto.node_pb2 import Node
from flwr.proto.run_pb2 import GetRunRequest
from flwr.supercore.inflatable.inflatable_object import (
    get_all_nested_objects,
    get_object_tree,
    iterate_object_tree,
)
from flwr.supercore.inflatable.inflatable_utils import inflate_object_from_contents
from flwr.supercore.primitives.asymmetric import public_key_to_bytes
from flwr.supernode.fleet_http_client import FleetHttpClient
from flwr.supernode.node_auth_http_interceptor import NodeAuthHttpInterceptor

from partner_node.flower import transport
from partner_node.flower.errors import LinkLost, NotForUs, TooMuch, Unregistered
from protocol.round.carriage import MAX_PARTS, MESSAGE_TYPE, STUB_DIGEST, Answerless

INTERVAL_S = 30  # Flower takes a node for gone after twice this time without a beat
MAX_RUNS = 100  # runs that were found to be rounds; a run a day is forgotten after three months
MAX_OBJECTS = MAX_PARTS + 8  # a message, its content and its parts
AVAILABLE_TRIES = 240  # half a second apart: the coordinator pushes parts after their message, 100 MB in 6 s when idle


@dataclass(frozen=True, slots=True, repr=False)
class Asked:
    """A message that came in. refused: why nobody gets to see its content, which then is empty."""

    message: Message
    refused: Answerless | None = None


class FleetLink(FleetHttpClient):
    """The Fleet API at one address, logged in with one key."""

    def __init__(
        self, host: str, port: int, *, context: ssl.SSLContext, key: ec.EllipticCurvePrivateKey, proxy: str | None
    ) -> None:
        public = key.public_key()
        super().__init__(f"https://{host}:{port}", interceptors=[NodeAuthHttpInterceptor(key, public)], verify=context)
        self._client.close()
        self._client = transport.client(context, proxy)
        self.public = public_key_to_bytes(public)
        self.node = Node()
        self._rounds: set[int] = set()

    def log_in(self) -> None:
        """Tell the SuperLink that this node is there.

        Raises: Unregistered, LinkLost.
        """
        with translated():
            request = ActivateNodeRequest(public_key=self.public, heartbeat_interval=INTERVAL_S)
            self.node = Node(node_id=self.ActivateNode(request).node_id)

    def beat(self) -> None:
        """Say that this node is still there.

        Raises: Unregistered, LinkLost.
        """
        with translated():
            if not self.SendNodeHeartbeat(
                SendNodeHeartbeatRequest(node=self.node, heartbeat_interval=INTERVAL_S)
            ).success:
                raise _lost("a SuperLink that forgot this node")

    def log_out(self) -> None:
        """Tell the SuperLink that this node goes.

        Raises: Unregistered, LinkLost.
        """
        with translated():
            self.DeactivateNode(DeactivateNodeRequest(node_id=self.node.node_id))

    def fetch(self, *, wait: Callable[[], None]) -> Asked | None:
        """Return the next message; None when there is none. wait: called while its parts are still on their way.

        Raises: Unregistered, LinkLost.
        """
        with translated():
            response = self.PullMessages(PullMessagesRequest(node=self.node))
            if not response.messages_list or not response.message_object_trees:
                return None
            metadata = metadata_from_proto(response.messages_list[0].metadata)
            try:
                content = self._content(metadata, response.message_object_trees[0], wait)
            except NotForUs as refusal:
                return Asked(make_message(metadata, RecordDict()), refusal.answerless)
            return Asked(make_message(metadata, content))

    def bring(self, reply: Message) -> bool:
        """Bring an answer; tell whether it was wanted: the run may have ended since.

        Raises: Unregistered, LinkLost.
        """
        reply.metadata.__dict__["_message_id"] = reply.object_id
        with translated():
            try:
                self._push(reply)
            except httpx.HTTPStatusError as error:
                if not error.response.is_client_error:
                    raise
                return False
        return True

    def _content(self, metadata: Metadata, tree: ObjectTree, wait: Callable[[], None]) -> RecordDict:
        if metadata.message_type != MESSAGE_TYPE:
            raise NotForUs(Answerless.UNKNOWN_KIND, got="a message of another type")
        mine = (metadata.src_node_id, metadata.dst_node_id) == (SUPERLINK_NODE_ID, self.node.node_id)
        objects = [each.object_id for each in islice(iterate_object_tree(tree), MAX_OBJECTS + 1)]
        if len(objects) > MAX_OBJECTS:
            raise NotForUs(Answerless.TOO_LARGE, got="a message of too many parts")
        try:
            if not mine or metadata.reply_to_message_id or not self._is_round(metadata.run_id):
                raise NotForUs(Answerless.FOREIGN, got="a message for another node, or of another run")
            contents = {name: self._pulled(metadata.run_id, name, wait) for name in objects}
            self.ConfirmMessageReceived(
                ConfirmMessageReceivedRequest(
                    node=self.node, run_id=metadata.run_id, message_object_id=metadata.message_id
                )
            )
        except httpx.HTTPStatusError as error:
            if not error.response.is_client_error:
                raise
            raise NotForUs(Answerless.FOREIGN, got="a message of a run that the SuperLink denies") from None
        return _inflated(tree.object_id, contents)

    def _is_round(self, run_id: int) -> bool:
        # A run is known by the digest of its bundle; the bundle itself is never asked for.
        if run_id not in self._rounds:
            run = self.GetRun(GetRunRequest(node=self.node, run_id=run_id)).run
            if run.fab_hash != STUB_DIGEST:
                return False
            if len(self._rounds) >= MAX_RUNS:
                self._rounds.clear()
            self._rounds.add(run_id)
        return True

    def _pulled(self, run_id: int, name: str, wait: Callable[[], None]) -> bytes:
        request = PullObjectRequest(node=self.node, run_id=run_id, object_id=name)
        for _ in range(AVAILABLE_TRIES):
            try:
                response = self.PullObject(request)
            except TooMuch:
                raise NotForUs(Answerless.TOO_LARGE, got="a part that is too long") from None
            if not response.object_found:
                break
            if response.object_available:
                if sha256(response.object_content).hexdigest() != name:
                    break
                return response.object_content
            wait()
        raise NotForUs(Answerless.FOREIGN, got="a message of which a part is missing or another")

    def _push(self, message: Message) -> None:
        objects = get_all_nested_objects(message)
        response = self.PushMessages(
            PushMessagesRequest(
                node=self.node,
                messages_list=[message_to_proto(remove_content_from_message(message))],
                message_object_trees=[get_object_tree(message)],
                clientapp_runtime_list=[0.0],  # how long it took is nobody's business
            )
        )
        for name in response.objects_to_push:
            if name not in objects:
                raise _lost("a SuperLink that asks for what was not offered")
            self.PushObject(
                PushObjectRequest(
                    node=self.node,
                    run_id=message.metadata.run_id,
                    object_id=name,
                    object_content=objects[name].deflate(),
                    session_id=response.session_id,
                )
            )


@contextmanager
def translated() -> Iterator[None]:
    """Turn what Flower's client raises into our faults; the server's words stay unread.

    Raises: Unregistered, LinkLost.
    """
    try:
        yield
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        if error.response.is_client_error:
            raise Unregistered(
                got=f"status {status} of the SuperLink",
                wanted="a node that it knows",
                act="the coordinator must register this node's key; after a crash wait a minute",
            ) from None
        raise _lost(f"status {status} of the SuperLink") from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise _lost(f"{type(error).__name__} on the way to the SuperLink") from None


def _inflated(root: str, contents: dict[str, bytes]) -> RecordDict:
    try:
        message = inflate_object_from_contents(root, contents)
        if isinstance(message, Message) and message.has_content():
            return message.content
    except Exception:  # noqa: BLE001, S110 - whatever Flower raises over these bytes says only that they are no message
        pass
    raise NotForUs(Answerless.FOREIGN, got="a message without content")


def _lost(got: str) -> LinkLost:
    return LinkLost(
        got=got,
        wanted="a SuperLink of this version that answers",
        act="nobody yet: the node tries again; if that goes on, look at the firewall and the host in node.toml",
    )
