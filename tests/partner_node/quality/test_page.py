"""The page of the report: plain HTML that runs nothing, says everything in both languages, and is in the package."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from zipfile import ZipFile

import pytest

from partner_node.delivery.delivery import read_delivery
from partner_node.delivery.faults import Reason
from partner_node.profiles.politie import POLITIE
from partner_node.quality.charts import HEIGHT, WIDTH, Value, bar_chart
from partner_node.quality.levels import Dimension
from partner_node.quality.page import quality_page
from partner_node.quality.report import quality_report
from partner_node.quality.words import NAMES, REASONS, advice, month_name, number
from privacy.language import Language
from tests.house import ROOT
from tests.partner_node.delivery.files import area_table, from_csv, geography
from tests.partner_node.quality.deliveries import HALF_YEAR, HEADER, MAPPING, SECRET, TODAY, change, delivered, report
from tests.partner_node.quality.test_report import ROWS, rows_in

VOID = {"meta", "line", "rect", "path", "br"}


class Page(HTMLParser):
    """Every tag with its attributes; refuses tags that are not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


def page_of(*rows: str, language: Language = Language.DUTCH) -> str:
    now = delivered(*rows)
    return quality_page(report(now, against=change(now, now)), POLITIE, language=language)


@pytest.mark.parametrize("language", Language)
def test_the_page_is_whole_and_runs_and_fetches_nothing(language: Language) -> None:
    page = Page(page_of(*ROWS, language=language))
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "link", "img", "iframe", "object", "form"}
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert not [name for _, attributes in page.tags for name in attributes if name in {"src", "href", "style"}]
    assert page.tags[0] == ("html", {"lang": language.value})


def test_a_page_with_a_script_would_be_seen() -> None:
    """Negative control of the parser."""
    assert ("script", {}) in Page("<html><script>1</script></html>").tags
    with pytest.raises(AssertionError):
        Page("<html><p></html>")


def test_odd_signs_in_a_file_name_and_a_header_do_nothing_on_the_page() -> None:
    """A name from outside is shown without what HTML would obey."""
    name, header = "<script>alert(1)</script>.csv", "<b>Nr</b>"
    mapping = MAPPING.model_copy(
        update={
            "record": {
                "incident": MAPPING.record["incident"].model_copy(
                    update={"columns": {**MAPPING.record["incident"].columns, "incidentnummer": header}}
                )
            }
        }
    )
    delivery = read_delivery(
        [from_csv(name, "\n".join((HEADER.replace("Nr", header), *ROWS)))],
        POLITIE,
        mapping,
        geography(),
        POLITIE.code_lists(),
        area_table=area_table(),
        secret=SECRET,
        today=TODAY,
    )
    page = quality_page(quality_report(delivery, POLITIE, mapping, delivered_on=TODAY), POLITIE)
    assert {"script", "b"}.isdisjoint(tag for tag, _ in Page(page).tags)
    assert "?script?alert(1)?/script?.csv" in page


@pytest.mark.parametrize("language", Language)
def test_every_reason_and_every_level_has_words(language: Language) -> None:
    assert {reason for reason in Reason if REASONS[reason][language]} == set(Reason)
    for dimension in Dimension:
        assert NAMES[dimension][language]
        told = {advice(dimension, level, language) for level in (None, 1, 3, 5)}
        assert len(told) == 4
        assert advice(dimension, 4, language) == advice(dimension, 3, language)
        assert advice(dimension, 2, language) == advice(dimension, 1, language)


def test_the_dutch_is_in_short_sentences() -> None:
    """B1: at most 20 words a sentence, 14 in the middle."""
    texts = [advice(dimension, level, Language.DUTCH) for dimension in Dimension for level in (None, 1, 3, 5)]
    lengths = sorted(len(sentence.split()) for text in texts for sentence in re.split(r"[.?:] ?", text) if sentence)
    assert lengths[-1] <= 20
    assert lengths[len(lengths) // 2] <= 14


def test_a_low_level_says_what_to_do_and_a_best_one_that_nothing_is() -> None:
    page = page_of(*ROWS)
    assert "1 van 5" in page
    assert "Veel rijen hebben geen buurt. Lever postcode en huisnummer." in page
    assert "Geleverd 15 dagen na de laatste dag van de levering." in page
    assert "De levering is op tijd. U hoeft niets te doen." in page
    assert "Dit rapport blijft bij uw organisatie." in page


def test_each_chart_says_in_words_what_it_shows() -> None:
    """Delays by hand: 31 days lie back to 14 June, 92 to 14 April, 183 to 13 January."""
    text = page_of(*rows_in(30, 0, 14, 30, 30, 15))
    page = Page(text)
    told = [attributes["aria-label"] for tag, attributes in page.tags if tag == "svg" and "role" in attributes]
    assert told[0] == (
        "Incidenten: januari 2026: 30 rijen; februari 2026: 0 rijen; maart 2026: 14 rijen; april 2026: 30 rijen; "
        "mei 2026: 30 rijen; juni 2026: 15 rijen"
    )
    assert told[1] == (
        "Dagen tussen gebeurtenis en levering: 0 tot 7 dagen: 0 rijen; 8 tot 31 dagen: 2 rijen; 32 tot 92 dagen: "
        "58 rijen; 93 tot 183 dagen: 45 rijen; 184 tot 365 dagen: 14 rijen; meer dan 365 dagen: 0 rijen"
    )
    assert "Kijk hiernaar: februari 2026: geen rijen; maart 2026: 14 rijen." in text
    gap = page_of(*rows_in(30, 0, 0, 30, 0, 30))
    assert "Kijk hiernaar: februari 2026 tot en met maart 2026: geen rijen; mei 2026: geen rijen." in gap


def test_bars_stand_on_the_line_within_the_picture_and_keep_their_ratio() -> None:
    chart = bar_chart("t", [Value("a", "a", 10), Value("b", "b", 5), Value("c", "c", 0)], numbers=["10", "5", "0"])
    tall, half, none = chart.bars
    assert (tall.height, none.height) == (2 * half.height, 0)
    assert [bar.top + bar.height for bar in chart.bars] == [chart.base] * 3
    assert all(bar.left >= 0 and bar.left + bar.width <= WIDTH and 0 <= bar.top <= HEIGHT for bar in chart.bars)


def test_sixty_months_are_drawn_with_only_some_names() -> None:
    chart = bar_chart("t", [Value(str(place), "", place) for place in range(60)], numbers=["1"] * 60)
    assert len([bar for bar in chart.bars if bar.label]) == 12
    assert not [bar for bar in chart.bars if bar.number]


def test_numbers_and_months_are_written_as_in_the_language() -> None:
    assert (number(1_234_567, Language.DUTCH), number(1_234_567, Language.ENGLISH)) == ("1.234.567", "1,234,567")
    assert (month_name("2026-03", Language.DUTCH), month_name("2026-03", Language.ENGLISH)) == (
        "maart 2026",
        "March 2026",
    )


def test_a_report_of_a_first_delivery_has_no_change() -> None:
    page = quality_page(report(delivered(*ROWS)), POLITIE)
    assert "Dit is de eerste levering die de node kent." in page
    assert "Deze levering komt in de plaats" not in page
    assert HALF_YEAR.first.isoformat() not in page


def test_templates_and_profiles_are_in_the_installed_package(tmp_path: Path) -> None:
    """A wheel, built from a copy without network, holds every template and TOML that the packages read."""
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in (
        "partner_node",
        "coordinator",
        "protocol",
        "privacy",
        "simulations",
        "pyproject.toml",
        "README.md",
        "LICENSE",
    ):
        subprocess.run(["cp", "-r", str(ROOT / name), str(copy)], check=True)
    build = "from setuptools import build_meta; print(build_meta.build_wheel('..'))"
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", build], cwd=copy, check=True, capture_output=True, text=True
    )
    assert run.returncode == 0
    (wheel,) = tmp_path.glob("*.whl")
    with ZipFile(wheel) as packed:
        inside = {name for name in packed.namelist() if name.endswith((".html", ".toml"))}
    wanted = [
        *ROOT.glob("partner_node/**/*.html"),
        *ROOT.glob("partner_node/**/*.toml"),
        *ROOT.glob("coordinator/**/*.html"),
    ]
    assert len(wanted) >= 7
    assert {path.relative_to(ROOT).as_posix() for path in wanted} <= inside
