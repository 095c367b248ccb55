"""From records to x and charges, on a real vault: bounds, late periods, the cap, and nobody but the unit itself."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from partner_node.counting import EPOCH_ORDINAL, Counted, count
from partner_node.records import Marks, Records
from partner_node.vault.carry_out import Frozen, carry_out
from partner_node.vault.shelf import VaultShelf
from partner_node.vault.unit_key import event_keys, unit_keys
from partner_node.vault.vault import Vault
from privacy.accountant import charge_of_events, worst_charge
from privacy.terms import planned_round
from protocol.covenant.covenant import Covenant
from protocol.digest import digest_of
from protocol.round.member import Member
from protocol.round.memory import BookCharges, Remember, SlotMemory
from protocol.round.messages import Attempt
from protocol.round.transitions import State
from protocol.study.grid import Cell
from protocol.study.measure import MeasureKind
from protocol.study.rules import check_study
from protocol.words.geography import AreaCode, Level
from protocol.words.ids import Code, CodeListId, Digest, MeasureId, PartyId, TableId
from protocol.words.period import Period
from tests import example
from tests.partner_node.vault.vault_party import new_vault, owner

SECRET = owner().node_secret
NORTH, SOUTH, EAST = (AreaCode(code) for code in ("WK990100", "WK990101", "WK990102"))
Q1, Q2 = example.QUARTER, Period("2026-Q2")
REPORTS, NATURE = TableId("meldingen-vt"), TableId("aard-vt")


@dataclass(frozen=True)
class Row:
    """One event of a household, in a wijk or nowhere, with codes of its nature."""

    unit: str
    event: str
    day: date
    area: AreaCode | None = NORTH
    codes: tuple[str, ...] = ()


class Ids:
    """The event ids of rows, as a delivery would have them."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows

    def keys(self, rows: NDArray[np.intp]) -> NDArray[np.uint8]:
        return event_keys(SECRET, [self.rows[place].event for place in rows.tolist()])


def delivery(*rows: Row) -> Records:
    units = sorted({row.unit for row in rows})
    wijken = example.geography().codes_at(Level.WIJK)
    codes = example.code_list().codes
    pairs = [(place, codes.index(Code(code))) for place, row in enumerate(rows) for code in row.codes]
    every = np.ones(len(rows), dtype=np.bool_)
    return Records(
        unit=np.array([units.index(row.unit) for row in rows], dtype=np.int64),
        unit_key=unit_keys(SECRET, units),
        events=Ids(rows),
        day=np.array([row.day.toordinal() - EPOCH_ORDINAL for row in rows], dtype=np.int32),
        areas={
            Level.WIJK: np.array([-1 if row.area is None else wijken.index(row.area) for row in rows], dtype=np.int32)
        },
        counted={MeasureId("aard"): every, MeasureId("meldingen"): every.copy()},
        amounts={},
        marks={
            CodeListId("aard"): Marks(
                np.array([row for row, _ in pairs], dtype=np.int64),
                np.array([code for _, code in pairs], dtype=np.int64),
            )
        },
    )


def member(party: PartyId = example.VT, covenant: Covenant | None = None) -> Member:
    chosen = covenant or example.covenant()
    study = example.study(chosen)
    return Member(
        party,
        chosen,
        example.geography(),
        (example.code_list(),),
        {digest_of(study): study},
        example.signing_key(party),
    )


def counted(vault: Vault, records: Records, period: Period = Q1, *, who: Member | None = None) -> Counted:
    chosen = who or member()
    (study,) = chosen.studies
    return count(records, chosen, study, period, known=VaultShelf(vault), secret=SECRET)


def figures(result: Counted, period: Period = Q1) -> dict[tuple[str, ...], int]:
    """Return the cells that are not 0, by table, period and area."""
    who = member()
    (study,) = who.studies
    grid = who.grid(study, period)
    cells = [grid.cell(place) for place in range(grid.size)]
    return {name(cell): int(n) for cell, n in zip(cells, result.cells.values, strict=True) if n}


def name(cell: Cell) -> tuple[str, ...]:
    parts = (cell.table, cell.period, cell.area, cell.category)
    return tuple(str(part) for part in parts if part is not None)


def lock(vault: Vault, result: Counted, number: int) -> None:
    slot = Digest(sha256(b"%d" % number).hexdigest())
    frozen = Frozen(slot, result.cells.values, b"r" * 32, b"s" * 32, result.charges, b"t" * 32)
    carry_out(vault, (Remember(SlotMemory(slot, State.READY, Attempt(0))),), frozen=frozen)
    carry_out(vault, (BookCharges(slot),))


def test_an_event_with_several_codes_costs_no_more_than_was_said_of_one_event(tmp_path: Path) -> None:
    """Also where events are counted by category, and not units: two cells of 1 / (2 * 200), and one of meldingen."""
    whole = example.study()
    measures = tuple(
        each.model_copy(update={"kind": MeasureKind.EVENTS, "most_options": None}) if each.id == "aard" else each
        for each in whole.measures
    )
    tables = tuple(
        each.model_copy(update={"most_cells": 4}) if each.id == NATURE else each.model_copy() for each in whole.tables
    )
    study = whole.model_copy(update={"measures": measures, "tables": tables})
    check_study(study, example.covenant())
    who = replace(member(), studies={digest_of(study): study})
    planned = planned_round(study, example.covenant(), who.grid(digest_of(study), Q1), period=Q1, party=example.VT)
    one = delivery(Row("a", "1", date(2026, 2, 1), NORTH, ("01", "02")))
    (paid,) = counted(new_vault(tmp_path), one, who=who).charges.nano_rho.tolist()
    assert paid == 7_500_001
    assert paid <= charge_of_events(planned, 1) <= worst_charge(planned)
    assert all(table.event_cells == min(2, table.cells) for table in planned.tables if table.name == NATURE)


def test_rows_are_counted_in_their_cell_and_nowhere_else(tmp_path: Path) -> None:
    rows = (
        Row("a", "1", date(2026, 1, 1), NORTH, ("01",)),
        Row("a", "2", date(2026, 3, 31), NORTH, ("01", "02")),
        Row("b", "3", date(2026, 2, 1), SOUTH),
        Row("c", "4", date(2026, 4, 1), SOUTH),  # a later quarter
        Row("d", "5", date(2025, 10, 1), EAST),  # the quarter before: a late row of meldingen
        Row("e", "6", date(2026, 2, 1), None, ("01",)),  # nowhere
        Row("f", "7", date(2025, 6, 1), EAST),  # too long ago
    )
    result = counted(new_vault(tmp_path), delivery(*rows))
    assert figures(result) == {
        ("aard-vt", "2026-Q1", NORTH, "01"): 1,
        ("aard-vt", "2026-Q1", NORTH, "02"): 1,
        ("meldingen-vt", "2026-Q1", NORTH): 2,
        ("meldingen-vt", "2026-Q1", SOUTH): 1,
        ("meldingen-vt", "2025-Q4", EAST): 1,
    }
    # aard: two cells of one household, (1 + 1) / (2 x 200); meldingen: 2^2 / (2 x 200); one nano-rho for the shares.
    charges = dict(zip([bytes(key) for key in result.charges.unit_key], result.charges.nano_rho.tolist(), strict=True))
    key = {unit: bytes(unit_keys(SECRET, [unit])[0]) for unit in "abde"}
    assert charges[key["a"]] == 15_000_001
    assert charges[key["b"]] == charges[key["d"]] == 2_500_001
    assert charges.get(key["e"], 0) == 0
    assert result.charges.covenant_year == 2026


def test_a_household_is_bounded(tmp_path: Path) -> None:
    """D01: a thousand rows in all wijken and both quarters add at most 3 in 2 cells of one table."""
    areas = (NORTH, SOUTH, EAST)
    rows = [Row("a", str(n), date(2026, 1 + n % 3, 1 + n % 28), areas[n % 3], ("01", "02")) for n in range(1_000)]
    found = Counter(
        {cell: n for cell, n in figures(counted(new_vault(tmp_path), delivery(*rows))).items() if cell[0] == REPORTS}
    )
    assert sorted(found.values()) == [3, 3]
    nature = {
        cell: n for cell, n in figures(counted(new_vault(tmp_path / "x"), delivery(*rows))).items() if cell[0] == NATURE
    }
    assert sorted(nature.values()) == [1, 1]


def test_an_event_is_counted_once_in_the_first_round_that_knows_it(tmp_path: Path) -> None:
    vault = new_vault(tmp_path)
    first = Row("a", "1", date(2026, 2, 1))
    lock(vault, counted(vault, delivery(first)), 1)
    late = Row("b", "2", date(2026, 2, 2), SOUTH)
    own = Row("c", "3", date(2026, 5, 5), EAST)
    result = counted(vault, delivery(first, late, own), Q2)
    assert {cell: n for cell, n in figures(result, Q2).items() if cell[0] == REPORTS} == {
        (REPORTS, "2026-Q1", SOUTH): 1,
        (REPORTS, "2026-Q2", EAST): 1,
    }
    lock(vault, result, 2)
    again = counted(vault, delivery(first, late, own), Q2)
    assert not [cell for cell in figures(again, Q2) if cell[0] == REPORTS]


def test_the_bound_holds_over_the_rounds_of_a_period(tmp_path: Path) -> None:
    """Two in the first round leave one of three for late events in the same cell."""
    vault = new_vault(tmp_path)
    rows = [Row("a", str(n), date(2026, 2, 1)) for n in range(2)]
    lock(vault, counted(vault, delivery(*rows)), 1)
    late = [Row("a", f"late {n}", date(2026, 2, 3)) for n in range(5)]
    result = counted(vault, delivery(*rows, *late), Q2)
    assert figures(result, Q2)[REPORTS, "2026-Q1", NORTH] == 1


def test_without_the_memory_of_earlier_rounds_the_bound_would_not_hold(tmp_path: Path) -> None:
    """The control: on a vault that has forgotten, the same late events add three more."""
    rows = [Row("a", str(n), date(2026, 2, 1)) for n in range(2)]
    late = [Row("a", f"late {n}", date(2026, 2, 3)) for n in range(5)]
    result = counted(new_vault(tmp_path), delivery(*rows, *late), Q2)
    assert figures(result, Q2)[REPORTS, "2026-Q1", NORTH] == 3


def test_who_would_pass_the_cap_is_left_out_silently_and_pays_nothing(tmp_path: Path) -> None:
    covenant = example.covenant()
    parties = tuple(
        replaced if party.id == example.VT else party
        for party in covenant.parties
        for replaced in (party.model_copy(update={"yearly_cap": 10_000_000}),)
    )
    low = member(covenant=covenant.model_copy(update={"parties": parties}))
    heavy = [Row("a", str(n), date(2026, 2, 1)) for n in range(3)]  # 9 / 400 = 0.0225 > 0.01
    light = Row("b", "9", date(2026, 2, 1), SOUTH)
    vault = new_vault(tmp_path)
    result = counted(vault, delivery(*heavy, light), who=low)
    assert result.cells.values.sum() == 1
    assert sorted(result.charges.nano_rho.tolist()) == [0, 2_500_001]
    lock(vault, result, 1)
    # What was left out was known then: no later round counts it, and the book stands at what was charged.
    later = counted(vault, delivery(*heavy, light), Q2, who=low)
    assert later.cells.values.sum() == 0


def test_a_stranger_changes_nothing_in_anothers_part(tmp_path: Path) -> None:
    """The part of each household is its own: with and without a stranger the difference is the stranger's rows."""
    areas = (NORTH, SOUTH, EAST)
    rows = [Row(f"unit {n % 7}", str(n), date(2026, 1 + n % 3, 3), areas[n % 3], ("01",)) for n in range(60)]
    stranger = Row("stranger", "x", date(2026, 1, 5), EAST, ("02",))
    without = counted(new_vault(tmp_path / "1"), delivery(*rows))
    with_one = counted(new_vault(tmp_path / "2"), delivery(*rows, stranger))
    difference = Counter(figures(with_one))
    difference.subtract(figures(without))
    assert {cell: n for cell, n in difference.items() if n} == {
        (REPORTS, "2026-Q1", EAST): 1,
        (NATURE, "2026-Q1", EAST, "02"): 1,
    }


@pytest.mark.parametrize("party", [example.WITNESS, example.POLICE])
def test_who_contributes_to_no_table_counts_nothing(tmp_path: Path, party: PartyId) -> None:
    rows = delivery(Row("a", "1", date(2026, 2, 1)))
    result = counted(new_vault(tmp_path, party), rows, who=member(party))
    assert not result.cells.values.any()
    assert not result.charges.nano_rho.any()


def test_a_cell_is_cut_off_at_its_public_bound(tmp_path: Path) -> None:
    who = member()
    (digest,) = who.studies
    study = who.studies[digest]
    tables = tuple(table.model_copy(update={"cell_bound": 5}) for table in study.tables)
    small = study.model_copy(update={"tables": tables})
    rows = delivery(*(Row(f"unit {n}", str(n), date(2026, 2, 1)) for n in range(40)))
    chosen = replace(who, studies={digest_of(small): small})
    result = count(rows, chosen, digest_of(small), Q1, known=VaultShelf(new_vault(tmp_path)), secret=SECRET)
    assert result.cells.values.max() == 5


def test_no_rows_at_all_count_to_nothing(tmp_path: Path) -> None:
    result = counted(new_vault(tmp_path), delivery())
    assert not result.cells.values.any()
    assert len(result.charges.unit_key) == 0
