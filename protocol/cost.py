"""Computes: privacy cost in whole nano-rho. Exact, costs rounded up, caps rounded down.

rho is the parameter of zero-concentrated differential privacy (Bun, Steinke 2016, arXiv:1605.02065). One nano-rho is
1e-9 rho. Sums are Python integers, so they never wrap; past 63 bits they are refused, because the book that keeps
them is a SQLite STRICT integer.
"""

from collections.abc import Iterable
from fractions import Fraction
from math import ceil, floor
from typing import Annotated, NewType

from pydantic import Field

from protocol.errors import AgreementRefusal
from protocol.wire import MAX_INTEGER

NANO = 10**9
MAX_NANO_RHO = 2**63 - 1  # the largest SQLite integer

# On the wire a cost is at most 2^53 - 1, as every integer there; that is rho 9 million.
NanoRho = NewType("NanoRho", Annotated[int, Field(ge=0, le=MAX_INTEGER)])


class CostOutOfRange(AgreementRefusal):
    """A cost or cap that is negative or does not fit 63 bits."""


def cost_of(rho: Fraction) -> NanoRho:
    """Return a cost in nano-rho, rounded up: an account may say more than was lost, never less.

    Raises: CostOutOfRange.
    """
    return _checked(ceil(rho * NANO))


def cap_of(rho: Fraction) -> NanoRho:
    """Return a cap in nano-rho, rounded down.

    Raises: CostOutOfRange.
    """
    return _checked(floor(rho * NANO))


def total(costs: Iterable[NanoRho]) -> NanoRho:
    """Return the sum: zCDP composes by addition, adaptively too.

    Raises: CostOutOfRange.
    Source: Bun, Steinke 2016, lemma 2.3.
    """
    return _checked(sum(costs))


def times(cost: NanoRho, factor: int) -> NanoRho:
    """Return `factor` times the cost.

    Raises: CostOutOfRange.
    """
    return _checked(cost * factor)


def _checked(nano_rho: int) -> NanoRho:
    if not 0 <= nano_rho <= MAX_NANO_RHO:
        raise CostOutOfRange(
            got="a privacy cost or cap outside its range",
            wanted="0 to 2^63 - 1 nano-rho",
            act="the author of the plan must choose other caps or variances",
        )
    return NanoRho(nano_rho)
