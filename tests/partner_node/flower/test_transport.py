"""Whom a node talks to: one host, by one authority, over TLS 1.3; nothing of its surroundings leads it elsewhere."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from coordinator.flower.certificates import Certificates, days_left, make_certificates
from partner_node.flower.errors import LinkLost
from partner_node.flower.link import FleetLink
from partner_node.flower.transport import trusting
from tests.flower.live import today
from tests.partner_node.flower.hostile import HostileSuperLink, server_context, serving

LOOPBACK = "127.0.0.1"
KEY = ec.generate_private_key(ec.SECP384R1())


def made(*hosts: str, days: int = 0) -> Certificates:
    return make_certificates(hosts or (LOOPBACK,), today=today() + timedelta(days=days))


def log_in(port: int, authority: Certificates, *, proxy: str | None = None) -> None:
    """Log in at a SuperLink on loopback."""
    with FleetLink(LOOPBACK, port, context=trusting(authority.authority_der), key=KEY, proxy=proxy) as link:
        link.log_in()


def test_the_right_authority_name_and_day_are_taken(tmp_path: Path) -> None:
    """Negative control of all refusals below."""
    certificates = made()
    superlink = HostileSuperLink()
    with serving(superlink, server_context(tmp_path, certificates)):
        log_in(superlink.port, certificates)
    assert superlink.asked == ["activate-node"]


@pytest.mark.parametrize(
    ("served", "trusted"),
    [
        (made(), made()),
        (made("superlink.example.nl"), None),
        (made("127.0.0.2"), None),
        (made(days=-500), None),
        (made(days=3), None),
    ],
    ids=["another authority", "another name", "another address", "ended", "not begun"],
)
def test_another_certificate_is_refused_before_a_word_is_said(
    served: Certificates, trusted: Certificates | None, tmp_path: Path
) -> None:
    """T01: wrong authority, wrong name, ended, not yet valid."""
    superlink = HostileSuperLink()
    with serving(superlink, server_context(tmp_path, served)), pytest.raises(LinkLost, match="ConnectError"):
        log_in(superlink.port, trusted or served)
    assert not superlink.asked


def weak(folder: Path, *, bits: int | None, digest: HashAlgorithm) -> tuple[ssl.SSLContext, bytes]:
    """Return a server's context with a certificate that vouches for itself, and that certificate, DER."""
    key: CertificateIssuerPrivateKeyTypes = ec.generate_private_key(ec.SECP256R1())
    if bits is not None:
        key = rsa.generate_private_key(public_exponent=65_537, key_size=bits)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, LOOPBACK)])
    start = datetime.now(UTC) - timedelta(days=1)
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(LOOPBACK))])
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    found = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(names, critical=False)
        .add_extension(identifier, critical=False)
        .sign(key, digest)  # type: ignore[arg-type]  # SHA-1 too: that it is refused is what is tested
    )
    (folder / "weak.pem").write_bytes(found.public_bytes(Encoding.PEM))
    (folder / "weak.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # the server is the hostile one here
    context.load_cert_chain(folder / "weak.pem", folder / "weak.key")
    return context, found.public_bytes(Encoding.DER)


def test_a_weak_certificate_is_refused_though_it_is_the_one_that_is_trusted(tmp_path: Path) -> None:
    """T01: RSA of 1,024 bits. SHA-1: such a certificate cannot even be made with the library that we use."""
    context, der = weak(tmp_path, bits=1_024, digest=SHA256())
    superlink = HostileSuperLink()
    with serving(superlink, context), pytest.raises((LinkLost, ssl.SSLError)):
        log_in_with(superlink.port, der)
    assert not superlink.asked
    with pytest.raises((ValueError, UnsupportedAlgorithm)):
        weak(tmp_path, bits=None, digest=SHA1())  # noqa: S303 - it is the one that is refused


def test_a_strong_one_made_the_same_way_is_taken(tmp_path: Path) -> None:
    """Negative control."""
    context, der = weak(tmp_path, bits=None, digest=SHA256())
    superlink = HostileSuperLink()
    with serving(superlink, context):
        log_in_with(superlink.port, der)
    assert superlink.asked == ["activate-node"]


def log_in_with(port: int, authority_der: bytes) -> None:
    with FleetLink(LOOPBACK, port, context=trusting(authority_der), key=KEY, proxy=None) as link:
        link.log_in()


def test_an_older_tls_is_refused(tmp_path: Path) -> None:
    """T02 in part: 1.2 with an honest certificate."""
    certificates = made()
    context = server_context(tmp_path, certificates)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    superlink = HostileSuperLink()
    with serving(superlink, context), pytest.raises(LinkLost, match="ConnectError"):
        log_in(superlink.port, certificates)


def test_plain_text_is_refused() -> None:
    """T01."""
    superlink = HostileSuperLink()
    with serving(superlink, None), pytest.raises(LinkLost, match="ConnectError"):
        log_in(superlink.port, made())


@contextmanager
def proxy_on_loopback() -> Iterator[tuple[str, list[str]]]:
    """Give the address of a proxy that tunnels, and what it was asked for."""
    asked: list[str] = []
    listener = socket.create_server((LOOPBACK, 0))

    def pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):  # the other end has gone
            while body := source.recv(1 << 16):
                target.sendall(body)
            target.shutdown(socket.SHUT_WR)

    def serve() -> None:
        try:
            near, _ = listener.accept()
        except OSError:
            return
        head = b""
        while b"\r\n\r\n" not in head:
            head += near.recv(4_096)
        asked.append(head.split(b"\r\n")[0].decode())
        host, port = head.split()[1].decode().split(":")
        with near, socket.create_connection((host, int(port))) as far:
            near.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=pump, args=(far, near))
            back.start()
            pump(near, far)
            back.join()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://{LOOPBACK}:{listener.getsockname()[1]}", asked
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def test_the_proxy_of_the_configuration_is_used_and_sees_only_where_the_tunnel_goes(tmp_path: Path) -> None:
    certificates = made()
    superlink = HostileSuperLink()
    with proxy_on_loopback() as (proxy, asked), serving(superlink, server_context(tmp_path, certificates)):
        log_in(superlink.port, certificates, proxy=proxy)
    assert asked == [f"CONNECT {LOOPBACK}:{superlink.port} HTTP/1.1"]
    assert superlink.asked == ["activate-node"]


def test_a_proxy_or_certificate_of_the_environment_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """T13."""
    certificates = made()
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, f"http://{LOOPBACK}:9")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nothing.pem"))
    superlink = HostileSuperLink()
    with serving(superlink, server_context(tmp_path, certificates)):
        log_in(superlink.port, certificates)
    assert superlink.asked == ["activate-node"]


def test_certificates_end_after_a_year_and_a_month() -> None:
    assert days_left(made().server, today=today()) == 396
    assert days_left(made(days=-400).server, today=today()) == -4
