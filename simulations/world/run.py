"""Touches the world: a scenario played over years: every year a covenant and a study, every quarter a round."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from pathlib import Path
from random import Random

from coordinator.bundle import Agreed
from coordinator.session import Session as CoordinatorSession
from privacy.audit.verify import verify
from protocol.covenant.signed import check_covenant
from protocol.digest import digest_of
from protocol.round.member import Member
from protocol.study.approval import check_approval
from protocol.study.rules import check_signed_study
from protocol.words.ids import PartyId
from simulations.first_light.agreement import sign_study
from simulations.round_world import MemoryShelf
from simulations.seeded import seeded_source
from simulations.world.agreement import COORDINATOR, WITNESS, YearAgreed, agree, approve, opens_on, periods_of
from simulations.world.borders import Borders, merge_buurten
from simulations.world.driver import Driver
from simulations.world.expected import differences
from simulations.world.feed import Feed
from simulations.world.ground import Ground, make_ground
from simulations.world.node import WorldNode
from simulations.world.outcome import RoundOutcome
from simulations.world.play import Play
from simulations.world.scenario import ROUNDS_A_YEAR, Scenario
from simulations.world.shelves import MemoryShelves, Shelves, VaultShelves

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, repr=False)
class WorldResult:
    """What came out. bundles: by covenant year, name to bytes, of the released rounds. differences: from the scenario.

    verified: by covenant year, whether the whole bundle holds.
    """

    rounds: tuple[RoundOutcome, ...]
    bundles: Mapping[int, Mapping[str, bytes]]
    verified: Mapping[int, bool]
    differences: tuple[str, ...]

    @property
    def as_expected(self) -> bool:
        """Whether all came out as the scenario says."""
        return not self.differences


@dataclass(slots=True, repr=False)
class _World:
    """What lives through the years."""

    scenario: Scenario
    seed: int
    ground: Ground
    feed: Feed
    shelves: Shelves
    tell: Tell
    chance: Random
    coordinator: MemoryShelf = field(default_factory=MemoryShelf)
    leaves: list[bytes] = field(default_factory=list)
    by_wijk: dict[PartyId, frozenset[int]] = field(default_factory=dict)


def run_world(
    scenario: Scenario, *, years: int, seed: int, deliveries: Path, vaults: Path | None, tell: Tell
) -> WorldResult:
    """Play a scenario and return what came out. Equal arguments give equal figures.

    deliveries: a folder for the partners' files. vaults: a folder for real vaults; without, nodes live in memory.
    tell: takes a line for each phase.
    Raises: what any session raises that the scenario did not foresee.
    """
    ground = make_ground(seed, years)
    tell(f"een verzonnen gebied, {ground.population.household.size} personen, registraties van {years + 1} jaar")
    with ExitStack() as stack:
        shelves: Shelves = MemoryShelves() if vaults is None else VaultShelves(vaults, lambda who: _secret(seed, who))
        stack.callback(shelves.close)
        feed = Feed(ground, seed, scenario.fault_rates, deliveries)
        chance = Random(seed)  # noqa: S311 - losses of an invented network
        world = _World(scenario, seed, ground, feed, shelves, tell, chance)
        return _years(world, years)


def _years(world: _World, years: int) -> WorldResult:
    borders = Borders(world.ground.region.geography, {})
    agreed: YearAgreed | None = None
    rounds: list[RoundOutcome] = []
    bundles: dict[int, dict[str, bytes]] = {}
    verified: dict[int, bool] = {}
    for year in range(1, years + 1):
        if year in world.scenario.borders:
            borders = merge_buurten(borders)
        agreed = agree(
            world.scenario,
            year,
            seed=world.seed,
            geography=borders.geography,
            previous=None if agreed is None else agreed.signed,
        )
        play = _year(world, agreed, borders)
        world.tell(
            f"jaar {year}: convenant versie {agreed.covenant.version}, {len(agreed.covenant.parties)} partijen, "
            f"{sum(segment.size for segment in play.grid_of(periods_of(year)[0]).segments)} cellen per ronde"
        )
        for place, period in enumerate(periods_of(year)):
            number = ROUNDS_A_YEAR * (year - 1) + place + 1
            rounds.append(play.round(number, period))
            world.tell(_line(rounds[-1]))
        bundles[year] = play.bundle()
        if play.published:
            verified[year] = verify(bundles[year], covenant_digest=digest_of(agreed.covenant)).holds
    lines = differences(world.scenario, rounds)
    return WorldResult(tuple(rounds), {year: each for year, each in bundles.items() if each}, verified, lines)


def _year(world: _World, agreed: YearAgreed, borders: Borders) -> Play:
    """Return a year that is agreed, checked by the rules that everyone checks, with a node for each participant."""
    scenario, covenant = world.scenario, agreed.covenant
    on = opens_on(periods_of(agreed.number)[0])
    check_covenant(agreed.signed, on=on)
    coordinator = _member(agreed, COORDINATOR)
    study = sign_study(agreed.study, coordinator.key)
    check_signed_study(study, covenant)
    willing = tuple(
        PartyId(name) for name in scenario.members(agreed.number) if scenario.refuses.get(name) != agreed.number
    )
    approvals = tuple(approve(agreed, partner) for partner in willing)
    for approval in approvals:
        check_approval(approval, agreed.study, covenant, on=on)
    nodes = {
        party: _node(world, agreed, party, approved=party == WITNESS or party in willing)
        for party in covenant.participants
    }
    opens = datetime.combine(on, time(9), tzinfo=UTC)
    session = CoordinatorSession(coordinator, world.coordinator)
    driver = Driver(session, nodes, world.chance, scenario.channel_faults, int(opens.timestamp()))
    papers = Agreed(agreed.signed, agreed.geography, (), (study,), approvals)
    return Play(
        scenario, agreed, borders, world.ground, world.feed, world.shelves, driver, papers, world.leaves, world.by_wijk
    )


def _node(world: _World, agreed: YearAgreed, party: PartyId, *, approved: bool) -> WorldNode:
    member = _member(agreed, party, approved=approved)
    uncapped = Member(party, agreed.uncapped, agreed.geography, (), member.studies, member.key)
    return WorldNode(
        member,
        agreed.keys.agreement[party],
        world.shelves.of(party),
        uncapped=uncapped,
        secret=_secret(world.seed, party),
        seed=world.seed,
    )


def _member(agreed: YearAgreed, party: PartyId, *, approved: bool = True) -> Member:
    studies = {agreed.study_digest: agreed.study} if approved else {}
    return Member(party, agreed.covenant, agreed.geography, (), studies, agreed.keys.identity[party])


def _secret(seed: int, party: PartyId) -> bytes:
    return seeded_source(seed, "world keys", "node", party).take(32, lane=0)


def _line(found: RoundOutcome) -> str:
    verdict = "" if not found.shown else ", gecontroleerd" if found.verified else ", controle klopt niet"
    return (
        f"ronde {found.number} ({found.period}): {found.state}, {len(found.participants)} deelnemers, "
        f"{found.shown} cijfers getoond{verdict}"
    )
