"""Touches the world: a run of Flower under which rounds travel: started, its task taken, kept alive, ended.

A run is only a road. It may end at any time, with the SuperLink or with this process; the next one goes on from what
coordinator and nodes have stored.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import httpx
from flwr.common.serde import run_from_proto
from flwr.proto.control_pb2 import (
    ListNodesRequest,
    RegisterNodeRequest,
    StartRunRequest,
    StopRunRequest,
    UnregisterNodeRequest,
)
from flwr.proto.fab_pb2 import Fab
from flwr.proto.runtime_pb2 import AcquireTaskRequest, PullTaskInputRequest, SendTaskHeartbeatRequest
from flwr.supercore.constant import NodeStatus, TaskType
from flwr.supercore.run import Run as FlowerRun

from coordinator.flower.bundle import stub_bundle
from coordinator.flower.clients import Control, PinnedGrid, failed, lost, runner, translated
from coordinator.flower.superlink import Place
from protocol.words.ids import PartyId

BEAT_S = 10.0  # Flower gives a task up after 60 s without one
MAX_LEFTOVERS = 1_000  # tasks of runs that ended before anybody took them


@dataclass(slots=True, repr=False)
class Run:
    """A live run. grid: how its messages travel."""

    id: int
    grid: PinnedGrid
    beaten_s: float = field(default_factory=time.monotonic)

    def beat(self) -> None:
        """Say that this process is alive, when that is due.

        Raises: RunLost; SuperLinkFailed while it cannot be reached.
        """
        now_s = time.monotonic()
        if now_s - self.beaten_s < BEAT_S:
            return
        with translated():
            if not self.grid.runtime.SendTaskHeartbeat(SendTaskHeartbeatRequest()).success:
                raise lost("a run whose task has ended")
        self.beaten_s = now_s


@contextmanager
def running(place: Place, authority: bytes) -> Iterator[Run]:
    """Start a run, give it, and end it. authority: PEM.

    Raises: SuperLinkFailed.
    """
    with Control(place.address, authority) as control:
        with translated():
            run = _start(control, place, authority)
        try:
            yield run
        finally:
            run.grid.close()
            # Whether it can be told or not: a run that nobody keeps alive ends by itself.
            with suppress(httpx.HTTPError, ValueError):
                control.StopRun(StopRunRequest(run_id=run.id))


def register_nodes(place: Place, authority: bytes, keys: Mapping[PartyId, bytes]) -> None:
    """Make node keys known to the SuperLink, those that are not yet. keys: name of the party -> public key, PEM.

    Raises: SuperLinkFailed.
    """
    with Control(place.address, authority) as control, translated():
        # One that was logged out for good is known, too: this SuperLink lets it in no more, and would refuse to.
        known = {bytes(node.public_key) for node in control.ListNodes(ListNodesRequest()).nodes_info}
        for name, key in keys.items():
            if key not in known:
                control.RegisterNode(RegisterNodeRequest(public_key=key, name=name))


def agree_nodes(place: Place, authority: bytes, keys: Mapping[PartyId, bytes]) -> None:
    """Make exactly these node keys known to the SuperLink: a node of any other is logged out and never let in again.

    Raises: SuperLinkFailed.
    """
    with Control(place.address, authority) as control, translated():
        for node in control.ListNodes(ListNodesRequest()).nodes_info:
            if bytes(node.public_key) not in keys.values() and node.status != NodeStatus.UNREGISTERED:
                control.UnregisterNode(UnregisterNodeRequest(node_id=node.node_id))
    register_nodes(place, authority, keys)


def _start(control: Control, place: Place, authority: bytes) -> Run:
    run_id = control.StartRun(StartRunRequest(fab=Fab(content=stub_bundle()))).run_id
    with runner(place.address, authority, place.secret) as client:
        for _ in range(MAX_LEFTOVERS):
            taken = client.AcquireTask(AcquireTaskRequest(supported_task_types=[TaskType.SERVER_APP]))
            if not taken.token:
                break
            if taken.task.run_id == run_id:
                grid = PinnedGrid(place.address, authority, taken.token)
                grid.set_run(_begin(grid))
                return Run(run_id, grid)
    raise failed("a run without a task")


def _begin(grid: PinnedGrid) -> FlowerRun:
    # A task counts as running once its input was taken; the bundle in it is ours and stays unread.
    return run_from_proto(grid.runtime.PullTaskInput(PullTaskInputRequest()).run)
