"""The files of `samenzicht-sim region` at eight nodes set up with the commands: `check-data` finds the faults.

Each is set up as docs/operating-a-partner.md says, with the mapping, addresses and institutions of the region.
"""

import csv
import io
import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from partner_node.delivery.areas import AreaTable
from protocol.covenant.public_keys import PublicKeys
from protocol.digest import digest_of
from protocol.words.geography import Geography, GeographyReference
from simulations.cli.app import app
from simulations.region import make_region
from simulations.registers.faults import Fault
from simulations.registers.layouts import LAYOUTS
from tests.partner_node.cli.partner import Partner, covenant_with, new_partner
from tests.partner_node.quality.test_simulated_deliveries import PARTNERS, Key, World, expected, files_of, layout_of

SEED, YEAR, QUARTER = 3, 2022, 3
NONE = AreaTable(YEAR, {})  # the node reads its own


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("region") / "out"
    made = CliRunner().invoke(app, ["region", "--out", str(folder), "--years", "1", "--seed", str(SEED)])
    assert made.exit_code == 0, made.stderr
    text = (folder / "waarheid" / "fouten_oefengegevens.csv").read_text(encoding="utf-8")
    planted = tuple((row["bestand"], row["fout"]) for row in csv.DictReader(io.StringIO(text), delimiter=";"))
    return World(folder, make_region(SEED), NONE, planted)


def set_up(world: World, name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Partner:
    """Set up a partner's node: keys, signature, and init; then what ships with the region is put in place."""
    partner = new_partner(folder, name, monkeypatch)
    deliver(world, partner)
    partner.done("keys", name, "--officer", "fg=F. Gees (verzonnen)")
    geography = world.region.geography
    public = PublicKeys.parse((folder / f"{name}.public.json").read_bytes())
    reference = GeographyReference(id=geography.id, digest=digest_of(geography))
    partner.covenant = covenant_with(public).model_copy(update={"geography": reference})
    (folder / "agreement").mkdir()
    (folder / "agreement" / "draft.json").write_bytes(partner.covenant.encode())
    partner.done("covenant", "sign", "agreement/draft.json", "--party", name, "--yes")
    partner.collect()
    place_area(world, partner, geography)
    partner.done("init", "--party", name, "--profile", name, "--yes")
    shutil.copy(world.folder / name / "koppeling_oefengegevens.toml", folder / "mapping.toml")
    partner.config_line('institutions = "agreement/institutions.txt"')
    return partner


def deliver(world: World, partner: Partner) -> None:
    """Put the quarter's files in the folder of deliveries, and nothing else."""
    place = partner.folder / "deliveries"
    shutil.rmtree(place)
    place.mkdir(mode=0o700)
    for path in files_of(world, partner.party, YEAR, QUARTER):
        shutil.copy(path, place)


def place_area(world: World, partner: Partner, geography: Geography) -> None:
    agreement = partner.folder / "agreement"
    (agreement / "geography.json").write_bytes(geography.encode())
    shutil.copy(world.folder / "gebied" / "adressen_oefengegevens.csv", agreement / "postcodes.csv")
    shutil.copy(world.folder / "gebied" / "instellingen_oefengegevens.txt", agreement / "institutions.txt")


def checked(partner: Partner) -> tuple[Counter[Key], dict[str, int]]:
    """Return the faults that `check-data --json` shows, and the rows that it read of each file."""
    tree = json.loads(partner.done("check-data", "--json"))
    faults = Counter({(each["file"], each["column"], each["reason"]): each["rows"] for each in tree["faults"]})
    return faults, {each["file"]: each["read"] for each in tree["files"]}


def at_institutions(world: World, path: Path) -> int:
    """Count the rows of a file at the address of an institution, by hand."""
    layout = layout_of(path)
    names = dict(layout.headers)
    text = (world.folder / "gebied" / "instellingen_oefengegevens.txt").read_text()
    addresses = {tuple(line.split()) for line in text.splitlines()}
    rows = csv.DictReader(
        io.StringIO(path.read_bytes().decode(layout.encoding), newline=""), delimiter=layout.separator
    )
    return sum((row[names["postcode"]], row[names["huisnummer"]]) in addresses for row in rows)


def wanted(world: World, partner: str) -> Counter[Key]:
    """Say what the node must show: what was planted, and for who is known by address the rows at institutions."""
    total = Counter[Key]()
    for path in files_of(world, partner, YEAR, QUARTER):
        total += expected(world, path)
        if not layout_of(path).by_household:
            total += Counter({(path.name, "huisnummer", "institution"): at_institutions(world, path)})
    return total


@pytest.mark.parametrize("name", PARTNERS)
def test_check_data_shows_exactly_the_planted_faults(
    world: World, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """D03, VT-24: by file, column and reason, as `check-data --json` prints them at the partner's own node.

    Then one more wrong line, as a negative control: it is one more fault, and nothing else changes.
    """
    partner = set_up(world, name, tmp_path / name, monkeypatch)
    faults, read = checked(partner)
    assert faults == wanted(world, name)
    paths = files_of(world, name, YEAR, QUARTER)
    assert set(read) == {path.name for path in paths}
    assert len(paths) == sum(layout.partner == name for layout in LAYOUTS)
    assert sum(faults.values()) > 0
    layout = layout_of(paths[0])
    spoiled = partner.folder / "deliveries" / paths[0].name
    lines = paths[0].read_bytes().decode(layout.encoding).split("\r\n")
    cells = ["" for _ in layout.headers]
    cells[0] = f"{layout.prefix}999999"
    spoiled.write_bytes("\r\n".join([*lines[:-1], layout.separator.join(cells), ""]).encode(layout.encoding))
    more, read_more = checked(partner)
    assert {reason for _, _, reason in more - faults} == {"empty"}
    assert not faults - more
    assert read_more[paths[0].name] == read[paths[0].name] + 1


def test_every_kind_of_fault_and_an_institution_stand_in_the_files(world: World) -> None:
    """So that the test above has each of them to find."""
    quarter = f"_{YEAR}-K{QUARTER}_"
    assert {fault for file, fault in world.planted if quarter in file} == {str(fault) for fault in Fault}
    assert sum((wanted(world, name) for name in PARTNERS), Counter[Key]()).total() > 100
    at = {name: sum(at_institutions(world, path) for path in files_of(world, name, YEAR, QUARTER)) for name in PARTNERS}
    assert sum(at[name] for name in PARTNERS if name != "veilig-thuis") > 0
