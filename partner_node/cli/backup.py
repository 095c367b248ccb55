"""Touches the world: `backup`, `restore` and `replace-machine`: the vault on another disk, and never in two places."""

from pathlib import Path
from typing import Annotated

import typer

from partner_node.cli.opening import open_node
from partner_node.cli.telling import NODE_FILE, AsJson, Lang, NodeFile, Yes, door
from partner_node.config import read_text
from partner_node.vault.backup import backup, replace_machine, restore
from privacy.randomness import fresh_bytes
from protocol.words.ids import Digest, PartyId

NONCE_BYTES = 32
NOTHING_SEEN = "none"

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command("backup")
def backup_command(
    file: Annotated[Path, typer.Argument(help="a new file, in a folder for its owner only")],
    *,
    node: NodeFile = NODE_FILE,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Write a backup of the vault. It holds no seed, and opens only for `restore`."""
    with door(lang, as_json=as_json) as teller:
        opened = open_node(teller, node, lang, ended=True)
        with teller.phase("copying"), opened.writing() as vault:
            held = backup(vault, file)
        lines = [
            teller.say("backup-made", file=file),
            teller.say("backup-head", size=held.size, root=held.root.hex()),
        ]
        teller.result({"file": str(file), "log_size": held.size, "log_root": held.root.hex()}, lines)


@app.command("restore")
def restore_command(
    file: Annotated[Path, typer.Argument(help="the backup")],
    *,
    seen: Annotated[
        list[str],
        typer.Option("--seen", metavar="PARTY=FILE|none", help="the newest head of your log that each peer saw"),
    ],
    node: NodeFile = NODE_FILE,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Put a backup back. Ask the peers yourself what they last saw of your log, not through the coordinator."""
    answers = {party: place for party, _, place in (entry.partition("=") for entry in seen)}
    if not all(answers.values()):
        raise typer.BadParameter("PARTY=FILE or PARTY=none", param_hint="--seen")
    with door(lang, as_json=as_json) as teller:
        opened = open_node(teller, node, lang)
        notes = {
            PartyId(party): None if place == NOTHING_SEEN else read_text(Path(place))
            for party, place in answers.items()
        }
        vault = opened.config.vault_path
        restore(file, vault, opened.owner, covenant=opened.agreed.covenant, seen=notes, nonce=_nonce())
        teller.tell("restored-next")
        teller.result({"vault": str(vault)}, [teller.say("restored", vault=vault)])


@app.command("replace-machine")
def replace_machine_command(
    target: Annotated[Path, typer.Argument(help="the vault's new file, in a folder for its owner only")],
    *,
    again: Annotated[
        bool, typer.Option("--again", help="finish a move that broke off and left no vault in its new place")
    ] = False,
    node: NodeFile = NODE_FILE,
    yes: Yes = False,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Let the vault go on in another file, for another machine; the old one never opens again."""
    with door(lang, as_json=as_json) as teller:
        opened = open_node(teller, node, lang)
        teller.confirm("moved-ask", yes=yes)
        replace_machine(opened.config.vault_path, opened.owner, target, nonce=_nonce(), again=again)
        teller.result({"vault": str(target)}, [teller.say("moved", target=target)])


def _nonce() -> Digest:
    return Digest(fresh_bytes(NONCE_BYTES).hex())
