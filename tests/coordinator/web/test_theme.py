"""Themes: contrast against figures written out, what stands in, what never reaches a page, and the data colours."""

import json
import re
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from coordinator.cli.app import make_app
from coordinator.web.contrast import DATA, HIGHER, LOWER, NO_DIFFERENCE, NoColour, contrast, luminance
from coordinator.web.theme import DEFAULTS, NEUTRAL, PAIRS, ThemeTooLarge, failing, parse_theme

BG = "--basis-color-default-bg-document"
TEXT = "--basis-color-default-color-document"
HEADER = "--basis-color-accent-1-bg-default"


@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#fff", "#ffffff", 1.0),
        ("#767676", "#ffffff", 4.54),  # the lightest grey that passes on white, as WCAG's own examples have it
        ("#777777", "#ffffff", 4.48),
        ("#ff0000", "#ffffff", 4.0),
        ("#0000ff", "#ffffff", 8.59),
    ],
)
def test_contrast_is_that_of_published_examples(first: str, second: str, wanted: float) -> None:
    assert contrast(first, second) == pytest.approx(wanted, abs=0.005)
    assert contrast(second, first) == contrast(first, second)


@pytest.mark.parametrize("text", ["", "red", "123456", "#12", "#12345g", "#1234567", "rgb(0,0,0)"])
def test_what_is_no_colour_is_refused(text: str) -> None:
    with pytest.raises(NoColour):
        contrast(text, "#ffffff")


def test_data_colours_stay_apart_in_grey_and_no_theme_names_them() -> None:
    """SCREENS 4: at least 2 between each two. Control: a lighter orange beside the same blue is not."""
    assert (HIGHER, LOWER, NO_DIFFERENCE) == ("#8a3500", "#3f86c0", "#f1f1ee")
    for first, second in ((HIGHER, LOWER), (HIGHER, NO_DIFFERENCE), (LOWER, NO_DIFFERENCE)):
        assert contrast(first, second) >= DATA
    assert luminance(HIGHER) < luminance(LOWER) < luminance(NO_DIFFERENCE)
    assert contrast("#d95f0e", LOWER) < DATA
    assert not {HIGHER, LOWER, NO_DIFFERENCE} & set(DEFAULTS.values())


def test_every_pair_of_our_own_colours_holds() -> None:
    """And they are those of the style sheet, which a theme's file goes after."""
    assert failing(DEFAULTS) == ()
    sheet = (files("coordinator.web") / "static" / "monitor.css").read_text()
    assert dict(re.findall(r"^  (--basis-[a-z0-9-]+): (.*);$", sheet, re.MULTILINE)) == DEFAULTS
    for name, colour in (("higher", HIGHER), ("lower", LOWER), ("same", NO_DIFFERENCE)):
        assert f"--data-{name}: {colour};" in sheet
    assert {pair.read for pair in PAIRS} | {pair.ground for pair in PAIRS} <= set(DEFAULTS)
    assert 18 <= len(DEFAULTS) <= 24


def test_a_theme_that_holds_is_taken_as_it_is() -> None:
    theme = parse_theme(f":root {{ {HEADER}: #7A003C; --basis-border-radius-md: 0; --utrecht-x: red }}".encode())
    assert (theme.too_close, theme.replaced, theme.unreadable) == ((), (), ())
    assert theme.values == {**DEFAULTS, HEADER: "#7a003c", "--basis-border-radius-md": "0"}
    assert "--utrecht-x" not in theme.css().decode()


def test_pairs_that_cannot_be_read_are_told_and_ours_stand_in() -> None:
    theme = parse_theme(f".gemeente-theme{{{TEXT}:#999999;{HEADER}: rgb(250, 220, 0);}}".encode())
    told = {(each.pair.read, each.pair.ground): round(each.found, 2) for each in theme.too_close}
    assert told[TEXT, BG] == 2.85
    assert theme.values[TEXT] == DEFAULTS[TEXT]
    assert theme.values[HEADER] == DEFAULTS[HEADER]  # white on yellow: white was ours already
    assert set(theme.replaced) == {TEXT, HEADER}


def test_a_dark_theme_that_holds_keeps_its_dark_ground() -> None:
    dark = {name: "#101418" for name in DEFAULTS if "-bg" in name}
    light = {
        name: "#f2f2f2" for name in DEFAULTS if "-color-" in name.removeprefix("--basis-color") or "outline" in name
    }
    light |= {"--basis-color-default-border-default": "#f2f2f2"}
    css = ";".join(f"{name}:{value}" for name, value in (dark | light).items())
    assert parse_theme(f":root{{{css}}}".encode()).values[BG] == "#101418"


@pytest.mark.parametrize(
    "value",
    [
        "url(https://example.org/x)",
        "red;} body{display:none",
        "expression(alert(1))",
        "var(--other)",
        "#12345",
        "rgb(1,2,999)",
        "</style><script>",
        "",
    ],
)
def test_a_value_of_another_form_never_reaches_a_page(value: str) -> None:
    """W05: of a theme. Fonts and lengths likewise."""
    for name in (BG, "--basis-text-font-family-default", "--basis-page-max-inline-size"):
        css = parse_theme(f":root{{{name}: {value};}}".encode()).css()
        assert css == NEUTRAL.css() or (value == "red;} body{display:none" and name.endswith("default"))
        assert b"<" not in css
        assert b"url" not in css
        assert b"body" not in css


def test_a_font_whose_quote_does_not_end_is_not_taken() -> None:
    name = "--basis-text-font-family-default"
    assert parse_theme(f"{name}: 'Open Sans, serif;".encode()).unreadable == (name,)
    assert parse_theme(f"{name}: 'Open Sans', serif;".encode()).values[name] == "'Open Sans', serif"


@given(
    st.dictionaries(
        st.sampled_from(sorted(name for name, value in DEFAULTS.items() if value.startswith("#"))),
        st.from_regex(r"#[0-9a-f]{6}", fullmatch=True),
    )
)
def test_whatever_a_theme_says_every_pair_of_a_page_can_be_read(stated: dict[str, str]) -> None:
    theme = parse_theme(";".join(f"{name}:{value}" for name, value in stated.items()).encode())
    assert failing(theme.values) == ()
    assert bool(theme.replaced) == bool(theme.too_close)


def test_a_file_that_is_no_theme_is_refused() -> None:
    for body in (b"\xff\xfe", b" " * (1 << 19)):
        with pytest.raises(ThemeTooLarge):
            parse_theme(body)


def test_theme_check_says_what_is_used_instead(tmp_path: Path) -> None:
    path = tmp_path / "theme.css"
    path.write_text(f":root {{ {TEXT}: #999; {BG}: papayawhip }}")
    done = CliRunner().invoke(make_app("theme"), ["theme", "check", str(path), "--json"])
    assert done.exit_code == 1
    tree = json.loads(done.stdout)
    assert tree["holds"] is False
    assert tree["instead"] == {TEXT: DEFAULTS[TEXT], BG: DEFAULTS[BG]}
    said = CliRunner().invoke(make_app("theme"), ["theme", "check", str(path)])
    assert f"{TEXT} op {BG}: te weinig contrast, 2.85 < 4.5" in said.stdout
    path.write_text("")
    assert CliRunner().invoke(make_app("theme"), ["theme", "check", str(path)]).exit_code == 0
