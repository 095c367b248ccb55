"""Computes: what a round measures, who adds what to it, and its contexts: docs/protocol.md, sections 4, 6, 7 and 10.

Plain integers, lists and dictionaries; nothing is shared with the house's code. Slow on purpose.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from math import isqrt

from tests.reference.honest_wire import Json, canonical, labelled_hash, parsed

LENGTHS = {"": "year", "H": "half-year", "Q": "quarter"}  # after the dash; a month has digits only
LEVELS = {"GM": "gemeente", "WK": "wijk", "BU": "buurt"}  # any other code is a pc4


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a participant holds before any round, as bytes that were signed or pinned."""

    covenant_body: bytes
    study_body: bytes
    geography_body: bytes
    code_list_bodies: tuple[bytes, ...]

    @property
    def covenant(self) -> Json:
        """The covenant."""
        return parsed(self.covenant_body)

    @property
    def study(self) -> Json:
        """The study that this participant approved."""
        return parsed(self.study_body)

    @property
    def covenant_digest(self) -> bytes:
        """Its SHA-256."""
        return sha256(self.covenant_body).digest()

    @property
    def participants(self) -> list[str]:
        """Everybody but the coordinator, in order."""
        return [party["id"] for party in self.covenant["parties"] if party["role"] != "coordinator"]

    @property
    def coordinator(self) -> str:
        """The one coordinator."""
        return next(str(party["id"]) for party in self.covenant["parties"] if party["role"] == "coordinator")

    def keys(self, kind: str) -> dict[str, bytes]:
        """Return every party's public key of a kind; the coordinator has no agreement key."""
        return {party["id"]: bytes.fromhex(party[kind]) for party in self.covenant["parties"] if party[kind]}

    def origin(self, party: str) -> str:
        """Return the name of a party's log."""
        return f"samenzicht.log/{self.covenant['id']}/{party}"


@dataclass(frozen=True, slots=True)
class Segment:
    """The cells of one table and period."""

    table: Json
    period: str
    areas: list[str]
    categories: list[str | None]

    @property
    def size(self) -> int:
        """How many cells."""
        return len(self.areas) * len(self.categories)


def slot_of(agreement: Agreement, period: str) -> bytes:
    """Return the slot of a period; the covenant's version is left out."""
    names = (agreement.study["covenant_id"], agreement.study["id"], period)
    return labelled_hash("slot", *(name.encode() for name in names))


def segments(agreement: Agreement, period: str) -> list[Segment]:
    """Return the grid of a period, in order (section 7)."""
    areas = [area["code"] for area in parsed(agreement.geography_body)["areas"]]
    lists = {item["id"]: item for item in map(parsed, agreement.code_list_bodies)}
    found = []
    for table in agreement.study["tables"]:
        if table["period_length"] != length_of(period):
            continue
        chosen = lists[table["categories"]]["items"] if table["categories"] else [{"code": None}]
        inside = [code for code in areas if LEVELS.get(code[:2], "pc4") == table["level"]]
        named = period
        for _ in range(table["lateness"] + 1):
            found.append(Segment(table, named, inside, [item["code"] for item in chosen]))
            named = before(named)
    return found


def length_of(period: str) -> str:
    """Return the length of a period."""
    _, _, part = period.partition("-")
    return LENGTHS.get(part[:1], "month")


def first_month(period: str) -> tuple[int, int]:
    """Return the year and month in which a period begins."""
    year, _, part = period.partition("-")
    months = {"H": 6, "Q": 3}.get(part[:1], 1)
    return int(year), months * (int(part.lstrip("HQ") or 1) - 1) + 1


def before(period: str) -> str:
    """Return the period just before."""
    year, _, part = period.partition("-")
    if not part:
        return str(int(year) - 1)
    letter, number = (part[0], int(part[1:])) if part[0] in "HQ" else ("", int(part))
    digits = 1 if letter else 2
    if number > 1:
        return f"{year}-{letter}{number - 1:0{digits}}"
    last = {"H": 2, "Q": 4, "": 12}[letter]
    return f"{int(year) - 1}-{letter}{last:0{digits}}"


def round_spec(agreement: Agreement, period: str) -> Json:
    """Return the round-spec of a period, worked out here."""
    grid = segments(agreement, period)
    rows = [[one.table["id"], one.period, one.areas, one.categories] for one in grid]
    return {
        "kind": "round-spec",
        "format": 1,
        "covenant_digest": agreement.covenant_digest.hex(),
        "study_digest": sha256(agreement.study_body).hexdigest(),
        "period": period,
        "slot": slot_of(agreement, period).hex(),
        "grid_digest": labelled_hash("grid", canonical(rows)).hex(),
        "cells": sum(one.size for one in grid),
        "ring_bits": agreement.study["ring_bits"],
    }


def present(table: Json, participants: Sequence[str]) -> list[str]:
    """Return the contributors to a table that take part."""
    return [party for party in table["contributors"] if party in participants]


def is_delivered(agreement: Agreement, table: Json, participants: Sequence[str]) -> bool:
    """Tell whether a table is delivered: an own one with its owner there, a joint one with t + 2 contributors."""
    least = 1 if len(table["contributors"]) == 1 else agreement.covenant["colluders"] + 2
    return len(present(table, participants)) >= least


def variance_of(table: Json) -> Fraction:
    """Return sigma^2 of a table."""
    return Fraction(int(table["variance"]["numerator"]), int(table["variance"]["denominator"]))


def share(agreement: Agreement, table: Json, participants: Sequence[str]) -> Fraction:
    """Return the variance that each contributor adds."""
    if len(table["contributors"]) == 1:
        return variance_of(table)
    return variance_of(table) / (len(present(table, participants)) - int(agreement.covenant["colluders"]))


def contributed(agreement: Agreement, one: Segment, party: str, participants: Sequence[str]) -> bool:
    """Tell whether a party adds its counts and noise to a segment; elsewhere it adds zeros."""
    return party in one.table["contributors"] and is_delivered(agreement, one.table, participants)


def limit(grid: Sequence[Segment], summed: int) -> int:
    """Return the largest cell that a sum of so many vectors may have; 12 sigma is rounded up to a whole number."""
    bound = max(int(one.table["cell_bound"]) for one in grid)
    largest = 144 * max(variance_of(one.table) for one in grid)
    twelve_sigma = isqrt(-(-largest.numerator // largest.denominator) - 1) + 1
    return summed * (bound + twelve_sigma + 64)


def own_cells(agreement: Agreement, offer: Json, party: str, counts: Sequence[int]) -> list[int]:
    """Return x: a party's counts, and 0 in the cells of tables to which it contributes nothing."""
    kept: list[int] = []
    for one in segments(agreement, offer["spec"]["period"]):
        part = counts[len(kept) : len(kept) + one.size]
        kept += part if contributed(agreement, one, party, offer["participants"]) else [0] * one.size
    return kept


def context_of(offer: Json, readies: Sequence[Json]) -> bytes:
    """Return ctx."""
    parts = [sha256(canonical(offer)).digest()]
    for ready in readies:
        parts += [bytes.fromhex(ready["nonce"]), bytes.fromhex(ready["commitment"])]
    return labelled_hash("ctx", *parts)


def repair_context(context: bytes, gone: Sequence[str]) -> bytes:
    """Return ctx'."""
    return labelled_hash("repair", context, canonical(list(gone)))


def commitment(opening: bytes, counts: Sequence[int]) -> bytes:
    """Return com."""
    return sha256(opening + b"".join(count.to_bytes(8, "little", signed=True) for count in counts)).digest()
