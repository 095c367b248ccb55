"""Benchmark of the wire format: one study of 100 kB, encoded and strictly parsed, beside plain `json`."""

import json
from datetime import date

from protocol.ratio import Ratio
from protocol.study.measure import Measure, MeasureKind, Table
from protocol.study.study import ScheduledRound, Study
from protocol.words.geography import Level
from protocol.words.ids import CovenantId, Digest, Line, MeasureId, PartyId, StudyId, TableId
from protocol.words.period import Period, PeriodLength
from simulations.benchmarks.result import Result, cpu_ms, less_is_better

TABLES = 230  # 100 kB: as many tables of 270 bytes and measures of 170


def wire_100k() -> tuple[Result, ...]:
    """Encode one large study and parse it again; the peer dumps and loads the same tree without any check."""
    study = _study()
    body = study.encode()
    tree = json.loads(body)
    ours, peer = cpu_ms(lambda: Study.parse(study.encode()), lambda: json.loads(json.dumps(tree).encode()))
    row = less_is_better(
        "wire_100k",
        ours=ours,
        peer=peer,
        peer_name=f"plain json, unchecked ({len(body)} bytes)",
        unit="ms",
        limit="<= 10",
    )
    return (row,)


def _study() -> Study:
    names = [f"tabel-{number:03d}" for number in range(TABLES)]
    return Study(
        id=StudyId("groot"),
        title=Line("Een groot meetplan"),
        covenant_id=CovenantId("convenant"),
        covenant_digest=Digest("0" * 64),
        measures=tuple(_measure(name) for name in names),
        tables=tuple(_table(name) for name in names),
        schedule=(ScheduledRound(period=Period("2026-Q1"), opens=date(2026, 4, 1), due=date(2026, 4, 14)),),
        ring_bits=32,
        max_upload_bytes=64 << 20,
        publish_margin_percent=50,
    )


def _measure(name: str) -> Measure:
    return Measure(
        id=MeasureId(name),
        kind=MeasureKind.EVENTS,
        question=Line("Hoe vaak komt dit voor?"),
        definition=Line("Afgeronde meldingen met datum in de periode"),
        most_per_cell=3,
        most_options=None,
    )


def _table(name: str) -> Table:
    return Table(
        id=TableId(name),
        measure=MeasureId(name),
        level=Level.WIJK,
        period_length=PeriodLength.QUARTER,
        categories=None,
        lateness=1,
        contributors=tuple(PartyId(f"school-{letter}") for letter in "abc"),
        most_cells=3,
        variance=Ratio.of(200),
        cell_bound=10_000,
        joined_types_reason=None,
    )
