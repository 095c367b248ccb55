"""Touches the world: `link`: the certificates, the nodes' keys, and the SuperLink that partners' nodes call."""

import os
import signal
import threading
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from coordinator.cli.telling import AsJson, Folder, Lang, Now, day, said, show, tell, telling
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
    make_link,
    node_keys,
    place_of,
)
from coordinator.flower.superlink import Place, running_superlink
from coordinator.identity import load_identity
from coordinator.office import open_office, read_config
from coordinator.whole_file import write_whole
from privacy.language import Language
from privacy.randomness import fresh_bytes

DEFAULT_PORT = 9092
SECRET_BYTES = 32
LOOK_S = 1.0


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="The line to partners' nodes.")
    group.command("init")(init_command)
    group.command("add")(add_command)
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
    with telling():
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
    with telling(), open_office(folder, read_only=True) as office:
        covenant = office.covenant().covenant
        added = [add_node(folder, path.read_bytes(), covenant, source=path.name, today=day(now)) for path in files]
    words = [said(lang, f"{party}: bekend", f"{party}: known") for party in added]
    show({"added": added}, words, as_json=as_json)


def edge_command(
    *,
    to: Annotated[Path, typer.Option("--to", file_okay=False, help="folder that the edge reads")],
    folder: Folder = Path(),
    now: Now = None,
    as_json: AsJson = False,
    lang: Lang = Language.DUTCH,
) -> None:
    """Write what the edge reads beside deploy/nginx/nginx.conf: its certificate, and those of all parties."""
    with telling(), open_office(folder, read_only=True) as office:
        files = edge_files(folder, office.covenant().covenant, today=day(now))
    for name, body in files.items():
        write_whole(to / name, body, mode=FILE_MODE)
    parties = files[PARTIES].count(b"BEGIN CERTIFICATE")
    lines = [said(lang, f"{parties} partijen; daarna: nginx -s reload", f"{parties} parties; then: nginx -s reload")]
    show({"to": str(to), "parties": parties}, lines, as_json=as_json)


def serve_command(*, folder: Folder = Path(), now: Now = None, lang: Lang = Language.DUTCH) -> None:
    """Run the SuperLink until SIGTERM or Ctrl-C; it listens on 127.0.0.1 only."""
    with telling():
        place = place_of(folder, port_of(folder))
        warn_of_end(certificate_days_left(place, today=day(now)), lang)
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        with running_superlink(place, secret=fresh_bytes(SECRET_BYTES)) as process:
            _let_in(folder, place, day(now))
            tell(said(lang, f"luistert op {place.address}", f"listens on {place.address} (process {process.pid})"))
            while not stop.wait(LOOK_S):
                if process.poll() is not None:
                    raise SuperLinkFailed(
                        got="a SuperLink that ended by itself",
                        wanted="one that runs until it is stopped",
                        act="the operator must look at its log and start it again",
                    )
        tell(said(lang, "gestopt", f"stopped ({os.getpid()})"))


def _let_in(folder: Path, place: Place, today: date) -> None:
    """Let the SuperLink know the keys that parties signed for, so that their nodes need not wait for a round."""
    from coordinator.flower.run import register_nodes  # noqa: PLC0415 - Flower takes seconds to import

    with open_office(folder, read_only=True) as office:
        nodes = node_keys(folder, office.covenant().covenant, today=today)
    register_nodes(place, authority_of(place), nodes)


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
