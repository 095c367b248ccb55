"""The grid: every cell has one place, every place one cell, and nothing but the agreement decides."""

import pytest

from protocol.study.grid import Cell, Grid, UnknownCell, WrongGeography, build_grid
from protocol.words.geography import AreaCode, Level
from protocol.words.ids import Code, TableId
from protocol.words.period import Period
from tests import example

AREAS = ("WK990100", "WK990101", "WK990102")


def test_the_cells_stand_in_the_written_order() -> None:
    assert [(c.table, c.period, c.area, c.category) for c in example.grid().cells()] == [
        *(("aard-vt", "2026-Q1", area, code) for area in AREAS for code in ("01", "02")),
        *(("meldingen-vt", "2026-Q1", area, None) for area in AREAS),
        *(("meldingen-vt", "2025-Q4", area, None) for area in AREAS),
        *(("verzuim-scholen", "2026-Q1", area, None) for area in AREAS),
    ]


def test_index_and_cell_are_each_others_inverse() -> None:
    grid = example.grid()
    cells = list(grid.cells())
    assert [grid.index(cell) for cell in cells] == list(range(grid.size)) == list(range(15))
    assert [grid.cell(place) for place in range(grid.size)] == cells


@pytest.mark.parametrize(
    "change",
    [
        {"table": TableId("unknown")},
        {"period": Period("2025-Q3")},
        {"area": AreaCode("WK990103")},
        {"area": AreaCode("BU99010001")},
        {"category": None},
        {"category": Code("03")},
    ],
)
def test_a_cell_outside_the_grid_is_refused(change: dict[str, str]) -> None:
    names = {"table": "aard-vt", "period": "2026-Q1", "area": "WK990100", "category": "01"} | change
    with pytest.raises(UnknownCell):
        example.grid().index(Cell(**names))  # type: ignore[arg-type] # plain strings stand for the ids


def test_a_category_in_a_table_without_categories_is_refused() -> None:
    cell = Cell(TableId("meldingen-vt"), example.QUARTER, AreaCode("WK990100"), Code("01"))
    with pytest.raises(UnknownCell):
        example.grid().index(cell)


@pytest.mark.parametrize("place", [-1, 15, 10**9])
def test_a_place_outside_the_grid_is_refused(place: int) -> None:
    with pytest.raises(UnknownCell):
        example.grid().cell(place)


def test_the_digest_names_the_cells_and_their_order() -> None:
    grid = example.grid()
    assert grid.digest == Grid(grid.segments).digest
    assert grid.digest != Grid(grid.segments[::-1]).digest
    finer = example.study().tables[1].model_copy(update={"level": Level.BUURT})
    study = example.study().model_copy(update={"tables": (example.study().tables[0], finer, example.study().tables[2])})
    assert example.grid(study).digest != grid.digest
    assert example.grid(study).size == 13


def test_a_geography_or_code_list_other_than_the_pinned_one_is_refused() -> None:
    newer = example.geography().model_copy(update={"year": 2027})
    codes = example.code_list().model_copy(update={"version": 2})
    for geography, code_lists in (
        (newer, (example.code_list(),)),
        (example.geography(), (codes,)),
        (example.geography(), ()),
    ):
        with pytest.raises(WrongGeography):
            build_grid(
                example.study(),
                example.QUARTER,
                covenant=example.covenant(),
                geography=geography,
                code_lists=code_lists,
            )
