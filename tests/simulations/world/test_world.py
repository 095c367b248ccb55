"""A world's parts against slower or other ones: vaults against memory, true figures row by row, borders."""

import csv
import io
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from protocol.study.grid import Segment
from protocol.words.geography import AreaCode, Geography, Level
from protocol.words.ids import PartyId, TableId
from protocol.words.period import Period
from simulations.folder import marked
from simulations.region import make_region
from simulations.registers.deliver import delivery_files
from simulations.registers.faults import FLAWLESS
from simulations.registers.layouts import LAYOUTS
from simulations.world.borders import Borders, merge_buurten
from simulations.world.feed import Delivered, Feed, quarter_of
from simulations.world.ground import Ground, make_ground
from simulations.world.measures import MEASURES
from simulations.world.shipped import load_scenario
from tests.simulations.world.playing import play


@pytest.fixture(scope="module")
def ground() -> Ground:
    return make_ground(1, 1)


def test_real_vaults_and_shelves_in_memory_give_the_same_world(tmp_path: Path) -> None:
    """Books, seen and counted rows, and a disk that is put back: every figure of every round, and every byte.

    So a world that is played again is the same, too.
    """
    scenario = load_scenario("restored-node")
    stored, remembered = play(scenario, vaults=tmp_path / "vaults"), play(scenario)
    assert stored.rounds == remembered.rounds
    assert stored.bundles == remembered.bundles


def test_true_figures_are_those_of_the_truth_that_is_written_beside_the_files(ground: Ground) -> None:
    """The oracle against the truth tables, counted row by row: households once, events each."""
    registers = [ground.registers[layout.partner, layout.record] for layout in LAYOUTS]
    files = delivery_files(ground.region, ground.population, registers, 1, faults=FLAWLESS)
    borders = Borders(ground.region.geography, {})
    codes = borders.geography.codes_at(Level.WIJK)
    segment = Segment(TableId("any"), Period("2023-Q2"), 0, codes, (None,))
    assert len(MEASURES) == 10
    for measure in MEASURES:
        text = files["waarheid/" + marked(f"{measure.partner}_{measure.record}", "csv")].decode()
        rows = [
            row
            for row in csv.DictReader(io.StringIO(text, newline=""), delimiter=";")
            if "2023-04-01" <= row["dag"] <= "2023-06-30"
        ]
        pairs = [("WK" + row["buurt"][2:8], row["huishouden"]) for row in rows]
        found = Counter(wijk for wijk, _ in (pairs if measure.kind == "events" else set(pairs)))
        true = ground.true_figures(measure, segment, Level.WIJK, borders)
        assert true.tolist() == [found[code] for code in codes], measure.id
        assert true.sum() > 10


def test_who_lives_in_an_institution_is_no_household_with_the_others_there(ground: Ground, tmp_path: Path) -> None:
    """The node knows GGZ's clients by address: each row at an institution is a unit of its own, counted by hand."""
    period = Period("2023-Q2")
    feed = Feed(ground, 1, FLAWLESS, tmp_path)
    quarters = frozenset(range(quarter_of(period) - 5, quarter_of(period) + 1))
    records = feed.records(
        PartyId("ggz"), Delivered(period, 5, quarters), Borders(ground.region.geography, {}), bytes(32)
    )
    register = ground.registers["ggz", "aanmelding"]
    delivered = register.address[: len(records.unit)]  # in order of day, and all on time
    at_institution = np.isin(delivered, ground.region.addresses.institutions)
    alone = np.count_nonzero(at_institution)
    together = np.unique(delivered[at_institution]).size
    assert alone > together  # negative control: as one unit for each address there would be fewer
    assert np.unique(records.unit).size == np.unique(delivered[~at_institution]).size + alone


def test_borders_that_change_leave_out_one_buurt_and_move_its_addresses() -> None:
    old = make_region(1).geography
    once = merge_buurten(Borders(old, {}))
    twice = merge_buurten(once)
    for borders, gone in ((once, 1), (twice, 2)):
        assert len(old.codes_at(Level.BUURT)) - len(borders.geography.codes_at(Level.BUURT)) == gone
        assert borders.geography.codes_at(Level.WIJK) == old.codes_at(Level.WIJK)
        now = set(borders.geography.codes_at(Level.BUURT))
        assert {borders.code_of(code) for code in old.codes_at(Level.BUURT)} == now
        assert all(before[:8] == after[:8] for before, after in borders.moved.items())
        assert Geography.parse(borders.geography.encode(), source="a test") == borders.geography
    assert len({old.id, once.geography.id, twice.geography.id}) == 3


def test_a_buurt_that_went_twice_ends_where_its_second_heir_did() -> None:
    old = make_region(1).geography
    first, second = AreaCode("BU99019999"), AreaCode("BU99019998")
    gone = next(iter(merge_buurten(Borders(old, {})).moved))
    assert merge_buurten(Borders(old, {first: gone, second: AreaCode("BU99010000")})).code_of(first) != gone
