"""Computes: what goes wrong between a register and its file, planted in known rows to hold a check to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from protocol.errors import Refusal
from simulations.registers.layouts import Layout

_PLACE = ("buurt", "postcode")


class ImpossibleFaults(Refusal):
    """Rates of faults below nothing, or so high together that no row would be right."""


class Fault(StrEnum):
    """One thing that is wrong with one line of a file; a line has at most one."""

    LATE = "late"  # the event is of an earlier quarter
    REVISED = "revised"  # a line delivered a quarter before, now with another code
    DUPLICATE = "duplicate"  # the same line a second time
    NO_UNIT = "no-unit"
    DUMMY_UNIT = "dummy-unit"  # an id or house number that stands for "unknown"
    NO_PLACE = "no-place"
    WRONG_LEVEL = "wrong-level"  # a wijk where a buurt belongs
    WRONG_DATE = "wrong-date"
    UNKNOWN_CODE = "unknown-code"


@dataclass(frozen=True, slots=True)
class FaultRates:
    """How often each fault befalls a row; no published figures exist, so all are assumptions.

    Raises: ImpossibleFaults.
    """

    late: float = 0.04
    revised: float = 0.01
    duplicate: float = 0.005
    no_unit: float = 0.01
    dummy_unit: float = 0.003
    no_place: float = 0.01
    wrong_level: float = 0.02
    wrong_date: float = 0.003
    unknown_code: float = 0.004

    def __post_init__(self) -> None:
        rates = (self.late, self.revised, *(share for _, share in self.in_place))
        if min(rates) < 0 or sum(rates) > 1:
            raise ImpossibleFaults(
                got="rates of faults outside these", wanted="0 to 1, together at most 1", act="mend the scenario"
            )

    @property
    def in_place(self) -> tuple[tuple[Fault, float], ...]:
        """The faults of a line by itself."""
        return (
            (Fault.DUPLICATE, self.duplicate),
            (Fault.NO_UNIT, self.no_unit),
            (Fault.DUMMY_UNIT, self.dummy_unit),
            (Fault.NO_PLACE, self.no_place),
            (Fault.WRONG_LEVEL, self.wrong_level),
            (Fault.WRONG_DATE, self.wrong_date),
            (Fault.UNKNOWN_CODE, self.unknown_code),
        )


USUAL = FaultRates()
FLAWLESS = FaultRates(0, 0, 0, 0, 0, 0, 0, 0, 0)


def choose_faults(rows: int, rates: FaultRates, generator: np.random.Generator) -> list[Fault | None]:
    """Draw for each row the fault that befalls it by itself, or none."""
    kinds: list[Fault | None] = [fault for fault, _ in rates.in_place]
    shares = [share for _, share in rates.in_place]
    chosen: NDArray[np.int64] = generator.choice(len(kinds) + 1, rows, p=[*shares, 1 - sum(shares)])
    return [[*kinds, None][place] for place in chosen.tolist()]


def spoiled(line: Sequence[str], fault: Fault, layout: Layout) -> list[str]:
    """Return the line with the fault in it; a late, revised or doubled line is as it was."""
    names = [name for name, _ in layout.headers]
    result = list(line)

    def put(name: str, text: str) -> None:
        result[names.index(name)] = text

    match fault:
        case Fault.NO_UNIT:
            put(layout.unit_column, "")
        case Fault.DUMMY_UNIT:
            put(layout.unit_column, layout.dummy)
        case Fault.NO_PLACE:
            for name in _PLACE:
                put(name, "")
        case Fault.WRONG_LEVEL:
            put("buurt", "WK" + result[names.index("buurt")][2:8])
        case Fault.WRONG_DATE:
            put("datum", "20231345" if "-" not in layout.date_form else "31-02-2023")
        case Fault.UNKNOWN_CODE:
            put(code_column(layout), "Q77")
        case _:
            pass
    return result


def code_column(layout: Layout) -> str:
    """Return the name of the column in which codes go wrong: the first that holds codes."""
    fixed = {"id", "huishouden", "bsn", "persoon", "buurt", "postcode", "huisnummer"}
    return next(name for name, _ in layout.headers if name not in fixed and not name.startswith("datum"))
