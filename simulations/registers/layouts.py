"""Computes nothing: how each partner writes its files. One row for each record type, to be aligned with its profile.

A header stands beside the name of the column. Names beginning with `datum` are days; `id`, `huishouden`, `bsn`,
`persoon`, `buurt`, `postcode` and `huisnummer` are filled in at delivery, all others come from the register.
"""

from dataclasses import dataclass

JJJJMMDD, DD_MM_JJJJ = "%Y%m%d", "%d-%m-%Y"
_PLACE = (("buurt", "Buurtcode"), ("postcode", "Postcode"), ("huisnummer", "Huisnummer"))
_VT_UNIT = (("huishouden", "Huishoudnr"), *_PLACE)


@dataclass(frozen=True, slots=True)
class Layout:
    """The form of one record type's files. prefix: of the partner's own ids. date_form: as `strftime` takes it."""

    partner: str
    record: str
    stem: str
    prefix: str
    encoding: str
    separator: str
    date_form: str
    headers: tuple[tuple[str, str], ...]

    @property
    def by_household(self) -> bool:
        """Whether a household number leads to the unit; else it is the address."""
        return "huishouden" in dict(self.headers)

    @property
    def unit_column(self) -> str:
        """The column without which a record has no unit."""
        return "huishouden" if self.by_household else "huisnummer"

    @property
    def dummy(self) -> str:
        """What stands in that column for "unknown"."""
        return "999999999" if self.by_household else "0"


LAYOUTS = (
    Layout(
        *("veilig-thuis", "advies", "adviezen", "AD", "utf-8-sig", ";", JJJJMMDD),
        (
            ("id", "Adviesnr"),
            *_VT_UNIT,
            ("datum", "Datum start"),
            ("aard", "Aard geweld"),
            ("duur", "Duur geweld"),
            ("adviesvrager", "Organisatie adviesvrager"),
        ),
    ),
    Layout(
        *("veilig-thuis", "melding", "meldingen", "ML", "utf-8-sig", ";", JJJJMMDD),
        (
            ("id", "Meldingsnr"),
            *_VT_UNIT,
            ("datum", "Datum melding"),
            ("aard", "Aard geweld"),
            ("duur", "Duur geweld"),
            ("melder", "Organisatie melder"),
            ("vervolg", "Triagebesluit"),
            ("veiligheid", "Veiligheid"),
            ("eerder", "Eerdere betrokkenheid"),
            ("kinderen", "Aantal kinderen"),
        ),
    ),
    Layout(
        *("veilig-thuis", "dienst", "diensten", "DN", "utf-8-sig", ";", JJJJMMDD),
        (
            ("id", "Dienstnr"),
            *_VT_UNIT,
            ("datum-start", "Datum start"),
            ("datum", "Datum afronding"),
            ("soort", "Soort dienst"),
            ("uitkomst", "Uitkomst"),
        ),
    ),
    Layout(
        *("politie", "incident", "incidenten", "PL", "cp1252", ";", DD_MM_JJJJ),
        (
            ("id", "Registratienummer"),
            ("postcode", "Postcode"),
            ("huisnummer", "Huisnr"),
            ("buurt", "Buurt"),
            ("datum", "Datum kennisname"),
            ("soort", "Soort geweld"),
            ("relatie", "Relatie"),
            ("huiselijk", "Huiselijk geweld"),
            ("kinderen", "Kinderen aanwezig"),
            ("aanhouding", "Aanhouding"),
            ("huisverbod", "Huisverbod"),
            ("zorgmelding", "Zorgmelding"),
        ),
    ),
    Layout(
        *("school", "verzuimmelding", "verzuim", "VZ", "cp1252", ";", DD_MM_JJJJ),
        (
            ("id", "Meldingnummer"),
            ("persoon", "Leerlingnummer"),
            *_PLACE,
            ("datum", "Datum melding"),
            ("soort", "Soort verzuim"),
            ("uren", "Aantal uren"),
        ),
    ),
    Layout(
        *("ggd", "signaal", "signalen", "GS", "utf-8", ";", DD_MM_JJJJ),
        (("id", "Signaalnr"), ("bsn", "BSN"), *_PLACE, ("datum", "Datum signaal"), ("soort", "Soort signaal")),
    ),
    Layout(
        *("ggz", "aanmelding", "aanmeldingen", "GZ", "utf-8", ",", DD_MM_JJJJ),
        (
            ("id", "Aanmeldnr"),
            ("bsn", "BSN"),
            *_PLACE,
            ("datum", "Datum aanmelding"),
            ("problematiek", "Hoofdproblematiek"),
        ),
    ),
    Layout(
        *("verslavingszorg", "aanmelding", "aanmeldingen", "VS", "utf-16", "\t", DD_MM_JJJJ),
        (
            ("id", "Cliëntmelding"),
            ("bsn", "BSN"),
            *_PLACE,
            ("datum", "Datum aanmelding"),
            ("problematiek", "Middel"),
        ),
    ),
    Layout(
        *("dierenpolitie", "melding", "meldingen", "DM", "cp1252", ";", DD_MM_JJJJ),
        (("id", "Meldnummer"), *_PLACE, ("datum", "Datum melding"), ("soort", "Soort melding")),
    ),
    Layout(
        *("jeugdhulp", "traject", "trajecten", "JH", "utf-8-sig", ";", DD_MM_JJJJ),
        (("id", "Trajectnr"), ("bsn", "BSN"), *_PLACE, ("datum", "Begindatum"), ("vorm", "Vorm")),
    ),
)
