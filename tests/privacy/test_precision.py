"""Intervals and suppression: exact quantiles, decisions from released values only, and hidden that is never zero."""

import inspect
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from privacy.counts import NoisedCounts
from privacy.precision import (
    CONFIDENCE,
    Hidden,
    PrecisionOutOfRange,
    PrecisionRule,
    Shown,
    half_width,
    not_delivered,
    show,
)
from privacy.shares import VarianceOutOfRange
from protocol.release import NotShown
from tests.reference.gaussian_table import pmf, reach_of, seeded

RULE = PrecisionRule(Fraction(1, 4), reference=20)


@pytest.mark.parametrize("confidence", [Fraction(1, 2), Fraction(8, 10), CONFIDENCE, Fraction(999, 1000)])
@pytest.mark.parametrize("variance", [Fraction(4), Fraction(9, 2), Fraction(25), Fraction(2500), Fraction(90_000)])
def test_the_half_width_is_the_exact_quantile_of_the_discrete_gaussian(
    variance: Fraction, confidence: Fraction
) -> None:
    weights, middle = pmf(variance), reach_of(variance)
    width = half_width(variance, confidence)
    wanted = Decimal(confidence.numerator) / confidence.denominator
    assert sum(weights[middle - width : middle + width + 1]) >= wanted
    assert sum(weights[middle - width + 1 : middle + width]) < wanted  # one less would not do


def test_known_half_widths() -> None:
    # sigma 2: within 4 is 0.9756, within 3 is 0.9199; sigma 1000: 1.95996 sigma less half a step
    assert half_width(Fraction(4)) == 4
    assert half_width(Fraction(10**6)) == 1960
    assert half_width(Fraction(2**40)) == 2_055_171


def test_intervals_cover_as_often_as_they_say() -> None:
    """Seeded; 1e5 draws: 95.3 % expected (98 of sigma 50), false alarm below 1e-6 at five standard errors."""
    noise = seeded(11)(Fraction(2500), 100_000)
    covered = float(np.mean(np.abs(noise) <= half_width(Fraction(2500))))
    assert 0.950 < covered < 0.957


def test_a_cell_is_shown_when_its_interval_is_narrow_beside_its_value_or_the_reference() -> None:
    # variance 4, half-width 4; the rule allows a quarter of the value, or of 20: so 5 and up
    shown = show(NoisedCounts(np.array([0, -7, 16, 400])), variance=Fraction(4), rule=RULE)
    assert shown == (Shown(0, 4), Shown(-7, 4), Shown(16, 4), Shown(400, 4))
    # variance 25, half-width 10: shown from 40
    wide = show(NoisedCounts(np.array([0, 39, 40, -400])), variance=Fraction(25), rule=RULE)
    hidden = Hidden(NotShown.TOO_UNCERTAIN)
    assert wide == (hidden, hidden, Shown(40, 10), hidden)


def test_a_hidden_cell_holds_no_number_and_cannot_become_zero() -> None:
    hidden = not_delivered(2)
    assert hidden == (Hidden(NotShown.NOT_DELIVERED), Hidden(NotShown.NOT_DELIVERED))
    assert [field for field in Hidden.__dataclass_fields__] == ["reason"]  # noqa: C416  spelled out
    with pytest.raises(TypeError, match="neither true nor false"):
        hidden[0] or 0
    with pytest.raises(TypeError):
        int(hidden[0])  # type: ignore[call-overload]  # the point of the test


def test_suppression_takes_released_values_and_the_variance_and_nothing_else() -> None:
    signature = inspect.signature(show)
    assert list(signature.parameters) == ["released", "variance", "rule"]
    assert signature.parameters["released"].annotation is NoisedCounts


@pytest.mark.parametrize(("relative", "reference"), [(Fraction(0), 20), (Fraction(-1, 4), 20), (Fraction(1, 4), 0)])
def test_a_rule_that_is_not_positive_is_refused(relative: Fraction, reference: int) -> None:
    with pytest.raises(PrecisionOutOfRange):
        PrecisionRule(relative, reference)


@pytest.mark.parametrize("confidence", [Fraction(0), Fraction(49, 100), Fraction(1)])
def test_a_confidence_outside_its_range_is_refused(confidence: Fraction) -> None:
    with pytest.raises(PrecisionOutOfRange):
        half_width(Fraction(4), confidence)


def test_an_interval_for_noise_that_cannot_be_is_refused() -> None:
    with pytest.raises(VarianceOutOfRange):
        half_width(Fraction(3))
