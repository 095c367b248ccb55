"""Computes: what the parties of the demo agree on, as the files that people would write: covenant, parties, study."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from partner_node.profiles.catalogue import PROFILES
from protocol.covenant.covenant import Covenant
from protocol.words.geography import Level
from protocol.words.ids import PartyId
from protocol.words.period import Period, earlier, last_day
from simulations.by_hand import document
from simulations.demo.drafts import PURPOSE, Drafts, covenant_toml
from simulations.population.rates import ZAANSTAD
from simulations.words import ORIGIN
from simulations.world.agreement import DEFINITION, WITNESS, make_study
from simulations.world.scenario import ALL_PARTNERS

PARTNERS = tuple(PartyId(name) for name in sorted(ALL_PARTNERS))
PARTICIPANTS = (*PARTNERS, WITNESS)
STUDY = "oefening"
QUARTERS = 4
REPORTS, WITH_REPORTS = {"politie-incidenten", "vt-meldingen"}, {"politie", "veilig-thuis"}
MOST_REPORTS, REPORTS_VARIANCE = 3, 400
_VARIANCE = {Level.WIJK: (13, 16), Level.BUURT: (25, 26)}  # of households alone, and beside reports
LATE, RESTARTED = PartyId("ggd"), PartyId("school")  # late in the second round; restarted in the third
# A gemeente whose wijken differ enough to be seen through noise and chance: `tests/simulations/test_demo_plan.py`. Its
# meldingen lie between those of Almelo (10.9) and Almere (16.2), the gradient is the steepest of DOMAIN 2.8.
SEED = 7
RECIPE = replace(ZAANSTAD, meldingen=14.0, income_beta=0.40, wijk_gamma=5.0)
INCIDENTS_A_MELDING = 5.7 / 7.4  # Zaanstad 2023, as the planner's own rates
# Per 1,000 inhabitants and year, and events a year of a household in sight; of the simulation's own recipe.
RATES = {
    "dieren-huishoudens": (0.5, 0.3),
    "ggd-huishoudens": (1.9, 0.3),
    "ggz-huishoudens": (8.5, 0.3),
    "jeugdhulp-huishoudens": (34.0, 0.3),
    "politie-huishoudens": (RECIPE.meldingen * INCIDENTS_A_MELDING, 0.44),
    "politie-incidenten": (RECIPE.meldingen * INCIDENTS_A_MELDING, 0.44),
    "school-huishoudens": (6.5, 0.3),
    "verslaving-huishoudens": (2.8, 0.3),
    "vt-casussen": (RECIPE.meldingen, 0.56),
    "vt-meldingen": (RECIPE.meldingen, 0.56),
}

ENGLISH = {
    "Huishoudens in zorg": "Households in care",
    "Huishoudens met een aanmelding": "Households with a referral",
    "Huishoudens met een incident": "Households with an incident",
    "Huishoudens met een melding": "Households with a report",
    "Huishoudens met een signaal": "Households with a signal",
    "Huishoudens met jeugdhulp": "Households with youth care",
    "Huishoudens met verzuim": "Households with school absence",
    "Incidenten": "Incidents",
    "Meldingen": "Reports",
    DEFINITION: "Rows with a date in the quarter, as the partner registers them",
    "Gemeente (verzonnen)": "Municipality (invented)",
    "Getuige van de FG (verzonnen)": "Witness of the data protection officer (invented)",
    PURPOSE: "Information for policy on domestic violence and child abuse",
}


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days of a demo: rounds about the last four whole quarters, all of them open now. today: of the machine."""

    today: date

    @property
    def periods(self) -> tuple[Period, ...]:
        """The last quarters that have ended, oldest first."""
        newest = Period(f"{self.today.year}-Q{(self.today.month + 2) // 3}")
        while last_day(newest) >= self.today:
            newest = earlier(newest, 1)
        return tuple(earlier(newest, QUARTERS - 1 - step) for step in range(QUARTERS))

    @property
    def opens(self) -> date:
        """The day on which every round opens."""
        return self.today

    @property
    def due(self) -> date:
        """The day by which every round must be done."""
        return self.today + timedelta(days=14)

    @property
    def valid(self) -> tuple[date, date]:
        """The first and last day of the covenant."""
        return self.today - timedelta(days=30), self.today + timedelta(days=335)


def demo_drafts(calendar: Calendar) -> Drafts:
    """Return what the parties of the demo write, and which files a partner delivers for each quarter."""
    quarters = (period.split("-Q") for period in calendar.periods)
    return Drafts(
        study=STUDY,
        profiles={party: PROFILES[party] for party in PARTNERS},
        covenant=covenant_toml("oefening", calendar.valid, participants=len(PARTICIPANTS)),
        study_toml=lambda covenant: study_toml(covenant, calendar),
        rates=rates_toml(),
        delivered=tuple(f"*_{year}-K{quarter}_*.csv" for year, quarter in quarters),
    )


def english_toml() -> str:
    """Return the English of what is signed in Dutch, as the operator tells it to the monitor."""
    profiles = [PROFILES[party] for party in PARTNERS]
    english = {each.label_nl: each.label_en.partition(" (")[0] for each in profiles}  # without what explains it
    names = {f"{name} (verzonnen)": f"{known} (invented)" for name, known in english.items()}
    told = ENGLISH | names
    return "\n".join(f"[[english]]\n{document({'nl': dutch, 'en': english})}" for dutch, english in told.items())


def study_toml(covenant: Covenant, calendar: Calendar) -> str:
    """Return the draft of the study: households of every partner by wijk and buurt, reports of two by gemeente.

    A household may be there in every quarter: the noise lets each cost it at most 1/16 of rho, which is a quarter of
    the cap. Who counts households alone: 1/26 + 1/50. With reports, at most three: 1/32 + 1/52 + 9/800.
    """
    made = make_study(covenant, sorted(ALL_PARTNERS), 1, lateness=0).model_dump(mode="json")
    rounds = [{"period": each, "opens": str(calendar.opens), "due": str(calendar.due)} for each in calendar.periods]
    for measure in made["measures"]:
        measure["most_per_cell"] = MOST_REPORTS if measure["id"] in REPORTS else 1
    tables = []
    for table in made["tables"]:
        if table["measure"] not in REPORTS:
            has_reports = bool(set(table["contributors"]) & WITH_REPORTS)
            tables.append(table | {"variance": str(_VARIANCE[table["level"]][has_reports])})
        elif table["level"] == Level.WIJK:
            whole = {"id": f"{table['measure']}-gemeente", "level": Level.GEMEENTE}
            tables.append(table | whole | {"variance": str(REPORTS_VARIANCE)})
    return document(
        {
            "id": STUDY,
            "title": f"Meldingen per wijk, buurt en kwartaal ({ORIGIN})",
            "publish_margin_percent": made["publish_margin_percent"],
            "measures": made["measures"],
            "tables": tables,
            "rounds": rounds,
        }
    )


def rates_toml() -> str:
    """Return the public rates by which the planner judges the study."""
    source = "recept van de simulatie"
    return "\n".join(
        f'["{name}"]\nper_1000 = {rate}\nreturns = {returns}\nsource = "{source}"'
        for name, (rate, returns) in RATES.items()
    )
