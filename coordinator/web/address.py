"""Computes: the state of a page from its address, and addresses from states. An address that is none is refused."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from urllib.parse import parse_qsl, quote, urlencode

from coordinator.errors import OperatorRefusal
from coordinator.web.monitor import (
    REGION,
    YEAR,
    IndicatorId,
    Monitor,
    MonitorArea,
    MonitorIndicator,
    Planned,
    Span,
    SpanId,
)
from privacy.language import Language
from protocol.words.geography import AreaCode, Level

MAX_QUERY_CHARS = 1_000  # the longest address that a page of ours makes has 150
MAX_COMPARED = 4  # more lines in one chart cannot be told apart
CHOSEN = ("gebied0", "gebied1", "gebied2", "gebied3")  # as a form without script sends them
KEYS = ("onderwerp", "periode", "niveau", "kaart", "gebied", "gebieden", *CHOSEN, "alleen", "zoek", "lang")
_ACT = "the reader must choose from what the page offers"


class BrokenAddress(OperatorRefusal):
    """An address that is too long, not readable, or says one thing twice."""


class UnknownInAddress(OperatorRefusal):
    """An address that names an area, topic, period, level or map that is not there."""


class MapKind(StrEnum):
    """What a map shows."""

    DIFFERENCE = "verschil"
    VALUE = "waarde"


@dataclass(frozen=True, eq=False, slots=True)
class View:
    """The state of a page. compared: areas to compare. only_different: leave out rows without a difference.

    indicator, span: None where nothing was released. stale_since: since then nobody knows whether there are newer
    figures. overdue: the first period that should have been released and was not. themed: in the municipality's style.
    """

    monitor: Monitor
    path: str
    language: Language
    own_language: Language
    indicator: MonitorIndicator | None
    span: Span | None
    level: Level
    kind: MapKind = MapKind.DIFFERENCE
    area: MonitorArea | None = None
    compared: tuple[MonitorArea, ...] = ()
    only_different: bool = False
    search: str = ""
    stale_since: datetime | None = None
    overdue: Planned | None = None
    themed: bool = False

    def link(self, path: str | None = None, **changes: object) -> str:
        """Return the address of this state with these changes; what is usual is left out.

        changes: by key of an address, None to leave out; values are ids, codes or flags.
        """
        stated: dict[str, object] = {
            "onderwerp": None if self.indicator is None else self.indicator.id,
            "periode": None if self.span is None else self.span.id,
            "niveau": self.level.value,
            "kaart": self.kind.value,
            "gebied": None if self.area is None else self.area.code,
            "gebieden": ",".join(area.code for area in self.compared) or None,
            "alleen": "afwijkend" if self.only_different else None,
            "lang": self.language.value,
        }
        stated |= changes
        usual = {
            "onderwerp": next(iter(self.monitor.indicators), None),
            "periode": YEAR,
            "niveau": Level.WIJK.value,
            "kaart": MapKind.DIFFERENCE.value,
            "lang": self.own_language.value,
        }
        kept = {key: str(value) for key, value in stated.items() if value is not None and value != usual.get(key)}
        query = urlencode(kept, safe=",")
        return quote(path or self.path) + (f"?{query}" if query else "")

    def page(self, path: str, **changes: object) -> str:
        """Return the address of another page: topic, period and language go with it, what was chosen here does not."""
        here = {"gebied": None, "gebieden": None, "alleen": None, "kaart": None}
        return self.link(path, **(here | changes))


def read_query(query: str) -> Mapping[str, str]:
    """Return the parts of a query by key; keys that are not ours are left out.

    Raises: BrokenAddress.
    """
    if len(query) > MAX_QUERY_CHARS:
        raise _broken("an address of more than 1,000 signs")
    try:
        pairs = parse_qsl(query, strict_parsing=bool(query), max_num_fields=2 * len(KEYS), errors="strict")
    except ValueError:
        raise _broken("an address that cannot be read") from None
    found: dict[str, str] = {}
    for key, value in pairs:
        if key in found:
            raise _broken("an address that says one thing twice")
        if key in KEYS:
            found[key] = value
    return MappingProxyType(found)


def read_view(monitor: Monitor, path: str, query: str, *, own_language: Language) -> View:
    """Return the state that an address states, with what is usual for the rest.

    Raises: BrokenAddress, UnknownInAddress.
    """
    told = read_query(query)
    language = read_language(told.get("lang"), own_language)
    monitor = _named(monitor, language)
    indicator = _indicator(monitor, told.get("onderwerp"))
    level = _level(told.get("niveau"))
    listed = [*told.get("gebieden", "").split(","), *(told.get(key, "") for key in CHOSEN)]
    codes = [code for code in listed if code]
    if len(codes) > MAX_COMPARED or len(set(codes)) < len(codes):
        raise _broken("more areas than can be compared, or one twice")
    view = View(
        monitor=monitor,
        path=path,
        language=language,
        own_language=own_language,
        indicator=indicator,
        span=None if indicator is None else _span(indicator, told.get("periode")),
        level=level,
        compared=tuple(area_of(monitor, code) for code in codes),
        only_different=told.get("alleen") == "afwijkend",
        search=told.get("zoek", "").strip(),
    )
    if told.get("kaart", MapKind.DIFFERENCE) not in set(MapKind):
        raise _unknown("kaart")
    view = replace(view, kind=MapKind(told.get("kaart", MapKind.DIFFERENCE)))
    return replace(view, area=area_of(monitor, told["gebied"])) if told.get("gebied") else view


def read_language(name: str | None, own_language: Language) -> Language:
    """Return the language of an address; another one than ours is none.

    Raises: UnknownInAddress.
    """
    if name is None:
        return own_language
    if name not in set(Language):
        raise _unknown("lang")
    return Language(name)


def _named(monitor: Monitor, language: Language) -> Monitor:
    """Return the monitor as a language names it: a region of several gemeenten has no name of its own, so ours."""
    whole = monitor.areas.get(REGION)
    if whole is None or language is Language.DUTCH:
        return monitor
    named = {**monitor.areas, REGION: replace(whole, name="Region")}
    return replace(monitor, areas=MappingProxyType(named))


def area_of(monitor: Monitor, code: str) -> MonitorArea:
    """Return an area by its code.

    Raises: UnknownInAddress.
    """
    found = monitor.areas.get(AreaCode(code))
    if found is None:
        raise _unknown("gebied")
    return found


def _indicator(monitor: Monitor, name: str | None) -> MonitorIndicator | None:
    if name is None:
        return next(iter(monitor.indicators.values()), None)
    found = monitor.indicators.get(IndicatorId(name))
    if found is None:
        raise _unknown("onderwerp")
    return found


def _span(indicator: MonitorIndicator, name: str | None) -> Span:
    found = indicator.spans.get(SpanId(name or YEAR))
    if found is None:
        raise _unknown("periode")
    return found


def _level(name: str | None) -> Level:
    if name is None:
        return Level.WIJK
    if name not in {Level.WIJK, Level.BUURT}:
        raise _unknown("niveau")
    return Level(name)


def nothing_released() -> UnknownInAddress:
    """Return the refusal of what needs a figure before any was released."""
    return UnknownInAddress(got="no released figures", wanted="a released round", act=_ACT)


def _broken(got: str) -> BrokenAddress:
    return BrokenAddress(got=got, wanted="an address as a page of the monitor makes it", act=_ACT)


def _unknown(key: str) -> UnknownInAddress:
    return UnknownInAddress(got=f"an unknown value of {key}", wanted="one that was released", act=_ACT)
