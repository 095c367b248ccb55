"""The monitor in Debian's Chromium: journeys with mouse, keyboard alone and without JavaScript; axe; narrow screens.

axe-core 4.12 by its whole rule set of WCAG 2.0 to 2.2 A and AA and its best practice. That axe finds nothing is no
proof, so the accessibility tree is read as well: every area with its name and its figure, or why there is none.
"""

import json
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import files

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from coordinator.web.app import make_app
from coordinator.web.serve import listen
from coordinator.web.site import Site
from coordinator.web.theme import DEFAULTS, parse_theme
from protocol.words.geography import Level
from tests.conftest import PROGRAM_OF
from tests.coordinator.web.town import BUSY, HIDDEN, QUARTERS, town

pytestmark = pytest.mark.needs("chromium")
PATH = f"/usr/bin/{PROGRAM_OF['chromium']}"
HERE, THERE, NEWEST = BUSY[0], BUSY[1], QUARTERS[-1]
PAGES = (
    *("/", "/?zoek=zzz", "/wijken", f"/wijken?gebied={HERE}", f"/wijken?gebied={HIDDEN}&periode={NEWEST}"),
    *("/wijken?niveau=buurt&kaart=waarde", "/wijken?onderwerp=verzuim&periode=2025-Q2", "/wijken?onderwerp=incidenten"),
    *("/overzicht", "/vergelijken", f"/vergelijken?gebieden={HERE},{THERE}", f"/gebied/{HERE}", "/signalen"),
    *(f"/signalen?gebied={HERE}", "/beschikbaarheid", "/toelichting", "/nergens"),
)
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
DARK = {name: "#ffffff" if "-color-" in name.removeprefix("--basis-color") else "#1a1a1a" for name in DEFAULTS}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        found = play.chromium.launch(executable_path=PATH, args=["--no-sandbox"])
        yield found
        found.close()


def served(site: Site) -> Iterator[str]:
    """Serve a site on a free port of this machine until the test ends."""
    with listen("127.0.0.1", 0) as listener:
        config = uvicorn.Config(make_app(site, watch=False), log_level="error", access_log=False, ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def monitor() -> Iterator[str]:
    shown = town()
    yield from served(Site(lambda: shown, lambda: shown.log_size))


@pytest.fixture(scope="module")
def empty() -> Iterator[str]:
    """Serve a town before its first release."""
    shown = town(rounds=0)
    yield from served(Site(lambda: shown, lambda: shown.log_size))


@pytest.fixture(scope="module")
def late() -> Iterator[str]:
    """Serve a town whose second quarter is overdue, at an office that cannot be read."""
    shown, then = town(rounds=1), datetime(2026, 3, 1, 14, 5, tzinfo=UTC)
    yield from served(Site(lambda: shown, lambda: shown.log_size, now=lambda: then, stale_since=then))


@pytest.fixture(scope="module")
def themed() -> Iterator[str]:
    shown = town()
    css = ";".join(f"{name}:{value}" for name, value in DARK.items() if DEFAULTS[name].startswith("#"))
    yield from served(Site(lambda: shown, lambda: shown.log_size, theme=parse_theme(css.encode()).css()))


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield watched(context)
    context.close()


def watched(context: BrowserContext) -> Page:
    """Return a page on which an error of a script or a breach of the policy fails the test."""
    made = context.new_page()
    made.set_default_timeout(10_000)
    made.on("pageerror", lambda error: pytest.fail(str(error)))
    made.on("console", lambda said: _refuse_breach(said.text))
    return made


def _refuse_breach(text: str) -> None:
    assert "Content Security Policy" not in text, text


def violations(page: Page) -> list[str]:
    """Return what axe finds, as rule and place."""
    source = (files("axe_playwright_python") / "axe.min.js").read_text()
    page.evaluate(source)
    run = "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})"
    found = page.evaluate(run, TAGS)
    assert found["passes"], "axe looked at nothing"
    return [f"{each['id']}: {node['html'][:200]}" for each in found["violations"] for node in each["nodes"]]


@pytest.mark.parametrize(
    ("language", "pages"),
    [
        ("nl", PAGES),
        ("en", ("/wijken", "/signalen", "/toelichting")),
        pytest.param("en", PAGES, marks=pytest.mark.nightly),
    ],
)
def test_axe_finds_nothing_on_any_page(page: Page, monitor: str, language: str, pages: tuple[str, ...]) -> None:
    """W13: all of them in Dutch, the other language by night. Control: a picture without words is found."""
    found = {}
    for address in pages:
        page.goto(f"{monitor}{address}{'&' if '?' in address else '?'}lang={language}")
        found[address] = violations(page)
    assert not [pair for pair in found.items() if pair[1]]
    page.evaluate("document.querySelector('main').innerHTML = '<img src=\"/favicon.ico\">'")
    assert any(each.startswith("image-alt") for each in violations(page))


def test_axe_finds_nothing_before_a_release_nor_in_a_theme(page: Page, empty: str, themed: str) -> None:
    """W13: the states that have no figures, and a dark theme that a municipality could bring."""
    for address in ("/", "/wijken", "/overzicht", "/signalen", "/beschikbaarheid", "/toelichting"):
        page.goto(empty + address)
        assert violations(page) == [], address
    for address in ("/", "/wijken", f"/gebied/{HERE}"):
        page.goto(themed + address)
        assert violations(page) == [], address


def test_how_old_figures_are_is_heard_and_fits_a_narrow_screen(page: Page, late: str) -> None:
    """SCREENS 1.5, W13: what is late and what may be old, in a part of the page with a name of its own."""
    page.set_viewport_size({"width": 320, "height": 640})
    for language, name, told in (
        ("nl", "Hoe nieuw zijn deze cijfers", "Dit was bekend op 1 maart 2026 om 14:05 uur."),
        ("en", "How new these figures are", "This was known on 1 March 2026 at 14:05."),
    ):
        page.goto(f"{late}/wijken?lang={language}")
        assert told in page.get_by_role("region", name=name).inner_text()
        assert violations(page) == []
        assert page.evaluate("document.scrollingElement.scrollWidth") <= 320


def test_signs_of_a_verdict_are_seen_on_a_telephone(browser: Browser, monitor: str) -> None:
    """At 390 px, of every row, without scrolling within the table. Control: of a wider table they are not."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = watched(context)
    beyond = (
        "[...document.querySelectorAll('table.rows .tag')].filter(e => e.getBoundingClientRect().right >"
        " e.closest('.scroll').getBoundingClientRect().right + 1).length"
    )
    for address in (f"/gebied/{HERE}", f"/vergelijken?gebieden={HERE},{THERE}", "/wijken"):
        page.goto(f"{monitor}{address}{'&' if '?' in address else '?'}lang=en")
        assert page.locator("table.rows .tag").count() > 1
        assert page.evaluate(beyond) == 0, address
    page.evaluate("document.querySelectorAll('table.rows').forEach(e => { e.style.minWidth = '60rem' })")
    assert page.evaluate(beyond) > 0
    context.close()


def test_nothing_scrolls_sideways_on_a_narrow_screen(browser: Browser, monitor: str) -> None:
    """At 320 px, in which WCAG 1.4.10 asks for reflow; tables scroll within themselves. Control: a wide block does."""
    context = browser.new_context(viewport={"width": 320, "height": 640})
    page = watched(context)
    for address in PAGES:
        page.goto(monitor + address)
        wide = page.evaluate("document.scrollingElement.scrollWidth")
        assert wide <= 320, (address, wide)
    page.evaluate("document.querySelector('main').innerHTML = '<p id=\"breed\">x</p>'")
    page.evaluate("document.querySelector('#breed').style.width = '900px'")
    assert page.evaluate("document.scrollingElement.scrollWidth") > 320
    context.close()


def test_every_area_is_in_the_accessibility_tree_with_its_name_and_figure(page: Page, monitor: str) -> None:
    """All 19 wijken and all 79 buurten of the map, by what a screen reader gets."""
    shown = town()
    for level, address in ((Level.WIJK, f"/wijken?periode={NEWEST}"), (Level.BUURT, "/wijken?niveau=buurt")):
        page.goto(monitor + address)
        tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
        links = [node["name"]["value"] for node in tree if node.get("role", {}).get("value") == "link"]
        for area in shown.at(level):
            told = [link for link in links if link.startswith(f"{area.name}: ")]
            assert told, area.name
            assert re.search(r"tussen [\d.]+ en [\d.]+|Niet getoond: te weinig gevallen", told[0]), told[0]


def test_the_keyboard_alone_reaches_every_area_and_opens_one(page: Page, monitor: str) -> None:
    """One stop for Tab; arrows go to neighbours; what is there is announced; Enter opens it."""
    page.goto(f"{monitor}/wijken")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id.startsWith('m-')"):
            break
    first = page.evaluate("document.activeElement.id")
    assert first.startswith("m-")
    reached, front = {first}, [first]
    while front:
        start = front.pop()
        for key in ("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"):
            page.evaluate("id => document.getElementById(id).focus()", start)
            page.keyboard.press(key)
            found = page.evaluate("document.activeElement.id")
            if found not in reached:
                reached.add(found)
                front.append(found)
    assert reached == {f"m-{area.code}" for area in town().at(Level.WIJK)}
    said = page.locator("[role=status]").inner_text()
    assert said == page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert page.evaluate("[...document.querySelectorAll('[data-map] a')].filter(a => a.tabIndex === 0).length") == 1
    page.keyboard.press("Enter")
    page.wait_for_url("**/wijken?gebied=*")
    assert page.locator("#kaartjetitel").inner_text() in said


def test_focus_can_be_seen_on_everything_that_takes_it(page: Page, monitor: str) -> None:
    page.goto(f"{monitor}/wijken")
    for _ in range(25):
        page.keyboard.press("Tab")
        seen = page.evaluate(
            "(() => { const e = document.activeElement, path = e.closest('svg') && e.querySelector('path');"
            "const line = path && getComputedStyle(path).strokeWidth;"
            "return getComputedStyle(e).outlineStyle !== 'none' || line === '4px' })()"
        )
        assert seen, page.evaluate("document.activeElement.outerHTML")


def test_a_jeugdteam_finds_its_wijk_and_takes_the_profile_along(page: Page, monitor: str) -> None:
    """A journey: search, profile, signals with questions, and the figures as a file."""
    wijk = town().areas[HERE].name
    page.goto(monitor)
    page.get_by_label("Zoek een wijk, buurt of postcode").fill(wijk[:6])
    page.get_by_role("button", name="Zoek").click()
    page.locator(".found").get_by_role("link", name=wijk, exact=True).click()
    assert page.get_by_role("heading", level=1).inner_text() == wijk
    with page.expect_download() as kept:
        page.get_by_role("link", name="Dit profiel als PDF").click()
    assert kept.value.suggested_filename == f"samenzicht_{HERE}_oefengegevens.pdf"
    page.get_by_role("link", name="Signalen hier").click()
    page.locator("summary").first.click()
    assert page.get_by_text("Herkent u dit in uw werk in deze wijk?").first.is_visible()
    page.get_by_role("navigation", name="Hoofdmenu").get_by_role("link", name="Wijken").click()
    with page.expect_download() as table:
        page.get_by_role("link", name="Excel").click()
    assert table.value.suggested_filename == "samenzicht_meldingen_jaar_oefengegevens.xlsx"


def test_an_adviser_follows_a_topic_over_time_and_shares_what_is_seen(page: Page, monitor: str) -> None:
    """A journey: topic, quarter, map click, another language; the address alone brings it back."""
    page.goto(f"{monitor}/wijken")
    page.get_by_role("combobox", name="Onderwerp").select_option("verzuim")
    page.wait_for_url("**onderwerp=verzuim**")
    page.get_by_role("combobox", name="Onderwerp").select_option("meldingen")
    page.wait_for_load_state()
    page.get_by_role("navigation", name="Periode").get_by_role("link", name="K3 '25").click()
    page.locator(f"#m-{THERE}").click()
    page.get_by_role("link", name="English").click()
    state = page.url
    assert {"periode=2025-Q3", f"gebied={THERE}", "lang=en"} <= set(re.split(r"[?&#]", state))
    said = page.locator("main").inner_text()
    page.goto("about:blank")
    page.goto(state)
    assert page.locator("main").inner_text() == said


def test_everything_works_without_javascript(browser: Browser, monitor: str) -> None:
    """The same journey by links and buttons alone."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{monitor}/wijken")
    page.get_by_role("combobox", name="Gebieden").select_option("buurt")
    page.get_by_role("button", name="Toon").click()
    assert "niveau=buurt" in page.url
    page.goto(f"{monitor}/wijken")
    page.locator(f"#m-{HERE}").click()
    assert page.locator("#kaartjetitel").inner_text() == town().areas[HERE].name
    for name in ("Overzicht", "Vergelijken", "Signalen", "Beschikbaarheid", "Toelichting"):
        page.get_by_role("navigation", name="Hoofdmenu").get_by_role("link", name=name).click()
        assert page.get_by_role("heading", level=1).is_visible()
    page.get_by_role("link", name="Trek opnieuw").click()
    assert "stap=1" in page.url
    context.close()


def test_a_first_visit_asks_little_and_nobody_else(page: Page, monitor: str) -> None:
    """At most 5 requests and 50 kB for Wijken, all to this server."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{monitor}/wijken")
    page.wait_for_load_state("networkidle")
    assert all(url.startswith((monitor, "data:")) for url in asked), asked
    assert len([url for url in asked if url.startswith(monitor)]) <= 5
    entries = json.loads(page.evaluate("JSON.stringify(performance.getEntries())"))
    assert sum(each.get("transferSize", 0) for each in entries) <= 50_000


def test_print_and_forced_colours_keep_the_words_and_the_marks(page: Page, monitor: str) -> None:
    """On paper without the menu; with a reader's own colours the map keeps its fills."""
    page.goto(f"{monitor}/wijken")
    page.emulate_media(media="print")
    # Browsers print no backgrounds: white words on brown would be gone.
    inks = "[...document.querySelectorAll('.tag.hi')].map(e => getComputedStyle(e).color)"
    assert set(page.evaluate(inks)) == {"rgb(23, 36, 47)"}
    assert not page.get_by_role("navigation", name="Hoofdmenu").is_visible()
    assert page.locator("[data-map]").is_visible()
    page.emulate_media(media="screen", forced_colors="active")
    fills = page.evaluate(
        "[...new Set([...document.querySelectorAll('[data-map] a path.hi')].map(p => getComputedStyle(p).fill))]"
    )
    assert fills == ["rgb(138, 53, 0)"]
