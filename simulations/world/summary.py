"""Computes: what a world leaves behind: a summary as JSON and CSV, and each year's bundle, all marked as invented."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from simulations.folder import marked
from simulations.region.files import csv_bytes
from simulations.words import ORIGIN
from simulations.world.agreement import FIRST_YEAR
from simulations.world.outcome import RoundOutcome
from simulations.world.run import WorldResult

ABOUT = (
    "De uitkomst van een gesimuleerde wereld: per ronde wat er gebeurde en hoe ver de cijfers van de waarheid lagen, "
    "en per jaar de controlebundel voor samenzicht-audit verify. Geen enkele persoon bestaat."
)
COLUMNS = (
    "ronde",
    "periode",
    "toestand",
    "deelnemers",
    "klopt",
    "getoond",
    "niet_getoond",
    "rmse_ruis",
    "binnen_marge",
    "rmse_waarheid",
    "afwijking_waarheid",
    "huishoudens_weggelaten",
    "procent_weggelaten",
    "niet_geleverd",
    "weigeringen",
    "herkomst",
)


@dataclass(frozen=True, slots=True)
class Played:
    """What was asked: the scenario by name, and the two choices."""

    scenario: str
    years: int
    seed: int


def summary_json(result: WorldResult, played: Played) -> str:
    """Return the whole summary as JSON."""
    tree = {
        "origin": ORIGIN,
        "scenario": played.scenario,
        "years": played.years,
        "seed": played.seed,
        "as_expected": result.as_expected,
        "differences": result.differences,
        "verified": {str(FIRST_YEAR + year - 1): holds for year, holds in result.verified.items()},
        "rounds": [_tree(found) for found in result.rounds],
    }
    return json.dumps(tree, ensure_ascii=False, indent=2)


def world_files(result: WorldResult, played: Played) -> Mapping[str, bytes]:
    """Return the name and content of every file."""
    files = {
        marked("samenvatting", "json"): summary_json(result, played).encode() + b"\n",
        marked("rondes", "csv"): csv_bytes(COLUMNS, (_row(found) for found in result.rounds)),
    }
    for year, bundle in result.bundles.items():
        folder = f"bundel-{FIRST_YEAR + year - 1}_oefengegevens"
        files |= {f"{folder}/{name}": body for name, body in bundle.items()}
    return files


def _tree(found: RoundOutcome) -> dict[str, object]:
    errors = found.errors
    return {
        "round": found.number,
        "period": found.period,
        "state": found.state,
        "participants": found.participants,
        "verified": found.verified,
        "not_delivered": found.not_delivered,
        "refusals": found.refusals,
        "shown": found.shown,
        "not_shown": dict(found.not_shown),
        "left_out": {"households": found.left_out, "percent": round(found.left_out_percent, 3)},
        "noise": {
            "cells": errors.cells,
            "rmse": round(errors.rmse_noise, 3),
            "variance_ratio": round(errors.variance_ratio, 4),
            "coverage": round(errors.coverage, 4),
        },
        "truth": {
            "cells": errors.truth_cells,
            "rmse": round(errors.rmse_truth, 3),
            "bias": round(errors.bias_truth, 3),
        },
    }


def _row(found: RoundOutcome) -> tuple[object, ...]:
    errors = found.errors
    return (
        found.number,
        found.period,
        found.state,
        len(found.participants),
        "ja" if found.verified else "nee",
        found.shown,
        sum(found.not_shown.values()),
        f"{errors.rmse_noise:.3f}",
        f"{errors.coverage:.4f}",
        f"{errors.rmse_truth:.3f}",
        f"{errors.bias_truth:.3f}",
        found.left_out,
        f"{found.left_out_percent:.3f}",
        " ".join(found.not_delivered),
        " ".join(found.refusals),
        ORIGIN,
    )
