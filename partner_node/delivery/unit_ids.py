"""Computes: unit ids in their one form, so that a household written in two ways is one unit (TESTS D02).

The form, NORMALISATION 1: Unicode NFC; whitespace, control and format characters (zero-width, soft hyphen) removed
everywhere; casefolded, and NFC again; of an id of digits only, a trailing ".0" (a whole number that pandas made a
fraction) and leading zeros removed. Any other id keeps its zeros and signs. Changing the form changes every unit key:
raise NORMALISATION (`vault/unit_key.py`), at which the vault halts until a person acts.
"""

import re
import unicodedata

import polars as pl

from partner_node.vault.unit_key import IdColumn

# Not an id, however many rows carry it: 0, eight or more times one digit, words for "unknown", a rounded fraction,
# and what has no letter or digit at all.
_DUMMY = (
    r"^(?:0|1{8,}|2{8,}|3{8,}|4{8,}|5{8,}|6{8,}|7{8,}|8{8,}|9{8,}"
    r"|onbekend|onb|unknown|geen|leeg|nvt|n\.v\.t\.?|n/a|na|nan|nb|none|null|nil|niet|test|x+|-?inf"
    r"|[0-9]\.[0-9]+e\+[0-9]+|[\W_]*)$"
)
_PLAIN = b"-0123456789abcdefghijklmnopqrstuvwxyz"  # an id of these is in its form, but for zeros in front
_CAPITALS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DIGITS = re.compile(r"([0-9]+)(\.0)?")
_UNPRINTED = ("Cc", "Cf", "Zs", "Zl", "Zp")


def normalised_id(text: str) -> str:
    """Return the one form of an id. The result may be empty."""
    kept = "".join(sign for sign in unicodedata.normalize("NFC", text) if unicodedata.category(sign) not in _UNPRINTED)
    folded = unicodedata.normalize("NFC", kept.casefold())
    digits = _DIGITS.fullmatch(folded)
    return folded if digits is None else digits[1].lstrip("0") or "0"


def normalised_ids(texts: pl.Series) -> pl.Series:
    """Return the one form of many ids: `normalised_id` of each, in one pass over those that are ASCII."""
    signs, width = _signs(texts)
    others = signs.translate(None, _PLAIN)
    if not others.translate(None, _CAPITALS):
        small = texts.str.to_lowercase() if others else texts
        return small if width and b"0" not in signs[::width] else _without_zeros(small)
    name = texts.name
    lowered = pl.col(name).str.to_lowercase().str.replace_all(r"[\x00-\x20\x7f]", "")
    bare = lowered.str.strip_suffix(".0").str.strip_chars_start("0")
    digits = pl.when(bare == "").then(pl.lit("0")).otherwise(bare)
    plain = pl.when(lowered.str.contains(r"^[0-9]+(\.0)?$")).then(digits).otherwise(lowered)
    odd = pl.col(name).str.contains(r"[^\x00-\x7f]")
    frame = texts.to_frame().select(plain.alias("plain"), odd.alias("odd"))
    if not frame["odd"].any():
        return frame["plain"]
    other = texts.filter(frame["odd"]).map_elements(normalised_id, return_dtype=pl.String)
    return frame["plain"].scatter(frame["odd"].arg_true(), other)


def _signs(texts: pl.Series) -> tuple[bytes, int]:
    """Return all texts as one, which costs a tenth to look at, and their length if all have the same, else 0."""
    lengths = texts.str.len_bytes()
    longest = lengths.max()
    if isinstance(longest, int) and longest and longest == lengths.min():
        rows = texts.cast(pl.Binary).bin.reinterpret(dtype=pl.Array(pl.UInt8, longest), endianness="little")
        return rows.to_numpy().tobytes(), longest
    return str(texts.str.join("").item()).encode(), 0


def _without_zeros(texts: pl.Series) -> pl.Series:
    """Return ids without the zeros in front of those of digits only; an id with a letter keeps its zeros."""
    rows = texts.str.starts_with("0").arg_true()
    rows = rows.filter(texts.gather(rows).str.contains(r"^0[0-9]+$"))
    if rows.is_empty():
        return texts
    bare = texts.gather(rows).str.strip_chars_start("0")
    return texts.clone().scatter(rows, bare.replace("", "0"))


def id_column(ids: pl.Series) -> IdColumn:
    """Return ids as the keys of the vault are made from."""
    return IdColumn(str(ids.str.join("").item()).encode(), ids.str.len_bytes().to_numpy())


def dummies(normalised: pl.Series, *, more: frozenset[str] = frozenset()) -> pl.Series:
    """Tell of each normalised id whether it stands for nobody. more: what this partner uses besides, normalised."""
    return normalised.str.contains(_DUMMY) | normalised.is_in(sorted(more))
