"""Touches the world: the facts of the last delivery, in one Parquet file of the node's user, replaced whole.

The file stands beside the vault's folder, not in the vault: it may be lost, and then the next delivery is a first one.
"""

import os
import stat
from datetime import date
from pathlib import Path

import polars as pl

from partner_node.delivery.values import Span
from partner_node.errors import DeliveryRefusal
from partner_node.quality.facts import COLUMNS, DeliveryFacts
from partner_node.whole_file import FILE_MODE, whole_file

FORMAT = "1"
_DATES = ("delivered_on", "first_day", "last_day")
_ACT = "the partner's IT must delete the file: the next delivery then counts as a first one"


class WrongFacts(DeliveryRefusal):
    """A file with the facts of the last delivery that others may read, or that is not of this form."""


def keep_facts(path: Path, facts: DeliveryFacts) -> None:
    """Write the facts in the place of the last ones, whole or not at all."""
    said = (facts.delivered_on, facts.covers.first, facts.covers.last)
    metadata = {"format": FORMAT} | {name: day.isoformat() for name, day in zip(_DATES, said, strict=True)}
    with whole_file(path) as file:
        facts.rows.write_parquet(file, metadata=metadata)


def load_facts(path: Path) -> DeliveryFacts | None:
    """Return the facts of the last delivery, or None if there was none.

    Raises: WrongFacts.
    """
    if not path.exists():
        return None
    found = path.stat()
    if stat.S_IMODE(found.st_mode) != FILE_MODE or found.st_uid != os.getuid():
        raise WrongFacts(got=f"{path.name} that others may read or own", wanted=f"mode {FILE_MODE:04o}", act=_ACT)
    wanted = f"facts of a delivery, format {FORMAT}"
    try:
        metadata = pl.read_parquet_metadata(path)
        rows = pl.read_parquet(path)
        days = [date.fromisoformat(metadata[name]) for name in _DATES]
    except (pl.exceptions.PolarsError, OSError, KeyError, ValueError):
        raise WrongFacts(got=f"{path.name} that cannot be read", wanted=wanted, act=_ACT) from None
    if metadata.get("format") != FORMAT or dict(rows.schema) != dict.fromkeys(COLUMNS, pl.Binary()):
        raise WrongFacts(got=f"{path.name} of another form", wanted=wanted, act=_ACT)
    return DeliveryFacts(days[0], Span(days[1], days[2]), rows)
