"""What is none of our errors is told without a value: the system's own words, or only a kind, a place and a number."""

import errno

import pytest

from protocol.errors import Refusals, tree_of
from protocol.unforeseen import SystemFailed, Unforeseen, failure_of
from protocol.wire import NotJson


def caught(error: BaseException) -> BaseException:
    """Return an error as it is after it was raised."""
    try:
        raise error
    except type(error) as raised:
        return raised


def test_an_error_of_the_system_says_why_and_at_which_file_and_not_where_that_stands() -> None:
    failed = failure_of(
        caught(PermissionError(errno.EACCES, "Permission denied", "/home/x/secret/a\x1b[2J.csv")), who="IT"
    )
    assert isinstance(failed, SystemFailed)
    assert (failed.code, failed.exit_code) == ("system-failed", 3)
    assert str(failed) == (
        "got 'Permission denied' from the system at a??2J.csv, wanted room, and files and folders that are there and "
        "that this account may read and write: IT must mend that, then run the same command again"
    )


def test_of_a_full_disk_the_system_names_no_file() -> None:
    failed = failure_of(OSError(errno.ENOSPC, "No space left on device"), who="IT")
    assert failed.got == "'No space left on device' from the system"


@pytest.mark.parametrize("error", [RuntimeError("Kanarievogel"), OSError("Kanarievogel")])
def test_of_any_other_error_only_kind_and_place_are_told(error: Exception) -> None:
    failed = failure_of(error, who="IT")
    assert isinstance(failed, Unforeseen)
    assert failed.got == f"{type(error).__name__} at outside"
    assert failed.number in failed.act
    assert "Kanarievogel" not in str(failed)
    again = failure_of(type(error)("another"), who="IT")
    assert failed.act == again.act, "the same place has the same number"


def test_the_place_is_a_line_of_our_own_code() -> None:
    with pytest.raises(AttributeError) as raised:
        tree_of(None)  # type: ignore[arg-type] # what breaks in our own code
    assert failure_of(raised.value, who="IT").got.startswith("AttributeError at protocol.errors:")


def test_an_error_of_ours_is_told_as_it_is() -> None:
    ours = NotJson(got="a", wanted="b", act="c")
    assert failure_of(ours, who="IT") is ours


def test_as_json_every_problem_has_its_code() -> None:
    one = NotJson(got="a", wanted="b", act="c", hint="d")
    told = {"code": "not-json", "got": "a", "wanted": "b", "act": "c", "hint": "d"}
    assert tree_of(one) == {"errors": [told]}
    assert tree_of(Refusals((one, one), subject="a test")) == {"errors": [told, told]}
