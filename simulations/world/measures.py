"""Computes nothing: what the partners of a world count: ten measures, each at wijk and buurt, with their noise."""

from dataclasses import dataclass

from partner_node.profiles.catalogue import PROFILES
from protocol.study.measure import MeasureKind
from simulations.world.scenario import Partner

MOST_EVENTS = 2
CELL_BOUND = 10_000  # no wijk has more households


@dataclass(frozen=True, slots=True)
class WorldMeasure:
    """One measure of one partner. record: the rows of its register that it counts.

    wijk_variance, buurt_variance: chosen so that a cap of 0.25 leaves out at most 1 % of the rows in any quarter of the
    standard scenario (DESIGN 4): one row in each quarter costs a household of Veilig Thuis 0.15 in a year.
    """

    id: str
    partner: Partner
    record: str
    kind: MeasureKind
    question: str
    wijk_variance: int
    buurt_variance: int

    @property
    def most_per_cell(self) -> int:
        """How much one household adds to one cell."""
        return MOST_EVENTS if self.kind is MeasureKind.EVENTS else 1


_UNITS, _EVENTS = MeasureKind.UNITS, MeasureKind.EVENTS
MEASURES = (
    WorldMeasure("dieren-huishoudens", "dierenpolitie", "melding", _UNITS, "Huishoudens met een melding", 9, 9),
    WorldMeasure("ggd-huishoudens", "ggd", "signaal", _UNITS, "Huishoudens met een signaal", 9, 9),
    WorldMeasure("ggz-huishoudens", "ggz", "aanmelding", _UNITS, "Huishoudens met een aanmelding", 16, 16),
    WorldMeasure("jeugdhulp-huishoudens", "jeugdhulp", "traject", _UNITS, "Huishoudens met jeugdhulp", 16, 25),
    WorldMeasure("politie-huishoudens", "politie", "incident", _UNITS, "Huishoudens met een incident", 36, 49),
    WorldMeasure("politie-incidenten", "politie", "incident", _EVENTS, "Incidenten", 64, 81),
    WorldMeasure("school-huishoudens", "school", "verzuimmelding", _UNITS, "Huishoudens met verzuim", 16, 16),
    WorldMeasure("verslaving-huishoudens", "verslavingszorg", "aanmelding", _UNITS, "Huishoudens in zorg", 9, 16),
    WorldMeasure("vt-casussen", "veilig-thuis", "melding", _UNITS, "Huishoudens met een melding", 36, 49),
    WorldMeasure("vt-meldingen", "veilig-thuis", "melding", _EVENTS, "Meldingen", 64, 81),
)
_GROUND = "Wmo 2015 art. 4.2.12"  # of coordinator and witness, who have no profile


def measures_of(partner: str) -> tuple[WorldMeasure, ...]:
    """Return what a partner counts, in order of id."""
    return tuple(measure for measure in MEASURES if measure.partner == partner)


def ground_of(party: str) -> str:
    """Return the legal ground on which a party takes part."""
    return PROFILES[party].ground if party in PROFILES else _GROUND
