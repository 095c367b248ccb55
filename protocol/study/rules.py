"""Computes: the rules of DESIGN 4 and 5 that a study must obey under its covenant, each a generator of refusals."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from math import isqrt

from protocol.covenant.covenant import Covenant
from protocol.covenant.party import Role
from protocol.digest import digest_of
from protocol.errors import AgreementRefusal, refuse_all
from protocol.signing import Purpose, verify
from protocol.study.measure import Measure, MeasureKind, Table
from protocol.study.model import StepTable
from protocol.study.model_rules import model_problems, named_measures
from protocol.study.plan import LEAST_SHARE_VARIANCE, least_cost, share_variance
from protocol.study.study import ScheduledRound, SignedStudy, Study
from protocol.words.ids import PartyId
from protocol.words.order import is_strictly_ascending
from protocol.words.period import last_day, length_of, step_of

_ACT = "the coordinator must mend the study and propose it again"


class ForeignCovenant(AgreementRefusal):
    """A study under another covenant, or another version of it."""


class UnsortedStudy(AgreementRefusal):
    """Measures, tables, rounds or contributors out of order of id, or one named twice."""


class UnknownReference(AgreementRefusal):
    """A measure, partner, code list or period length that the study or covenant does not have."""


class WrongBounds(AgreementRefusal):
    """Bounds that do not fit the kind of the measure."""


class MixedPartnerTypes(AgreementRefusal):
    """A joint table over partners of different types, which would count one incident twice."""


class TooFewContributors(AgreementRefusal):
    """A joint table with so few contributors that colluders could tell one from the sum."""


class NoiseTooSmall(AgreementRefusal):
    """A variance so small that a sum of shares is no discrete Gaussian any more."""


class CapBelowOneCount(AgreementRefusal):
    """A cap below the charge of a single count, so that everybody would be left out."""


class RingTooSmall(AgreementRefusal):
    """Cells, noise and parties that could wrap around the ring."""


class WrongDates(AgreementRefusal):
    """A round before its period has ended, due before it opens, or outside the covenant's validity."""


@dataclass(frozen=True, slots=True)
class _Case:
    study: Study
    covenant: Covenant


def check_study(study: Study, covenant: Covenant) -> None:
    """Refuse a study that breaks a rule under this covenant; all its problems are named.

    Raises: the refusals of this file, several as Refusals.
    """
    case = _Case(study, covenant)
    # Later rules look up what these two have seen to be there.
    refuse_all(tuple(chain(_covenant(case), _order(case))), subject="study")
    refuse_all(tuple(_references(case)), subject="study")
    rules = (_bounds, _models, _joint_tables, _noise, _ring, _dates)
    refuse_all(tuple(problem for rule in rules for problem in rule(case)), subject="study")


def check_signed_study(signed: SignedStudy, covenant: Covenant) -> None:
    """Refuse a study that the coordinator of this covenant did not sign, or that breaks a rule.

    Raises: BadSignature, WeakKey, and what `check_study` raises.
    """
    coordinator = covenant.coordinator
    verify(
        signed.signature,
        signed.study.encode(),
        key=coordinator.identity_key,
        purpose=Purpose.STUDY,
        signer=coordinator.id,
    )
    check_study(signed.study, covenant)


def check_ring(
    *, ring_bits: int, parties: int, cell_bound: int, variance: Fraction, subject: str
) -> Iterator[AgreementRefusal]:
    """Yield a refusal unless |S| (B + 12 sigma + 64) < 2^(w - 1), in integers, sigma rounded up (DESIGN 6).

    A Gaussian of sigma passes 12 sigma with a chance below 2^-100; 64 covers the rounding of small ones.
    """
    twelve_sigma = isqrt(-(-144 * variance.numerator // variance.denominator)) + 1
    if parties * (cell_bound + twelve_sigma + 64) >= 1 << (ring_bits - 1):
        yield RingTooSmall(
            got=f"{subject} with {parties} parties in a ring of {ring_bits} bits",
            wanted="parties x (bound + 12 sigma + 64) below half the ring",
            act="the coordinator must lower the cell bound or take 64 bits",
        )


def _covenant(case: _Case) -> Iterator[AgreementRefusal]:
    study, covenant = case.study, case.covenant
    if (study.covenant_id, study.covenant_digest) != (covenant.id, digest_of(covenant)):
        yield ForeignCovenant(
            got=f"study {study.id} under another covenant than {covenant.id} version {covenant.version}",
            wanted="id and digest of the covenant in force",
            act=_ACT,
        )


def _order(case: _Case) -> Iterator[AgreementRefusal]:
    study = case.study
    lists: dict[str, Sequence[str]] = {
        "measures": [measure.id for measure in study.measures],
        "tables": [table.id for table in study.tables],
        "rounds": [scheduled.period for scheduled in study.schedule],
    }
    lists |= {f"contributors of {table.id}": table.contributors for table in study.tables}
    for name, ids in lists.items():
        if not is_strictly_ascending(ids):
            yield UnsortedStudy(got=f"{name} out of order or doubled", wanted="ascending ids, each once", act=_ACT)


def _references(case: _Case) -> Iterator[AgreementRefusal]:
    study, covenant = case.study, case.covenant
    measures = {measure.id for measure in study.measures}
    partners = {party.id for party in covenant.parties if party.role is Role.PARTNER}
    code_lists = {code_list.id for code_list in covenant.code_lists}
    for table in study.tables:
        if table.measure not in measures:
            yield _unknown(f"measure {table.measure} of table {table.id}")
        if table.categories is not None and table.categories not in code_lists:
            yield _unknown(f"code list {table.categories} of table {table.id}")
        for party in table.contributors:
            if party not in partners:
                yield _unknown(f"partner {party} of table {table.id}")
    for measure_id in sorted(measures - {table.measure for table in study.tables} - named_measures(study)):
        yield _unknown(f"a table for measure {measure_id}")
    scheduled = {(length_of(entry.period), step_of(entry.period)) for entry in study.schedule}
    planned = {
        (table.period_length, step)
        for table in study.tables
        for step in (table.steps if isinstance(table, StepTable) else (None,))
    }
    for length, step in sorted(scheduled ^ planned, key=str):
        yield _unknown(f"both a table and a round of period length {length}" + (f", step {step}" if step else ""))


def _unknown(what: str) -> UnknownReference:
    return UnknownReference(got=f"no {what}", wanted="everything that is named to exist", act=_ACT)


def _models(case: _Case) -> Iterator[AgreementRefusal]:
    return model_problems(case.study, case.covenant)


def _bounds(case: _Case) -> Iterator[AgreementRefusal]:
    study = case.study
    for measure in study.measures:
        if not _bounds_fit(measure):
            yield WrongBounds(
                got=f"measure {measure.id} of kind {measure.kind} with bounds of another kind",
                wanted="most_per_cell 1 for units and multi; most_options for multi and for nothing else",
                act=_ACT,
            )
    for table in study.tables:
        if (study.measure_of(table).kind is MeasureKind.MULTI) and table.categories is None:
            yield WrongBounds(got=f"multi table {table.id} without categories", wanted="a code list", act=_ACT)


def _bounds_fit(measure: Measure) -> bool:
    counts_once = measure.kind in {MeasureKind.UNITS, MeasureKind.MULTI}
    return (measure.most_options is not None) == (measure.kind is MeasureKind.MULTI) and (
        not counts_once or measure.most_per_cell == 1
    )


def _joint_tables(case: _Case) -> Iterator[AgreementRefusal]:
    least = case.covenant.colluders + 2
    for table in case.study.tables:
        mixed = len({case.covenant.party(party).type for party in table.contributors}) > 1
        if mixed != (table.joined_types_reason is not None):
            yield MixedPartnerTypes(
                got=f"table {table.id} over partners of {'different types' if mixed else 'one type'}",
                wanted="one type, or different types with the reason why one incident may count twice",
                act=_ACT,
            )
        if table.is_joint and len(table.contributors) < least:
            yield TooFewContributors(
                got=f"joint table {table.id} with {len(table.contributors)} contributors",
                wanted=f"at least t + 2 = {least}, or a table for each",
                act=_ACT,
            )


def _noise(case: _Case) -> Iterator[AgreementRefusal]:
    for table in case.study.tables:
        yield from _table_noise(table, case.covenant)


def _table_noise(table: Table, covenant: Covenant) -> Iterator[AgreementRefusal]:
    if table.is_joint and len(table.contributors) <= covenant.colluders:
        return  # TooFewContributors says so; there is no share to speak of
    if share_variance(table, covenant.colluders, len(table.contributors)) < LEAST_SHARE_VARIANCE:
        yield NoiseTooSmall(
            got=f"table {table.id} whose shares have a variance below {LEAST_SHARE_VARIANCE}",
            wanted=f"a variance of {LEAST_SHARE_VARIANCE} or more for each share",
            act="the coordinator must take a larger variance or fewer contributors",
        )
        return
    cost = least_cost(table, covenant)
    for party_id in table.contributors:
        if cost > covenant.party(party_id).yearly_cap:
            yield CapBelowOneCount(
                got=f"table {table.id} where one count costs more than the yearly cap of {party_id}",
                wanted="a charge within the cap",
                act="the coordinator must take a larger variance",
            )


def _ring(case: _Case) -> Iterator[AgreementRefusal]:
    parties: list[PartyId] = list(case.covenant.participants)
    for table in case.study.tables:
        yield from check_ring(
            ring_bits=case.study.ring_bits,
            parties=len(parties),
            cell_bound=table.cell_bound,
            variance=table.variance.fraction,
            subject=f"table {table.id}",
        )


def _dates(case: _Case) -> Iterator[AgreementRefusal]:
    for scheduled in case.study.schedule:
        if not _dates_fit(scheduled, case.covenant):
            yield WrongDates(
                got=f"the round of {scheduled.period} from {scheduled.opens} to {scheduled.due}",
                wanted="to open after the period, to be due after it opens, both within the covenant's validity",
                act=_ACT,
            )


def _dates_fit(scheduled: ScheduledRound, covenant: Covenant) -> bool:
    after_period = last_day(scheduled.period) < scheduled.opens <= scheduled.due
    return after_period and covenant.valid_from <= scheduled.opens and scheduled.due <= covenant.valid_until
