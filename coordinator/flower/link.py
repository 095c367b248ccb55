"""Touches the world: the coordinator's link to all nodes: a channel that outlives runs, restarts and broken lines.

What cannot be sent now is simply not sent: the next turn says it again, and coordinator and nodes have everything that
matters on disk.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, TypeVar

from coordinator.flower.errors import SuperLinkFailed
from coordinator.flower.road import Road
from coordinator.flower.run import register_nodes, running
from coordinator.flower.superlink import Place
from protocol.errors import SamenzichtError
from protocol.words.ids import PartyId

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
FOLLOW_S = 5.0  # between two looks at the keys of parties
Result = TypeVar("Result")
Told = Callable[[SamenzichtError], None]


@dataclass(slots=True, repr=False)
class Link:
    """A channel to the nodes whose keys it knows. told: of each fault and refusal.

    keys: gives the nodes' public keys, PEM, as parties signed for them; asked again while the link is in use, as is the
    authority's certificate whenever a line is opened, so that keys can be renewed under a running round.
    """

    place: Place
    keys: Callable[[], Mapping[PartyId, bytes]]
    told: Told
    nodes: Mapping[PartyId, bytes] = field(init=False)
    _open: ExitStack = field(default_factory=ExitStack)
    _road: Road | None = None
    _pause_s: float = FIRST_PAUSE_S
    _again_s: float = 0.0
    _followed_s: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        """Read the keys; a fault in them is the caller's to hear."""
        self.nodes = self.keys()

    def __enter__(self) -> Self:
        """Do nothing yet: the line is opened when it is needed, and again when it broke."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the run."""
        self._open.close()

    def send(self, party: PartyId, body: bytes) -> None:
        """Hand a message to a party's node, if the line is there."""
        self._try(lambda road: road.send(party, body))

    def collect(self) -> tuple[bytes, ...]:
        """Return what came in."""
        return self._try(Road.collect) or ()

    def absent(self) -> tuple[PartyId, ...]:
        """Return the parties whose node is not there now; all of them while the SuperLink is not."""
        found = self._try(Road.absent)
        return tuple(self.nodes) if found is None else found

    def _try(self, step: Callable[[Road], Result]) -> Result | None:
        try:
            road = self._ready()
            if road is None:
                return None
            result = step(road)
        except SuperLinkFailed as fault:
            self._lose(fault)
            return None
        for _, refusal in road.refused:
            self.told(refusal)
        road.refused.clear()
        self._pause_s = FIRST_PAUSE_S
        return result

    def _ready(self) -> Road | None:
        self._follow()
        if self._road is None and time.monotonic() >= self._again_s:
            authority = self.place.authority.read_bytes()
            register_nodes(self.place, authority, self.nodes)  # those that it does not know yet
            run = self._open.enter_context(running(self.place, authority))
            self._road = Road(run.grid, self.nodes, beat=run.beat)
        if self._road is not None:
            self._road.beat()
        return self._road

    def _follow(self) -> None:
        """Go by the keys that parties sign for now; `link serve` lets them in."""
        if time.monotonic() - self._followed_s < FOLLOW_S:
            return
        self._followed_s = time.monotonic()
        try:
            nodes = self.keys()
        except SamenzichtError as error:
            self.told(error)
            return
        if nodes != self.nodes:
            self.nodes = nodes
            if self._road is not None:
                self._road.follow(nodes)

    def _lose(self, fault: SuperLinkFailed) -> None:
        # Also when it was only out of reach: a run that lives on unattended ends by itself, and a new one costs little.
        self.told(fault)
        self._open.close()
        self._road = None
        self._again_s = time.monotonic() + self._pause_s
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
