"""Touches the world: `courier import | export`: a round without a line, by files on a stick."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from partner_node.cli.opening import open_node
from partner_node.cli.telling import NODE_FILE, AsJson, Lang, NodeFile, Teller, door, now_s, today, told
from partner_node.courier import PAPER, Courier, not_carried
from partner_node.gate import Gate
from partner_node.node import Node, stored_approvals
from partner_node.taking_part import take_part
from partner_node.vault.decisions import declarations
from partner_node.vault.vault import Vault
from protocol.digest import digest_of
from protocol.errors import SamenzichtError

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True)
REFUSED = 1


@app.command("import")
def import_command(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", exists=True, help="messages, or folders of them")],
    *,
    node: NodeFile = NODE_FILE,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Answer the messages that a courier brought, as the service does on the line; `export` gives the answers."""
    with door(lang, as_json=as_json) as teller:
        opened = open_node(teller, node, lang)
        courier = Courier(opened.config.courier_path)
        found = courier.messages(files)
        with opened.writing() as vault:
            gate = take_part(opened, vault, today=today)
            refused = {path.name: code for path, body in found if (code := _answer(courier, gate, path, body, teller))}
        answered = len(found) - len(refused)
        lines = [teller.say("courier-answered", answered=answered, refused=len(refused))]
        teller.result({"answered": answered, "refused": refused}, lines)
        raise typer.Exit(REFUSED if refused else 0)


@app.command("export")
def export_command(
    *,
    to: Annotated[Path, typer.Option("--to", exists=True, file_okay=False, help="the stick, or a folder on it")],
    again: Annotated[bool, typer.Option("--again", help="also what was carried before: the stick got lost")] = False,
    node: NodeFile = NODE_FILE,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Write the answers, and what officers approved and declared, for the courier."""
    with door(lang, as_json=as_json) as teller:
        opened = open_node(teller, node, lang)
        courier = Courier(opened.config.courier_path)
        with opened.looking() as vault:
            for body in _papers(opened, vault):
                courier.put(body, PAPER)
        carried = courier.carry(to, again=again)
        teller.result({"files": carried, "to": str(to)}, [teller.say("courier-carried", files=carried, folder=to)])


def _answer(courier: Courier, gate: Gate, path: Path, body: bytes | None, teller: Teller) -> str:
    """Answer one message; return the code of its refusal, or nothing. One that is refused spoils no other."""
    try:
        if body is None:
            raise not_carried(path)
        courier.answer(body, lambda message: gate.receive(message, now_s()))
    except SamenzichtError as error:
        if error.exit_code != REFUSED:
            raise  # a fault of the vault: nothing more may be asked of it
        for line in told(error, teller.language):
            teller.story.print(Text(line))
        return error.code
    return ""


def _papers(node: Node, vault: Vault) -> list[bytes]:
    """Return every decision and declaration of this party's officers that the vault holds."""
    found = [signed.encode() for each in stored_approvals(vault, node.agreed).values() for signed in each]
    for study in node.agreed.studies:
        for scheduled in study.schedule:
            found += [signed.encode() for signed in declarations(vault, digest_of(study), scheduled.period)]
    return found
