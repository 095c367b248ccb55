"""Touches the world: `theme check FILE`: which colours of a theme are too close, and what stands in for them."""

from pathlib import Path
from typing import Annotated

import typer

from coordinator.cli.telling import AsJson, Lang, said, show, telling
from coordinator.web.theme import DEFAULTS, TooClose, parse_theme
from privacy.language import Language

group = typer.Typer(no_args_is_help=True, help="The look of the monitor.")


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(group, name="theme")


@group.callback()
def _about() -> None:
    """The look of the monitor."""


@group.command("check")
def check_command(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSS with --basis-* variables")],
    *,
    as_json: AsJson = False,
    lang: Lang = Language.DUTCH,
) -> None:
    """Say which pairs of colours are too close to read, and what the monitor uses instead. Exit 1 if there are any."""
    with telling(as_json=as_json):
        theme = parse_theme(file.read_bytes())
    lines = [_line(each, lang) for each in theme.too_close]
    for name in theme.replaced:
        instead = said(lang, "de monitor gebruikt", "the monitor uses")
        lines.append(f"{name}: {instead} {DEFAULTS[name]}")
    for name in theme.unreadable:
        unread = said(lang, "geen vorm die we kennen; de monitor gebruikt", "of no form we know; the monitor uses")
        lines.append(f"{name}: {unread} {DEFAULTS[name]}")
    if not lines:
        lines = [said(lang, "elk paar kleuren is goed te lezen", "every pair of colours can be read well")]
    tree = {
        "holds": not theme.too_close,
        "too_close": [
            {"read": e.pair.read, "ground": e.pair.ground, "contrast": round(e.found, 2), "least": e.pair.least}
            for e in theme.too_close
        ],
        "instead": {name: DEFAULTS[name] for name in (*theme.replaced, *theme.unreadable)},
    }
    show(tree, lines, as_json=as_json)
    if theme.too_close:
        raise typer.Exit(1)


def _line(found: TooClose, lang: Language) -> str:
    on, below = said(lang, "op", "on"), said(lang, "te weinig contrast", "too little contrast")
    return f"{found.pair.read} {on} {found.pair.ground}: {below}, {found.found:.2f} < {found.pair.least}"
