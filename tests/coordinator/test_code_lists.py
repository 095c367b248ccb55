"""An operator puts code lists into a covenant: pinned by digest, signed by all, and kept with it."""

from pathlib import Path

import pytest

from coordinator import agreements
from coordinator.agreements import CodeListThere
from coordinator.drafts import WrongDraft, code_list_of, read_draft
from protocol.digest import digest_of
from protocol.errors import Refusal
from protocol.wire import Malformed
from protocol.words.code_list import UnsortedCodes
from tests import example
from tests.coordinator.cli.town import NOW, Town

BODY = b"""
id = "aard"
valid_from = 2019-01-01
items = [
    {code = "02", label_nl = "Ouderenmishandeling", label_en = "Elder abuse"},
    {code = "01", label_nl = "Partnergeweld", label_en = "Partner violence"},
]
"""


def test_a_list_is_the_one_that_was_meant_in_whatever_order_its_codes_stand() -> None:
    assert code_list_of(read_draft(BODY, source="aard.toml"), source="aard.toml") == example.code_list()


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ((b'"02"', b'"01"'), UnsortedCodes, "codes of list aard out of order or named twice"),
        ((b"items", b"itemen"), Malformed, r"aard\.toml: items \(too_short\)"),
        ((b"2019-01-01", b'"soon"'), Malformed, r"aard\.toml: valid_from"),
        ((b"items = [", b"items = [5,"), WrongDraft, r"no list of items that each have code in aard\.toml"),
    ],
)
def test_a_list_with_a_code_twice_or_without_codes_or_a_wrong_day_is_refused(
    change: tuple[bytes, bytes], error: type[Refusal], said: str
) -> None:
    with pytest.raises(error, match=said):
        code_list_of(read_draft(BODY.replace(*change), source="aard.toml"), source="aard.toml")


def test_a_covenant_pins_its_lists_and_its_members_have_them(tmp_path: Path) -> None:
    town = Town(tmp_path, tmp_path / "partners")
    town.found()
    town.write_covenant()
    town.json("covenant", "sign")
    file = tmp_path / "aard.toml"
    file.write_bytes(BODY)
    answer = town.json("covenant", "add-code-list", str(file))
    assert answer == [{"code_list": "aard", "codes": 2, "digest": digest_of(example.code_list())}]
    assert not list((town.office / "covenant" / "signatures").iterdir())  # all sign again
    assert agreements.drafted(town.office).code_lists[0].digest == digest_of(example.code_list())
    town.json("covenant", "add-code-list", str(file))  # the same again is nothing new
    document = tmp_path / "aard.json"
    document.write_bytes(example.code_list().encode())
    assert town.json("covenant", "add-code-list", str(document)) == answer  # nor is the document that parties sign
    with pytest.raises(CodeListThere, match="another version of code list aard"):
        agreements.add_code_list(town.office, BODY.replace(b"Elder abuse", b"Other"), source="aard.toml")
    town.sign_covenant()
    assert town.json("covenant", "show")["state"] == "in-force"  # type: ignore[index]  # an object
    done = town.call("status", "--now", NOW, "--check")
    assert done.exit_code == 0, done.stderr
