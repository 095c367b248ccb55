"""Touches the world: opens a partner's file as what its content says it is."""

from pathlib import Path

from partner_node.errors import SourceRefusal
from partner_node.sources.delimited import open_delimited
from partner_node.sources.parquet import open_parquet
from partner_node.sources.source import Source, printable
from partner_node.sources.stamp import stamp_of, unchanged
from partner_node.sources.workbook import open_workbook

TEXT = {".csv", ".txt", ".tsv"}
WORKBOOKS = {".xlsx", ".ods"}
PARQUET = {".parquet", ".pq"}


class UnknownFormat(SourceRefusal):
    """A file whose suffix is none of ours, or whose content is not what its suffix says."""


def open_source(path: Path, *, sheet: str | None = None) -> Source:
    """Return a file as a source. Suffix and first bytes must agree: a renamed file is refused.

    sheet: of a workbook; needed if it has several.
    Raises: SourceRefusal.
    """
    name, suffix = printable(path.name), path.suffix.lower()
    stamp = stamp_of(path)
    with unchanged(path, stamp), path.open("rb") as file:
        start = file.read(4)
    content = {b"PK\x03\x04": WORKBOOKS, b"PAR1": PARQUET, b"\xd0\xcf\x11\xe0": set[str]()}.get(start, TEXT)
    if suffix not in content or (sheet is not None and content is not WORKBOOKS):
        raise UnknownFormat(
            got=f"{name}, whose suffix or sheet does not fit its content",
            wanted=".csv, .txt, .tsv, .xlsx, .ods or .parquet that is what it says; a sheet in a workbook only",
            act="the partner's IT must export the file again in one of these forms",
            hint="old .xls, .xlsb, password and macro files are not read: save as .xlsx without macros",
        )
    if content is PARQUET:
        return open_parquet(path)
    return open_delimited(path) if content is TEXT else open_workbook(path, sheet=sheet)
