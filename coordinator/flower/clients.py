"""Touches the world: Flower's clients of the SuperLink, without what they take from the environment.

Stock clients follow redirects and the machine's proxy settings, try again for ever, and interrupt their own process
when they are refused. These go to the one address, trust the one authority, and raise.
"""

import ssl
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from itertools import islice

import httpx
from flwr.app import Message, RecordDict
from flwr.app.constants import DEFAULT_TTL
from flwr.app.error import Error
from flwr.app.message.message import make_message
from flwr.common.serde_utils import metadata_from_proto
from flwr.proto.message_pb2 import ConfirmMessageReceivedRequest, ObjectTree
from flwr.proto.message_pb2 import Message as ProtoMessage
from flwr.proto.runtime_pb2 import PullAppMessagesRequest
from flwr.supercore.control.control_http_client import ControlHttpClient
from flwr.supercore.inflatable.inflatable_object import iterate_object_tree
from flwr.supercore.inflatable.inflatable_protobuf_utils import make_pull_object_fn_protobuf
from flwr.supercore.inflatable.inflatable_utils import inflate_object_from_contents, pull_objects
from flwr.supercore.interceptors import RuntimeTokenHttpInterceptor, SuperExecAuthHttpInterceptor
from flwr.supercore.protobuf.client import ProtobufClient, ProtobufClientInterceptor
from flwr.supercore.runtime import RuntimeHttpClient
from flwr.superlink.grid import HttpGrid

from coordinator.flower.envelope import envelope
from coordinator.flower.errors import RunLost, SuperLinkFailed

TIMEOUT_S = 30.0  # a part of 4 MiB through a busy SuperLink takes less than a second
MAX_OBJECTS = 64  # of one answer: a message, its records, and the most parts that a parcel has
PULL_S = 1_800.0  # for the parts of one answer: 128 MiB at half a megabit a second
MAX_ARRIVING = 8  # answers of which parts are fetched at a time; each may weigh 128 MiB
LOOK_S = 0.1
UNREADABLE = 1_000  # our code for an answer that is none
ACQUIRE = "/flwr.proto.Runtime/AcquireTask"


class _Pinned(ProtobufClient):
    """One address, one authority, TLS 1.3, no proxy, no redirect, no second try."""

    def __init__(self, address: str, authority: bytes, *interceptors: ProtobufClientInterceptor) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        context.load_verify_locations(cadata=authority.decode("ascii"))
        super().__init__(f"https://{address}", interceptors=interceptors, verify=context)
        self._client.close()
        self._client = httpx.Client(verify=context, timeout=TIMEOUT_S, trust_env=False)


class Control(_Pinned, ControlHttpClient):
    """Registers nodes and starts runs."""


class Runtime(_Pinned, RuntimeHttpClient):
    """Takes the task of a run and moves its messages."""


class PinnedGrid(HttpGrid):
    """Flower's grid over the clients above. An answer that cannot be read does not take the others with it."""

    def __init__(self, address: str, authority: bytes, token: str) -> None:
        super().__init__(address, False, authority, token=token)  # noqa: FBT003 - Flower's own positional flag
        self._client = Runtime(address, authority, RuntimeTokenHttpInterceptor(token))
        self._pool = ThreadPoolExecutor(MAX_ARRIVING)
        self._arriving: dict[str, Future[Message]] = {}

    def create_message(
        self, content: RecordDict, message_type: str, dst_node_id: int, group_id: str, ttl: float | None = None
    ) -> Message:
        """Return a message of this run."""
        return envelope(
            content, message_type, dst_node_id, run_id=self.run.run_id, group_id=group_id, ttl=ttl or DEFAULT_TTL
        )

    def pull_messages(self, message_ids: Iterable[str]) -> Iterable[Message]:
        """Return the answers that are here whole; one that is malformed as an error.

        Flower shows an answer before its parts are there: a node on a slow line needs minutes for them. They are
        fetched beside, so that neither other nodes nor the run's heartbeat wait for that.
        """
        asked = [each for each in message_ids if each not in self._arriving]
        if asked:
            response = self.runtime.PullMessages(PullAppMessagesRequest(message_ids=asked))
            for message, tree in zip(response.messages_list, response.message_object_trees, strict=True):
                work = self._pool.submit(self._inflated, message, tree)
                self._arriving[message.metadata.reply_to_message_id] = work
        wait(self._arriving.values(), timeout=LOOK_S)
        here = {name: work for name, work in self._arriving.items() if work.done()}
        for name in here:
            del self._arriving[name]
        return [work.result() for work in here.values()]

    def close(self) -> None:
        """Let go of what is still arriving, and of the connection."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        super().close()

    def _inflated(self, message: ProtoMessage, tree: ObjectTree) -> Message:
        try:
            answer = inflate_object_from_contents(tree.object_id, self._pulled(message, tree))
        except httpx.HTTPError:
            raise
        except Exception:  # noqa: BLE001 - whatever Flower raises over a node's bytes says only that they are no answer
            answer = None
        asked = message.metadata.reply_to_message_id
        if isinstance(answer, Message) and answer.metadata.reply_to_message_id == asked:
            return answer
        return make_message(metadata_from_proto(message.metadata), error=Error(UNREADABLE))

    def _pulled(self, message: ProtoMessage, tree: ObjectTree) -> dict[str, bytes]:
        run_id = self.run.run_id
        objects = [each.object_id for each in islice(iterate_object_tree(tree), MAX_OBJECTS + 1)]
        if len(objects) > MAX_OBJECTS:
            return {}
        pull = make_pull_object_fn_protobuf(self.runtime.PullObject, self.node, run_id)
        contents = pull_objects(objects, pull, max_time=PULL_S)
        self.runtime.ConfirmMessageReceived(
            ConfirmMessageReceivedRequest(node=self.node, run_id=run_id, message_object_id=message.metadata.message_id)
        )
        return contents

    @property
    def runtime(self) -> RuntimeHttpClient:
        """The client, for what a grid does not do: heartbeats, and the end of a task."""
        return self._runtime_client


def runner(address: str, authority: bytes, secret: bytes) -> Runtime:
    """Return the client that may take tasks. secret: what the SuperLink was started with."""
    return Runtime(
        address, authority, SuperExecAuthHttpInterceptor(master_secret=secret, protected_methods=frozenset({ACQUIRE}))
    )


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the client library raises into our faults.

    Raises: RunLost, when Flower says that this run or its token is over; SuperLinkFailed for everything else.
    """
    try:
        yield
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
            raise lost(f"a run that the SuperLink ended ({status})") from None
        raise failed(f"status {status} of the SuperLink") from None
    except (httpx.HTTPError, ValueError) as error:
        raise failed(f"{type(error).__name__} on the way to the SuperLink") from None


def lost(got: str) -> RunLost:
    """Return the fault of a run that is over."""
    return RunLost(got=got, wanted="a live run", act="nobody: a new run is started by itself")


def failed(got: str) -> SuperLinkFailed:
    """Return the fault of a SuperLink that does not do what it is asked."""
    return SuperLinkFailed(
        got=got, wanted="a SuperLink of this version that answers", act="the operator must look at its log"
    )
