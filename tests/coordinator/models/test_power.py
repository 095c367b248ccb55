"""What a model could find, before it is run: against a model that is run many times, and a draft of one."""

from copy import deepcopy
from dataclasses import replace
from datetime import date
from fractions import Fraction
from math import log
from typing import Any

import numpy as np
import pytest

from coordinator.drafts import study_of
from coordinator.models.curved import fit
from coordinator.models.drafted import WrongModelDraft, drafted
from coordinator.models.power import findable
from coordinator.models.rounds import plan_for
from privacy.accountant import DeclaredPlan, worst_charge, worst_year
from privacy.terms import planned_round
from protocol.cost import cap_of
from protocol.digest import digest_of
from protocol.study.measure import Table
from protocol.study.model import StepTable
from protocol.study.rules import check_study
from protocol.words.ids import PartyId
from protocol.words.period import Period
from simulations.models.agreement import CAP, COORDINATOR, agree_on
from simulations.models.households import Truth, invent
from simulations.models.without_rounds import run_steps
from tests import example
from tests.coordinator.models.small import agreed, records


def test_less_noise_and_more_households_find_smaller_odds_ratios() -> None:
    few, many = (findable(agreed().plan, agreed().covenant, households=n, share=0.2) for n in (5_000, 50_000))
    for less, more in zip(few, many, strict=True):
        assert less.odds_ratio is not None
        assert more.odds_ratio is not None
        assert 1 < more.without_noise < more.odds_ratio < less.odds_ratio


def test_with_too_few_households_nothing_is_found() -> None:
    assert all(f.odds_ratio is None for f in findable(agreed().plan, agreed().covenant, households=100, share=0.02))


def test_an_effect_of_the_stated_size_is_found_in_about_four_of_five_models() -> None:
    """40 models of one true effect: between 24 and 40 of them are expected at 80 %, all but one time in 3,000."""
    base = Truth(np.array([-1.4, 0.0, 0.0, 0.0, 0.0]), np.array([0.4, 0.4, 0.4, 0.4]))
    chosen = agree_on(base.codings, partners=3, clip=3.0)
    (wanted, *_) = findable(chosen.plan, chosen.covenant, households=6_000, share=0.2)
    assert wanted.odds_ratio is not None
    coefficients = base.coefficients.copy()
    coefficients[1] = log(wanted.odds_ratio) * (0.4 * 0.6) ** 0.5
    true, found = Truth(coefficients, base.prevalence), 0
    for seed in range(40):
        some = invent(true, 6_000, seed=seed)
        model = fit(chosen.plan, run_steps(chosen, records(some, chosen.partners), seed=seed))
        found += model.coefficients[1].demonstrated
    assert found >= 24


def test_the_worst_case_of_a_whole_model_is_within_the_cap_it_was_drafted_for() -> None:
    """A unit is fitted on or kept apart, so the dearer side is the worst case, and not both."""
    chosen, member = agreed(), agreed().member(COORDINATOR)
    rounds = tuple(
        planned_round(
            chosen.study,
            chosen.covenant,
            member.grid(digest_of(chosen.study), scheduled.period),
            period=scheduled.period,
            party=chosen.partners[0],
        )
        for scheduled in chosen.study.schedule
    )
    worst = worst_year(DeclaredPlan(rounds))
    assert 0.999 * CAP < Fraction(worst, 10**9) <= CAP
    assert worst <= cap_of(CAP)


def test_the_worst_case_is_of_the_year_and_party_at_hand() -> None:
    """Who is kept apart pays in step six only. In a year of that step alone, or at a partner of no other, it is all."""
    chosen = agreed()
    *fit_rounds, last = chosen.study.schedule
    later = last.model_copy(update={"opens": date(2027, 1, 4), "due": date(2027, 1, 5)})
    split = chosen.study.model_copy(update={"schedule": (*fit_rounds, later)})
    only = chosen.partners[1:]
    scores_only = chosen.study.model_copy(
        update={
            "tables": tuple(
                table if isinstance(table, StepTable) and table.held_out else _without(table, only)
                for table in chosen.study.tables
            )
        }
    )
    for study in (split, scores_only):
        reader = replace(chosen.member(COORDINATOR), studies={digest_of(study): study})
        grid = reader.grid(digest_of(study), last.period)
        planned = planned_round(study, chosen.covenant, grid, period=last.period, party=chosen.partners[0])
        # Two tables of scores, each 1 / (2 * 12): 1/12 rounded up, and one nano-rho for the shares.
        assert worst_charge(planned) == 83_333_334 + 1


def _without(table: Table, contributors: tuple[PartyId, ...]) -> Table:
    return table.model_copy(update={"contributors": contributors})


def draft() -> dict[str, Any]:
    counted = {"id": "meldingen", "kind": "events", "question": "Hoeveel?", "definition": "Elke melding"}
    column = {"measure": "meldingen", "periods_back": 1}
    return {
        "id": "herhaling-2025",
        "title": "Oefening",
        "ring_bits": 64,
        "measures": [counted],
        "model": {
            "id": "herhaling",
            "question": "Wat gaat samen met een volgende melding?",
            "definition": "Huishoudens met een melding in het jaar ervoor",
            "family": "logistic",
            "rho": "0.2",
            "contributors": list(example.SCHOOLS),
            "partners_per_unit": 2,
            "period_length": "year",
            "constant": 12,
            "clip_norm": 30,
            "holdout": 5,
            "population": column,
            "outcome": {"label": "Weer gemeld", "measure": "meldingen"},
            "features": [{"label": "Meer dan een", "above": 1, "times": 24, "minus": 6} | column],
        },
        "rounds": [
            {"period": f"2025-s{step:02d}", "opens": f"2026-03-{step:02d}", "due": f"2026-04-{step:02d}"}
            for step in range(1, 7)
        ],
    }


def test_a_model_is_drafted_in_toml_and_holds_under_the_covenant() -> None:
    study = study_of(draft(), example.covenant(), source="draft")
    check_study(study, example.covenant())
    plan = plan_for(study, Period("2025"))
    assert plan is not None
    assert plan.steps == (1, 2, 3, 4, 5, 6)
    assert study.parse(study.encode()) == study


@pytest.mark.parametrize(
    "change",
    [{"family": "boosted"}, {"rho": "veel"}, {"features": [{"label": "Leeg"}]}, {"surprise": 1}, {"gradients": 4}],
)
def test_a_draft_of_a_model_with_something_wrong_is_refused_by_name(change: dict[str, Any]) -> None:
    tree = deepcopy(draft()["model"]) | change
    with pytest.raises(WrongModelDraft, match="missing or of another form"):
        drafted(tree, source="draft")


def test_a_draft_with_little_rho_has_a_coarser_mean_and_keeps_its_noise_within_what_is_drawn() -> None:
    """Noise is counted in units of the mean: at a rho of 0.02 the finest would need a variance above 2^40."""
    per_ones = {}
    for rho in ("0.25", "0.02"):
        tree = draft()
        tree["model"] |= {"rho": rho, "clip_norm": 66, "partners_per_unit": 2}
        study = study_of(tree, example.covenant(), source="draft")
        check_study(study, example.covenant())
        plan = plan_for(study, Period("2025"))
        assert plan is not None
        per_ones[rho] = plan.curve.per_one
    assert per_ones == {"0.25": 1_024, "0.02": 256}
