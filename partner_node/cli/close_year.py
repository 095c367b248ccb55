"""Touches the world: `close-year`: deletes the accounts of a covenant year; no round of it is taken part in again."""

from typing import Annotated

import typer

from partner_node.cli.opening import open_node
from partner_node.cli.telling import NODE_FILE, AsJson, Lang, NodeFile, Yes, door, today
from partner_node.vault.years import check_may_close, close_year

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command("close-year")
def close_year_command(
    year: Annotated[int, typer.Argument(min=1990, max=2199, help="the covenant year")],
    *,
    node: NodeFile = NODE_FILE,
    yes: Yes = False,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Delete the accounts by household of a year that is over. No round of it is answered or replayed after that."""
    with door(lang, as_json=as_json) as teller:
        opened = open_node(teller, node, lang, ended=True)
        with opened.looking() as vault:
            check_may_close(vault.connection, year, today=today())
        teller.confirm("year-ask", yes=yes, year=year)
        with opened.writing() as vault:
            close_year(vault, year)
        teller.result({"closed": year}, [teller.say("year-closed", year=year)])
