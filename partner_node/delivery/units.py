"""Computes: the unit of each row, from its id or its address. Rows without a usable one are units of their own."""

from collections.abc import Iterator

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
    """The distinct units of a delivery, numbered from 0 in the order in which they were first seen."""

    def __init__(self, route: Route, *, dummy_ids: frozenset[str], institutions: frozenset[str]) -> None:
        self.route = route
        self._dummy_ids = dummy_ids
        self._institutions = institutions
        self._raw = Interned()
        self._one_form = Interned()
        self._unit_of = np.array([_EMPTY], dtype=np.int32)
        self._texts: list[pl.Series] = []

    def numbers(self, column: pl.Series) -> NDArray[np.int32]:
        """Return each row's unit, or one of OWN_UNIT. column: ids, or addresses as `joined_address` writes them."""
        numbers, fresh = self._raw.numbers(column)
        if len(fresh):
            self._unit_of = np.append(self._unit_of, self._judge(fresh))
        return self._unit_of[numbers]

    @property
    def size(self) -> int:
        """How many distinct units there are so far."""
        return self._one_form.size - 1

    def texts(self, present: NDArray[np.bool_]) -> Iterator[str]:
        """Yield the ids of the units that are present, in order of number, each with its route.

        With the route, one number is never a household and a person.
        """
        first = 0
        for chunk in self._texts:
            here = chunk.filter(pl.Series(present[first : first + len(chunk)]))
            yield from here.to_list()
            first += len(chunk)

    def _judge(self, fresh: pl.Series) -> NDArray[np.int32]:
        """Return what each new text stands for."""
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
        own = shared | dummy | empty
        units = np.select([shared, dummy, empty], [_INSTITUTION, _DUMMY, _EMPTY], default=0).astype(np.int32)
        numbers, new = self._one_form.numbers(one_form.filter(pl.Series(~own)))
        if len(new):
            # With the route in front, which also takes the text out of its batch, whose memory it would hold.
            self._texts.append(f"{self.route}{PART}" + new)
        units[~own] = numbers - 1  # 0 is the empty text, which is never a unit
        return units


def tally_own(units: NDArray[np.int32], tally: FaultTally, *, file: str, column: str) -> None:
    """Count the rows that are units of their own."""
    for number, reason in OWN_UNIT.items():
        tally.add(file, column, reason, int(np.count_nonzero(units == number)))
