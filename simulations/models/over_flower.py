"""Touches the world: a model with real processes: SuperLink, coordinator and a node a party, over TLS, from its files.

Everything is done by the commands that people give; set-up and processes are those of the demo.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

from partner_node.profiles.veilig_thuis import VEILIG_THUIS
from protocol.words.ids import PartyId
from protocol.words.period import Period
from simulations.demo.drafts import OFFICER, SECOND, Drafts, covenant_toml
from simulations.demo.line import start_line
from simulations.demo.place import Place
from simulations.demo.processes import Processes, Service
from simulations.demo.results import verified
from simulations.demo.set_up import SetUp
from simulations.models.agreement import CAP
from simulations.models.deliveries import MOST_FEATURES, delivery_files, study_draft
from simulations.models.households import Households, Truth, invent, truth
from simulations.region import make_region
from simulations.region.files import region_files

SEED = 1
DAYS = 14  # in which every step of the model may run
STUDY = "model"
WAIT_S = 120  # for each step: ten times what one takes
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ModelTask:
    """What is to be fitted. today: of the machine. clip: in units of the coded constant."""

    today: date
    features: int = MOST_FEATURES
    partners: int = 10
    households: int = 100_000
    clip: float = 5.5
    spread: float = 0.25
    base: float = -2.0
    rho: Fraction = CAP

    @property
    def period(self) -> Period:
        """The last whole year: of the outcome."""
        return Period(str(self.today.year - 1))

    @property
    def true(self) -> Truth:
        """The coefficients that made the outcome."""
        return truth(self.features, spread=self.spread, base=self.base)

    @property
    def parties(self) -> tuple[PartyId, ...]:
        """The partners."""
        return tuple(PartyId(f"regio-{number:02d}") for number in range(1, self.partners + 1))

    def parts(self) -> dict[PartyId, Households]:
        """Return the households of each partner, as many at each."""
        whole, share = invent(self.true, self.households, seed=SEED), self.households // self.partners
        return {
            party: whole.part(slice(place * share, (place + 1) * share)) for place, party in enumerate(self.parties)
        }

    def drafts(self) -> Drafts:
        """Return what the parties write."""
        valid = (self.today - timedelta(days=30), self.today + timedelta(days=335))
        days = (self.today, self.today + timedelta(days=DAYS))
        return Drafts(
            study=STUDY,
            profiles=dict.fromkeys(self.parties, VEILIG_THUIS),
            covenant=covenant_toml("oefenmodel", valid, participants=self.partners + 1, partners_per_unit=1),
            study_toml=lambda _: study_draft(
                self.true.codings, self.parties, self.period, days, clip=self.clip, rho=self.rho
            ),
            rates="",
            delivered=("*.csv",),
        )


@dataclass
class ModelOverFlower:
    """A model in a folder. run_s: how long the operator's command took, by which all steps were run."""

    place: Place
    task: ModelTask
    tell: Tell = lambda _: None
    run_s: float = 0.0

    @cached_property
    def processes(self) -> Processes:
        """Everything that was started."""
        return Processes(self.place.root / "logs")

    @cached_property
    def setup(self) -> SetUp:
        """How everybody is spoken to."""
        return SetUp(self.place, self.processes, self.task.drafts())

    def prepare(self) -> None:
        """Take everybody from nothing to an approved study and a declared delivery.

        Raises: FolderNotEmpty, ProcessFailed.
        """
        self.place.make()
        region = make_region(SEED)
        for name, body in region_files(region).items():
            _write(self.place.region / "gebied" / name, body)
        year = int(self.task.period)
        for party, some in self.task.parts().items():
            for name, body in delivery_files(some, party, year=year, buurten=region.buurten.codes).items():
                _write(self.place.region / party / name, body)
        for phase in (self.setup.keys, self.setup.covenant, self.setup.study, self.declare):
            started = time.monotonic()
            phase()
            self.tell(f"{phase.__name__} ({time.monotonic() - started:.1f} s)")

    def declare(self) -> None:
        """Let each officer declare the delivery complete for every step, and carry that to the coordinator.

        Raises: ProcessFailed.
        """
        period, partners = self.task.period, self.setup.drafts.partners
        command = ("declare", period, "--study", STUDY, "--officer", OFFICER, "--all", "volledig")
        self.setup.everyone(lambda _: command, partners)
        for party in partners:
            for path in sorted(self.place.partner(party).glob("*.declaration.json")):
                self.place.from_partner(party, path)

    def start(self) -> Mapping[PartyId, Service]:
        """Start the SuperLink and the nodes, and return the nodes.

        Raises: ProcessFailed.
        """
        return start_line(self.setup, self.processes)

    def run(self, *, meanwhile: Callable[[], None] = lambda: None) -> dict[str, Any]:
        """Run every step by one command, and return what it said. meanwhile: called once the command has started.

        Raises: ProcessFailed.
        """
        started = time.monotonic()
        end = self.setup.office("run", self.task.period, "--wait", str(WAIT_S), "--json")
        meanwhile()
        said: dict[str, Any] = json.loads(end())
        self.run_s = time.monotonic() - started
        return said

    def fitted(self) -> dict[str, Any]:
        """Return the model as its command shows it.

        Raises: ProcessFailed.
        """
        shown: dict[str, Any] = json.loads(self.setup.office("model", self.task.period, "--json")())
        return shown

    def verify(self) -> str:
        """Release every step with a second signature, and return what the officer's tool says.

        Raises: ProcessFailed.
        """
        period = self.task.period
        key = str(self.place.papers / "tweede.key")
        self.setup.office("approve-release", period, "--officer", SECOND, "--key", key)()
        self.setup.office("release", period)()
        return verified(self.place, self.processes)


def _write(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
