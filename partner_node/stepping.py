"""Computes: from records to what a READY of a model's step freezes: the same steps as `counting.py`, row by row.

row       one for each unit: the numbers that the study names, cut off and coded     protocol/study/model.py
clip      to the model's norm, towards zero                                        privacy/model/rows.py
charge    what the unit adds to each cell, squared and priced, and who stays       privacy/filter.py
total     x: the sums over those who stay, cut off at each table's bound           privacy/model/statistics.py

The coefficients of a step come from the coordinator and are not believed: the norm holds for all of them. No function
here, nor anything it calls, returns a unit's predicted mean.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from partner_node.counting import EPOCH_ORDINAL, Counted, Known, count
from partner_node.records import Records
from partner_node.vault.book import Charges
from privacy.counts import CellCounts
from privacy.filter import admit, charges_of_squares
from privacy.model.rows import ModelRows, held_out
from privacy.model.statistics import UnitParts, step_parts
from privacy.terms import table_charges
from protocol.round.member import Member
from protocol.round.messages import Offer, StepSpec
from protocol.study.model import Column, ColumnKind, Feature, Model, StepTable
from protocol.words.code_list import CodeList
from protocol.words.ids import CodeListId, Digest
from protocol.words.period import Period, earlier, first_day, last_day


def count_step(
    records: Records, member: Member, study_digest: Digest, period: Period, *, parameters: tuple[int, ...], known: Known
) -> Counted:
    """Return x and the charges of a step. parameters: of the offer.

    Raises: YearClosed, WrongParameters, TooManyUnits, RowsOutOfRange, and the refusals of the filter.
    """
    study, grid = member.study(study_digest), member.grid(study_digest, period)
    tables = tuple(table for table in study.tables_for(period) if isinstance(table, StepTable))
    parts = _parts(records, member, tables, parameters, study_digest=study_digest, period=period)
    squares = np.stack([part.squares for part in parts], axis=1)
    charge = charges_of_squares(squares, table_charges(study, member.covenant, grid))
    year = study.round_for(period).covenant_year
    admitted = admit(charge, known.spent(year, records.unit_key), cap=member.covenant.party(member.id).yearly_cap)
    cells = [
        np.clip(part.total(admitted.stays), -table.cell_bound, table.cell_bound)
        for part, table in zip(parts, tables, strict=True)
    ]
    paying = (charge > 0) & admitted.stays
    keys = np.ascontiguousarray(records.unit_key[paying])
    charges = Charges(year, keys, charge[paying], keyed_by=records.keyed_by)
    return Counted(CellCounts(np.concatenate(cells)), charges)


def count_offer(records: Records, member: Member, offer: Offer, *, known: Known, secret: bytes) -> Counted:
    """Return x and the charges of what is offered: a round of counts, or a step of a model. secret: the node's.

    Raises: as `count` and `count_step`.
    """
    spec = offer.spec
    if isinstance(spec, StepSpec):
        return count_step(records, member, spec.study_digest, spec.period, parameters=spec.parameters, known=known)
    return count(records, member, spec.study_digest, spec.period, known=known, secret=secret)


def model_rows(
    records: Records, model: Model, measure: str, period: Period, code_lists: Mapping[CodeListId, CodeList]
) -> ModelRows:
    """Return the row of every unit; those outside the model's population are marked.

    period: of the step; a column may look at one before it.
    """

    def coded(feature: Feature) -> NDArray[np.int64]:
        return feature.times * _number(records, feature.column, period, code_lists) - feature.minus

    units = len(records.unit_key)
    constant = np.full(units, model.constant, dtype=np.int64)
    return ModelRows(
        coded=np.column_stack((constant, *(coded(feature) for feature in model.features))),
        outcome=coded(model.outcome),
        held_out=held_out(records.unit_key, model, measure),
        present=_number(records, model.population, period, code_lists) >= 1,
    )


def _parts(
    records: Records,
    member: Member,
    tables: tuple[StepTable, ...],
    parameters: tuple[int, ...],
    *,
    study_digest: Digest,
    period: Period,
) -> tuple[UnitParts, ...]:
    """Return what the units add to each table of the round; nothing, where this party does not contribute."""
    study = member.study(study_digest)
    lists = {code_list.id: code_list for code_list in member.code_lists}
    parts: list[UnitParts] = []
    start, rows_of = 0, dict[str, ModelRows]()
    for table in tables:
        model = study.model_of(table)
        end = start + model.parameters(table)
        if table.measure not in rows_of:
            rows_of[table.measure] = model_rows(records, model, table.measure, period, lists)
        (part,) = step_parts((table,), model, rows_of[table.measure], parameters[start:end])
        parts.append(part if member.id in table.contributors else part.nothing())
        start = end
    return tuple(parts)


def _number(
    records: Records, column: Column, period: Period, code_lists: Mapping[CodeListId, CodeList]
) -> NDArray[np.int64]:
    """Return a column's number of each unit, cut off; int64, shape (units,)."""
    units = len(records.unit_key)
    mine = _rows_of(records, column, period)
    most = column.above + column.most
    if column.kind is ColumnKind.AMOUNT:
        raw = np.zeros(units, dtype=np.int64)
        # Each amount is cut off before the sum, so that no sum wraps; the sum cut off afterwards is the same.
        np.add.at(raw, records.unit[mine], np.minimum(records.amounts[column.measure][mine], most))
        return np.clip(raw - column.above, 0, column.most)
    if column.code_list is not None:
        marks, codes = records.marks[column.code_list], code_lists[column.code_list].codes
        wanted = slice(None) if column.code is None else marks.code == codes.index(column.code)
        marked = np.zeros(len(mine), dtype=np.bool_)
        marked[marks.row[wanted]] = True
        if column.kind is ColumnKind.UNKNOWN:
            known = _rows(records, mine & marked) > 0
            return ((_rows(records, mine) > 0) & ~known).astype(np.int64)
        mine = mine & marked
    return np.clip(_rows(records, mine) - column.above, 0, column.most)


def _rows(records: Records, mine: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return how many of these rows each unit has."""
    return np.bincount(records.unit[mine], minlength=len(records.unit_key)).astype(np.int64)


def _rows_of(records: Records, column: Column, period: Period) -> NDArray[np.bool_]:
    """Return the rows of a column's measure and period."""
    days = earlier(period, column.periods_back)
    first, last = (day(days).toordinal() - EPOCH_ORDINAL for day in (first_day, last_day))
    mine = (records.day >= first) & (records.day <= last)
    return np.asarray(mine & records.counted[column.measure])
