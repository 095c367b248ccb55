"""Touches the world: `serve`: the monitor for readers, on this machine; a web server in front gives it to others."""

from pathlib import Path
from typing import Annotated

import typer

from coordinator.cli.telling import Folder, Lang, said, tell, telling
from coordinator.estimates.context_file import NOTHING_TOLD, parse_context
from coordinator.text_file import read_text
from coordinator.web.serve import listen, make_site, serve
from coordinator.web.theme import parse_theme
from privacy.language import Language

HOST, PORT = "127.0.0.1", 8430


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve")(serve_command)


def serve_command(
    *,
    host: Annotated[str, typer.Option("--host", help="address to listen on")] = HOST,
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="0 takes a free one")] = PORT,
    theme: Annotated[
        Path | None, typer.Option("--theme", exists=True, dir_okay=False, help="CSS of --basis-* variables")
    ] = None,
    context: Annotated[
        Path | None, typer.Option("--context", exists=True, dir_okay=False, help="breaks, dates, English (TOML)")
    ] = None,
    folder: Folder = Path(),
    lang: Lang = Language.DUTCH,
) -> None:
    """Serve the monitor of what was released, until Ctrl-C; new releases are seen within seconds."""
    with telling():
        style = None if theme is None else parse_theme(theme.read_bytes())
        if style is not None and style.too_close:
            check = f"samenzicht-coordinator theme check {theme}"
            tell(said(lang, f"te weinig contrast in dit thema: {check}", f"too little contrast in this theme: {check}"))
        told = NOTHING_TOLD if context is None else parse_context(read_text(context), source=context.name)
        site = make_site(folder, language=lang, theme=style, told=told)
        with listen(host, port) as listener:
            monitor = site.monitor  # read before the first reader comes, and refused here when it cannot be
            topics = len(monitor.indicators)
            tell(said(lang, f"{topics} onderwerpen, {len(monitor.areas)} gebieden", f"{topics} topics"))
            tell(f"http://{host}:{listener.getsockname()[1]}")
            try:
                serve(site, listener)
            except KeyboardInterrupt:
                tell(said(lang, "gestopt", "stopped"))
