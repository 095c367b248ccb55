"""Whom a node talks to: one host, by one authority, over TLS 1.3; nothing of its surroundings leads it elsewhere."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

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
