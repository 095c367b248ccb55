"""Computes: refusals of a whole delivery, all its problems together, before anything is counted."""

from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from partner_node.delivery.mapping import Mapping as DeliveryMapping
from partner_node.delivery.mapping import MissingFile, UnmappedFile, record_of, shown, unit_columns
from partner_node.delivery.unit_ids import normalised_id, normalised_ids
from partner_node.delivery.values import looks_like_a_day
from partner_node.errors import DeliveryRefusal
from partner_node.profiles.profile import Profile, Route
from partner_node.sources.source import Source
from protocol.errors import Refusal, refuse_all

FEWEST_TO_JUDGE = 20  # fewer ids can be alike by chance
MOST_TO_JUDGE = 10_000  # rows from the start of a file; what a column holds shows in far fewer
MOST_ALIKE = 0.95  # of the distinct ids; a few odd ones do not make a column of dates into ids
_AREA = r"^(?:(?:GM[0-9]{4}|WK[0-9]{4}[0-9A-Z]{2}|BU[0-9]{4}[0-9A-Z]{2}[0-9]{2})|[1-9][0-9]{3} ?[A-Za-z]{2})$"

_NO_DAY = r"[^0-9T:.\s\x1c-\x1f-]"


class MissingColumn(DeliveryRefusal):
    """A file without a column that the mapping names."""


class EmptyFile(DeliveryRefusal):
    """A file without rows."""


class NoUsableRow(DeliveryRefusal):
    """A file of which no row can be used."""


class NotAnId(DeliveryRefusal):
    """A column mapped as an id that holds something else: dates, codes, areas, or one value."""


def check_files(sources: Sequence[Source], mapping: DeliveryMapping) -> dict[str, list[Source]]:
    """Return the files of each record type, in order of name.

    Raises: MissingFile, UnmappedFile.
    """
    files: dict[str, list[Source]] = {}
    problems: list[Refusal] = []
    for source in sorted(sources, key=lambda each: each.name):
        try:
            files.setdefault(record_of(source.name, mapping), []).append(source)
        except UnmappedFile as problem:
            problems.append(problem)
    names = [source.name for source in sources]
    problems.extend(
        UnmappedFile(
            got=f"two files of the name {shown(name)}",
            wanted="each file once",
            act="the partner must deliver each file once",
        )
        for name in sorted({name for name in names if names.count(name) > 1})
    )
    problems.extend(
        MissingFile(
            got=f"no file for the record type {record}",
            wanted="one, because it is in the mapping",
            act="the partner must deliver it, or take the record type out of the mapping",
        )
        for record in mapping.record
        if record not in files
    )
    refuse_all(tuple(problems), subject="delivery")
    return files


def check_columns(files: Mapping[str, Sequence[Source]], mapping: DeliveryMapping) -> None:
    """Refuse files without a mapped column. A file's own header is not shown: without one it would be a record.

    Raises: MissingColumn.
    """
    problems = [
        MissingColumn(
            got=f"{shown(source.name)} without the column {shown(header)}, mapped as {name} of {record}",
            wanted="every mapped column",
            act="the partner must mend the mapping or the export",
            hint="a column may have got another name, or the file lacks its header line",
        )
        for record, sources in files.items()
        for source in sources
        for name, header in mapping.record[record].columns.items()
        if source.columns.count(header) != 1
    ]
    refuse_all(tuple(problems), subject="delivery")


def check_ids(files: Mapping[str, Sequence[Source]], profile: Profile, mapping: DeliveryMapping) -> None:
    """Refuse a column mapped as an id that plainly is none: all rows would be one unit, or units would be days.

    Raises: EmptyFile, NotAnId.
    """
    codes = frozenset(normalised_id(code) for each in profile.code_lists() for code in each.codes)
    problems: list[Refusal] = []
    for name, sources in files.items():
        record, mapped = profile.record(name), mapping.record[name]
        units = () if mapping.route is Route.ADDRESS else unit_columns(record, mapping.route)
        ids = [*units, record.event]
        for source in sources:
            batch = next(iter(source.batches([mapped.columns[column] for column in ids])), None)
            if batch is None or batch.is_empty():
                problems.append(_empty(source.name))
                continue
            for column in ids:
                texts = batch[mapped.columns[column]].head(MOST_TO_JUDGE)
                problems.extend(_not_an_id(texts, codes, f"{column} of {name} in {shown(source.name)}"))
    refuse_all(tuple(problems), subject="delivery")


def check_rows(without_rows: Sequence[str]) -> None:
    """Refuse a delivery with files of which nothing can be used.

    Raises: NoUsableRow.
    """
    problems = [
        NoUsableRow(
            got=f"{shown(file)}, of which no row can be used",
            wanted="rows with an id, a date and an area",
            act="the partner must look at the quality report and mend the mapping or the export",
        )
        for file in without_rows
    ]
    refuse_all(tuple(problems), subject="delivery")


def _not_an_id(texts: pl.Series, codes: frozenset[str], where: str) -> Iterator[Refusal]:
    """Yield why these texts cannot be ids, if they cannot."""
    filled = texts.drop_nulls()
    filled = filled.filter(filled.str.strip_chars() != "")
    if len(filled) < FEWEST_TO_JUDGE:
        return
    distinct = filled.unique()
    what = None
    if len(normalised_ids(distinct).unique()) == 1:
        what = "one value in all rows"
    elif distinct.str.strip_chars().str.contains(_AREA).sum() >= MOST_ALIKE * len(distinct):
        what = "areas or postcodes"
    elif set(normalised_ids(distinct).to_list()) <= codes:
        what = "codes"
    elif sum(map(looks_like_a_day, _of_days(distinct))) >= MOST_ALIKE * len(distinct):
        what = "dates"
    if what is not None:
        yield NotAnId(
            got=f"{what} where {where} should be",
            wanted="an id of each",
            act="the partner must map another column",
        )


def _of_days(texts: pl.Series) -> list[str]:
    """Return the texts that hold no sign but those of a day: the others are not worth a look at each."""
    return texts.filter(~texts.str.contains(_NO_DAY)).to_list()


def _empty(file: str) -> EmptyFile:
    return EmptyFile(
        got=f"{shown(file)} without rows",
        wanted="at least one row",
        act="the partner must deliver the file again, or declare the table as not delivered",
    )
