"""M17: every mechanism function has a note of proof with its reader and digest, and changed code is caught."""

import shutil
from pathlib import Path

import pytest

from tests.proof_notes import NOTES, ROOT, digest, main, problems, read_notes, updated


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the sources under review, to be changed."""
    for package in ("privacy", "protocol"):
        shutil.copytree(ROOT / package, tmp_path / package)
    return tmp_path


def change(root: Path, path: str, old: str, new: str) -> list[str]:
    """Replace a text that must be there; return the problems of the notes after it."""
    source = (root / path).read_text()
    assert old in source
    (root / path).write_text(source.replace(old, new))
    return problems(root, NOTES.read_text())


def test_every_mechanism_function_has_a_note_that_fits_its_code() -> None:
    assert problems(ROOT, NOTES.read_text()) == []


def test_the_files_under_review_hold_functions() -> None:
    files, notes = read_notes(NOTES.read_text())
    assert len(notes) > 30
    assert {key.split(":")[0] for key in notes} == set(files)


@pytest.mark.parametrize(
    ("path", "old", "new", "caught"),
    [
        (
            "privacy/shares.py",
            "contributors - colluding < 1",
            "contributors - colluding < 0",
            "privacy/shares.py:joint_share",
        ),
        (
            "protocol/study/plan.py",
            "LEAST_SHARE_VARIANCE = Fraction(4)",
            "LEAST_SHARE_VARIANCE = Fraction(1)",
            "privacy/shares.py:check_variance",
        ),
        (
            "protocol/study/plan.py",
            "APPROXIMATION_COST = NanoRho(1)",
            "APPROXIMATION_COST = NanoRho(0)",
            "privacy/accountant.py:worst_charge",
        ),
        ("privacy/precision.py", "within = 2 *", "within = 1 *", "privacy/precision.py:half_width"),
        ("protocol/cost.py", "_checked(ceil(", "_checked(floor(", "protocol/cost.py:cost_of"),
        ("privacy/epsilon_check.py", "_SAFETY = 1e-5", "_SAFETY = 0.0", "privacy/epsilon_check.py:at_most"),
    ],
)
def test_a_changed_function_helper_or_constant_is_caught(
    copy: Path, path: str, old: str, new: str, caught: str
) -> None:
    """The negative control."""
    assert f"{caught}: changed since it was read" in change(copy, path, old, new)


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (
            "privacy/shares.py",
            "    check_variance(table_variance)",
            "    # a remark\n\n    check_variance(table_variance)",
        ),
        ("privacy/shares.py", '"""Return what the owner of', '"""Give what the owner of'),
        ("privacy/shares.py", "an exact rational", "an exact number"),
        ("privacy/shares.py", "    return contributors * joint_share(", "    return (contributors) * joint_share("),
    ],
)
def test_a_comment_docstring_error_text_or_layout_needs_no_new_reading(
    copy: Path, path: str, old: str, new: str
) -> None:
    assert change(copy, path, old, new) == []


def test_a_new_function_without_a_note_and_a_note_without_a_function_are_caught(copy: Path) -> None:
    wrong = change(copy, "privacy/shares.py", "def own_share(", "def other_share(")
    assert "privacy/shares.py:other_share: no note" in wrong
    assert "privacy/shares.py:own_share: a note without a function" in wrong


def test_a_note_with_an_empty_field_is_caught() -> None:
    text = NOTES.read_text().replace('reviewer = "author"', 'reviewer = " "', 1)
    key = next(iter(read_notes(text)[1]))
    assert problems(ROOT, text) == [f"{key}: reviewer is empty"]


def test_an_update_names_the_reader_of_what_changed_and_of_nothing_else(copy: Path) -> None:
    change(copy, "privacy/precision.py", "within = 2 *", "within = 1 *")
    text = updated(copy, NOTES.read_text(), 'J. "Ada" Lezer')
    assert problems(copy, text) == []
    readers = {key: note["reviewer"] for key, note in read_notes(text)[1].items() if note["reviewer"] != "author"}
    assert readers == dict.fromkeys(("privacy/precision.py:half_width", "privacy/precision.py:show"), 'J. "Ada" Lezer')


def test_an_update_leaves_a_new_function_to_be_explained(copy: Path) -> None:
    change(copy, "privacy/shares.py", "def own_share(", "def other_share(")
    text = updated(copy, NOTES.read_text(), "reader")
    fields = ("claim", "theorem", "source", "proof")
    missing = [f"privacy/shares.py:other_share: {field} is empty" for field in fields]
    assert [line for line in problems(copy, text) if "other_share" in line] == missing


def test_an_update_without_a_reader_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--update"])
    assert stopped.value.code == 2
    assert "somebody read the code" in capsys.readouterr().err


def test_the_digest_follows_private_parts_and_stays_the_same_elsewhere(copy: Path) -> None:
    before = digest(ROOT, "privacy/shares.py", "tau"), digest(ROOT, "privacy/shares.py", "excess")
    change(copy, "privacy/shares.py", "isqrt(square.numerator", "isqrt(2 * square.numerator")
    after = digest(copy, "privacy/shares.py", "tau"), digest(copy, "privacy/shares.py", "excess")
    assert before[0] == after[0]
    assert before[1] != after[1]
