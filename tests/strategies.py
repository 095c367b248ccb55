"""Hypothesis strategies for every wire value, read from its fields, so that a new field is covered at once."""

from datetime import date
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NewType, Union, get_args, get_origin

from annotated_types import Ge, Le, Lt, MaxLen, MinLen
from hypothesis import strategies as st
from pydantic import StringConstraints
from pydantic.fields import FieldInfo

from protocol.ratio import Ratio
from protocol.release import NotShown, ReleasedCell
from protocol.wire import MAX_INTEGER, WireValue
from protocol.words.code_list import CodeList
from protocol.words.geography import Geography
from tests import example

MOST_ITEMS = 3  # lists of lists grow fast; three items already have a first, a middle and a last


def every_wire_value() -> tuple[type[WireValue], ...]:
    """Return every concrete value that crosses a border, in order of name."""
    found: set[type[WireValue]] = set()
    waiting = [WireValue]
    while waiting:
        for kind in waiting.pop().__subclasses__():
            waiting.append(kind)
            if kind.__module__.startswith("protocol."):
                found.add(kind)
    return tuple(sorted((kind for kind in found if kind.model_fields), key=lambda kind: kind.__name__))


def values_of(kind: type[WireValue]) -> st.SearchStrategy[Any]:
    """Return a strategy for values of one kind."""
    if kind in _BY_HAND:
        return _BY_HAND[kind]
    return st.builds(kind, **{name: _field(field) for name, field in kind.model_fields.items()})


def _field(field: FieldInfo) -> st.SearchStrategy[Any]:
    return _annotation(field.annotation, tuple(field.metadata))


def _annotation(annotation: Any, limits: tuple[Any, ...]) -> st.SearchStrategy[Any]:  # noqa: ANN401 - types are values here
    if isinstance(annotation, NewType):
        return _annotation(annotation.__supertype__, limits)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        inner = [part for item in arguments[1:] for part in (item.metadata if isinstance(item, FieldInfo) else [item])]
        return _annotation(arguments[0], (*limits, *inner))
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in (Union, UnionType):
        return st.one_of([_annotation(option, ()) for option in arguments])
    if origin is tuple:
        least = next((limit.min_length for limit in limits if isinstance(limit, MinLen)), 0)
        most = next((limit.max_length for limit in limits if isinstance(limit, MaxLen)), MOST_ITEMS)
        items = st.lists(_annotation(arguments[0], ()), min_size=least, max_size=min(most, MOST_ITEMS))
        return items.map(tuple)
    return _plain(annotation, limits)


def _plain(annotation: Any, limits: tuple[Any, ...]) -> st.SearchStrategy[Any]:  # noqa: ANN401 - idem
    if annotation is str:
        (form,) = [limit for limit in limits if isinstance(limit, StringConstraints)]
        assert form.pattern is not None
        most = form.max_length or 400
        return st.from_regex(form.pattern, fullmatch=True).filter(lambda text: len(text) <= most)
    if annotation is int:
        least = next((int(str(limit.ge)) for limit in limits if isinstance(limit, Ge)), -MAX_INTEGER)
        most = next((int(str(limit.le)) for limit in limits if isinstance(limit, Le)), MAX_INTEGER)
        below = next((int(str(limit.lt)) for limit in limits if isinstance(limit, Lt)), most + 1)
        return st.integers(least, min(most, below - 1))
    if annotation is bool:
        return st.booleans()
    if annotation is date:
        return st.dates()
    if annotation is NoneType:
        return st.none()
    if issubclass(annotation, Enum):
        return st.sampled_from(list(annotation))
    return values_of(annotation)


def _released_cells() -> st.SearchStrategy[ReleasedCell]:
    places = st.integers(0, 1000)
    shown = st.builds(ReleasedCell, index=places, value=st.integers(-MAX_INTEGER, MAX_INTEGER), not_shown=st.none())
    hidden = st.builds(ReleasedCell, index=places, value=st.none(), not_shown=st.sampled_from(list(NotShown)))
    return shown | hidden


# Values with rules over several fields at once are written out; random fields would never obey them.
_BY_HAND: dict[type[WireValue], st.SearchStrategy[Any]] = {
    Ratio: st.fractions(0, 10**6, max_denominator=10**6).map(Ratio.of),
    Geography: st.integers(1990, 2199).map(lambda year: example.geography().model_copy(update={"year": year})),
    CodeList: st.integers(1, 10_000).map(lambda version: example.code_list().model_copy(update={"version": version})),
    ReleasedCell: _released_cells(),
}
