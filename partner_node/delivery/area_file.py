"""Computes: an area table from CBS's file of postcodes and house numbers (pc6hnr), for one geography."""

from collections.abc import Iterable

import polars as pl

from partner_node.delivery.addresses import PART, normalised_address
from partner_node.delivery.areas import AreaTable
from partner_node.errors import DeliveryRefusal
from partner_node.sources.source import Source
from protocol.words.geography import AreaCode, Geography, Level

_BUURT_DIGITS = 8


class WrongAreaTable(DeliveryRefusal):
    """A file of postcodes without its columns, or without an address in this geography."""


def read_area_table(
    source: Source,
    geography: Geography,
    *,
    year: int,
    former: Iterable[AreaCode] = (),
    institutions: Iterable[str] = (),
) -> AreaTable:
    """Return where the addresses of a geography lie.

    source: columns PC6, Huisnummer and Buurt<year>, the code with or without "BU". institutions: joined addresses
    (`addresses.py`). A postcode without house number leads to a buurt only where all its addresses lie in that one.
    Raises: WrongAreaTable.
    """
    columns = ("PC6", "Huisnummer", f"Buurt{year}")
    act = "the partner must take CBS's file of the geography's year"
    if not set(columns) <= set(source.columns):
        raise WrongAreaTable(got="a file without these columns", wanted=", ".join(columns), act=act)
    known = pl.Series(list(geography.codes_at(Level.BUURT)), dtype=pl.String)
    postcode = pl.col("PC6").str.replace_all(" ", "").str.to_uppercase()
    buurt = "BU" + pl.col(columns[2]).str.strip_chars().str.strip_prefix("BU").str.zfill(_BUURT_DIGITS)
    wanted = (postcode.alias("postcode"), pl.col("Huisnummer").str.strip_chars().alias("number"), buurt.alias("buurt"))
    parts = [batch.select(wanted).filter(pl.col("buurt").is_in(known.implode())) for batch in source.batches(columns)]
    if not any(len(part) for part in parts):
        raise WrongAreaTable(got="no address in this geography", wanted="addresses in its buurten", act=act)
    rows = pl.concat(parts)
    alone = rows.group_by("postcode").agg(pl.col("buurt").unique()).filter(pl.col("buurt").list.len() == 1)
    buurt_of = {code: AreaCode(buurten[0]) for code, buurten in alone.iter_rows()}
    numbered = rows.select(pl.concat_str("postcode", "number", separator=PART), "buurt")
    return AreaTable(
        year=year,
        buurt_of=buurt_of | {key: AreaCode(code) for key, code in numbered.iter_rows()},
        former=frozenset(former),
        institutions=frozenset(_without_addition(text) for text in institutions),
    )


def _without_addition(text: str) -> str:
    """Return an institution's address as `address_key` writes it: every door of the building is the institution."""
    return PART.join((normalised_address(text) or "").split(PART)[:2])
