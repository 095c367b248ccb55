"""One value, one encoding: for every kind of value, and for bytes that somebody changed."""

import json
import random
import time
from typing import Any, get_args

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from protocol.errors import Refusal
from protocol.release import Release, ReleasedCell
from protocol.study.study import Study
from protocol.wire import (
    MAX_DEPTH,
    MAX_INTEGER,
    DoubledKey,
    Malformed,
    NotAnInteger,
    NotCanonical,
    NotJson,
    TooDeep,
    TooLarge,
    WireValue,
    canonical,
    check_json,
)
from tests import example
from tests.strategies import every_wire_value, values_of

KINDS = every_wire_value()
MUTATIONS = 100_000  # over all kinds together (issue: 1e5 mutated inputs, no uncaught exception)

TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.text(st.characters(max_codepoint=127)), inner, max_size=5)
    ),
    max_leaves=30,
)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_value_parses_back_from_its_one_encoding(kind: type[WireValue]) -> None:
    @settings(max_examples=40)
    @given(values_of(kind))
    def holds(value: WireValue) -> None:
        assert kind.parse(value.encode()) == value
        assert value.encode() == rfc8785.dumps(value.model_dump(mode="json"))

    holds()


def test_a_value_in_the_order_of_its_class_would_be_seen() -> None:
    """Negative control: pydantic alone writes the fields of a study in another order."""
    study = example.study()
    tree = study.model_dump(mode="json")
    told = {name: tree[name] for name in type(study).model_fields}
    assert json.dumps(told, separators=(",", ":")).encode() != study.encode()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_no_kind_holds_itself_or_a_float_or_a_free_object(kind: type[WireValue]) -> None:
    """What a kind encodes to is then of bounded depth and has no key but its fields': `parse` stands on it."""
    seen: list[object] = []

    def look(node: object, within: tuple[object, ...]) -> None:
        if isinstance(node, type) and issubclass(node, BaseModel):
            assert issubclass(node, WireValue)
            assert node not in within
            seen.append(node)
            for field in node.model_fields.values():
                look(field.annotation, (*within, node))
            return
        assert not (isinstance(node, type) and issubclass(node, float | dict))
        assert node is not Any
        supertype = getattr(node, "__supertype__", None)
        for inner in (*get_args(node), *([] if supertype is None else [supertype])):
            look(inner, within)

    look(kind, ())
    assert seen


def test_bytes_that_parse_are_in_the_closed_domain() -> None:
    """Bytes that are canonical at first sight skip the strict look at JSON: it must have nothing to say of them."""
    chance = random.Random("two ways")
    seed, taken = example.study().encode(), 0
    for _ in range(5_000):
        body = _mutated(seed, chance)
        try:
            Study.parse(body)
        except Refusal:
            continue
        check_json(body, source="a test", max_bytes=Study.max_bytes)
        taken += body != seed
    assert taken > 10


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (b"[" * 200_000, TooDeep),
        (b'{"attempt":' * 200_000, TooDeep),
        (b'{"attempt":' + b"9" * 1_000_000 + b"}", NotAnInteger),
        (b'{"attempt":-9007199254740992}', NotAnInteger),
        (b'{"attempt":1.0}', NotAnInteger),
        (b'{"attempt":1,"attempt":1}', DoubledKey),
        (b'{"attempt":"\xff"}', NotJson),
        (b'{"attempt":"\\ud800"}', Malformed),
    ],
)
def test_a_value_is_refused_by_the_same_names_and_quickly(body: bytes, refusal: type[Refusal]) -> None:
    started = time.process_time()
    with pytest.raises(refusal):
        Release.parse(body)
    assert time.process_time() - started < 1  # a bound against blow-up, far above what any of these takes


@pytest.mark.parametrize("value", [MAX_INTEGER, -MAX_INTEGER, 10**15 - 1, 10**15])
def test_the_largest_integers_are_taken(value: int) -> None:
    cell = ReleasedCell(index=1, value=value, not_shown=None)
    assert ReleasedCell.parse(cell.encode()) == cell


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_trailing_bytes_and_other_spellings_are_refused(kind: type[WireValue]) -> None:
    @settings(max_examples=10)
    @given(values_of(kind))
    def holds(value: WireValue) -> None:
        body = value.encode()
        with pytest.raises(NotJson):
            kind.parse(body + b"x")
        with pytest.raises(NotCanonical):
            kind.parse(body + b"\n")
        with pytest.raises(NotCanonical):
            kind.parse(json.dumps(json.loads(body)).encode())  # the same value with spaces

    holds()


@given(TREES)
def test_canonical_bytes_equal_those_of_the_rfc_8785_package(tree: Any) -> None:  # noqa: ANN401 - any JSON
    try:
        expected = rfc8785.dumps(tree)
    except rfc8785.CanonicalizationError:  # a lone surrogate has no UTF-8
        with pytest.raises(UnicodeEncodeError):
            canonical(tree)
    else:
        assert canonical(tree) == expected


def test_keys_beyond_ascii_are_outside_the_domain_and_no_value_has_them() -> None:
    # Control: on such keys the orders differ, which is why the domain excludes them.
    tree = {"\U0001f600": 1, "\uffff": 2}
    assert canonical(tree) != rfc8785.dumps(tree)
    assert all(name.isascii() for kind in KINDS for name in kind.model_fields)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_mutated_bytes_are_refused_or_are_the_canonical_bytes_of_another_value(kind: type[WireValue]) -> None:
    chance = random.Random(f"mutations of {kind.__name__}")
    seed = _an_example(kind).encode()
    for _ in range(MUTATIONS // len(KINDS)):
        body = _mutated(seed, chance)
        try:
            value = kind.parse(body)
        except Refusal:
            continue
        assert value.encode() == body


def test_the_mutation_harness_catches_a_parser_that_is_not_strict() -> None:
    """Negative control: plain json.loads takes other spellings of the same value."""
    chance = random.Random("control")
    seed = example.study().encode()
    accepted_otherwise = 0
    for _ in range(2_000):
        body = _mutated(seed, chance)
        try:
            tree = json.loads(body)
        except ValueError:
            continue
        accepted_otherwise += canonical(tree) != body
    assert accepted_otherwise > 0


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (b'{"a":1,"a":1}', DoubledKey),
        (b'{"x":{"a":1,"b":2,"a":1}}', DoubledKey),
        (b"[1.0]", NotAnInteger),
        (b"[1e2]", NotAnInteger),
        (b"[NaN]", NotAnInteger),
        (b"[Infinity]", NotAnInteger),
        (b"[-Infinity]", NotAnInteger),
        (b"[9007199254740992]", NotAnInteger),
        (b"[-9007199254740992]", NotAnInteger),
        (b"[" + b"9" * 100_000 + b"]", NotAnInteger),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), TooDeep),
        (b"[" * 200_000, TooDeep),
        (b'{"a":' * 200_000, TooDeep),
        (b"", NotJson),
        (b"{}{}", NotJson),
        (b'"\xff"', NotJson),
        (b'"\x00"', NotJson),
        (b'\xef\xbb\xbf{"a":1}', NotJson),
        (b'{"a":1,}', NotJson),
        (b"{'a':1}", NotJson),
        (b" " * 2_000_000, TooLarge),
    ],
)
def test_bytes_outside_the_domain_are_refused_by_name_and_quickly(body: bytes, refusal: type[Refusal]) -> None:
    started = time.process_time()
    with pytest.raises(refusal):
        check_json(body, source="a test", max_bytes=1 << 20)
    assert time.process_time() - started < 1  # a bound against blow-up, far above what any of these takes


def test_the_limits_themselves_are_accepted() -> None:
    check_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, source="a test", max_bytes=1_000)
    check_json(b"[9007199254740991,-9007199254740991]", source="a test", max_bytes=1_000)
    check_json(b'"' + b"[" * 500 + b'\\""', source="a test", max_bytes=1_000)  # brackets in a string do not nest


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ring_bits", True),
        ("ring_bits", "32"),
        ("ring_bits", None),
        ("max_upload_bytes", True),
        ("max_upload_bytes", 0),
        ("publish_margin_percent", "50"),
        ("title", 5),
        ("title", "two\nlines"),
        ("title", "right\u202eto left"),
        ("title", ""),
        ("id", "Upper"),
        ("id", "../etc"),
        ("covenant_digest", "AB" * 32),
        ("schedule", []),
        ("schedule", {}),
        ("kind", "covenant"),
        ("format", 2),
        ("unknown", 1),
    ],
)
def test_wrong_types_and_unknown_fields_are_refused(field: str, value: object) -> None:
    """D12: strict types, no extra fields, a bool is no integer."""
    tree = example.study().model_dump(mode="json") | {field: value}
    with pytest.raises(Malformed):
        type(example.study()).parse(canonical(tree))


def test_a_lax_model_would_take_them() -> None:
    """D12, negative control: pydantic's defaults take a bool and a text for a number, and drop unknown fields."""

    class Lax(BaseModel):
        ring_bits: int

    for value in (True, "32"):
        assert Lax.model_validate({"ring_bits": value, "unknown": 1}).ring_bits


def test_an_error_repeats_neither_values_nor_unknown_names() -> None:
    tree = example.study().model_dump(mode="json") | {"bsn 123456782": "Janssen", "title": 5555555}
    with pytest.raises(Malformed) as caught:
        type(example.study()).parse(canonical(tree), source="party vt-noord")
    text = str(caught.value) + repr(caught.value)
    assert "party vt-noord" in text
    assert not any(secret in text for secret in ("123456782", "Janssen", "5555555"))


def test_a_value_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        example.study().title = example.study().title  # type: ignore[misc] # that it is refused is the point


def _an_example(kind: type[WireValue]) -> WireValue:
    written: dict[str, WireValue] = {
        type(value).__name__: value
        for value in (
            example.geography(),
            example.code_list(),
            example.covenant(),
            example.signed_covenant(),
            example.study(),
            example.signed_study(),
            example.signed_approval(),
            example.signed_declaration(),
            example.release(),
        )
    }
    if kind.__name__ in written:
        return written[kind.__name__]
    found: list[WireValue] = []

    @settings(max_examples=1, database=None)
    @given(values_of(kind))
    def take(value: WireValue) -> None:
        found.append(value)

    take()
    return found[-1]


def _mutated(body: bytes, chance: random.Random) -> bytes:
    """Return the bytes with one to three small changes, of the kinds that break parsers."""
    changed = bytearray(body)
    for _ in range(chance.randint(1, 3)):
        place = chance.randrange(len(changed) + 1)
        match chance.randrange(6):
            case 0 if place < len(changed):
                changed[place] ^= 1 << chance.randrange(8)
            case 1:
                changed[place:place] = bytes([chance.choice(b' \n\t,:[]{}"0123456789-.eE\\u')])
            case 2:
                del changed[place : place + chance.randint(1, 8)]
            case 3:
                end = place + chance.randint(1, 30)
                changed[place:place] = changed[place:end]
            case 4:
                del changed[chance.randrange(len(changed) + 1) :]
            case _:
                changed[place:place] = chance.choice([b'"a":1,', b"1e9", b"true", b"null", b"NaN", b"\xff", b"\x00"])
    return bytes(changed)
