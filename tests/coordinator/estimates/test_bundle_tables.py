"""Published tables as figures: one hidden cell leaves a table out, and what is left is hardly too high."""

from fractions import Fraction

import numpy as np
import pytest

from coordinator.estimates.bundle_tables import UnsoundBundle, bundle_tables, published_table
from privacy.counts import NoisedCounts
from privacy.precision import PrecisionRule, Shown, show
from protocol.ratio import Ratio
from protocol.release import NotShown, ReleasedCell, ReleasedTable
from protocol.study.grid import Segment
from protocol.words.geography import AreaCode
from protocol.words.ids import TableId
from protocol.words.period import Period

AREAS = tuple(AreaCode(f"WK9001{number:02d}") for number in range(6))
SEGMENT = Segment(TableId("t"), Period("2025-Q1"), 0, AREAS, (None,))
RULE, VARIANCE = PrecisionRule(Fraction(1, 2), reference=1), Fraction(50)


def released(values: list[int]) -> ReleasedTable:
    """Return the table as it is published: half-width 14 and a margin of 50 % hide what is below 28."""
    cells = show(NoisedCounts(np.array(values, dtype=np.int64)), variance=VARIANCE, rule=RULE)
    return ReleasedTable(
        table=SEGMENT.table,
        period=SEGMENT.period,
        variance=Ratio.of(VARIANCE),
        cells=tuple(
            ReleasedCell(index=place, value=cell.value, not_shown=None)
            if isinstance(cell, Shown)
            else ReleasedCell(index=place, value=None, not_shown=NotShown.TOO_UNCERTAIN)
            for place, cell in enumerate(cells)
        ),
    )


def test_a_table_with_a_hidden_cell_is_left_out_whole_and_another_is_as_it_was_opened() -> None:
    whole = published_table(released([28, 40, 50, 60, 70, 80]), SEGMENT, Period("2025-Q2"))
    assert whole.values.values.tolist() == [28, 40, 50, 60, 70, 80]
    assert whole.variance == 50
    assert whole.counted_in == "2025-Q2"
    left_out = published_table(released([27, 40, 50, 60, 70, 80]), SEGMENT, Period("2025-Q1"))
    assert left_out.variance is None
    assert not left_out.values.values.any()


@pytest.mark.parametrize(("level", "most"), [(40, 0.025), (56, 0.002)])
def test_what_is_left_is_hardly_too_high(level: int, most: float) -> None:
    """3,000 tables of six equal wijken; the bias of a sum, standard error 0.13 % of 240. At 40 it is 1 % and more."""
    chance = np.random.default_rng(71)
    sums = []
    for _ in range(3_000):
        values = np.rint(level + chance.normal(0, 50**0.5, 6)).astype(int).tolist()
        table = published_table(released(values), SEGMENT, Period("2025-Q1"))
        if table.variance is not None:
            sums.append(sum(table.values.values.tolist()) / (6 * level) - 1)
    assert len(sums) > 2_000
    assert abs(np.mean(sums)) < most
    assert (np.mean(sums) > 0.01) == (level == 40)


def test_quiet_wijken_are_not_made_busy_by_taking_only_what_is_shown() -> None:
    """Three wijken of 20 and three of 80: in 1,000 tables hardly one is taken whole.

    Negative control: taken cell by cell, the quiet ones read 28 and more where 20 is true.
    """
    chance, levels = np.random.default_rng(72), np.repeat([20, 80], 3)
    taken, shown = 0, []
    for _ in range(1_000):
        table = released(np.rint(levels + chance.normal(0, 50**0.5, 6)).astype(int).tolist())
        taken += published_table(table, SEGMENT, Period("2025-Q1")).variance is not None
        shown += [cell.value for cell in table.cells[:3] if cell.value is not None]
    assert taken < 10
    assert np.mean(shown) > 28


def test_a_folder_that_is_no_bundle_is_refused() -> None:
    with pytest.raises(UnsoundBundle):
        bundle_tables({"index.json": b"{}"})
