"""Touches the world: editions in the coordinator's folder, a folder a year, with the way from the year before.

geography.json   what a covenant pins, canonical
borders.geojson  shapes in metres, EPSG:28992, to whole decimetres
figures.json     inhabitants, households and context of each area
from-YEAR.csv    where the areas of the edition before went
"""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType

import shapely

from coordinator.errors import GeographyRefusal
from coordinator.geography.areas import FIGURES, GEOGRAPHY, read_figures, read_geography, years
from coordinator.geography.crosswalk import Part, crosswalk
from coordinator.geography.edition import Edition
from coordinator.whole_file import write_whole
from protocol.words.geography import AreaCode

_DECIMETRE = 0.1


class OtherEdition(GeographyRefusal):
    """An edition of a year that is there already, with other areas: covenants pin what was imported."""


def write_edition(folder: Path, edition: Edition) -> tuple[Part, ...]:
    """Write an edition and return where the areas of the newest one before it went; the same one again changes nothing.

    Raises: OtherEdition.
    """
    year, body = edition.geography.year, edition.geography.encode()
    place = folder / str(year)
    if (place / GEOGRAPHY).exists() and (place / GEOGRAPHY).read_bytes() != body:
        raise OtherEdition(
            got=f"other areas for {year} than were imported",
            wanted="one edition a year",
            act="the operator must start with another folder, or keep the edition that covenants may pin",
        )
    earlier = [before for before in years(folder) if before < year]
    parts: tuple[Part, ...] = ()
    if earlier:
        parts = crosswalk(read_edition(folder, earlier[-1]), edition)
        write_whole(place / f"from-{earlier[-1]}.csv", _crosswalk_csv(parts))
    write_whole(place / "borders.geojson", _borders(edition))
    write_whole(place / FIGURES, _figures(edition))
    write_whole(place / GEOGRAPHY, body)  # last: an edition is there when this is
    return parts


def read_edition(folder: Path, year: int) -> Edition:
    """Return an edition.

    Raises: NoEdition; what `Geography.parse` raises.
    """
    geography = read_geography(folder, year)
    features = json.loads((folder / str(year) / "borders.geojson").read_bytes())["features"]
    shapes = {AreaCode(f["id"]): shapely.from_geojson(json.dumps(f["geometry"])) for f in features}
    return Edition(geography, MappingProxyType(shapes), read_figures(folder, year))


def _borders(edition: Edition) -> bytes:
    features = [
        {
            "type": "Feature",
            "id": code,
            "properties": {"code": code},
            "geometry": json.loads(shapely.to_geojson(shapely.set_precision(shape, _DECIMETRE))),
        }
        for code, shape in sorted(edition.shapes.items())
    ]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::28992"}}
    return json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}, separators=(",", ":")).encode()


def _figures(edition: Edition) -> bytes:
    tree = {
        code: {"inhabitants": told.inhabitants, "households": told.households, "context": dict(told.context)}
        for code, told in sorted(edition.figures.items())
    }
    return json.dumps(tree, separators=(",", ":")).encode()


def _crosswalk_csv(parts: Sequence[Part]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    writer.writerow(("old", "new", "share_of_old_per_10000", "share_of_new_per_10000"))
    writer.writerows((part.old, part.new, part.share, part.new_share) for part in parts)
    return text.getvalue().encode()
