"""Touches the world: `init DIR`: an office with its key and an empty store; twice is once."""

from pathlib import Path
from typing import Annotated

import typer

from coordinator.cli.telling import AsJson, Lang, said, show, telling
from coordinator.config import NAME, first_config, parse_config
from coordinator.identity import load_identity, make_identity
from coordinator.office import store_url
from coordinator.whole_file import write_whole
from privacy.language import Language
from privacy.randomness import fresh_bytes
from protocol.signing import public_key
from protocol.words.ids import PartyId


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("init")(init_command)


def init_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", file_okay=False, help="folder to make")],
    *,
    party: Annotated[str, typer.Option("--party", help="the coordinator's id in the covenant")] = "gemeente",
    as_json: AsJson = False,
    lang: Lang = Language.DUTCH,
) -> None:
    """Make the coordinator's folder: configuration, identity key and store."""
    from coordinator.store.make import make_store  # noqa: PLC0415 - Alembic is a quarter of a command's start

    with telling(as_json=as_json):
        parse_config(first_config(PartyId(party)))  # an id of another form is refused before anything is made
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / NAME
        if not path.exists():
            write_whole(path, first_config(PartyId(party)).encode(), mode=0o600)
        make_identity(folder, fresh_bytes(32))
        make_store(store_url(folder, parse_config(path.read_text("utf-8"))))
        key = public_key(load_identity(folder))
    lines = (
        said(lang, f"kantoor in {folder}; identiteitssleutel:", f"office in {folder}; identity key:"),
        key,
    )
    show({"folder": str(folder), "party": party, "identity_key": key}, lines, as_json=as_json)
