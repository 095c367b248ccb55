"""Computes: a scenario as TOML, parsed strictly: who takes part, what goes wrong in which round, what must come out.

    format = 1
    title = "School levert te laat"
    years = 1

    [[event]]
    round = 2
    kind = "late-delivery"
    party = "school"

    [[expect]]
    rounds = [2]
    not_delivered = ["school"]

Rounds are numbered from 1, four in each year. A round that no `expect` names must be released and verified, with
everyone, every table delivered, nothing refused.
"""

from collections.abc import Iterator
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from partner_node.closed_toml import ClosedToml
from protocol.errors import Refusal, refuse_all
from protocol.round.transitions import State
from protocol.words.ids import Line
from simulations.channel import Faults
from simulations.registers.faults import FaultRates

ROUNDS_A_YEAR = 4
MAX_YEARS = 10  # ten covenant versions; a world year takes seconds
MAX_BYTES = 1 << 16  # the longest that ships has 2,000 characters
_ACT = "the author of the scenario must mend it"

Partner = Literal[
    "dierenpolitie", "ggd", "ggz", "jeugdhulp", "politie", "school", "veilig-thuis", "verslavingszorg"
]  # in order of id
ALL_PARTNERS: tuple[Partner, ...] = Partner.__args__  # type: ignore[attr-defined] # a Literal knows its values

_Year = Annotated[int, Field(ge=1, le=MAX_YEARS)]
_Round = Annotated[int, Field(ge=1, le=MAX_YEARS * ROUNDS_A_YEAR)]
_Share = Annotated[float, Field(ge=0, le=1)]
_Chance = Annotated[float, Field(ge=0, le=0.5)]  # above a half a round may not end within its turns
_Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=60)]
_Cap = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,2}(\.[0-9]{1,9})?$")]  # exact: a float has neighbours


class MalformedScenario(Refusal):
    """A scenario that is not the TOML of this version: a key is unknown, missing or of the wrong type."""


class ImpossibleScenario(Refusal):
    """A scenario that names a party, round or year that is not in it."""


class EventKind(StrEnum):
    """What happens in a round beside the round itself."""

    LATE_DELIVERY = "late-delivery"  # the party's delivery of this quarter comes in the next
    WRONG_LEVEL = "wrong-level"  # its delivery of this quarter names wijken and no buurten
    SILENT = "silent"  # it does not answer
    LEAVES_AFTER_LOCK = "leaves-after-lock"  # it stops between LOCK and upload, and gives the slot up
    RESTARTS_AFTER_LOCK = "restarts-after-lock"  # it stops there, starts again and goes on
    LEFT_OUT = "left-out"  # the coordinator proposes the round without it
    RESTORED = "restored"  # after the round its disk is put back as it was before
    SPOILS = "spoils"  # every answer of it has a bit changed
    UPLOADS_TWICE = "uploads-twice"  # it sends a second, other upload
    OBJECTS = "objects"  # it objects to a sum in which nothing is wrong
    OTHER_STUDY = "other-study"  # the coordinator first proposes a study that nobody approved, with less noise
    OPENS_AGAIN = "opens-again"  # after the round the coordinator forgets it and proposes it with fewer parties
    FORKED_LOG = "forked-log"  # the coordinator first shows a log in which one entry is another
    OTHER_FIGURE = "other-figure"  # the coordinator publishes a figure that is not in the sum

    @property
    def of_coordinator(self) -> bool:
        """Whether it is the coordinator that does it."""
        return self in {self.OTHER_STUDY, self.OPENS_AGAIN, self.FORKED_LOG, self.OTHER_FIGURE}


class Event(ClosedToml):
    """One thing that happens. go_on_without: a round that does not end is proposed again without the party."""

    round: _Round
    kind: Annotated[EventKind, Field(strict=False)]
    party: Partner | None = None
    go_on_without: bool = False


class Expect(ClosedToml):
    """What must come out of these rounds.

    state: where the coordinator's slot ends; `done` is released. verified: whether the release holds for an officer.
    without: who of the covenant is not in the release. not_delivered: partners with a table without figures.
    refusals: codes that must have been given, and no others but `may_refuse`.
    left_out_percent: lowest and highest share of the events that the caps leave out.
    """

    rounds: Annotated[tuple[_Round, ...], Field(min_length=1, strict=False)]
    state: Annotated[State, Field(strict=False)] = State.DONE
    verified: bool = True
    without: Annotated[tuple[Partner, ...], Field(strict=False)] = ()
    not_delivered: Annotated[tuple[Partner, ...], Field(strict=False)] = ()
    refusals: Annotated[tuple[_Code, ...], Field(strict=False)] = ()
    may_refuse: Annotated[tuple[_Code, ...], Field(strict=False)] = ()
    left_out_percent: Annotated[tuple[float, float], Field(strict=False)] = (0.0, 1.0)  # the planner's 1 % (DESIGN 4)


class ChannelTable(ClosedToml):
    """Chances that something happens to a message; see `channel.Faults`."""

    drop: _Chance = 0.0
    drop_answer: _Chance = 0.0
    repeat: _Chance = 0.0
    delay: _Chance = 0.0
    tamper: _Chance = 0.0
    reorder: bool = False


class FaultTable(ClosedToml):
    """How often each fault befalls a row of a delivery; see `registers.faults.FaultRates`."""

    late: _Share = 0.04
    revised: _Share = 0.01
    duplicate: _Share = 0.005
    no_unit: _Share = 0.01
    dummy_unit: _Share = 0.003
    no_place: _Share = 0.01
    wrong_level: _Share = 0.02
    wrong_date: _Share = 0.003
    unknown_code: _Share = 0.004


class Scenario(ClosedToml):
    """What happens in a world. years: the fewest in which it can. joins, refuses: by party, the year in which.

    cap: rho, of each partner and year. borders: the years in which two buurten become one. officers_agree: whether
    officers allow a round whose participants changed by fewer than the covenant's least.
    """

    format: Annotated[int, Field(ge=1, le=1)]  # not Literal[1]: to that, `true` is 1
    title: Line
    years: _Year
    partners: Annotated[tuple[Partner, ...], Field(min_length=3, strict=False)] = ALL_PARTNERS
    joins: dict[Partner, _Year] = Field(default_factory=dict)
    refuses: dict[Partner, _Year] = Field(default_factory=dict)
    borders: Annotated[tuple[_Year, ...], Field(strict=False)] = ()
    cap: _Cap = "0.25"
    lateness: Annotated[int, Field(ge=0, le=2)] = 1
    officers_agree: bool = True
    faults: FaultTable = FaultTable()
    channel: ChannelTable = ChannelTable()
    event: Annotated[tuple[Event, ...], Field(strict=False)] = ()
    expect: Annotated[tuple[Expect, ...], Field(strict=False)] = ()

    @property
    def fault_rates(self) -> FaultRates:
        """The faults of deliveries.

        Raises: ImpossibleFaults.
        """
        return FaultRates(**self.faults.model_dump())

    @property
    def channel_faults(self) -> Faults:
        """The faults of the network."""
        return Faults(**self.channel.model_dump())

    @property
    def cap_rho(self) -> Fraction:
        """The yearly cap, exact."""
        return Fraction(self.cap)

    def members(self, year: int) -> tuple[Partner, ...]:
        """Return the partners of a year's covenant, in order of id."""
        return tuple(name for name in ALL_PARTNERS if name in self.partners and self.joins.get(name, 1) <= year)

    def events(self, number: int) -> tuple[Event, ...]:
        """Return what happens in a round."""
        return tuple(event for event in self.event if event.round == number)

    def expected(self, number: int) -> Expect:
        """Return what must come out of a round."""
        return next((expect for expect in self.expect if number in expect.rounds), Expect(rounds=(number,)))


def parse_scenario(text: str) -> Scenario:
    """Return the scenario that a TOML text says.

    Raises: MalformedScenario, ImpossibleScenario, ImpossibleFaults; several as Refusals.
    """
    scenario = Scenario.from_toml(
        text, source="a scenario, format 1", refusal=MalformedScenario, act=_ACT, max_characters=MAX_BYTES
    )
    refuse_all(tuple(_problems(scenario)), subject="scenario")
    _ = scenario.fault_rates  # refused now, not after years of work
    return scenario


def check_years(scenario: Scenario, years: int) -> None:
    """Refuse fewer years than the scenario needs, or more than a world may have.

    Raises: ImpossibleScenario.
    """
    if not scenario.years <= years <= MAX_YEARS:
        raise ImpossibleScenario(
            got=f"{years} years", wanted=f"{scenario.years} to {MAX_YEARS}", act="choose a number of years within these"
        )


def _problems(scenario: Scenario) -> Iterator[Refusal]:
    known = set(scenario.partners)
    if len(known) < len(scenario.partners):
        yield _impossible("a partner that is named twice", "each partner once")
    if len(scenario.members(1)) < 3:  # noqa: PLR2004 - with the witness four: the least n_min of a covenant
        yield _impossible("fewer than three partners in the first year", "three or more")
    named = [*scenario.joins, *scenario.refuses, *(event.party for event in scenario.event if event.party)]
    named += [name for expect in scenario.expect for name in (*expect.without, *expect.not_delivered)]
    for name in sorted(set(named) - known):
        yield _impossible(f"{name}, which is not among the partners", "parties of the scenario")
    last = scenario.years * ROUNDS_A_YEAR
    rounds = [event.round for event in scenario.event]
    rounds += [number for expect in scenario.expect for number in expect.rounds]
    for number in sorted({number for number in rounds if number > last}):
        yield _impossible(f"round {number} in {scenario.years} years", f"rounds 1 to {last}")
    years = [*scenario.joins.values(), *scenario.refuses.values(), *scenario.borders]
    for year in sorted({year for year in years if year > scenario.years}):
        yield _impossible(f"something in year {year} of {scenario.years}", "years of the scenario")
    for event in scenario.event:
        if event.kind.of_coordinator != (event.party is None):
            yield _impossible(f"{event.kind} with{'out' if event.party is None else ''} a party", "the other way round")


def _impossible(got: str, wanted: str) -> ImpossibleScenario:
    return ImpossibleScenario(got=got, wanted=wanted, act=_ACT)
