"""How the command speaks: one line a phase off a terminal, a moving bar on one, aligned columns, names of problems."""

from importlib import import_module
from io import StringIO
from pkgutil import iter_modules

from rich.console import Console

from partner_node import cli
from partner_node.cli.reasons import DUTCH
from partner_node.cli.telling import Teller, aligned, told
from partner_node.config import PathOutside
from partner_node.policy import NodePaused
from privacy.language import Language
from protocol.errors import Refusals, SamenzichtError
from tests.make_docs import every_subclass


def teller(*, is_terminal: bool) -> tuple[Teller, StringIO]:
    said = StringIO()
    console = Console(file=said, force_terminal=is_terminal, highlight=False, soft_wrap=True, width=100)
    return Teller(Language.ENGLISH, as_json=False, story=console), said


def test_off_a_terminal_a_phase_is_one_line() -> None:
    one, said = teller(is_terminal=False)
    with one.phase("reading"):
        pass
    assert said.getvalue() == "reading the delivery\n"


def test_on_a_terminal_a_phase_is_a_bar_that_goes_away() -> None:
    one, said = teller(is_terminal=True)
    with one.phase("reading"):
        pass
    assert "\x1b[" in said.getvalue()
    assert "reading the delivery" in said.getvalue()
    assert said.getvalue().endswith("\x1b[2K"), "the line is wiped at the end"


def test_columns_are_as_wide_as_their_widest_text() -> None:
    assert list(aligned([("a", "bb"), ("ccc", "d")])) == ["a    bb", "ccc  d"]
    assert list(aligned([])) == []


def test_of_several_problems_each_has_its_own_line() -> None:
    one = PathOutside(got="x", wanted="y", act="z", hint="h")
    two = PathOutside(got="p", wanted="q", act="r")
    assert list(told(Refusals((one, two), subject="a test"), Language.ENGLISH)) == [
        "samenzicht-node: error: path-outside: got x, wanted y: z",
        "samenzicht-node: hint: h",
        "samenzicht-node: error: path-outside: got p, wanted q: r",
    ]


def test_in_dutch_the_commonest_refusals_are_explained() -> None:
    error = NodePaused(got="x", wanted="y", act="z")
    english = "samenzicht-node: error: node-paused: got x, wanted y: z"
    assert list(told(error, Language.DUTCH)) == [english, "samenzicht-node: uitleg: deze node staat op pauze"]
    assert list(told(error, Language.ENGLISH)) == [english]


def test_every_explained_code_is_one_that_exists() -> None:
    for module in iter_modules(cli.__path__, "partner_node.cli."):
        import_module(module.name)
    codes = {kind.code for kind in every_subclass(SamenzichtError)}
    assert set(DUTCH) - codes == set()
