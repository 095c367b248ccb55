"""Touches the world: the certificate with which a node shows the edge who calls: P-256, vouching for itself.

It opens a line and nothing else, like the node key. The party signs for it with its identity key; the edge trusts the
certificates of the covenant's parties, one by one, and no authority that could make more of them.
"""

from base64 import b64encode
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from partner_node.flower.node_key import VALID_DAYS
from partner_node.keystore import DamagedKey, check_mode
from partner_node.whole_file import FILE_MODE, write_whole
from protocol.covenant.link_key import LinkKey, LinkUse, SignedLinkKey, sign_link_key
from protocol.signing import SigningKey
from protocol.words.ids import PartyId

NAME = "edge.pem"  # the certificate, and its key after it, as TLS libraries read them
RENEW_DAYS = 60
_MAX_BYTES = 8_192


def make_client_certificate(folder: Path, party: PartyId, *, today: date, again: bool = False) -> x509.Certificate:
    """Make the certificate beside the party's keys; one that holds for long enough stays. again: not even that.

    Raises: UnsafeKeys, DamagedKey.
    """
    path = folder / NAME
    if path.exists() and not again:
        found = load_client_certificate(folder)
        if (found.not_valid_after_utc.date() - today).days > RENEW_DAYS:
            return found
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, party[:64])])
    start = datetime.combine(today - timedelta(days=1), time(), UTC)  # clocks differ
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=VALID_DAYS + 1))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_whole(path, made.public_bytes(Encoding.PEM) + private)
    return made


def load_client_certificate(folder: Path) -> x509.Certificate:
    """Return the certificate of a folder that has one.

    Raises: UnsafeKeys, DamagedKey.
    """
    path = folder / NAME
    check_mode(path, FILE_MODE)
    try:
        return x509.load_pem_x509_certificate(path.read_bytes()[:_MAX_BYTES])
    except ValueError:
        raise DamagedKey(
            got=f"{NAME} with other contents than a certificate",
            wanted="the one that the keys command made",
            act="the partner's IT must remove it, make a new one and send it to the coordinator",
            hint="samenzicht-node keys PARTY --show",
        ) from None


def signed_client_certificate(made: x509.Certificate, party: PartyId, identity: SigningKey) -> SignedLinkKey:
    """Return the party's word on its certificate, which the coordinator gives to the edge."""
    text = b64encode(made.public_bytes(Encoding.DER)).decode("ascii")
    valid_until = made.not_valid_after_utc.date() - timedelta(days=1)  # the last whole day
    return sign_link_key(LinkKey(party=party, use=LinkUse.CLIENT, key=text, valid_until=valid_until), identity)
