"""Computes: covenant, parties and studies from the TOML that people write; what is signed is made from nothing else.

A person writes the few things that are decided; ids are put in order, and dates and variances get their one form.
"""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from coordinator.errors import OperatorRefusal
from coordinator.models.drafted import drafted
from protocol.cost import cap_of
from protocol.covenant.covenant import Covenant
from protocol.covenant.party import Party
from protocol.digest import digest_of
from protocol.study.study import DEFAULT_UPLOAD_BYTES, Study
from protocol.wire import MAX_INTEGER, canonical
from protocol.words.code_list import CodeList
from protocol.words.geography import Geography

MAX_DRAFT_BYTES = 1 << 20  # ten times a study of 500 tables
_ACT = "the author must mend the file"

Tree = dict[str, Any]


class WrongDraft(OperatorRefusal):
    """A file that is no TOML, or in which a value is missing, unknown or of another form."""


def read_draft(body: bytes, *, source: str) -> Tree:
    """Return the TOML of a file, with dates as text.

    Raises: WrongDraft.
    """
    try:
        if len(body) > MAX_DRAFT_BYTES:
            raise _wrong(source, "a file that is too large")
        tree = tomllib.loads(body.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise _wrong(source, "no TOML in UTF-8") from None
    return {key: _plain(value) for key, value in tree.items()}


def party_of(tree: Tree, *, source: str) -> Party:
    """Return a party. Its yearly cap is a text, `yearly_cap_rho = "0.25"`, and 0 where it is left out.

    Raises: WrongDraft, Malformed.
    """
    fields = dict(tree)
    cap = _fraction(fields.pop("yearly_cap_rho", "0"), source)
    defaults: Tree = {
        "type": None,
        "agreement_key": None,
        "wpg_permission": None,
        "run_by_coordinator": False,
        "officers": [],
    }
    whole = defaults | fields | {"yearly_cap": cap_of(cap)}
    return Party.parse(canonical(whole), source=source)


def code_list_of(tree: Tree, *, source: str) -> CodeList:
    """Return a code list; its codes may stand in any order.

    Raises: WrongDraft, Malformed, UnsortedCodes.
    """
    fields = dict(tree)
    defaults: Tree = {"kind": "code-list", "format": 1, "version": 1, "valid_until": None}
    return CodeList.parse(
        canonical(defaults | fields | {"items": _sorted(fields, "items", "code", source, {})}), source=source
    )


def covenant_of(
    tree: Tree, parties: Sequence[Party], geography: Geography, *, code_lists: Sequence[CodeList] = (), source: str
) -> Covenant:
    """Return a covenant over areas and lists. `joint_cap_rho` is the sum of the parties' caps where it is left out.

    Raises: WrongDraft, Malformed.
    """
    fields = dict(tree)
    joint = fields.pop("joint_cap_rho", None)
    cap = sum(party.yearly_cap for party in parties) if joint is None else cap_of(_fraction(joint, source))
    defaults = {
        "kind": "covenant",
        "format": 1,
        "version": 1,
        "previous": None,
        "unit": "household",
        "colluders": 1,
        "minimum_change": 2,
        "partners_per_unit": None,
        "retention_years": 7,
    }
    made = {
        "geography": {"id": geography.id, "digest": digest_of(geography)},
        "code_lists": [
            {"id": found.id, "digest": digest_of(found)} for found in sorted(code_lists, key=lambda found: found.id)
        ],
        "parties": [party.model_dump(mode="json") for party in sorted(parties, key=lambda party: party.id)],
        "joint_cap": cap,
    }
    return Covenant.parse(canonical(defaults | fields | made), source=source)


def study_of(tree: Tree, covenant: Covenant, *, source: str) -> Study:
    """Return a study. Measures, tables, rounds and contributors may stand in any order; a variance is `30` or `"61/2"`.

    Raises: WrongDraft, Malformed.
    """
    fields = dict(tree)
    model, steps = _model(fields.pop("model", None), source)
    defaults = {
        "kind": "study",
        "format": 1,
        "ring_bits": 32,
        "max_upload_bytes": DEFAULT_UPLOAD_BYTES,
        "publish_margin_percent": 100,
    }
    measures = _sorted(fields, "measures", "id", source, {"most_per_cell": 1, "most_options": None})
    tables = [_table(table, source) for table in _sorted(fields, "tables", "id", source, _TABLE)]
    made = {
        "covenant_id": covenant.id,
        "covenant_digest": str(digest_of(covenant)),
        "measures": sorted(measures + model, key=lambda entry: str(entry["id"])),
        "tables": sorted(tables + steps, key=lambda entry: str(entry["id"])),
        "schedule": _sorted(fields, "rounds", "period", source, {}),
    }
    fields.pop("rounds", None)
    return Study.parse(canonical(defaults | fields | made), source=source)


def _model(tree: object, source: str) -> tuple[list[Tree], list[Tree]]:
    """Return the measure and the steps of a model, where the draft has one."""
    if tree is None:
        return [], []
    if not isinstance(tree, dict):
        raise _wrong(source, "a model that is no table")
    measure, steps = drafted(tree, source=source)
    return [measure], steps


_TABLE: Tree = {"categories": None, "lateness": 0, "most_cells": 1, "joined_types_reason": None, "cell_bound": 10_000}


def _table(table: Tree, source: str) -> Tree:
    variance = _fraction(table.get("variance", ""), source)
    if variance < 0 or max(variance.numerator, variance.denominator) > MAX_INTEGER:
        raise _wrong(source, "a variance outside its range")
    contributors = table.get("contributors", [])
    ordered = sorted(contributors) if all(isinstance(party, str) for party in contributors) else contributors
    ratio = {"numerator": variance.numerator, "denominator": variance.denominator}
    return table | {"variance": ratio, "contributors": ordered}


def _sorted(fields: Mapping[str, Any], name: str, key: str, source: str, defaults: Tree) -> list[Tree]:
    entries = fields.get(name, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) and key in entry for entry in entries):
        raise _wrong(source, f"no list of {name} that each have {key}")
    return sorted((defaults | entry for entry in entries), key=lambda entry: str(entry[key]))


def _fraction(value: object, source: str) -> Fraction:
    # A float has no exact form that a person sees: 0.1 would be another number.
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise _wrong(source, "a number that is neither whole nor a text")
    try:
        return Fraction(value)
    except (ValueError, ZeroDivisionError):
        raise _wrong(source, "a text that is no number") from None


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, date) else value


def _wrong(source: str, got: str) -> WrongDraft:
    return WrongDraft(got=f"{got} in {source}", wanted="a file as docs/operating-the-coordinator.md shows", act=_ACT)
