"""An area in short: what differs is named, what does not is counted, and what has no figure is not zero."""

import re
from functools import cache
from html import unescape

from coordinator.estimates.verdicts import Verdict
from coordinator.web.address import read_view
from coordinator.web.brief import brief
from coordinator.web.monitor import Monitor
from coordinator.web.profile_file import profile_file
from coordinator.web.rows import spine
from coordinator.web.site import Site
from privacy.language import Language
from protocol.words.geography import AreaCode
from tests.coordinator.web.reader import Reader
from tests.coordinator.web.town import BUSY, HIDDEN, QUIET, town

HERE = BUSY[0]


@cache
def shown() -> Monitor:
    return town()


def told(code: AreaCode, query: str = "", language: Language = Language.DUTCH) -> tuple[str, ...]:
    view = read_view(shown(), "/", query, own_language=language)
    return tuple("".join(part.text for part in line) for line in brief(spine(shown().areas[code], view), view))


def test_what_is_higher_or_lower_is_named_and_the_rest_is_counted() -> None:
    assert told(HERE)[0].startswith("Aantoonbaar hoger dan de gemeente: Huishoudens met een melding (")
    lower = [line for line in told(QUIET) if line.startswith("Aantoonbaar lager dan de gemeente: ")]
    assert len(lower) == 1
    view = read_view(shown(), "/", "", own_language=Language.DUTCH)
    for area in (HERE, QUIET, HIDDEN):
        rows = spine(shown().areas[area], view)
        same = sum(1 for row in rows if row.figure and row.figure.verdict is Verdict.NO_DIFFERENCE)
        assert (f"Geen aantoonbaar verschil: {same} van de {len(rows)} onderwerpen." in " ".join(told(area))) == (
            same > 0
        )


def test_a_topic_without_a_figure_is_said_to_be_no_zero() -> None:
    query = "periode=2025-Q4"
    assert any(line.startswith("Geen cijfer: ") and line.endswith("Dat is geen nul.") for line in told(HIDDEN, query))
    assert any("That is not zero." in line for line in told(HIDDEN, query, Language.ENGLISH))
    assert not any("nul" in line for line in told(HERE, "periode=2025-Q1"))


def test_page_and_pdf_say_the_same_in_short_and_the_gemeente_has_none() -> None:
    """ZN-22."""
    reader = Reader(Site(load=shown, size=lambda: shown().log_size))
    body = unescape(reader.get(f"/gebied/{HERE}").text)
    lines = re.findall(r"<li>([^<]*)</li>", body[body.index('id="kort"') : body.index('id="alles"')])
    view = read_view(shown(), "/", "", own_language=Language.DUTCH)
    file = profile_file(view, shown().areas[HERE]).data["brief"]
    assert isinstance(file, list)
    assert tuple(lines) == told(HERE) == tuple("".join(part["text"] for part in line) for line in file)
    whole = shown().areas[shown().whole]
    assert 'id="kort"' not in reader.get(f"/gebied/{whole.code}").text
    assert profile_file(view, whole).data["brief"] == []


def test_start_says_of_each_rate_what_may_be_concluded() -> None:
    """ZN-02: a difference that may be chance is said to be, beside the figure."""
    reader = Reader(Site(load=shown, size=lambda: shown().log_size))
    body = " ".join(unescape(re.sub(r"<[^>]+>", " ", reader.get("/").text)).split())
    assert "Dat is aantoonbaar hoger." in body[body.index(shown().areas[HERE].name) :][:400]
    assert "Dat verschil kan toeval of ruis zijn." in body
    assert re.search(
        r"Op 1\.000 inwoners: \d+,\d \(tussen \d+,\d en \d+,\d; gemeente: \d+,\d, tussen \d+,\d en \d+,\d\) \.", body
    )
