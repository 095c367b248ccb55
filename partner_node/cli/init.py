"""Touches the world: `init`: a node's configuration, its vault, and the mapping from the partner's own header.

The folder is as docs/operating-a-partner.md says. The covenant is pinned by its digest only after the signature of this
very party in it was verified with the keys that stand here.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from click import Choice

from partner_node.cli.files import write_new
from partner_node.cli.telling import NODE_FILE, AsJson, Lang, NodeFile, Teller, Yes, door, now_s, today
from partner_node.config import VAULT_FILE, Config, load_config, load_covenant, read_bytes, read_text
from partner_node.delivered import delivered_in, open_sources
from partner_node.delivery.mapping import MissingFile, mapped_keys, parse_mapping, shown
from partner_node.delivery.suggest import (
    MappedRecord,
    exact_columns,
    likely_record,
    mapping_text,
    pattern_of,
    possible_routes,
)
from partner_node.errors import PolicyRefusal
from partner_node.keystore import Keys, load_keys, load_keys_for, take_next
from partner_node.node import load_mapping, looking_at, profile_of
from partner_node.policy import check_own_keys
from partner_node.profiles.catalogue import PROFILES
from partner_node.profiles.profile import Profile, RecordType, Route
from partner_node.vault.decisions import keep_covenant
from partner_node.vault.keyed_by import check_keyed_by
from partner_node.vault.vault import Owner, make_vault, open_vault
from privacy.language import Language
from protocol.covenant.signed import SignedCovenant, check_covenant
from protocol.digest import digest_of
from protocol.words.ids import PartyId

MAPPING_FILE = "mapping.toml"

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


class NotTheNext(PolicyRefusal):
    """A covenant to pin that does not follow the one that is pinned."""


@app.command("init")
def init_command(
    *,
    party: Annotated[str, typer.Option("--party", help="id of your organisation")],
    profile: Annotated[str | None, typer.Option("--profile", help="kind of partner; none for a witness")] = None,
    route: Annotated[Route | None, typer.Option("--route", help="how a household is known")] = None,
    language: Annotated[Language, typer.Option("--language", help="language of this node")] = Language.DUTCH,
    remap: Annotated[bool, typer.Option("--remap", help="make only the mapping anew")] = False,
    repin: Annotated[bool, typer.Option("--repin", help="pin only the next version of the covenant")] = False,
    node: NodeFile = NODE_FILE,
    yes: Yes = False,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Set up this node: the configuration, the vault, and which of your columns is which."""
    if profile is not None and profile not in PROFILES:
        raise typer.BadParameter(", ".join(PROFILES), param_hint="--profile")
    with door(lang or language, as_json=as_json) as teller:
        if remap:
            _remap(teller, node, PROFILES.get(profile or ""), route, yes=yes)
        elif repin:
            _repin(teller, node)
        else:
            _set_up(teller, node, PartyId(party), PROFILES.get(profile or ""), route=route, language=language, yes=yes)


def _set_up(
    teller: Teller,
    node: Path,
    party: PartyId,
    profile: Profile | None,
    *,
    route: Route | None,
    language: Language,
    yes: bool,
) -> None:
    folder = node.parent
    keys = load_keys(folder / "keys")
    covenant = _signed_by(folder / "agreement" / "covenant.json", party, keys)
    text = _node_text(party, language, covenant, folder, has_data=profile is not None)
    if profile is not None:
        write_new(folder / MAPPING_FILE, _ask_mapping(teller, profile, folder, route, yes=yes).encode())
    write_new(node, text.encode())
    vault = folder / "vault" / VAULT_FILE
    if not vault.exists():
        owner = Owner(covenant.covenant.id, party, keys.node_secret)
        make_vault(vault, owner)
        _log_pin(vault, owner, covenant)
        teller.tell("init-vault", vault=vault)
    teller.tell("init-next")
    tree = {"node": str(node), "covenant_digest": digest_of(covenant.covenant), "vault": str(vault)}
    teller.result(tree, [teller.say("init-done", node=node, mapping=MAPPING_FILE if profile else "-")])


def _remap(teller: Teller, node: Path, profile: Profile | None, route: Route | None, *, yes: bool) -> None:
    """Make only the mapping anew: a column got another name, or another file came."""
    config = load_config(node)
    profile = profile or profile_of(load_mapping(config))
    mapping = _ask_mapping(teller, profile, node.parent, route, yes=yes)
    _check_units(config, mapped_keys(parse_mapping(mapping), profile))
    write_new(config.place(config.settings.mapping or MAPPING_FILE), mapping.encode(), again=True)
    teller.result({"mapping": MAPPING_FILE}, [teller.say("init-mapped", mapping=MAPPING_FILE)])


def _check_units(config: Config, keyed_by: str) -> None:
    """Refuse a mapping that would give the units of this year other keys, before it is written.

    Raises: OtherUnitKeys, and what opening the vault raises.
    """
    settings = config.settings
    owner = Owner(load_covenant(config).covenant.id, settings.party, load_keys(config.place(settings.keys)).node_secret)
    with looking_at(config.vault_path, owner) as vault:
        check_keyed_by(vault.connection, today().year, keyed_by)


def _repin(teller: Teller, node: Path) -> None:
    """Pin the next version of the covenant; log, book and slots go on.

    Raises: NotTheNext, and what `_signed_by` raises.
    """
    config = load_config(node)
    folder, path = config.place(config.settings.keys), config.place(config.settings.covenant)
    named = load_covenant(config).covenant.party(config.settings.party).agreement_key
    keys = load_keys_for(folder, named)
    signed = _signed_by(path, config.settings.party, keys)
    pin, new = config.settings.covenant_digest, digest_of(signed.covenant)
    if new != pin:
        if signed.covenant.previous != pin:
            raise NotTheNext(
                got=f"covenant {signed.covenant.id} version {signed.covenant.version}",
                wanted="the version that follows the one in node.toml",
                act="the coordinator must send the versions in their order",
            )
        # Logged before it is pinned: a crash between the two logs it twice, which says nothing wrong.
        _log_pin(config.vault_path, Owner(signed.covenant.id, config.settings.party, keys.node_secret), signed)
        write_new(node, read_text(node).replace(pin, new).encode(), again=True)
    if take_next(folder, named):  # after it is pinned, and again after a crash before this line
        teller.tell("init-key-gone")
    teller.result({"covenant_digest": new}, [teller.say("covenant-digest", digest=new)])


def _signed_by(path: Path, party: PartyId, keys: Keys) -> SignedCovenant:
    """Return the covenant that this party signed, with all other signatures.

    Raises: ConfigMissing, ForeignKeys, and what `check_covenant` raises.
    """
    signed = SignedCovenant.parse(read_bytes(path), source=path.name)
    check_covenant(signed, on=max(today(), signed.covenant.valid_from))  # it may be set up before it begins
    check_own_keys(signed.covenant, party, keys)
    return signed


def _log_pin(path: Path, owner: Owner, covenant: SignedCovenant) -> None:
    vault = open_vault(path, owner)
    try:
        keep_covenant(vault, digest_of(covenant.covenant), now_s=now_s())
    finally:
        vault.close()


def _node_text(party: str, language: Language, signed: SignedCovenant, folder: Path, *, has_data: bool) -> str:
    places = sorted((folder / "agreement" / "code-lists").glob("*.json"))
    lists = [f'"agreement/code-lists/{path.name}"' for path in places]
    lines = [
        "format = 1",
        f'party = "{party}"',
        f'language = "{language}"',
        'covenant = "agreement/covenant.json"',
        f'covenant_digest = "{digest_of(signed.covenant)}"',
        'geography = "agreement/geography.json"',
        f"code_lists = [{', '.join(lists)}]",
        'studies = "agreement/studies"',
        'own_register = "register.toml"',
        'keys = "keys"',
        'officers = "officers"',
        'vault = "vault"',
        'deliveries = "deliveries"',
    ]
    if has_data:
        lines.append(f'mapping = "{MAPPING_FILE}"')
    area_table = folder / "agreement" / "postcodes.csv"
    if area_table.exists():
        lines.append('area_table = "agreement/postcodes.csv"')
    return "\n".join(lines) + "\n"


def _ask_mapping(teller: Teller, profile: Profile, folder: Path, route: Route | None, *, yes: bool) -> str:
    sources = open_sources(delivered_in(folder / "deliveries"))
    if not sources:
        raise MissingFile(
            got="no file in deliveries",
            wanted="an export, of which `init` reads the header",
            act="the partner's IT must put it there",
        )
    records: dict[str, MappedRecord] = {}
    for source in sources:
        record = likely_record(profile, source.name, source.columns)
        if not yes:
            names = [each.id for each in profile.records]
            asked = teller.say("init-ask-record", file=shown(source.name))
            name = typer.prompt(asked, default=record.id, type=Choice(names), err=True)
            record = profile.record(name)
        teller.tell("init-record", file=shown(source.name), record=record.id)
        if record.id not in records:
            columns = exact_columns(record, source.columns)
            if not yes:
                columns = _ask_columns(teller, record, source.columns, shown(source.name))
            records[record.id] = MappedRecord(record, pattern_of(source.name), columns)
    chosen = tuple(records.values())
    possible = possible_routes(profile, chosen) or profile.routes
    if route is None and not yes and len(possible) > 1:
        answer = typer.prompt(
            teller.say("init-ask-route"),
            default=possible[0].value,
            type=Choice([each.value for each in possible]),
            err=True,
        )
        route = Route(answer)
    return mapping_text(profile, route or possible[0], chosen)


def _ask_columns(teller: Teller, record: RecordType, headers: Sequence[str], file: str) -> dict[str, str]:
    teller.tell("init-columns", file=file, columns=", ".join(shown(header) for header in headers))
    columns: dict[str, str] = {}
    for column in record.columns:
        known = column.header if column.header in headers else ""
        while True:
            question = teller.say("init-ask-column", column=column.name, description=column.description_nl)
            answer = typer.prompt(question, default=known, show_default=bool(known), err=True).strip()
            if not answer or answer in headers:
                break
            teller.tell("init-no-column")
        if answer:
            columns[column.name] = answer
    return columns
