"""Touches the world: `keys`: a party makes its own keys, and the public file that goes into the covenant."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from partner_node.cli.files import write_new
from partner_node.cli.telling import AsJson, Lang, door, today
from partner_node.config import read_bytes
from partner_node.flower.client_certificate import make_client_certificate, signed_client_certificate
from partner_node.flower.node_key import make_node_key, signed_node_key
from partner_node.keystore import (
    Keys,
    check_officer_place,
    load_keys,
    load_officer_key,
    make_keys,
    make_next,
    make_officer_key,
)
from privacy.randomness import fresh_source
from protocol.covenant.party import MAX_OFFICERS, Officer
from protocol.covenant.public_keys import PublicKeys
from protocol.signing import public_key
from protocol.words.ids import ApprovalKey, Line, OfficerId, PartyId

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command("keys")
def keys_command(
    party: Annotated[str, typer.Argument(help="id of your organisation, as in the covenant")],
    *,
    folder: Annotated[Path, typer.Option("--dir", help="folder for the keys")] = Path("keys"),
    officers: Annotated[Path, typer.Option("--officers", help="folder for officers' keys")] = Path("officers"),
    officer: Annotated[list[str], typer.Option("--officer", metavar="ID=NAME", help="a named officer")] = [],  # noqa: B006 - typer copies it
    add: Annotated[
        list[str], typer.Option("--add-officer", metavar="ID=NAME", help="make a key for one officer more, only that")
    ] = [],  # noqa: B006 - idem
    out: Annotated[Path | None, typer.Option("--out", help="the public file; else PARTY.public.json")] = None,
    show: Annotated[bool, typer.Option("--show", help="make nothing; write the public file again")] = False,
    renew: Annotated[
        bool, typer.Option("--renew", help="new keys for masks and for the line, for the next version of the covenant")
    ] = False,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Make your keys and write the public file."""
    named, more = _named(officer), _named(add)
    _check(party, {**named, **more})
    with door(lang, as_json=as_json) as teller:
        path = out or Path(f"{party}.public.json")
        there = show or renew or bool(more)
        for name in more if there else named:
            # Before any key is made: else the command could not be run again.
            check_officer_place(officers / f"{name}.key")
        keys = _keys(folder, show=there, renew=renew)
        former = _former_officers(path, PartyId(party), keys, needed=bool(more)) if there and not named else ()
        kept = tuple(each for each in former if each.id not in more)
        if len(kept) + len(more) > MAX_OFFICERS:
            raise typer.BadParameter(f"no more than {MAX_OFFICERS} officers", param_hint="--add-officer")
        own = []
        for name, person in sorted({**named, **more}.items()):
            place = officers / f"{name}.key"
            known = there and name not in more
            key = load_officer_key(place) if known else make_officer_key(place, fresh_source())
            own.append(Officer(id=OfficerId(name), name=Line(person), key=ApprovalKey(public_key(key))))
            teller.tell("keys-officer", officer=name, file=place)
        public = _public(party, keys, (*kept, *own))
        write_new(path, public.encode(), again=there)
        sent = [path, path.with_name(f"{party}.link.json"), path.with_name(f"{party}.edge.json")]
        link = signed_node_key(make_node_key(folder, again=renew), PartyId(party), keys.identity, today=today())
        write_new(sent[1], link.encode(), again=there)
        certificate = make_client_certificate(folder, PartyId(party), today=today(), again=renew)
        shown = signed_client_certificate(certificate, PartyId(party), keys.identity)
        write_new(sent[2], shown.encode(), again=there)
        if renew:
            teller.tell("keys-next")
        if not there:
            teller.tell("keys-made", folder=folder)
            teller.tell("keys-safe", folder=folder, public=", ".join(map(str, sent)))
        teller.result(public.model_dump(mode="json"), [teller.say("keys-public", public=path)])


def _named(entries: list[str]) -> dict[str, str]:
    """Return the names by id of ID=NAME."""
    return {entry.partition("=")[0]: entry.partition("=")[2] for entry in entries}


def _keys(folder: Path, *, show: bool, renew: bool) -> Keys:
    if renew:
        return make_next(folder, fresh_source())
    return load_keys(folder) if show else make_keys(folder, fresh_source())


def _check(party: str, named: dict[str, str]) -> None:
    """Refuse ids and names that no covenant takes, before any key is made for them."""
    nobody = "0" * 64
    people = [{"id": name, "name": person, "key": nobody} for name, person in named.items()]
    tree = {"party": party, "identity_key": nobody, "agreement_key": nobody}
    try:
        officers = tuple(Officer.model_validate(person) for person in people)
    except ValueError:
        raise typer.BadParameter("write ID=NAME, the id in small letters", param_hint="--officer") from None
    try:
        PublicKeys.model_validate({**tree, "officers": officers})
    except ValueError:
        raise typer.BadParameter("small letters, digits and hyphens", param_hint="PARTY") from None


def _former_officers(path: Path, party: PartyId, keys: Keys, *, needed: bool) -> tuple[Officer, ...]:
    """Return the officers of the public file that will be replaced, where that is of the same party and identity.

    needed: whether there must be such a file; else an added officer would be the only one.
    """
    if not (needed or path.exists()):
        return ()
    former = PublicKeys.parse(read_bytes(path), source=path.name)
    if (former.party, former.identity_key) == (party, keys.public[0]):
        return former.officers
    if needed:
        raise typer.BadParameter(f"{path.name} is of other keys; --out FILE names the right one")
    return ()


def _public(party: str, keys: Keys, officers: Iterable[Officer]) -> PublicKeys:
    identity, agreement = keys.public
    tree = {"party": party, "identity_key": identity, "agreement_key": agreement}
    return PublicKeys.model_validate({**tree, "officers": tuple(sorted(officers, key=lambda each: each.id))})
