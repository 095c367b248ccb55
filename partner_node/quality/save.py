"""Touches the world: makes the quality report of a delivery, and saves it beside the vault's folder.

What is saved is replaced whole, for the node's user alone. The facts of the delivery come last: after a crash the same
delivery is compared with the same last one again.
"""

from datetime import date
from pathlib import Path

from partner_node.delivery.delivery import Delivery
from partner_node.delivery.mapping import Mapping
from partner_node.delivery.values import Span
from partner_node.profiles.profile import Profile
from partner_node.quality.change import Known, compare
from partner_node.quality.facts import covered_days, delivery_facts
from partner_node.quality.findings import QualityReport
from partner_node.quality.page import quality_page
from partner_node.quality.previous import keep_facts, load_facts
from partner_node.quality.report import quality_report
from partner_node.whole_file import write_whole
from privacy.language import Language

PAGE, JSON, FACTS = "kwaliteitsrapport.html", "kwaliteitsrapport.json", "laatste-levering.parquet"


def save_quality_report(
    delivery: Delivery,
    profile: Profile,
    mapping: Mapping,
    *,
    folder: Path,
    secret: bytes,
    delivered_on: date,
    covers: Span | None = None,
    known: Known | None = None,
    language: Language = Language.DUTCH,
) -> QualityReport:
    """Return the report, saved in the folder as PAGE and JSON; this delivery takes the place of the last one.

    secret: the node's. covers: as `quality_report`. known: as `compare`.
    Raises: WrongFacts; then nothing was changed.
    """
    before = load_facts(folder / FACTS)
    span = covers or covered_days(delivery.records, delivered_on=delivered_on)
    now = delivery_facts(delivery.records, secret=secret, delivered_on=delivered_on, covers=span)
    change = None if before is None else compare(delivery.records, now, before, secret=secret, known=known)
    report = quality_report(delivery, profile, mapping, delivered_on=delivered_on, covers=span, change=change)
    write_whole(folder / PAGE, quality_page(report, profile, language=language).encode())
    write_whole(folder / JSON, report.as_json().encode())
    keep_facts(folder / FACTS, now)
    return report
