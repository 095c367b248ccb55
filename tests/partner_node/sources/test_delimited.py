"""Delimited text: what is read, and what is refused."""

import csv
import io
import os
from collections.abc import Callable
from pathlib import Path
from random import Random

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partner_node.errors import SourceRefusal
from partner_node.sources import delimited
from partner_node.sources.delimited import (
    HalfWritten,
    RaggedRows,
    RowTooLong,
    StrayQuotes,
    open_delimited,
)
from partner_node.sources.encoding import UnknownEncoding, ZeroBytes
from partner_node.sources.source import DoubtfulHeader, UnknownColumn
from partner_node.sources.stamp import FileChanged, FileEmpty, FileUnreadable
from tests.partner_node.sources.rows_of import READ_AT_ONCE, Row, measured, rows_of

HEADER = "Huishouden;Datum;Wijk\n"
MEGABYTE = 2**20


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str | bytes], Path]:
    def write(content: str | bytes) -> Path:
        path = tmp_path / "meldingen.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


Written = Callable[[str | bytes], Path]


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_each_delimiter_is_read(written: Written, delimiter: str, line_end: str) -> None:
    """D09: delimiters."""
    path = written(line_end.join(delimiter.join(cells) for cells in ("abc", "123", ("4", "", "6"))) + line_end)
    source = open_delimited(path)
    assert source.columns == ("a", "b", "c")
    assert rows_of(source) == [("1", "2", "3"), ("4", None, "6")]
    assert rows_of(source, "c", "a") == [("3", "1"), ("6", "4")]


@pytest.mark.parametrize(
    ("codec", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", b"\xef\xbb\xbf"),
        ("utf-16-le", b"\xff\xfe"),
        ("utf-16-be", b"\xfe\xff"),
        ("cp1252", b""),
    ],
)
def test_each_encoding_is_read(written: Written, codec: str, mark: bytes) -> None:
    """D09: BOM, UTF-16, cp1252."""
    source = open_delimited(written(mark + "Soort;Naïef\npé;€ 5\n'ß';ÿ\n".encode(codec)))
    assert source.columns == ("Soort", "Naïef")
    assert rows_of(source) == [("pé", "€ 5"), ("'ß'", "ÿ")]


def test_one_late_letter_decides_the_encoding_of_the_whole_file(written: Written) -> None:
    """D09: three megabytes of ASCII come first; the letter lies across a chunk's border too."""
    filler = "a;b\n" * (3 * MEGABYTE // 4 - 1)
    for codec in ("utf-8", "cp1252"):
        path = written(f"x;y\n{filler[: MEGABYTE - 9]}\n1;é\n{filler}".encode(codec))
        assert ("1", "é") in rows_of(open_delimited(path))


@pytest.mark.parametrize("tail", [b"caf\xc3\xa9;x\nCAF\xc9 X;y\n", b"\xe9;\xe2\x82\xac\n"])
def test_two_encodings_in_one_file_are_refused(written: Written, tail: bytes) -> None:
    with pytest.raises(UnknownEncoding, match=r"in two encodings: 1 letters in UTF-8"):
        open_delimited(written(b"a;b\n" + tail))
    assert rows_of(open_delimited(written(b"a;b\nCAF\xc9 X;y\n"))) == [("CAFÉ X", "y")]  # control: one encoding


@pytest.mark.parametrize(
    "content",
    [
        b"a;b\n\x81;1\n",
        b"\xff\xfea\x00;\x00b\x00\n\x00\x00\xd8\n\x00",
        b"\xff\xfea\x00;\x00b\x00\n",
        b"\xef\xbb\xbfa;\xff\n",
    ],
)
def test_text_of_no_encoding_is_refused(written: Written, content: bytes) -> None:
    with pytest.raises(UnknownEncoding):
        open_delimited(written(content))


@pytest.mark.parametrize("content", [b"a;b\n1;\x00\n", "a;b\n1;2\n".encode("utf-16-le"), "a;b\n\0;1".encode("utf-16")])
def test_zero_bytes_are_refused(written: Written, content: bytes) -> None:
    """D09: NUL."""
    with pytest.raises(ZeroBytes):
        open_delimited(written(content))


def test_quotes_hold_delimiters_quotes_and_line_ends(written: Written) -> None:
    """D09: quotes, newline in field."""
    source = open_delimited(written('"a;1";b;"c\nd"\r\n1;"x;""y""\n\nz";"q\r"\r\n"";"""";""\n'))
    assert source.columns == ("a;1", "b", "c\nd")
    assert rows_of(source) == [("1", 'x;"y"\n\nz', "q\r"), (None, '"', None)]


@pytest.mark.parametrize("row", ['1;5" buis;3', '1;"a"b;3', '1; "a";3', "1;a\rb;3", '1;"a""";"b"c'])
def test_a_quote_or_return_out_of_place_is_refused(written: Written, row: str) -> None:
    with pytest.raises((StrayQuotes, HalfWritten)):
        rows_of(open_delimited(written(HEADER + row + "\n1;2;3\n")))


def test_ragged_rows_are_counted_and_refused(written: Written) -> None:
    """A long row and a short one would cancel out in a sum of delimiters; so would the fast reader take both."""
    path = written(HEADER + "1;2;3\n1;2\n1;2;3;4\n\n1;2;3\n;;;;\n")
    with pytest.raises(RaggedRows, match=r"3 rows in meldingen\.csv") as caught:
        rows_of(open_delimited(path))
    assert caught.value.hint == "the first is row 2 below the header"
    lazy = pl.scan_csv(path, separator=";", infer_schema=False).select("Huishouden")
    assert lazy.collect().height == 6  # control: the fast reader alone says nothing


def test_ragged_rows_in_a_late_block_are_found(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 64)
    whole = HEADER + "12;34;56\n" * 50
    assert rows_of(open_delimited(written(whole))) == [("12", "34", "56")] * 50
    with pytest.raises(RaggedRows, match="2 rows"):
        rows_of(open_delimited(written(whole + "1;2\n" + "12;34;56\n" * 50 + "1;2;3;4\n")))


def test_blank_rows_are_passed_over(written: Written) -> None:
    assert rows_of(open_delimited(written("a;b\r\n\r\n1;2\r\n\r\n\r\n3;4\r\n\r\n"))) == [("1", "2"), ("3", "4")]
    assert rows_of(open_delimited(written('a\n\n1\n\n""\n2\n\n'))) == [("1",), (None,), ("2",)]


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("a;b;a", "2 columns with a name that another has too in meldingen.csv, the first at place 1"),
        ("a;;c", "1 columns without a name in meldingen.csv, the first at place 2"),
        ("a; b;b ", "2 columns with a name that another has too in meldingen.csv, the first at place 2"),
        (";" * 100_000, "100001 columns in meldingen.csv"),
    ],
)
def test_a_doubtful_header_is_refused(written: Written, header: str, message: str) -> None:
    with pytest.raises(DoubtfulHeader, match=message):
        open_delimited(written(header + "\n1;2;3\n"))


def test_a_file_without_rows_gives_none_and_an_empty_file_is_refused(written: Written) -> None:
    assert rows_of(open_delimited(written("a;b\n"))) == []
    assert rows_of(open_delimited(written("a;b"))) == []
    for content in ("", "\n", "\ufeff\n1;2\n"):
        with pytest.raises(FileEmpty):
            open_delimited(written(content))


def test_a_renamed_column_is_refused_before_any_row(written: Written) -> None:
    """D05: the id column is missing; the error names the column asked for and none of the file's."""
    source = open_delimited(written(HEADER + "1;2;3\n"))
    with pytest.raises(UnknownColumn, match=r"without column huishouden\\u001b\[31m,") as caught:
        next(source.batches(["Datum", "huishouden\x1b[31m"]))
    assert "Huishouden" not in str(caught.value) + caught.value.hint


@pytest.mark.parametrize("tail", ["1;2", '1;2;"3', '1;2;"3\n', "1;2;3\n4"])
def test_a_file_that_stops_in_a_row_is_refused(written: Written, tail: str) -> None:
    with pytest.raises(HalfWritten):
        rows_of(open_delimited(written(HEADER + "1;2;3\n" + tail)))
    assert rows_of(open_delimited(written(HEADER + "1;2;3\n4;5;6"))) == [("1", "2", "3"), ("4", "5", "6")]  # control


def _append(path: Path) -> None:
    with path.open("a") as file:
        file.write("7;8;9\n")


def _replace(path: Path) -> None:
    other = path.with_suffix(".new")
    other.write_bytes(path.read_bytes())
    stamp = path.stat()
    os.utime(other, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    other.replace(path)


def _cut(path: Path) -> None:
    os.truncate(path, len(HEADER) + 4)


def _remove(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("change", [_append, _replace, _cut])
def test_a_file_that_changes_while_it_is_read_is_refused(
    written: Written, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], None]
) -> None:
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 32)
    path = written(HEADER + "1;2;3\n" * 40)
    frames = open_delimited(path).batches(["Wijk"])
    next(frames)
    change(path)
    with pytest.raises(FileChanged):
        list(frames)
    between = open_delimited(path)
    _append(path)
    with pytest.raises(FileChanged):
        next(between.batches(["Wijk"]))


def test_what_is_no_readable_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    locked = tmp_path / "locked.csv"
    locked.write_text("a;b\n")
    locked.chmod(0)
    tmp_path.chmod(0o755)
    for name, message in (("gone.csv", "no file"), (".", "a folder"), ("pipe.csv", "no plain file")):
        with pytest.raises(FileUnreadable, match=message):
            open_delimited(tmp_path / name)
    user = os.geteuid()
    if user == 0:
        for parent in tmp_path.parents[:2]:
            parent.chmod(0o755)
        os.seteuid(65534)  # root may read all; nobody may not
    try:
        with pytest.raises(FileUnreadable, match=r"may not read|no file"):
            open_delimited(locked)
    finally:
        os.seteuid(user)


SIGNS = st.text(st.characters(codec="cp1252", exclude_characters="\0\r\x81\x8d\x8f\x90\x9d"), max_size=6)
FORMATS = st.sampled_from(
    [("utf-8", b""), ("utf-8", b"\xef\xbb\xbf"), ("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff")]
)


@given(
    rows=st.lists(
        st.tuples(SIGNS | st.sampled_from(["=1+1", "\ufeffx", '"', ";", "\n", '""']), SIGNS, SIGNS), max_size=8
    ),
    delimiter=st.sampled_from(";,\t|"),
    line_end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    form=FORMATS,
    block_bytes=st.sampled_from([128, 2**16]),
)
def test_what_another_writer_wrote_comes_back_cell_by_cell(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str, str]],
    delimiter: str,
    line_end: str,
    quoting: int,
    form: tuple[str, bytes],
    block_bytes: int,
) -> None:
    """D09, D14: the standard library writes, this reads; formulas and escapes come back as they are."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=line_end, quoting=quoting)  # type: ignore[arg-type]  # typeshed wants literals
    writer.writerows([("a", "b", "c"), *rows])
    path = tmp_path_factory.mktemp("round") / "trip.csv"
    path.write_bytes(form[1] + text.getvalue().encode(form[0]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "BLOCK_BYTES", block_bytes)
        expected: list[Row] = [tuple(cell or None for cell in row) for row in rows]
        assert rows_of(open_delimited(path)) == expected


@given(st.binary(max_size=60) | st.text('ab;,"\n\r\té', max_size=40).map(str.encode))
def test_any_bytes_are_read_whole_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """What the grammar takes, the standard library takes too, with the same cells."""
    path = tmp_path_factory.mktemp("any") / "any.csv"
    path.write_bytes(content)
    try:
        source = open_delimited(path)
        got = rows_of(source)
    except SourceRefusal:
        return
    text = content.decode(source.codec).removeprefix("\ufeff")
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=source.delimiter, strict=True)
    expected: list[Row] = [tuple(cell or None for cell in line) for line in lines if line]
    assert got == expected[1:]


@pytest.mark.parametrize("cell", ["=cmd|' /C calc'!A0", "<script>x</script>", "\x1b[31m", "%s{0}", "a\n2026 forged"])
def test_a_malicious_cell_comes_as_it_is_and_never_into_an_error(written: Written, cell: str) -> None:
    """D14: inert; also where its row is refused."""
    assert rows_of(open_delimited(written(f'a;b\n1;"{cell}"\n'))) == [("1", cell)]
    with pytest.raises(SourceRefusal) as caught:
        rows_of(open_delimited(written(f'a;b\n1;"{cell}";3\n')))
    assert cell not in f"{caught.value}{caught.value.hint}{caught.value.__cause__}{caught.value.__context__}"


@pytest.mark.parametrize("before", ["", HEADER + "1;2;3\n", HEADER + '1;2;"'])
def test_a_gigabyte_on_one_line_is_refused_in_little_memory(tmp_path: Path, before: str) -> None:
    """D09: 1 GB line. The control reads the file in one go: the measure sees what that takes."""
    path = tmp_path / "long.csv"
    with path.open("wb") as file:
        file.write(before.encode())
        for _ in range(1000):
            file.write(b"x" * 1_000_000)
        file.write(b"\n")
    got = measured(path)
    assert got.said == "row-too-long"
    assert got.peak_mb < 500
    if not before:
        assert measured(path, READ_AT_ONCE).peak_mb > 500  # control


def test_a_million_columns_are_refused_early(tmp_path: Path) -> None:
    """D09: 1e6 columns."""
    path = tmp_path / "wide.csv"
    path.write_text(";".join(f"c{place}" for place in range(1_000_000)) + "\n")
    got = measured(path)
    assert got.said == "row-too-long"
    assert got.peak_mb < 500


def test_long_rows_end_at_the_limit(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 64)
    assert len(rows_of(open_delimited(written("a;b\n1;" + "x" * 61 + "\n")))) == 1
    with pytest.raises(RowTooLong):
        rows_of(open_delimited(written("a;b\n1;" + "x" * 62 + "\n")))


@given(st.lists(st.lists(st.text("ab;", max_size=4), min_size=1, max_size=5).map(";".join), max_size=8), st.randoms())
def test_a_row_too_long_never_makes_up_for_one_too_short(
    tmp_path_factory: pytest.TempPathFactory, rows: list[str], chance: Random
) -> None:
    """Asked for all columns the fast reader counts fields, asked for one our own count does: they must agree."""
    path = tmp_path_factory.mktemp("rows") / "meldingen.csv"
    path.write_text(HEADER + "".join(f"{row}\n" for row in rows))
    filled = [row for row in rows if row]
    ragged = [row for row in filled if row.count(";") != 2]
    columns = ["Huishouden", "Datum", "Wijk"]
    chance.shuffle(columns)
    for asked in (columns, columns[:1], columns[:2]):
        if ragged:
            with pytest.raises(RaggedRows, match=f"{len(ragged)} rows"):
                rows_of(open_delimited(path), *asked)
        else:
            assert len(rows_of(open_delimited(path), *asked)) == len(filled)
