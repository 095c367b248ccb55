"""Computes: invented households with features and an outcome of known coefficients, as the records of partners."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from partner_node.counting import EPOCH_ORDINAL
from partner_node.records import Records
from protocol.words.geography import Level
from simulations.chance import seeded_generator
from simulations.models.agreement import OUTCOME, POPULATION, Coding, feature_measure

BEFORE, AFTER = (date(year, 6, 1).toordinal() - EPOCH_ORDINAL for year in (2024, 2025))


@dataclass(frozen=True, eq=False, slots=True)
class Households:
    """Invented households. features: int64, shape (households, features). outcome: int64. seed: of their keys."""

    features: NDArray[np.int64]
    outcome: NDArray[np.int64]
    seed: int

    def part(self, chosen: slice) -> "Households":
        """Return some of them."""
        return Households(self.features[chosen], self.outcome[chosen], self.seed + chosen.start)


@dataclass(frozen=True, eq=False, slots=True)
class Truth:
    """The coefficients that made the outcome, per standardised feature, the constant first. prevalence: of features."""

    coefficients: NDArray[np.float64]
    prevalence: NDArray[np.float64]

    @property
    def codings(self) -> tuple[Coding, ...]:
        """The features as a study codes them, from public knowledge of how common they are."""
        return tuple(Coding(1, p, (p * (1 - p)) ** 0.5) for p in self.prevalence.tolist())


def truth(features: int, *, seed: int = 1, base: float = -2.0, spread: float = 0.25) -> Truth:
    """Return coefficients of this spread, around an outcome of log odds `base`."""
    rng = seeded_generator(seed, "model truth", str(features))
    coefficients = np.concatenate(([base], rng.normal(size=features) * spread))
    return Truth(coefficients, rng.uniform(0.1, 0.5, features).round(2))


def logistic(predictor: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of an outcome of 0 or 1."""
    return np.asarray(1 / (1 + np.exp(-predictor)))


def invent(true: Truth, households: int, *, seed: int) -> Households:
    """Return households with correlated features of 0 or 1, and an outcome of 0 or 1."""
    rng = seeded_generator(seed, "model households")
    features = _features(true, households, rng)
    mean = logistic(predictor_of(true, features))
    return Households(features, (rng.random(households) < mean).astype(np.int64), seed)


def invent_with(
    true: Truth,
    households: int,
    *,
    seed: int,
    draw: Callable[[np.random.Generator, NDArray[np.float64]], NDArray[np.int64]],
) -> Households:
    """Return households whose outcome is drawn from their predictor by `draw`."""
    rng = seeded_generator(seed, "model households")
    features = _features(true, households, rng)
    return Households(features, draw(rng, predictor_of(true, features)), seed)


def standardised(true: Truth, features: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the rows that the coefficients are about, a constant of 1 first."""
    spread = np.sqrt(true.prevalence * (1 - true.prevalence))
    return np.column_stack((np.ones(len(features)), (features - true.prevalence) / spread))


def predictor_of(true: Truth, features: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the linear predictor of each."""
    return np.asarray(standardised(true, features) @ true.coefficients)


def records_of(some: Households) -> Records:
    """Return them as a partner's records: a report each in 2024 with its features, and one in 2025 for each outcome."""
    units = len(some.outcome)
    again = np.repeat(np.arange(units), some.outcome)
    rows = units + len(again)
    before = np.arange(rows) < units
    counted = {POPULATION: before, OUTCOME: ~before}
    for place, column in enumerate(some.features.T, 1):
        counted[feature_measure(place)] = np.concatenate((column > 0, np.zeros(len(again), dtype=np.bool_)))
    return Records(
        unit=np.concatenate((np.arange(units), again)).astype(np.int32),
        unit_key=unit_keys_of(units, some.seed),
        events=_NoEvents(),
        day=np.where(before, BEFORE, AFTER).astype(np.int32),
        areas={Level.GEMEENTE: np.zeros(rows, dtype=np.int32)},
        counted=counted,
        amounts={},
        marks={},
    )


def unit_keys_of(units: int, seed: int) -> NDArray[np.uint8]:
    """Return a key for each; uint8, shape (units, 16)."""
    key = sha256(f"fictional units {seed}".encode()).digest()
    words = np.random.Generator(np.random.PCG64(int.from_bytes(key, "big"))).integers(0, 256, (units, 16))
    return words.astype(np.uint8)


class _NoEvents:
    """Models have no late periods, so nobody asks for the keys of events."""

    def keys(self, rows: NDArray[np.intp]) -> NDArray[np.uint8]:
        """Return none."""
        raise AssertionError(len(rows))


def _features(true: Truth, households: int, rng: np.random.Generator) -> NDArray[np.int64]:
    size = len(true.prevalence)
    loading = np.full((size, 2), 0.4)
    loading[::2, 0] = loading[1::2, 1] = 0.0
    latent = rng.normal(size=(households, 2)) @ loading.T + rng.normal(size=(households, size))
    limits = [NormalDist().inv_cdf(1 - share) for share in true.prevalence.tolist()]
    limit = np.array(limits) * np.sqrt(1 + (loading**2).sum(axis=1))
    return np.asarray(latent > limit).astype(np.int64)
