"""The real nginx of Debian with the edge's own configuration, and behind it a server that writes down what it gets."""

import os
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.house import ROOT

CONFIG = ROOT / "deploy" / "nginx" / "nginx.conf"
HOST = "127.0.0.1"


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, as PEM files."""

    certificate: Path
    key: Path


def self_signed(folder: Path, name: str, *, host: str = "localhost", days: int = 30) -> Pair:
    """Write a P-256 certificate that vouches for itself, as a party makes it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime.now(tz=UTC) - timedelta(days=60)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(datetime.now(tz=UTC) + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    pair = Pair(folder / f"{name}.pem", folder / f"{name}.key")
    pair.certificate.write_bytes(certificate.public_bytes(Encoding.PEM))
    pair.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return pair


@dataclass
class Behind:
    """A stand-in for the SuperLink. got: method and path of each request that reached it."""

    port: int
    got: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Edge:
    """A running edge. port: where it listens. behind: what reached the other side."""

    folder: Path
    port: int
    behind: Behind
    parties: dict[str, Pair]

    def context(self, party: str | None, *, most: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> ssl.SSLContext:
        """Return what a client with a party's certificate uses; None has none."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.folder / "server.pem")
        context.maximum_version = most
        if party is not None:
            pair = self.parties[party]
            context.load_cert_chain(pair.certificate, pair.key)
        return context

    def ask(self, request: bytes, party: str | None = "politie") -> bytes:
        """Send bytes as they are and return the whole answer; empty when the line is cut."""
        with (
            socket.create_connection((HOST, self.port), timeout=20) as plain,
            self.context(party).wrap_socket(plain, server_hostname="localhost") as line,
        ):
            line.sendall(request)
            answer = b""
            try:
                while chunk := line.recv(65_536):
                    answer += chunk
            except (ConnectionResetError, ssl.SSLError):
                return answer
            return answer

    def status(self, method: str, path: str, party: str | None = "politie", *, body: bytes = b"x") -> int:
        """Return the status of a request."""
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return int(self.ask(head.encode() + body, party).split(b" ", 2)[1])

    def reload(self) -> None:
        """Let nginx read its files again."""
        subprocess.run(["nginx", "-c", self.folder / "nginx.conf", "-s", "reload"], check=True, capture_output=True)
        time.sleep(0.5)  # the old workers stop taking lines


@contextmanager
def running_edge(folder: Path, *, text: str | None = None) -> Iterator[Edge]:
    """Run nginx with `deploy/nginx/nginx.conf`, paths and ports moved. text: another one, as a control."""
    with _behind(folder) as behind:
        port = _free_port()
        parties = {name: self_signed(folder, name) for name in ("politie", "school")}
        parties["stranger"] = self_signed(folder, "stranger")
        parties["late"] = self_signed(folder, "late", days=-1)
        server = self_signed(folder, "server")
        assert server.key.exists()
        known = [parties[name].certificate.read_text() for name in ("politie", "school", "late")]
        (folder / "parties.pem").write_text("".join(known))
        with running_nginx(folder, port, behind.port, text=text):
            yield Edge(folder, port, behind, parties)


@contextmanager
def running_nginx(folder: Path, port: int, behind: int, *, text: str | None = None) -> Iterator[None]:
    """Run nginx in a folder that holds its certificates. behind: port of the SuperLink."""
    _configure(folder, CONFIG.read_text() if text is None else text, port, behind)
    # As root, nginx would let its workers be nobody, who may not enter the folder of a test.
    more = "daemon off;" + (" user root;" if os.geteuid() == 0 else "")
    command = ["nginx", "-c", str(folder / "nginx.conf"), "-g", more]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, cwd=folder)
    try:
        wait_for(port, process)
        yield
    finally:
        process.terminate()
        process.communicate(timeout=20)


def _configure(folder: Path, text: str, port: int, behind: int) -> None:
    for old, new in (
        ("listen 8443 ssl;", f"listen {HOST}:{port} ssl;"),
        ("server 127.0.0.1:9092;", f"server 127.0.0.1:{behind};"),
    ):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    for place in ("/etc/samenzicht/edge", "/run/samenzicht-edge", "/var/log/samenzicht-edge"):
        assert place in text
        text = text.replace(place, str(folder))
    (folder / "nginx.conf").write_text(text)


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until nginx listens, and say what it said where it ended."""
    for _ in range(200):
        if process.poll() is not None:
            raise AssertionError(process.communicate()[1].decode())
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("nginx did not start to listen")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def _behind(folder: Path) -> Iterator[Behind]:
    pair = self_signed(folder, "authority")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            behind.got.append((self.command, self.path))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def __getattr__(self, name: str) -> Callable[[], None]:
            if name.startswith("do_"):
                return self._answer
            raise AttributeError(name)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Say nothing."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    server = ThreadingHTTPServer((HOST, 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    behind = Behind(int(server.server_address[1]))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield behind
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
