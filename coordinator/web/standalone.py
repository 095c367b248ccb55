"""Computes: a chart of a page as a drawing that stands alone: with its own style, size and words, and without links."""

import re
from collections.abc import Sequence
from functools import cache
from html import escape

from coordinator.web.render import asset, drawn
from coordinator.web.theme import DEFAULTS
from coordinator.web.words import Told
from privacy.language import Language

_CLASSES = frozenset(
    (
        *("hi", "lo", "no", "un", "sup", "nd", "q", "k", "x", "map", "plain", "chosen", "ring", "here"),
        *("chart", "grid", "band", "line", "wholeline", "gap", "limit", "far", "own", "open", "break", "up", "why"),
        *("whisker", "whole", "span", "end", "dot", "ink", "paper", "grey", "hatch"),
    )
)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_VARIABLE = re.compile(r"(--[a-z0-9-]+): ([^;]+);")
_SELECTOR = re.compile(r"(?:svg)?[.a-z0-9 +-]*")
_VIEW = re.compile(r'viewBox="(-?[\d.]+) (-?[\d.]+) ([\d.]+) ([\d.]+)"')
_LINK = re.compile(r'<a href="[^"]*"([^>]*)>')
_LINE, _LETTER, _FOOT = 17, 12, 8  # of the lines below a chart, in its own units: height, letter, room below


def standalone(
    macro: str,
    chart: object,
    *,
    title: Told,
    text: str = "",
    notes: Sequence[Told] = (),
    language: Language,
    **options: object,
) -> bytes:
    """Return the SVG of a chart macro. title, text: its name, and more for who cannot see it. notes: lines below."""
    markup = drawn(macro, chart, language, **options).strip()
    left, top, width, height = (float(number) for number in _VIEW.findall(markup)[0])
    unit = max(width / 560, 0.4)  # so that the notes are as large beside a map as beside a chart
    below = (_LINE * len(notes) + _FOOT) * unit if notes else 0.0
    body = markup[markup.index(">") + 1 : markup.rindex("</svg>")]
    body = _LINK.sub(r"<g\1>", body).replace("</a>", "</g>")
    lines = "".join(
        f'<text x="{left + 4:g}" y="{top + height + (at + 0.8) * _LINE * unit:g}" font-size="{_LETTER * unit:g}" '
        f'fill="#4a5a68" style="font-size:{_LETTER * unit:g}px;text-anchor:start"{_language(note, language)}>'
        f"{escape(note.text)}</text>"
        for at, note in enumerate(notes)
    )
    told = f"<desc>{escape(text)}</desc>" if text else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left:g} {top:g} {width:g} {height + below:g}" '
        f'width="{width / unit:g}" height="{(height + below) / unit:g}" class="{_class(markup)}" role="img" '
        f'font-family="Libertinus Serif, sans-serif" xml:lang="{language.value}">'
        f"<title{_language(title, language)}>{escape(title.text)}</title>{told}"
        f"<style>{chart_style()}</style>"
        f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{height + below:g}" fill="#ffffff"/>'
        f"{_patterns(language)}{body}{lines}</svg>"
    ).encode()


def _language(told: Told, own: Language) -> str:
    """Return the mark of a text in another language than the drawing's."""
    return "" if told.language is own else f' xml:lang="{told.language.value}"'


@cache
def chart_style() -> str:
    """Return the rules of the style sheet that charts need, with every variable replaced by its value."""
    sheet = re.sub(r"/\*.*?\*/", "", asset("monitor.css").decode(), flags=re.DOTALL)
    values = dict(_VARIABLE.findall(sheet)) | dict(DEFAULTS)
    sheet = re.sub(r"@[^{}]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", "", sheet)
    rules = []
    for selectors, declarations in _RULE.findall(sheet):
        kept = [each.strip() for each in selectors.split(",") if _is_of_chart(each.strip())]
        if kept:
            body = re.sub(r"var\((--[a-z0-9-]+)\)", lambda found: values.get(found[1], "#000"), declarations)
            rules.append(f"{','.join(kept)}{{{body.strip()}}}")
    return "".join(rules) + ".chart text{font-size:15px}"  # a file is often shown at half its size


def _is_of_chart(selector: str) -> bool:
    names = set(re.findall(r"\.([a-z0-9-]+)", selector))
    known = {name for name in names if name in _CLASSES or re.fullmatch(r"c[24]-\d", name)}
    return (
        bool(names)
        and names == known
        and _SELECTOR.fullmatch(re.sub(r"\b(path|circle|text|rect)\b", "", selector)) is not None
    )


def _class(markup: str) -> str:
    found = re.search(r'<svg class="([^"]*)"', markup)
    return "" if found is None else found[1]


@cache
def _patterns(language: Language) -> str:
    markup = drawn("patterns", None, language)
    return markup[markup.index("<defs>") : markup.index("</svg>")]
