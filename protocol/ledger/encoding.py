"""Computes: decimals, base64 and hashes as the ledger's lines write them: one text for one value."""

import base64
import re

from protocol.errors import LedgerRefusal
from protocol.ledger.merkle import check_hash

_DECIMAL = re.compile(r"0|[1-9][0-9]*")
_SENDER_ACTS = "the sender must write the line as its C2SP specification prescribes"


class NotDecimal(LedgerRefusal):
    """A number that is not plain decimal digits without leading zeros."""


class NumberOutOfRange(LedgerRefusal):
    """A number below zero or above its limit."""


class NotBase64(LedgerRefusal):
    """Text that is not standard base64 in its one form: padded, no spaces, no stray bits."""


def parse_decimal(text: str, *, what: str, limit: int) -> int:
    """Return the number that `text` writes in the one way a number has.

    Raises: NotDecimal, NumberOutOfRange.
    """
    if not _DECIMAL.fullmatch(text):
        raise NotDecimal(got=f"a {what} of another form", wanted="decimal without leading zeros", act=_SENDER_ACTS)
    # The length comes first: int() of a million digits takes seconds.
    number = int(text) if len(text) <= len(str(limit)) else limit + 1
    check_number(number, what=what, limit=limit)
    return number


def check_number(number: int, *, what: str, limit: int) -> None:
    """Refuse a number that its place cannot hold.

    Raises: NumberOutOfRange.
    """
    if not 0 <= number <= limit:
        raise NumberOutOfRange(got=f"a {what} out of range", wanted=f"0 to {limit}", act=_SENDER_ACTS)


def parse_base64(text: str, *, what: str) -> bytes:
    """Return the bytes that `text` encodes.

    Raises: NotBase64.
    """
    try:
        body = base64.b64decode(text, validate=True)
    except ValueError:  # its text may quote the input
        body = b""
    if to_base64(body) != text:
        raise NotBase64(got=f"a {what} that is not base64", wanted="RFC 4648 section 4", act=_SENDER_ACTS)
    return body


def parse_hash(text: str, *, what: str) -> bytes:
    """Return the 32 bytes that `text` encodes.

    Raises: NotBase64, WrongHashLength.
    """
    digest = parse_base64(text, what=what)
    check_hash(digest)
    return digest


def to_base64(body: bytes) -> str:
    """Return the base64 of `body`."""
    return base64.b64encode(body).decode("ascii")
