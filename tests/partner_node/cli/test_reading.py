"""What a tired administrator reads: no line is wider than a screen because a law is long, no advice is said twice."""

from pathlib import Path

import pytest

from tests.partner_node.cli.partner import STUDY, ready_partner, signed_partner

SCREEN = 110  # columns


def test_a_covenant_tells_purpose_and_ground_of_each_party_on_lines_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    partner = signed_partner(tmp_path / "p", "politie", monkeypatch)
    shown = partner.done("covenant", "show", "agreement/covenant.json").splitlines()
    place = shown.index("politie: Politie (verzonnen)")
    assert [line.split(":")[0] for line in shown[place + 1 : place + 4]] == [
        "  purpose",
        "  legal ground",
        "  Wpg permission",
    ]
    assert [line.split()[-1] for line in shown if line.startswith(("politie ", "school "))] == ["yes", "yes"]
    table = [line for line in shown if "yearly cap rho" in line or " partner " in line]
    assert len(table) == 4
    assert max(map(len, table)) <= SCREEN


def test_doctor_says_once_who_must_act_and_a_hint_only_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    partner = ready_partner(tmp_path / "p", "school", monkeypatch)
    (partner.folder / "deliveries").chmod(0o755)
    text = partner.run("doctor").stdout
    assert "     how to mend it: chmod o-rwx deliveries" in text
    assert text.count("the partner's IT must set the clock") == 1, "the files of this test are of after its clock"


def test_the_table_of_example_households_has_no_two_heads_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    partner = ready_partner(tmp_path / "p", "school", monkeypatch)
    head = next(line for line in partner.done("preview", STUDY).splitlines() if line.startswith("reports "))
    names = [name.strip() for name in head.split("  ") if name.strip()]
    assert len(set(names)) == len(names) == 8
    assert len(head) <= SCREEN
