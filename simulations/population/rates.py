"""Computes nothing: the figures by which violence at home and its registration are simulated, each with its source."""

from dataclasses import dataclass
from fractions import Fraction

# StatLine 84849NED, 2023*, Netherlands: meldingen by who reported; they sum to 127,340. "Justitie en veiligheid"
# (85,590) is split here so that justice without police keeps 2.2 % of all.
MELDERS = (
    ("politie", 82_790),
    ("justitie", 2_800),
    ("niet-beroepsmatig", 10_230),
    ("gezondheidszorg", 10_395),
    ("onderwijs", 5_400),
    ("jeugdzorg", 2_720),
    ("ggz", 2_110),
    ("kinderopvang", 615),
    ("leerplicht", 150),
    ("andere Veilig Thuis", 800),
    ("regionaal maatwerk", 130),
    ("andere organisatie", 8_610),
    ("onbekend", 590),
)
POLICE = 0  # its place in MELDERS
FIRST, AGAIN, FOLLOW_UP, UNCLASSIFIED = range(4)  # 85361NED: eerdere betrokkenheid


@dataclass(frozen=True, slots=True)
class Rates:
    """The settings of the process; the defaults are those of DOMAIN 2.4, 2.5 and 2.8.

    Assumptions, without a published figure: the wijk gradient, the two gamma shapes, the family factors, the effect of
    the home where one grew up, and the delays.
    """

    meldingen: float = 7.4  # a year for each 1,000 inhabitants; Zaanstad 2023 prognosis
    gemeente_spread: float = 0.25  # standard deviation of the logarithm, for gemeenten after the first
    lowest: float = 4.0  # published gemeenten lie between 3.6 and 16.2
    highest: float = 14.0
    income_beta: float = 0.35  # of the logarithm, for one standard deviation of income_low between wijken
    wijk_gamma: float = 8.0
    household_gamma: float = 2.0
    family_factor: float = 2.0  # with children under 18, against without
    alone_factor: float = 0.3  # one adult without children
    origin_factor: float = 2.0  # head grew up in a household of the most violent tenth
    visible: float = 0.1  # of all that happens; 127,340 meldingen beside about 1.3 million victims
    again: float = 0.381 / 0.319  # openings after the first, for each first
    follow_up: float = 0.285 / (0.319 + 0.381)  # for each opening
    unclassified: float = 0.014
    follow_up_years: float = 0.31  # mean delay; with the rates above it gives 1.27 meldingen a casus and year
    again_years: float = 0.45  # median time from the end of one involvement to the next report
    again_spread: float = 0.9  # of its logarithm
    same_melder: float = 0.85  # of later meldingen in a chain
    season: float = 0.05  # more in spring and autumn than in between; halves differ by 2 % at most
    police_share: float = float(Fraction(82_790, 127_340))
    received: float = 0.954  # of what the police sends; H1 2022: 40,190 of 42,145
    police_unsent: float = 0.12  # of HG incidents; 5.7 a year for each 1,000 inhabitants in all
    known_unsent: float = 0.15  # of incidents that Veilig Thuis never sees, at households that it does know


ZAANSTAD = Rates()
