"""Computes: a good file with one to three changes, and what a reader makes of it: a value or a refusal by name."""

import io
from collections.abc import Sequence
from pathlib import Path
from random import Random
from time import process_time
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from protocol.errors import Refusal
from tests.partner_node.fuzzed.readers import Reader
from tests.protocol.ledger.fuzz import mutated

MOST_S = 3.0  # processor time for one small file, in all threads; a healthy one takes milliseconds
MOST_GROWTH_BYTES = 300 << 20
LOOK_EVERY = 100  # inputs between two looks at the memory
PAGE = 4096
# What tables, TOML and XML are most easily fooled by.
TOKENS = (
    b";", b",", b"\t", b'"', b'""', b"\r", b"\r\n", b"\n\n", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\0", b"\x1a",
    b"9" * 5_000, b"1e400", b"-0", b"nan", b"inf", b"0x", b"_", b"1979-05-27T07:32:00-23:59", b"0000-00-00",
    b"[", b"]", b"[[", b"[[record]]\n", b"{", b"}", b"{" * 3_000, b"[" * 3_000, b"a." * 3_000, b"'''", b'"""',
    b"\\ud800", b"\\UFFFFFFFF", b"=", b"#", b"x" * 70_000, b"\xc3\x28", b"<", b"</", b"&amp;", b"&#0;", b"<!--", b"]]>",
    b'r="A1048577"', b'r="XFD1"', b'r="-1"', b' r="x"', b"1048577", b"4294967296", b"18446744073709551616",
    b' table:number-columns-repeated="x"', b' table:number-rows-repeated="-5"', b't="s"><v>999999</v>', b"encoding='x'",
    b"<?xml version='1.0' encoding='utf-7'?>", b"<?xml version='1.0' encoding='shift_jis'?>",
)  # fmt: skip


class Escaped(AssertionError):
    """A reader raised what is no refusal, took too long, or kept memory."""


def damaged(reader: Reader, seeds: Sequence[bytes], chance: Random) -> bytes:
    """Return a damaged file: any of its bytes, or, of an archive, mostly what stands in one of its parts."""
    if reader.is_zip and chance.random() < 0.8:
        return _with_damaged_part(chance.choice(seeds), chance)
    body = mutated(seeds, chance) if chance.random() < 0.7 else chance.choice(seeds)
    return _with_tokens(body, chance) if chance.random() < 0.6 else body


def read_damaged(reader: Reader, folder: Path, *, inputs: int, seed: int) -> tuple[int, int]:
    """Read so many damaged files; return how many were read and how many refused. The last one stays in the folder.

    Raises: Escaped, with the file's bytes as a note.
    """
    chance, seeds = Random(seed), reader.seeds()
    done = [0, 0]
    start = _memory()
    for number in range(inputs):
        body = damaged(reader, seeds, chance)
        done[check(reader, folder, body)] += 1
        if number % LOOK_EVERY == 0 and _memory() - start > MOST_GROWTH_BYTES:
            raise Escaped(f"{reader.name}: memory grew by more than {MOST_GROWTH_BYTES} bytes")
    return done[0], done[1]


def check(reader: Reader, folder: Path, body: bytes) -> bool:
    """Read one file; tell whether it was refused.

    Raises: Escaped.
    """
    path = folder / f"input{reader.suffix}"
    path.write_bytes(body)
    path.chmod(0o600)
    start = process_time()
    refused = False
    try:
        reader.read(path)
    except Refusal:
        refused = True
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        escaped = Escaped(f"{reader.name}: {type(error).__module__}.{type(error).__name__}: {str(error)[:300]}")
        escaped.add_note(f"input: {body[:4_000]!r}")
        (folder / f"escaped{reader.suffix}").write_bytes(body)
        raise escaped from error
    if process_time() - start > MOST_S:
        (folder / f"escaped{reader.suffix}").write_bytes(body)
        raise Escaped(f"{reader.name}: {process_time() - start:.1f} s for {len(body)} bytes")
    return refused


def _with_tokens(body: bytes, chance: Random) -> bytes:
    for _ in range(chance.randint(1, 3)):
        place = chance.randint(0, len(body))
        body = body[:place] + chance.choice(TOKENS) + body[place:]
    return body


def _with_damaged_part(body: bytes, chance: Random) -> bytes:
    with ZipFile(io.BytesIO(body)) as archive:
        parts = {part.filename: archive.read(part) for part in archive.infolist()}
    # The table itself more often than the papers around it.
    tables = [name for name in parts if name.endswith(("sheet1.xml", "sharedStrings.xml", "content.xml", "styles.xml"))]
    name = chance.choice(tables if chance.random() < 0.7 else list(parts))
    match chance.randrange(8):
        case 0:
            del parts[name]
        case 1:
            parts[chance.choice(list(parts))] = parts[name]
        case _:
            part = mutated((parts[name],), chance) if chance.random() < 0.7 else parts[name]
            parts[name] = _with_tokens(part, chance) if chance.random() < 0.6 else part
    whole = io.BytesIO()
    with ZipFile(whole, "w", chance.choice((ZIP_DEFLATED, ZIP_STORED))) as archive:
        for place, content in parts.items():
            archive.writestr(place, content)
    return whole.getvalue()


def _memory() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE
