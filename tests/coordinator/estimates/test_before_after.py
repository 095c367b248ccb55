"""Before and after a date, beside comparable areas (ZN-24, AS-11)."""

import numpy as np
import pytest

from coordinator.estimates.before_after import BeforeAfter, before_after, between
from coordinator.estimates.estimate import Estimates, Reason, WrongShape, estimates
from coordinator.estimates.intervals import Dispersion
from tests.coordinator.estimates.noise import noised

POISSON = Dispersion(1.0, 0.0)


def test_the_spread_between_areas_is_that_of_statsmodels() -> None:
    """By statsmodels 0.15.0: `meta_analysis.combine_effects(effect, variance, method_re="chi2").tau2`."""
    effect = np.array([0.10, -0.05, 0.30, 0.02, -0.20, 0.15])
    variance = np.array([0.01, 0.02, 0.015, 0.01, 0.03, 0.02])
    assert between(effect, variance) == pytest.approx(0.007178540772532189, rel=1e-9)
    assert between(effect, 100 * variance) == 0


def world(effect: float, chance: np.random.Generator, *, own_spread: float = 0.15) -> tuple[Estimates, Estimates]:
    """Return one area of level 150 and 12 others over 8 periods; all rise by a fifth after 4, the one by `effect` too.

    own_spread: how much each changes by itself, standard deviation of the logarithm.
    """
    level = 150 * np.exp(chance.normal(0, 0.3, 13))[:, None] * np.ones(8)
    level[:, 4:] *= 1.2 * np.exp(chance.normal(0, own_spread, 13))[:, None]
    level[0, 4:] *= effect
    found = noised(chance.poisson(level), 100, chance)
    own = Estimates(found.value[0].copy(), found.variance[0].copy(), found.reason[0].copy())
    return own, Estimates(found.value[1:].copy(), found.variance[1:].copy(), found.reason[1:].copy())


@pytest.mark.parametrize("effect", [1.0, 0.6])
def test_zn_24_the_effect_is_covered_and_a_change_shared_by_all_is_none(effect: float) -> None:
    """ZN-24: 800 worlds; 95 % limits cover in 93 to 97.5 % (standard error 0.8 points), so 1 is left out as rarely.

    Negative control: the area's own change alone would be called a rise.
    """
    chance = np.random.default_rng(31)
    inside, found = 0, []
    for _ in range(800):
        own, others = world(effect, chance)
        answer = before_after(own, others, 4, POISSON)
        assert isinstance(answer, BeforeAfter)
        inside += answer.low <= effect <= answer.high
        found.append(answer.high < 1)
    assert 0.93 < inside / 800 < 0.98
    if effect < 1:
        assert np.mean(found) > 0.7
    own, _ = world(1.0, chance)
    assert own.value[4:].mean() > own.value[:4].mean()


def test_as_11_what_is_said_names_no_cause() -> None:
    """AS-11: the sentence in full; no word of effect, cause or success."""
    lower = BeforeAfter(0.7, 0.55, 0.89, 12, 0.01)
    assert lower.sentence() == (
        "Na de datum lag het niveau 30 % lager dan op grond van de 12 vergelijkbare gebieden te verwachten was "
        "(95 %-interval -45 % tot -11 %). Dit zegt niet waardoor."
    )
    assert BeforeAfter(0.9, 0.7, 1.2, 12, 0.01).sentence().startswith("Geen aantoonbaar verschil")
    for word in ("effect", "dankzij", "door de", "oorzaak", "succes"):
        assert word not in lower.sentence()
    assert any("campagne" in question for question in lower.checklist)


def test_too_little_to_compare_is_named() -> None:
    own, others = world(1.0, np.random.default_rng(1))
    few = Estimates(others.value[:4].copy(), others.variance[:4].copy(), others.reason[:4].copy())
    assert before_after(own, few, 4, POISSON) is Reason.TOO_FEW
    zero = estimates(np.zeros(8), np.full(8, 100.0))
    assert before_after(zero, others, 4, POISSON) is Reason.UNCERTAIN_DENOMINATOR
    gap = estimates(own.value, np.where(np.arange(8) == 2, np.inf, 100.0))
    assert before_after(gap, others, 4, POISSON) is Reason.NOT_DELIVERED
    with pytest.raises(WrongShape):
        before_after(own, others, 0, POISSON)
