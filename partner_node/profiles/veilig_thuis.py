"""Computes nothing: the profile of Veilig Thuis (Informatieprotocol 1.0 and 2.0).

Record types: advies (started), melding (received), dienst (closed: investigation, conditions and follow-up, or
monitoring). Of a melding the number of children is one column, so children involved are a sum (NM-02).
"""

from partner_node.profiles import vt_codes_1, vt_codes_2
from partner_node.profiles.profile import (
    Column,
    ColumnKind,
    Condition,
    DateForm,
    Profile,
    ProfileList,
    ProfileMeasure,
    RecordType,
    Route,
)
from protocol.covenant.party import PartnerType
from protocol.study.measure import MeasureKind
from protocol.words.ids import Code, CodeListId, MeasureId

MOST_CHILDREN = 30  # in one melding; more is a typing error


def _codes(name: str, header: str, text: str, *lists: ProfileList, several: bool = False) -> Column:
    ids = tuple(each.codes.id for each in lists)
    return Column(name, header, ColumnKind.CODE, text, required=False, lists=ids, several=several)


_HOUSEHOLD = Column("huishouden", "Huishoudnr", ColumnKind.ID, "Nummer van het huishouden of de casus", required=False)
_PERSON = Column("bsn", "BSN", ColumnKind.ID, "BSN van de betrokkene; blijft in de node", required=False)
_PLACE = (
    Column("buurt", "Buurtcode", ColumnKind.AREA, "CBS-code van buurt, wijk of gemeente", required=False),
    Column("postcode", "Postcode", ColumnKind.POSTCODE, "Postcode van het huishouden", required=False),
    Column("huisnummer", "Huisnummer", ColumnKind.HOUSE_NUMBER, "Huisnummer", required=False),
    Column("toevoeging", "Toevoeging", ColumnKind.ADDITION, "Toevoeging bij het huisnummer", required=False),
)
_AANLEIDING = _codes("aanleiding", "Aanleiding", "Aanleiding", vt_codes_1.AANLEIDING, several=True)
_AARD = _codes("aard", "Aard geweld", "Aard van het geweld", vt_codes_1.AARD, vt_codes_2.AARD, several=True)
_AANVULLEND = _codes("aanvullend", "Aanvullende info", "Bijvoorbeeld mensenhandel", vt_codes_2.AANVULLEND, several=True)
_DUUR = _codes("duur", "Duur geweld", "Duur van het geweld", vt_codes_2.DUUR)
_VAN = (vt_codes_1.HOEDANIGHEID, vt_codes_2.ORGANISATIE)

ADVIES = RecordType(
    id="advies",
    label_nl="Gestarte adviezen",
    label_en="Advice started",
    file="adviezen.csv",
    columns=(
        Column("adviesnummer", "Adviesnr", ColumnKind.ID, "Eigen nummer van het advies"),
        _HOUSEHOLD,
        _PERSON,
        *_PLACE,
        Column("datum-start", "Datum start", ColumnKind.DATE, "Dag waarop het advies begon"),
        _AANLEIDING,
        _AARD,
        _AANVULLEND,
        _DUUR,
        _codes("adviesvrager", "Organisatie adviesvrager", "Wie advies vraagt", *_VAN),
    ),
    event="adviesnummer",
    day="datum-start",
    household="huishouden",
    person="bsn",
)
MELDING = RecordType(
    id="melding",
    label_nl="Ontvangen meldingen",
    label_en="Reports received",
    file="meldingen.csv",
    columns=(
        Column("meldingnummer", "Meldingsnr", ColumnKind.ID, "Eigen nummer van de melding"),
        _HOUSEHOLD,
        _PERSON,
        *_PLACE,
        Column("datum-melding", "Datum melding", ColumnKind.DATE, "Dag waarop de melding binnenkwam"),
        _AANLEIDING,
        _AARD,
        _AANVULLEND,
        _DUUR,
        _codes("melder", "Organisatie melder", "Wie meldt", *_VAN),
        _codes("vervolg", "Triagebesluit", "Wat volgt", vt_codes_1.VERVOLG_MELDING, vt_codes_2.TRIAGE),
        _codes("veiligheid", "Veiligheid", "Veiligheidsbeoordeling", vt_codes_2.VEILIGHEID, several=True),
        _codes("eerder", "Eerdere betrokkenheid", "Eerste melding, her- of vervolgmelding", vt_codes_2.EERDER),
        Column(
            "kinderen",
            "Aantal kinderen",
            ColumnKind.AMOUNT,
            "Aantal betrokken kinderen",
            required=False,
            largest=MOST_CHILDREN,
        ),
    ),
    event="meldingnummer",
    day="datum-melding",
    household="huishouden",
    person="bsn",
)
DIENST = RecordType(
    id="dienst",
    label_nl="Afgeronde diensten",
    label_en="Services closed",
    file="diensten.csv",
    columns=(
        Column("dienstnummer", "Dienstnr", ColumnKind.ID, "Eigen nummer van de dienst"),
        _HOUSEHOLD,
        _PERSON,
        *_PLACE,
        Column("datum-start", "Datum start", ColumnKind.DATE, "Dag waarop de dienst begon", required=False),
        Column("datum-afronding", "Datum afronding", ColumnKind.DATE, "Dag waarop de dienst werd afgerond"),
        _codes("soort", "Soort dienst", "Onderzoek, voorwaarden en vervolg, monitoring", vt_codes_2.DIENST),
        _codes("uitkomst", "Uitkomst", "Uitkomst onderzoek", vt_codes_1.UITKOMST, vt_codes_2.UITKOMST, several=True),
        _codes(
            "overdracht",
            "Overdracht",
            "Organisatie van overdracht",
            vt_codes_1.VERVOLG_ONDERZOEK,
            vt_codes_2.OVERDRACHT,
            several=True,
        ),
        _codes("hulp", "Type hulp", "Type hulp na overdracht", vt_codes_2.HULP, several=True),
    ),
    event="dienstnummer",
    day="datum-afronding",
    household="huishouden",
    person="bsn",
)


def _measure(
    name: str,
    kind: MeasureKind,
    record: RecordType,
    question_nl: str,
    question_en: str,
    *lists: ProfileList,
    service: str | None = None,
    amount: str | None = None,
    most_per_cell: int = 1,
) -> ProfileMeasure:
    return ProfileMeasure(
        id=MeasureId(name),
        kind=kind,
        record=record.id,
        question_nl=question_nl,
        question_en=question_en,
        only=(Condition("soort", (Code(service),)),) if service else (),
        amount=amount,
        lists=tuple(CodeListId(each.codes.id) for each in lists),
        most_per_cell=most_per_cell,
        most_options=3 if kind is MeasureKind.MULTI else None,
    )


_EVENTS, _UNITS, _SUM, _MULTI = MeasureKind.EVENTS, MeasureKind.UNITS, MeasureKind.SUM, MeasureKind.MULTI
_AARDEN = (vt_codes_1.AARD, vt_codes_2.AARD)
MEASURES = (
    _measure(
        "vt-adviezen",
        _EVENTS,
        ADVIES,
        "Hoeveel adviezen zijn gestart?",
        "How many advices were started?",
        *_VAN,
        vt_codes_2.DUUR,
        most_per_cell=2,
    ),
    _measure(
        "vt-adviezen-aard", _MULTI, ADVIES, "Om welk geweld vroeg men advies?", "What was advice about?", *_AARDEN
    ),
    _measure(
        "vt-meldingen",
        _EVENTS,
        MELDING,
        "Hoeveel meldingen kwamen binnen?",
        "How many reports were received?",
        *_VAN,
        vt_codes_2.DUUR,
        vt_codes_1.VERVOLG_MELDING,
        vt_codes_2.TRIAGE,
        vt_codes_2.EERDER,
        most_per_cell=3,
    ),
    _measure(
        "vt-casussen",
        _UNITS,
        MELDING,
        "In hoeveel huishoudens was een melding?",
        "How many households had a report?",
    ),
    _measure(
        "vt-aard",
        _MULTI,
        MELDING,
        "Welk geweld is gemeld?",
        "What kind of violence was reported?",
        *_AARDEN,
        vt_codes_1.AANLEIDING,
    ),
    _measure(
        "vt-aanvullend",
        _MULTI,
        MELDING,
        "Wat speelt er nog meer?",
        "What else is known?",
        vt_codes_2.AANVULLEND,
    ),
    _measure(
        "vt-veiligheid",
        _MULTI,
        MELDING,
        "Hoe onveilig was het?",
        "How unsafe was it?",
        vt_codes_2.VEILIGHEID,
    ),
    _measure(
        "vt-kinderen",
        _SUM,
        MELDING,
        "Hoeveel kinderen waren betrokken?",
        "How many children were involved?",
        amount="kinderen",
        most_per_cell=6,
    ),
    _measure(
        "vt-onderzoeken",
        _EVENTS,
        DIENST,
        "Hoeveel onderzoeken zijn afgerond?",
        "How many investigations were closed?",
        service="S1",
    ),
    _measure(
        "vt-voorwaarden",
        _EVENTS,
        DIENST,
        "Hoeveel diensten voorwaarden en vervolg zijn afgerond?",
        "How many services conditions and follow-up were closed?",
        service="S2",
    ),
    _measure(
        "vt-monitoring",
        _EVENTS,
        DIENST,
        "Hoe vaak is monitoring afgerond?",
        "How often was monitoring closed?",
        service="S3",
    ),
    _measure(
        "vt-uitkomst",
        _MULTI,
        DIENST,
        "Wat bleek uit het onderzoek?",
        "What did the investigation find?",
        vt_codes_1.UITKOMST,
        vt_codes_2.UITKOMST,
        service="S1",
    ),
    _measure(
        "vt-overdracht",
        _MULTI,
        DIENST,
        "Aan wie is overgedragen?",
        "To whom was it transferred?",
        vt_codes_1.VERVOLG_ONDERZOEK,
        vt_codes_2.OVERDRACHT,
        vt_codes_2.HULP,
    ),
)

VEILIG_THUIS = Profile(
    id="veilig-thuis",
    label_nl="Veilig Thuis",
    label_en="Veilig Thuis (advice and reporting centre)",
    partner=PartnerType.VEILIG_THUIS,
    ground="Wmo 2015 art. 4.2.12; UB Wmo 2015 art. 4.3.2 lid 2; Jeugdwet art. 7.4.1 lid 2 en 7.4.4 lid 3",
    date_form=DateForm.JJJJMMDD,
    routes=(Route.HOUSEHOLD, Route.ADDRESS, Route.PERSON),
    records=(ADVIES, MELDING, DIENST),
    lists=tuple(each for each in (*vt_codes_1.LISTS, *vt_codes_2.LISTS) if each is not vt_codes_1.GESLACHT),
    measures=MEASURES,
)
