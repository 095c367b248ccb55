"""Thirty rounds in a row with processes that are killed at random, beside the same rounds that nothing disturbs.

The nodes are a test build: they draw no noise, so that a sum says exactly what was counted. All state is in one folder:
stopped and started again, it goes on. A node that was killed is let in again after a minute, so rounds take one or two.
"""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from random import Random

import numpy as np
import pytest
from numpy.typing import NDArray

from coordinator.office import open_office
from partner_node import pipeline
from partner_node.config import load_config
from partner_node.node import load_node
from partner_node.profiles.catalogue import PROFILES
from partner_node.profiles.sample import sample
from partner_node.taking_part import take_part
from partner_node.vault.log import StoredTree
from privacy.counts import CellCounts, NoisedCounts
from protocol.digest import digest_of
from protocol.ledger.entry import LockEntry, parse_entry
from protocol.round.member import Member
from protocol.round.transitions import State
from protocol.study.study import ScheduledRound, Study
from protocol.words.ids import Digest, PartyId
from protocol.words.period import Period, earlier, last_day
from simulations.first_light import agreement
from simulations.round_world import Coordinator
from tests import example
from tests.flower.parties import NODES, Parties
from tests.flower.processes import NodeProcess, answers, children_of, start_coordinator, stop, wait_for
from tests.partner_node.cli.partner import LISTS, PLACES
from tests.partner_node.delivery.files import geography

ROUNDS = 30
NEWEST = Period("2026-Q3")  # thirty before it, and all within the codes of Veilig Thuis since 2019
FIRST_READER = date(2020, 3, 1)  # before it, a sample reaches back to codes that the node no longer has samples of
ROWS = 150
MOST_S = 420.0  # of a round; what is not done by then stays open, and the next attempt of the campaign goes on with it
LATEST_KILL_S = 14.0  # after a round began: the longest part of an undisturbed one
SITE = """
import sys
if "partner_node.flower.vault_process" in sys.orig_argv:
    import partner_node.pipeline as pipeline
    from privacy.counts import NoisedCounts
    pipeline.add_noise = lambda counts, _plan, _source: NoisedCounts(counts.values.copy())
"""


def no_noise(counts: CellCounts, _plan: object, _source: object) -> NoisedCounts:
    """Stand in the place of `privacy.noise.add_noise` in the undisturbed rounds."""
    return NoisedCounts(counts.values.copy())


class ManyRounds(Parties):
    """The parties with a study of many quarters, all of which are due now."""

    @cached_property
    def study(self) -> Study:
        made = agreement.make_study(self.covenant)
        dates = {"opens": self.today - timedelta(days=1), "due": self.today + timedelta(days=20)}
        return made.model_copy(
            update={"schedule": tuple(ScheduledRound(period=period, **dates) for period in periods())}
        )

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "PYTHONPATH": str(self.folder / "site")}

    def deliver(self, number: int) -> None:
        """Put the delivery of a round in every partner's folder."""
        for party in agreement.PARTNERS:
            day = max(last_day(periods()[number]) + timedelta(days=12), FIRST_READER)
            made = sample(PROFILES[party], seed=100 + number, rows=ROWS, places=PLACES, today=day)
            for name, text in made.clean.items():
                (self.place(party) / "deliveries" / name).write_text(text)


def periods() -> tuple[Period, ...]:
    """Return the quarters of the campaign, oldest first."""
    return tuple(earlier(NEWEST, ROUNDS - 1 - step) for step in range(ROUNDS))


@dataclass
class Undisturbed:
    """The same parties from the same start, whose rounds run in one process; nothing of them is ever killed."""

    parties: ManyRounds
    coordinator: Coordinator

    @classmethod
    def beside(cls, parties: ManyRounds, folder: Path) -> "Undisturbed":
        """Return copies of everybody as they are now."""
        if not folder.exists():
            shutil.copytree(parties.folder, folder, ignore=shutil.ignore_patterns("*.log", "superlink", "site"))
        twin = ManyRounds(folder, parties.today)
        studies = {digest_of(twin.study): twin.study}
        key = example.signing_key(agreement.COORDINATOR)
        return cls(twin, Coordinator(Member(agreement.COORDINATOR, twin.covenant, geography(), LISTS, studies, key)))

    def values(self, number: int) -> NDArray[np.int64]:
        """Run a round and return its sum."""
        self.parties.deliver(number)
        with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
            patch.setattr(pipeline, "add_noise", no_noise)
            gates = {}
            for party in NODES:
                node = load_node(load_config(self.parties.place(party) / "node.toml"), today=self.parties.today)
                vault = stack.enter_context(node.writing())
                gates[party] = take_part(node, vault, today=lambda: self.parties.today)
            now_s = int(time.time())
            study = digest_of(self.parties.study)
            step = self.coordinator.propose(study, periods()[number], NODES, now_s)
            slot = step.slot.slot
            while step.slot.state is not State.DONE:
                for party, body in step.messages:
                    for answer in gates[party].receive(body, now_s):
                        self.coordinator.take(slot, answer)
                step = self.coordinator.advance(slot)
            return self.coordinator.session.opened(slot).values


@dataclass
class Campaign:
    """The rounds with their kills. done: a line a round, as it is in the folder's file."""

    folder: Path
    today: date
    seed: int
    parties: ManyRounds = field(init=False)
    nodes: dict[PartyId, NodeProcess] = field(default_factory=dict)
    server: "subprocess.Popen[bytes] | None" = None

    def __post_init__(self) -> None:
        self.parties = ManyRounds(self.folder / "killed", self.today)
        if not (self.folder / "settled").exists():
            shutil.rmtree(self.parties.folder, ignore_errors=True)
            self.parties.settle()
            (self.folder / "settled").touch()
        site = self.parties.folder / "site"
        site.mkdir(exist_ok=True)
        (site / "sitecustomize.py").write_text(SITE)
        self.undisturbed = Undisturbed.beside(self.parties, self.folder / "undisturbed")

    @property
    def lines(self) -> list[dict[str, object]]:
        """What is known of the rounds that were played."""
        path = self.folder / "rounds.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def play(self, *, most_rounds: int = ROUNDS, tell: Callable[[str], None] = lambda _: None) -> None:
        """Play what was not played yet."""
        with self._processes():
            for number in range(len(self.lines), most_rounds):
                line = self._round(number)
                with (self.folder / "rounds.jsonl").open("a") as file:
                    file.write(json.dumps(line) + "\n")
                tell(json.dumps(line))

    def _round(self, number: int) -> dict[str, object]:
        chance = Random(f"{self.seed} {number}")
        expected = self._once(number)
        self.parties.deliver(number)
        kills = sorted(
            (chance.uniform(0, LATEST_KILL_S), chance.choice([*NODES, "coordinator", "superlink"]))
            for _ in range(chance.choice((1, 1, 2, 3)))
        )
        period, started, told = periods()[number], time.monotonic(), []
        running = start_coordinator(self.parties, "run", period, "--wait", str(MOST_S), "--json")
        while time.monotonic() - started < MOST_S:
            while kills and time.monotonic() - started >= kills[0][0]:
                at_s, victim = kills.pop(0)
                if running.poll() is None:
                    told.append([round(at_s, 1), victim])
                    running = self._kill(victim, running, period, chance)
            if running.poll() is not None:
                break
            time.sleep(0.1)
        code = stop(running)
        state, opened = self._outcome(number)
        return {
            "round": number,
            "state": state,
            "exit": code,
            "seconds": round(time.monotonic() - started, 1),
            "kills": told,
            "exact": None if opened is None else opened == expected,
            "people": sum(expected),
        }

    def _once(self, number: int) -> list[int]:
        """Return the sum of the undisturbed round; it is played once, however often the campaign is started."""
        path = self.folder / f"expected-{number}.json"
        if not path.exists():
            path.write_text(json.dumps(self.undisturbed.values(number).tolist()))
        found: list[int] = json.loads(path.read_text())
        return found

    def _outcome(self, number: int) -> tuple[str, list[int] | None]:
        with open_office(self.parties.office, read_only=True) as office:
            spec = office.member().spec(digest_of(self.parties.study), periods()[number])
            slot = office.store.slot(spec.slot)
            if slot is None or slot.state is not State.DONE:
                return "none" if slot is None else str(slot.state), None
            return str(slot.state), office.session().opened(spec.slot).values.tolist()

    def _kill(
        self, victim: str, running: "subprocess.Popen[bytes]", period: Period, chance: Random
    ) -> "subprocess.Popen[bytes]":
        """Kill one of them with all its processes, as a power cut does, and start it again."""
        if victim == "coordinator":
            running.kill()
            running.communicate()
            return start_coordinator(self.parties, "run", period, "--wait", str(MOST_S), "--json")
        if victim == "superlink":
            _kill_all(self._server)
            time.sleep(chance.uniform(0, 4))
            self._serve()
            return running
        node = self.nodes[PartyId(victim)]
        _kill_all(node.process)
        node.start()
        return running

    @contextmanager
    def _processes(self) -> Iterator[None]:
        try:
            self._serve()
            for party in NODES:
                self.nodes[party] = NodeProcess(self.parties, party)
                self.nodes[party].start()
            wait_for(lambda: all(node.is_listening() for node in self.nodes.values()))
            yield
        finally:
            for node in self.nodes.values():
                node.process.terminate()
            for each in [*(node.process for node in self.nodes.values()), self._server]:
                stop(each)

    def _serve(self) -> None:
        self.server = start_coordinator(self.parties, "link", "serve")
        wait_for(lambda: self._server.poll() is not None or answers(self.parties.link_place.port))

    @property
    def _server(self) -> "subprocess.Popen[bytes]":
        assert self.server is not None
        return self.server

    def locks(self) -> dict[PartyId, list[Digest]]:
        """Return the slots for which each node's log has a lock, as often as it has one."""
        found: dict[PartyId, list[Digest]] = {}
        for party in NODES:
            node = load_node(load_config(self.parties.place(party) / "node.toml"), today=self.today)
            with node.looking() as vault:
                leaves = [parse_entry(leaf, source="a vault") for leaf in StoredTree(vault.connection).leaves()]
            found[party] = [entry.slot for entry in leaves if isinstance(entry, LockEntry)]
        return found


def _kill_all(process: "subprocess.Popen[bytes]") -> None:
    children = children_of(process.pid)
    for pid in (process.pid, *children):
        os.kill(pid, signal.SIGKILL)
    process.communicate()
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children))
