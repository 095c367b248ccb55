"""The site: made anew when the log has grown, warm otherwise, and as it was when a look fails."""

from dataclasses import replace

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
    office.fails = False
    site.refresh()
    assert not site.stale


def test_pages_that_are_kept_are_bounded() -> None:
    office = _Office()
    site = Site(office.load, office.size)
    for number in range(KEPT_PAGES + 20):
        site.packed(f"/?{number}", lambda: "page")
    assert len(site._pages) == KEPT_PAGES  # noqa: SLF001 - the bound is the point
