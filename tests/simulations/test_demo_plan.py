"""The demo's plan: that its figures show differences between wijken, and that it leaves out what the planner allows.

Registers, deliveries with their faults, bounds, caps and noise are those of a real node; only the masks, which cancel,
are left out.
"""

from datetime import date
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from coordinator.combine import NoisyTable, noisy_tables
from coordinator.drafts import read_draft, study_of
from coordinator.estimates.consistency import make_consistent
from coordinator.estimates.context_file import parse_context
from coordinator.estimates.estimate import Floats, estimates
from coordinator.estimates.indicators import Indicator, indicators
from coordinator.estimates.intervals import dispersion_of_repeats
from coordinator.estimates.verdicts import Verdict, judge, with_whole
from coordinator.planner.forecast import PublicWorld
from coordinator.planner.loss import biases, year_plans
from coordinator.planner.plan import reader_of
from coordinator.planner.public_model import AreaFigures
from coordinator.public_world import parse_rates
from partner_node.counting import count
from privacy.bias import MOST_LEFT_OUT
from privacy.counts import CellCounts
from privacy.noise import NoiseSegment, add_noise
from protocol.digest import digest_of
from protocol.ratio import Ratio
from protocol.round.member import Member
from protocol.round.opening import Opened
from protocol.study.study import Study
from protocol.words.geography import Level
from protocol.words.ids import Line, PartyId
from simulations.demo.drafts import PURPOSE
from simulations.demo.plan import PARTNERS, RECIPE, SEED, Calendar, english_toml, rates_toml, study_toml
from simulations.population.households import make_population
from simulations.region import Region, make_region
from simulations.registers.deliver import make_registers
from simulations.registers.faults import USUAL
from simulations.seeded import seeded_source
from simulations.world.agreement import agree
from simulations.world.borders import Borders
from simulations.world.feed import Delivered, Feed, quarter_of
from simulations.world.ground import Ground
from simulations.world.scenario import Scenario
from simulations.world.shelf import BookShelf

VT = PartyId("veilig-thuis")
CALENDAR = Calendar(date(2026, 11, 22))
MAIN = "vt-casussen"
RETURNS = 0.56  # meldingen a year of a household in sight; CBS 85361NED, as the planner has it
LEAST, MARGIN = 5, 2  # of 19 wijken; so that another day's registers show five too
DRAWS = 20  # of noise
SECRET = bytes(range(32))


@cache
def region() -> Region:
    return make_region(SEED)


@cache
def agreed() -> tuple[Member, Study]:
    """Return Veilig Thuis under a covenant that is in force on the demo's days, and the demo's own study."""
    scenario = Scenario(format=1, title=Line("oefening"), years=1)
    made = agree(scenario, 1, seed=SEED, geography=region().geography, previous=None)
    first, last = CALENDAR.valid
    covenant = made.covenant.model_copy(update={"valid_from": first, "valid_until": last})
    draft = read_draft(study_toml(covenant, CALENDAR).encode(), source="study.toml")
    study = study_of(draft, covenant, source="study.toml")
    return Member(VT, covenant, region().geography, (), {digest_of(study): study}, made.keys.identity[VT]), study


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> tuple[CellCounts, ...]:
    """Return what the node of Veilig Thuis freezes in each of the four rounds."""
    member, study = agreed()
    feed, shelf, borders = make_feed(tmp_path_factory.mktemp("in")), BookShelf(), Borders(region().geography, {})
    found = []
    for number, period in enumerate(CALENDAR.periods):
        came = frozenset(quarter_of(each) for each in CALENDAR.periods[: number + 1])
        records = feed.records(VT, Delivered(period, 0, came), borders, SECRET)
        result = count(records, member, digest_of(study), period, known=shelf, secret=SECRET)
        shelf.book.book(result.charges)
        found.append(result.cells)
    return tuple(found)


def make_feed(folder: Path) -> Feed:
    years = [int(period[:4]) for period in CALENDAR.periods]
    population = make_population(region(), first_year=years[0], years=years[-1] - years[0] + 1)
    made = make_registers(region(), population, SEED, rates=RECIPE)
    registers = {(each.partner, each.record): each for each in made}
    return Feed(Ground(region(), population, registers), SEED, USUAL, folder)


def released(counted: tuple[CellCounts, ...], draw: int) -> Indicator:
    """Return the main indicator: households with a melding, of wijken and buurten, with a draw of the plan's noise."""
    member, study = agreed()
    variances = {table.id: table.variance.fraction if VT in table.contributors else None for table in study.tables}
    tables: list[NoisyTable] = []
    for period, cells in zip(CALENDAR.periods, counted, strict=True):
        grid = member.grid(digest_of(study), period)
        plan = tuple(NoiseSegment(study.table(each.table).variance.fraction, each.size) for each in grid.segments)
        noised = add_noise(cells, plan, seeded_source(SEED, "demo plan", str(draw), period))
        tables += noisy_tables(Opened(noised.values.copy()), grid, variances, period)
    return next(each for each in indicators(tables, study, region().geography) if each.measure == MAIN)


def differing(indicator: Indicator, value: Floats) -> tuple[int, int]:
    """Return how many wijken are judged lower and higher than the gemeente over the four quarters together.

    value: float64, shape (nodes, periods), with the indicator's noise.
    """
    consistent = make_consistent(indicator.tree.tree, value, indicator.variance)
    figures, top = consistent.figures, int(consistent.tree.roots[0])
    wijken, people = nodes_of(indicator, "WK"), people_of(indicator)
    total, variance = figures.value.sum(axis=1), figures.variance.sum(axis=1)
    joint = [sum(consistent.covariance(node, top, at) for at in range(value.shape[1])) for node in wijken]
    found = with_whole(
        estimates(total[wijken], variance[wijken]),
        people[wijken],
        estimates(total[[top]], variance[[top]]),
        float(people[top]),
        dispersion=dispersion_of_repeats(RETURNS, 1.0),
        covariance=np.array(joint),
    )
    verdicts = judge([found]).verdicts
    return verdicts.count(Verdict.LOWER), verdicts.count(Verdict.HIGHER)


def nodes_of(indicator: Indicator, kind: str) -> list[int]:
    return [node for node, code in enumerate(indicator.tree.codes) if code is not None and code.startswith(kind)]


def people_of(indicator: Indicator) -> Floats:
    inside = region().populations.items()
    codes = [(code or "")[2:] for code in indicator.tree.codes]
    return np.array([sum(number for buurt, number in inside if buurt[2:].startswith(code)) for code in codes], float)


def without_differences(draw: int) -> tuple[Indicator, Floats]:
    """Return figures of a gemeente in which only chance and the plan's noise make wijken differ.

    Households come back as the verdict reckons with: a mean of RETURNS a year for each that is in sight.
    """
    member, study = agreed()
    sizes = [member.grid(digest_of(study), period).segments for period in CALENDAR.periods]
    nothing = tuple(CellCounts(np.zeros(sum(each.size for each in parts), dtype=np.int64)) for parts in sizes)
    indicator, chance = released(nothing, draw), np.random.default_rng((SEED, draw))
    people, value = people_of(indicator), indicator.value.copy()
    for wijk in nodes_of(indicator, "WK"):
        code = str(indicator.tree.codes[wijk])
        inside = [node for node in nodes_of(indicator, "BU") if str(indicator.tree.codes[node])[2:8] == code[2:]]
        households = chance.poisson(people[inside] * RECIPE.meldingen / 1_000 / RETURNS)
        rates = [chance.exponential(RETURNS / 4, each) for each in households]
        drawn = np.array([[(chance.poisson(rate) > 0).sum() for _ in range(4)] for rate in rates], dtype=np.float64)
        value[inside] += drawn
        value[wijk] += drawn.sum(axis=0)
    return indicator, value


def test_at_least_five_wijken_differ_demonstrably_whatever_the_noise(counted: tuple[CellCounts, ...]) -> None:
    """ZN-01: over the last four quarters together, at a false-discovery rate of 5 %, in each of 20 draws of the noise.

    Control: where wijken do not differ, fewer than one in twenty pages says that one does, up to five standard errors.
    """
    drawn = [released(counted, draw) for draw in range(DRAWS)]
    lower, higher = zip(*(differing(each, each.value) for each in drawn), strict=True)
    assert min(np.add(lower, higher)) >= LEAST + MARGIN, (lower, higher)
    assert min(lower) >= 1
    assert min(higher) >= 1
    flat = [sum(differing(*without_differences(draw))) for draw in range(DRAWS)]
    assert np.count_nonzero(flat) <= DRAWS * 0.05 + 5 * (DRAWS * 0.05 * 0.95) ** 0.5, flat


def test_every_released_table_leaves_out_at_most_one_in_a_hundred_of_any_quarter() -> None:
    """DESIGN 4: as the planner reckons with the demo's own rates. Control: half the noise would leave out more."""
    member, study = agreed()
    rates = parse_rates(rates_toml(), source="rates.toml")
    assert set(rates) == {measure.id for measure in study.measures}
    households = dict(zip(region().buurten.codes, region().buurten.households.tolist(), strict=True))
    whole = AreaFigures(sum(region().populations.values()), sum(households.values()))
    world = PublicWorld({region().geography.codes_at(Level.GEMEENTE)[0]: whole}, rates)

    def worst(changed: Study) -> Fraction:
        reader = reader_of(changed, member)
        return max(each.worst for each in biases(changed, reader, year_plans(changed, reader), world))

    assert worst(study) <= MOST_LEFT_OUT
    halved = [each.model_copy(update={"variance": Ratio.of(each.variance.fraction / 2)}) for each in study.tables]
    assert worst(study.model_copy(update={"tables": tuple(halved)})) > MOST_LEFT_OUT


def test_english_pages_of_the_demo_have_all_that_is_counted_in_english() -> None:
    """What is signed has its English, to the letter, and nothing else has. Control: another question has none."""
    _, study = agreed()
    told = {each.nl: each.en for each in parse_context(english_toml(), source="context.toml").english}
    signed = {str(text) for each in study.measures for text in (each.question, each.definition)}
    names = {each for each in told if each.endswith(" (verzonnen)")}
    assert set(told) == signed | {PURPOSE} | names
    assert len(names) == len(PARTNERS) + 2  # with the gemeente and the witness
    assert told["Politie (verzonnen)"] == "Police (invented)"
    assert told["Huishoudens met een melding"] == "Households with a report"
    assert "Huishoudens met een meldingen" not in told
