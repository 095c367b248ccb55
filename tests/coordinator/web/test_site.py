"""The site: made anew when the log has grown, warm otherwise, and as it was when a look fails."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from coordinator.errors import OperatorRefusal
from coordinator.web.monitor import Monitor
from coordinator.web.site import KEPT_PAGES, Site
from tests.coordinator.web import town as t
from tests.coordinator.web.reader import Reader


class _Office:
    """An office whose log grows on command."""

    def __init__(self) -> None:
        self.made, self.loads, self.fails = t.town(rounds=1), 0, False

    def load(self) -> Monitor:
        self.loads += 1
        return self.made

    def size(self) -> int:
        if self.fails:
            raise OperatorRefusal(got="x", wanted="y", act="z")
        return self.made.log_size


def test_a_new_release_is_seen_and_nothing_is_made_when_the_log_is_the_same() -> None:
    office = _Office()
    site = Site(office.load, office.size)
    assert site.monitor is office.made
    assert not site.refresh()
    assert office.loads == 1
    drawn: list[str] = []

    def draw() -> str:
        drawn.append("x")
        return "page"

    assert site.packed("/", draw) == site.packed("/", draw)
    assert len(drawn) == 1
    office.made = replace(t.town(rounds=2), log_size=12)
    assert site.refresh()
    assert site.monitor is office.made
    site.packed("/", draw)
    assert len(drawn) == 2


def test_when_the_office_cannot_be_read_readers_are_told_that_figures_may_be_old() -> None:
    office = _Office()
    site = Site(office.load, office.size)
    reader = Reader(site)
    assert "kan nu niet zien" not in reader.get("/").text
    office.fails = True
    assert not site.refresh()
    answer = reader.get("/")
    assert answer.status_code == 200
    assert "kan nu niet zien" in answer.text
    assert "kan nu niet zien" in reader.get("/nergens").text
    office.fails = False
    site.refresh()
    assert site.stale_since is None
    assert "kan nu niet zien" not in reader.get("/").text


def test_what_may_be_old_says_when_it_was_known() -> None:
    """SCREENS 1.5: the age stands in the banner, and stays that of the last look that succeeded."""
    office, clock = _Office(), [datetime(2026, 2, 12, 14, 5, tzinfo=UTC)]
    site = Site(office.load, office.size, now=lambda: clock[0])
    reader = Reader(site)
    reader.get("/")
    clock[0] += timedelta(minutes=1)
    site.refresh()
    office.fails = True
    for _ in range(3):
        clock[0] += timedelta(hours=1)
        site.refresh()
        assert "Dit was bekend op 12 februari 2026 om 14:06 uur." in reader.get("/wijken").text
        assert "This was known on 12 February 2026 at 14:06." in reader.get("/wijken?lang=en").text


def test_figures_that_should_have_been_there_are_said_to_be_late_from_the_day_after() -> None:
    """One of four quarters was released; the second is due on 11 February. No restart is needed to say so."""
    office, clock = _Office(), [datetime(2026, 2, 11, 23, 59, tzinfo=UTC)]
    reader = Reader(Site(office.load, office.size, now=lambda: clock[0]))
    for address in ("/", "/nergens", "/beschikbaarheid?lang=en"):
        assert 'class="notice"' not in reader.get(address).text
    clock[0] += timedelta(minutes=2)
    told = " ".join(re.sub(r"<[^>]+>", "", reader.get("/").text).split())
    assert "Nieuwe cijfers zijn te laat. Die van het 2e kwartaal 2025 zouden er zijn op 11 februari 2026." in told
    assert "De nieuwste hier gaan over het 1e kwartaal 2025." in told
    english = " ".join(re.sub(r"<[^>]+>", "", reader.get("/beschikbaarheid?lang=en").text).split())
    assert "New figures are late. Those of quarter 2 of 2025 were due on 11 February 2026." in english
    assert 'class="notice"' in reader.get("/nergens").text


def test_nothing_is_late_where_all_was_released_or_taken_back() -> None:
    """Control: the same day, with one quarter that was never released."""
    day = datetime(2027, 1, 1, tzinfo=UTC)
    for made, is_late in (
        (t.town(), False),
        (t.town(withdrawn=frozenset({t.QUARTERS[1]})), False),
        (t.town(unreleased=frozenset({t.QUARTERS[1]})), True),
    ):
        office = _Office()
        office.made = made
        reader = Reader(Site(office.load, office.size, now=lambda: day))
        assert ('class="notice"' in reader.get("/").text) is is_late


def test_pages_that_are_kept_are_bounded() -> None:
    office = _Office()
    site = Site(office.load, office.size)
    for number in range(KEPT_PAGES + 20):
        site.packed(f"/?{number}", lambda: "page")
    assert len(site._pages) == KEPT_PAGES  # noqa: SLF001 - the bound is the point
