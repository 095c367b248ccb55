"""Prevalence from who lives there and from what sources see (NM-06, NM-07)."""

import numpy as np
import pytest

from coordinator.estimates.estimate import Reason, WrongShape, estimates
from coordinator.estimates.prevalence import LABEL, PrevalenceModel, Source, dark_number, synthetic, weighted_size

# Children: 26 to 37 for each 1,000 (DOMAIN 5.4); two strata, of which the second has three times the risk.
CHILDREN = PrevalenceModel("2017-1", "NPM-2017, range", 26, 37, (0.8, 0.2), (1.0, 3.0), 0.0)


def test_nm_07_a_synthetic_estimate_has_its_version_and_limits() -> None:
    """NM-07: 31,000 children as in the country: 31,000 * sqrt(26 * 37) / 1,000 = 961.5, from 806 to 1,147.

    All in the second stratum: 3 / 1.4 times that. Without inhabitants or shares: none.
    """
    people = np.array([31_000.0, 31_000, np.nan, 0, 500])
    shares = np.array([[0.8, 0.2], [0, 1], [0.8, 0.2], [0.8, 0.2], [np.nan, 0.5]])
    found = synthetic(CHILDREN, people, shares)
    numbers = found.numbers
    assert numbers.value[:2] == pytest.approx([961.5, 961.5 * 3 / 1.4], rel=1e-4)
    assert (numbers.low[0], numbers.high[0]) == pytest.approx((806, 1_147), rel=1e-6)
    assert [Reason(why) for why in numbers.reason[2:].tolist()] == [Reason.NO_DENOMINATOR] * 3
    assert found.model.version == "2017-1"
    assert found.label == LABEL == "geschat aantal, op basis van bevolkingskenmerken, niet geteld"


def test_areas_that_differ_for_other_reasons_widen_the_limits_and_are_covered() -> None:
    """20,000 areas of which the true prevalence strays by 20 % and the country's is drawn from its range: 95 %."""
    model = PrevalenceModel("1", "test", 26, 37, (1.0,), (1.0,), 0.2)
    chance, draws = np.random.default_rng(51), 20_000
    own = (
        np.log(np.sqrt(26 * 37))
        + chance.normal(0, np.log(37 / 26) / (2 * 1.959964), draws)
        + chance.normal(0, 0.2, draws)
    )
    truth = 5_000 * np.exp(own) / 1_000
    found = synthetic(model, np.full(draws, 5_000.0), np.ones((draws, 1))).numbers
    assert ((found.low <= truth) & (truth <= found.high)).mean() == pytest.approx(0.95, abs=0.007)
    narrow = synthetic(CHILDREN, np.full(draws, 5_000.0), np.tile([0.8, 0.2], (draws, 1))).numbers
    assert ((narrow.low <= truth) & (truth <= narrow.high)).mean() < 0.75


def test_the_dark_number_is_the_estimate_over_what_is_registered() -> None:
    """961.5 over 240 is 4.0; with no noise its limits are 806 / 240 and 1,147 / 240. Nothing registered: no ratio."""
    people, shares = np.full(3, 31_000.0), np.tile([0.8, 0.2], (3, 1))
    known = estimates([240.0, 5.0, 0.0], [1e-9, 100.0, np.inf])
    found = dark_number(synthetic(CHILDREN, people, shares), known)
    assert (found.value[0], found.low[0], found.high[0]) == pytest.approx((4.006, 806 / 240, 1_147 / 240), rel=1e-3)
    assert [Reason(why) for why in found.reason[1:].tolist()] == [Reason.UNCERTAIN_DENOMINATOR, Reason.NOT_DELIVERED]


def test_nm_06_sources_are_weighted_and_listed() -> None:
    """NM-06: police 900 of 10 % and Slachtofferhulp 270 of 3 % agree on 9,000; one of 4 times as much widens it."""
    police = Source("politie", 900, 100, 0.08, 0.125)
    support = Source("Slachtofferhulp", 270, 100, 0.02, 0.045)
    found = weighted_size((police, support, Source("leeg", 5, 100, 0.1, 0.2)))
    assert not isinstance(found, Reason)
    assert found.value == pytest.approx(9_000, rel=0.005)
    assert found.low < 9_000 < found.high
    assert found.sources == ("politie", "Slachtofferhulp")
    torn = weighted_size((police, Source("Slachtofferhulp", 1_080, 100, 0.02, 0.045)))
    assert not isinstance(torn, Reason)
    assert torn.high / torn.low > 2 * found.high / found.low
    assert weighted_size(()) is Reason.UNCERTAIN_DENOMINATOR


@pytest.mark.parametrize("change", [{"per_1000_low": 0}, {"national_share": (0.5, 0.2)}, {"relative_risk": (1.0,)}])
def test_a_model_that_does_not_fit_is_refused(change: dict[str, object]) -> None:
    good: dict[str, object] = {
        "version": "1", "source": "x", "per_1000_low": 26, "per_1000_high": 37, "national_share": (0.8, 0.2),
        "relative_risk": (1.0, 3.0), "area_error": 0.0,
    }  # fmt: skip
    with pytest.raises(WrongShape):
        PrevalenceModel(**{**good, **change})  # type: ignore[arg-type]  # wrong on purpose
