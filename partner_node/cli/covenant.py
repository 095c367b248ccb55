"""Touches the world: `covenant show` and `covenant sign`: a party reads what it agrees to, and signs it."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from partner_node.cli.files import write_new
from partner_node.cli.telling import AsJson, Lang, Teller, Yes, aligned, door
from partner_node.cli.words import heads
from partner_node.config import read_bytes
from partner_node.keystore import load_keys_for
from partner_node.policy import check_own_keys
from protocol.cost import NANO, NanoRho
from protocol.covenant.covenant import Covenant
from protocol.covenant.party import Party
from protocol.covenant.rules import check_rules
from protocol.covenant.signed import PartySignature, SignedCovenant
from protocol.digest import digest_of
from protocol.errors import SignatureRefusal, WireRefusal
from protocol.signing import Purpose, sign, verify
from protocol.words.ids import PartyId

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
CovenantFile = Annotated[Path, typer.Argument(help="the covenant, signed or not, from the coordinator")]


@app.callback()
def _about() -> None:
    """Read and sign the covenant."""


@app.command("show")
def show_command(file: CovenantFile, *, as_json: AsJson = False, lang: Lang = None) -> None:
    """Show a covenant: parties, caps, purposes, and who signed."""
    with door(lang, as_json=as_json) as teller:
        signed = read_covenant(file)
        teller.result(_tree(signed), _lines(signed, teller))


@app.command("sign")
def sign_command(
    file: CovenantFile,
    *,
    party: Annotated[str, typer.Option("--party", help="id of your organisation")],
    folder: Annotated[Path, typer.Option("--dir", help="folder with your keys")] = Path("keys"),
    out: Annotated[Path | None, typer.Option("--out", help="your signature; else PARTY.signature.json")] = None,
    yes: Yes = False,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Sign a covenant, after you read it."""
    with door(lang, as_json=as_json) as teller:
        signed = read_covenant(file)
        covenant, name = signed.covenant, PartyId(party)
        check_rules(covenant)
        keys = load_keys_for(folder, covenant.party(name).agreement_key)
        check_own_keys(covenant, name, keys)
        if not yes:
            for line in _lines(signed, teller):
                typer.echo(line, err=True)
        teller.confirm("covenant-ask", yes=yes, party=name)
        signature = sign(covenant.encode(), key=keys.identity, purpose=Purpose.COVENANT)
        path = out or Path(f"{name}.signature.json")
        write_new(path, PartySignature(signer=name, signature=signature).encode())
        teller.tell("covenant-send")
        digest = digest_of(covenant)
        lines = [
            teller.say("covenant-signed", party=name, file=path),
            teller.say("covenant-digest", digest=digest),
        ]
        teller.result({"party": name, "file": str(path), "covenant_digest": digest}, lines)


def read_covenant(path: Path) -> SignedCovenant:
    """Return a covenant that is signed by all, by some or by nobody.

    Raises: ConfigMissing, and what parsing raises.
    """
    body = read_bytes(path)
    try:
        return SignedCovenant.parse(body, source=path.name)
    except WireRefusal:
        if b'"kind":"signed-covenant"' in body:
            raise
    return SignedCovenant(covenant=Covenant.parse(body, source=path.name), signatures=())


def _holds(signed: SignedCovenant, party: PartyId) -> bool:
    body, key = signed.covenant.encode(), signed.covenant.party(party).identity_key
    for entry in signed.signatures:
        if entry.signer == party:
            try:
                verify(entry.signature, body, key=key, purpose=Purpose.COVENANT, signer=party)
            except SignatureRefusal:
                return False
            return True
    return False


def _tree(signed: SignedCovenant) -> dict[str, object]:
    covenant = signed.covenant
    return {
        "covenant": covenant.model_dump(mode="json"),
        "digest": digest_of(covenant),
        "signed": [party.id for party in covenant.parties if _holds(signed, party.id)],
    }


def _lines(signed: SignedCovenant, teller: Teller) -> list[str]:
    covenant = signed.covenant
    rows = [heads("covenant-head", teller.language)]
    for party in covenant.parties:
        done = teller.say("yes" if _holds(signed, party.id) else "no")
        rows.append((party.id, teller.say(f"role-{party.role}"), _rho(party.yearly_cap), done))
    return [
        teller.say("covenant-title", id=covenant.id, version=covenant.version),
        teller.say("covenant-digest", digest=digest_of(covenant)),
        teller.say("covenant-valid", first=covenant.valid_from, last=covenant.valid_until),
        teller.say("covenant-unit", unit=teller.say(f"unit-{covenant.unit}")),
        teller.say(
            "covenant-caps",
            joint=_rho(covenant.joint_cap),
            colluders=covenant.colluders,
            least=covenant.minimum_participants,
        ),
        *aligned(rows),
        *(line for party in covenant.parties for line in _why(party, teller)),
    ]


def _why(party: Party, teller: Teller) -> Iterator[str]:
    """Return what a party takes part for, and what allows it to."""
    yield ""
    yield f"{party.id}: {party.name}"
    yield teller.say("covenant-purpose", purpose=party.purpose)
    yield teller.say("covenant-ground", ground=party.legal_ground)
    if party.wpg_permission is not None:
        wpg = party.wpg_permission
        yield teller.say("covenant-wpg", issuer=wpg.issuer, issued_on=wpg.issued_on, scope=wpg.scope)


def _rho(cost: NanoRho) -> str:
    return f"{(Decimal(cost) / NANO).normalize():f}"
