"""Computes: the public model of households and events by which a study is judged before anyone signs.

No register is read. Households in sight of a partner have events as a Poisson process whose rate differs between them
exponentially; all others have none. So the events of such a household in a year are geometric, and its mean, `returns`,
is the one figure beside the published rate. `tests/coordinator/planner/test_public_model.py` holds it beside the
simulated registers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import exp, factorial, fsum
from types import MappingProxyType

from privacy.bias import PERIODS, EventModel, HouseholdGroup
from privacy.errors import PrivacyRefusal
from protocol.covenant.party import PartnerType
from protocol.words.geography import AreaCode

MOST_EVENTS = 12  # of one household in one period; the tail beyond is below 1e-6 of the events at every default rate
_PLACES = Decimal(1).scaleb(-9)
# Gauss-Laguerre quadrature with four nodes: exact for the first seven moments of an exponential.
# Source: Abramowitz, Stegun 1964, table 25.9.
_NODES = (
    (0.322547689619, 0.603154104342),
    (1.745761101158, 0.357418692438),
    (4.536620296921, 0.038887908515),
    (9.395070912301, 0.000539294705),
)


class RateOutOfRange(PrivacyRefusal):
    """A published rate that is no rate, or figures of an area without households."""


@dataclass(frozen=True, slots=True)
class PublicRate:
    """How often something is registered. per_1000: events a year for each 1,000 inhabitants, of all contributors.

    returns: events a year of a household that is in sight; what makes repeats. source: where both were published.
    Raises: RateOutOfRange.
    """

    per_1000: float
    returns: float
    source: str

    def __post_init__(self) -> None:
        if not (0 < self.per_1000 <= 1000 and 0 < self.returns <= 12):  # noqa: PLR2004 - one each; one a month
            raise RateOutOfRange(
                got="a published rate outside its range",
                wanted="0 to 1000 events for each 1,000 inhabitants, and 0 to 12 a year of a household in sight",
                act="the author of the study must mend the rates",
            )


# Veilig Thuis: 7.4 meldingen (Zaanstad 2023*), 38 % of them repeats (85361NED). Police: 5.7 incidents of HG.
DEFAULT_RATES: Mapping[PartnerType, PublicRate] = MappingProxyType(
    {
        PartnerType.VEILIG_THUIS: PublicRate(7.4, 0.56, "CBS 84849NED and 85361NED, 2023*"),
        PartnerType.POLITIE: PublicRate(5.7, 0.44, "Politie via CBS, H1 2022"),
    }
)


@dataclass(frozen=True, slots=True)
class AreaFigures:
    """The published figures of one area that the planner needs."""

    inhabitants: int
    households: int


Figures = Mapping[AreaCode, AreaFigures]


def event_model(rate: PublicRate, figures: AreaFigures, *, periods: int) -> EventModel:
    """Return how many events the households of a whole covenant's area have in each of `periods` parts of a year.

    Raises: RateOutOfRange, when there are no households, or fewer than the events need; PeriodsDiffer.
    """
    if periods not in PERIODS or figures.households < 1:
        raise RateOutOfRange(
            got=f"{periods} periods, or an area without households",
            wanted=f"one of {PERIODS} and at least one household",
            act="the operator must import key figures that have households",
        )
    in_sight = rate.per_1000 * figures.inhabitants / 1000 / rate.returns / figures.households
    if in_sight >= 1:
        raise RateOutOfRange(
            got="more households in sight than there are",
            wanted="a rate and a number of returns that fit the inhabitants",
            act="the author of the study must mend the rates",
        )
    shares = [_decimal(in_sight * weight) for _, weight in _NODES]
    groups = [
        HouseholdGroup(share, (_poisson(node * rate.returns / periods),) * periods)
        for share, (node, _) in zip(shares, _NODES, strict=True)
    ]
    others = HouseholdGroup(1 - sum(shares, Decimal(0)), ((Decimal(1),),) * periods)
    return EventModel((others, *groups))


def counted_share(rate: PublicRate, *, years: float, most: int) -> float:
    """Return the share of events that are counted when a household counts at most `most` times in a period."""
    mean = events = 0.0
    for node, weight in _NODES:
        chances = [float(chance) for chance in _poisson(node * rate.returns * years)]
        mean += weight * fsum(chance * count for count, chance in enumerate(chances))
        events += weight * fsum(chance * min(count, most) for count, chance in enumerate(chances))
    return events / mean


def _poisson(mean: float) -> tuple[Decimal, ...]:
    """Return the chances of 0 .. MOST_EVENTS events as decimals that add up to 1; the last takes the tail."""
    chances = [_decimal(exp(-mean) * mean**count / factorial(count)) for count in range(MOST_EVENTS)]
    while len(chances) > 1 and not chances[-1]:
        chances.pop()
    rest = 1 - sum(chances, Decimal(0))
    return (*chances, rest) if rest > 0 else (chances[0] + rest, *chances[1:])


def _decimal(value: float) -> Decimal:
    return Decimal(value).quantize(_PLACES)
