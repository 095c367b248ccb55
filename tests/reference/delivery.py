"""A slow reader of deliveries: row by row in plain Python, written from the rules and not from the reader.

It knows the household route, one record type (melding of Veilig Thuis), and the sample geography of its caller.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from protocol.words.code_list import CodeList
from protocol.words.geography import Geography

Row = Mapping[str, str | None]
WORDS_FOR_NOBODY = {
    *("onbekend", "onb", "unknown", "geen", "leeg", "nvt", "n.v.t", "n.v.t.", "n/a", "na", "nan", "nb", "none"),
    *("null", "nil", "niet", "test", "inf", "-inf"),
}
COLUMNS = ("meldingnummer", "huishouden", "buurt", "datum-melding", "aard", "melder", "kinderen")


@dataclass(frozen=True, order=True)
class Read:
    """One record, by names: what the reader's arrays say when they are looked up."""

    unit: str
    event: str
    day: date
    areas: tuple[str, ...]
    children: int | None
    marks: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Reading:
    """Records in no order, and faults by column and reason."""

    records: Counter[Read]
    faults: Counter[tuple[str, str]]


def read(
    rows: Sequence[Row],
    geography: Geography,
    former: frozenset[str],
    lists: Mapping[str, Sequence[CodeList]],
    *,
    today: date,
) -> Reading:
    """Return what a delivery of these rows holds. lists: by column."""
    faults: Counter[tuple[str, str]] = Counter()
    kept: dict[tuple[str, str], list[Read]] = {}
    for row in rows:
        read_row = _row({name: text or "" for name, text in row.items()}, geography, former, lists, today, faults)
        if read_row is not None:
            kept.setdefault((read_row.unit, read_row.event), []).append(read_row)
    records: Counter[Read] = Counter()
    for same in kept.values():
        best = max(same, key=lambda each: _order(each, geography, lists))
        records[best] += 1
        for each in same:
            faults["meldingnummer", "doubled" if each == best else "doubled-otherwise"] += 1
        faults["meldingnummer", "doubled"] -= 1
    return Reading(records, +faults)


def _row(
    row: Mapping[str, str],
    geography: Geography,
    former: frozenset[str],
    lists: Mapping[str, Sequence[CodeList]],
    today: date,
    faults: Counter[tuple[str, str]],
) -> Read | None:
    event = one_form(row["meldingnummer"])
    if not event:
        faults["meldingnummer", "empty"] += 1
    unit = one_form(row["huishouden"])
    if not unit:
        faults["huishouden", "empty"] += 1
    elif is_nobody(unit):
        faults["huishouden", "dummy-unit"] += 1
    day, why = day_of(row["datum-melding"].strip(), today)
    if why:
        faults["datum-melding", why] += 1
    areas, why = _areas(row["buurt"].strip().upper(), geography, former)
    if why:
        faults["buurt", why] += 1
    children, why = _amount(row["kinderen"].strip())
    if why:
        faults["kinderen", why] += 1
    marks: set[tuple[str, str]] = set()
    for column in ("aard", "melder") if day is not None else ():
        found, why = _codes(row[column], lists[column], day or today, several=column == "aard")
        marks |= found
        if why:
            faults[column, why] += 1
    if not event or day is None or areas is None:
        return None
    own = f"own\x1fmelding\x1f{event}"
    whose = own if not unit or is_nobody(unit) else f"household\x1f{unit}"
    return Read(whose, f"melding\x1f{event}", day, areas, children, tuple(sorted(marks)))


def one_form(text: str) -> str:
    """Return an id as the rules of NORMALISATION 1 say."""
    composed = unicodedata.normalize("NFC", text)
    seen = "".join(sign for sign in composed if unicodedata.category(sign) not in {"Cc", "Cf", "Zs", "Zl", "Zp"})
    folded = unicodedata.normalize("NFC", seen.casefold())
    whole = folded.removesuffix(".0")
    if whole and set(whole) <= set("0123456789"):
        return whole.lstrip("0") or "0"
    return folded


def is_nobody(unit: str) -> bool:
    """Tell whether an id in its one form is a dummy."""
    one_digit = len(unit) >= 8 and len(set(unit)) == 1 and unit[0] in "123456789"
    rounded = re.fullmatch(r"[0-9]\.[0-9]+e\+[0-9]+", unit) is not None
    nothing = not any(sign.isalnum() for sign in unit)
    return unit in WORDS_FOR_NOBODY or unit == "0" or set(unit) == {"x"} or one_digit or rounded or nothing


def day_of(text: str, today: date) -> tuple[date | None, str]:
    """Return the day of a JJJJMMDD or ISO text, and what is wrong with it."""
    if not text:
        return None, "empty"
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        text = text.replace("-", "")
    if len(text) != 8 or not set(text) <= set("0123456789"):
        return None, "unreadable-date"
    year, month, day = int(text[:4]), int(text[4:6]), int(text[6:])
    if year < 1900 or year > 2199:
        return None, "impossible-date"
    if month == day == 0:
        return None, "unknown-month"
    try:
        found = date(year, month, max(day, 1))
    except ValueError:
        return None, "impossible-date"
    if found > today:
        return None, "future-date"
    return found, "unknown-day" if day == 0 else ""


def _areas(code: str, geography: Geography, former: frozenset[str]) -> tuple[tuple[str, ...] | None, str]:
    if not code:
        return None, "empty"
    if not re.fullmatch(r"GM[0-9]{4}|WK[0-9]{4}[0-9A-Z]{2}|BU[0-9]{4}[0-9A-Z]{2}[0-9]{2}|[1-9][0-9]{3}", code):
        return None, "unreadable-area"
    parents = {str(area.code): area.parent for area in geography.areas}
    if code not in parents:
        if code in former:
            return None, "old-area"
        ours = code[:2] in {"WK", "BU"} and f"GM{code[2:6]}" in parents
        return None, "unknown-area" if ours else "foreign-area"
    found = [code]
    while (parent := parents[found[-1]]) is not None:
        found.append(parent)
    return tuple(sorted(found)), ""


def _amount(text: str) -> tuple[int | None, str]:
    if not text:
        return None, "empty"
    whole = text.removesuffix(".0")
    if not re.fullmatch(r"[+-]?[0-9]+", whole):
        return None, "unreadable-amount"
    return (int(whole), "") if 0 <= int(whole) <= 30 else (None, "amount-out-of-range")


def _codes(text: str, lists: Sequence[CodeList], day: date, *, several: bool) -> tuple[set[tuple[str, str]], str]:
    words = [part.strip() for part in (text.split("|") if several else [text]) if part.strip()]
    if not words:
        return set(), "empty"
    marks: set[tuple[str, str]] = set()
    whys: set[str] = set()
    for word in words:
        in_lists = [(each, code) for each in lists for code in each.codes if word in {code, code.lstrip("0")}]
        valid = {
            (str(each.id), str(code))
            for each, code in in_lists
            if each.valid_from <= day and (each.valid_until is None or day <= each.valid_until)
        }
        marks |= valid
        if not valid:
            whys.add("code-not-valid" if in_lists else "unknown-code")
    return marks, "unknown-code" if "unknown-code" in whys else "".join(whys)


def _order(
    each: Read, geography: Geography, lists: Mapping[str, Sequence[CodeList]]
) -> tuple[date, list[int], int, list[list[tuple[str, int]]]]:
    """Return what decides between rows of one event and unit: day, areas by level, amount, codes by column."""
    levels = []
    for form in (r"GM.*", r"WK.*", r"BU.*", r"[1-9].*"):
        codes = sorted(str(area.code) for area in geography.areas if re.fullmatch(form, area.code))
        levels.append(next((codes.index(code) for code in each.areas if code in codes), -1))
    columns = []
    for column in ("aard", "melder"):
        place = {(str(of.id), str(code)): at for of in lists[column] for at, code in enumerate(of.codes)}
        columns.append(sorted((mark[0], place[mark]) for mark in each.marks if mark in place))
    return each.day, levels, -1 if each.children is None else each.children, columns
