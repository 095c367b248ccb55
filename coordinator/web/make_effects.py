"""Computes: what changed in an area after a date that the operator told, beside areas like it, as pages show it.

Of an area with a period that is not shown nothing is said: a change is no way to a figure.
"""

from collections.abc import Mapping

from coordinator.estimates.before_after import BeforeAfter
from coordinator.estimates.interventions import Effect
from coordinator.estimates.sheet import Sheet
from coordinator.web import monitor as m


def make_effects(
    sheet: Sheet, spans: Mapping[m.SpanId, m.Span], breaks: tuple[m.SeriesBreak, ...]
) -> tuple[m.Effect, ...]:
    """Return the effects of an indicator, in the order in which they were told."""
    codes = tuple(code or m.REGION for code in sheet.indicator.tree.codes)
    periods = sheet.indicator.periods
    first = max((periods.index(each.first) for each in breaks), default=0)
    looked_at = [spans[m.SpanId(period)] for period in periods[first:]]

    def made(effect: Effect) -> m.Effect:
        area = codes[effect.intervention.node]
        change = None
        if isinstance(effect.answer, BeforeAfter) and all(span.cells[area].figure is not None for span in looked_at):
            change = m.Change(effect.answer.ratio, effect.answer.low, effect.answer.high, effect.answer.areas)
        alike = tuple(codes[node] for node in effect.compared.tolist())
        return m.Effect(area, effect.intervention.label, periods[effect.intervention.first], alike, change)

    return tuple(made(effect) for effect in sheet.effects)
