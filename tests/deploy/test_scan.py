"""What a scanner of TLS finds at the edge, and at the SuperLink behind it: TLS 1.3 with sound ciphers, and no more."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from coordinator.flower.superlink import running_superlink
from tests.deploy.edge import CONFIG, HOST, running_edge
from tests.flower.live import SECRET, make_ground

pytestmark = pytest.mark.needs("nginx", "sslscan")
SOUND = {"TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256"}


@dataclass(frozen=True)
class Found:
    """What `sslscan` says: versions that are offered, ciphers that are taken, and the weak points that it looks for."""

    versions: set[str]
    ciphers: set[str]
    weak: list[str]


def scan(port: int) -> Found:
    command = ["sslscan", "--no-colour", "--show-certificate", f"{HOST}:{port}"]
    text = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    said = dict(re.findall(r"^(SSLv2|SSLv3|TLSv1\.[0-3])\s+(enabled|disabled)$", text, re.MULTILINE))
    assert set(said) == {"SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"}, text
    assert "Signature Algorithm: ecdsa-with-SHA256" in text, "it looked at the certificate"
    weak = ("vulnerable to heartbleed", "Compression enabled", "Insecure session renegotiation supported")
    lines = [line.strip() for line in text.splitlines()]
    return Found(
        versions={version for version, state in said.items() if state == "enabled"},
        ciphers=set(re.findall(r"^(?:Preferred|Accepted)\s+\S+\s+\d+ bits\s+(\S+)", text, re.MULTILINE)),
        weak=[line for line in lines if any(mark in line and f"not {mark}" not in line for mark in weak)],
    )


def test_the_edge_offers_tls_1_3_and_nothing_weak(tmp_path: Path) -> None:
    """T02: no version below, no cipher without authentication of data, no compression, no renegotiation."""
    with running_edge(tmp_path) as edge:
        found = scan(edge.port)
    assert found.versions == {"TLSv1.3"}
    assert set() < found.ciphers <= SOUND
    assert not found.weak


def test_the_superlink_offers_tls_1_3_and_nothing_older_than_1_2(tmp_path: Path) -> None:
    """T02: on loopback, behind the edge. Flower's server takes 1.2 as well; nodes and coordinator ask for 1.3."""
    ground = make_ground(tmp_path)
    with running_superlink(ground.place, secret=SECRET):
        found = scan(ground.place.port)
    assert found.versions <= {"TLSv1.2", "TLSv1.3"}
    assert "TLSv1.3" in found.versions
    assert all(cipher in SOUND or cipher.startswith("ECDHE-") for cipher in found.ciphers)
    assert not found.weak


def test_an_edge_that_offers_an_older_version_would_be_seen(tmp_path: Path) -> None:
    """Negative control."""
    text = CONFIG.read_text()
    assert "TLSv1.3" in text
    with running_edge(tmp_path, text=text.replace("TLSv1.3", "TLSv1.2 TLSv1.3")) as edge:
        found = scan(edge.port)
    assert found.versions == {"TLSv1.2", "TLSv1.3"}
    assert not found.ciphers <= SOUND
