"""Computes: what is simulated beside what is published, figure by figure, each with its source and its bound.

The bounds are what the mean of eight regions of three years (about 28,600 meldingen) may stray and still be called
calibrated; `tests/simulations/population/test_history.py` says how often chance alone would break them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from simulations.calibration.comparison import Comparison, Group, near
from simulations.calibration.seen import Seen
from simulations.population.households import DAYS_A_YEAR
from simulations.population.rates import AGAIN, FIRST, FOLLOW_UP, MELDERS, UNCLASSIFIED

PERCENT, A_1000 = "%", "per 1.000 inwoners en jaar"
MELDINGEN, ADVIEZEN, DIENSTEN = "veilig-thuis/melding", "veilig-thuis/advies", "veilig-thuis/dienst"
HALVES = 2


def groups(regions: Sequence[Seen], spread: Seen) -> tuple[Group, ...]:
    """Return all comparisons. regions: of one gemeente each. spread: a region of several gemeenten."""
    return (
        Group("hoeveel", "Hoe vaak", A_1000, _how_many(regions)),
        Group("gemeenten", "Meldingen per gemeente", A_1000, _gemeenten(spread)),
        Group("melder", "Wie meldt", PERCENT, _melders(regions)),
        Group("eerder", "Eerdere betrokkenheid", PERCENT, _earlier(regions)),
        Group("aard", "Aard van het geweld (meer dan een antwoord per melding)", PERCENT, _aard(regions)),
        Group("veiligheid", "Veiligheid en onderzoek", PERCENT, _safety(regions)),
        Group("overlap", "Wat politie en Veilig Thuis delen", PERCENT, _overlap(regions)),
        Group("verloop", "Verloop in de tijd", "aantal of deel", _course(regions)),
    )


Figure = Callable[[Seen], float]


@dataclass(frozen=True, slots=True)
class _Ask:
    """A figure to look for in each region, and how near its mean must be to what is published."""

    label: str
    published: tuple[float, ...]
    figure: Figure
    within: float
    source: str

    def of(self, regions: Sequence[Seen]) -> Comparison:
        found = [self.figure(seen) for seen in regions]
        return near(self.label, self.published, found, within=self.within, source=self.source)


def _all(regions: Sequence[Seen], *asked: _Ask) -> tuple[Comparison, ...]:
    return tuple(ask.of(regions) for ask in asked)


def _how_many(regions: Sequence[Seen]) -> tuple[Comparison, ...]:
    years = "7.4 is the prognosis of 2023, calibrated to; 8.3 and 6.4 were 2019 and 2021"
    return _all(
        regions,
        _Ask("meldingen bij Veilig Thuis", (7.4,), lambda s: s.per_1000(s.history.meldingen.day.size), 0.3,
             f"Zaanstad, DOMAIN 2.4; {years}"),
        _Ask("adviezen van Veilig Thuis", (7.4 * 143_210 / 127_340,), lambda s: s.per_1000(s.registers[ADVIEZEN].rows),
             0.35, "143,210 adviezen for 127,340 meldingen, 84849NED, 2023*"),
        _Ask("HG-incidenten van de politie", (5.7,), lambda s: s.per_1000(s.history.incidents.day.size), 0.3,
             "DOMAIN 2.5; 920 a year in Zaanstad"),
    )  # fmt: skip


def _gemeenten(spread: Seen) -> tuple[Comparison, ...]:
    published = (3.6, 3.9, 5.9, 6.5, 7.3, 7.3, 9.8, 10.9, 16.2)
    names = "Apeldoorn, Assen, Arnhem, Amersfoort, Alkmaar, Groningen, Amsterdam, Almelo, Almere"
    rates = tuple(spread.rates_of(spread.region.buurten.gemeente).tolist())
    source = f"2023, derived from 84849NED: {names}"
    return (Comparison("negen gemeenten en zes verzonnen", published, rates, min(published), max(published), source),)


def _melders(regions: Sequence[Seen]) -> tuple[Comparison, ...]:
    total = sum(count for _, count in MELDERS)

    def ask(place: int, name: str, share: float) -> _Ask:
        def figure(seen: Seen) -> float:
            return 100 * float(np.mean(seen.history.meldingen.melder == place))

        return _Ask(name, (share,), figure, max(0.12 * share, 0.3), "84849NED, Netherlands 2023*")

    asked = (ask(place, name, 100 * count / total) for place, (name, count) in enumerate(MELDERS))
    return _all(regions, *asked)


def _earlier(regions: Sequence[Seen]) -> tuple[Comparison, ...]:
    def ask(name: str, status: int, share: float) -> _Ask:
        def figure(seen: Seen) -> float:
            return 100 * float(np.mean(seen.history.meldingen.status == status))

        return _Ask(name, (share,), figure, 1.0, "85361NED, Netherlands 2023*")

    return _all(
        regions,
        ask("1e melding", FIRST, 31.9),
        ask("hermelding", AGAIN, 38.1),
        ask("vervolgmelding", FOLLOW_UP, 28.5),
        ask("niet ingedeeld", UNCLASSIFIED, 1.4),
    )


def _aard(regions: Sequence[Seen]) -> tuple[Comparison, ...]:
    def ask(name: str, code: str, *published: float) -> _Ask:
        source = "84851NED, Drenthe 2023*; a second figure is the Netherlands 2024, DOMAIN 2.4"
        return _Ask(name, published, lambda seen: seen.share(MELDINGEN, "aard", code), 4.0, source)

    return _all(
        regions,
        ask("kindermishandeling", "A1", 55.6, 50.0),
        ask("geweld tegen ouders", "A2", 6.6),
        ask("(ex-)partnergeweld", "A3", 30.7, 38.0),
        ask("ouderenmishandeling", "A4", 1.8, 2.0),
        ask("huiselijk geweld overig", "A5", 9.7),
        ask("andere problematiek", "A6", 23.6),
    )


def _safety(regions: Sequence[Seen]) -> tuple[Comparison, ...]:
    def safety(code: str) -> Figure:
        return lambda seen: seen.share(MELDINGEN, "veiligheid", code)

    def a_melding(seen: Seen) -> float:
        return 100 * seen.registers[DIENSTEN].rows / seen.registers[MELDINGEN].rows

    def finished(seen: Seen) -> float:
        return 100 * float(np.mean(seen.registers[DIENSTEN].columns["uitkomst"] != ""))

    def confirmed(*codes: str) -> Figure:
        def figure(seen: Seen) -> float:
            outcomes = seen.registers[DIENSTEN].columns["uitkomst"]
            return 100 * float(np.mean(outcomes[np.isin(outcomes, codes)] == codes[0]))

        return figure

    halves, done = "first halves of 2022 and 2023*, DOMAIN 2.4", "2023*, DOMAIN 2.4"
    return _all(
        regions,
        _Ask("acuut onveilig", (5.0, 6.0), safety("V1"), 0.5, halves),
        _Ask("structureel onveilig", (38.0, 40.0), safety("V2"), 1.5, halves),
        _Ask("onderzoek, per melding", (5.8,), a_melding, 0.5, done),
        _Ask("onderzoek niet voortijdig afgesloten", (76.0,), finished, 3.0, done),
        _Ask("kindermishandeling bevestigd", (69.1,), confirmed("U1", "U2", "U3"), 4.0, done),
        _Ask("partnergeweld bevestigd", (78.5,), confirmed("U7", "U8", "U9"), 4.0, done),
    )


def _overlap(regions: Sequence[Seen]) -> tuple[Comparison, ...]:
    def received(seen: Seen) -> float:
        incidents = seen.history.incidents
        return 100 * float(np.mean(incidents.melding[incidents.sent] >= 0))

    recipe, counted = "DOMAIN 2.8", "40,190 of 42,145, first half of 2022, DOMAIN 0"
    return _all(
        regions,
        _Ask("casussen met een politiemelding", (65.0,), lambda seen: seen.overlaps[0], 4.0, recipe),
        _Ask("politiehuishoudens bekend bij Veilig Thuis", (80.0,), lambda seen: seen.overlaps[1], 4.0, recipe),
        _Ask("verstuurd door politie en daar geteld", (95.4,), received, 0.6, counted),
    )


def _course(regions: Sequence[Seen]) -> tuple[Comparison, ...]:
    def first_half(seen: Seen) -> float:
        years = (seen.history.meldingen.day - seen.population.first_day) / DAYS_A_YEAR
        return float(np.mean(years % 1 * HALVES < 1))

    def a_casus(seen: Seen) -> float:
        meldingen = seen.history.meldingen
        casus_years = np.unique(np.column_stack([meldingen.casus, seen.year(meldingen.day)]), axis=0)
        return meldingen.day.size / len(casus_years)

    def income(seen: Seen) -> float:
        rates, low = (
            np.argsort(np.argsort(each)) for each in (seen.rates_of(seen.region.buurten.wijk), seen.income_low)
        )
        return float(np.corrcoef(rates, low)[0, 1])

    halves, casus = "2019 to 2021, Impactmonitor 2022", "84851NED, Drenthe 2023*"
    ranks, above = tuple(income(seen) for seen in regions), 0.5
    return (
        *_all(
            regions,
            _Ask("deel in het eerste halfjaar", (0.494, 0.506, 0.51), first_half, 0.005, halves),
            _Ask("meldingen per casus in een jaar", (1_905 / 1_495,), a_casus, 0.02, casus),
        ),
        Comparison("rangcorrelatie van wijken met laag inkomen", (above,), ranks, above, 1.0, "DOMAIN 2.8: above 0.5"),
    )
