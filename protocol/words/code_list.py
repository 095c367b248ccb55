"""Computes: code lists. The categories of a table come from one of these, never from data."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from protocol.errors import AgreementRefusal
from protocol.wire import WireValue
from protocol.words.ids import Code, CodeListId, Digest, Line
from protocol.words.order import is_strictly_ascending

MAX_CODES = 2_000  # the longest list of the Informatieprotocol has 50; CBS's crime classes about 60


class UnsortedCodes(AgreementRefusal):
    """Codes out of order, or one named twice."""


class CodeItem(WireValue):
    """One category with its name in Dutch and English."""

    code: Code
    label_nl: Line
    label_en: Line


class CodeList(WireValue):
    """A versioned list of categories, in order of code.

    valid_until: the last day on which a record may carry these codes; None while the list is in use.
    Raises: UnsortedCodes.
    """

    kind: Literal["code-list"] = "code-list"
    format: Literal[1] = 1
    id: CodeListId
    version: Annotated[int, Field(ge=1, le=10_000)]
    valid_from: date
    valid_until: date | None
    items: Annotated[tuple[CodeItem, ...], Field(min_length=1, max_length=MAX_CODES)]

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not is_strictly_ascending(self.codes):
            raise UnsortedCodes(
                got=f"codes of list {self.id} out of order or named twice",
                wanted="ascending codes, each once",
                act="the coordinator must mend the code list",
            )
        return self

    @property
    def codes(self) -> tuple[Code, ...]:
        """The codes in order."""
        return tuple(item.code for item in self.items)


class CodeListReference(WireValue):
    """A code list that a covenant pins."""

    id: CodeListId
    digest: Digest
