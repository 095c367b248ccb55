"""Touches the world: `feed`: the coordinator's log for whoever the covenant names, as it grows."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coordinator.cli.telling import Folder, Lang, Now, day, said, stop_event, tell, telling
from coordinator.flower.folder import edge_files
from coordinator.office import open_office
from privacy.language import Language
from protocol.errors import SamenzichtError
from protocol.round.witness import signed_head

if TYPE_CHECKING:
    from coordinator.feed import Head

HOST, PORT = "127.0.0.1", 9093


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("feed")(feed_command)


def feed_command(
    *,
    host: Annotated[str, typer.Option("--host", help="address to listen on")] = HOST,
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="0 takes a free one")] = PORT,
    folder: Folder = Path(),
    now: Now = None,
    lang: Lang = Language.DUTCH,
) -> None:
    """Show the log, as it grows, to privacy officers and witnesses (`samenzicht-audit watch`), until Ctrl-C."""
    with telling():
        from coordinator.feed import GRACE_S, LOOK_S, Certificates, Feed, start_feed  # noqa: PLC0415 - gRPC, for this only

        head, files = _look(folder, now)
        feed, certificates = Feed(head), Certificates(files)
        stop = stop_event()
        server, found = start_feed(feed, f"{host}:{port}", certificates)
        tell(said(lang, f"het logboek staat op {host}:{found}", f"the log is on {host}:{found}"))
        while not stop.wait(LOOK_S):
            try:
                head, certificates.files = _look(folder, now, shown=head)
            except SamenzichtError as error:  # told, and looked at again: followers keep what was shown
                tell(f"{error.code}: {error}")
            feed.show(head)
        feed.end()
        server.stop(GRACE_S).wait()
        tell(said(lang, "gestopt", "stopped"))


def _look(folder: Path, now: datetime | None, shown: "Head | None" = None) -> "tuple[Head, Mapping[str, bytes]]":
    """Return the log as it is, signed when it is not as shown, and who is let in."""
    from coordinator.feed import Head  # noqa: PLC0415 - idem

    with open_office(folder, read_only=True) as office:
        files = edge_files(folder, office.covenant().covenant, today=day(now))
        log = office.store.log
        if shown is not None and log.size == len(shown.leaves):
            return shown, files
        member = office.member()
        return Head(log.leaves(), signed_head(log, member.covenant, member.id, member.key)), files
