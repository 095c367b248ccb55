"""Computes: a grid of Flower in memory: each message is taken apart and put together again, as on the way to a node.

With it the same apps run in one process, for worlds and tests, where Flower's own simulation would start a cluster.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from flwr.app import Context, Message, RecordDict
from flwr.app.constants import DEFAULT_TTL
from flwr.app.error import Error
from flwr.proto.node_pb2 import NodeInfo
from flwr.serverapp import Grid
from flwr.supercore.inflatable.inflatable_object import get_all_nested_objects
from flwr.supercore.inflatable.inflatable_utils import inflate_object_from_contents
from flwr.supercore.run import Run

from coordinator.flower.clients import UNREADABLE
from coordinator.flower.envelope import envelope

App = Callable[[Message, Context], Message]
RUN_ID = 1


@dataclass(frozen=True, slots=True)
class MemoryNode:
    """A node of the grid. key: as it would be registered with."""

    key: bytes
    app: App


@dataclass(slots=True, repr=False)
class MemoryGrid(Grid):
    """A grid whose nodes answer at once. nodes: by id."""

    nodes: Mapping[int, MemoryNode]
    _run: Run = field(default_factory=lambda: Run.create_empty(RUN_ID))
    _answers: dict[str, Message] = field(default_factory=dict)

    def set_run(self, run: Run) -> None:
        """Set the run."""
        self._run = run

    @property
    def run(self) -> Run:
        """The run."""
        return self._run

    def create_message(
        self, content: RecordDict, message_type: str, dst_node_id: int, group_id: str, ttl: float | None = None
    ) -> Message:
        """Return a message of this run."""
        return envelope(
            content, message_type, dst_node_id, run_id=self._run.run_id, group_id=group_id, ttl=ttl or DEFAULT_TTL
        )

    def get_node_ids(self) -> Iterable[int]:
        """Return the ids of the nodes."""
        return list(self.nodes)

    def get_nodes(self) -> Iterable[NodeInfo]:
        """Return the nodes with their keys."""
        return [NodeInfo(node_id=node_id, public_key=node.key) for node_id, node in self.nodes.items()]

    def push_messages(self, messages: Iterable[Message]) -> Iterable[str]:
        """Let each node answer its message; what it raises reaches nobody."""
        identifiers: list[str] = []
        for message in messages:
            came = _carried(message)
            node = self.nodes[came.metadata.dst_node_id]
            context = Context(self._run.run_id, came.metadata.dst_node_id, {}, RecordDict(), {})
            try:
                answer = _carried(node.app(came, context))
            except Exception:  # noqa: BLE001 - over a network it would be a node that ended
                answer = Message(Error(UNREADABLE), reply_to=came)
            self._answers[came.metadata.message_id] = answer
            identifiers.append(came.metadata.message_id)
        return identifiers

    def pull_messages(self, message_ids: Iterable[str]) -> Iterable[Message]:
        """Return the answers to these messages, each once."""
        return [self._answers.pop(each) for each in message_ids if each in self._answers]

    def send_and_receive(self, messages: Iterable[Message], *, timeout: float | None = None) -> Iterable[Message]:
        """Push messages and return their answers, which are there at once whatever the timeout."""
        del timeout
        return self.pull_messages(self.push_messages(messages))


def _carried(message: Message) -> Message:
    """Return the message as it arrives: only its bytes travel."""
    name = message.object_id
    contents = {each: found.deflate() for each, found in get_all_nested_objects(message).items()}
    arrived = inflate_object_from_contents(name, contents)
    if not isinstance(arrived, Message):
        raise TypeError
    arrived.metadata.__dict__["_message_id"] = name
    return arrived
