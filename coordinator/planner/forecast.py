"""Computes: what each table of a study will show: margin, areas that stay publishable, smallest demonstrable change.

Everything follows from the plan, the published populations and rates. What is expected is a forecast of the model, not
a promise; the margins are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, sqrt
from statistics import NormalDist, median

from coordinator.planner.public_model import Figures, PublicRate, counted_share
from privacy.errors import PrivacyRefusal
from privacy.precision import PrecisionRule, half_width
from privacy.terms import publishing_rule
from protocol.covenant.covenant import Covenant
from protocol.study.grid import Segment
from protocol.study.measure import MeasureKind, Table
from protocol.study.plan import share_variance
from protocol.study.study import Study
from protocol.words.geography import AreaCode, Level
from protocol.words.ids import MeasureId, TableId
from protocol.words.period import MONTHS_IN, PeriodLength

_TWO_SIDED_95 = NormalDist().inv_cdf(0.975)

Rates = Mapping[MeasureId, PublicRate]


class NoPublicRate(PrivacyRefusal):
    """A measure of which nobody gave a published rate, or an area without published figures."""


@dataclass(frozen=True, slots=True)
class TableForecast:
    """What a table will show in one period. variance: of the noise in each cell. margin: the 95 % half-width of it.

    publishable: expected share of the areas whose figure is precise enough to be shown, 0 to 1. typical: expected count
    of the median inhabited area. smallest_change: between two periods of one area, that noise alone does not explain
    (95 %); with chance: that neither noise nor the chance of a Poisson count explains in the typical area.
    """

    table: TableId
    level: Level
    period_length: PeriodLength
    areas: int
    variance: Fraction
    margin: int
    publishable: float
    typical: float
    smallest_change: int
    smallest_change_with_chance: int


def released_variance(table: Table, covenant: Covenant) -> Fraction:
    """Return the variance of the noise in a released cell when all contributors take part."""
    everyone = len(table.contributors)
    return everyone * share_variance(table, covenant.colluders, everyone)


def forecast(table: Table, segment: Segment, study: Study, covenant: Covenant, world: "PublicWorld") -> TableForecast:
    """Return what a table will show. segment: its cells in any period.

    Categories are taken as equally frequent: what is rare is shown less often than this says, what is frequent more.
    Raises: NoPublicRate.
    """
    variance = released_variance(table, covenant)
    expected = expected_counts(table, segment, study, world)
    inhabited = [count for count in expected if count > 0]
    typical = median(inhabited) if inhabited else 0.0
    return TableForecast(
        table=table.id,
        level=table.level,
        period_length=table.period_length,
        areas=len(expected),
        variance=variance,
        margin=half_width(variance),
        publishable=publishable_share(expected, variance, publishing_rule(study)),
        typical=typical,
        smallest_change=half_width(2 * variance) + 1,
        smallest_change_with_chance=ceil(_TWO_SIDED_95 * sqrt(2 * float(variance) + 2 * typical)),
    )


@dataclass(frozen=True, slots=True)
class PublicWorld:
    """All that is public about the area of a covenant: the figures of its areas, and a rate for each measure."""

    figures: Figures
    rates: Rates

    def rate(self, measure: MeasureId) -> PublicRate:
        """Return the rate of a measure.

        Raises: NoPublicRate.
        """
        if measure not in self.rates:
            raise NoPublicRate(
                got=f"no published rate of measure {measure}",
                wanted="events a year for each 1,000 inhabitants",
                act="the author of the study must give one, with its source",
                hint="samenzicht-coordinator study precision --rates FILE",
            )
        return self.rates[measure]

    def inhabitants(self, area: AreaCode) -> int:
        """Return the inhabitants of an area.

        Raises: NoPublicRate.
        """
        if area not in self.figures:
            raise NoPublicRate(
                got=f"no published inhabitants of area {area}",
                wanted="key figures of every area in the grid",
                act="the operator must import the key figures of this level",
                hint="samenzicht-coordinator geography import",
            )
        return self.figures[area].inhabitants


def expected_counts(table: Table, segment: Segment, study: Study, world: PublicWorld) -> tuple[float, ...]:
    """Return the expected count, after bounding, of one cell of each area in the table."""
    measure, rate = study.measure_of(table), world.rate(table.measure)
    years = MONTHS_IN[table.period_length] / 12
    most = measure.most_per_cell if measure.kind is MeasureKind.EVENTS else 1
    counted = counted_share(rate, years=years, most=most) * years * rate.per_1000 / 1000
    # A household of a multi-select measure fills several categories; we take one, which errs on the side of too few.
    return tuple(world.inhabitants(area) * counted / len(segment.categories) for area in segment.areas)


def publishable_share(expected: tuple[float, ...], variance: Fraction, rule: PrecisionRule) -> float:
    """Return the expected share of cells that the rule shows: those whose noisy value is large enough.

    A count is taken as Poisson and, with its noise, as normal: at a variance of 4 or more the error is below 0.01.
    """
    least = half_width(variance) / rule.relative
    if least <= rule.reference:
        return 1.0
    chances = [1 - NormalDist(count, sqrt(count + float(variance))).cdf(ceil(least) - 0.5) for count in expected]
    return sum(chances) / len(chances)
