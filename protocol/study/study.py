"""Computes: the study as a value. Parsing one proves its form; `rules.py` says whether it holds under a covenant."""

from datetime import date
from functools import cached_property
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from protocol.digest import labelled
from protocol.errors import AgreementRefusal
from protocol.study.measure import Measure, Table
from protocol.study.model import Model, ModelMeasure, StepTable
from protocol.wire import WireValue
from protocol.words.ids import CovenantId, Digest, Line, MeasureId, Signature, StudyId, TableId
from protocol.words.period import Period, days_of, length_of, step_of

MAX_TABLES = 500  # 20 indicators at three levels, per partner type, with room
MAX_ROUNDS = 100  # a year has 12 months, 4 quarters, 2 half-years and itself
MAX_UPLOAD_BYTES = 1 << 30
DEFAULT_UPLOAD_BYTES = 64 << 20  # 16 million cells of 32 bits


class UnknownPeriod(AgreementRefusal):
    """A period for which the study schedules no round."""


class ScheduledRound(WireValue):
    """When the round of one period opens and is due; `opens` decides the covenant year, never a clock."""

    period: Period
    opens: date
    due: date

    @property
    def covenant_year(self) -> int:
        """The calendar year whose caps this round is charged to."""
        return self.opens.year


class Study(WireValue):
    """The measurement plan that the coordinator signs and an officer of each partner approves.

    ring_bits: w, the width of a masked cell. max_upload_bytes: above it a RESULT carries hashes.
    publish_margin_percent: the widest 95 % margin, as a share of the figure, with which a cell is shown.
    """

    max_bytes: ClassVar[int] = 1 << 20  # 500 tables of about 700 bytes, 100 rounds of 80

    kind: Literal["study"] = "study"
    format: Literal[1] = 1
    id: StudyId
    title: Line
    covenant_id: CovenantId
    covenant_digest: Digest
    measures: Annotated[tuple[ModelMeasure | Measure, ...], Field(min_length=1, max_length=MAX_TABLES)]
    tables: Annotated[tuple[StepTable | Table, ...], Field(min_length=1, max_length=MAX_TABLES)]
    schedule: Annotated[tuple[ScheduledRound, ...], Field(min_length=1, max_length=MAX_ROUNDS)]
    ring_bits: Literal[32, 64]
    max_upload_bytes: Annotated[int, Field(ge=1, le=MAX_UPLOAD_BYTES)]
    publish_margin_percent: Annotated[int, Field(ge=1, le=1_000)]

    @cached_property
    def _measures(self) -> dict[MeasureId, Measure]:
        return {measure.id: measure for measure in self.measures}

    @cached_property
    def _tables(self) -> dict[TableId, Table]:
        return {table.id: table for table in self.tables}

    def measure_of(self, table: Table) -> Measure:
        """Return the measure of a table of this study; `check_study` has seen that it is there."""
        return self._measures[table.measure]

    def table(self, table_id: TableId) -> Table:
        """Return a table of this study by an id that `check_study` has seen."""
        return self._tables[table_id]

    def tables_for(self, period: Period) -> tuple[Table, ...]:
        """Return the tables of a period's round, in order: those of the period's length, and of its step."""
        step = step_of(period)
        return tuple(
            table
            for table in self.tables
            if table.period_length is length_of(period)
            and (step in table.steps if isinstance(table, StepTable) else step is None)
        )

    def model_of(self, table: StepTable) -> Model:
        """Return the model of a step; `check_study` has seen that its measure is one."""
        measure = self.measure_of(table)
        if not isinstance(measure, ModelMeasure):
            raise AssertionError("a step's measure has a model")  # noqa: TRY004 - a rule has seen it
        return measure.model

    def round_for(self, period: Period) -> ScheduledRound:
        """Return when the round of the period opens and is due.

        Raises: UnknownPeriod.
        """
        for scheduled in self.schedule:
            if scheduled.period == period:
                return scheduled
        raise UnknownPeriod(
            got=f"period {period}",
            wanted=f"a period in the schedule of study {self.id}",
            act="the coordinator must choose another period or propose a new study",
        )

    def rounds_of(self, period: Period) -> tuple[Period, ...]:
        """Return the rounds that a person means by a period: its own, or every step of a model over its days, in order.

        Nothing, where the schedule has neither.
        """
        scheduled = [entry.period for entry in self.schedule]
        return (period,) if period in scheduled else tuple(each for each in scheduled if days_of(each) == period)


class SignedStudy(WireValue):
    """A study with the coordinator's signature."""

    max_bytes: ClassVar[int] = Study.max_bytes + 1_024

    kind: Literal["signed-study"] = "signed-study"
    format: Literal[1] = 1
    study: Study
    signature: Signature


def slot_of(study: Study, period: Period) -> Digest:
    """Return the slot of a round: it is opened at most once, ever, under whichever version of the covenant."""
    parts = (study.covenant_id, study.id, period)
    return Digest(labelled("slot", *(part.encode("ascii") for part in parts)).hex())
