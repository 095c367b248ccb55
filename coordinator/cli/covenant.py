"""Touches the world: `covenant new | add-party | add-code-list | sign | verify | show`."""

from pathlib import Path
from typing import Annotated

import typer

from coordinator import agreements
from coordinator.cli.telling import AsJson, Folder, Lang, Now, day, said, show, show_table, telling
from coordinator.identity import load_identity
from coordinator.office import NothingAgreed, open_office
from coordinator.whole_file import write_whole
from privacy.epsilon import guarantee_of
from privacy.language import Language
from protocol.covenant.rules import check_rules
from protocol.covenant.signed import PartySignature, check_covenant, check_successor
from protocol.digest import digest_of
from protocol.ledger.entry import CovenantEntry
from protocol.signing import Purpose, sign

group = typer.Typer(no_args_is_help=True)
Files = Annotated[list[Path], typer.Argument(metavar="FILE...", exists=True, dir_okay=False)]
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False)]


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(group, name="covenant")


@group.callback()
def _about() -> None:
    """The agreement that all parties sign."""


@group.command("new")
def new_command(file: File, *, folder: Folder = Path(), as_json: AsJson = False, lang: Lang = Language.DUTCH) -> None:
    """Begin a covenant from a TOML file."""
    with telling(as_json=as_json):
        tree = agreements.begin(folder, file.read_bytes(), source=file.name)
    name = str(tree.get("id", ""))
    show({"id": name}, [said(lang, f"convenant {name} begonnen", f"covenant {name} begun")], as_json=as_json)


@group.command("add-party")
def add_party_command(
    files: Files, *, folder: Folder = Path(), as_json: AsJson = False, lang: Lang = Language.DUTCH
) -> None:
    """Add parties from their TOML files; signatures that were there must be given again."""
    with telling(as_json=as_json):
        added = [agreements.add_party(folder, path.read_bytes(), source=path.name).id for path in files]
    show({"added": added}, [said(lang, f"{name} toegevoegd", f"added {name}") for name in added], as_json=as_json)


@group.command("add-code-list")
def add_code_list_command(
    files: Files, *, folder: Folder = Path(), as_json: AsJson = False, lang: Lang = Language.DUTCH
) -> None:
    """Add code lists, each a TOML file or the document itself; signatures that were there must be given again."""
    with telling(as_json=as_json):
        found = [agreements.add_code_list(folder, path.read_bytes(), source=path.name) for path in files]
    tree = [{"code_list": each.id, "codes": len(each.items), "digest": digest_of(each)} for each in found]
    lines = [said(lang, f"codelijst {each.id} toegevoegd", f"added code list {each.id}") for each in found]
    show(tree, lines, as_json=as_json)


@group.command("sign")
def sign_command(
    files: Annotated[
        list[Path] | None, typer.Argument(exists=True, dir_okay=False, help="signatures of others")
    ] = None,
    *,
    folder: Folder = Path(),
    as_json: AsJson = False,
    lang: Lang = Language.DUTCH,
) -> None:
    """Sign the covenant as coordinator, and take in the signatures of others."""
    with telling(as_json=as_json):
        covenant = agreements.drafted(folder)
        check_rules(covenant)
        body = covenant.encode()
        write_whole(folder / "covenant" / agreements.COVENANT, body)
        own = sign(body, key=load_identity(folder), purpose=Purpose.COVENANT)
        agreements.keep_signature(folder, PartySignature(signer=covenant.coordinator.id, signature=own))
        for path in files or ():
            agreements.keep_signature(folder, PartySignature.parse(path.read_bytes(), source=path.name))
        signed = [entry.signer for entry in agreements.signed(folder).signatures]
    digest = digest_of(covenant)
    lines = [said(lang, f"ondertekend door {', '.join(signed)}", f"signed by {', '.join(signed)}"), digest]
    show({"digest": digest, "signed": signed}, lines, as_json=as_json)


@group.command("verify")
def verify_command(
    *, folder: Folder = Path(), now: Now = None, as_json: AsJson = False, lang: Lang = Language.DUTCH
) -> None:
    """Check rules and all signatures; what holds is from now on in force."""
    with telling(as_json=as_json):
        signed = agreements.signed(folder)
        check_covenant(signed, on=day(now))
        digest = digest_of(signed.covenant)
        with open_office(folder) as office:
            before = office.store.covenants()
            if digest not in {digest_of(known.covenant) for known in before}:
                if before:
                    check_successor(before[-1].covenant, signed.covenant)
                with office.store.transaction():
                    office.store.keep_geography(agreements.newest_geography(folder))
                    for code_list in agreements.code_lists(folder):
                        office.store.keep_code_list(code_list)
                    office.store.keep_covenant(signed)
                    office.store.log.append(CovenantEntry(covenant_digest=digest).encode())
    lines = [said(lang, f"geldig, door allen ondertekend: {digest}", f"valid, signed by all: {digest}")]
    show({"digest": digest, "valid": True}, lines, as_json=as_json)


@group.command("show")
def show_command(*, folder: Folder = Path(), as_json: AsJson = False, lang: Lang = Language.DUTCH) -> None:
    """Show the covenant in force, or the draft."""
    with telling(as_json=as_json):
        with open_office(folder, read_only=True) as office:
            try:
                covenant, state = office.covenant().covenant, "in-force"
            except NothingAgreed:
                covenant, state = agreements.drafted(folder), "draft"
        rows = [
            (party.id, party.role.value, party.type or "", party.yearly_cap / 10**9, len(party.officers))
            for party in covenant.parties
        ]
        claim = str(guarantee_of(covenant.joint_cap))
    tree = {
        "id": covenant.id,
        "version": covenant.version,
        "digest": digest_of(covenant),
        "state": state,
        "minimum_participants": covenant.minimum_participants,
        "joint": claim,
        "parties": [{"id": row[0], "role": row[1], "type": row[2], "cap_rho": row[3]} for row in rows],
    }
    word = said(lang, {"in-force": "van kracht", "draft": "concept"}[state], state)
    show(tree, [f"{covenant.id} {covenant.version} ({word}) {digest_of(covenant)}", claim], as_json=as_json)
    if not as_json:
        roles = {"coordinator": "coördinator", "witness": "getuige", "partner": "partner"}
        rows = [(row[0], said(lang, roles[row[1]], row[1]), *row[2:]) for row in rows]
        show_table(said(lang, "organisatie rol type grens officieren", "party role type cap officers").split(), rows)
