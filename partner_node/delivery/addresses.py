"""Computes: addresses as one text: postcode, house number and addition, however a partner writes them."""

import re

import polars as pl

PART = "\x1f"  # between the parts of an address; normalised parts hold no control characters
_POSTCODE = re.compile(r"([1-9][0-9]{3})\s*([A-Z]{2})")
_NUMBER = re.compile(r"0*([1-9][0-9]{0,4})(.*)", re.DOTALL)
_DROPPED = re.compile(r"[^0-9A-Z]")


def joined_address(frame: pl.DataFrame, columns: tuple[str | None, ...]) -> pl.Series:
    """Return postcode, house number and addition of each row as one text; a column that is not there is empty."""
    parts = [pl.lit("") if name is None else pl.col(name).fill_null("") for name in columns]
    return frame.select(pl.concat_str(parts, separator=PART).alias("address")).to_series()


def postcode_of(text: str) -> str | None:
    """Return the six-character postcode of a joined address, or None where there is none."""
    found = _POSTCODE.fullmatch(text.split(PART, maxsplit=1)[0].strip().upper())
    return None if found is None else found[1] + found[2]


def address_key(text: str) -> str:
    """Return the postcode, and the house number without its addition where there is one."""
    return PART.join(_parts(text)[:2]).rstrip(PART)


def normalised_address(text: str) -> str | None:
    """Return the one form of an address, or None where postcode or house number cannot be read.

    "1501 ab", "12", "a hoog" and "1501AB", "12A-HOOG", "" are one address.
    """
    postcode, number, addition = _parts(text)
    return PART.join((postcode, number, addition)) if postcode and number else None


def _parts(text: str) -> list[str]:
    _, number, addition = (text.upper() + 2 * PART).split(PART)[:3]
    found = _NUMBER.fullmatch(number.strip())
    if found is None:
        return [postcode_of(text) or "", "", ""]
    return [postcode_of(text) or "", found[1], _DROPPED.sub("", found[2] + addition)]
