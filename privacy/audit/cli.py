"""Touches the world: `samenzicht-audit`, the officer's command. `verify` reads one folder, and no network or database.

stdout: the verdict. stderr: the story. Exit codes: 0 holds, 1 refused, 2 usage, 3 fault.
"""

import json
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from privacy.audit.report import Outcome
from privacy.audit.verify import verify
from privacy.audit.watch_words import entry_line, progress
from privacy.audit.words import files_read, json_of, line_of, verdict_of
from privacy.errors import AuditRefusal
from privacy.language import Language
from protocol.bundle import MAX_BUNDLE_BYTES, MAX_FILE_BYTES, MAX_FILES
from protocol.errors import Fault, SamenzichtError, lines_of, tree_of
from protocol.unforeseen import failure_of
from protocol.words.ids import Digest

PROGRAM = "samenzicht-audit"
_STYLES = {Outcome.FAILED: "bold red", Outcome.NOT_CHECKED: "yellow", Outcome.PASSED: "green", Outcome.STATED: "cyan"}

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


_Pin = Annotated[
    str | None, typer.Option("--covenant-digest", metavar="HEX", help="SHA-256 of the covenant you signed")
]
_Lang = Annotated[Language, typer.Option("--lang", envvar="SAMENZICHT_LANG", help="language")]


class NotABundle(AuditRefusal):
    """A folder with links, or with more or larger files than a bundle may have."""


class UnreadableBundle(Fault):
    """A file of the bundle that the system does not let this program read."""


@app.callback()
def _about() -> None:
    """Check what the coordinator published, without trusting anybody."""


@app.command("verify")
def verify_command(
    bundle: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="folder with the bundle")],
    *,
    covenant_digest: _Pin = None,
    as_json: Annotated[bool, typer.Option("--json", help="the report as JSON on stdout")] = False,
    lang: _Lang = Language.DUTCH,
) -> None:
    """Check a bundle: signatures, roots, sums, and one opening of each round."""
    pinned = _pinned(covenant_digest)
    story = Console(stderr=True, highlight=False, soft_wrap=True)
    with _telling(story, as_json=as_json):
        files = read_files(bundle)
        story.print(Text(files_read(len(files), sum(map(len, files.values())), lang)))
        report = verify(files, covenant_digest=pinned)
    if as_json:
        typer.echo(json_of(report, lang))
    else:
        result = Console(file=sys.stdout, highlight=False, soft_wrap=True)
        for step in report.steps:
            result.print(Text(line_of(step, lang), style=_STYLES[step.outcome]))
        result.print(Text(verdict_of(report, lang), style="bold"))
    raise typer.Exit(0 if report.holds else 1)


@app.command("watch")
def watch_command(
    folder: Annotated[Path, typer.Argument(file_okay=False, help="folder for your own copy of the log")],
    *,
    address: Annotated[str, typer.Option("--address", metavar="HOST:PORT", help="of the coordinator's feed")],
    covenant: Annotated[Path, typer.Option("--covenant", exists=True, dir_okay=False, help="as all signed it")],
    authority: Annotated[Path, typer.Option("--authority", exists=True, dir_okay=False, help="authority.json")],
    certificate: Annotated[Path, typer.Option("--certificate", exists=True, dir_okay=False, help="your edge.pem")],
    covenant_digest: _Pin = None,
    once: Annotated[bool, typer.Option("--once", help="stop when everything there is now was seen")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="each entry as a line of JSON on stdout")] = False,
    lang: _Lang = Language.DUTCH,
) -> None:
    """Follow the coordinator's log as it grows, and keep your own copy: it may never lose or change an entry."""
    pinned = _pinned(covenant_digest)
    from privacy.audit.watch import FeedLost, Watch, read_covenant, read_line  # noqa: PLC0415 - gRPC, for this command only

    story = Console(stderr=True, highlight=False, soft_wrap=True)

    def told(entries: tuple[str, ...]) -> None:
        for entry in entries:
            typer.echo(entry if as_json else entry_line(entry, lang))
        story.print(Text(progress(watch.log.size, len(entries), lang)))

    def waits(lost: FeedLost) -> None:
        _tell(story, lost)

    with _telling(story):
        agreed = read_covenant(covenant, pinned)
        line = read_line(address, authority, certificate, agreed)
        watch = Watch.at(folder, agreed)
        watch.told, watch.waits = told, waits
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: watch.end())
        watch.follow(line, once=once)


def read_files(folder: Path) -> dict[str, bytes]:
    """Return every file under a folder by its name in the bundle; links are refused, not followed.

    Raises: NotABundle, UnreadableBundle.
    """
    files: dict[str, bytes] = {}
    left = MAX_BUNDLE_BYTES
    try:
        for path in _files_under(folder):
            size = path.stat().st_size
            left -= size
            if size > MAX_FILE_BYTES or left < 0 or len(files) > MAX_FILES:
                raise _not_a_bundle("more or larger files than a bundle may have")
            with path.open("rb") as file:
                # One byte more than was there shows a file that grows while it is read; the index refuses it then.
                files[path.relative_to(folder).as_posix()] = file.read(size + 1)
    except OSError as error:
        raise UnreadableBundle(
            got=f"a file that cannot be read ({error.strerror})",
            wanted="a folder that this account may read",
            act="whoever copied the bundle must give read access",
        ) from error
    return files


def main() -> None:
    """Run the command."""
    app(prog_name=PROGRAM)


def _pinned(digest: str | None) -> Digest | None:
    if digest is not None and re.fullmatch(r"[0-9a-f]{64}", digest) is None:
        raise typer.BadParameter("64 digits 0-9 a-f", param_hint="--covenant-digest")
    return None if digest is None else Digest(digest)


@contextmanager
def _telling(story: Console, *, as_json: bool = False) -> Iterator[None]:
    """Tell what goes wrong, never by a traceback, and leave with its exit code. as_json: and as JSON on stdout."""
    try:
        yield
    except (typer.Exit, BrokenPipeError):
        raise
    except Exception as error:  # noqa: BLE001 - the last stop before a traceback
        failed = failure_of(error, who="the FG")
        _tell(story, failed)
        if as_json:
            typer.echo(json.dumps(tree_of(failed), ensure_ascii=False, indent=2))
        raise typer.Exit(failed.exit_code) from None


def _tell(story: Console, error: SamenzichtError) -> None:
    for line in lines_of(error, PROGRAM):
        story.print(Text(line))


def _files_under(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_symlink():
            raise _not_a_bundle("a link")
        if path.is_dir():
            yield from _files_under(path)
        elif path.is_file():
            yield path
        else:
            raise _not_a_bundle("something that is no file")


def _not_a_bundle(got: str) -> NotABundle:
    return NotABundle(got=got, wanted=f"a folder of at most {MAX_FILES} plain files")


if __name__ == "__main__":
    main()
