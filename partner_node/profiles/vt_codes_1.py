"""Computes nothing: the codes of Informatieprotocol 1.0 of Veilig Thuis, complete, as the law printed them."""

from datetime import date

from partner_node.profiles.listing import Edition, code_list
from partner_node.profiles.profile import Provenance

PROTOCOL_1 = Edition(
    valid_from=date(2015, 1, 1),
    valid_until=date(2018, 12, 31),
    provenance=Provenance.OFFICIAL,
    source="Uitvoeringsregeling Wmo 2015, bijlage Informatieprotocol AMHK (BWBR0036096)",
)

AANLEIDING = code_list(
    "vt1-aanleiding",
    PROTOCOL_1,
    (
        "01 Partnergeweld = Partner violence",
        "02 Eergerelateerd geweld = Honour-related violence",
        "03 Ouderenmishandeling en ontspoorde zorg = Elder abuse and derailed care",
        "04 Oudermishandeling / geweld tegen ouders = Violence against parents",
        "05 Huwelijksdwang en achterlating = Forced marriage and abandonment",
        "06 Kindermishandeling, kindcheck = Child abuse, child check",
        "07 Kindermishandeling, vechtscheiding = Child abuse, high-conflict divorce",
        "08 Kindermishandeling, anders = Child abuse, other",
        "09 Huiselijk geweld, anders = Domestic violence, other",
    ),
)
AARD = code_list(
    "vt1-aard",
    PROTOCOL_1,
    (
        "01 Lichamelijke mishandeling = Physical abuse",
        "02 Lichamelijke verwaarlozing = Physical neglect",
        "03 Psychisch geweld = Psychological violence",
        "04 Affectieve verwaarlozing = Emotional neglect",
        "05 Pedagogische verwaarlozing = Educational neglect",
        "06 Seksueel misbruik = Sexual abuse",
        "07 Financiële uitbuiting = Financial exploitation",
        "08 Getuige van geweld in gezin = Witness of violence in the family",
        "09 Münchhausen-by-proxy = Munchausen by proxy",
        "10 Vrouwelijke genitale verminking = Female genital mutilation",
        "11 Anders = Other",
    ),
)
HOEDANIGHEID = code_list(
    "vt1-hoedanigheid",
    PROTOCOL_1,
    (
        "01 Politie = Police",
        "02 Huisarts of praktijkondersteuner = General practitioner or practice nurse",
        "03 Arts of verpleegkundige jeugdgezondheidszorg = Doctor or nurse of youth health care",
        "04 Psychiater = Psychiatrist",
        "05 Arts of verpleegkundige ziekenhuis/spoedeisende hulp = Doctor or nurse of a hospital or emergency care",
        "06 Geriater = Geriatrician",
        "07 GZ-psycholoog (zelfstandig) = Health psychologist (independent)",
        "08 Medewerker wijkteam = Worker of a neighbourhood team",
        "09 Medewerker gecertificeerde instelling = Worker of a certified child protection body",
        "10 Medewerker jeugdhulpaanbieder = Worker of a youth care provider",
        "11 Medewerker thuiszorg = Worker of home care",
        "12 Medewerker maatschappelijk werk/welzijnsorganisatie = Worker of social work or welfare",
        "13 Medewerker vrouwenopvang = Worker of a women's shelter",
        "14 Medewerker AMHK = Worker of Veilig Thuis",
        "15 Lid ZAT-team school, leerkracht, directeur = Care team of a school, teacher, head",
        "16 Leerplichtambtenaar = School attendance officer",
        "17 Medewerker bij de gemeente, overig = Other worker of the municipality",
        "18 Professional/vrijwilliger kinderopvang of peuterspeelzaal = Professional or volunteer of child care",
        "19 Professional van vrijwilligersorganisatie = Professional of a volunteers' organisation",
        "20 Professional anders dan bovenstaande = Other professional",
        "30 Direct betrokkene, pleger = Directly involved, perpetrator",
        "31 Direct betrokkene, volwassen slachtoffer = Directly involved, adult victim",
        "32 Direct betrokkene, kind = Directly involved, child",
        "33 Familielid van direct betrokkene = Relative of someone directly involved",
        "34 Persoon behorend tot het sociale netwerk = Person of the social network",
        "35 Buurtbewoner = Neighbour",
        "36 Vrijwilliger van vrijwilligersorganisatie = Volunteer of a volunteers' organisation",
        "40 Anders = Other",
        "41 Onbekend = Unknown",
    ),
)
VERVOLG_MELDING = code_list(
    "vt1-vervolg-melding",
    PROTOCOL_1,
    (
        "01 Start onderzoek = Start of an investigation",
        "02 Inzetten vervolgtraject = Start of a follow-up",
        "03 Melding omgezet in advies = Report turned into advice",
        "04 Einde bemoeienis AMHK = End of involvement of Veilig Thuis",
    ),
)
UITKOMST = code_list(
    "vt1-uitkomst",
    PROTOCOL_1,
    (
        "01 Geen huiselijk geweld = No domestic violence",
        "02 Huiselijk geweld niet bevestigd = Domestic violence not confirmed",
        "03 Huiselijk geweld bevestigd = Domestic violence confirmed",
        "04 Geen kindermishandeling = No child abuse",
        "05 Kindermishandeling niet bevestigd = Child abuse not confirmed",
        "06 Kindermishandeling bevestigd = Child abuse confirmed",
        "07 Voortijdig afgesloten: vertrokken met onbekende bestemming = Closed early: left for an unknown destination",
        "08 Voortijdig afgesloten: overleden = Closed early: deceased",
    ),
)
VERVOLG_ONDERZOEK = code_list(
    "vt1-vervolg-onderzoek",
    PROTOCOL_1,
    (
        "01 Overdracht naar wijkteam = Transfer to a neighbourhood team",
        "02 Overdracht naar de Raad voor de Kinderbescherming = Transfer to the Child Protection Board",
        "03 Overdracht naar politie of Openbaar Ministerie = Transfer to the police or the prosecutor",
        "04 Overdracht naar een jeugdhulpaanbieder = Transfer to a youth care provider",
        "05 Overdracht naar gecertificeerde instelling = Transfer to a certified child protection body",
        "06 Overdracht naar vrouwenopvang = Transfer to a women's shelter",
        "07 Overdracht naar een ggz-instelling (volwassenen) = Transfer to adult mental health care",
        "08 Overdracht naar thuiszorg of respijtzorg = Transfer to home care or respite care",
        "09 Overdracht naar verslavingszorg = Transfer to addiction care",
        "10 Overdracht naar een andere instantie = Transfer to another body",
        "21 Geen vervolg = No follow-up",
    ),
)
GESLACHT = code_list("vt1-geslacht", PROTOCOL_1, ("M Man = Male", "O Onbekend = Unknown", "V Vrouw = Female"))

LISTS = (AANLEIDING, AARD, HOEDANIGHEID, VERVOLG_MELDING, UITKOMST, VERVOLG_ONDERZOEK, GESLACHT)
