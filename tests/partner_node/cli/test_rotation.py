"""Keys are replaced under the next version of the covenant: the old ones hold until it is pinned, and then are gone."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from partner_node.config import load_config
from partner_node.flower.client_certificate import load_client_certificate
from partner_node.flower.ends import Ending, first_ending
from partner_node.flower.node_key import load_node_key
from partner_node.keystore import AGREEMENT, NEXT
from partner_node.node import load_node
from partner_node.policy import ForeignKeys
from partner_node.taking_part import take_part
from protocol.covenant.link_key import LinkKey, LinkUse, sign_link_key
from protocol.digest import digest_of
from protocol.round.frame import parse_frame
from protocol.round.messages import Decline, DeclineCode
from simulations.first_light import agreement
from simulations.round_world import Coordinator
from tests import example
from tests.partner_node.cli.partner import (
    NOW_S,
    STUDY,
    TODAY,
    Partner,
    member_of_other,
    ready_partner,
    run_round,
)

OFFICER = ("--officer", "fg=F. Gees (verzonnen)")
LINK = '[link]\nhost = "gemeente.example"\nport = 443\nauthority = "agreement/authority.json"\n'


@pytest.fixture
def partner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Partner:
    return ready_partner(tmp_path / "school", "school", monkeypatch)


def renew(partner: Partner) -> None:
    partner.done("keys", "school", *OFFICER, "--renew")
    partner.agree_again()
    draft = ("agreement/draft-2.json", "--party", "school", "--yes")
    partner.done("covenant", "sign", *draft, "--out", "school.signature-2.json")


def test_the_old_keys_hold_until_the_next_covenant_is_pinned_and_then_are_gone(partner: Partner) -> None:
    """T12, R30, L14 in part: the overlap, the exchange, and nothing left of the old key in any file."""
    keys = partner.folder / "keys"
    old = (keys / AGREEMENT).read_text()
    line, certificate = load_node_key(keys).private_numbers(), load_client_certificate(keys)
    old_coordinator = Coordinator(member_of_other(partner, agreement.COORDINATOR))
    assert partner.study is not None
    old_study = digest_of(partner.study)
    renew(partner)
    assert (keys / AGREEMENT).read_text() == old
    assert partner.node.agreed.covenant.version == 1  # it goes on as it was
    assert load_node_key(keys).private_numbers() != line
    assert load_client_certificate(keys) != certificate

    partner.collect("signature-2")
    pinned = partner.run("init", "--party", "school", "--repin")
    assert pinned.exit_code == 0
    assert "the old key for masks is replaced and gone" in pinned.stderr
    assert not (keys / NEXT).exists()
    assert partner.node.agreed.covenant.version == 2
    found = [path for path in partner.folder.rglob("*") if path.is_file() and old.strip().encode() in path.read_bytes()]
    assert not found

    step = old_coordinator.propose(old_study, agreement.PERIOD, agreement.PARTICIPANTS, NOW_S)
    (asked,) = [body for party, body in step.messages if party == partner.party]
    node = partner.node
    with node.writing() as vault:
        (answer,) = take_part(node, vault, today=lambda: TODAY).receive(asked, NOW_S)
    header = parse_frame(answer, source="test", max_payload_bytes=0).header
    assert isinstance(header, Decline)
    assert header.code is DeclineCode.NOT_APPROVED

    partner.done("approve", STUDY, "--officer", "fg", "--yes")
    assert run_round(partner).release.release.period == agreement.PERIOD  # the log and the vault go on


def test_a_covenant_that_names_the_old_key_is_not_pinned_once_it_is_gone(partner: Partner) -> None:
    """R30: neither by putting the old files back."""
    agreed = partner.folder / "agreement"
    paths = (partner.folder / "node.toml", agreed / "covenant.json", agreed / "studies" / f"{STUDY}.json")
    before = {path: path.read_bytes() for path in paths}
    renew(partner)
    partner.collect("signature-2")
    partner.done("init", "--party", "school", "--repin")
    for path, body in before.items():
        path.write_bytes(body)
    with pytest.raises(ForeignKeys):
        load_node(load_config(partner.folder / "node.toml"), today=TODAY)


def test_renewing_twice_makes_one_key(partner: Partner) -> None:
    """The public file that was sent stays true."""
    partner.done("keys", "school", *OFFICER, "--renew")
    sent = (partner.folder / "school.public.json").read_bytes()
    partner.done("keys", "school", *OFFICER, "--renew")
    assert (partner.folder / "school.public.json").read_bytes() == sent


def test_a_crash_between_pin_and_exchange_is_mended_by_the_same_command(
    partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    renew(partner)
    partner.collect("signature-2")
    with monkeypatch.context() as patch:
        patch.setattr("partner_node.cli.init.take_next", lambda *_: 1 // 0)
        assert partner.run("init", "--party", "school", "--repin").exit_code == 3
    assert (partner.folder / "keys" / NEXT).exists()
    partner.done("init", "--party", "school", "--repin")
    assert not (partner.folder / "keys" / NEXT).exists()
    assert partner.node.agreed.covenant.version == 2


def link_ending(partner: Partner, days: int) -> None:
    """Give the node a line of which the authority holds for so many more days."""
    if "[link]" not in (partner.folder / "node.toml").read_text():
        partner.config_line(LINK)
    until = TODAY + timedelta(days=days)
    stated = LinkKey(party=agreement.COORDINATOR, use=LinkUse.AUTHORITY, key="AAAA", valid_until=until)
    signed = sign_link_key(stated, example.signing_key(agreement.COORDINATOR))
    (partner.folder / "agreement" / "authority.json").write_bytes(signed.encode())
    partner.settle()


@pytest.mark.parametrize(
    ("days", "mark", "code"),
    [
        (61, "PASS", ""),
        (60, "PASS", "certificate-ends"),
        (30, "PASS", "certificate-ends"),
        (0, "PASS", "certificate-ends"),
        (-1, "FAIL", "certificate-ended"),
    ],
)
def test_doctor_and_status_say_when_a_certificate_ends(days: int, mark: str, code: str, partner: Partner) -> None:
    """T12 in part: 60 days before, and it fails only when it has ended."""
    link_ending(partner, days)
    doctor = json.loads(partner.run("doctor", "--json").stdout)
    (point,) = [each for each in doctor["points"] if each["point"] == "link"]
    assert (point["mark"], point["code"]) == (mark, code)
    status = json.loads(partner.done("status", "--json"))
    assert status["link"] == {"ends": "authority", "days_left": days}
    assert ("certificate" in partner.done("status")) == (days <= 60)


def test_the_steps_are_60_30_and_7_days() -> None:
    ending = Ending("edge", TODAY)
    found = {days: ending.step(TODAY - timedelta(days=days)) for days in (61, 60, 31, 30, 8, 7, 0, -1)}
    assert found == {61: None, 60: 60, 31: 60, 30: 30, 8: 30, 7: 7, 0: 7, -1: 7}


def test_of_two_certificates_the_first_to_end_counts(partner: Partner) -> None:
    link_ending(partner, 3_000)
    ending = first_ending(load_config(partner.folder / "node.toml"))
    assert ending is not None
    assert ending.name == "edge"
