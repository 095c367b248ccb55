"""`close-year`: the accounts of a year that is over are deleted for good, by a person who was told what that means."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from partner_node.cli import telling
from partner_node.taking_part import take_part
from partner_node.vault.carry_out import carry_out
from partner_node.vault.years import close_year
from protocol.round.memory import BookCharges
from protocol.round.messages import Decline, DeclineCode, Ready
from simulations.first_light import agreement
from tests.partner_node.cli.partner import NOW_S, STUDY, TODAY, Others, Partner, ready_partner
from tests.partner_node.cli.test_gate import counted_reads, header_of
from tests.partner_node.vault.test_book import charge, freeze, slot

LAST, THIS = TODAY.year - 1, TODAY.year
RETENTION = 7  # what the covenant of these tests says


@pytest.fixture
def partner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Partner:
    return ready_partner(tmp_path / "school", "school", monkeypatch)


def locked(partner: Partner, *years: int) -> None:
    """Let the node have locked a slot in each of these years."""
    with partner.node.writing() as vault:
        for number, year in enumerate(years, start=1):
            freeze(vault, number, charge({"a": 5, "b": 3}, year=year))
            carry_out(vault, (BookCharges(slot(number)),))
    partner.settle()


def booked(partner: Partner) -> dict[int, int]:
    """Return how many households the book holds, by year."""
    with partner.node.looking() as vault:
        rows = vault.connection.execute("SELECT covenant_year, count(*) FROM book GROUP BY 1").fetchall()
    return {int(year): int(units) for year, units in rows}


def entries(partner: Partner) -> list[dict[str, object]]:
    tree: dict[str, list[dict[str, object]]] = json.loads(partner.done("log", "show", "--json"))
    return [entry for entry in tree["entries"] if entry["kind"] == "year-closed"]


def answer_after_closing(partner: Partner, year: int) -> object:
    """Close a year, and return what the node answers to a round that opens this year."""
    node, step = partner.node, Others.of(partner).propose(agreement.PERIOD)
    with node.writing() as vault:
        close_year(vault, year)
        (body,) = take_part(node, vault, today=lambda: TODAY).receive(step.messages[0][1], NOW_S)
    return header_of(body)


def test_a_year_that_is_over_is_closed_after_a_yes_and_said_everywhere(partner: Partner) -> None:
    """DESIGN 8; AVG art. 5: the accounts are gone, the line in the log stays, and the year that runs is untouched."""
    locked(partner, LAST, THIS)
    before = booked(partner)
    assert before == {LAST: 2, THIS: 2}
    for answer in ("n\n", "", "misschien\nn\n"):
        asked = partner.run("close-year", str(LAST), said=answer, lang="nl")
        assert asked.exit_code == 1
        assert f"Wilt u {LAST} voor altijd sluiten? De boekhouding wordt gewist" in asked.stderr
    assert (booked(partner), entries(partner)) == (before, []), "only a yes closes"
    assert "closed years" not in partner.done("status")

    assert partner.done("close-year", str(LAST), said="y\n") == f"{LAST} is closed; its accounts are deleted\n"
    assert booked(partner) == {THIS: 2}
    assert entries(partner) == [{"covenant_year": LAST, "kind": "year-closed", "version": 1}]
    assert f"closed years: {LAST}\n" in partner.done("status")
    assert json.loads(partner.done("status", "--json"))["closed_years"] == [LAST]

    again = json.loads(partner.done("close-year", str(LAST), "--yes", "--json"))
    assert (again, len(entries(partner))) == ({"closed": LAST}, 1), "a second time changes nothing"


@pytest.mark.parametrize(
    ("year", "code"),
    [(THIS, "year-not-over"), (THIS + 1, "year-not-over"), (LAST - 1, "year-unknown"), (1999, "year-unknown")],
)
def test_no_other_year_is_closed_by_a_slip(year: int, code: str, partner: Partner) -> None:
    locked(partner, LAST, THIS)
    before = (partner.folder / "vault" / "vault.sqlite").read_bytes()
    refused = partner.run("close-year", str(year), "--yes")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert code in refused.stderr
    assert (partner.folder / "vault" / "vault.sqlite").read_bytes() == before


def test_a_year_with_a_round_that_is_frozen_stays_open(partner: Partner) -> None:
    with partner.node.writing() as vault:
        freeze(vault, 1, charge({"a": 5}, year=LAST))
    refused = partner.run("close-year", str(LAST), "--yes")
    assert refused.exit_code == 1
    assert "year-still-open" in refused.stderr
    assert entries(partner) == []


def test_after_the_covenant_ended_accounts_can_still_be_read_kept_and_deleted(
    partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever stops with Samenzicht must be able to delete what it kept; control: what takes part is refused."""
    locked(partner, LAST, THIS)
    after = datetime(THIS + 1, 2, 1, 12, tzinfo=UTC).timestamp()
    monkeypatch.setattr(telling, "clock", lambda: after)
    assert "outside-validity" in partner.run("preview", STUDY).stderr
    (partner.folder / "safe").mkdir(mode=0o700)
    partner.done("backup", "safe/backup.sqlite")
    partner.done("close-year", str(THIS), "--yes")
    assert booked(partner) == {LAST: 2}
    assert len(entries(partner)) == 1


def test_an_offer_in_a_closed_year_is_declined_before_a_record_is_read(
    partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A round may open in December and be asked in January: the coordinator hears a refusal, and does not wait."""
    reads = counted_reads(monkeypatch)
    header = answer_after_closing(partner, THIS)
    assert isinstance(header, Decline)
    assert header.code is DeclineCode.REFUSED
    assert reads == []


def test_an_offer_in_a_year_beside_it_is_not(partner: Partner) -> None:
    """Negative control of the above."""
    assert isinstance(answer_after_closing(partner, LAST), Ready)


def test_doctor_says_when_accounts_are_older_than_the_covenant_allows(partner: Partner) -> None:
    """A warning: the node works, and what mends it is a command that can be pasted."""
    edge = THIS - RETENTION
    locked(partner, edge, edge - 1)
    looked = partner.run("doctor")
    assert looked.exit_code == 0, looked.stdout
    assert f"accounts by household of {edge - 1}" in looked.stdout
    (hint,) = [line for line in looked.stdout.splitlines() if "close-year" in line]
    partner.done(*hint.split("samenzicht-node ")[1].split(), "--yes")
    partner.settle()
    assert "close-year" not in partner.done("doctor"), "control: the oldest year that is within it"
