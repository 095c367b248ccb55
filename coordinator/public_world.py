"""Computes: from the figures of areas and a file of rates to what the planner takes; both are public."""

import tomllib
from collections.abc import Mapping

from coordinator.drafts import WrongDraft
from coordinator.geography.areas import Figures
from coordinator.planner.forecast import PublicWorld
from coordinator.planner.public_model import DEFAULT_RATES, AreaFigures, PublicRate
from protocol.covenant.covenant import Covenant
from protocol.study.study import Study
from protocol.words.geography import AreaCode
from protocol.words.ids import MeasureId

_KEYS = {"per_1000", "returns", "source"}


def public_world(
    told: Mapping[AreaCode, Figures], rates: Mapping[MeasureId, PublicRate], study: Study, covenant: Covenant
) -> PublicWorld:
    """Return what is public: figures by area, and for each measure its own rate or the published one of its partners.

    An area of which CBS tells nothing has hardly any inhabitants and counts as empty.
    """
    figures = {code: AreaFigures(entry.inhabitants or 0, entry.households or 0) for code, entry in told.items()}
    found = dict(rates)
    for table in study.tables:
        kinds = {kind for party in table.contributors if (kind := covenant.party(party).type) is not None}
        rate = next((DEFAULT_RATES[kind] for kind in kinds if kind in DEFAULT_RATES), None)
        if table.measure not in found and rate is not None and len(kinds) == 1:
            found[table.measure] = rate
    return PublicWorld(figures, found)


def parse_rates(text: str, *, source: str) -> Mapping[MeasureId, PublicRate]:
    """Return the rates of a TOML file: a table for each measure with per_1000, returns and source.

    Raises: WrongDraft, RateOutOfRange.
    """
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise _wrong(source, "no TOML") from None
    found = {}
    for name, entry in tree.items():
        if not isinstance(entry, dict) or set(entry) != _KEYS or not isinstance(entry["source"], str):
            raise _wrong(source, "a measure without exactly per_1000, returns and source")
        numbers = [entry["per_1000"], entry["returns"]]
        if not all(isinstance(number, int | float) for number in numbers):
            raise _wrong(source, "a rate that is no number")
        found[MeasureId(name)] = PublicRate(float(numbers[0]), float(numbers[1]), entry["source"])
    return found


def _wrong(source: str, got: str) -> WrongDraft:
    return WrongDraft(
        got=f"{got} in {source}",
        wanted="[MEASURE] with per_1000, returns and source",
        act="the author of the study must mend the rates",
    )
