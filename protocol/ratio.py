"""Computes: an exact rational that has one encoding, for variances and limits.

A float would have many neighbours that print alike; two integers in lowest terms have one form.
"""

from fractions import Fraction
from math import gcd
from typing import Annotated, Self

from pydantic import Field, model_validator

from protocol.wire import MAX_INTEGER, WireValue


class Ratio(WireValue):
    """A rational of at least zero, in lowest terms."""

    numerator: Annotated[int, Field(ge=0, le=MAX_INTEGER)]
    denominator: Annotated[int, Field(ge=1, le=MAX_INTEGER)]

    @model_validator(mode="after")
    def _in_lowest_terms(self) -> Self:
        if gcd(self.numerator, self.denominator) != 1:
            raise ValueError("not in lowest terms")
        return self

    @property
    def fraction(self) -> Fraction:
        """The same number as a `Fraction`, for exact arithmetic."""
        return Fraction(self.numerator, self.denominator)

    @classmethod
    def of(cls, value: Fraction | int) -> Self:
        """Return the ratio of a fraction or an integer."""
        exact = Fraction(value)
        return cls(numerator=exact.numerator, denominator=exact.denominator)
