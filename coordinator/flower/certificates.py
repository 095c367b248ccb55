"""Computes: the TLS certificates of the SuperLink: an own authority and a server's certificate, both P-256.

Nobody outside of the covenant vouches for them: the coordinator's identity key signs for the authority's certificate
(`protocol/covenant/link_key.py`), and a node trusts that one and no other.
"""

from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from coordinator.errors import OperatorRefusal

VALID_DAYS = 396  # a year and a month to change them in
WARN_DAYS = (60, 30, 7)


class WrongHost(OperatorRefusal):
    """A host name or address that no certificate can be made for."""


@dataclass(frozen=True, slots=True, repr=False)
class Certificates:
    """PEM each but `authority_der`. The authority's private key is not kept: a new server gets a new authority."""

    authority: bytes
    authority_der: bytes
    server: bytes
    server_key: bytes
    valid_until: date

    @property
    def authority_text(self) -> str:
        """The authority's certificate as `LinkKey` holds it."""
        return b64encode(self.authority_der).decode("ascii")


def make_certificates(hosts: tuple[str, ...], *, today: date) -> Certificates:
    """Return an authority and a server certificate for these host names and addresses.

    Raises: WrongHost.
    """
    names = _names(tuple(dict.fromkeys((*hosts, "localhost"))))  # as which the edge knows the SuperLink behind it
    start = datetime.combine(today - timedelta(days=1), time(), UTC)  # clocks differ
    end = datetime.combine(today + timedelta(days=VALID_DAYS), time(23, 59, 59), UTC)
    authority_key, server_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority_name, server_name = _name("Samenzicht link authority"), _name(hosts[0])
    identifier = x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key())

    def signed(
        subject: x509.Name, key: ec.EllipticCurvePrivateKey, *extensions: x509.ExtensionType
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(authority_name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(end)
        )
        for extension in extensions:
            critical = isinstance(extension, x509.BasicConstraints | x509.KeyUsage)
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(authority_key, SHA256())

    authority = signed(
        authority_name,
        authority_key,
        x509.BasicConstraints(ca=True, path_length=0),
        _usage(certificates=True),
        identifier,
    )
    server = signed(
        server_name,
        server_key,
        x509.BasicConstraints(ca=False, path_length=None),
        _usage(certificates=False),
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]),
        x509.SubjectAlternativeName(names),
        x509.SubjectKeyIdentifier.from_public_key(server_key.public_key()),
        x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier),
    )
    return Certificates(
        authority.public_bytes(Encoding.PEM),
        authority.public_bytes(Encoding.DER),
        server.public_bytes(Encoding.PEM),
        server_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        end.date(),
    )


def days_left(certificate_pem: bytes, *, today: date) -> int:
    """Return for how many more days a certificate holds; negative when it has ended."""
    return (x509.load_pem_x509_certificate(certificate_pem).not_valid_after_utc.date() - today).days


def _names(hosts: tuple[str, ...]) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = []
    for host in hosts:
        try:
            names.append(x509.IPAddress(ip_address(host)))
        except ValueError:
            if not host.isascii() or not host.replace("-", "").replace(".", "").isalnum():
                names = []
                break
            names.append(x509.DNSName(host))
    if not names:
        raise WrongHost(
            got="a host that is no name in ASCII letters and no address",
            wanted="the name under which partners reach the coordinator",
            act="the operator must give that name",
        )
    return names


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common[:64])])


def _usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=certificates,
        encipher_only=False,
        decipher_only=False,
    )
