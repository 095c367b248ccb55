"""Touches the world: `link`: the certificates, the nodes' keys, and the SuperLink that partners' nodes call."""

import os
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from coordinator.cli.telling import AsJson, Folder, Lang, Now, day, said, show, stop_event, tell, telling
from coordinator.config import NAME
from coordinator.flower.certificates import WARN_DAYS
from coordinator.flower.errors import LinkMissing, SuperLinkFailed
from coordinator.flower.folder import (
    FILE_MODE,
    FOLDER,
    PARTIES,
    add_node,
    authority_of,
    certificate_days_left,
    edge_files,
    endings,
    make_link,
    node_keys,
    place_of,
    remove_node,
)
from coordinator.flower.superlink import Place, running_superlink
from coordinator.identity import load_identity
from coordinator.office import open_office, read_config
from coordinator.whole_file import write_whole
from privacy.language import Language
from privacy.randomness import fresh_bytes
from protocol.covenant.covenant import Covenant
from protocol.errors import SamenzichtError
from protocol.words.ids import PartyId

DEFAULT_PORT = 9092
SECRET_BYTES = 32
LOOK_S = 1.0
FOLLOW_S = 15.0  # who is removed is out within a minute, also when one look fails


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="The line to partners' nodes.")
    group.command("init")(init_command)
    group.command("add")(add_command)
    group.command("remove")(remove_command)
    group.command("edge")(edge_command)
    group.command("serve")(serve_command)
    app.add_typer(group, name="link")


def init_command(
    *,
    hosts: Annotated[list[str], typer.Option("--host", help="name or address that partners call; may be repeated")],
    port: Annotated[int, typer.Option("--port", min=1, max=65_535, help="port on 127.0.0.1")] = DEFAULT_PORT,
    folder: Folder = Path(),
    now: Now = None,
    as_json: AsJson = False,
    lang: Lang = Language.DUTCH,
) -> None:
    """Make certificates for the link and sign for them; again, and there are new ones that partners must get."""
    with telling(as_json=as_json):
        config = read_config(folder)
        signed = make_link(folder, tuple(hosts), party=config.party, key=load_identity(folder), today=day(now))
        if config.link_port is None:
            with (folder / NAME).open("a", encoding="utf-8") as file:
                file.write(f"# the SuperLink, on 127.0.0.1 only\nlink_port = {port}\n")
    path, until = folder / FOLDER / "authority.json", signed.link_key.valid_until
    lines = (said(lang, f"geldig tot {until}; geef partners: {path}", f"valid until {until}; give partners: {path}"),)
    show({"authority": str(path), "valid_until": str(until)}, lines, as_json=as_json)


def add_command(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", exists=True, dir_okay=False)],
    *,
    folder: Folder = Path(),
    now: Now = None,
    as_json: AsJson = False,
    lang: Lang = Language.DUTCH,
) -> None:
    """Take in what parties signed for node keys (PARTY.link.json) and certificates (PARTY.edge.json)."""
    with telling(as_json=as_json), open_office(folder, read_only=True) as office:
        covenant = office.covenant().covenant
        added = [add_node(folder, path.read_bytes(), covenant, source=path.name, today=day(now)) for path in files]
    words = [said(lang, f"{party}: bekend", f"{party}: known") for party in added]
    show({"added": added}, words, as_json=as_json)


def remove_command(
    parties: Annotated[list[str], typer.Argument(metavar="PARTY...")],
    *,
    folder: Folder = Path(),
    as_json: AsJson = False,
    lang: Lang = Language.DUTCH,
) -> None:
    """Let parties in no more: a key that was stolen, a partner that left. `link serve` and the edge follow at once."""
    with telling(as_json=as_json):
        read_config(folder)
        for party in parties:
            remove_node(folder, PartyId(party))
    words = [said(lang, f"{party}: niet meer toegelaten", f"{party}: let in no more") for party in parties]
    show({"removed": parties}, words, as_json=as_json)


def edge_command(
    *,
    to: Annotated[Path, typer.Option("--to", file_okay=False, help="folder that the edge reads")],
    folder: Folder = Path(),
    now: Now = None,
    as_json: AsJson = False,
    lang: Lang = Language.DUTCH,
) -> None:
    """Write what the edge reads beside deploy/nginx/nginx.conf: its certificate, and those of all parties."""
    with telling(as_json=as_json), open_office(folder, read_only=True) as office:
        files = edge_files(folder, office.covenant().covenant, today=day(now))
        _write_edge(to, files)
    parties = files[PARTIES].count(b"BEGIN CERTIFICATE")
    lines = [said(lang, f"{parties} partijen; daarna: nginx -s reload", f"{parties} parties; then: nginx -s reload")]
    show({"to": str(to), "parties": parties}, lines, as_json=as_json)


def serve_command(
    *,
    edge: Annotated[
        Path | None, typer.Option("--edge", file_okay=False, help="keep this folder of the edge up to date")
    ] = None,
    folder: Folder = Path(),
    now: Now = None,
    lang: Lang = Language.DUTCH,
) -> None:
    """Run the SuperLink until SIGTERM or Ctrl-C; it listens on 127.0.0.1 only. Who is added or removed, it follows."""
    with telling():
        place = place_of(folder, port_of(folder))
        warn_of_end(certificate_days_left(place, today=day(now)), lang)
        stop = stop_event()
        with running_superlink(place, secret=fresh_bytes(SECRET_BYTES)) as process:
            _agree(folder, place, day(now), edge, lang)
            followed_s = time.monotonic()
            tell(said(lang, f"luistert op {place.address}", f"listens on {place.address} (process {process.pid})"))
            while not stop.wait(LOOK_S):
                if process.poll() is not None:
                    raise SuperLinkFailed(
                        got="a SuperLink that ended by itself",
                        wanted="one that runs until it is stopped",
                        act="the operator must look at its log and start it again",
                    )
                if time.monotonic() - followed_s >= FOLLOW_S:
                    _follow(folder, place, day(now), edge, lang)
                    followed_s = time.monotonic()
        tell(said(lang, "gestopt", f"stopped ({os.getpid()})"))


def _follow(folder: Path, place: Place, today: date, edge: Path | None, lang: Language) -> None:
    """Follow what was added, removed or ended; what cannot be done now is told, and done the next time."""
    try:
        _agree(folder, place, today, edge, lang)
    except SamenzichtError as error:
        tell(f"{error.code}: {error}")


def _agree(folder: Path, place: Place, today: date, edge: Path | None, lang: Language) -> None:
    """Let the SuperLink, and the edge's folder, know exactly the keys that parties signed for and that hold today."""
    from coordinator.flower.run import agree_nodes  # noqa: PLC0415 - Flower takes seconds to import

    with open_office(folder, read_only=True) as office:
        covenant = office.covenant().covenant
        nodes = node_keys(folder, covenant, today=today)
        files = {} if edge is None else edge_files(folder, covenant, today=today)
    if edge is not None and _write_edge(edge, files):
        tell(said(lang, f"nieuw in {edge}: nginx -s reload", f"new in {edge}: nginx -s reload"))
    agree_nodes(place, authority_of(place), nodes)


def _write_edge(to: Path, files: Mapping[str, bytes]) -> bool:
    """Write what differs; tell whether anything did. The parties come last: on them the edge is told to look again."""
    new = [name for name, body in files.items() if not (to / name).is_file() or (to / name).read_bytes() != body]
    for name in sorted(new, key=lambda each: each == PARTIES):
        write_whole(to / name, files[name], mode=FILE_MODE)
    return bool(new)


def warn_of_parties(folder: Path, covenant: Covenant, lang: Language, *, today: date) -> None:
    """Warn before what a partner signed for ends, and when it has ended: its node is then let in no more."""
    for name, days in endings(folder, covenant, today=today).items():
        if days <= max(WARN_DAYS):
            tell(
                said(
                    lang,
                    f"let op: {name} geldt nog {days} dagen; vraag de partner: samenzicht-node keys PARTIJ --renew",
                    f"warning: {name} holds for {days} more days; ask the partner: samenzicht-node keys PARTY --renew",
                )
            )


def port_of(folder: Path) -> int:
    """Return the port of the link.

    Raises: LinkMissing, WrongConfig, NotAnOffice.
    """
    port = read_config(folder).link_port
    if port is None:
        raise LinkMissing(
            got=f"no link_port in {NAME}",
            wanted="the port of the SuperLink",
            act="the operator must set up the link",
            hint="samenzicht-coordinator link init --host NAME",
        )
    return port


def warn_of_end(days: int, lang: Language) -> None:
    """Warn before a certificate ends."""
    if days <= max(WARN_DAYS):
        step = min(step for step in WARN_DAYS if days <= step)
        tell(
            said(
                lang,
                f"let op: het certificaat geldt nog {days} dagen (grens {step}); samenzicht-coordinator link init",
                f"warning: the certificate holds for {days} more days (limit {step}); samenzicht-coordinator link init",
            )
        )
