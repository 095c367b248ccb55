"""What may run: refusals by name, decided before any record is read, and answered as refusals."""

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from partner_node import taking_part
from partner_node.delivered import read_node_delivery
from partner_node.delivery.delivery import Delivery
from partner_node.gate import Gate
from partner_node.keystore import load_keys
from partner_node.node import Node
from partner_node.policy import (
    ApprovalEnded,
    NotInRegister,
    PermissionNotInRegister,
    StudyRefused,
    TooFewApprovals,
    UnitNotProtected,
    WrongProfile,
    check_approved,
    check_register,
    check_unit,
    decline_code,
)
from partner_node.profiles.catalogue import PROFILES
from partner_node.profiles.profile import Route
from partner_node.register import Register
from partner_node.taking_part import take_part
from protocol.covenant.covenant import Covenant, Unit
from protocol.covenant.party import Officer
from protocol.covenant.signed import PartySignature, SignedCovenant
from protocol.digest import digest_of
from protocol.errors import Refusal
from protocol.round.coordinator_round import CoordinatorStep
from protocol.round.frame import parse_frame, seal
from protocol.round.messages import Decline, DeclineCode, Propose, Ready
from protocol.signing import BadSignature, Purpose, sign
from protocol.study.approval import Approval, Decision, NotApproved, SignedApproval, UnknownOfficer
from protocol.study.declaration import SignedDeclaration, check_declaration
from protocol.words.ids import ApprovalKey, Digest, Line, OfficerId, PartyId
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
    signature_of,
    signed_partner,
)

COVENANT, THE_STUDY = example.covenant(), example.study()


def word(officer: str, decision: Decision, first: date = TODAY, last: date = date(2026, 12, 31)) -> SignedApproval:
    approval = Approval(
        study_digest=digest_of(THE_STUDY),
        party=example.VT,
        officer=OfficerId(officer),
        decision=decision,
        decided_on=first,
        valid_until=last,
    )
    key = example.signing_key(f"{example.VT} {officer}")
    return SignedApproval(approval=approval, signature=sign(approval.encode(), key=key, purpose=Purpose.APPROVAL))


def with_two_officers() -> Covenant:
    second = Officer(
        id=OfficerId("owner"), name=Line("O. Wner"), key=ApprovalKey(example.public_hex(f"{example.VT} owner"))
    )
    parties = tuple(
        party.model_copy(update={"officers": (*party.officers, second)}) if party.id == example.VT else party
        for party in COVENANT.parties
    )
    # Parsed again: a copy would take along what the original has looked up.
    return Covenant.parse(COVENANT.model_copy(update={"parties": parties}).encode())


YES, NO = Decision.APPROVED, Decision.REFUSED
ENDED = (date(2026, 1, 1), date(2026, 1, 5))


@pytest.mark.parametrize(
    ("words", "needed", "refusal"),
    [
        ([], 1, NotApproved),
        ([word("fg", YES)], 1, None),
        ([word("fg", YES, *ENDED)], 1, ApprovalEnded),
        ([word("fg", YES, date(2026, 1, 13))], 1, ApprovalEnded),
        ([word("fg", NO)], 1, StudyRefused),
        ([word("fg", YES), word("owner", NO)], 1, StudyRefused),
        ([word("fg", YES)], 2, TooFewApprovals),
        ([word("fg", YES), word("fg", YES)], 2, TooFewApprovals),
        ([word("fg", YES), word("owner", YES, *ENDED)], 2, TooFewApprovals),
        ([word("fg", YES), word("owner", YES)], 2, None),
        ([word("stranger", YES)], 1, UnknownOfficer),
        ([word("fg", YES).model_copy(update={"signature": "0" * 128})], 1, BadSignature),
    ],
)
def test_a_study_runs_only_as_named_officers_approved(
    words: list[SignedApproval], needed: int, refusal: type[Refusal] | None
) -> None:
    covenant = with_two_officers()

    def check() -> None:
        check_approved(THE_STUDY, words, covenant, example.VT, on=TODAY, needed=needed)

    if refusal is None:
        check()
        return
    with pytest.raises(refusal):
        check()


def test_a_witness_needs_no_officer_and_a_partner_does() -> None:
    check_approved(THE_STUDY, (), COVENANT, example.WITNESS, on=TODAY, needed=1)
    with pytest.raises(NotApproved):
        check_approved(THE_STUDY, (), COVENANT, example.POLICE, on=TODAY, needed=1)


REGISTER = """format = 1
[[processing]]
covenant = "oefenconvenant"
purpose = "Beleidsinformatie over huiselijk geweld en kindermishandeling"
legal_ground = "Wmo 2015 art. 4.2.12; Wpg art. 22 voor de politie"
ends_on = 2026-06-30
[processing.wpg_permission]
issuer = "Burgemeester van Oefenstad"
issued_on = 2025-12-01
scope = "HGKM-incidenten per wijk"
"""


@pytest.mark.parametrize(
    ("old", "new", "refusal"),
    [
        ("", "", None),
        ("oefenconvenant", "ander-convenant", NotInRegister),
        ("Beleidsinformatie", "Opsporing", NotInRegister),
        ("4.2.12", "4.2.13", NotInRegister),
        ("2026-06-30", "2026-01-11", NotInRegister),
        ("Burgemeester van Oefenstad", "Minister", PermissionNotInRegister),
        ("2025-12-01", "2024-12-01", PermissionNotInRegister),
        ("per wijk", "per buurt", PermissionNotInRegister),
        (REGISTER[REGISTER.index("[processing.wpg") :], "", PermissionNotInRegister),
    ],
)
def test_the_police_run_only_what_stands_in_their_own_register(
    old: str, new: str, refusal: type[Refusal] | None
) -> None:
    """ZN-14: purpose, legal ground and the Wpg permission, word for word and not ended."""
    register = Register.from_toml(REGISTER.replace(old, new), source="register.toml")

    def check() -> None:
        check_register(register, COVENANT, example.POLICE, PROFILES["politie"], on=TODAY)

    if refusal is None:
        check()
        return
    with pytest.raises(refusal):
        check()


def test_a_mapping_for_another_type_of_partner_is_refused() -> None:
    register = Register.from_toml(REGISTER, source="register.toml")
    with pytest.raises(WrongProfile):
        check_register(register, COVENANT, example.SCHOOLS[0], PROFILES["politie"], on=TODAY)
    check_register(register, COVENANT, example.SCHOOLS[0], PROFILES["school"], on=TODAY)


@pytest.mark.parametrize("route", list(Route))
@pytest.mark.parametrize("unit", list(Unit))
def test_persons_are_counted_only_where_the_covenant_protects_persons(route: Route, unit: Unit) -> None:
    """DESIGN 4: else each member of a household would have a cap of its own, and nobody would know."""
    covenant = COVENANT.model_copy(update={"unit": unit})
    if (route, unit) == (Route.PERSON, Unit.HOUSEHOLD):
        with pytest.raises(UnitNotProtected, match="of households"):
            check_unit(route, covenant)
    else:
        check_unit(route, covenant)


def test_a_node_that_maps_persons_under_a_covenant_of_households_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    partner = ready_partner(tmp_path / "p", "school", monkeypatch)
    mapping = partner.folder / "mapping.toml"
    text = mapping.read_text()
    (route,) = (line for line in text.splitlines() if line.startswith("route = "))
    for said, works in ((route, True), ('route = "person"', False)):
        mapping.write_text(text.replace(route, said))
        results = [partner.run(*command) for command in (["status"], ["check-data"], ["preview", STUDY])]
        assert [result.exit_code == 0 for result in results] == [works] * 3
        assert all(works or "unit-not-protected" in result.stderr for result in results)


def test_a_police_node_without_the_permission_does_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    partner = ready_partner(tmp_path / "p", "politie", monkeypatch)
    partner.done("status")
    partner.write_register(permission=False)
    for command in (["status"], ["check-data"], ["preview", STUDY], ["approve", STUDY, "--officer", "fg", "--yes"]):
        result = partner.run(*command)
        assert result.exit_code == 1
        assert "permission-not-in-register" in result.stderr


def test_only_the_pinned_covenant_and_studies_of_its_coordinator_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys never come from the coordinator at run time: a covenant that all signed anew is refused until pinned."""
    partner = ready_partner(tmp_path / "p", "school", monkeypatch)
    path = partner.folder / "agreement" / "covenant.json"
    pinned = path.read_bytes()
    signed = SignedCovenant.parse(pinned)
    other = Covenant.parse(signed.covenant.model_copy(update={"retention_years": 8}).encode())
    identity = load_keys(partner.folder / "keys").identity
    own = PartySignature(signer=partner.party, signature=sign(other.encode(), key=identity, purpose=Purpose.COVENANT))
    signatures = tuple(own if p.id == partner.party else signature_of(other, p.id) for p in other.parties)
    path.write_bytes(SignedCovenant(covenant=other, signatures=signatures).encode())
    refused = partner.run("status")
    assert refused.exit_code == 1
    assert "other-covenant" in refused.stderr
    path.write_bytes(pinned)
    partner.done("status")
    assert partner.study is not None
    forged = agreement.sign_study(partner.study, example.signing_key(example.VT))
    (partner.folder / "agreement" / "studies" / "forged.json").write_bytes(forged.encode())
    refused = partner.run("status")
    assert refused.exit_code == 1
    assert "bad-signature" in refused.stderr


def test_the_next_version_is_pinned_and_logged_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    partner = ready_partner(tmp_path / "p", "school", monkeypatch)
    path = partner.folder / "agreement" / "covenant.json"
    first = SignedCovenant.parse(path.read_bytes()).covenant
    (partner.folder / "agreement" / "studies" / f"{STUDY}.json").unlink()  # a study is of one version
    identity = load_keys(partner.folder / "keys").identity

    def put(version: int, previous: Digest) -> Digest:
        new = Covenant.parse(first.model_copy(update={"version": version, "previous": previous}).encode())
        own = PartySignature(signer=partner.party, signature=sign(new.encode(), key=identity, purpose=Purpose.COVENANT))
        signatures = tuple(own if p.id == partner.party else signature_of(new, p.id) for p in new.parties)
        path.write_bytes(SignedCovenant(covenant=new, signatures=signatures).encode())
        return digest_of(new)

    put(3, Digest("0" * 64))
    refused = partner.run("init", "--party", "school", "--repin")
    assert refused.exit_code == 1
    assert "not-the-next" in refused.stderr
    digest = put(2, digest_of(first))
    assert partner.run("status").exit_code == 1
    assert partner.done("init", "--party", "school", "--repin") == f"digest: {digest}\n"
    assert "version 2" in partner.done("status")
    assert [line.split()[1] for line in partner.done("log", "show").splitlines()] == [
        "covenant",
        "approval",
        "covenant",
    ]
    partner.done("init", "--party", "school", "--repin")
    assert len(partner.done("log", "show").splitlines()) == 3, "again: nothing"


def test_init_pins_only_a_covenant_that_this_party_signed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ZN-14: without its own signature under the agreement a node is not set up, so it can submit nothing."""
    partner = signed_partner(tmp_path / "p", "school", monkeypatch)
    path = partner.folder / "agreement" / "covenant.json"
    signed = SignedCovenant.parse(path.read_bytes())
    without = tuple(entry for entry in signed.signatures if entry.signer != "school")
    path.write_bytes(SignedCovenant(covenant=signed.covenant, signatures=without).encode())
    refused = partner.run("init", "--party", "school", "--profile", "school", "--yes")
    assert refused.exit_code == 1
    assert "missing-signature: got no signature of school" in refused.stderr
    foreign = partner.run("init", "--party", "politie", "--profile", "politie", "--yes")
    assert foreign.exit_code == 1
    path.write_bytes(signed.encode())
    assert "foreign-keys" in partner.run("init", "--party", "politie", "--profile", "politie", "--yes").stderr
    assert not (partner.folder / "node.toml").exists()
    partner.done("init", "--party", "school", "--profile", "school", "--yes")


def test_a_declaration_is_asked_table_by_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    partner = ready_partner(tmp_path / "p", "school", monkeypatch)
    result = partner.run("declare", "2025-Q4", "--study", STUDY, "--officer", "fg", said="deels\nlate\nvolledig\n")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines()[1:3] == [
        "school-huishoudens-wijk: partial (late)",
        "school-meldingen-wijk: complete",
    ]
    signed = SignedDeclaration.parse((partner.folder / f"school.{STUDY}.2025-Q4.declaration.json").read_bytes())
    assert partner.study is not None
    assert partner.covenant is not None
    check_declaration(signed, partner.study, partner.covenant)
    unknown = partner.run("declare", "2026-Q1", "--study", STUDY, "--officer", "fg", "--all", "volledig")
    assert unknown.exit_code == 1
    assert "unknown-period" in unknown.stderr


Change = Callable[[Partner], object]


def refuse(partner: Partner) -> None:
    partner.done("refuse", STUDY, "--officer", "fg", "--reason", "eerst overleg", "--yes")


def end_approval(partner: Partner) -> None:
    partner.done("approve", STUDY, "--officer", "fg", "--yes", "--until", "2026-01-12")
    partner.today = date(2026, 1, 20)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda partner: partner.done("pause"), DeclineCode.REFUSED),
        (refuse, DeclineCode.NOT_APPROVED),
        (end_approval, DeclineCode.NOT_APPROVED),
        (lambda partner: partner.config_line("approvals_needed = 2"), DeclineCode.NOT_APPROVED),
    ],
)
def test_what_a_person_said_no_to_is_declined_with_a_signature_and_before_data_is_read(
    change: Change, code: DeclineCode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """N11: an answer that the coordinator takes, and no silence that looks like a drop-out."""
    partner = ready_partner(tmp_path / "p", "school", monkeypatch)
    reads = counted_reads(monkeypatch)
    assert isinstance(header_of(answer(partner, proposal(partner))), Ready), "negative control: it takes part"
    assert reads == [1]
    partner = ready_partner(tmp_path / "q", "school", monkeypatch)
    change(partner)
    body = answer(partner, proposal(partner))
    header = header_of(body)
    assert isinstance(header, Decline)
    assert header.code is code
    assert reads == [1], "no second read"
    coordinator, step = proposed(partner)
    coordinator.take(step.slot.slot, body)
    assert partner.run("status").exit_code == 0


def test_an_approval_that_ends_while_the_node_runs_stops_the_next_offer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    partner = ready_partner(tmp_path / "p", "school", monkeypatch)
    partner.done("approve", STUDY, "--officer", "fg", "--yes", "--until", "2026-01-12")
    days = [TODAY]
    node = partner.node
    with node.writing() as vault:
        gate = take_part(node, vault, today=lambda: days[0])
        days[0] = date(2026, 1, 13)
        header = header_of(gate.receive(proposal(partner), NOW_S)[0])
        assert isinstance(header, Decline)
        assert header.code is DeclineCode.NOT_APPROVED


def test_too_few_participants_are_declined_the_same_whatever_the_data_and_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """N14: before data access, with one constant answer; the same node answers a full offer with a READY."""
    partner = ready_partner(tmp_path / "p", "school", monkeypatch)
    reads = counted_reads(monkeypatch)
    few = with_participants(partner, agreement.PARTICIPANTS[:-1])
    answers = set()
    for files in (partner.samples.clean, partner.samples.faulty, {"verzuim.csv": "x"}, {}):
        partner.deliver(files)
        answers.add(answer(partner, few))
    assert len(answers) == 1
    header = header_of(answers.pop())
    assert isinstance(header, Decline)
    assert header.code is DeclineCode.REFUSED
    assert reads == []
    partner.deliver(partner.samples.clean)
    assert isinstance(header_of(answer(partner, proposal(partner))), Ready), "negative control"
    assert reads == [1]


def test_a_paused_node_goes_on_after_resume(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    partner = ready_partner(tmp_path / "p", "school", monkeypatch)
    assert partner.done("pause") == "this node takes part in nothing now\n"
    partner.settle()
    doctor = partner.run("doctor")
    assert doctor.exit_code == 1
    assert "FAIL takes part: node-paused" in doctor.stdout
    assert partner.done("resume") == "this node takes part again\n"
    assert len(run_round(partner).sent) == 3


def test_a_refusal_of_an_officer_is_logged_and_its_reason_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    partner = ready_partner(tmp_path / "p", "school", monkeypatch)
    out = partner.done("refuse", STUDY, "--officer", "fg", "--reason", "geheime reden", "--yes")
    assert out.splitlines()[0] == f"refused by fg: {STUDY}"
    assert "study-refused" in partner.done("status")
    assert [line.split()[1] for line in partner.done("log", "show").splitlines()] == [
        "covenant",
        "approval",
        "approval",
    ]
    signed = partner.folder / f"school.{STUDY}.fg.approval.json"
    assert SignedApproval.parse(signed.read_bytes()).approval.decision is Decision.REFUSED
    assert b"geheime reden" not in signed.read_bytes()
    assert "geheime reden" in (partner.folder / "vault" / "reasons.jsonl").read_text()


def test_an_officer_signs_with_its_own_key_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    partner = ready_partner(tmp_path / "p", "school", monkeypatch)
    shutil.copy(partner.folder / "keys" / "identity.key", partner.folder / "other.key")
    other = partner.run("approve", STUDY, "--officer", "fg", "--key", "other.key", "--yes")
    assert other.exit_code == 1
    assert "foreign-officer-key" in other.stderr
    stranger = partner.run("approve", STUDY, "--officer", "stranger", "--yes")
    assert stranger.exit_code == 1
    assert "unknown-officer" in stranger.stderr
    unknown = partner.run("approve", "no-study", "--officer", "fg", "--yes")
    assert unknown.exit_code == 1
    assert "study-unknown" in unknown.stderr


def test_a_decision_waits_while_a_round_is_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log must not grow between the head that a READY shows and its end."""
    partner = ready_partner(tmp_path / "p", "school", monkeypatch)
    assert isinstance(header_of(answer(partner, proposal(partner))), Ready)
    before = partner.done("log", "show")
    result = partner.run("approve", STUDY, "--officer", "fg", "--yes")
    assert result.exit_code == 1
    assert "round-open" in result.stderr
    assert partner.done("log", "show") == before
    assert partner.run("pause").exit_code == 0


def counted_reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count how often a node reads its delivery."""
    reads: list[int] = []
    read = read_node_delivery

    def counting(node: Node, *, today: date, keeps_events: bool = True) -> Delivery:
        reads.append(1)
        return read(node, today=today, keeps_events=keeps_events)

    monkeypatch.setattr(taking_part, "read_node_delivery", counting)
    return reads


def proposed(partner: Partner) -> tuple[Coordinator, CoordinatorStep]:
    """Return a coordinator that proposed the round to everyone."""
    coordinator = Coordinator(member_of_other(partner, agreement.COORDINATOR))
    assert partner.study is not None
    return coordinator, coordinator.propose(digest_of(partner.study), agreement.PERIOD, agreement.PARTICIPANTS, NOW_S)


def proposal(partner: Partner) -> bytes:
    """Return its PROPOSE."""
    return proposed(partner)[1].messages[0][1]


def with_participants(partner: Partner, participants: tuple[PartyId, ...]) -> bytes:
    """Return a PROPOSE that the coordinator signed, with other participants."""
    header = parse_frame(proposal(partner), source="a test", max_payload_bytes=0).header
    assert isinstance(header, Propose)
    offer = header.offer.model_copy(update={"participants": participants})
    changed = header.model_copy(update={"offer": offer})
    return seal(changed, key=example.signing_key(agreement.COORDINATOR)).encode()


def answer(partner: Partner, body: bytes) -> bytes:
    """Return a real node's one answer."""
    node = partner.node
    with node.writing() as vault:
        gate: Gate = take_part(node, vault, today=lambda: partner.today)
        (said,) = gate.receive(body, NOW_S)
    return said


def header_of(body: bytes) -> object:
    return parse_frame(body, source="a test", max_payload_bytes=0).header


def test_the_codes_of_refusals() -> None:
    texts = {"got": "x", "wanted": "y", "act": "z"}
    assert decline_code(StudyRefused(**texts)) is DeclineCode.REFUSED
    assert decline_code(ApprovalEnded(**texts)) is DeclineCode.NOT_APPROVED
