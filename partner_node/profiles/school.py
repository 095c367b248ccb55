"""Computes nothing: the profile of schools and the school attendance office: reports of absence.

The kinds of absence are those of the Leerplichtwet (absoluut, relatief, langdurig relatief, luxe); the codes are ours.
"""

from datetime import date

from partner_node.profiles.listing import Edition, code_list
from partner_node.profiles.profile import (
    Column,
    ColumnKind,
    DateForm,
    Profile,
    ProfileMeasure,
    Provenance,
    RecordType,
    Route,
)
from protocol.covenant.party import PartnerType
from protocol.study.measure import MeasureKind
from protocol.words.ids import MeasureId

MOST_HOURS = 2_000  # a school year has about 1,000 hours of lessons

VERZUIM = code_list(
    "school-verzuim",
    Edition(
        valid_from=date(2012, 1, 1),
        valid_until=None,
        provenance=Provenance.LABELS,
        source="kinds of absence as the Leerplichtwet and its yearly reports name them; numbering is our own",
    ),
    (
        "Z1 Absoluut verzuim = Not enrolled",
        "Z2 Relatief verzuim, 16 uur in 4 weken = Absent 16 hours in 4 weeks",
        "Z3 Langdurig relatief verzuim, langer dan 4 weken = Absent for more than 4 weeks",
        "Z4 Luxe verzuim = Holidays outside the school holidays",
        "Z5 Ander verzuim = Other absence",
    ),
)
VERZUIMMELDING = RecordType(
    id="verzuimmelding",
    label_nl="Verzuimmeldingen",
    label_en="Reports of absence",
    file="verzuim.csv",
    columns=(
        Column("meldingnummer", "Meldingnummer", ColumnKind.ID, "Eigen nummer van de verzuimmelding"),
        Column("huishouden", "Gezinsnummer", ColumnKind.ID, "Nummer van het huishouden", required=False),
        Column("leerling", "Leerlingnummer", ColumnKind.ID, "Nummer van de leerling", required=False),
        Column("postcode", "Postcode", ColumnKind.POSTCODE, "Postcode van de leerling", required=False),
        Column("huisnummer", "Huisnummer", ColumnKind.HOUSE_NUMBER, "Huisnummer van de leerling", required=False),
        Column("toevoeging", "Toevoeging", ColumnKind.ADDITION, "Toevoeging bij het huisnummer", required=False),
        Column("buurt", "Buurtcode", ColumnKind.AREA, "CBS-code van buurt, wijk of gemeente", required=False),
        Column("datum", "Datum melding", ColumnKind.DATE, "Dag van de verzuimmelding"),
        Column(
            "soort",
            "Soort verzuim",
            ColumnKind.CODE,
            "Soort verzuim",
            required=False,
            lists=(VERZUIM.codes.id,),
        ),
        Column("uren", "Aantal uren", ColumnKind.AMOUNT, "Gemiste lesuren", required=False, largest=MOST_HOURS),
    ),
    event="meldingnummer",
    day="datum",
    household="huishouden",
    person="leerling",
)


def _measure(name: str, kind: MeasureKind, question_nl: str, question_en: str) -> ProfileMeasure:
    is_sum, is_units = kind is MeasureKind.SUM, kind is MeasureKind.UNITS
    return ProfileMeasure(
        id=MeasureId(name),
        kind=kind,
        record=VERZUIMMELDING.id,
        question_nl=question_nl,
        question_en=question_en,
        amount="uren" if is_sum else None,
        lists=() if is_sum or is_units else (VERZUIM.codes.id,),
        most_per_cell={MeasureKind.SUM: 200, MeasureKind.EVENTS: 3}.get(kind, 1),
        most_options=2 if kind is MeasureKind.MULTI else None,
    )


SCHOOL = Profile(
    id="school",
    label_nl="School en leerplicht",
    label_en="Schools and the school attendance office",
    partner=PartnerType.SCHOOL,
    ground="Leerplichtwet 1969 art. 21a en 25; Jeugdwet art. 7.4.1 voor beleidsinformatie",
    date_form=DateForm.DD_MM_JJJJ,
    routes=(Route.HOUSEHOLD, Route.ADDRESS, Route.PERSON),
    records=(VERZUIMMELDING,),
    lists=(VERZUIM,),
    measures=(
        _measure(
            "school-meldingen",
            MeasureKind.EVENTS,
            "Hoeveel verzuimmeldingen waren er?",
            "How many reports of absence were there?",
        ),
        _measure(
            "school-huishoudens",
            MeasureKind.UNITS,
            "Van hoeveel huishoudens was er een verzuimmelding?",
            "How many households had a report of absence?",
        ),
        _measure("school-verzuim", MeasureKind.MULTI, "Welk verzuim is gemeld?", "What kind of absence was reported?"),
        _measure(
            "school-uren", MeasureKind.SUM, "Hoeveel lesuren zijn gemist?", "How many hours of lessons were missed?"
        ),
    ),
)
