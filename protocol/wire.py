"""Computes: one value, one encoding. RFC 8785 (JCS) canonical JSON on a closed domain, parsed strictly.

The domain is smaller than JSON: objects with ASCII keys, arrays, strings, booleans, null and integers of at most
2^53 - 1 in size. No fractions, no exponents, no NaN: a rational is two integers. On this domain the standard library's
encoder equals RFC 8785 byte for byte (a test compares it with the `rfc8785` package) and is seven times faster. A value
keeps its fields in the order of their names, so that pydantic's encoder, faster again, writes the same bytes.
"""

import json
import re
from collections.abc import Mapping
from itertools import accumulate
from typing import Any, ClassVar, NoReturn, Self

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, ValidationError

from protocol.errors import WireRefusal

MAX_DEPTH = 24  # our deepest value, a signed study, nests 9 levels; the margin is for later versions
MAX_INTEGER = 2**53 - 1  # RFC 8785 section 3.2.2.3: beyond it other languages' numbers lose digits
DEFAULT_MAX_BYTES = 1 << 20  # 1 MiB: ten times the largest study we know
MAX_FIELDS_NAMED = 20  # an error names the first faults, not a flood of them

_LONG_INTEGER = b":" + b"0" * len(str(MAX_INTEGER))  # what `_SHAPE` makes of an integer that may be too large
_SHAPE = bytes.maketrans(b"123456789[,-", b"000000000:::")
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')
_NOT_A_BRACKET = bytes(set(range(256)) - set(b"[]{}"))
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_SENDER_ACTS = "the sender must encode the value with this version of the protocol"


class TooLarge(WireRefusal):
    """More bytes than this kind of value may have."""


class TooDeep(WireRefusal):
    """Nested deeper than any of our values."""


class NotJson(WireRefusal):
    """Not UTF-8 JSON, or something follows it."""


class DoubledKey(WireRefusal):
    """An object names a key twice: two readers could see two values."""


class NotAnInteger(WireRefusal):
    """A number with a fraction or exponent, NaN, infinity, or beyond 2^53 - 1."""


class Malformed(WireRefusal):
    """JSON, but not this value: a field is unknown, missing, of the wrong type or out of its bounds."""


class NotCanonical(WireRefusal):
    """The value, but not in its one encoding."""


class WireValue(BaseModel):
    """A value that crosses a border: frozen, strict, closed, and silent about its input when refused."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", hide_input_in_errors=True)

    max_bytes: ClassVar[int] = DEFAULT_MAX_BYTES

    def encode(self) -> bytes:
        """Return the canonical bytes of this value."""
        return self.__pydantic_serializer__.to_json(self)

    @classmethod
    def parse(cls, body: bytes, *, source: str = "input") -> Self:
        """Return the value whose one encoding is `body`.

        source: where the bytes came from, for the error ("party vt-01", a file name).
        Raises: TooLarge, TooDeep, NotJson, DoubledKey, NotAnInteger, Malformed, NotCanonical.
        """
        return cls._of_canonical(body) or cls._parse_slowly(body, source)

    @classmethod
    def _of_canonical(cls, body: bytes) -> Self | None:
        """Return the value, or None for bytes that `_parse_slowly` must look at, to take or to refuse them by name.

        Bytes to which a value encodes are in the closed domain: their keys are our fields, each once, no field is a
        float, no kind holds itself, and none of their integers has as many digits as 2^53.
        """
        if len(body) > cls.max_bytes or _LONG_INTEGER in body.translate(_SHAPE):
            return None
        try:
            value = cls.model_validate_json(body)
        except ValidationError:
            return None
        return value if value.encode() == body else None

    @classmethod
    def _parse_slowly(cls, body: bytes, source: str) -> Self:
        check_json(body, source=source, max_bytes=cls.max_bytes)
        try:
            value = cls.model_validate_json(body)
        except ValidationError as error:
            raise _malformed(error, source) from None  # the cause repeats the fields; ours is the whole story
        if value.encode() != body:
            raise NotCanonical(
                got=f"{len(body)} bytes from {source} that do not encode back to themselves",
                wanted="RFC 8785 canonical JSON with every field written",
                act=_SENDER_ACTS,
            )
        return value

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> Any:  # noqa: ANN401 - a schema is pydantic's own
        """Put the fields in the order of their names, for reading, writing and copying: RFC 8785 section 3.2.3."""
        schema = handler(source)
        inner: Any = handler.resolve_ref_schema(schema)
        while inner["type"] != "model-fields":
            inner = inner["schema"]
        inner["fields"] = dict(sorted(inner["fields"].items()))
        return schema


def canonical(tree: object) -> bytes:
    """Return the RFC 8785 bytes of a tree from the closed domain.

    Not promised: anything about floats or non-ASCII keys; no value of ours has them (`tests/protocol/test_wire.py`).
    Source: RFC 8785 section 3.2.
    """
    return json.dumps(tree, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def check_json(body: bytes, *, source: str, max_bytes: int) -> None:
    """Refuse bytes that are too large, too deep, not JSON, or outside the closed domain.

    Raises: TooLarge, TooDeep, NotJson, DoubledKey, NotAnInteger.
    """
    if len(body) > max_bytes:
        raise TooLarge(got=f"{len(body)} bytes from {source}", wanted=f"at most {max_bytes}", act=_SENDER_ACTS)
    _check_depth(body, source)
    try:
        text = body.decode("utf-8")
        json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_no_number,
            parse_constant=_no_number,
        )
    except WireRefusal as refusal:
        refusal.got = f"{refusal.got} from {source}"
        raise
    except ValueError as error:  # JSONDecodeError and UnicodeDecodeError; their text may quote the input
        where = getattr(error, "pos", getattr(error, "start", 0))
        raise NotJson(
            got=f"no JSON at byte or character {where} from {source}",
            wanted="one UTF-8 JSON value and nothing after it",
            act=_SENDER_ACTS,
        ) from None


def _check_depth(body: bytes, source: str) -> None:
    """Count brackets outside strings, so that the parser below never recurses further than we allow."""
    brackets = _STRING.sub(b"", body).translate(None, delete=_NOT_A_BRACKET)
    if max(accumulate(map(_STEP.__getitem__, brackets)), default=0) > MAX_DEPTH:
        raise TooDeep(got=f"deeper nesting from {source}", wanted=f"at most {MAX_DEPTH} levels", act=_SENDER_ACTS)


def _object(pairs: list[tuple[str, object]]) -> Mapping[str, object]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise DoubledKey(got="an object that names a key twice", wanted="each key once", act=_SENDER_ACTS)
    return value


def _integer(digits: str) -> int:
    # The length comes first: int() of a million digits takes seconds.
    if len(digits) > len(str(-MAX_INTEGER)) or abs(int(digits)) > MAX_INTEGER:
        raise NotAnInteger(got="an integer beyond 2^53 - 1", wanted="a smaller one", act=_SENDER_ACTS)
    return int(digits)


def _no_number(_literal: str) -> NoReturn:
    raise NotAnInteger(got="a fraction, exponent, NaN or infinity", wanted="integers only", act=_SENDER_ACTS)


def _malformed(error: ValidationError, source: str) -> Malformed:
    faults = [f"{_place(fault['type'], fault['loc'])} ({fault['type']})" for fault in error.errors()]
    named = ", ".join(faults[:MAX_FIELDS_NAMED])
    return Malformed(
        got=f"{len(faults)} wrong fields from {source}: {named}", wanted="the fields of this kind", act=_SENDER_ACTS
    )


def _place(kind: str, steps: tuple[int | str, ...]) -> str:
    # The last step of an unknown field is the sender's own text and may hold anything: it is not repeated.
    shown = [*steps[:-1], "?"] if kind == "extra_forbidden" else list(steps)
    return ".".join(str(step) for step in shown) or "the whole"
