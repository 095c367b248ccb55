"""English pages: their own words in English, and whatever was signed in Dutch in English where told, or marked."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from types import MappingProxyType

import pytest

from coordinator.estimates.context_file import parse_context
from coordinator.figures_file import PRACTICE
from coordinator.web.monitor import Monitor
from coordinator.web.site import Site
from tests.coordinator.web.reader import Reader
from tests.coordinator.web.town import BUSY, HIDDEN, MAIN, QUARTERS, town

HERE, THERE, NEWEST = BUSY[0], BUSY[1], QUARTERS[-1]
QUESTION, LABEL = "Huishoudens met een melding", "Nieuw wijkteam"
ENGLISH = {
    QUESTION: "Households with a report",
    LABEL: "New district team",
    "Organisatie vt-noord": "Veilig Thuis North",
}
CONTEXT = f'[[intervention]]\narea = "{HERE}"\nfirst_after = "2025-Q3"\nlabel = "{LABEL}"\n'
ADDRESSES = (
    *("/", "/?zoek=zzz", "/wijken", f"/wijken?gebied={HERE}", f"/wijken?gebied={HIDDEN}&periode={NEWEST}"),
    *("/wijken?niveau=buurt&kaart=waarde", "/wijken?onderwerp=verzuim&periode=2025-Q2", "/wijken?onderwerp=incidenten"),
    *("/overzicht", "/vergelijken", f"/vergelijken?gebieden={HERE},{THERE}", f"/gebied/{HERE}", "/gebied/GM9901"),
    *("/signalen", f"/signalen?gebied={HERE}", "/beschikbaarheid", "/toelichting", "/nergens"),
)
SAID = ("aria-label", "title", "placeholder", "alt", "data-nearer", "data-farther")  # attributes that are read aloud
VOID = {"meta", "link", "input", "br", "img", "hr"}
# Words that no English sentence has, and that each sentence in Dutch of some length has one of.
DUTCH = re.compile(r"\b(de|het|een|van|niet|met|geen|zijn|wordt|deze|naar|voor|hoe|dan|wijken|verzonnen|verschil)\b")


class Spoken(HTMLParser):
    """The texts of a page, each with the language in which it is read aloud."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.languages: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        here = told.get("lang") or (self.languages[-1] if self.languages else "")
        self.texts += [(here, told[name] or "") for name in SAID if name in told]
        if tag not in VOID:
            self.languages.append(here)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open no element: its attributes are heard all the same."""
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.languages.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            self.languages.pop()

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self.languages[-1] if self.languages else "", data))

    def of(self, language: str) -> Iterator[str]:
        """Yield what is read aloud in a language."""
        return (" ".join(text.split()) for found, text in self.texts if found == language)


@cache
def made(*, told: bool = False) -> Monitor:
    entries = [f'[[english]]\nnl = "{nl}"\nen = "{en}"\n' for nl, en in ENGLISH.items() if told]
    return town(told=parse_context("\n".join([CONTEXT, *entries]), source="context.toml"))


def page(address: str, monitor: Monitor, language: str = "en") -> Spoken:
    answer = Reader(Site(load=lambda: monitor, size=lambda: monitor.log_size)).get(
        f"{address}{'&' if '?' in address else '?'}lang={language}"
    )
    assert answer.status_code in {200, 404}
    return Spoken(answer.text)


def signed(monitor: Monitor) -> set[str]:
    """Return what was signed or told in Dutch."""
    topics = monitor.indicators.values()
    return {
        *(text for each in topics for text in (each.question, each.definition)),
        *(text for member in monitor.members for text in (member.purpose, member.legal_ground)),
        *(effect.label for each in topics for effect in each.effects),
    }


def without_names(text: str, monitor: Monitor) -> str:
    """Return a text without names, which are the same in every language."""
    names = [area.name for area in monitor.areas.values()] + [member.name for member in monitor.members]
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, "")
    return text.replace(f"({PRACTICE})", "")


@pytest.mark.parametrize("address", ADDRESSES)
def test_nothing_that_was_signed_in_dutch_is_read_aloud_in_english(address: str) -> None:
    """Marked as Dutch wherever it stands. Control: the Dutch page has these words, in Dutch."""
    monitor = made()
    wrong = [
        text for text in page(address, monitor).of("en") for each in signed(monitor) if each.lower() in text.lower()
    ]
    assert wrong == []
    if address not in {"/nergens", "/gebied/GM9901"}:
        told = " ".join(page(address, monitor, "nl").of("nl")).lower()
        assert any(each.lower() in told for each in signed(monitor))


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_english_page_has_no_words_of_ours_in_dutch(address: str) -> None:
    """Control: the same words are all over the Dutch page."""
    monitor = made()
    found = {text for text in page(address, monitor).of("en") if DUTCH.search(without_names(text, monitor).lower())}
    assert found == set()
    assert any(DUTCH.search(text.lower()) for text in page(address, monitor, "nl").of("nl"))


def test_where_the_english_is_told_a_page_has_no_dutch_of_it_left() -> None:
    """In texts, choices, labels of charts and the title; what was not told stays Dutch beside it."""
    monitor = made(told=True)
    seen = set()
    for address in ADDRESSES:
        spoken = page(address, monitor)
        everything = " ".join(text for _, text in spoken.texts).lower()
        assert not [nl for nl in ENGLISH if nl.lower() in everything], address
        seen |= {en for en in ENGLISH.values() if any(en.lower() in text.lower() for text in spoken.of("en"))}
    assert seen == set(ENGLISH.values())
    assert "Hoe vaak komt dit voor?" in " ".join(page("/beschikbaarheid", monitor).of("nl"))


def test_a_page_says_a_topic_whole_in_one_language() -> None:
    """A question without English beside a category that has it: both stay Dutch, and are marked."""
    monitor = made()
    topic = replace(monitor.indicators[MAIN], category="Partnergeweld")
    assert monitor.english == {"Partnergeweld": "Partner violence", "Ouderenmishandeling": "Elder abuse"}
    shown = replace(monitor, indicators=MappingProxyType({**monitor.indicators, MAIN: topic}))
    assert any(f"{QUESTION}: Partnergeweld (" in text for text in page("/wijken", shown).of("nl"))
    assert not any("Partner violence" in text for _, text in page("/wijken", shown).texts)
    both = replace(shown, english=MappingProxyType({**monitor.english, QUESTION: ENGLISH[QUESTION]}))
    assert any("Households with a report: Partner violence (" in text for text in page("/wijken", both).of("en"))


def test_the_api_and_files_say_in_english_what_is_told_in_it() -> None:
    """Ids stay; a question without English is there in Dutch. Control: asked in Dutch, everything is Dutch."""
    monitor = made(told=True)
    reader = Reader(Site(load=lambda: monitor, size=lambda: monitor.log_size))
    for language, question in (("en", ENGLISH[QUESTION]), ("nl", QUESTION)):
        topics = {each["id"]: each for each in reader.get(f"/api/v1/topics?lang={language}").json()["topics"]}
        assert topics[MAIN]["question"] == question
        assert topics["verzuim"]["question"] == "Hoe vaak komt dit voor?"
        figures = reader.get(f"/cijfers.json?lang={language}").json()["figures"]
        assert {(each["topic"], each["question"]) for each in figures} == {(MAIN, question)}


def test_that_an_organisation_is_invented_is_said_in_the_language_of_the_page() -> None:
    """A name itself is of every language. Control: the Dutch page says it in Dutch."""
    monitor = made()
    members = tuple(replace(each, name=f"{each.name} (verzonnen)") for each in monitor.members)
    topics = {
        key: replace(each, sources=tuple(f"{name} (verzonnen)" for name in each.sources))
        for key, each in monitor.indicators.items()
    }
    shown = replace(monitor, members=members, indicators=MappingProxyType(topics))
    for address in ("/beschikbaarheid", "/toelichting"):
        assert any("(invented)" in text for text in page(address, shown).of("en"))
        assert not any("(verzonnen)" in text for _, text in page(address, shown).texts)
        assert any("(verzonnen)" in text for text in page(address, shown, "nl").of("nl"))
