"""Touches the world: the key with which the node logs in at the SuperLink: ECDSA P-384, as Flower asks for.

It opens a line and nothing else: what goes over it is signed with the party's identity key. The party signs for its
public half (`protocol/covenant/link_key.py`), and the coordinator registers it.
"""

from base64 import b64decode, b64encode
from datetime import date, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_private_key,
)

from partner_node.flower.errors import LinkNotConfigured
from partner_node.keystore import DamagedKey, check_mode
from partner_node.whole_file import FILE_MODE, write_whole
from protocol.covenant.link_key import LinkKey, LinkUse, SignedLinkKey, sign_link_key
from protocol.signing import SigningKey
from protocol.words.ids import PartyId

NAME = "link.key"
VALID_DAYS = 396  # a year and a month to change it in
_MAX_BYTES = 4_096


def make_node_key(folder: Path, *, again: bool = False) -> ec.EllipticCurvePrivateKey:
    """Make the key beside the party's others; the one that is there stays. again: another takes its place.

    A service that runs has the old one until it is started again; the coordinator lets one of the two in.
    """
    path = folder / NAME
    if again or not path.exists():
        made = ec.generate_private_key(ec.SECP384R1())
        body = made.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
        write_whole(path, body)
    return load_node_key(folder)


def load_node_key(folder: Path) -> ec.EllipticCurvePrivateKey:
    """Return the key.

    Raises: LinkNotConfigured, UnsafeKeys, DamagedKey.
    """
    path = folder / NAME
    if not path.is_file():
        raise LinkNotConfigured(
            got=f"no {NAME} in {folder.name}",
            wanted="the key with which this node logs in",
            act="the partner's IT must make it",
            hint="samenzicht-node keys PARTY --show",
        )
    check_mode(path, FILE_MODE)
    try:
        key = load_ssh_private_key(path.read_bytes()[:_MAX_BYTES], password=None)
    except ValueError:
        key = None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP384R1):
        raise DamagedKey(
            got=f"{NAME} with other contents than a P-384 key",
            wanted="the key that the keys command made",
            act="the partner's IT must put the file back, or make a new key and send its public half",
        )
    return key


def signed_node_key(
    key: ec.EllipticCurvePrivateKey, party: PartyId, identity: SigningKey, *, today: date
) -> SignedLinkKey:
    """Return the party's word on the public half, which the coordinator registers."""
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    text = b64encode(der).decode("ascii")
    valid_until = today + timedelta(days=VALID_DAYS)
    return sign_link_key(LinkKey(party=party, use=LinkUse.NODE, key=text, valid_until=valid_until), identity)


def der_of(text: str) -> bytes:
    """Return the bytes behind a key in a `LinkKey`."""
    return b64decode(text)
