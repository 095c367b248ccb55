"""Touches the world: the link's files in the coordinator's folder. None of them needs Flower to be loaded.

DIR/link/authority.pem, authority.json   the authority's certificate, and the coordinator's signed word on it
DIR/link/server.pem, server.key          the SuperLink's own certificate and key
DIR/link/nodes/PARTY.json                each party's signed word on its node key
DIR/link/clients/PARTY.json              each party's signed word on the certificate that it shows at the edge
DIR/link/retired                         keys that are let in no more (`retired.py`)
DIR/link/superlink/                      everything that the SuperLink writes
"""

from base64 import b64decode
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from cryptography.x509 import load_der_x509_certificate

from coordinator.flower.certificates import days_left, make_certificates
from coordinator.flower.errors import LinkMissing, UnknownNode
from coordinator.flower.retired import check_not_retired, retire
from coordinator.flower.superlink import Place
from coordinator.whole_file import write_whole
from protocol.covenant.covenant import Covenant
from protocol.covenant.link_key import LinkKey, LinkUse, SignedLinkKey, check_link_key, sign_link_key
from protocol.signing import SigningKey
from protocol.words.ids import PartyId

FOLDER, NODES, CLIENTS, AUTHORITY_WORD = "link", "nodes", "clients", "authority.json"
_FOLDER_OF = {LinkUse.NODE: NODES, LinkUse.CLIENT: CLIENTS}
PARTIES = "parties.pem"  # what the edge calls the certificates of all clients
AUTHORITY, SERVER, KEY = "authority.pem", "server.pem", "server.key"
FOLDER_MODE, FILE_MODE = 0o700, 0o600


def make_link(office: Path, hosts: tuple[str, ...], *, party: PartyId, key: SigningKey, today: date) -> SignedLinkKey:
    """Make new certificates and sign for them; the last file written is the one that partners need.

    Raises: WrongHost.
    """
    made = make_certificates(hosts, today=today)
    stated = LinkKey(party=party, use=LinkUse.AUTHORITY, key=made.authority_text, valid_until=made.valid_until)
    signed = sign_link_key(stated, key)
    folder = office / FOLDER
    folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
    files = {KEY: made.server_key, SERVER: made.server, AUTHORITY: made.authority, AUTHORITY_WORD: signed.encode()}
    for name, body in files.items():
        write_whole(folder / name, body, mode=FILE_MODE)
    return signed


def add_node(office: Path, body: bytes, covenant: Covenant, *, source: str, today: date) -> PartyId:
    """Keep a party's word on its node key or its certificate; a newer one takes the place of an older, for good.

    Raises: WireRefusal, UnknownParty, BadSignature, WeakKey, ForeignLinkKey, UnknownNode, RetiredKey.
    """
    signed = SignedLinkKey.parse(body, source=source)
    party = signed.link_key.party
    use = LinkUse.CLIENT if signed.link_key.use is LinkUse.CLIENT else LinkUse.NODE
    check_link_key(signed, covenant, party=party, use=use, on=today)
    _pem(signed)
    check_not_retired(office / FOLDER, signed)
    folder = office / FOLDER / _FOLDER_OF[use]
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    old = _word(office, folder.name, party)
    if old is not None and old.link_key.key != signed.link_key.key:
        retire(office / FOLDER, old)
    write_whole(folder / f"{party}.json", body, mode=FILE_MODE)
    return party


def remove_node(office: Path, party: PartyId) -> None:
    """Forget what a party signed for: its node and its certificate are let in no more; it comes back with new ones.

    Raises: UnknownNode.
    """
    paths = [office / FOLDER / name / f"{party}.json" for name in _FOLDER_OF.values()]
    if not any(path.is_file() for path in paths):
        raise UnknownNode(
            got=f"no key of {party}", wanted="a party that is on the line", act="the operator must name another party"
        )
    for name in _FOLDER_OF.values():
        if (signed := _word(office, name, party)) is not None:
            retire(office / FOLDER, signed)
    for path in paths:
        path.unlink(missing_ok=True)


def endings(office: Path, covenant: Covenant, *, today: date) -> Mapping[str, int]:
    """Return for how many days what partners signed for still holds, by file, the first to end first; negative: ended.

    Raises: WireRefusal.
    """
    found = {
        f"{name}/{party}": (signed.link_key.valid_until - today).days
        for name in _FOLDER_OF.values()
        for party in covenant.participants
        if (signed := _word(office, name, party)) is not None
    }
    return dict(sorted(found.items(), key=lambda each: each[1]))


def node_keys(office: Path, covenant: Covenant, *, today: date) -> Mapping[PartyId, bytes]:
    """Return the public keys, PEM, of the parties whose nodes the link reaches; the others have a courier.

    Raises: BadSignature, ForeignLinkKey, UnknownNode.
    """
    return {party: _pem(signed) for party, signed in _signed(office, covenant, LinkUse.NODE, today)}


def edge_files(office: Path, covenant: Covenant, *, today: date) -> Mapping[str, bytes]:
    """Return the files that the edge reads beside its configuration, by name; the parties are those of the covenant.

    Raises: LinkMissing, BadSignature, ForeignLinkKey, UnknownNode.
    """
    place = place_of(office, 0)
    clients = [_pem(signed) for _, signed in _signed(office, covenant, LinkUse.CLIENT, today)]
    own = {AUTHORITY: place.authority, SERVER: place.certificate, KEY: place.key}
    files = {name: path.read_bytes() for name, path in own.items()}
    # nginx reads no empty list, and would go on with the old one. Nobody has a client's certificate of the authority:
    # its key was not kept, and the one certificate that it signed is for a server.
    return files | {PARTIES: b"".join(clients) or files[AUTHORITY]}


def place_of(office: Path, port: int) -> Place:
    """Return where the SuperLink stands.

    Raises: LinkMissing.
    """
    folder = (office / FOLDER).absolute()
    if not (folder / AUTHORITY_WORD).is_file():
        raise LinkMissing(
            got=f"no certificates in {FOLDER}",
            wanted="those of the link",
            act="the operator must make them",
            hint="samenzicht-coordinator link init --host NAME",
        )
    return Place(folder / "superlink", port, folder / AUTHORITY, folder / SERVER, folder / KEY)


def authority_of(place: Place) -> bytes:
    """Return the authority's certificate, PEM."""
    return place.authority.read_bytes()


def certificate_days_left(place: Place, *, today: date) -> int:
    """Return for how many days the SuperLink's certificate still holds."""
    return days_left(place.certificate.read_bytes(), today=today)


def _signed(office: Path, covenant: Covenant, use: LinkUse, today: date) -> Iterator[tuple[PartyId, SignedLinkKey]]:
    """Yield what parties of the covenant signed for, checked anew; who signed for nothing that holds is not there."""
    for party in covenant.participants:
        signed = _word(office, _FOLDER_OF[use], party)
        if signed is not None and signed.link_key.valid_until >= today:
            check_link_key(signed, covenant, party=party, use=use, on=today)
            yield party, signed


def _word(office: Path, name: str, party: PartyId) -> SignedLinkKey | None:
    path = office / FOLDER / name / f"{party}.json"
    if not path.is_file():
        return None
    return SignedLinkKey.parse(path.read_bytes()[: SignedLinkKey.max_bytes + 1], source=path.name)


def _pem(signed: SignedLinkKey) -> bytes:
    return _client_pem(signed) if signed.link_key.use is LinkUse.CLIENT else _public_pem(signed)


def _client_pem(signed: SignedLinkKey) -> bytes:
    try:
        found = load_der_x509_certificate(b64decode(signed.link_key.key))
        key = found.public_key()
    except ValueError:
        key = None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise UnknownNode(
            got=f"a certificate of {signed.link_key.party} that is none",
            wanted="a P-256 certificate, as the keys command makes it",
            act=f"{signed.link_key.party} must make its certificate and send the file again",
        )
    return found.public_bytes(Encoding.PEM)


def _public_pem(signed: SignedLinkKey) -> bytes:
    try:
        key = load_der_public_key(b64decode(signed.link_key.key))
    except ValueError:
        key = None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP384R1):
        raise UnknownNode(
            got=f"a node key of {signed.link_key.party} that is none",
            wanted="a P-384 public key, as the keys command makes it",
            act=f"{signed.link_key.party} must make its key and send the file again",
        )
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
