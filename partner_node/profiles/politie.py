"""Computes nothing: the profile of the police: incidents of domestic violence. Needs the Wpg permission.

The classes of the police's own registration (BVH) per kind of violence are not published: the lists are drafts, after
the parts of the reports on domestic violence in police registers (Beke 2012), until the police's own are loaded.
"""

from datetime import date

from partner_node.profiles.listing import Edition, code_list
from partner_node.profiles.profile import (
    Column,
    ColumnKind,
    Condition,
    DateForm,
    Profile,
    ProfileMeasure,
    Provenance,
    RecordType,
    Route,
)
from protocol.covenant.party import PartnerType
from protocol.study.measure import MeasureKind
from protocol.words.ids import CodeListId, MeasureId

_DRAFT = Edition(
    valid_from=date(2010, 1, 1),
    valid_until=None,
    provenance=Provenance.OWN,
    source="parts of the reports on domestic violence in police registers (Beke 2012); the codes are a draft of ours",
)
SOORT = code_list(
    "politie-soort",
    _DRAFT,
    (
        "P1 Psychisch geweld = Psychological violence",
        "P2 Bedreiging = Threat",
        "P3 Lichamelijk geweld = Physical violence",
        "P4 Seksueel geweld = Sexual violence",
        "P5 Vernieling = Destruction",
        "P6 Belaging = Stalking",
        "P7 Dierenmishandeling = Animal abuse",
        "P9 Anders = Other",
    ),
)
RELATIE = code_list(
    "politie-relatie",
    _DRAFT,
    (
        "L1 Partner = Partner",
        "L2 Ex-partner = Ex-partner",
        "L3 Kind = Child",
        "L4 Ouder = Parent",
        "L5 Andere familie = Other family",
        "L9 Onbekend = Unknown",
    ),
)
INCIDENT = RecordType(
    id="incident",
    label_nl="Incidenten",
    label_en="Incidents",
    file="incidenten.csv",
    columns=(
        Column("incidentnummer", "Registratienummer", ColumnKind.ID, "Eigen nummer van het incident"),
        Column("huishouden", "Huishoudnummer", ColumnKind.ID, "Nummer van het huishouden", required=False),
        Column("persoon", "Persoonsnummer", ColumnKind.ID, "Nummer van het slachtoffer", required=False),
        Column("postcode", "Postcode", ColumnKind.POSTCODE, "Postcode van het woonadres", required=False),
        Column("huisnummer", "Huisnr", ColumnKind.HOUSE_NUMBER, "Huisnummer van het woonadres", required=False),
        Column("toevoeging", "Toev", ColumnKind.ADDITION, "Toevoeging bij het huisnummer", required=False),
        Column("buurt", "Buurt", ColumnKind.AREA, "CBS-code van buurt, wijk of gemeente", required=False),
        Column("datum", "Datum kennisname", ColumnKind.DATE, "Dag waarop de politie het incident kende"),
        Column("huiselijk", "Huiselijk geweld", ColumnKind.FLAG, "Of het huiselijk geweld is (J/N)"),
        Column(
            "soort",
            "Soort geweld",
            ColumnKind.CODE,
            "Soort geweld",
            required=False,
            lists=(SOORT.codes.id,),
            several=True,
        ),
        Column(
            "relatie",
            "Relatie",
            ColumnKind.CODE,
            "Relatie van slachtoffer en verdachte",
            required=False,
            lists=(RELATIE.codes.id,),
        ),
        Column("kinderen", "Kinderen aanwezig", ColumnKind.FLAG, "Of er kinderen bij waren (J/N)", required=False),
    ),
    event="incidentnummer",
    day="datum",
    household="huishouden",
    person="persoon",
)
_IS_DOMESTIC = (Condition("huiselijk"),)


def _measure(
    name: str,
    kind: MeasureKind,
    question_nl: str,
    question_en: str,
    *,
    lists: tuple[CodeListId, ...] = (),
    with_children: bool = False,
) -> ProfileMeasure:
    return ProfileMeasure(
        id=MeasureId(name),
        kind=kind,
        record=INCIDENT.id,
        question_nl=question_nl,
        question_en=question_en,
        only=(*_IS_DOMESTIC, Condition("kinderen")) if with_children else _IS_DOMESTIC,
        lists=lists,
        most_per_cell=3 if kind is MeasureKind.EVENTS else 1,
        most_options=3 if kind is MeasureKind.MULTI else None,
    )


POLITIE = Profile(
    id="politie",
    label_nl="Politie",
    label_en="Police",
    partner=PartnerType.POLITIE,
    ground="Wpg art. 22 en Bpg art. 4:7: statistiek zonder persoonsgegevens, met schriftelijke toestemming",
    date_form=DateForm.DD_MM_JJJJ,
    routes=(Route.HOUSEHOLD, Route.ADDRESS, Route.PERSON),
    records=(INCIDENT,),
    lists=(SOORT, RELATIE),
    measures=(
        _measure(
            "politie-incidenten",
            MeasureKind.EVENTS,
            "Hoeveel incidenten van huiselijk geweld waren er?",
            "How many incidents of domestic violence were there?",
            lists=(RELATIE.codes.id,),
        ),
        _measure(
            "politie-huishoudens",
            MeasureKind.UNITS,
            "In hoeveel huishoudens was een incident?",
            "How many households had an incident?",
        ),
        _measure(
            "politie-soort",
            MeasureKind.MULTI,
            "Welke soorten geweld waren er?",
            "Which kinds of violence were there?",
            lists=(SOORT.codes.id,),
        ),
        _measure(
            "politie-relatie",
            MeasureKind.MULTI,
            "Tussen wie was het geweld?",
            "Between whom was the violence?",
            lists=(RELATIE.codes.id,),
        ),
        _measure(
            "politie-met-kinderen",
            MeasureKind.EVENTS,
            "Bij hoeveel incidenten waren kinderen aanwezig?",
            "At how many incidents were children present?",
            with_children=True,
        ),
    ),
    wpg=True,
)
