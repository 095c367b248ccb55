"""Computes: what a study costs the people in the registers, and which of their events it leaves out of the figures."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from coordinator.planner.forecast import PublicWorld
from coordinator.planner.public_model import MOST_EVENTS, AreaFigures, PublicRate, event_model
from privacy.accountant import DeclaredPlan, PlannedRound, charge_of_events, worst_year
from privacy.bias import LeftOut, PeriodPlan, check_bias, preview
from privacy.explain import EVENTS_SHOWN, HouseholdGuarantee, PartnerTerms, explain
from privacy.terms import planned_round
from protocol.cost import MAX_NANO_RHO, NanoRho
from protocol.covenant.party import Role
from protocol.digest import digest_of
from protocol.round.member import Reader
from protocol.study.measure import MeasureKind, Table
from protocol.study.model import StepTable
from protocol.study.study import Study
from protocol.words.geography import Level
from protocol.words.ids import PartyId, TableId
from protocol.words.period import MONTHS_IN, Period, PeriodLength, length_of, step_of

_FREE = PeriodPlan(MOST_EVENTS, (NanoRho(0),) * (MOST_EVENTS + 1))


@dataclass(frozen=True, slots=True)
class PartnerLoss:
    """What the study may cost example households at one partner, or at all of them (party None)."""

    party: PartyId | None
    households: tuple[HouseholdGuarantee, ...]


@dataclass(frozen=True, slots=True)
class TableBias:
    """What is left out of one table at one partner in each quarter, or in each period where that is longer."""

    table: TableId
    party: PartyId
    quarters: tuple[LeftOut, ...]

    @property
    def worst(self) -> Fraction:
        """The largest share that is left out of any quarter."""
        return max(quarter.by_bounds + quarter.by_cap for quarter in self.quarters)


@dataclass(frozen=True, slots=True)
class YearPlan:
    """The rounds of one covenant year at one partner, in order of opening, with the period of each."""

    year: int
    rounds: tuple[tuple[Period, PlannedRound], ...]

    @property
    def declared(self) -> DeclaredPlan:
        """The plan as the accountant takes it."""
        return DeclaredPlan(tuple(planned for _, planned in self.rounds))

    def of_length(self, length: PeriodLength) -> tuple[PlannedRound, ...]:
        """Return the rounds of one length."""
        return tuple(planned for period, planned in self.rounds if _counts(period, length))


def _counts(period: Period, length: PeriodLength) -> bool:
    """Tell whether a round counts events of this length; a step of a model counts none."""
    return length_of(period) is length and step_of(period) is None


def year_plans(study: Study, reader: Reader) -> Mapping[PartyId, YearPlan]:
    """Return of each partner with a table the dearest covenant year of the study."""
    plans: dict[PartyId, YearPlan] = {}
    for party in reader.covenant.parties:
        by_year: defaultdict[int, list[tuple[Period, PlannedRound]]] = defaultdict(list)
        for scheduled in sorted(study.schedule, key=lambda entry: entry.opens):
            grid = reader.grid(digest_of(study), scheduled.period)
            planned = planned_round(study, reader.covenant, grid, period=scheduled.period, party=party.id)
            if planned.tables:
                by_year[scheduled.covenant_year].append((scheduled.period, planned))
        years = [YearPlan(year, tuple(rounds)) for year, rounds in sorted(by_year.items())]
        if years and party.role is Role.PARTNER:
            plans[party.id] = max(years, key=lambda plan: worst_year(plan.declared))
    return plans


def losses(plans: Mapping[PartyId, YearPlan], reader: Reader) -> tuple[PartnerLoss, ...]:
    """Return what households with 1, 3 and 6 events may lose at each partner, and last at all of them together."""
    terms = {
        party: PartnerTerms(plan.declared, reader.covenant.party(party).yearly_cap) for party, plan in plans.items()
    }
    each = [PartnerLoss(party, _households((term,))) for party, term in terms.items()]
    return (*each, PartnerLoss(None, _households(tuple(terms.values()))))


def biases(
    study: Study, reader: Reader, plans: Mapping[PartyId, YearPlan], world: PublicWorld, *, cap_factor: int = 1
) -> tuple[TableBias, ...]:
    """Return what bounds and cap leave out of each table at each of its partners. cap_factor: as if caps were larger.

    Rounds of other lengths are taken as if each household paid their worst case, which errs towards too much bias.
    """
    everyone = _everyone(reader, world)
    found = []
    for party, plan in plans.items():
        cap = reader.covenant.party(party).yearly_cap * cap_factor
        by_cap: dict[tuple[PeriodLength, PublicRate], tuple[LeftOut, ...]] = {}
        for table in study.tables:
            if party not in table.contributors or isinstance(table, StepTable):
                continue
            rate = world.rate(table.measure)
            key = (table.period_length, rate)
            if key not in by_cap:
                by_cap[key] = _left_by_cap(plan, table.period_length, rate, everyone, cap)
            by_bounds = _left_by_bounds(study, table, rate, everyone)
            quarters = zip(by_bounds, by_cap[key], strict=True)
            found.append(
                TableBias(table.id, party, tuple(LeftOut(bounds.by_bounds, cap_.by_cap) for bounds, cap_ in quarters))
            )
    return tuple(found)


def check_biases(found: Sequence[TableBias]) -> None:
    """Refuse a study that leaves more than 1 % of the events out of a quarter of any table.

    Raises: TooMuchLeftOut.
    """
    for bias in found:
        check_bias(bias.quarters)


def _left_by_cap(
    plan: YearPlan, length: PeriodLength, rate: PublicRate, everyone: AreaFigures, cap: int
) -> tuple[LeftOut, ...]:
    rounds = plan.of_length(length)
    others = tuple(planned for period, planned in plan.rounds if not _counts(period, length))
    beside = worst_year(DeclaredPlan(others)) if others else 0
    periods = 12 // MONTHS_IN[length]
    charged = [
        PeriodPlan(MOST_EVENTS, tuple(charge_of_events(planned, events) for events in range(MOST_EVENTS + 1)))
        for planned in rounds
    ]
    free = [_FREE] * (periods - len(charged))  # periods of the year for which the study has no round
    left = NanoRho(max(0, cap - beside))
    return preview(event_model(rate, everyone, periods=periods), (*free, *charged), cap=left)


def _left_by_bounds(study: Study, table: Table, rate: PublicRate, everyone: AreaFigures) -> tuple[LeftOut, ...]:
    measure, periods = study.measure_of(table), 12 // MONTHS_IN[table.period_length]
    # Who is counted once by definition is not left out by being counted once.
    most = min(measure.most_per_cell, MOST_EVENTS) if measure.kind is MeasureKind.EVENTS else MOST_EVENTS
    bounded = PeriodPlan(most, (NanoRho(0),) * (most + 1))
    return preview(event_model(rate, everyone, periods=periods), (bounded,) * periods, cap=NanoRho(MAX_NANO_RHO))


def _everyone(reader: Reader, world: PublicWorld) -> AreaFigures:
    gemeenten = [world.figures[code] for code in reader.geography.codes_at(Level.GEMEENTE) if code in world.figures]
    return AreaFigures(sum(area.inhabitants for area in gemeenten), sum(area.households for area in gemeenten))


def _households(terms: tuple[PartnerTerms, ...]) -> tuple[HouseholdGuarantee, ...]:
    return tuple(explain(terms, events=events) for events in EVENTS_SHOWN)
