"""Touches the world: the rounds of a demo over a live SuperLink, one partner late once, one restarted in a round."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from protocol.words.ids import PartyId
from protocol.words.period import Period
from simulations.demo.drafts import OFFICER, SECOND
from simulations.demo.line import start_line
from simulations.demo.plan import LATE, PARTNERS, RESTARTED, STUDY
from simulations.demo.processes import Processes, Service
from simulations.demo.set_up import SetUp

LATE_ROUND, RESTART_ROUND = 1, 2  # from 0
LATE_S = 3.0  # after the round began
Tell = Callable[[str], None]


@dataclass
class Quarters:
    """The rounds. nodes: the services of all participants."""

    setup: SetUp
    processes: Processes
    periods: tuple[Period, ...]
    tell: Tell
    nodes: dict[PartyId, Service] = field(default_factory=dict)

    def open(self) -> None:
        """Start the SuperLink and every node, and wait until they listen."""
        self.nodes.update(start_line(self.setup, self.processes))
        self._deliver(0)

    def play(self, number: int) -> float:
        """Run and release, while partners deliver the next quarter; return how many seconds the round took.

        number: from 0.
        """
        period = self.periods[number]
        if number == LATE_ROUND:
            self.nodes[LATE].stop()
        started = time.monotonic()
        end = self.setup.office("run", period, "--json")
        if number == LATE_ROUND:
            self._wait(LATE_S)
            self.tell(f"{period}: {LATE} is te laat en begint nu")
            self.nodes[LATE].start()
        if number == RESTART_ROUND:
            self.nodes[RESTARTED].stop()
            self.tell(f"{period}: de node van {RESTARTED} wordt tijdens de ronde opnieuw gestart")
            self.nodes[RESTARTED].start()
        json.loads(end())
        took = time.monotonic() - started
        with ThreadPoolExecutor(1) as office:  # its own processes end before it does: the kernel ends them with it
            released = office.submit(self._release, period)
            if number + 1 < len(self.periods):
                self._deliver(number + 1)
            released.result()
        return took

    def _release(self, period: Period) -> None:
        """Let the second person sign, and release."""
        key = str(self.setup.place.papers / "tweede.key")
        self.setup.office("approve-release", period, "--officer", SECOND, "--key", key)()
        self.setup.office("release", period)()

    def _deliver(self, number: int) -> None:
        """Let each partner deliver its quarter and its officer declare it complete."""
        period = self.periods[number]
        place = self.setup.place
        for party in PARTNERS:
            self.setup.deliver(party, number)
        command = ("declare", period, "--study", STUDY, "--officer", OFFICER, "--all", "volledig")
        self.setup.everyone(lambda _: command, PARTNERS)
        for party in PARTNERS:
            place.from_partner(party, place.partner(party) / f"{party}.{STUDY}.{period}.declaration.json")

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        self.processes.wait(lambda: time.monotonic() >= until, what="a moment")
