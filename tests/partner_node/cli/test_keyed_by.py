"""Another way to the household within a covenant year: refused before a record is read, and before it is mapped."""

import json
import shutil
from pathlib import Path

import pytest

from partner_node.cli import telling
from partner_node.gate import Gate
from partner_node.taking_part import take_part
from protocol.round.messages import Decline, DeclineCode, Ready
from protocol.words.period import Period
from simulations.first_light import agreement
from tests.partner_node.cli.partner import NOW_S, STUDY, TODAY, Others, Partner, ready_partner
from tests.partner_node.cli.test_gate import counted_reads, header_of

FIRST, SECOND = agreement.PERIOD, Period("2025-Q3")
WAYS = ("route: household", "route: address, without the addition", "route: address")


@pytest.fixture
def partner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Partner:
    """Return a school with every column of the unit, and a study of two rounds in one covenant year."""
    made = ready_partner(tmp_path / "p", "school", monkeypatch)
    made.deliver(with_addresses(made))
    made.done("init", "--party", "school", "--remap", "--yes")
    assert made.study is not None
    (only,) = made.study.schedule
    rounds = (only.model_copy(update={"period": SECOND}), only)
    made.study = made.study.model_copy(update={"schedule": rounds})
    made.keep_study(made.study)
    made.done("approve", STUDY, "--officer", "fg", "--yes")
    return made


def with_addresses(partner: Partner) -> dict[str, str]:
    """Return the school's delivery, each row at an address of its own."""
    head, *rows = partner.samples.clean["verzuim.csv"].splitlines()
    lines = [f"{row};1901AA;{number};A" for number, row in enumerate(rows, start=1)]
    return {"verzuim.csv": "\r\n".join([f"{head};Postcode;Huisnummer;Toevoeging", *lines]) + "\r\n"}


def mapped(partner: Partner, way: str) -> None:
    """Map the school's household in one of these ways, by hand, from the mapping that `init` made."""
    made = partner.folder / "made.toml"
    if not made.exists():
        shutil.copy(partner.folder / "mapping.toml", made)
    lines = made.read_text().splitlines()
    route = "household" if way == WAYS[0] else "address"
    kept = [line for line in lines if not (way == WAYS[1] and line.startswith("toevoeging"))]
    text = "\n".join(f'route = "{route}"' if line.startswith("route") else line for line in kept)
    (partner.folder / "mapping.toml").write_text(text + "\n")


def played(partner: Partner, others: Others, period: Period = FIRST) -> None:
    node = partner.node
    with node.writing() as vault:
        others.play(take_part(node, vault, today=lambda: TODAY), period)


def asked(partner: Partner, others: Others, period: Period = SECOND) -> object:
    """Return what the node answers to the next round of the year."""
    node = partner.node
    with node.writing() as vault:
        gate: Gate = take_part(node, vault, today=lambda: TODAY)
        (body,) = gate.receive(others.propose(period).messages[0][1], NOW_S)
    return header_of(body)


@pytest.mark.parametrize(("before", "after"), [(WAYS[0], WAYS[2]), (WAYS[2], WAYS[0]), (WAYS[1], WAYS[2])])
def test_units_known_in_another_way_are_declined_before_a_record_is_read(
    before: str, after: str, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DESIGN 8: else every household begins at nothing spent."""
    mapped(partner, before)
    others = Others.of(partner)
    played(partner, others)
    mapped(partner, after)
    reads = counted_reads(monkeypatch)
    header = asked(partner, others)
    assert isinstance(header, Decline)
    assert header.code is DeclineCode.REFUSED
    assert reads == []
    preview = partner.run("preview", STUDY, "--period", SECOND)
    assert (preview.exit_code, preview.stdout) == (1, "")
    assert "other-unit-keys" in preview.stderr
    mapped(partner, before)
    assert isinstance(asked(partner, others), Ready), "negative control: the former way goes on"
    assert reads == [1]


def test_the_same_way_goes_on_also_when_a_column_got_another_name(partner: Partner) -> None:
    others = Others.of(partner)
    played(partner, others)
    partner.deliver({"verzuim.csv": with_addresses(partner)["verzuim.csv"].replace("Gezinsnummer", "Gezinsnr")})
    answers = ["", "", "Gezinsnr", *[""] * 8, "household"]
    mapped_anew = partner.run("init", "--party", "school", "--remap", said="\n".join(answers) + "\n")
    assert mapped_anew.exit_code == 0, mapped_anew.stderr
    assert 'huishouden = "Gezinsnr"' in (partner.folder / "mapping.toml").read_text()
    assert isinstance(asked(partner, others), Ready)


def test_what_was_never_locked_binds_nothing(partner: Partner) -> None:
    """A READY that came to nothing charged nobody: its way to the household may still be changed."""
    others = Others.of(partner)
    assert isinstance(asked(partner, others, FIRST), Ready)
    mapped(partner, WAYS[2])
    partner.settle()
    assert partner.run("doctor").exit_code == 0


def test_doctor_and_a_new_mapping_refuse_it_with_the_way_back(
    partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    played(partner, Others.of(partner))
    text = (partner.folder / "mapping.toml").read_text()
    remap = ("init", "--party", "school", "--remap", "--yes", "--route")
    refused = partner.run(*remap, "address")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "other-unit-keys" in refused.stderr
    assert "the FG must decide" in refused.stderr
    assert (partner.folder / "mapping.toml").read_text() == text, "nothing was written"
    assert partner.done(*remap, "household") == "columns mapped: mapping.toml\n"
    mapped(partner, WAYS[2])
    partner.settle()
    points = json.loads(partner.run("doctor", "--json").stdout)["points"]
    (failed,) = (point for point in points if point["mark"] == "FAIL")
    assert (failed["point"], failed["code"]) == ("vault", "other-unit-keys")
    assert failed["hint"] == "samenzicht-node init --party PARTY --remap --route household"
    assert "verzuimmelding: postcode huisnummer toevoeging" in failed["text"]
    assert "Route: household; verzuimmelding: huishouden, as in the rounds of 2026" in failed["text"]
    monkeypatch.setattr(telling, "clock", lambda: float(NOW_S + 365 * 24 * 3600))
    partner.done(*remap, "address")  # a year later: the clock decides which year runs
