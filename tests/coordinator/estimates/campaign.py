"""All estimates of many simulated gemeenten beside the truth: coverage, errors, and false verdicts."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from coordinator.estimates.display import displayed
from coordinator.estimates.estimate import Estimates, estimates
from coordinator.estimates.intervals import dispersion_of_repeats, registered, underlying
from coordinator.estimates.relative_areas import local_levels
from coordinator.estimates.small_areas import (
    LEAST_INHABITANTS,
    SmallAreas,
    benchmarked,
    design,
    fay_herriot,
    rate_errors,
)
from coordinator.estimates.trend import trend
from coordinator.estimates.verdicts import Verdict, judge, with_whole
from protocol.words.geography import Level
from tests.coordinator.estimates.worlds import QUARTERS, YEARS, World, make_world

BINS = (0.0, 1.0, 3.0, 10.0, np.inf)  # of the expected count in a quarter
APART = (0.0, 0.5, 0.8, 1.25, 2.0, np.inf)  # of an area's rate beside the gemeente's
QUARTER = dispersion_of_repeats(0.56, 0.25)  # returns: CBS 85361NED, as the planner has it
ALL_QUARTERS = dispersion_of_repeats(0.56, YEARS)
Floats = NDArray[np.float64]


@dataclass(slots=True)
class Tally:
    """What the worlds came to. covered: of each kind of interval, by expected count: how many held, of how many."""

    covered: defaultdict[str, Floats] = field(default_factory=lambda: defaultdict(lambda: np.zeros((5, 2))))
    errors: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    widths: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    discoveries: list[tuple[int, int]] = field(default_factory=list)

    def cover(
        self, kind: str, low: Floats, high: Floats, truth: Floats, level: Floats, bins: tuple[float, ...] = BINS
    ) -> None:
        place = np.digitize(level.ravel(), bins) - 1
        held = ((low <= truth) & (truth <= high)).ravel()
        of = np.bincount(place, minlength=5)
        self.covered[kind] += np.column_stack([np.bincount(place, weights=held, minlength=5), of])

    def coverage(self, kind: str) -> float:
        held, of = self.covered[kind].sum(axis=0)
        return float(held / of)

    def by_expected(self, kind: str) -> tuple[float, ...]:
        return tuple(float(held / of) for held, of in self.covered[kind] if of)

    def numbers(self, kind: str) -> tuple[int, ...]:
        return tuple(int(of) for _, of in self.covered[kind] if of)

    def width(self, kind: str) -> float:
        return float(np.mean(self.widths[kind]))

    def rmse(self, name: str) -> float:
        return float(np.sqrt(np.mean(np.square(self.errors[name]))))

    def bias(self, name: str) -> float:
        return float(np.mean(self.errors[name]))

    def false_discovery(self) -> float:
        """Return the mean over worlds of the share of false verdicts; 0 where there was none."""
        return float(np.mean([wrong / max(found, 1) for wrong, found in self.discoveries]))


def play(seeds: Iterable[int]) -> Tally:
    """Return the tally of these worlds."""
    tally = Tally()
    for seed in seeds:
        world = make_world(seed)
        _counts(world, tally)
        _models(world, tally)
        _verdicts(world, tally)
    return tally


def _part(figures: Estimates, nodes: NDArray[np.int64]) -> Estimates:
    return Estimates(figures.value[nodes], figures.variance[nodes], figures.reason[nodes])


def _counts(world: World, tally: Tally) -> None:
    shown = displayed(world.consistent).values
    for level in (Level.GEMEENTE, Level.WIJK, Level.BUURT):
        nodes = world.at(level)
        truth, expected = world.registered[nodes], world.level[nodes]
        tally.errors[f"shown {level}"] += (shown[nodes] - truth).ravel().tolist()
        for name, figures in (("raw", _part(world.raw, nodes)), ("consistent", _part(world.consistent.figures, nodes))):
            tally.errors[f"{name} {level}"] += (figures.value - truth).ravel().tolist()
            tally.errors[f"{name} {level} relative"] += ((figures.value - truth).sum() / truth.sum(),)
            if level is Level.BUURT:
                kept, wide = registered(figures), underlying(figures, QUARTER)
                tally.cover(f"registered {name}", kept.low, kept.high, truth, expected)
                tally.cover(f"underlying {name}", wide.low, wide.high, expected, expected)
                tally.errors[f"level {name}"] += (figures.value - expected)[:, -1].tolist()
                enough = world.inhabitants[nodes] >= LEAST_INHABITANTS
                tally.widths[f"underlying {name}"] += (wide.high - wide.low)[enough, -1].tolist()


def _models(world: World, tally: Tally) -> None:
    """The trend; the level of the last quarter from one, four and all quarters; and Fay and Herriot's own model."""
    buurten = world.at(Level.BUURT)
    people, expected = world.inhabitants[buurten], world.level[buurten]
    figures = _part(world.consistent.figures, buurten)
    overall = float(figures.value.sum()) / QUARTERS / people.sum()
    found = trend(figures, people * overall, ALL_QUARTERS.factor).later
    half = 1.96 * np.sqrt(found.variance)
    tally.cover("trend", found.value - half, found.value + half, expected, expected)
    tally.errors["level trend"] += (found.value - expected)[:, -1].tolist()
    at = np.flatnonzero(people >= LEAST_INHABITANTS)
    ends = (np.maximum(found.value + side * half, 0)[at, -1] for side in (1, -1))
    tally.widths["trend"] += np.subtract(*ends).tolist()
    truth = expected[at, -1]
    plain = _linear(figures, people, world.covariates[buurten])
    tally.errors["level linear small areas"] += ((plain.value * people)[at] - truth).tolist()
    for name, quarters in (("small areas", 1), ("small areas of a year", 4), ("small areas and trend", QUARTERS)):
        factor = dispersion_of_repeats(0.56, quarters / 4).factor
        last = slice(-quarters, None)
        seen = estimates(figures.value[:, last], figures.variance[:, last], figures.reason[:, last])
        made = local_levels(seen, people, world.covariates[buurten], factor)
        _tally_areas(tally, name, made, at, people, truth)
    # Of the last one, as the sheet has it: moved to add up to what was counted.
    rest = float(figures.value[people < LEAST_INHABITANTS, -1].sum())
    total = estimates([float(world.consistent.figures.value[world.at(Level.GEMEENTE)[0], -1]) - rest], [1.0])
    moved = benchmarked(made, np.where(people >= LEAST_INHABITANTS, people, 0.0), np.zeros(people.size, int), total)
    _tally_areas(tally, "small areas and trend, adding up", moved, at, people, truth)


def _tally_areas(
    tally: Tally, name: str, made: SmallAreas, at: NDArray[np.int64], people: Floats, truth: Floats
) -> None:
    """Take limits by three things: the true level, the inhabitants, and how far an area is from the gemeente's rate."""
    count = made.estimated.value[at] * people[at]
    low, high = (side[at] * people[at] for side in (made.limits.low, made.limits.high))
    usual = people[at] * truth.sum() / people[at].sum()
    tally.cover(name, low, high, truth, truth)
    tally.cover(f"{name} by inhabitants", low, high, truth, usual)
    tally.cover(f"{name} by rate", low, high, truth, truth / usual, APART)
    error = 1.96 * np.sqrt(made.estimated.variance[at]) * people[at]
    tally.cover(f"{name}, mean error, by rate", count - error, count + error, truth, truth / usual, APART)
    tally.widths[name] += (high - low).tolist()
    tally.widths[f"{name}, mean error"] += (np.maximum(count + error, 0) - np.maximum(count - error, 0)).tolist()
    tally.errors[f"level {name}"] += (count - truth).tolist()


def _linear(figures: Estimates, people: Floats, covariates: Floats) -> Estimates:
    """Return Fay and Herriot's own model on the last quarter."""
    usable = people >= LEAST_INHABITANTS
    safe = np.where(usable, people, 1.0)
    rate = estimates(figures.value[:, -1] / safe, np.where(usable, figures.variance[:, -1] / safe**2, np.inf))
    return fay_herriot(rate_errors(rate, people, QUARTER.factor), design(covariates), usable).estimated


def _verdicts(world: World, tally: Tally) -> None:
    """Every buurt with inhabitants against the gemeente, over the whole three years."""
    buurten, top = world.at(Level.BUURT), int(world.at(Level.GEMEENTE)[0])
    raw = world.raw
    own = estimates(raw.value[buurten].sum(axis=1), raw.variance[buurten].sum(axis=1))
    whole = estimates(raw.value[[top]].sum(axis=1), raw.variance[[top]].sum(axis=1))
    people, everyone = world.inhabitants[buurten], float(world.inhabitants[top])
    page = judge([with_whole(own, people, whole, everyone, dispersion=ALL_QUARTERS)])
    truth = world.level[buurten].sum(axis=1) / np.maximum(people, 1) - world.level[top].sum() / everyone
    higher = np.array([word is Verdict.HIGHER for word in page.verdicts])
    lower = np.array([word is Verdict.LOWER for word in page.verdicts])
    tally.discoveries.append(
        (int((higher & (truth <= 0)).sum() + (lower & (truth >= 0)).sum()), int((higher | lower).sum()))
    )
