"""Computes: how a program tells what the system did not let it do, and what nobody foresaw: no value, no traceback."""

import re
from hashlib import sha256

from protocol.errors import Fault, SamenzichtError

OUR_PACKAGES = ("protocol", "privacy", "partner_node", "coordinator", "simulations")
_NOT_SHOWN = re.compile(r"[^ \w.,:;()*@#%&+=-]")  # could do something in a log or a terminal
MAX_NAME = 120  # of a file, as it is shown
NUMBER_DIGITS = 12  # enough to tell places apart, short enough to say on the telephone


class SystemFailed(Fault):
    """What the system did not let a program do with a file: no room, no permission, or a disk that is broken."""


class Unforeseen(Fault):
    """What nobody foresaw: its kind, the place in our code and a number for the makers; its text stays unsaid."""

    def __init__(self, *, got: str, wanted: str, act: str, number: str) -> None:
        super().__init__(got=got, wanted=wanted, act=act)
        self.number = number


def failure_of(error: BaseException, *, who: str) -> SamenzichtError:
    """Return an error as one that can be told: itself, if it is one of ours.

    who: who runs the program. An error of the system is told in the system's own words, with the last name of its file;
    it names none of a full disk. Of any other only kind and place are told.
    """
    if isinstance(error, SamenzichtError):
        return error
    if not isinstance(error, OSError) or error.errno is None:  # without a number it is a library's, with its own text
        return _unforeseen(error)
    name = str(error.filename or "").rsplit("/", maxsplit=1)[-1]
    place = " at " + _NOT_SHOWN.sub("?", name)[:MAX_NAME] if name else ""
    return SystemFailed(
        got=f"{error.strerror!r} from the system{place}",
        wanted="room, and files and folders that are there and that this account may read and write",
        act=f"{who} must mend that, then run the same command again",
    )


def _unforeseen(error: BaseException) -> Unforeseen:
    kind, place = type(error).__name__, _place_of(error)
    number = sha256(f"{kind} {place}".encode()).hexdigest()[:NUMBER_DIGITS]
    return Unforeseen(
        got=f"{kind} at {place}",
        wanted="no error of this kind",
        act=f"tell the makers number {number}; nothing is half kept",
        number=number,
    )


def _place_of(error: BaseException) -> str:
    """Return the last line of our own code that an error passed: module and number, and nothing that it held."""
    place, trace = "outside", error.__traceback__
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__", ""))
        if module.split(".", maxsplit=1)[0] in OUR_PACKAGES:
            place = f"{module}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
