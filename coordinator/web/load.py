"""Touches the world: reads an office's released rounds and areas, and makes the monitor of them."""

from pathlib import Path

from coordinator.estimates.context_file import NOTHING_TOLD, ContextFile
from coordinator.geography.areas import read_geography, years
from coordinator.geography.drawing import draw
from coordinator.geography.edition import Edition
from coordinator.geography.folder import read_edition
from coordinator.office import Office, open_office
from coordinator.public_world import public_world
from coordinator.publish import opened_tables, withdrawn_periods
from coordinator.web.make_indicators import Released
from coordinator.web.make_monitor import LogHead, ReleasedStudy, make_monitor
from coordinator.web.monitor import Monitor
from protocol.digest import digest_of
from protocol.round.member import Member
from protocol.study.study import Study
from protocol.words.ids import Digest


def load_monitor(folder: Path, *, told: ContextFile = NOTHING_TOLD) -> Monitor:
    """Return the monitor of an office's folder. told: breaks and dates that its operator knows of.

    Raises: what `open_office` raises, and NothingAgreed, where there is no covenant in force.
    """
    with open_office(folder, read_only=True) as office:
        covenant = office.covenant().covenant
        edition = _edition(folder / "geography", covenant.geography.digest)
        studies = [
            _study(office, edition, office.member(agreed), signed.study)
            for agreed in office.store.covenants()
            for signed in office.studies(agreed).values()
        ]
        head = LogHead(office.store.log.size, office.store.log.root().hex())
    return make_monitor(covenant, edition, draw(edition), studies, head, told=told)


def log_size(folder: Path) -> int:
    """Return the size of the coordinator's log, which grows with every release, correction and withdrawal."""
    with open_office(folder, read_only=True) as office:
        return office.store.log.size


def _edition(folder: Path, digest: Digest) -> Edition:
    """Return the edition that the covenant pins."""
    for year in reversed(years(folder)):
        if digest_of(read_geography(folder, year)) == digest:
            return read_edition(folder, year)
    return read_edition(folder, years(folder)[-1])


def _study(office: Office, edition: Edition, member: Member, study: Study) -> ReleasedStudy:
    """Return what a study released; member: of its covenant, so that what went before the one in force is shown too."""
    digest = digest_of(study)
    withdrawn = frozenset(period for of, period in withdrawn_periods(office) if of == digest)
    declared = tuple(
        entry for scheduled in study.schedule for entry in office.store.declarations(digest, scheduled.period)
    )
    tables = opened_tables(office, study)
    released = Released(study, member.covenant, member.geography, member.code_lists, tables, declared, withdrawn)
    rates = public_world(edition.figures, {}, study, member.covenant).rates
    return ReleasedStudy(released, rates, frozenset(table.counted_in for table in tables) - withdrawn)
