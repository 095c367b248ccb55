"""Who is due, who is late, and how complete what came is."""

from datetime import date

from coordinator.delivery_monitor import DeliveryLine, DeliveryState, delivery_lines, reminder
from privacy.language import Language
from protocol.study.declaration import Coverage, Shortfall, TableCoverage
from tests import bundles, example

STUDY = example.study()
ROUND = STUDY.round_for(example.QUARTER)
VT = example.VT
RECEIVED = date(2026, 4, 14)


def line_of(party: str, today: date, *, declared: bool = False, partial: bool = False) -> DeliveryLine:
    tables = [table.id for table in STUDY.tables_for(example.QUARTER) if VT in table.contributors]
    coverage = TableCoverage(table=tables[0], coverage=Coverage.PARTIAL, shortfall=Shortfall.LATE) if partial else None
    papers = [bundles.declaration(STUDY, VT, coverage=coverage)] if declared else []
    received = {(VT, example.QUARTER): RECEIVED} if declared else {}
    lines = delivery_lines(STUDY, papers, received, today=today)
    return next(line for line in lines if line.party == party and line.period == example.QUARTER)


def test_a_delivery_is_due_late_or_received_with_its_dates() -> None:
    """ZN-16: due date, received date and a reminder."""
    due = line_of(VT, ROUND.opens)
    assert (due.state, due.due, due.received) == (DeliveryState.DUE, ROUND.due, None)
    late = line_of(VT, date(ROUND.due.year, 12, 31))
    assert late.state is DeliveryState.LATE
    came = line_of(VT, date(ROUND.due.year, 12, 31), declared=True)
    assert (came.state, came.received, came.complete_percent) == (DeliveryState.RECEIVED, RECEIVED, 100)
    assert line_of(VT, date(2026, 1, 1)).state is DeliveryState.NOT_YET


def test_completeness_is_the_share_of_tables_declared_complete_with_the_reason_of_the_rest() -> None:
    """ZN-17: completeness for each delivery, and why it is short."""
    tables = [table.id for table in STUDY.tables_for(example.QUARTER) if VT in table.contributors]
    partial = line_of(VT, ROUND.opens, declared=True, partial=True)
    assert partial.complete_percent == 100 * (len(tables) - 1) // len(tables)
    assert partial.shortfalls == (f"{tables[0]}: late",)


def test_a_reminder_names_party_period_and_date_and_nobody_is_reminded_early() -> None:
    covenant, late_day = example.covenant(), date(ROUND.due.year, 12, 31)
    late = reminder(line_of(VT, late_day), covenant, today=late_day, language=Language.DUTCH)
    assert late is not None
    assert str(covenant.party(VT).name) in late
    assert str(ROUND.due) in late
    assert reminder(line_of(VT, ROUND.due), covenant, today=ROUND.due, language=Language.ENGLISH) is not None
    came = line_of(VT, late_day, declared=True)
    assert reminder(came, covenant, today=late_day, language=Language.DUTCH) is None
    assert reminder(line_of(VT, date(2026, 1, 1)), covenant, today=date(2026, 1, 1), language=Language.DUTCH) is None
