"""Touches the world: `samenzicht-audit`, the officer's command. It reads one folder, and no network or database.

stdout: the verdict. stderr: the story. Exit codes: 0 holds, 1 refused, 2 usage, 3 fault.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from privacy.audit.report import Outcome
from privacy.audit.verify import verify
from privacy.audit.words import json_of, line_of, verdict_of
from privacy.errors import AuditRefusal
from privacy.language import Language
from protocol.bundle import MAX_BUNDLE_BYTES, MAX_FILE_BYTES, MAX_FILES
from protocol.errors import Fault, SamenzichtError, lines_of
from protocol.words.ids import Digest

PROGRAM = "samenzicht-audit"
_STYLES = {Outcome.FAILED: "bold red", Outcome.NOT_CHECKED: "yellow", Outcome.PASSED: "green", Outcome.STATED: "cyan"}

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


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
    covenant_digest: Annotated[
        str | None, typer.Option("--covenant-digest", metavar="HEX", help="SHA-256 of the covenant you signed")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="the report as JSON on stdout")] = False,
    lang: Annotated[Language, typer.Option("--lang", envvar="SAMENZICHT_LANG", help="language")] = Language.DUTCH,
) -> None:
    """Check a bundle: signatures, roots, sums, and one opening of each round."""
    if covenant_digest is not None and re.fullmatch(r"[0-9a-f]{64}", covenant_digest) is None:
        raise typer.BadParameter("64 digits 0-9 a-f", param_hint="--covenant-digest")
    story = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        files = read_files(bundle)
    except SamenzichtError as error:
        for line in lines_of(error, PROGRAM):
            story.print(Text(line))
        raise typer.Exit(error.exit_code) from None
    story.print(Text(f"read {len(files)} files, {sum(map(len, files.values()))} bytes"))
    report = verify(files, covenant_digest=None if covenant_digest is None else Digest(covenant_digest))
    if as_json:
        typer.echo(json_of(report, lang))
    else:
        result = Console(file=sys.stdout, highlight=False, soft_wrap=True)
        for step in report.steps:
            result.print(Text(line_of(step, lang), style=_STYLES[step.outcome]))
        result.print(Text(verdict_of(report, lang), style="bold"))
    raise typer.Exit(0 if report.holds else 1)


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
