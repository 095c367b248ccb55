"""Computes: a fictional covenant of partners of one type, and a study in which they fit a model together."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from hashlib import sha256

from coordinator.models.curves import logistic_curve
from coordinator.models.draft import GRADIENTS, StepTerms, step_tables
from coordinator.models.steps import ModelPlan
from protocol.agreement import AgreementPrivateKey, agreement_private_key, public_agreement_key
from protocol.cost import cap_of
from protocol.covenant.covenant import Covenant, Unit
from protocol.covenant.party import Officer, PartnerType, Party, Role
from protocol.covenant.rules import least_participants
from protocol.digest import digest_of
from protocol.round.member import Member
from protocol.signing import SigningKey, public_key, signing_key
from protocol.study.measure import Measure, MeasureKind
from protocol.study.model import Column, ColumnKind, Curve, Feature, Model, ModelMeasure
from protocol.study.study import ScheduledRound, Study
from protocol.words.geography import Area, AreaCode, Geography, GeographyReference
from protocol.words.ids import (
    ApprovalKey,
    CovenantId,
    Digest,
    GeographyId,
    Line,
    MeasureId,
    OfficerId,
    PartyId,
    StudyId,
)
from protocol.words.period import Period, PeriodLength, step_in

COORDINATOR, WITNESS = PartyId("gemeente"), PartyId("getuige-fg")
MODEL, POPULATION, OUTCOME = MeasureId("model"), MeasureId("melding"), MeasureId("weer-gemeld")
PERIOD = Period("2025")  # of the outcome; the features are of the year before
CAP = Fraction(1, 4)
CONSTANT = 12  # a feature's standard deviation is about as many steps
MOST_PARTNERS = 40
_NAME = Line("Verzonnen")


@dataclass(frozen=True, slots=True)
class Coding:
    """One feature as the study codes it: its largest number, and what the study takes for its mean and spread."""

    most: int
    mean: float
    spread: float


@dataclass(frozen=True, slots=True, repr=False)
class ModelAgreed:
    """What the parties agreed on."""

    covenant: Covenant
    geography: Geography
    study: Study
    partners: tuple[PartyId, ...]

    @property
    def study_digest(self) -> Digest:
        """The study's name."""
        return digest_of(self.study)

    @property
    def plan(self) -> ModelPlan:
        """The model and its steps."""
        (measure,) = (each for each in self.study.measures if isinstance(each, ModelMeasure))
        return ModelPlan(self.study, measure.id, measure.model, PERIOD)

    def member(self, party: PartyId) -> Member:
        """Return a party of it."""
        return Member(party, self.covenant, self.geography, (), {self.study_digest: self.study}, signing_key_of(party))

    def private(self, party: PartyId) -> AgreementPrivateKey:
        """Return a party's agreement key, which everybody can work out: it is fictional."""
        return _agreement(party)


def feature_measure(place: int) -> MeasureId:
    """Return the measure of a feature, numbered from 1."""
    return MeasureId(f"kenmerk-{place:02d}")


def agree_on(
    codings: tuple[Coding, ...],
    *,
    partners: int = 10,
    clip: float,
    curve: Curve | None = logistic_curve(),  # noqa: B008 - frozen, and the same each time
    outcome: Coding = Coding(1, 0.0, CONSTANT),
    rho: Fraction = CAP,
    gradients: int = GRADIENTS,
) -> ModelAgreed:
    """Return an agreement. clip: the norm of a row, in units of the coded constant."""
    names = tuple(PartyId(f"regio-{number:02d}") for number in range(1, partners + 1))
    geography = Geography(
        id=GeographyId("oefenland"),
        year=2025,
        areas=(Area(code=AreaCode("GM9901"), name=Line("Oefenland"), parent=None),),
    )
    covenant = _covenant(names, geography)
    model = _model(codings, clip, curve, outcome)
    terms = StepTerms(MODEL, model, names, 1, PeriodLength.YEAR, rho)
    tables = step_tables(terms, gradients=gradients)
    steps = sorted({step for table in tables for step in table.steps})
    study = Study(
        id=StudyId("model-2025"),
        title=Line("Wat gaat samen met een volgende melding (verzonnen)"),
        covenant_id=covenant.id,
        covenant_digest=digest_of(covenant),
        measures=tuple(sorted(_measures(len(codings), model), key=lambda measure: measure.id)),
        tables=tables,
        schedule=tuple(
            ScheduledRound(period=step_in(PERIOD, step), opens=date(2026, 2, step), due=date(2026, 3, step))
            for step in steps
        ),
        ring_bits=64,
        max_upload_bytes=64 << 20,
        publish_margin_percent=100,
    )
    return ModelAgreed(covenant, geography, study, names)


def _model(codings: tuple[Coding, ...], clip: float, curve: Curve | None, outcome: Coding) -> Model:
    features = tuple(
        Feature(
            label=Line(f"Kenmerk {place}"),
            column=_column(feature_measure(place), 1, most=coding.most),
            times=round(CONSTANT / coding.spread),
            minus=round(CONSTANT * coding.mean / coding.spread),
        )
        for place, coding in enumerate(codings, 1)
    )
    return Model(
        population=_column(POPULATION, 1, most=1),
        outcome=Feature(
            label=Line("Weer gemeld"),
            column=_column(OUTCOME, 0, most=outcome.most),
            times=round(CONSTANT / outcome.spread),
            minus=round(CONSTANT * outcome.mean / outcome.spread),
        ),
        features=features,
        constant=CONSTANT,
        clip_norm=round(clip * CONSTANT),
        curve=curve,
        holdout=5,
    )


def _column(measure: MeasureId, back: int, *, most: int) -> Column:
    return Column(
        kind=ColumnKind.ROWS, measure=measure, code_list=None, code=None, periods_back=back, above=0, most=most
    )


def _measures(features: int, model: Model) -> list[Measure]:
    names = [POPULATION, OUTCOME, *(feature_measure(place) for place in range(1, features + 1))]
    counted = [
        Measure(id=name, kind=MeasureKind.EVENTS, question=_NAME, definition=_NAME, most_per_cell=1, most_options=None)
        for name in names
    ]
    fitted = ModelMeasure(
        id=MODEL,
        kind=MeasureKind.MODEL_STEP,
        question=Line("Welke kenmerken gaan samen met een volgende melding?"),
        definition=_NAME,
        most_per_cell=1,
        most_options=None,
        model=model,
    )
    return [*counted, fitted]


def _covenant(names: tuple[PartyId, ...], geography: Geography) -> Covenant:
    return Covenant(
        id=CovenantId("oefenland"),
        version=1,
        previous=None,
        valid_from=date(2026, 1, 1),
        valid_until=date(2026, 12, 31),
        unit=Unit.HOUSEHOLD,
        geography=GeographyReference(id=geography.id, digest=digest_of(geography)),
        code_lists=(),
        parties=tuple(_party(party) for party in sorted((COORDINATOR, WITNESS, *names))),
        joint_cap=cap_of(MOST_PARTNERS * CAP),
        colluders=1,
        minimum_participants=least_participants(len(names) + 1, 1),
        minimum_change=2,
        partners_per_unit=1,
        retention_years=7,
    )


def _party(party: PartyId) -> Party:
    role = {COORDINATOR: Role.COORDINATOR, WITNESS: Role.WITNESS}.get(party, Role.PARTNER)
    partner = role is Role.PARTNER
    officer = Officer(
        id=OfficerId("fg"), name=_NAME, key=ApprovalKey(public_key(signing_key_of(PartyId(f"fg-{party}"))))
    )
    return Party(
        id=party,
        name=_NAME,
        role=role,
        type=PartnerType.VEILIG_THUIS if partner else None,
        identity_key=public_key(signing_key_of(party)),
        agreement_key=None if role is Role.COORDINATOR else public_agreement_key(_agreement(party)),
        officers=(officer,) if partner else (),
        purpose=_NAME,
        legal_ground=_NAME,
        wpg_permission=None,
        yearly_cap=cap_of(CAP if partner else Fraction(0)),
        run_by_coordinator=False,
    )


def _secret(label: str) -> bytes:
    """Return a key that everybody knows; no node can import it."""
    return sha256(f"samenzicht fictional model {label}".encode()).digest()


def signing_key_of(party: PartyId) -> SigningKey:
    """Return a party's key, which everybody can work out: it is fictional."""
    return signing_key(_secret(f"sign {party}"))


def _agreement(party: PartyId) -> AgreementPrivateKey:
    return agreement_private_key(_secret(f"agree {party}"))
