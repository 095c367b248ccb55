"""Computes: the unit of each row, from its id or its address. Rows without a usable one are units of their own."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from partner_node.delivery.addresses import PART, address_key, normalised_address
from partner_node.delivery.faults import FaultTally, Reason
from partner_node.delivery.interned import Interned
from partner_node.delivery.unit_ids import dummies, normalised_ids
from partner_node.profiles.profile import Route

# What stands in the place of a unit's number; each row that has one is a unit of its own.
OWN_UNIT = {-1: Reason.EMPTY, -2: Reason.DUMMY_UNIT, -3: Reason.INSTITUTION}
_EMPTY, _DUMMY, _INSTITUTION = OWN_UNIT


class Units:
    """The distinct units of a delivery, numbered from 0 as they are seen."""

    def __init__(self, route: Route, *, dummy_ids: frozenset[str], institutions: frozenset[str]) -> None:
        self.route = route
        self._dummy_ids = dummy_ids
        self._institutions = institutions
        self._interned = Interned()
        self._unit_of = np.array([_EMPTY], dtype=np.int32)
        self._size = 0
        self._texts: list[pl.Series] = []

    def numbers(self, column: pl.Series) -> NDArray[np.int32]:
        """Return each row's unit, or one of OWN_UNIT. column: ids, or addresses as `joined_address` writes them."""
        numbers, fresh = self._interned.numbers(column)
        if len(fresh):
            self._judge(fresh)
        return self._unit_of.take(numbers)

    @property
    def size(self) -> int:
        """How many distinct units there are so far."""
        return self._size

    def texts(self, present: NDArray[np.bool_]) -> pl.Series:
        """Return the ids of the units that are present, in order of number, each with its route.

        With the route, one number is never a household and a person.
        """
        ids = pl.concat([pl.Series(dtype=pl.String), *self._texts])
        return ids if present.all() else ids.filter(pl.Series(present))

    def _judge(self, fresh: pl.Series) -> None:
        """Decide what each new text stands for. It and its one form stand in one table; most texts are their own."""
        one_form, unit = self._one_form(fresh)
        first = len(self._unit_of)  # the number of the first new text
        usual = np.flatnonzero(unit == 0)
        changed = (one_form != fresh).to_numpy()[usual]
        as_it_is, other = usual[~changed], usual[changed]
        unit[as_it_is] = self._new_units(one_form.gather(as_it_is))
        self._unit_of = np.append(self._unit_of, unit)
        if len(other):
            numbers, new = self._interned.numbers(one_form.gather(other))
            self._unit_of = np.append(self._unit_of, self._new_units(new))
            self._unit_of[first + other] = self._unit_of[numbers]

    def _new_units(self, ids: pl.Series) -> NDArray[np.int32]:
        """Number ids that are in their one form and of which none was seen before."""
        if len(ids):
            # With the route in front, which also takes the text out of its batch, whose memory it would hold.
            self._texts.append(f"{self.route}{PART}" + ids)
        first, self._size = self._size, self._size + len(ids)
        return np.arange(first, self._size, dtype=np.int32)

    def _one_form(self, fresh: pl.Series) -> tuple[pl.Series, NDArray[np.int32]]:
        """Return the one form of each text, and which of OWN_UNIT it is, or 0. The one form of a one form is itself."""
        if self.route is Route.ADDRESS:
            texts = fresh.to_list()
            one_form = pl.Series([normalised_address(text) or "" for text in texts], dtype=pl.String)
            shared = np.array([address_key(text) in self._institutions for text in texts], dtype=bool)
            dummy = np.zeros(len(texts), dtype=bool)
        else:
            one_form = normalised_ids(fresh)
            shared = np.zeros(len(one_form), dtype=bool)
            dummy = dummies(one_form, more=self._dummy_ids).to_numpy() & (one_form != "").to_numpy()
        empty = (one_form == "").to_numpy()
        return one_form, np.select([shared, dummy, empty], [_INSTITUTION, _DUMMY, _EMPTY], default=0).astype(np.int32)


def tally_own(units: NDArray[np.int32], tally: FaultTally, *, file: str, column: str) -> None:
    """Count the rows that are units of their own."""
    if units.min(initial=0) >= 0:
        return
    for number, reason in OWN_UNIT.items():
        tally.add(file, column, reason, int(np.count_nonzero(units == number)))
