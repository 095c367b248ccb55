"""Computes: who must deliver what by when, what came, how complete it is, and the words of a reminder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from privacy.language import Language
from protocol.covenant.covenant import Covenant
from protocol.study.declaration import Coverage, SignedDeclaration
from protocol.study.study import Study
from protocol.words.ids import PartyId
from protocol.words.period import Period

REMIND_DAYS = 7  # before a delivery is due


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    NOT_YET = "not-yet"  # the round has not opened
    DUE = "due"
    LATE = "late"
    RECEIVED = "received"


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """One partner and period. complete_percent: of its tables, those declared complete; None: nothing declared."""

    party: PartyId
    period: Period
    opens: date
    due: date
    received: date | None
    state: DeliveryState
    complete_percent: int | None
    shortfalls: tuple[str, ...]


Received = Mapping[tuple[PartyId, Period], date | None]


def delivery_lines(
    study: Study, declared: Sequence[SignedDeclaration], received: Received, *, today: date
) -> tuple[DeliveryLine, ...]:
    """Return a line for each partner and scheduled period. received: of each delivery that came, the day if known."""
    newest = {(signed.declaration.party, signed.declaration.period): signed.declaration for signed in declared}
    lines = []
    for scheduled in study.schedule:
        parties = sorted({party for table in study.tables_for(scheduled.period) for party in table.contributors})
        for party in parties:
            key = (party, scheduled.period)
            declaration = newest.get(key)
            tables = declaration.tables if declaration else ()
            complete = [entry for entry in tables if entry.coverage is Coverage.COMPLETE]
            state = DeliveryState.DUE
            if declaration is not None or key in received:
                state = DeliveryState.RECEIVED
            elif today < scheduled.opens:
                state = DeliveryState.NOT_YET
            elif today > scheduled.due:
                state = DeliveryState.LATE
            lines.append(
                DeliveryLine(
                    party,
                    scheduled.period,
                    scheduled.opens,
                    scheduled.due,
                    received.get(key),
                    state,
                    100 * len(complete) // len(tables) if tables else None,
                    tuple(f"{entry.table}: {entry.shortfall}" for entry in tables if entry.shortfall is not None),
                )
            )
    return tuple(lines)


def reminder(line: DeliveryLine, covenant: Covenant, *, today: date, language: Language) -> str | None:
    """Return the text of a reminder; None when there is nothing to remind of yet."""
    name, days = covenant.party(line.party).name, (line.due - today).days
    dutch = language is Language.DUTCH
    if line.state is DeliveryState.LATE and dutch:
        return f"Aan {name}: de levering over {line.period} was op {line.due} nodig en is er nog niet."
    if line.state is DeliveryState.LATE:
        return f"To {name}: the delivery for {line.period} was due on {line.due} and has not come."
    if line.state is DeliveryState.DUE and days <= REMIND_DAYS and dutch:
        return f"Aan {name}: de levering over {line.period} is nodig op {line.due}, over {days} dagen."
    if line.state is DeliveryState.DUE and days <= REMIND_DAYS:
        return f"To {name}: the delivery for {line.period} is due on {line.due}, in {days} days."
    return None
