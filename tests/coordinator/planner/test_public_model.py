"""The public model, beside the simulated registers that are calibrated on published figures by another route."""

import pytest

from coordinator.planner.public_model import (
    DEFAULT_RATES,
    AreaFigures,
    PublicRate,
    RateOutOfRange,
    counted_share,
    event_model,
)
from privacy.bias import PeriodPlan, preview
from protocol.cost import MAX_NANO_RHO, NanoRho
from protocol.covenant.party import PartnerType
from tests.coordinator.planner.history import left_beyond

VT = DEFAULT_RATES[PartnerType.VEILIG_THUIS]
ZAANSTAD = AreaFigures(inhabitants=161_389, households=73_077)


def beyond(rate: PublicRate, most: int) -> float:
    """Return the share of a quarter's events that the model expects beyond the first `most`."""
    plan = PeriodPlan(most, (NanoRho(0),) * (most + 1))
    return float(preview(event_model(rate, ZAANSTAD, periods=4), (plan,) * 4, cap=NanoRho(MAX_NANO_RHO))[0].by_bounds)


@pytest.mark.parametrize(("most", "tolerance"), [(1, 0.015), (2, 0.005), (3, 0.002), (4, 0.001)])
def test_repeats_within_a_quarter_are_those_of_the_simulated_registers(most: int, tolerance: float) -> None:
    assert beyond(VT, most) == pytest.approx(left_beyond(most), abs=tolerance)


def test_a_model_with_other_repeats_is_caught() -> None:
    """Negative control."""
    assert abs(beyond(PublicRate(7.4, 1.5, "nowhere"), 1) - left_beyond(1)) > 0.1


def test_the_counts_of_a_geometric_year_are_met() -> None:
    """With mean m the chance of k events is m^k / (1 + m)^(k + 1); at most one counts 1 / (1 + m) of them."""
    assert counted_share(VT, years=1, most=1) == pytest.approx(1 / 1.56, abs=2e-4)
    assert counted_share(VT, years=1, most=2) == pytest.approx(1 - (0.56 / 1.56) ** 2, abs=5e-4)


def test_the_model_has_the_published_number_of_events() -> None:
    """7.4 for each 1,000 inhabitants is 1,194.3 a year, over 73,077 households."""
    model = event_model(VT, ZAANSTAD, periods=4)
    mean = sum(
        float(group.share) * sum(count * float(chance) for count, chance in enumerate(period))
        for group in model.groups
        for period in group.events
    )
    assert mean * 73_077 == pytest.approx(1_194.28, rel=1e-4)


@pytest.mark.parametrize(
    ("rate", "area"),
    [
        ((0.0, 1.0), ZAANSTAD),
        ((7.4, 0.0), ZAANSTAD),
        ((7.4, 13.0), ZAANSTAD),
        ((900.0, 0.5), ZAANSTAD),
        ((7.4, 0.5), AreaFigures(0, 0)),
    ],
)
def test_rates_that_are_none_are_refused(rate: tuple[float, float], area: AreaFigures) -> None:
    with pytest.raises(RateOutOfRange, match="must"):
        event_model(PublicRate(*rate, source="test"), area, periods=4)
