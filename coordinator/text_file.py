"""Touches the world: reads a file that an operator wrote, as text."""

from pathlib import Path

from coordinator.errors import OperatorRefusal


class NotText(OperatorRefusal):
    """A file that is no text in UTF-8."""


def read_text(path: Path) -> str:
    """Return what a file says. Not promised: that it is short; who parses it says how long it may be.

    Raises: NotText, OSError.
    """
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise NotText(
            got=f"{path.name}, which is no text in UTF-8",
            wanted="a file of text in UTF-8",
            act="the operator must name the right file, or save it as UTF-8",
        ) from None
