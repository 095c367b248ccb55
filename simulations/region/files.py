"""Computes: the files of a region, in the columns of CBS: maps, addresses and key figures."""

import csv
import io
from collections.abc import Iterable, Iterator

from protocol.words.geography import AreaCode, Level
from simulations.folder import marked
from simulations.region.names import POSTCODE_AREAS
from simulations.region.region import Region
from simulations.region.shapes import Feature, geojson
from simulations.words import ORIGIN

ADDRESS_COLUMNS = ("PC6", "Huisnummer", "Buurt", "Wijk", "Gemeente")  # of which the areas carry the year
FIGURE_COLUMNS = ("code", "naam", "wijkcode", "inwoners", "huishoudens", "inkomen_laag", "herkomst")
ABOUT = (
    "Een verzonnen Veilig Thuis-regio: kaarten (GeoJSON, EPSG:28992, gelegen in de Noordzee), adressen met hun buurt, "
    "instellingen en kerncijfers per buurt. Geen enkele naam of code bestaat echt."
)


def region_files(region: Region) -> dict[str, bytes]:
    """Return the name and content of each file of a region."""
    files = {
        marked("adressen", "csv"): _address_csv(region),
        marked("instellingen", "txt"): _institutions(region),
        marked("kerncijfers", "csv"): _figure_csv(region),
    }
    levels = {"gemeenten": Level.GEMEENTE, "wijken": Level.WIJK, "buurten": Level.BUURT}
    for stem, level in levels.items():
        features = [_feature(region, code) for code in region.geography.codes_at(level) if code in region.shapes]
        if features:
            files[marked(stem, "geojson")] = geojson(stem, features).encode()
    files[marked("postcodes", "geojson")] = geojson("postcodes", _postcodes(region)).encode()
    if region.water:
        water = (Feature(shape, (("water", "JA"),)) for shape in region.water)
        files[marked("water", "geojson")] = geojson("water", water).encode()
    return files


def _postcodes(region: Region) -> Iterator[Feature]:
    """Yield the postcode area of each wijk: in an invented region it is as large as the wijk."""
    for postcode, wijk in zip(POSTCODE_AREAS, region.geography.codes_at(Level.WIJK), strict=False):
        properties = (("postcode4", str(postcode)), ("gemeentecode", "GM" + wijk[2:6]), ("water", "NEE"))
        yield Feature(region.shapes[wijk], properties)


def _feature(region: Region, code: AreaCode) -> Feature:
    """Give an area the columns that CBS gives it: its own code and name, and the codes above it."""
    stem = {"GM": "gemeente", "WK": "wijk", "BU": "buurt"}[code[:2]]
    properties: list[tuple[str, str | int]] = [(f"{stem}code", code), (f"{stem}naam", region.names[code])]
    if code[:2] != "GM":
        properties.append(("gemeentecode", "GM" + code[2:6]))
    if code[:2] == "BU":
        properties += [("wijkcode", "WK" + code[2:8]), ("inwoners", region.populations[code])]
    return Feature(region.shapes[code], (*properties, ("water", "NEE")))


def _address_csv(region: Region) -> bytes:
    addresses, codes = region.addresses, region.buurten.codes
    rows = (
        (addresses.postcodes[postcode], number, codes[buurt], "WK" + codes[buurt][2:8], "GM" + codes[buurt][2:6])
        for postcode, number, buurt in zip(
            addresses.postcode.tolist(), addresses.house_number.tolist(), addresses.buurt.tolist(), strict=True
        )
    )
    year = region.geography.year
    return csv_bytes((*ADDRESS_COLUMNS[:2], *(f"{name}{year}" for name in ADDRESS_COLUMNS[2:])), rows)


def _institutions(region: Region) -> bytes:
    """Return the list that a node reads: a postcode and a house number on each line, and nothing else."""
    addresses = region.addresses
    places = addresses.institutions.tolist()
    lines = [f"{addresses.postcodes[addresses.postcode[at]]} {addresses.house_number[at]}\n" for at in places]
    return "".join(lines).encode()


def _figure_csv(region: Region) -> bytes:
    buurten = region.buurten
    rows = (
        (code, region.names[code], "WK" + code[2:8], people, households, income, ORIGIN)
        for code, people, households, income in zip(
            buurten.codes,
            buurten.inhabitants.tolist(),
            buurten.households.tolist(),
            buurten.income_low.tolist(),
            strict=True,
        )
    )
    return csv_bytes(FIGURE_COLUMNS, rows)


def csv_bytes(columns: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> bytes:
    """Return a CSV as CBS writes it: semicolons, UTF-8, one line a row."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()
