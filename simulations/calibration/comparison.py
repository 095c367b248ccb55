"""Computes nothing: one figure, as published and as simulated, with the bound within which the two must agree."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean


@dataclass(frozen=True, slots=True)
class Comparison:
    """One figure. published: as printed, more than one where sources or years differ. simulated: one for each region.

    least, most: between which the mean of the simulated must lie. source: the table or section that the figure is from.
    """

    label: str
    published: tuple[float, ...]
    simulated: tuple[float, ...]
    least: float
    most: float
    source: str

    @property
    def mean(self) -> float:
        """The mean of the simulated regions."""
        return fmean(self.simulated)

    @property
    def agrees(self) -> bool:
        """Whether the simulation may be called calibrated to this figure."""
        return self.least <= self.mean <= self.most


@dataclass(frozen=True, slots=True)
class Group:
    """Comparisons in one unit, and so in one picture. id: also the name of its picture."""

    id: str
    title: str
    unit: str
    comparisons: tuple[Comparison, ...]


def near(
    label: str, published: Sequence[float], simulated: Sequence[float], *, within: float, source: str
) -> Comparison:
    """Return the comparison in which the mean must lie within so much of the published figures, in their unit."""
    least, most = min(published) - within, max(published) + within
    return Comparison(label, tuple(published), tuple(simulated), least, most, source)
