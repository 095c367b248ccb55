"""The pages: every state in words, addresses that are none, hostile labels, headers, and what never is in a byte."""

import asyncio
import gzip
import re
from collections.abc import Callable
from functools import cache
from html.parser import HTMLParser
from typing import ClassVar

import httpx
import pytest
from starlette.exceptions import HTTPException

from coordinator.web.app import PAGES, make_app
from coordinator.web.headers import HEADERS
from coordinator.web.mishaps import MISHAPS
from coordinator.web.monitor import Monitor, SpanId
from coordinator.web.render import asset
from coordinator.web.site import Site
from privacy.language import Language
from protocol.words.geography import AreaCode, Level
from tests.coordinator.web import town as t
from tests.coordinator.web.reader import Reader
from tests.coordinator.web.town import BUSY, HIDDEN, JOINT, MAIN, QUARTERS, STRIKING, WHOLE_ONLY

HERE, THERE = BUSY[0], BUSY[1]
NEWEST = QUARTERS[-1]
ADDRESSES = (
    "/",
    "/?zoek=ing",
    "/wijken",
    f"/wijken?gebied={HERE}",
    f"/wijken?gebied={HIDDEN}&periode={NEWEST}",
    f"/wijken?periode={NEWEST}&kaart=waarde",
    "/wijken?niveau=buurt",
    "/wijken?niveau=buurt&kaart=waarde",
    f"/wijken?onderwerp={JOINT}&periode=2025-Q2",
    f"/wijken?onderwerp={JOINT}&periode={NEWEST}&gebied={HERE}",
    f"/wijken?onderwerp={WHOLE_ONLY}",
    "/overzicht",
    f"/overzicht?niveau=buurt&periode={NEWEST}&alleen=afwijkend",
    "/vergelijken",
    f"/vergelijken?gebieden={HERE},{THERE}",
    f"/vergelijken?gebied0={HERE}&gebied1={HIDDEN}&gebied2=&periode={NEWEST}",
    "/gebied/GM9901",
    f"/gebied/{HERE}",
    f"/gebied/{HIDDEN}?periode={NEWEST}",
    "/gebied/BU99010101",
)


def site(made: Monitor) -> Site:
    return Site(lambda: made, lambda: made.log_size)


@cache
def reader(low: int = t.LOW) -> Reader:
    return Reader(site(t.town(low=low)))


def get(address: str, *, made: Reader | None = None) -> httpx.Response:
    return (made or reader()).get(address)


class Parts(HTMLParser):
    """The elements of a page, with their attributes and texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("address", ADDRESSES)
def test_every_page_answers_in_both_languages_and_says_that_figures_are_invented(
    address: str, language: Language
) -> None:
    answer = get(f"{address}{'&' if '?' in address else '?'}lang={language.value}")
    assert answer.status_code == 200
    assert f'<html lang="{language.value}">' in answer.text
    practice = "Oefengegevens, verzonnen cijfers" if language is Language.DUTCH else "Practice data, invented figures"
    assert practice in answer.text
    assert answer.text.count("<h1>") == 1
    assert "None" not in answer.text


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_page_has_a_style_or_script_of_its_own_or_anything_from_elsewhere(address: str) -> None:
    """W05, first half: what the policy forbids is not there either."""
    parts = Parts(get(address).text)
    for tag, attributes in parts.tags:
        assert tag != "style"
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("href", "src", "action"):
            target = attributes.get(name)
            assert target is None or target.startswith(("/", "#", "tel:")), (tag, target)
        assert tag != "script" or attributes.get("src")


@pytest.mark.parametrize("address", ADDRESSES)
def test_what_a_release_does_not_show_is_in_no_byte_of_a_page(address: str) -> None:
    """W14, first half. The control: a figure that is shown is found in the same way."""
    text = get(address, made=reader(STRIKING)).text
    assert not re.search(r"31[.,]?337", text)
    assert "31.337" in f"<td>{31337:,}</td>".replace(",", ".")


def test_a_figure_that_is_not_shown_has_words_a_pattern_and_no_number() -> None:
    text = get(f"/wijken?periode={NEWEST}&gebied={HIDDEN}").text
    assert "Niet getoond: te weinig gevallen" in text
    assert "Dit is geen nul" in text
    area = next(attributes for tag, attributes in Parts(text).tags if attributes.get("id") == f"m-{HIDDEN}")
    assert area["aria-label"] is not None
    assert not re.search(r"\d", area["aria-label"].partition(":")[2])
    assert 'fill="url(#p-sup)"' in text


@pytest.mark.parametrize("level", [Level.WIJK, Level.BUURT])
def test_every_area_is_on_the_map_and_in_the_table_by_name_and_value(level: Level) -> None:
    made = t.town()
    parts = Parts(get(f"/wijken?niveau={level.value}").text)
    labels = {
        a["id"]: a["aria-label"] or "" for tag, a in parts.tags if tag == "a" and str(a.get("id")).startswith("m-")
    }
    areas = made.at(level)
    assert set(labels) == {f"m-{area.code}" for area in areas}
    span = made.indicators[MAIN].spans[next(iter(made.indicators[MAIN].spans))]
    for area in areas:
        figure = span.cells[area.code].figure
        label = labels[f"m-{area.code}"]
        assert label.startswith(f"{area.name}: ")
        assert figure is None or f"tussen {figure.low:,}".replace(",", ".") in label
        assert any(area.name in text for text in parts.text)


def test_states_have_words() -> None:
    assert "2 van 3 scholen" in get(f"/wijken?onderwerp={JOINT}&periode={NEWEST}&gebied={HERE}").text
    assert "geen levering" in get(f"/wijken?onderwerp={JOINT}&periode=2025-Q2").text
    provisional = get(f"/wijken?periode={NEWEST}&gebied={HERE}").text
    assert "Voorlopig" in provisional
    assert "*</b>" in provisional
    assert "Dit cijfer is herzien" in get(f"/wijken?periode=2025-Q1&gebied={HERE}").text
    assert "alleen voor de hele gemeente" in get(f"/wijken?onderwerp={WHOLE_ONLY}").text
    assert "Elk kwartaal is apart geteld" in get("/wijken").text


def test_what_nobody_delivered_is_a_dash_and_what_is_hidden_a_cross() -> None:
    """SCREENS 1.5: two signs and two sentences, also for the gemeente, whose figure follows from its wijken."""
    lost = get(f"/wijken?onderwerp={JOINT}&periode=2025-Q2").text
    assert "Wordt hier niet geteld" not in lost
    assert 'class="big none">Geen levering' in lost
    rug = get("/overzicht?periode=2025-Q2").text
    assert '<span aria-hidden="true">\u2013</span><span class="off">Geen levering</span>' in rug
    hidden = get(f"/overzicht?periode={NEWEST}").text
    assert '<span aria-hidden="true">\u00d7</span><span class="off">Niet getoond: te weinig gevallen</span>' in hidden


def test_an_overview_compares_rates_with_the_margin_in_which_they_lie() -> None:
    """VT-15: a cell with a colour and one without may have the same number; rates and margins say why."""
    figure = t.town().indicators[MAIN].spans[SpanId("jaar")].cells[HERE].figure
    assert figure is not None
    assert figure.rate is not None
    value, low, high = (
        f"{number:.1f}".replace(".", ",") for number in (figure.rate.value, figure.rate.low, figure.rate.high)
    )
    assert re.search(rf"{value}\*? <small>{low}\u2013{high}</small>", get("/overzicht").text)


def test_no_page_says_where_one_is_when_the_address_is_none() -> None:
    assert 'aria-current="page"' not in get("/nergens").text
    assert 'aria-current="page"' in get("/").text


def test_every_page_leads_to_what_is_told_of_accessibility() -> None:
    assert 'href="/toelichting#toegankelijk"' in get("/wijken").text
    assert 'id="toegankelijk"' in get("/toelichting").text


def test_figures_that_differ_from_the_release_say_so() -> None:
    """W15: the release's own figure stands beside the one that adds up."""
    made = t.town()
    spans = made.indicators[MAIN].spans
    for area in made.at(Level.WIJK):
        figure = spans[SpanId(QUARTERS[0])].cells[area.code].figure
        if figure and figure.published and figure.published.value != figure.value:
            text = get(f"/wijken?periode={QUARTERS[0]}&gebied={area.code}").text
            assert f"{figure.published.value} ± {figure.published.margin}" in text
            assert "zodat ze optellen" in text
            return
    raise AssertionError("no figure differs")


def test_nothing_released_yet_says_when() -> None:
    made = Reader(site(t.town(rounds=0)))
    for address in ("/", "/wijken", "/overzicht", "/vergelijken"):
        answer = made.get(address)
        assert answer.status_code == 200
        assert "Er is nog geen vrijgegeven ronde." in answer.text
        assert "10 februari 2026" in answer.text


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/wijken?gebied=WK000000", 404),
        ("/wijken?periode=2019-Q1", 404),
        ("/wijken?onderwerp=nergens", 404),
        ("/wijken?niveau=pc4", 404),
        ("/wijken?kaart=taart", 404),
        ("/wijken?lang=fr", 404),
        ("/gebied/WK000000", 404),
        ("/gebied/../etc/passwd", 404),
        ("/nergens", 404),
        ("/static/000000000000/monitor.css", 404),
        (f"/wijken?periode={NEWEST}&periode=jaar", 400),
        ("/wijken?" + "x" * 2_000, 400),
        ("/wijken?gebied=%ff", 400),
        ("/vergelijken?gebieden=" + ",".join(f"WK9901{number:02d}" for number in range(1, 7)), 400),
        (f"/vergelijken?gebieden={HERE},{HERE}", 400),
        ("/wijken?gebied=%3Cscript%3Ealert(1)%3C/script%3E", 404),
        ("/wijken?onderwerp=' OR 1=1 --", 404),
    ],
)
def test_an_address_that_is_none_gets_a_page_that_helps_and_nothing_of_it_back(address: str, status: int) -> None:
    answer = get(address)
    assert answer.status_code == status
    assert 'href="/wijken"' in answer.text
    assert "<script>alert" not in answer.text
    assert "OR 1=1" not in answer.text


@pytest.mark.parametrize(
    ("address", "status"), [("/wijken", 200), ("/wijken?gebied=x", 404), ("/cijfers.csv", 200), ("/api/v1/areas", 200)]
)
def test_who_asks_for_the_headers_alone_gets_those_of_the_page(address: str, status: int) -> None:
    """RFC 9110 9.3.2. Control: the page itself has content, as long as these headers say."""
    alone, whole = reader().get(address, method="HEAD"), get(address)
    assert alone.status_code == whole.status_code == status
    assert alone.content == b""
    assert dict(alone.headers) == dict(whole.headers)
    assert int(whole.headers["content-length"]) > 0


def test_other_methods_and_the_api_get_their_own_answers() -> None:
    for address in ("/wijken", "/api/v1/figures"):
        refused = reader().get(address, method="POST")
        assert refused.status_code == 405
        assert refused.headers["allow"] == "GET, HEAD"
    problem = get("/api/nergens")
    assert problem.status_code == 404
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json()["status"] == 404


@pytest.mark.parametrize("status", [403, 404, 429, 503])
def test_each_refusal_has_a_page_of_its_own_in_both_languages(status: int) -> None:
    app = make_app(site(t.town(rounds=1)), watch=False)

    @app.get("/geweigerd")
    def refused() -> None:
        raise HTTPException(status)

    made = Reader(site(t.town(rounds=1)))
    made.app = app
    for language, place in (("nl", 0), ("en", 1)):
        answer = made.get(f"/geweigerd?lang={language}")
        assert answer.status_code == status
        assert f"<h1>{MISHAPS[status].title[place]}</h1>" in answer.text
        assert MISHAPS[status].text[place] in answer.text


def test_a_reader_too_many_is_told_to_wait_and_those_inside_are_answered() -> None:
    app = make_app(site(t.town(rounds=1)), watch=False, most_at_once=2)
    both, leave = asyncio.Barrier(3), asyncio.Event()  # both readers and this test

    @app.get("/langzaam")
    async def slow() -> str:
        await both.wait()
        await leave.wait()
        return "klaar"

    async def ask() -> tuple[int, httpx.Response, int]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://monitor") as client:
            first, second = (asyncio.create_task(client.get("/langzaam")) for _ in range(2))
            await both.wait()
            refused = await client.get("/wijken")
            leave.set()
            done = [(await task).status_code for task in (first, second)]
            after = await client.get("/wijken")
            return max(done), refused, after.status_code

    slow_status, refused, after = asyncio.run(ask())
    assert (slow_status, refused.status_code, after) == (200, 503, 200)
    assert MISHAPS[503].text[0] in refused.text
    assert refused.headers["retry-after"] == "30"
    assert refused.headers["content-security-policy"] == HEADERS["Content-Security-Policy"]


def test_a_fault_has_a_reference_and_no_reason() -> None:
    def broken() -> Monitor:
        raise RuntimeError("secret of the database")

    answer = Reader(Site(broken, lambda: 0)).get("/")
    assert answer.status_code == 500
    assert "secret" not in answer.text


HOSTILE = "<script>alert(1)</script>\"'{{7*7}}</title><svg onload=alert(1)> javascript:alert(1) =1+1"


@pytest.mark.parametrize("address", ADDRESSES)
def test_hostile_labels_are_inert_text(address: str) -> None:
    """W05: a question with tags, quotes, a template and a formula is read as it is written, on every page."""
    assert address.startswith("/")
    text = hostile().get(address).text
    assert "<script>alert" not in text
    assert "<svg onload" not in text
    assert ">49<" not in text.replace("{{7*7}}", "")
    parts = Parts(text)
    assert not [attributes for _, attributes in parts.tags if any(name.startswith("on") for name in attributes)]


@cache
def hostile() -> Reader:
    return Reader(site(t.town(question=HOSTILE)))


def test_every_answer_has_the_headers_and_no_figure_is_kept() -> None:
    """W12."""
    for address in ("/", "/wijken", "/nergens", "/api/x", "/wijken?" + "x" * 2_000):
        answer = get(address)
        for name, value in HEADERS.items():
            assert answer.headers[name] == value
        assert answer.headers["cache-control"] == "no-store"
        assert "server" not in answer.headers
    policy = get("/").headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    for address in ("/docs", "/redoc", "/openapi.json"):
        assert get(address).status_code == 404


def test_style_and_script_are_kept_for_as_long_as_they_are_the_same() -> None:
    links = re.findall(r'(?:href|src)="(/static/[^"]+)"', get("/").text)
    assert len(links) == 2
    for link in links:
        answer = get(link)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]


def test_a_page_of_wijken_is_small_and_asks_for_little() -> None:
    """At most 50 kB in at most five requests, script at most 5 kB, all compressed."""
    for address in ("/wijken?niveau=buurt", "/wijken?niveau=buurt&kaart=waarde"):
        page = get(address).text
        links = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
        parts = [page.encode(), *(asset(link.rpartition("/")[2]) for link in links)]
        assert sum(len(gzip.compress(part)) for part in parts) <= 50_000
        assert 1 + len(links) + 1 <= 5  # with the icon
    assert len(gzip.compress(asset("monitor.js"))) <= 5_000


def test_state_goes_along_in_links_and_what_is_usual_is_left_out() -> None:
    text = get(f"/wijken?onderwerp={JOINT}&periode={NEWEST}&lang=en").text
    assert f'href="/overzicht?onderwerp={JOINT}&amp;periode={NEWEST}&amp;lang=en"' in text
    assert 'href="/overzicht"' in get("/wijken").text


class Counting(Site):
    """A site that says under which names answers are kept."""

    names: ClassVar[set[str]] = set()

    def kept(self, address: str, make: Callable[[], bytes]) -> bytes:
        self.names.add(address)
        return super().kept(address, make)


def test_who_makes_up_addresses_has_nothing_drawn_anew() -> None:
    """P06: what no page reads is no state. Control: another search, another draw of noise and another area are."""
    made = t.town(rounds=1)
    asked = Reader(Counting(lambda: made, lambda: made.log_size))
    same = ("/wijken", "/wijken?x=1", "/wijken?zoek=a&y=2", "/wijken?lang=nl&periode=jaar", "/wijken?niveau=wijk")
    assert len({asked.get(address).text for address in same}) == 1
    assert len(Counting.names) == 1
    others = ("/?zoek=a", "/?zoek=b", "/toelichting", "/toelichting?stap=1", f"/wijken?gebied={HERE}", "/cijfers.csv")
    assert len({asked.get(address).text for address in others}) == len(others)
    assert len(Counting.names) == 1 + len(others)


def test_a_search_finds_names_and_postcodes() -> None:
    made = t.town()
    name = made.areas[AreaCode("WK990104")].name
    text = get(f"/?zoek={name[:6].lower()}").text
    assert f'href="/gebied/WK990104">{name}</a>' in text
    for postcode in ("4953", "4953 AB", "4953ab"):  # the fourth of an invented region
        assert f'href="/gebied/WK990104">{name}</a>' in get(f"/?zoek={postcode}").text
    assert "Niets gevonden" in get("/?zoek=1234").text
    assert "Niets gevonden" in get("/?zoek=zzzz").text
    assert "Niets gevonden" in get("/?zoek=%3Cb%3E").text


def test_invented_key_figures_are_not_said_to_be_of_cbs() -> None:
    assert "Kerncijfers: verzonnen" in get(f"/gebied/{HERE}").text
    real = Reader(site(t.town(rounds=1, title="Meting 2026"))).get(f"/gebied/{HERE}").text
    assert "Kerncijfers: CBS, indeling 2024" in real
    assert "verzonnen" not in real


def test_comparisons_are_said_in_a_sentence() -> None:
    quiet = t.QUIET
    made = t.town()
    text = get(f"/vergelijken?gebieden={HERE},{THERE}").text
    assert "is niet aantoonbaar." in text
    other = next(area.code for area in made.at(Level.WIJK) if area.code not in {*BUSY, quiet, HIDDEN})
    assert "is het aantoonbaar hoger dan in" in get(f"/vergelijken?gebieden={HERE},{other}").text


def test_words_that_judge_are_on_no_page() -> None:
    """SCREENS 2.3: higher and lower, never better or worse, and no numbers of rank."""
    for address in ADDRESSES:
        text = " ".join(Parts(get(address).text).text).lower()
        assert not re.search(r"\b(beter|slechter|beste|slechtste|rang|nummer 1)\b", text)


def test_every_route_is_a_page_of_the_list() -> None:
    paths = {route.path for page in PAGES for route in page.router.routes}
    assert {"/", "/wijken", "/overzicht", "/vergelijken", "/gebied/{code}"} <= paths
