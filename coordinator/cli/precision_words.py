"""Computes: the planner's answer as JSON and as tables for people."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from coordinator.planner.plan import PrecisionReport
from coordinator.planner.proposal import Proposal
from privacy.language import Language
from protocol.cost import NANO

if TYPE_CHECKING:
    from coordinator.models.power import Findable

_COLUMNS = {
    Language.DUTCH: (
        (
            "tabel",
            "niveau",
            "periode",
            "gebieden",
            "sigma2",
            "marge 95 %",
            "publiceerbaar",
            "kleinste verschil",
            "+ toeval",
        ),
        ("organisatie", "meldingen", "verlies rho", "grens rho", "goede gissingen op 100"),
        ("tabel", "organisatie", "weg door begrenzing", "weg door grens"),
        ("tabel", "sigma2", "publiceerbaar", "deel van de kosten", "anders"),
    ),
    Language.ENGLISH: (
        ("table", "level", "period", "areas", "sigma2", "margin 95 %", "publishable", "smallest change", "+ chance"),
        ("party", "events", "loss rho", "cap rho", "right guesses of 100"),
        ("table", "party", "left out by bounds", "left out by cap"),
        ("table", "sigma2", "publishable", "share of cost", "instead"),
    ),
}

Rows = Sequence[Sequence[object]]


def report_tree(report: PrecisionReport) -> dict[str, object]:
    """Return the report as JSON values; shares from 0 to 1, losses in rho."""
    return {
        "tables": [
            {
                "table": entry.table,
                "level": entry.level,
                "period": entry.period_length,
                "areas": entry.areas,
                "variance": float(entry.variance),
                "margin": entry.margin,
                "publishable": round(entry.publishable, 4),
                "typical": round(entry.typical, 2),
                "smallest_change": entry.smallest_change,
                "smallest_change_with_chance": entry.smallest_change_with_chance,
            }
            for entry in report.tables
        ],
        "losses": [
            {
                "party": loss.party,
                "events": household.events,
                "rho": household.plan_loss / NANO,
                "cap_rho": household.caps / NANO,
                "right_guesses": float(household.plan_guess),
                "guarantee": str(household.guarantee),
            }
            for loss in report.losses
            for household in loss.households
        ],
        "bias": [
            {
                "table": bias.table,
                "party": bias.party,
                "by_bounds": [round(float(quarter.by_bounds), 5) for quarter in bias.quarters],
                "by_cap": [round(float(quarter.by_cap), 5) for quarter in bias.quarters],
            }
            for bias in report.biases
        ],
    }


def proposal_tree(proposal: Proposal) -> dict[str, object]:
    """Return a proposal as JSON values."""
    return {
        "tables": [
            {
                "table": entry.table,
                "variance": entry.variance,
                "publishable": round(entry.publishable, 4),
                "cost_share": round(entry.cost_share, 4),
                "instead": [
                    {"change": advice.change, "to": advice.to, "publishable": round(advice.publishable, 4)}
                    for advice in entry.advice
                ],
            }
            for entry in proposal.tables
        ],
        "level_shares": {level.value: round(share, 4) for level, share in proposal.level_shares},
        "growth": proposal.growth,
        "fits": proposal.fits,
        "cap_factor": proposal.cap_factor,
    }


def report_rows(
    report: PrecisionReport, proposal: Proposal | None, lang: Language
) -> Iterator[tuple[Sequence[str], Rows]]:
    """Yield the tables for people, each with its columns."""
    columns = _COLUMNS[lang]
    yield (
        columns[0],
        [
            (
                entry.table,
                entry.level.value,
                entry.period_length.value,
                entry.areas,
                f"{float(entry.variance):g}",
                f"+-{entry.margin}",
                _percent(entry.publishable),
                entry.smallest_change,
                entry.smallest_change_with_chance,
            )
            for entry in report.tables
        ],
    )
    together = "samen" if lang is Language.DUTCH else "together"
    yield (
        columns[1],
        [
            (
                loss.party or together,
                household.events,
                household.plan_loss / NANO,
                household.caps / NANO,
                household.plan_guess,
            )
            for loss in report.losses
            for household in loss.households
        ],
    )
    yield (
        columns[2],
        [
            (
                bias.table,
                bias.party,
                _percent(max(float(quarter.by_bounds) for quarter in bias.quarters)),
                _percent(max(float(quarter.by_cap) for quarter in bias.quarters)),
            )
            for bias in report.biases
        ],
    )
    if proposal is not None:
        yield (
            columns[3],
            [
                (
                    entry.table,
                    "-" if entry.variance is None else entry.variance * proposal.growth,
                    _percent(entry.publishable),
                    _percent(entry.cost_share),
                    ", ".join(
                        f"{advice.change} {advice.to}: {_percent(advice.publishable)}" for advice in entry.advice
                    ),
                )
                for entry in proposal.tables
            ],
        )


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def findable_tree(found: "Sequence[Findable]") -> list[dict[str, object]]:
    """Return what a model could find as JSON values."""
    return [
        {"feature": each.label, "odds_ratio": each.odds_ratio, "without_noise": each.without_noise} for each in found
    ]


def findable_rows(found: "Sequence[Findable]", lang: Language) -> tuple[Sequence[str], Rows]:
    """Return the columns and rows of what a model could find."""
    dutch = ("kenmerk", "kleinste odds-ratio", "zonder ruis")
    columns = dutch if lang is Language.DUTCH else ("feature", "least odds ratio", "without noise")
    none = "geen" if lang is Language.DUTCH else "none"
    rows = [
        (each.label, none if each.odds_ratio is None else f"{each.odds_ratio:.2f}", f"{each.without_noise:.2f}")
        for each in found
    ]
    return columns, rows
