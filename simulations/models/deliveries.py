"""Computes: invented households as the files that regions of Veilig Thuis deliver, and the model over them as a draft.

A feature is a code of a report or of an advice in the year before; the outcome, a report in the year after.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from coordinator.models.draft import GRADIENTS
from partner_node.profiles.profile import RecordType
from partner_node.profiles.veilig_thuis import ADVIES, MELDING
from protocol.words.geography import AreaCode
from protocol.words.ids import CodeListId, PartyId
from protocol.words.period import Period, step_in
from simulations.by_hand import document
from simulations.models.agreement import CONSTANT, Coding
from simulations.models.households import Households
from simulations.words import ORIGIN

MOST_FEATURES = 20
SEPARATOR, SEVERAL = ";", "|"
_AARD, _SAFE, _MORE = CodeListId("vt2-aard"), CodeListId("vt2-veiligheid"), CodeListId("vt2-aanvullend")
_MEASURE = {MELDING.id: "vt-meldingen", ADVIES.id: "vt-adviezen"}


@dataclass(frozen=True, slots=True)
class CodedFeature:
    """One feature as registered: rows of a record type with this code in this column."""

    record: RecordType
    column: str
    code_list: CodeListId
    code: str


FEATURES = (
    *(CodedFeature(MELDING, "aard", _AARD, f"A{number}") for number in range(1, 9)),
    *(CodedFeature(MELDING, "veiligheid", _SAFE, code) for code in ("V1", "V2")),
    *(CodedFeature(MELDING, "aanvullend", _MORE, code) for code in ("I1", "I9")),
    *(CodedFeature(ADVIES, "aard", _AARD, f"A{number}") for number in range(1, 9)),
)


def delivery_files(some: Households, party: PartyId, *, year: int, buurten: tuple[AreaCode, ...]) -> dict[str, bytes]:
    """Return a partner's files by name: last year's reports and advices with their features, this year's reports.

    year: of the outcome. Every household has a report in the year before, so that all are in the population.
    """
    again = np.flatnonzero(some.outcome)
    reports = [_cells(party, place, 0, year - 1, buurten) for place in range(len(some.outcome))]
    codes = {name: _codes(some.features, MELDING, name) for name in ("aard", "veiligheid", "aanvullend")}
    melding = [(*cells, *each) for cells, *each in zip(reports, *codes.values(), strict=True)]
    melding += [(*_cells(party, int(place), 1, year, buurten), "", "", "") for place in again]
    asked = _codes(some.features, ADVIES, "aard")
    advies = [(*_cells(party, place, 2, year - 1, buurten), code) for place, code in enumerate(asked) if code]
    melding_columns = ("meldingnummer", "huishouden", "buurt", "datum-melding", *codes)
    files = {"meldingen.csv": _csv(MELDING, melding_columns, melding)}
    if advies:
        files["adviezen.csv"] = _csv(ADVIES, ("adviesnummer", "huishouden", "buurt", "datum-start", "aard"), advies)
    return files


def study_draft(
    codings: tuple[Coding, ...],
    partners: tuple[PartyId, ...],
    period: Period,
    days: tuple[date, date],
    *,
    clip: float,
    rho: Fraction,
    gradients: int = GRADIENTS,
) -> str:
    """Return the draft of the study. days: on which every step opens, and by which it is due."""
    features = [
        {
            "label": f"{feature.record.label_nl}: {feature.code}",
            "measure": _MEASURE[feature.record.id],
            "code_list": feature.code_list,
            "code": feature.code,
            "periods_back": 1,
            "times": round(CONSTANT / coding.spread),
            "minus": round(CONSTANT * coding.mean / coding.spread),
        }
        for feature, coding in zip(FEATURES, codings, strict=False)
    ]
    model = {
        "id": "model",
        "question": "Welke kenmerken gaan samen met een volgende melding?",
        "definition": f"Huishoudens met een melding in het jaar ervoor ({ORIGIN})",
        "family": "logistic",
        "rho": str(rho),
        "gradients": gradients,
        "contributors": list(partners),
        "partners_per_unit": 1,
        "period_length": "year",
        "constant": CONSTANT,
        "clip_norm": round(clip * CONSTANT),
        "holdout": 5,
        "population": {"measure": "vt-meldingen", "periods_back": 1},
        "outcome": {"label": "Weer gemeld", "measure": "vt-meldingen"},
        "features": features,
    }
    used = sorted({"vt-meldingen", *(str(feature["measure"]) for feature in features)})
    opens, due = days
    return document(
        {
            "id": "model",
            "title": f"Wat gaat samen met een volgende melding ({ORIGIN})",
            "ring_bits": 64,
            "measures": [
                {"id": name, "kind": "events", "question": name, "definition": "Zoals de partner ze registreert"}
                for name in used
            ],
            "tables": [],
            "rounds": [
                {"period": step_in(period, step), "opens": str(opens), "due": str(due)}
                for step in range(1, gradients + 2)
            ],
            "model": model,
        }
    )


def _cells(party: PartyId, place: int, kind: int, year: int, buurten: tuple[AreaCode, ...]) -> tuple[str, ...]:
    """Return number, household, buurt and day of one row; nothing in them follows from a feature."""
    day = date(year, 1, 1) + timedelta(days=(37 * place + 11 * kind) % 365)
    return f"{kind}{place:07d}", f"{party}-{place:07d}", buurten[place % len(buurten)], f"{day:%Y%m%d}"


def _codes(features: NDArray[np.int64], record: RecordType, column: str) -> list[str]:
    """Return the cell of each household in a column: its codes, one after another."""
    size = features.shape[1]
    places = [
        place
        for place, feature in enumerate(FEATURES[:size])
        if (feature.record.id, feature.column) == (record.id, column)
    ]
    return [SEVERAL.join(FEATURES[places[found]].code for found in np.flatnonzero(row)) for row in features[:, places]]


def _csv(record: RecordType, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> bytes:
    lines = [tuple(record.column(name).header for name in columns), *rows]
    return "".join(f"{SEPARATOR.join(line)}\r\n" for line in lines).encode()
