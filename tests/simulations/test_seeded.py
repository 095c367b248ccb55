"""The seeded source: the house's own, with a key that is known."""

from fractions import Fraction

from privacy.noise import draw
from privacy.randomness import RandomSource
from simulations.seeded import seeded_source


def test_a_seed_gives_the_same_noise_again() -> None:
    first, second = (draw(Fraction(100), 50, seeded_source(7, "noise", "vt-01")).tolist() for _ in range(2))
    assert first == second


def test_another_seed_or_name_gives_other_noise() -> None:
    sources = [
        seeded_source(7),
        seeded_source(8),
        seeded_source(7, "noise"),
        seeded_source(7, "noise", "vt-01"),
        seeded_source(7, "noisevt-01"),
    ]
    assert len({source.take(32, lane=0) for source in sources}) == 5


def test_it_is_the_source_of_a_real_round() -> None:
    assert type(seeded_source(7)) is RandomSource
