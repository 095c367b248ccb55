"""Touches the world: in which encoding a whole file is written, and the file's text as UTF-8.

The rule, on the whole file: a byte order mark decides; else a file that is valid UTF-8 is UTF-8; else it is cp1252,
unless it also holds letters in UTF-8, or a byte that cp1252 does not have. Such a file is refused: read either way,
some of its text would come out garbled. Only the first rule that fits is used, so one file has one reading.
"""

import codecs
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from partner_node.errors import SourceRefusal
from partner_node.sources.source import printable

CHUNK_BYTES = 2**20  # stays in the processor's cache while it is looked at
# No UTF-32: its little-endian mark begins with that of UTF-16, and the zero bytes that follow are refused.
MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
LONGEST_MARK = 3
# One letter beyond ASCII in UTF-8. In cp1252 the same bytes are pairs such as an A with tilde and a copyright sign.
UTF8_LETTER = re.compile(rb"[\xc3-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")


class UnknownEncoding(SourceRefusal):
    """Text that is not wholly UTF-8, UTF-16 with a byte order mark, or cp1252; or that mixes them."""


class ZeroBytes(SourceRefusal):
    """Zero bytes in a text file: a damaged file, or one that is no text."""


class Reader(Protocol):
    """What gives bytes of UTF-8."""

    def readinto(self, buffer: memoryview) -> int | None:
        """Fill the buffer from its start; return how many bytes, 0 at the end."""
        ...


def encoding_of(path: Path) -> str:
    """Return the codec of a text file: "utf-8", "utf-16-le", "utf-16-be" or "cp1252". Reads the whole file once.

    Raises: UnknownEncoding, ZeroBytes.
    """
    name = printable(path.name)
    with path.open("rb", buffering=0) as file:
        start = file.read(LONGEST_MARK)
        marked = [codec for mark, codec in MARKS if start.startswith(mark)]
        file.seek(0)
        codec = marked[0] if marked else "utf-8"
        if _is_all(file, codec, name):
            return codec
        if marked:
            raise _refuse(f"{name}, which is not the {codec} that its first bytes promise", "")
        file.seek(0)
        _check_cp1252(file, name)
    return "cp1252"


def text_of(file: BinaryIO, codec: str) -> Reader:
    """Return the file's text from its start as UTF-8, without its byte order mark."""
    mark = next((mark for mark, marked in MARKS if marked == codec), b"")
    file.seek(len(mark) if file.read(len(mark)) == mark else 0)
    return file if codec == "utf-8" else _Recoded(file, codec)  # type: ignore[return-value]  # typeshed: readinto takes any buffer


class _Recoded(io.RawIOBase):
    """A file in another encoding, read as UTF-8."""

    def __init__(self, file: BinaryIO, codec: str) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder(codec)(errors="replace")
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # idem
        while not self._rest:
            chunk = self._file.read(CHUNK_BYTES)
            # The whole file was decoded once; what has become wrong since is seen by its stamp.
            self._rest = self._decoder.decode(chunk, final=not chunk).encode()
            if not chunk:
                break
        length = min(len(buffer), len(self._rest))
        buffer[:length], self._rest = self._rest[:length], self._rest[length:]
        return length


def _chunks(file: io.FileIO) -> Iterator[bytearray]:
    """Yield the file in pieces. Each stands in the same memory: asking for new memory costs more than reading."""
    buffer = bytearray(CHUNK_BYTES)
    while read := file.readinto(buffer):
        yield buffer if read == CHUNK_BYTES else buffer[:read]


def _is_all(file: io.FileIO, codec: str, name: str) -> bool:
    decoder = codecs.getincrementaldecoder(codec)()
    between = False  # whether a character began in an earlier chunk and is not yet whole
    try:
        for chunk in _chunks(file):
            if codec == "utf-8" and not between and chunk.isascii():
                zero = 0 in chunk
            else:
                text = decoder.decode(chunk)
                zero = "\0" in text
                between = bool(decoder.getstate()[0])
            if zero:
                raise _zero(name)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _check_cp1252(file: io.FileIO, name: str) -> None:
    letters, tail = 0, b""
    for chunk in _chunks(file):
        if 0 in chunk:
            raise _zero(name)
        try:
            chunk.decode("cp1252")
        except UnicodeDecodeError:
            raise _refuse(f"{name} with bytes that neither UTF-8 nor cp1252 has", "") from None
        # A letter that lies across two chunks is found with the first three bytes of the next one.
        letters += sum(1 for _ in UTF8_LETTER.finditer(tail + chunk))
        tail = bytes(chunk[-3:]) if not chunk.isascii() else b""
    if letters:
        raise _refuse(
            f"{name} in two encodings: {letters} letters in UTF-8, others in cp1252", "files were put together"
        )


def _refuse(got: str, why: str) -> UnknownEncoding:
    return UnknownEncoding(
        got=got,
        wanted="the whole file in UTF-8, UTF-16 with its mark, or cp1252",
        act="the partner's IT must export the file again, as UTF-8",
        hint=why and f"it may be that {why}",
    )


def _zero(name: str) -> ZeroBytes:
    return ZeroBytes(
        got=f"zero bytes in {name}",
        wanted="text without them",
        act="the partner's IT must export the file again, as UTF-8",
        hint="UTF-16 without a byte order mark, or a disk that failed, looks like this",
    )
