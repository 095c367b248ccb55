"""The link's files at the coordinator: who may be a node, with which key, until when."""

import stat
from base64 import b64encode
from datetime import date, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from coordinator.cli.link import port_of, warn_of_end, warn_of_parties
from coordinator.config import NAME, WrongConfig, first_config, parse_config
from coordinator.flower.certificates import VALID_DAYS, WrongHost
from coordinator.flower.errors import LinkMissing, RetiredKey, UnknownNode
from coordinator.flower.folder import (
    AUTHORITY_WORD,
    FOLDER,
    NODES,
    add_node,
    certificate_days_left,
    edge_files,
    endings,
    make_link,
    node_keys,
    place_of,
    remove_node,
)
from partner_node.flower.client_certificate import make_client_certificate, signed_client_certificate
from privacy.language import Language
from protocol.covenant.link_key import ForeignLinkKey, LinkKey, LinkUse, SignedLinkKey, check_link_key, sign_link_key
from protocol.signing import BadSignature
from protocol.words.ids import PartyId
from tests import example

COVENANT = example.covenant()
COORDINATOR = COVENANT.coordinator.id
PARTY, OTHER = COVENANT.participants[:2]
TODAY = date(2026, 3, 1)


def made(office: Path, *, today: date = TODAY) -> SignedLinkKey:
    key = example.signing_key(COORDINATOR)
    return make_link(office, ("samenzicht.example.nl", "127.0.0.1"), party=COORDINATOR, key=key, today=today)


def node_key(
    party: PartyId = PARTY,
    *,
    signer: PartyId | None = None,
    curve: ec.EllipticCurve | None = None,
    use: LinkUse = LinkUse.NODE,
    until: date = TODAY,
) -> tuple[bytes, ec.EllipticCurvePublicKey]:
    """Return a party's word on a key, and the key."""
    public = ec.generate_private_key(curve or ec.SECP384R1()).public_key()
    text = b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    stated = LinkKey(party=party, use=use, key=text, valid_until=until)
    return sign_link_key(stated, example.signing_key(signer or party)).encode(), public


def test_certificates_are_p_256_signed_for_and_nobody_elses_to_read(tmp_path: Path) -> None:
    signed = made(tmp_path)
    check_link_key(signed, COVENANT, party=COORDINATOR, use=LinkUse.AUTHORITY, on=TODAY + timedelta(days=VALID_DAYS))
    assert (tmp_path / FOLDER / AUTHORITY_WORD).read_bytes() == signed.encode()
    place = place_of(tmp_path, 9_092)
    certificate = x509.load_pem_x509_certificate(place.certificate.read_bytes())
    authority = x509.load_pem_x509_certificate(place.authority.read_bytes())
    certificate.verify_directly_issued_by(authority)
    for each in (certificate, authority):
        key = each.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        assert isinstance(key.curve, ec.SECP256R1)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["samenzicht.example.nl", "localhost"]
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / FOLDER).iterdir()} == {0o600}


def test_certificates_are_made_anew_when_they_are_asked_for_again(tmp_path: Path) -> None:
    first, second = made(tmp_path), made(tmp_path, today=TODAY + timedelta(days=300))
    assert first.link_key.key != second.link_key.key
    assert certificate_days_left(place_of(tmp_path, 1), today=TODAY) == 300 + VALID_DAYS


@pytest.mark.parametrize("host", ["", "a b", "évil.example", "x;y"])
def test_a_host_that_is_no_name_is_refused(host: str, tmp_path: Path) -> None:
    with pytest.raises(WrongHost):
        make_link(tmp_path, (host,), party=COORDINATOR, key=example.signing_key(COORDINATOR), today=TODAY)
    assert not (tmp_path / FOLDER).exists()


def test_a_partys_node_key_is_known_by_its_own_signature(tmp_path: Path) -> None:
    body, public = node_key()
    assert add_node(tmp_path, body, COVENANT, source="test", today=TODAY) == PARTY
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert node_keys(tmp_path, COVENANT, today=TODAY) == {PARTY: pem}


def test_a_newer_key_takes_the_place_of_the_older(tmp_path: Path) -> None:
    """T12 in part."""
    for _ in range(2):
        body, public = node_key()
        add_node(tmp_path, body, COVENANT, source="test", today=TODAY)
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert node_keys(tmp_path, COVENANT, today=TODAY) == {PARTY: pem}


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (node_key(signer=OTHER)[0], BadSignature),
        (node_key(use=LinkUse.AUTHORITY)[0], ForeignLinkKey),
        (node_key(until=TODAY - timedelta(days=1))[0], ForeignLinkKey),
        (node_key(curve=ec.SECP256R1())[0], UnknownNode),
    ],
    ids=["signed by another", "for another use", "ended", "of another curve"],
)
def test_other_keys_are_refused_and_not_kept(body: bytes, refusal: type[Exception], tmp_path: Path) -> None:
    """T03 in part: nobody can put a key in a party's place."""
    with pytest.raises(refusal):
        add_node(tmp_path, body, COVENANT, source="test", today=TODAY)
    assert not node_keys(tmp_path, COVENANT, today=TODAY)


def test_what_a_party_signed_for_ends_for_that_party_alone_and_is_announced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """T12: a key that ended is let in no more, and takes no other party's line with it."""
    for party, days in ((PARTY, 0), (OTHER, 90)):
        body, _ = node_key(party, until=TODAY + timedelta(days=days))
        add_node(tmp_path, body, COVENANT, source="test", today=TODAY)
    tomorrow = TODAY + timedelta(days=1)
    assert set(node_keys(tmp_path, COVENANT, today=TODAY)) == {PARTY, OTHER}
    assert set(node_keys(tmp_path, COVENANT, today=tomorrow)) == {OTHER}
    assert endings(tmp_path, COVENANT, today=tomorrow) == {f"nodes/{PARTY}": -1, f"nodes/{OTHER}": 89}
    warn_of_parties(tmp_path, COVENANT, Language.ENGLISH, today=tomorrow)
    told = capsys.readouterr().err
    assert f"nodes/{PARTY} holds for -1 more days" in told
    assert OTHER not in told


def test_a_party_that_is_removed_has_no_key_left(tmp_path: Path) -> None:
    """T03 in part."""
    for party in (PARTY, OTHER):
        add_node(tmp_path, node_key(party)[0], COVENANT, source="test", today=TODAY)
    remove_node(tmp_path, PARTY)
    assert set(node_keys(tmp_path, COVENANT, today=TODAY)) == {OTHER}
    with pytest.raises(UnknownNode):
        remove_node(tmp_path, PARTY)


@pytest.mark.parametrize("by", ["removal", "a newer one"])
def test_a_key_that_was_retired_never_comes_back(by: str, tmp_path: Path) -> None:
    """T03, T12: by an old file, of which the signature still holds."""
    old, new = node_key()[0], node_key()[0]
    add_node(tmp_path, old, COVENANT, source="test", today=TODAY)
    add_node(tmp_path, old, COVENANT, source="test", today=TODAY)  # the same again is no newer one
    if by == "removal":
        remove_node(tmp_path, PARTY)
    else:
        add_node(tmp_path, new, COVENANT, source="test", today=TODAY)
    before = node_keys(tmp_path, COVENANT, today=TODAY)
    with pytest.raises(RetiredKey):
        add_node(tmp_path, old, COVENANT, source="test", today=TODAY)
    assert node_keys(tmp_path, COVENANT, today=TODAY) == before
    add_node(tmp_path, new, COVENANT, source="test", today=TODAY)  # control
    assert set(node_keys(tmp_path, COVENANT, today=TODAY)) == {PARTY}


def test_a_key_that_was_put_under_another_partys_name_is_refused(tmp_path: Path) -> None:
    body, _ = node_key()
    add_node(tmp_path, body, COVENANT, source="test", today=TODAY)
    nodes = tmp_path / FOLDER / NODES
    (nodes / f"{PARTY}.json").rename(nodes / f"{OTHER}.json")
    with pytest.raises(BadSignature):
        node_keys(tmp_path, COVENANT, today=TODAY)


def test_a_folder_without_a_link_is_told_how_to_get_one(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(first_config(COORDINATOR))
    with pytest.raises(LinkMissing) as refused:
        port_of(tmp_path)
    assert refused.value.hint == "samenzicht-coordinator link init --host NAME"
    with pytest.raises(LinkMissing):
        place_of(tmp_path, 9_092)


def test_the_port_stands_in_the_configuration(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(first_config(COORDINATOR) + "link_port = 9092\n")
    assert port_of(tmp_path) == 9_092


@pytest.mark.parametrize("port", ["0", "65536", '"9092"', "true"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    with pytest.raises(WrongConfig, match="link_port"):
        parse_config(first_config(COORDINATOR) + f"link_port = {port}\n")


@pytest.mark.parametrize(
    ("days", "said"), [(61, ""), (60, "limit 60"), (31, "limit 60"), (30, "limit 30"), (7, "limit 7"), (-1, "limit 7")]
)
def test_a_certificate_that_ends_is_announced(days: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    warn_of_end(days, Language.ENGLISH)
    told = capsys.readouterr().err
    assert said in told
    assert bool(told) == bool(said)


def test_the_edge_gets_the_certificates_of_the_covenants_parties_and_no_other(tmp_path: Path) -> None:
    """T03: a party's own signature, a P-256 certificate, and a place in the covenant."""
    made(tmp_path)
    folder = tmp_path / "keys"
    folder.mkdir(mode=0o700)
    certificate = make_client_certificate(folder, PARTY, today=TODAY)
    signed = signed_client_certificate(certificate, PARTY, example.signing_key(PARTY))
    assert add_node(tmp_path, signed.encode(), COVENANT, source="x", today=TODAY) == PARTY
    files = edge_files(tmp_path, COVENANT, today=TODAY)
    assert set(files) == {"authority.pem", "server.pem", "server.key", "parties.pem"}
    assert files["parties.pem"] == certificate.public_bytes(Encoding.PEM)
    assert node_keys(tmp_path, COVENANT, today=TODAY) == {}, "a certificate is no node key"
    assert make_client_certificate(folder, PARTY, today=TODAY + timedelta(days=200)) == certificate
    assert make_client_certificate(folder, PARTY, today=TODAY + timedelta(days=350)) != certificate
    ended = edge_files(tmp_path, COVENANT, today=TODAY + timedelta(days=VALID_DAYS + 2))
    assert ended["parties.pem"] == ended["authority.pem"], "nobody is let in, and nginx can read the list"
    forged = signed_client_certificate(certificate, PARTY, example.signing_key(COORDINATOR))
    with pytest.raises(BadSignature):
        add_node(tmp_path, forged.encode(), COVENANT, source="x", today=TODAY)
