"""Touches the world: the whole demo, phase by phase; whatever happens, no process of it goes on."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from simulations.demo.place import Place
from simulations.demo.plan import PARTICIPANTS, RECIPE, Calendar, demo_drafts
from simulations.demo.processes import Processes
from simulations.demo.quarters import Quarters
from simulations.demo.results import Results, collect
from simulations.demo.set_up import SetUp
from simulations.folder import write_folder
from simulations.practice import make_practice
from simulations.region import make_region
from simulations.registers.faults import USUAL

Tell = Callable[[str], None]
PHASES = 11  # the lines that a whole demo tells at least


@dataclass
class Clock:
    """Tells each phase when it ends, with what it took."""

    tell: Tell
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Hold one phase."""
        started = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - started
        self.tell(f"{name} ({self.seconds[name]:.1f} s)")


@dataclass(frozen=True, slots=True)
class Demo:
    """What a demo came to. rounds_s: how long each round took; phases_s: every phase by name."""

    results: Results
    rounds_s: tuple[float, ...]
    phases_s: dict[str, float]


def play(place: Place, calendar: Calendar, *, seed: int, tell: Tell) -> Demo:
    """Play the demo into a folder.

    Raises: FolderNotEmpty, ProcessFailed; what making a region raises.
    """
    place.make()
    clock = Clock(tell)
    processes = Processes(place.root / "logs")
    try:
        with clock.phase("verzonnen gebied en registraties van acht partners"):
            _invent(place, calendar, seed)
        setup = SetUp(place, processes, demo_drafts(calendar))
        with clock.phase(f"sleutels van gemeente, getuige en {len(PARTICIPANTS) - 1} partners"):
            setup.keys()
        with clock.phase("gebieden ingelezen, convenant door iedereen getekend"):
            setup.covenant()
        with clock.phase("meetplan berekend, voorgesteld en door elke FG goedgekeurd"):
            setup.study()
        quarters = Quarters(setup, processes, calendar.periods, tell)
        with clock.phase(f"SuperLink en {len(PARTICIPANTS)} nodes gestart, over TLS"):
            quarters.open()
        took = []
        for number, period in enumerate(calendar.periods):
            with clock.phase(f"{period}: geleverd, geteld, vrijgegeven"):
                took.append(quarters.play(number))
        processes.stop()
        with clock.phase("bundel zonder netwerk gecontroleerd"):
            results = collect(place, processes, calendar.periods)
        return Demo(results, tuple(took), clock.seconds)
    finally:
        processes.stop()


def _invent(place: Place, calendar: Calendar, seed: int) -> None:
    first, last = (int(each[:4]) for each in (calendar.periods[0], calendar.periods[-1]))
    made = make_practice(
        make_region(seed),
        years=last - first + 1,
        seed=seed,
        faults=USUAL,
        tell=lambda _: None,
        first_year=first,
        rates=RECIPE,
    )
    write_folder(place.region, made.files, made.about)
