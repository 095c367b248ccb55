"""Computes: the whole answer of `study precision`: tables, losses, bias, and whether the study may be proposed."""

from dataclasses import dataclass

from coordinator.planner.forecast import PublicWorld, TableForecast, forecast
from coordinator.planner.loss import PartnerLoss, TableBias, biases, check_biases, losses, year_plans
from protocol.digest import digest_of
from protocol.round.member import Reader
from protocol.study.model import StepTable
from protocol.study.rules import check_study
from protocol.study.study import Study
from protocol.words.period import length_of


@dataclass(frozen=True, slots=True)
class PrecisionReport:
    """What a study will show, cost and leave out."""

    tables: tuple[TableForecast, ...]
    losses: tuple[PartnerLoss, ...]
    biases: tuple[TableBias, ...]

    def check(self) -> None:
        """Refuse a study that leaves more than 1 % of the events out of a quarter of any table.

        Raises: TooMuchLeftOut.
        """
        check_biases(self.biases)


def precision(study: Study, reader: Reader, world: PublicWorld) -> PrecisionReport:
    """Return what a study will show under a covenant.

    reader: who holds covenant, geography, code lists and this study.
    Raises: what `check_study` and `build_grid` raise; NoPublicRate, RateOutOfRange.
    """
    check_study(study, reader.covenant)
    plans = year_plans(study, reader)
    return PrecisionReport(forecasts(study, reader, world), losses(plans, reader), biases(study, reader, plans, world))


def forecasts(study: Study, reader: Reader, world: PublicWorld) -> tuple[TableForecast, ...]:
    """Return the forecast of each table, in the study's order.

    Raises: as `precision`.
    """
    found = {}
    for scheduled in study.schedule:
        grid = reader.grid(digest_of(study), scheduled.period)
        for segment in grid.segments:
            table = study.table(segment.table)
            if isinstance(table, StepTable):
                continue  # `coordinator/models/power.py` says what a model can find
            if segment.table not in found and length_of(segment.period) is length_of(scheduled.period):
                found[segment.table] = forecast(table, segment, study, reader.covenant, world)
    return tuple(found[table.id] for table in study.tables if table.id in found)


def reader_of(study: Study, reader: Reader) -> Reader:
    """Return the reader of another study under the same covenant."""
    return Reader(reader.id, reader.covenant, reader.geography, reader.code_lists, {digest_of(study): study})
