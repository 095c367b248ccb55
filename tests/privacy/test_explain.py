"""What a privacy officer is told: a bound on guessing that holds, numbers rounded up, and plain sentences."""

import re
from fractions import Fraction
from math import erf, sqrt

import numpy as np
import pytest

from privacy.accountant import DeclaredPlan, PlannedRound, PlannedTable, year_of_events
from privacy.explain import (
    NoPartner,
    PartnerTerms,
    advantage_of,
    examples,
    explain,
    right_guesses,
    sentences,
    table,
)
from privacy.language import Language
from protocol.cost import NanoRho
from tests.reference.gaussian_table import floats

QUARTER = NanoRho(250_000_000)


def plan(variance: int, amount: int = 6) -> DeclaredPlan:
    tables = (PlannedTable("wijk", Fraction(variance), amount=amount),)
    return DeclaredPlan(tuple(PlannedRound(f"2026-{quarter}", tables) for quarter in range(1, 5)))


def total_variation(variance: int, shift: int) -> float:
    """Return the exact total variation between a count and the same count with `shift` more."""
    weights, padding = floats(Fraction(variance)), np.zeros(shift)
    return float(np.abs(np.concatenate((weights, padding)) - np.concatenate((padding, weights))).sum() / 2)


@pytest.mark.parametrize(("variance", "shift"), [(4, 1), (4, 3), (50, 1), (50, 10), (400, 60)])
def test_no_guesser_of_a_discrete_gaussian_beats_the_bound(variance: int, shift: int) -> None:
    exact = total_variation(variance, shift)
    bound = float(advantage_of(Fraction(shift**2, 2 * variance)))
    assert exact < bound < min(1.0, 1.4 * exact)  # it holds, and is not idle


def test_a_guesser_of_noise_with_twice_the_claimed_rho_beats_the_bound() -> None:
    """The control: the bound is near enough to the truth to tell a claim that is wrong by a factor two."""
    assert total_variation(50, 10) > float(advantage_of(Fraction(100, 200)))


@pytest.mark.parametrize("rho", [Fraction(1, 10**6), Fraction(1, 100), Fraction(1, 4), Fraction(3, 2), Fraction(8)])
def test_the_bound_lies_between_the_gaussian_and_pinsker(rho: Fraction) -> None:
    gaussian = erf(sqrt(float(rho)) / 2)
    pinsker = sqrt(float(rho) / 2)
    assert gaussian < float(advantage_of(rho)) < min(1.0, pinsker * (1 + 1e-9))


def test_the_binary_pair_that_attains_the_bound_is_met() -> None:
    # v ln((1 + v) / (1 - v)) at v = 1/2 is ln(3) / 2 = 0.549306144334054845697622618461...
    assert abs(float(advantage_of(Fraction("0.549306144334054845697622618461"))) - 0.5) < 1e-15


def test_right_guesses_are_rounded_up_to_tenths() -> None:
    assert [str(right_guesses(NanoRho(nano))) for nano in (0, 1, 250_000_000, 1_500_000_000)] == [
        "50.0",
        "50.1",
        "67.4",
        "87.9",
    ]


def test_a_household_costs_what_the_plan_says_until_the_cap() -> None:
    # 9 / 800 for three reports, two nano for each of four rounds
    three = explain((PartnerTerms(plan(400), QUARTER),), events=3)
    assert three.plan_loss == year_of_events(plan(400), 3) == 11_250_000 + 8
    assert three.caps == QUARTER
    # 36 / 40 would be 0.9: the filter stops at the cap
    assert explain((PartnerTerms(plan(20), QUARTER),), events=6).plan_loss == QUARTER


def test_losses_at_several_partners_add_up() -> None:
    terms = (PartnerTerms(plan(400), QUARTER), PartnerTerms(plan(800), NanoRho(100_000_000)))
    both = explain(terms, events=1)
    assert both.plan_loss == 1_250_008 + 625_008
    assert both.caps == 350_000_000
    assert both.guarantee.cap == both.caps


def test_the_examples_are_one_three_and_six_reports_at_the_dearest_and_at_all_partners() -> None:
    terms = (PartnerTerms(plan(800), QUARTER), PartnerTerms(plan(400), QUARTER), PartnerTerms(plan(900), QUARTER))
    shown = examples(terms)
    assert [(one.events, one.partners) for one in shown] == [(1, 1), (1, 3), (3, 1), (3, 3), (6, 1), (6, 3)]
    assert shown[0].plan_loss == 1_250_008
    assert all(one.plan_loss <= one.caps for one in shown)
    assert [one.events for one in examples(terms[:1])] == [1, 3, 6]


def test_the_sentences_in_dutch() -> None:
    terms = (PartnerTerms(plan(400), QUARTER),) * 2
    assert sentences(explain(terms[:1], events=1), Language.DUTCH) == (
        (
            "Stel dat iemand wil raden of een huishouden met 1 melding in een jaar bekend is bij één organisatie: "
            "zonder de cijfers raadt die persoon in 50 van de 100 gevallen goed."
        ),
        (
            "Met alle cijfers van dit meetplan is dat in hoogstens 51,3 van de 100 gevallen, en met alles wat deze "
            "organisatie in dat jaar mag leveren in hoogstens 67,4 van de 100 gevallen."
        ),
        (
            "Dit gaat alleen over wat de cijfers vertellen, niet over wat iemand al weet of ergens anders leest "
            "(jaargrens rho 0,2500; dat is epsilon 3,55 bij delta 0,000001)."
        ),
    )
    question, answer, _ = sentences(explain(terms, events=3), Language.DUTCH)
    assert "3 meldingen in een jaar bekend is bij elk van 2 organisaties" in question
    assert "wat deze organisaties samen in dat jaar mogen leveren" in answer


def test_the_sentences_in_english() -> None:
    assert sentences(explain((PartnerTerms(plan(400), QUARTER),), events=6), Language.ENGLISH) == (
        (
            "Suppose someone wants to guess whether a household with 6 reports in a year is known at one organisation: "
            "without the figures that person guesses right in 50 of 100 cases."
        ),
        (
            "With all figures of this plan that is at most 57.5 of 100 cases, and with everything that this "
            "organisation may deliver in that year at most 67.4 of 100 cases."
        ),
        (
            "This is only about what the figures tell, not about what someone already knows or reads elsewhere "
            "(yearly cap rho 0.2500; that is epsilon 3.55 at delta 0.000001)."
        ),
    )


@pytest.mark.parametrize("language", Language)
def test_epsilon_is_never_said_without_its_cap_and_delta(language: Language) -> None:
    """A04, second half: in every sentence and in the head of the table."""
    shown = examples((PartnerTerms(plan(400), QUARTER),) * 3)
    texts = [text for one in shown for text in sentences(one, language)] + table(shown, language).splitlines()[:1]
    cap = {Language.DUTCH: "jaargrens rho", Language.ENGLISH: "yearly cap rho"}[language]
    named = [text for text in texts if "epsilon" in text]
    assert len(named) == len(shown) + 1
    assert all(cap in text and "delta" in text for text in named)


@pytest.mark.parametrize("language", Language)
def test_nothing_is_said_to_be_safe_anonymous_or_impossible(language: Language) -> None:
    shown = examples((PartnerTerms(plan(400), QUARTER),) * 3)
    text = " ".join(text for one in shown for text in sentences(one, language)).lower()
    assert not re.search(r"anoni|anony|veilig|safe|onmogelijk|impossible|nooit|never|garan|guarant", text)


def test_the_table_has_a_row_for_each_example() -> None:
    lines = table(examples((PartnerTerms(plan(400), QUARTER),)), Language.DUTCH).splitlines()
    assert [line.split() for line in lines[1:]] == [
        ["1", "1", "0,0013", "51,3", "0,2500", "67,4", "3,55", "0,000001"],
        ["3", "1", "0,0113", "53,8", "0,2500", "67,4", "3,55", "0,000001"],
        ["6", "1", "0,0451", "57,5", "0,2500", "67,4", "3,55", "0,000001"],
    ]
    assert len({len(line) for line in lines}) == 1


def test_a_household_without_partner_or_event_is_refused() -> None:
    with pytest.raises(NoPartner):
        explain((), events=1)
    with pytest.raises(NoPartner):
        explain((PartnerTerms(plan(400), QUARTER),), events=0)
