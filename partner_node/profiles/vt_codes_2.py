"""Computes nothing: categories of Informatieprotocol 2.0 of Veilig Thuis.

The labels are CBS StatLine's; the official numbers are not published: ours stand in their place until a partner's own
lists are loaded.
"""

from datetime import date

from partner_node.profiles.listing import Edition, code_list
from partner_node.profiles.profile import Provenance

_FROM = date(2019, 1, 1)
PUBLISHED = Edition(
    valid_from=_FROM,
    valid_until=None,
    provenance=Provenance.LABELS,
    source="CBS StatLine 84847NED-84855NED and 85361NED; labels only, numbering is our own",
)
DRAFT = Edition(
    valid_from=_FROM,
    valid_until=None,
    provenance=Provenance.OWN,
    source="names of the parts of Informatieprotocol 2.0 (Kamerstuk 28345 nr. 223); categories are a draft of ours",
)

AARD = code_list(
    "vt2-aard",
    PUBLISHED,
    (
        "A1 Kindermishandeling = Child abuse",
        "A2 Geweld tegen ouders = Violence against parents",
        "A3 (Ex-)Partnergeweld = (Ex-)partner violence",
        "A4 Ouderenmishandeling (ouder dan 65 jaar) = Elder abuse (over 65)",
        "A5 Huiselijk geweld overig = Other domestic violence",
        "A6 Andere problematiek = Other problems",
        "A7 Geen kindermishandeling/huiselijk geweld = No child abuse or domestic violence",
        "A8 Onbekend = Unknown",
    ),
)
ORGANISATIE = code_list(
    "vt2-organisatie",
    PUBLISHED,
    (
        "O01 Niet beroepsmatig = Not professional",
        "O02 Gezondheidszorg = Health care",
        "O03 Geestelijke gezondheidszorg = Mental health care",
        "O04 Kinderopvang = Child care",
        "O05 Onderwijs = Education",
        "O06 Bureau Leerplicht = School attendance office",
        "O07 Jeugdzorg = Youth care",
        "O08 Justitie en veiligheid = Justice and safety, the police included",
        "O09 Veilig Thuis: andere regio = Veilig Thuis: another region",
        "O10 Veilig Thuis: inzet regionaal maatwerk = Veilig Thuis: regional arrangement",
        "O11 Andere organisatie = Another organisation",
        "O12 Onbekend = Unknown",
    ),
)
EERDER = code_list(
    "vt2-eerdere-betrokkenheid",
    PUBLISHED,
    (
        "E1 1e melding, geen betrokkenen bekend = First report, nobody known",
        "E2 Hermelding: meerdere betrokkenen bekend = Re-report: several people known",
        "E3 Hermelding: één betrokkene bekend = Re-report: one person known",
        "E4 Vervolgmelding tijdens veiligheidsbeoordeling = Follow-up report during the safety assessment",
        "E5 Vervolgmelding na veiligheidsbeoordeling = Follow-up report after the safety assessment",
        "E6 Vervolgmelding tijdens monitoring = Follow-up report during monitoring",
        "E7 Melding niet ingedeeld = Report not classed",
    ),
)
VEILIGHEID = code_list(
    "vt2-veiligheid",
    PUBLISHED,
    ("V1 Acuut onveilig = Acutely unsafe", "V2 Structureel onveilig = Structurally unsafe"),
)
UITKOMST = code_list(
    "vt2-uitkomst",
    PUBLISHED,
    (
        "U1 Kindermishandeling: bevestigd = Child abuse: confirmed",
        "U2 Kindermishandeling: niet bevestigd = Child abuse: not confirmed",
        "U3 Kindermishandeling: weerlegd = Child abuse: refuted",
        "U4 Geweld tegen ouders: bevestigd = Violence against parents: confirmed",
        "U5 Geweld tegen ouders: niet bevestigd = Violence against parents: not confirmed",
        "U6 Geweld tegen ouders: weerlegd = Violence against parents: refuted",
        "U7 Partnergeweld: bevestigd = Partner violence: confirmed",
        "U8 Partnergeweld: niet bevestigd = Partner violence: not confirmed",
        "U9 Partnergeweld: weerlegd = Partner violence: refuted",
    ),
)
AANVULLEND = code_list(
    "vt2-aanvullend", DRAFT, ("I1 Mensenhandel = Human trafficking", "I9 Andere informatie = Other information")
)
DUUR = code_list(
    "vt2-duur",
    DRAFT,
    (
        "D1 Korter dan een jaar = Less than a year",
        "D2 Een tot vijf jaar = One to five years",
        "D3 Langer dan vijf jaar = More than five years",
        "D9 Onbekend = Unknown",
    ),
)
TRIAGE = code_list(
    "vt2-triagebesluit",
    DRAFT,
    (
        "T1 Dienst onderzoek = Service: investigation",
        "T2 Dienst voorwaarden en vervolg = Service: conditions and follow-up",
        "T3 Overdracht zonder verdere dienst = Transfer without a further service",
        "T4 Geen verdere betrokkenheid = No further involvement",
    ),
)
OVERDRACHT = code_list(
    "vt2-overdracht",
    DRAFT,
    (
        "R01 Wijkteam = Neighbourhood team",
        "R02 Raad voor de Kinderbescherming = Child Protection Board",
        "R03 Politie of Openbaar Ministerie = Police or prosecutor",
        "R04 Jeugdhulpaanbieder = Youth care provider",
        "R05 Gecertificeerde instelling = Certified child protection body",
        "R06 Vrouwenopvang = Women's shelter",
        "R07 Geestelijke gezondheidszorg = Mental health care",
        "R08 Verslavingszorg = Addiction care",
        "R09 Andere organisatie = Another organisation",
    ),
)
HULP = code_list(
    "vt2-type-hulp",
    DRAFT,
    (
        "H1 Hulp voor het kind = Help for the child",
        "H2 Hulp voor ouders of partners = Help for parents or partners",
        "H3 Hulp voor het gezin = Help for the family",
        "H4 Opvang = Shelter",
        "H5 Anders = Other",
    ),
)
DIENST = code_list(
    "vt2-dienst",
    DRAFT,
    (
        "S1 Onderzoek = Investigation",
        "S2 Voorwaarden en vervolg = Conditions and follow-up",
        "S3 Monitoring = Monitoring",
    ),
)

LISTS = (AARD, ORGANISATIE, EERDER, VEILIGHEID, UITKOMST, AANVULLEND, DUUR, TRIAGE, OVERDRACHT, HULP, DIENST)
