"""Computes: the guarantee for one example household, as a value, three plain sentences and a table. Dutch and English.

What a privacy officer wants to know is how much better anyone could guess that a household is in the registers. That is
a bound for every attacker, whatever else he knows; the bound on one guess, not on what a guess is worth.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from math import ceil

from privacy.accountant import DeclaredPlan, year_of_events
from privacy.epsilon import DEFAULT_DELTA, MAX_DRAWS, SAMPLER_DISTANCE, Guarantee, guarantee_of, up
from privacy.errors import PrivacyRefusal
from privacy.language import Language
from protocol.cost import NANO, NanoRho, total

EVENTS_SHOWN = (1, 3, 6)  # DOMAIN 0.3: 38 % of the reports are repeats; six is a household that often comes back

_DIGITS = 40
_BITS = 60  # bisection steps: the advantage is above the true root by less than 2^-60


class NoPartner(PrivacyRefusal):
    """An explanation without a partner, or of a household without events: there is nothing to explain."""


@dataclass(frozen=True, slots=True)
class PartnerTerms:
    """What one partner agreed to for a covenant year: its declared plan and its cap in nano-rho."""

    plan: DeclaredPlan
    cap: NanoRho


@dataclass(frozen=True, slots=True)
class HouseholdGuarantee:
    """What can be learned of a household with so many events at each of so many partners, at most.

    plan_loss: nano-rho that the declared plans cost it together; caps: what they may cost it, whatever is run.
    plan_guess, cap_guess: right guesses in 100 that it is registered, from a start of 50, rounded up to tenths.
    guarantee: the (epsilon, delta) of the caps.
    """

    events: int
    partners: int
    plan_loss: NanoRho
    caps: NanoRho
    plan_guess: Decimal
    cap_guess: Decimal
    guarantee: Guarantee


def advantage_of(rho: Fraction) -> Decimal:
    """Return the largest v, rounded up, with v ln((1 + v) / (1 - v)) <= rho: the total variation that rho allows.

    A guesser who starts at 50 % is right with probability (1 + v) / 2 at most. Proof: rho-zCDP bounds the relative
    entropy by rho both ways. For any event with probabilities p and q = p - v they add up to at least
    v (logit p - logit q), which is least at p = 1 - q, where it is 2 v ln((1 + v) / (1 - v)).
    Source: Bun, Steinke 2016, arXiv:1605.02065, definition 1.1 at alpha -> 1; Gilardoni 2006 (Jeffreys' divergence and
    total variation); Le Cam for the guesser.
    """
    with localcontext(prec=_DIGITS):
        exact = Decimal(rho.numerator) / rho.denominator
        low, high = Decimal(0), Decimal(1)
        for _ in range(_BITS):
            middle = (low + high) / 2
            if middle * ((1 + middle) / (1 - middle)).ln() <= exact:
                low = middle
            else:
                high = middle
        return high


def right_guesses(nano_rho: NanoRho) -> Decimal:
    """Return how many of 100 guesses are right at most, with this much zCDP and a start of 50; up to tenths."""
    if nano_rho == 0:
        return Decimal("50.0")
    # Each draw of the sampler is at most 2^-100 from exact; that moves an advantage by no more than the last term.
    advantage = Fraction(advantage_of(Fraction(nano_rho, NANO))) + 2 * MAX_DRAWS * SAMPLER_DISTANCE
    return Decimal(ceil(500 * (1 + advantage))).scaleb(-1)


def explain(terms: Sequence[PartnerTerms], *, events: int, delta: Fraction = DEFAULT_DELTA) -> HouseholdGuarantee:
    """Return the guarantee for a household with so many events in the year at every one of these partners.

    By the filter no partner's plan costs it more than that partner's cap; over partners the losses add up.
    Raises: NoPartner, DeltaOutOfRange.
    """
    if not terms or events < 1:
        raise NoPartner(
            got="no partner, or no event",
            wanted="at least one of each",
            act="the caller must name a household that is in a register",
        )
    plan_loss = total(min(year_of_events(term.plan, events), term.cap) for term in terms)
    caps = total(term.cap for term in terms)
    return HouseholdGuarantee(
        events=events,
        partners=len(terms),
        plan_loss=plan_loss,
        caps=caps,
        plan_guess=right_guesses(plan_loss),
        cap_guess=right_guesses(caps),
        guarantee=guarantee_of(caps, delta),
    )


def examples(terms: Sequence[PartnerTerms], *, delta: Fraction = DEFAULT_DELTA) -> tuple[HouseholdGuarantee, ...]:
    """Return the guarantees of the example households: 1, 3 and 6 events, at the dearest partner and at all of them.

    Raises: NoPartner, DeltaOutOfRange.
    """
    shown = []
    for events in EVENTS_SHOWN:
        each = [explain((term,), events=events, delta=delta) for term in terms]
        shown.append(max(each, key=lambda one: (one.plan_loss, one.caps)))
        if len(terms) > 1:
            shown.append(explain(terms, events=events, delta=delta))
    return tuple(shown)


def sentences(household: HouseholdGuarantee, language: Language) -> tuple[str, str, str]:
    """Return three plain sentences: the question, the answer, and what it does not say."""
    text = _TEXTS[language]
    words = {
        "reports": text.reports[household.events > 1].format(household.events),
        "places": text.places[household.partners > 1].format(household.partners),
        "supply": text.supply[household.partners > 1],
        **{name: _number(value, language) for name, value in _shown(household).items()},
    }
    question, answer, limit = (sentence.format(**words) for sentence in text.sentences)
    return question, answer, limit


def table(households: Sequence[HouseholdGuarantee], language: Language) -> str:
    """Return the examples as aligned text, one row each; epsilon never without its cap and delta."""
    rows = [tuple(_number(value, language) for value in _shown(one).values()) for one in households]
    lines = (_TEXTS[language].heads, *rows)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(text.rjust(width) for text, width in zip(line, widths, strict=True)) for line in lines)


@dataclass(frozen=True, slots=True)
class _Text:
    """What is said in one language; pairs are for one and for more."""

    sentences: tuple[str, str, str]
    reports: tuple[str, str]
    places: tuple[str, str]
    supply: tuple[str, str]
    heads: tuple[str, ...]


_TEXTS = {
    Language.DUTCH: _Text(
        sentences=(
            (
                "Stel dat iemand wil raden of een huishouden met {reports} in een jaar bekend is bij {places}: "
                "zonder de cijfers raadt die persoon in 50 van de 100 gevallen goed."
            ),
            (
                "Met alle cijfers van dit meetplan is dat in hoogstens {plan_guess} van de 100 gevallen, en met alles "
                "wat {supply} in hoogstens {cap_guess} van de 100 gevallen."
            ),
            (
                "Dit gaat alleen over wat de cijfers vertellen, niet over wat iemand al weet of ergens anders leest "
                "(jaargrens rho {caps}; dat is epsilon {epsilon} bij delta {delta})."
            ),
        ),
        reports=("{} melding", "{} meldingen"),
        places=("één organisatie", "elk van {} organisaties"),
        supply=("deze organisatie in dat jaar mag leveren", "deze organisaties samen in dat jaar mogen leveren"),
        heads=(
            "meldingen",
            "organisaties",
            "meetplan rho",
            "goed geraden van 100",
            "jaargrens rho",
            "bij de grens",
            "epsilon",
            "delta",
        ),
    ),
    Language.ENGLISH: _Text(
        sentences=(
            (
                "Suppose someone wants to guess whether a household with {reports} in a year is known at {places}: "
                "without the figures that person guesses right in 50 of 100 cases."
            ),
            (
                "With all figures of this plan that is at most {plan_guess} of 100 cases, and with everything that "
                "{supply} at most {cap_guess} of 100 cases."
            ),
            (
                "This is only about what the figures tell, not about what someone already knows or reads elsewhere "
                "(yearly cap rho {caps}; that is epsilon {epsilon} at delta {delta})."
            ),
        ),
        reports=("{} report", "{} reports"),
        places=("one organisation", "each of {} organisations"),
        supply=("this organisation may deliver in that year", "these organisations together may deliver in that year"),
        heads=(
            "reports",
            "organisations",
            "plan rho",
            "guessed right of 100",
            "yearly cap rho",
            "at the cap",
            "epsilon",
            "delta",
        ),
    ),
}


def _shown(household: HouseholdGuarantee) -> dict[str, Decimal]:
    """Return the numbers of a household in the order of the table, rounded up for show."""
    delta = household.guarantee.delta
    return {
        "events": Decimal(household.events),
        "partners": Decimal(household.partners),
        "plan_loss": up(Decimal(household.plan_loss).scaleb(-9), places=4),
        "plan_guess": household.plan_guess,
        "caps": up(Decimal(household.caps).scaleb(-9), places=4),
        "cap_guess": household.cap_guess,
        "epsilon": up(household.guarantee.epsilon, places=2),
        "delta": Decimal(delta.numerator) / delta.denominator,
    }


def _number(value: Decimal, language: Language) -> str:
    text = f"{value:f}"
    return text.replace(".", ",") if language is Language.DUTCH else text
