"""Noise: frozen vectors, refusals before anything is drawn, and what `add_noise` adds."""

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from privacy import noise
from privacy.counts import CellCounts
from privacy.noise import (
    ForeignSource,
    NoiseSegment,
    PlanMismatch,
    UnusableLength,
    UnusableVariance,
    VarianceBelowFour,
    add_noise,
    draw,
    reach,
)
from privacy.randomness import RandomSource
from simulations.seeded import seeded_source
from tests.reference.aes256 import keystream
from tests.reference.gaussian_mass import ONE, density, tail_density
from tests.reference.noise_expansion import columns, digest, vectors

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "noise" / "draws.json").read_text())
KEY = bytes(range(32))


# --- the same key, the same noise, for ever ---


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['variance'][0]}/{vector['variance'][1]}")
def test_a_key_gives_its_frozen_noise(vector: dict[str, Any]) -> None:
    source = RandomSource(bytes.fromhex(vector["key"]))
    drawn = draw(Fraction(*vector["variance"]), vector["size"], source).tolist()
    assert drawn[:32] == vector["first"]
    assert digest(drawn) == vector["sha256_of_all_in_decimal"]


def test_a_second_implementation_gives_the_frozen_noise() -> None:
    assert vectors() == VECTORS


def test_the_longest_vector_meets_the_words_on_both_sides_of_the_border() -> None:
    words = np.frombuffer(keystream(b"\x06" * 32, lane=0, n_bytes=140_000), dtype="<u2")
    border = columns(Fraction(2500)).words[-1]
    assert {border - 1, border, 2**16 - 1} <= set(words.tolist())


@pytest.mark.parametrize("variance", [Fraction(4), Fraction(10**6), Fraction(2**40)], ids=str)
@pytest.mark.parametrize("chunk", [1, 7, 4096, 2**16, 2**20])
def test_how_draws_are_divided_changes_nothing(variance: Fraction, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    size = 300 if chunk < 10 else 70_000
    expected = draw(variance, size, RandomSource(KEY)).tolist()
    monkeypatch.setattr(noise, "CHUNK", chunk)
    source = RandomSource(KEY)
    parts = [draw(variance, part, source).tolist() for part in (1, 0, 99, size - 100)]
    assert [outcome for part in parts for outcome in part] == expected


def test_keys_that_differ_in_one_bit_give_unrelated_noise() -> None:
    left = draw(Fraction(10**6), 10_000, RandomSource(KEY))
    right = draw(Fraction(10**6), 10_000, RandomSource(KEY[:-1] + b"\x1e"))
    assert abs(float(np.corrcoef(left, right)[0, 1])) < 0.05  # five standard errors


# --- M14: refusals before anything is drawn ---

NOT_RATIONAL = st.one_of(
    st.floats(),
    st.integers(),
    st.booleans(),
    st.decimals(),
    st.complex_numbers(),
    st.text(max_size=5),
    st.none(),
    st.floats(width=32).map(np.float32),
    st.integers(min_value=-(2**63), max_value=2**63 - 1).map(np.int64),
)
OUT_OF_RANGE = st.one_of(
    st.fractions(max_value=0),
    st.fractions(min_value=0, max_value=Fraction(1, 16)).filter(lambda variance: variance < Fraction(1, 16)),
    st.fractions(min_value=2**53),
    st.integers(min_value=2**129, max_value=2**200).map(lambda n: Fraction(n + 1, n)),
)


def check_refused(variance: object, source: RandomSource) -> None:
    """Assert that every door refuses the variance and that nothing was drawn."""
    before = source.take(16, lane=0)
    with pytest.raises(UnusableVariance, match="the author of the study must choose another variance"):
        draw(variance, 5, source)  # type: ignore[arg-type] # a wrong type is what this test hands over
    with pytest.raises(UnusableVariance):
        NoiseSegment(variance, 5)  # type: ignore[arg-type] # idem
    with pytest.raises(UnusableVariance):
        reach(variance)  # type: ignore[arg-type] # idem
    twin = RandomSource(KEY)
    assert (twin.take(16, lane=0), twin.take(16, lane=0)) == (before, source.take(16, lane=0))


BAD_VARIANCES = st.one_of(NOT_RATIONAL, OUT_OF_RANGE)
NAMED_FLOATS = (0.0, -1.0, float("nan"), float("inf"), 1e308, 1e-308, 4.0)
NAMED_OTHERS = (4, True, "4", Decimal(4), np.float64(4), np.int64(4), None)
NAMED_FRACTIONS = (Fraction(0), Fraction(-4), Fraction(1, 17), Fraction(2**53), Fraction(10**308))


@pytest.mark.parametrize("variance", [*NAMED_FLOATS, *NAMED_OTHERS, *NAMED_FRACTIONS], ids=repr)
def test_zero_negative_nan_infinite_huge_tiny_and_wrong_types_are_refused(variance: object) -> None:
    """M14: the cases by name."""
    check_refused(variance, RandomSource(KEY))


@given(BAD_VARIANCES)
@settings(max_examples=300)
def test_a_variance_that_is_not_an_exact_rational_in_range_is_refused(variance: object) -> None:
    """M14: before anything is drawn."""
    check_refused(variance, RandomSource(KEY))


@pytest.mark.nightly
@given(BAD_VARIANCES)
@settings(max_examples=100_000)
def test_a_hundred_thousand_bad_variances_are_refused(variance: object) -> None:
    """M14: the long run."""
    check_refused(variance, RandomSource(KEY))


@pytest.mark.parametrize("variance", [Fraction(1, 16), Fraction(2**53 - 1), Fraction(2**128 - 1, 2**127)], ids=str)
def test_the_ends_of_the_range_are_drawn(variance: Fraction) -> None:
    """M14, control: the refusals stop where they say."""
    assert draw(variance, 5, RandomSource(KEY)).shape == (5,)


@pytest.mark.parametrize("size", [-1, 2**24 + 1, True, 2.0, np.int64(4), None])
def test_a_number_of_cells_out_of_range_is_refused(size: Any) -> None:  # noqa: ANN401 - wrong types are handed over
    """M14: lengths."""
    for attempt in (lambda: draw(Fraction(4), size, RandomSource(KEY)), lambda: NoiseSegment(Fraction(4), size)):
        with pytest.raises(UnusableLength, match="wanted 0 to 16777216"):
            attempt()


@pytest.mark.parametrize("variance", [Fraction(1), Fraction(399, 100)], ids=str)
def test_cells_to_be_released_want_variance_four(variance: Fraction) -> None:
    with pytest.raises(VarianceBelowFour, match=f"got variance {variance}, wanted at least 4"):
        NoiseSegment(variance, 3)


def test_a_plan_for_another_grid_is_refused_before_anything_is_drawn() -> None:
    """M14: the plan."""
    source = RandomSource(KEY)
    with pytest.raises(PlanMismatch, match="got a noise plan for 5 cells, wanted one for the grid's 4"):
        add_noise(
            CellCounts(np.zeros(4, dtype=np.int64)),
            (NoiseSegment(Fraction(4), 2), NoiseSegment(Fraction(9), 3)),
            source,
        )
    assert source.take(16, lane=0) == RandomSource(KEY).take(16, lane=0)


def test_only_the_house_s_own_source_is_drawn_from() -> None:
    """M11: a look-alike with the same methods is refused."""

    class Zeros:
        def take(self, n_bytes: int, *, lane: int) -> bytes:  # noqa: ARG002 - the signature of RandomSource
            return bytes(n_bytes)

    for door in (
        lambda source: draw(Fraction(4), 3, source),
        lambda source: add_noise(CellCounts(np.zeros(3, dtype=np.int64)), (NoiseSegment(Fraction(4), 3),), source),
    ):
        for source in (Zeros(), np.random.default_rng(7), None):
            with pytest.raises(ForeignSource, match="wanted a RandomSource"):
                door(source)


# --- add_noise ---


def test_each_segment_gets_the_noise_of_its_variance_in_order() -> None:
    counts = np.arange(100, 110, dtype=np.int64)
    plan = (NoiseSegment(Fraction(4), 3), NoiseSegment(Fraction(10**6), 0), NoiseSegment(Fraction(10**6), 7))
    noised = add_noise(CellCounts(counts), plan, RandomSource(KEY))
    source = RandomSource(KEY)
    expected = [*draw(Fraction(4), 3, source).tolist(), *draw(Fraction(10**6), 7, source).tolist()]
    assert (noised.values - counts).tolist() == expected
    assert counts.tolist() == list(range(100, 110))  # the true counts stay as they were


def test_an_empty_grid_gets_no_noise() -> None:
    assert add_noise(CellCounts(np.zeros(0, dtype=np.int64)), (), RandomSource(KEY)).values.size == 0


# --- S06: how far noise goes ---


@pytest.mark.parametrize(
    ("variance", "furthest"),
    [
        (Fraction(1, 16), 3),
        (Fraction(4), 26),
        (Fraction(2500), 667),
        (Fraction(2**24), 54_647),
        # 38,641 of the fine part and 1024 * 37 of the coarse one.
        (Fraction(2**24 + 1), 38_641 + 1024 * 37),
    ],
    ids=str,
)
def test_no_draw_exceeds_its_reach(variance: Fraction, furthest: int) -> None:
    """S06: the table ends there, so the bound is certain, not likely."""
    assert reach(variance) == furthest
    drawn = draw(variance, 1_000_000, seeded_source(3, "reach", str(variance)))
    assert int(np.abs(drawn).max()) <= furthest


@given(st.fractions(min_value=Fraction(1, 16), max_value=2**53 - 1, max_denominator=2**20))
@example(Fraction(2**24 + 1, 1))
@example(Fraction(2**44 + 2**23 + 1))
def test_noise_reaches_at_most_19_sigma(variance: Fraction) -> None:
    """S06: just above 2^24, where the coarse part is narrowest, it is 18.7."""
    assert reach(variance) ** 2 <= 19**2 * variance


def test_the_widest_noise_stays_below_31_bits() -> None:
    """S06: so no sum with a count of 62 bits wraps."""
    assert reach(Fraction(2**53 - 1)) < 2**31


@pytest.mark.parametrize("sigma", [2, 5, 50, 1000, 4096])
def test_twelve_sigma_and_64_is_passed_with_probability_far_below_one_in_a_million_million(sigma: int) -> None:
    """S06: |S| * (B + 12 sigma + 64) < 2^(w-1) leaves a wrap below 1e-12 for 2^24 cells of 256 participants."""
    variance = Fraction(sigma**2)
    limit = Fraction(1, 10**12 * 2**24 * 256)
    assert Fraction(tail_density(variance, 12 * sigma + 64), ONE) < limit  # densities sum to more than 1
    # Control: six sigma alone is passed more often than that.
    total = 1 + 2 * sum(Fraction(density(variance, x).high, ONE) for x in range(1, 7 * sigma))
    inside = Fraction(density(variance, 6 * sigma + 1).low, ONE) / (total + 1)
    assert inside > limit
