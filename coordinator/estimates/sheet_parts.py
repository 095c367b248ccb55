"""Computes: the parts of a sheet that are not one cell of an area and a period, as JSON."""

from collections.abc import Mapping, Sequence

import numpy as np

from coordinator.estimates.association import Association, associations
from coordinator.estimates.before_after import BeforeAfter
from coordinator.estimates.estimate import Estimates, Floats, Reason, estimates
from coordinator.estimates.interventions import Effect
from coordinator.estimates.nowcast import Delays
from coordinator.estimates.rates import PER, Ratios
from coordinator.estimates.sheet import Context, Sheet
from coordinator.estimates.small_areas import rate_errors

DIGITS = 9

Tree = Mapping[str, object]


def short(number: float) -> float:
    """Return a number to as many digits as the file has."""
    return float(f"{number:.{DIGITS}g}")


def reason_word(why: Reason) -> str:
    """Return the word for why there is no estimate."""
    return why.name.lower().replace("_", "-")


def estimate_tree(table: Estimates, *place: int) -> Tree:
    """Return one cell: its value and variance, or the reason why it has none."""
    found = table.cell(*place)
    if isinstance(found, Reason):
        return {"reason": reason_word(found)}
    return {"value": short(found.value), "variance": short(found.variance)}


def year_tree(sheet: Sheet) -> Tree:
    """Return the year of every area, and the alarms and the power that go with it."""
    year, codes = sheet.year, sheet.indicator.tree.codes
    leaf = {int(node): place for place, node in enumerate(sheet.leaves)}
    rows = []
    for node, code in enumerate(codes):
        told = bool(year.figures.told[node])
        row: dict[str, object] = {
            "area": code or "",
            "consistent": estimate_tree(year.figures, node),
            "shown": year.shown.cell(node),
            "rate": estimate_tree(year.rate, node),
            "against_whole": year.against_whole[node],
            "against_comparable": year.against_comparable[node],
            "comparable": [codes[place] or "" for place in year.alike[node].tolist() if place >= 0],
        }
        if told:
            row["registered"] = [short(float(side[node])) for side in (year.registered.low, year.registered.high)]
            row["underlying"] = [short(float(side[node])) for side in (year.underlying.low, year.underlying.high)]
            row["funnel"] = [short(float(side[node])) for side in (sheet.funnel.alarm_low, sheet.funnel.alarm_high)]
            row["outside"] = [bool(sheet.funnel.outside_warning[node]), bool(sheet.funnel.outside_alarm[node])]
        if node in leaf:
            row["against_rest"] = sheet.within.verdicts[leaf[node]]
        rows.append(row)
    power = sheet.power
    return {
        "year": {
            "periods": list(year.periods),
            "complete": year.complete,
            "false_alarms": short(year.page.false_alarms),
            "power": None
            if power is None
            else {"ratio": short(power.ratio), "association": power.association and short(power.association)},
            "areas": rows,
        }
    }


def charts_tree(sheet: Sheet) -> Tree:
    """Return both charts of slow drift, with how seldom each rings for nothing, and what a forecast was worth."""
    codes, periods = sheet.indicator.tree.codes, sheet.indicator.periods
    made: dict[str, object] = {
        name: {
            "periods_between": short(chart.periods_between),
            "areas": [
                {
                    "area": code or "",
                    "score": [short(float(score)) for score in chart.score[node]],
                    "ringing": [period for at, period in enumerate(periods) if chart.ringing[node, at]],
                }
                for node, code in enumerate(codes)
            ],
        }
        for name, chart in (("cusum", sheet.drift), ("ewma", sheet.average))
    }
    answer = sheet.forecast
    if isinstance(answer, Reason):
        return {**made, "forecast": {"reason": reason_word(answer)}}
    told: dict[str, object] = {
        "shown": answer.skill.shown,
        "best_naive": answer.skill.best_naive,
        "gain": short(answer.skill.gain),
        "p_value": short(answer.skill.p_value),
        "text": answer.skill.text,
    }
    if answer.values is not None:
        values = zip(sheet.leaves.tolist(), answer.values.tolist(), strict=True)
        told["areas"] = [{"area": codes[node] or "", "value": short(value)} for node, value in values]
    return {**made, "forecast": told}


def context_tree(sheet: Sheet) -> Tree:
    """Return what only some sheets have: effects, neighbours, expected final figures, prevalence and dark number."""
    codes, periods = sheet.indicator.tree.codes, sheet.indicator.periods
    made: dict[str, object] = {"effects": [_effect(each, sheet) for each in sheet.effects]}
    if sheet.spatial is not None:
        made["spatial"] = {
            "alike": short(sheet.spatial.alike),
            "label": sheet.spatial.label,
            "areas": [
                {"area": codes[int(node)] or "", **estimate_tree(sheet.spatial.estimated, place)}
                for place, node in enumerate(sheet.leaves)
            ],
        }
    if sheet.final is not None:
        final = sheet.final
        known = final.delays
        made["final"] = {
            "label": final.label,
            "delays": [short(float(share)) for share in known.shares]
            if isinstance(known, Delays)
            else reason_word(known),
            "periods": [
                {
                    "period": period,
                    "rounds": int(final.rounds[at]),
                    "of": final.lags,
                    "areas": [estimate_tree(final.figures, node, at) for node in range(len(codes))],
                }
                for at, period in enumerate(periods)
                if final.rounds[at] < final.lags
            ],
        }
    if sheet.prevalence is not None and sheet.dark_number is not None:
        made["prevalence"] = {
            "label": sheet.prevalence.label,
            "version": sheet.prevalence.model.version,
            "source": sheet.prevalence.model.source,
            "areas": [
                {
                    "area": code or "",
                    "estimated": _ratio(sheet.prevalence.numbers, node),
                    "for_each_registered": _ratio(sheet.dark_number, node),
                }
                for node, code in enumerate(codes)
            ],
        }
    return made


def associations_tree(sheets: Sequence[tuple[Sheet, Context]]) -> list[Tree]:
    """Return for each indicator over its year how its leaves go together with the rates of every other measure.

    Categories of one measure count the same events, so they are never held beside each other.
    """
    made: list[Tree] = []
    for sheet, context in sheets:
        others = [
            other
            for other, _ in sheets
            if other.indicator.measure != sheet.indicator.measure
            and np.array_equal(other.leaves, sheet.leaves)
            and other.year.periods == sheet.year.periods
        ]
        if not others:
            continue
        people = np.nan_to_num(context.inhabitants[sheet.leaves])
        rates = [_with_chance(other, people) for other in others]
        predictors = estimates(
            np.column_stack([each.value for each in rates]), np.column_stack([each.variance for each in rates])
        )
        names = tuple(other.indicator.name for other in others)
        answers = associations(names, _rows(sheet.year.figures, sheet), people, predictors)
        made.append(
            {
                "indicator": sheet.indicator.name,
                "with": [_association(name, each) for name, each in zip(names, answers, strict=True)],
            }
        )
    return made


def _rows(table: Estimates, sheet: Sheet) -> Estimates:
    leaves = sheet.leaves
    return Estimates(table.value[leaves], table.variance[leaves], table.reason[leaves])


def _with_chance(sheet: Sheet, people: Floats) -> Estimates:
    """Return the year's rates of the leaves; their errors hold noise and chance, for the level is what is compared."""
    rate = _rows(sheet.year.rate, sheet)
    error = np.where(rate.told, rate.variance, 0.0) / PER**2
    each = estimates(rate.value / PER, np.where(rate.told, error, np.inf), rate.reason)
    return rate_errors(each, people, sheet.year.dispersion.factor)


def _association(name: str, answer: Association | Reason) -> Tree:
    if isinstance(answer, Reason):
        return {"name": name, "reason": reason_word(answer)}
    return {
        "name": name,
        "ratio": short(answer.ratio),
        "low": short(answer.low),
        "high": short(answer.high),
        "p_value": short(answer.p_value),
        "found": answer.found,
        "note": answer.note,
    }


def _effect(effect: Effect, sheet: Sheet) -> Tree:
    codes, intervention = sheet.indicator.tree.codes, effect.intervention
    made: dict[str, object] = {
        "area": codes[intervention.node] or "",
        "first_after": sheet.indicator.periods[intervention.first],
        "label": intervention.label,
        "compared": [codes[place] or "" for place in effect.compared.tolist()],
    }
    answer = effect.answer
    if isinstance(answer, BeforeAfter):
        made |= {name: short(getattr(answer, name)) for name in ("ratio", "low", "high")}
        made["sentence"] = answer.sentence()
    else:
        made["reason"] = reason_word(answer)
    return made


def _ratio(table: Ratios, node: int) -> Tree:
    if not table.told[node]:
        return {"reason": reason_word(Reason(int(table.reason[node])))}
    return {name: short(float(getattr(table, name)[node])) for name in ("value", "low", "high")}
