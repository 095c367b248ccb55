"""Benchmarks of the estimates: all of one gemeente, and one period of the whole country."""

import resource
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from coordinator.estimates.consistency import make_consistent
from coordinator.estimates.display import displayed
from coordinator.estimates.estimate import estimates
from coordinator.estimates.hierarchy import AreaTree, Hierarchy, hierarchy
from coordinator.estimates.indicators import Indicator
from coordinator.estimates.relative_areas import relative_areas
from coordinator.estimates.sheet import Context, make_sheet
from coordinator.estimates.small_areas import design
from protocol.words.ids import MeasureId
from protocol.words.period import Period, PeriodLength
from simulations.benchmarks.result import Result, less_is_better
from simulations.benchmarks.result import cpu_ms as timed

INDICATORS, PERIODS = 20, 12
COUNTRY = (12, 342, 3_423, 14_523)  # regions, gemeenten, wijken, buurten: 18,300 areas


def estimates_gemeente() -> tuple[Result, ...]:
    """Time every estimate of 98 areas, 20 indicators and 12 periods."""
    chance = np.random.default_rng(1)
    tree = _tree((1, 19, 78), chance)
    sheets = [_indicator(tree, chance) for _ in range(INDICATORS)]
    people = _up(tree, chance.integers(200, 5_000, 78).astype(np.float64))
    context = Context(people, chance.normal(0, 1, (98, 3)), 0.56)
    ours, _ = timed(lambda: [make_sheet(each, context) for each in sheets])
    return (_row("estimates_gemeente", ours / 1e3, "s", "<= 3"),)


def estimates_country() -> tuple[Result, ...]:
    """Time consistency, shown figures and small areas of 18,300 areas and 20 tables; and the memory of it all."""
    chance = np.random.default_rng(2)
    tree = _tree(COUNTRY, chance)
    value = _up(tree, chance.poisson(4, (COUNTRY[-1], INDICATORS)).astype(np.float64))
    noisy, variance = value + np.rint(chance.normal(0, 5, value.shape)), np.full(value.shape, 25.0)
    consistency, _ = timed(lambda: displayed(make_consistent(tree, noisy, variance)))
    columns = design(chance.normal(0, 1, (COUNTRY[-1], 6)))
    buurten = [estimates(noisy[-COUNTRY[-1] :, place], variance[-COUNTRY[-1] :, place]) for place in range(INDICATORS)]
    people, everywhere = np.full(COUNTRY[-1], 1_200.0), np.ones(COUNTRY[-1], dtype=bool)
    models, _ = timed(lambda: [relative_areas(each, people, columns, everywhere, factor=1.3) for each in buurten])
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    return (
        _row("estimates_country_consistency", consistency / 1e3, "s", "<= 20"),
        _row("estimates_country_small_areas", models / 1e3, "s", "<= 30"),
        _row("estimates_country_memory", memory, "GiB", "<= 2"),
    )


def _row(name: str, ours: float, unit: str, limit: str) -> Result:
    return less_is_better(name, ours=ours, peer=None, peer_name="-", unit=unit, limit=limit)


def _tree(sizes: tuple[int, ...], chance: np.random.Generator) -> Hierarchy:
    parents, first = [-1] * sizes[0], 0
    for above, size in pairwise(sizes):
        extra = chance.integers(0, above, size - above)
        parents += (first + np.sort(np.concatenate([np.arange(above), extra]))).tolist()
        first += above
    return hierarchy(parents)


def _up(tree: Hierarchy, leaves: NDArray[np.float64]) -> NDArray[np.float64]:
    nodes = np.zeros((tree.size, *leaves.shape[1:]))
    nodes[tree.size - len(leaves) :] = leaves
    for layer in reversed(tree.layers):
        np.add.at(nodes, layer.parents, nodes[layer.nodes])
    return nodes


def _indicator(tree: Hierarchy, chance: np.random.Generator) -> Indicator:
    value = _up(tree, chance.poisson(4, (78, PERIODS)).astype(np.float64))
    periods = tuple(Period(f"{2023 + place // 4}-Q{place % 4 + 1}") for place in range(PERIODS))
    noisy = value + np.rint(chance.normal(0, 5, value.shape))
    areas = AreaTree(tree, (None,) * tree.size)
    return Indicator(
        "x", MeasureId("x"), None, PeriodLength.QUARTER, periods, areas, noisy, np.full(value.shape, 25.0), "-"
    )
