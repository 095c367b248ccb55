"""A whole file: every part that a sheet can have, from tables that late rounds added to, and what the operator told."""

import json
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from coordinator.estimates.context_file import ContextFile, WrongContext, parse_context, with_file
from coordinator.estimates.estimate import WrongShape, estimates
from coordinator.estimates.hierarchy import AreaTree, hierarchy
from coordinator.estimates.indicators import Indicator
from coordinator.estimates.sheet import METHODS, Context, Sheet, make_sheet
from coordinator.estimates.sheet_file import Basis, EstimatesDiffer, check_estimates, estimates_json
from coordinator.geography.areas import Figures
from coordinator.geography.edition import Edition
from protocol.words.geography import AreaCode
from protocol.words.ids import MeasureId
from protocol.words.period import Period, PeriodLength
from tests import example

PARENTS = (-1, *[0] * 6, *np.repeat(np.arange(1, 7), 6).tolist())
CODES = (
    AreaCode("GM9001"),
    *(AreaCode(f"WK9001{wijk:02d}") for wijk in range(6)),
    *(AreaCode(f"BU9001{wijk:02d}{buurt:02d}") for wijk in range(6) for buurt in range(6)),
)
TREE = AreaTree(hierarchy(PARENTS), CODES)
QUARTERS = tuple(Period(f"202{4 + place // 4}-Q{place % 4 + 1}") for place in range(8))
PEOPLE = np.array([72_000.0, *[12_000] * 6, *[2_000] * 36])
SHARES = (0.8, 0.2)
FILE = """
[[break]]
period = "2024-Q2"
kind = "code-list"

[[intervention]]
indicator = "meldingen/vt"
area = "WK900102"
first_after = "2025-Q1"
label = "wijkteam erbij"

[[prevalence]]
indicator = "meldingen/vt"
version = "NPM-2017, verzonnen risico's"
source = "Nationale Prevalentiestudie 2017"
per_1000_low = 26.0
per_1000_high = 37.0
area_error = 0.2
strata = [
  { column = "p_hh_osm", national_share = 0.07, relative_risk = 3.0 },
  { national_share = 0.93, relative_risk = 1.0 },
]
"""


def indicator(name: str, seed: int) -> Indicator:
    """Return 20 a quarter and buurt at every level, of which a fifth comes a round late; the last has only its own."""
    chance = np.random.default_rng(seed)
    leaves = np.stack([chance.poisson(20 * share, (36, 8)) for share in SHARES], axis=2).astype(np.float64)
    wijken = leaves.reshape(6, 6, 8, 2).sum(axis=1)
    added = np.concatenate([wijken.sum(axis=0, keepdims=True), wijken, leaves])
    added += np.rint(chance.normal(0, 5, added.shape))
    variance = np.full(added.shape, 25.0)
    variance[:, -1, 1] = np.inf
    known = np.isfinite(variance)
    return Indicator(
        name,
        MeasureId(name.split("/", maxsplit=1)[0]),
        None,
        PeriodLength.QUARTER,
        QUARTERS,
        TREE,
        np.where(known, added, 0).sum(axis=2),
        np.where(known, variance, 0).sum(axis=2),
        "-",
        estimates(added, variance),
    )


def edition() -> Edition:
    told = Figures(2_000, 900, MappingProxyType({"p_hh_osm": 10.0}))
    return Edition(example.geography(), MappingProxyType({}), MappingProxyType(dict.fromkeys(CODES, told)))


def context() -> Context:
    covariates = np.full((43, 2), np.nan)
    covariates[1:] = np.random.default_rng(1).normal(0, 1, (42, 2))
    places = np.arange(7, 43).reshape(6, 6)
    rows = np.column_stack([places[:, 1:].ravel(), places[:, :-1].ravel()])
    return replace(Context(PEOPLE, covariates, 0.56), borders=rows)


def sheets() -> list[tuple[Sheet, Context]]:
    made, told = [], parse_context(FILE, source="context.toml")
    for seed, name in enumerate(("meldingen/vt", "incidenten/politie", "zorg/ggz")):
        each = indicator(name, seed)
        given = with_file(context(), told, each, edition())
        given = given if seed == 0 else replace(given, borders=None)
        made.append((make_sheet(each, given), given))
    return made


def test_every_part_is_in_the_file_and_a_changed_one_is_named() -> None:
    made = sheets()
    body = estimates_json(made)
    tree = json.loads(body)
    assert tree["methods"] == dict(METHODS)
    assert tree["basis"] == Basis.OPENED.value
    first, second, _ = tree["indicators"]
    assert first["breaks"] == [{"period": "2024-Q2", "kind": "nieuwe codelijst"}]
    assert first["year"]["periods"] == ["2025-Q1", "2025-Q2", "2025-Q3", "2025-Q4"]
    assert first["year"]["complete"] is True
    wijk = first["year"]["areas"][1]
    assert wijk["area"] == "WK900100"
    assert wijk["registered"][0] < wijk["consistent"]["value"] < wijk["registered"][1]
    assert len(wijk["comparable"]) == 5
    assert first["year"]["areas"][7]["against_rest"] in {"hoger", "geen aantoonbaar verschil", "lager"}
    assert first["effects"][0]["label"] == "wijkteam erbij"
    assert "Dit zegt niet waardoor." in first["effects"][0]["sentence"]
    assert second["effects"] == []
    assert len(first["spatial"]["areas"]) == 36
    assert first["final"]["delays"][0] == pytest.approx(0.8, abs=0.05)
    assert [each["period"] for each in first["final"]["periods"]] == ["2025-Q4"]
    gemeente = first["final"]["periods"][0]["areas"][0]
    assert gemeente["value"] == pytest.approx(36 * 20, rel=0.15)
    assert first["prevalence"]["version"] == "NPM-2017, verzonnen risico's"
    buurt = first["prevalence"]["areas"][7]
    # 2,000 times the middle of 26 and 37 in 1,000, times (0.1 * 3 + 0.9) / (0.07 * 3 + 0.93).
    assert buurt["estimated"]["value"] == pytest.approx(2 * (26 * 37) ** 0.5 * 1.2 / 1.14, rel=1e-6)
    assert buurt["for_each_registered"]["low"] < buurt["for_each_registered"]["high"]
    assert "prevalence" not in second
    assert [each["name"] for each in tree["associations"][0]["with"]] == ["incidenten/politie", "zorg/ggz"]
    assert not any(each.get("found") for row in tree["associations"] for each in row["with"])  # they share nothing
    check_estimates(body, estimates_json(made), source="the file")
    tree["indicators"][0]["year"]["areas"][1]["against_whole"] = "hoger dan ooit"
    with pytest.raises(EstimatesDiffer, match=r"at /indicators/0/year/areas/1/against_whole, wanted"):
        check_estimates(json.dumps(tree).encode(), body, source="the file")


def test_an_entry_of_another_period_area_or_indicator_is_left_out() -> None:
    each = indicator("zorg/ggz", 9)
    told = parse_context(FILE.replace("2024-Q2", "2019-Q2"), source="context.toml")
    given = with_file(context(), told, each, edition())
    assert (given.breaks, given.interventions, given.strata) == ((), (), None)
    assert with_file(context(), ContextFile(), each, edition()).interventions == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('kind = "code-list"', 'kind = "anders"'),
        ('kind = "code-list"', 'kind = "code-list"\nextra = 1'),
        ('label = "wijkteam erbij"', ""),
        ("[[break]]", "[break]"),
        ("[[break]]", "[[breuk]]"),
        ("{ national_share = 0.93,", '{ column = "x", national_share = 0.93,'),
        ("per_1000_low = 26.0", 'per_1000_low = "veel"'),
        ("[[break]]", "[[break"),
        ("[[break]]", '[[english]]\nnl = "Meldingen"\n[[break]]'),
    ],
)
def test_a_file_of_another_form_is_refused(old: str, new: str) -> None:
    with pytest.raises(WrongContext, match=r"context\.toml"):
        parse_context(FILE.replace(old, new), source="context.toml")


def test_a_model_that_does_not_add_up_is_refused() -> None:
    with pytest.raises(WrongShape):
        parse_context(FILE.replace("0.93", "0.5"), source="context.toml")
