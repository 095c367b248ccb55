"""Computes: a TOML file that a person wrote as a closed value: unknown keys are refused, and nothing is filled in."""

import tomllib
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from partner_node.errors import ConfigRefusal
from protocol.errors import Refusal

MAX_CHARACTERS = 1 << 18  # a node file has about 20 lines; a register of 1,000 processings stays below it
MAX_NAMED = 20  # an error names the first problems, not a flood of them
MAX_SHOWN = 120  # characters of a place: three names from outside
_MEND = "the partner's IT must mend the file"


class MalformedToml(ConfigRefusal):
    """A file that is not the TOML of this version: a key is unknown, missing or of the wrong type."""


class ClosedToml(BaseModel):
    """A value that a person writes as TOML: frozen, strict, closed, and silent about its input when refused."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", hide_input_in_errors=True)

    @classmethod
    def from_toml(
        cls,
        text: str,
        *,
        source: str,
        refusal: type[Refusal] = MalformedToml,
        act: str = _MEND,
        max_characters: int = MAX_CHARACTERS,
    ) -> Self:
        """Return the value that a text says. source: what the error calls it, such as the file's name.

        Raises: `refusal`.
        """
        wanted = f"the TOML of {source}, with its keys and no others"
        if len(text) > max_characters:
            raise refusal(got=f"{source} of more than {max_characters} characters", wanted=wanted, act=act)
        try:
            tree = tomllib.loads(text)
        except (ValueError, RecursionError):  # a number of thousands of digits is a plain ValueError
            raise refusal(got=f"{source}, which is not TOML", wanted=wanted, act=act) from None
        try:
            return cls.model_validate(tree)
        except ValidationError as error:
            places = sorted({f"{_place(fault['loc'])} ({fault['type']})" for fault in error.errors()})
            named = ", ".join(places[:MAX_NAMED])
            got = f"{source} with keys that are wrong, unknown or missing: {named}"
            raise refusal(got=got, wanted=wanted, act=act) from None


def _place(steps: tuple[int | str, ...]) -> str:
    # A key comes from the file: only what cannot harm a line of a log is repeated.
    text = ".".join(str(step) for step in steps)
    return "".join(sign if sign.isascii() and (sign.isalnum() or sign in " ._-") else "?" for sign in text)[:MAX_SHOWN]
