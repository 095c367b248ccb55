"""Computes: what the operator tells of areas and dates, from a TOML file that is published with the estimates.

[[break]]         indicator = "..."  period = "2025-Q1"  kind = "code-list" | "boundary" | "partner" | "law" | "source"
[[intervention]]  indicator = "..."  area = "WK..."  first_after = "2025-Q3"  label = "..."
[[prevalence]]    indicator = "..."  version, source = "..."  per_1000_low, per_1000_high, area_error = ...
                  strata = [{ column = "p_hh_osm", national_share = 0.07, relative_risk = 3.0 }, ...]
                  column: a percentage of the key figures; the last stratum has none, it is everybody else
[[english]]       nl = "..."  en = "..."   what was signed in Dutch, word for word, and what English pages say for it

A break or intervention without an indicator is of every one.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from coordinator.errors import EstimateRefusal
from coordinator.estimates.breaks import with_told
from coordinator.estimates.indicators import Indicator
from coordinator.estimates.interventions import Intervention
from coordinator.estimates.prevalence import PrevalenceModel, Strata
from coordinator.estimates.sheet import Context
from coordinator.estimates.trend import Break, BreakKind
from coordinator.geography.edition import Edition

_PERCENT = 100
_KINDS = {
    "code-list": BreakKind.CODE_LIST,
    "boundary": BreakKind.BOUNDARY,
    "partner": BreakKind.PARTNER,
    "law": BreakKind.LAW,
    "source": BreakKind.SOURCE,
}
_NAMES = {"break", "intervention", "prevalence", "english"}


class WrongContext(EstimateRefusal):
    """A file of breaks, interventions and prevalence models that does not have their form."""


@dataclass(frozen=True, slots=True)
class ToldBreak:
    """A break of one indicator, or of all."""

    indicator: str | None
    period: str
    kind: BreakKind


@dataclass(frozen=True, slots=True)
class ToldDate:
    """An intervention in an area, looked for in one indicator, or in all."""

    indicator: str | None
    area: str
    first_after: str
    label: str


@dataclass(frozen=True, slots=True)
class ToldPrevalence:
    """A published prevalence of what one indicator counts. columns: of all strata but the last."""

    indicator: str
    model: PrevalenceModel
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ToldEnglish:
    """English for a text that was signed or told in Dutch. nl: that text, to the letter: what says more is another."""

    nl: str
    en: str


@dataclass(frozen=True, slots=True)
class ContextFile:
    """What a file tells."""

    breaks: tuple[ToldBreak, ...] = ()
    dates: tuple[ToldDate, ...] = ()
    prevalences: tuple[ToldPrevalence, ...] = ()
    english: tuple[ToldEnglish, ...] = ()


NOTHING_TOLD = ContextFile()


def parse_context(text: str, *, source: str) -> ContextFile:
    """Return what a file tells.

    Raises: WrongContext; WrongShape, for a model that does not fit.
    """
    try:
        tree = tomllib.loads(text)
        if not set(tree) <= _NAMES:
            raise _wrong(source, "an entry of another name")
        return ContextFile(
            tuple(
                ToldBreak(_of(each), str(each["period"]), _KINDS[str(each["kind"])])
                for each in _entries(tree, "break", {"period", "kind"})
            ),
            tuple(
                ToldDate(_of(each), str(each["area"]), str(each["first_after"]), str(each["label"]))
                for each in _entries(tree, "intervention", {"area", "first_after", "label"})
            ),
            tuple(_prevalence(each) for each in _entries(tree, "prevalence", _PREVALENCE)),
            tuple(ToldEnglish(str(each["nl"]), str(each["en"])) for each in _entries(tree, "english", {"nl", "en"})),
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError):
        raise _wrong(source, "no TOML, or an entry without exactly its keys") from None


def with_file(context: Context, told: ContextFile, indicator: Indicator, edition: Edition) -> Context:
    """Return the context of an indicator with what the file tells of it.

    What names a period or area that the indicator has not is left out: one file serves all of them.
    """
    places: dict[str, int] = {period: place for place, period in enumerate(indicator.periods) if place}
    nodes: dict[str, int] = {code: node for node, code in enumerate(indicator.tree.codes) if code is not None}
    breaks = [
        Break(places[each.period], each.kind)
        for each in told.breaks
        if _fits(each, indicator) and each.period in places
    ]
    dates = [
        Intervention(nodes[each.area], places[each.first_after], each.label)
        for each in told.dates
        if _fits(each, indicator) and each.area in nodes and each.first_after in places
    ]
    own = [each for each in told.prevalences if each.indicator == indicator.name]
    return replace(
        context,
        breaks=with_told(context.breaks, breaks),
        interventions=tuple(dates),
        strata=_strata(own[-1], context, indicator, edition) if own else None,
    )


_PREVALENCE = {"indicator", "version", "source", "per_1000_low", "per_1000_high", "area_error", "strata"}


def _prevalence(entry: Mapping[str, object]) -> ToldPrevalence:
    strata = entry["strata"]
    if not isinstance(strata, list) or not strata or any("column" in each for each in strata[-1:]):
        raise TypeError("strata")
    model = PrevalenceModel(
        str(entry["version"]),
        str(entry["source"]),
        float(str(entry["per_1000_low"])),
        float(str(entry["per_1000_high"])),
        tuple(float(each["national_share"]) for each in strata),
        tuple(float(each["relative_risk"]) for each in strata),
        float(str(entry["area_error"])),
    )
    return ToldPrevalence(str(entry["indicator"]), model, tuple(str(each["column"]) for each in strata[:-1]))


def _strata(told: ToldPrevalence, context: Context, indicator: Indicator, edition: Edition) -> Strata:
    figures = [None if code is None else edition.figures.get(code) for code in indicator.tree.codes]
    known = np.array(
        [[np.nan if each is None else each.context.get(name, np.nan) for name in told.columns] for each in figures]
    ).reshape(len(figures), -1)
    shares = np.column_stack([known / _PERCENT, 1 - known.sum(axis=1) / _PERCENT])
    return Strata(told.model, context.inhabitants, shares)


def _entries(tree: Mapping[str, object], name: str, keys: set[str]) -> Sequence[Mapping[str, object]]:
    """Return the entries of a name; each has these keys, and may name an indicator.

    Raises: TypeError, KeyError.
    """
    entries = tree.get(name, [])
    if not isinstance(entries, list):
        raise TypeError(name)
    for entry in entries:
        if not isinstance(entry, dict) or set(entry) | {"indicator"} != keys | {"indicator"} or not keys <= set(entry):
            raise KeyError(name)
    return entries


def _of(entry: Mapping[str, object]) -> str | None:
    return str(entry["indicator"]) if "indicator" in entry else None


def _fits(told: ToldBreak | ToldDate, indicator: Indicator) -> bool:
    return told.indicator is None or told.indicator == indicator.name


def _wrong(source: str, got: str) -> WrongContext:
    return WrongContext(
        got=f"{got} in {source}",
        wanted="[[break]], [[intervention]], [[prevalence]] and [[english]] with exactly their keys",
        act="the operator must mend the file",
    )
