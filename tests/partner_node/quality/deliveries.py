"""Small deliveries of the police, written out row by row, and their reports."""

from datetime import date

from partner_node.delivery.delivery import Delivery, read_delivery
from partner_node.delivery.mapping import parse_mapping
from partner_node.delivery.values import Span
from partner_node.profiles.politie import POLITIE
from partner_node.quality.change import Change, Known, compare
from partner_node.quality.facts import DeliveryFacts, delivery_facts
from partner_node.quality.findings import QualityReport
from partner_node.quality.report import quality_report
from tests.partner_node.delivery.files import area_table, from_csv, geography

SECRET = bytes(range(32))
TODAY = date(2026, 7, 15)
HALF_YEAR = Span(date(2026, 1, 1), date(2026, 6, 30))
MAPPING = parse_mapping("""
format = 1
profile = "politie"
route = "household"
[record.incident]
files = ["*.csv"]
[record.incident.columns]
incidentnummer = "Nr"
huishouden = "H"
buurt = "B"
postcode = "P"
datum = "D"
huiselijk = "J"
soort = "S"
""")
HEADER = "Nr;H;B;P;D;J;S"


def delivered(*rows: str, secret: bytes = SECRET) -> Delivery:
    return read_delivery(
        [from_csv("incidenten.csv", "\n".join((HEADER, *rows)))],
        POLITIE,
        MAPPING,
        geography(),
        POLITIE.code_lists(),
        area_table=area_table(),
        secret=secret,
        today=TODAY,
    )


def facts(delivery: Delivery, *, covers: Span = HALF_YEAR, on: date = TODAY, secret: bytes = SECRET) -> DeliveryFacts:
    return delivery_facts(delivery.records, secret=secret, delivered_on=on, covers=covers)


def change(now: Delivery, before: Delivery, *, known: Known | None = None, covers: Span = HALF_YEAR) -> Change:
    last = facts(before, on=date(2026, 6, 1), covers=Span(HALF_YEAR.first, date(2026, 5, 31)))
    return compare(now.records, facts(now, covers=covers), last, secret=SECRET, known=known)


def report(delivery: Delivery, *, covers: Span | None = HALF_YEAR, against: Change | None = None) -> QualityReport:
    return quality_report(delivery, POLITIE, MAPPING, delivered_on=TODAY, covers=covers, change=against)
