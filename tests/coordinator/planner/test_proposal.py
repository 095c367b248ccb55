"""The planner's proposals reach the wish, cost least, and fit the caps."""

from fractions import Fraction

import pytest

from coordinator.planner.plan import precision
from coordinator.planner.proposal import Change, propose
from protocol.ratio import Ratio
from protocol.study.study import Study
from protocol.words.geography import Level
from protocol.words.period import PeriodLength
from tests.coordinator.planner.worlds import CASUSSEN, MELDINGEN, reader, study, table, world


def publishable(of: Study) -> float:
    (shown,) = precision(of, reader(of), world()).tables
    return shown.publishable


def test_the_proposed_variance_is_the_largest_that_reaches_the_wish() -> None:
    planned = study(table(MELDINGEN, 400), margin_percent=200)
    proposal = propose(planned, reader(planned), world(), wished_share=0.7)
    (only,) = proposal.tables
    assert only.variance is not None
    assert (proposal.growth, proposal.fits, proposal.cap_factor) == (1, True, 1)
    assert publishable(proposal.study) == only.publishable >= 0.7
    wider = proposal.study.tables[0].model_copy(update={"variance": Ratio.of(Fraction(only.variance + 1))})
    assert publishable(study(wider, margin_percent=200)) < 0.7


def test_what_the_caps_do_not_allow_is_grown_until_they_do_and_says_how_much_cap_it_would_take() -> None:
    planned = study(table(MELDINGEN, 30), table(CASUSSEN, 30))
    proposal = propose(planned, reader(planned), world(), wished_share=0.8)
    assert proposal.fits
    assert proposal.growth > 1
    assert proposal.cap_factor in {2, 4, 8}
    precision(proposal.study, reader(proposal.study), world()).check()
    assert sum(share for _, share in proposal.level_shares) == pytest.approx(1)
    assert [level for level, _ in proposal.level_shares] == [Level.WIJK]


def test_a_table_that_no_noise_can_mend_gets_a_coarser_level_or_longer_period_as_advice() -> None:
    planned = study(table(MELDINGEN, 60, level=Level.BUURT), margin_percent=100)
    proposal = propose(planned, reader(planned), world(), wished_share=0.8)
    (only,) = proposal.tables
    assert only.variance is None
    assert (Change.LEVEL, "gemeente") in {(advice.change, advice.to) for advice in only.advice}
    assert all(advice.publishable >= 0.8 for advice in only.advice)
    assert publishable(proposal.study) < 0.8  # negative control: as it was, it does not reach the wish


def test_months_are_planned_where_they_can_be_and_fall_back_to_quarters() -> None:
    """ZN-23: by month where the noise allows it; else the planner says from which period on it would."""
    monthly = study(table(MELDINGEN, 40, length=PeriodLength.MONTH, level=Level.GEMEENTE))
    assert publishable(monthly) > 0.99
    fine = study(table(MELDINGEN, 40, length=PeriodLength.MONTH), margin_percent=150)
    (only,) = propose(fine, reader(fine), world(), wished_share=0.6).tables
    assert only.publishable < 0.6  # the caps do not allow the noise that would do by month
    longer = [advice.to for advice in only.advice if advice.change is Change.PERIOD]
    assert "quarter" in longer
    quarterly = study(table(MELDINGEN, 40), margin_percent=150)
    assert publishable(fine) < 0.6 <= publishable(quarterly)
