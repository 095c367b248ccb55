"""Touches the world: an edition of areas without its maps: which years there are, and their names, parents and figures.

Most commands need no more than this, and so do not wait for the libraries of maps that `folder.py` needs.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from coordinator.errors import GeographyRefusal
from protocol.words.geography import AreaCode, Geography

GEOGRAPHY, FIGURES = "geography.json", "figures.json"
_YEAR = re.compile(r"[0-9]{4}")


class NoEdition(GeographyRefusal):
    """A year of which nothing was imported."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What is published of one area. None: nobody tells. context: other published numbers by column name."""

    inhabitants: int | None
    households: int | None
    context: Mapping[str, float]


def years(folder: Path) -> tuple[int, ...]:
    """Return the years of which there is an edition, in order."""
    if not folder.is_dir():
        return ()
    return tuple(sorted(int(place.name) for place in folder.iterdir() if _YEAR.fullmatch(place.name)))


def read_geography(folder: Path, year: int) -> Geography:
    """Return the areas of a year.

    Raises: NoEdition; what `Geography.parse` raises.
    """
    path = folder / str(year) / GEOGRAPHY
    if not path.exists():
        raise NoEdition(
            got=f"no areas of {year}",
            wanted=f"one of the years {', '.join(map(str, years(folder))) or 'that were imported'}",
            act="the operator must import them",
            hint="samenzicht-coordinator geography import",
        )
    return Geography.parse(path.read_bytes(), source="the folder")


def read_figures(folder: Path, year: int) -> Mapping[AreaCode, Figures]:
    """Return what is published of each area of a year that is there."""
    told = json.loads((folder / str(year) / FIGURES).read_bytes())
    return MappingProxyType(
        {
            AreaCode(code): Figures(entry["inhabitants"], entry["households"], MappingProxyType(entry["context"]))
            for code, entry in told.items()
        }
    )
