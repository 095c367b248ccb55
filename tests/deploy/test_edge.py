"""What the edge lets through and what it blocks, with the nginx of Debian; T01, T02, T07 and T13 at the edge."""

import json
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.edge import CONFIG, HOST, Edge, running_edge

pytestmark = pytest.mark.needs("nginx")
OPEN = (
    "activate-node",
    "deactivate-node",
    "send-node-heartbeat",
    "pull-messages",
    "push-messages",
    "pull-object",
    "push-object",
    "confirm-message-received",
    "get-run",
)
BLOCKED = (
    "/",
    "/docs",
    "/openapi.json",
    "/v1/fleet",
    "/v1/fleet/",
    "/v1/fleet/get-fab",
    "/v1/fleet/register-node",
    "/v1/fleet/unregister-node",
    "/v1/fleet/pull-messages/",
    "/v1/fleet/pull-messages?x=1",
    "/v1/fleet/pull-messages;x",
    "/v1/fleet/Pull-Messages",
    "/v1/fleet//pull-messages",
    "//v1/fleet/pull-messages",
    "/v1/fleet/pull-messages/../get-fab",
    "/v1/fleet/pull-messages/..%2fget-fab",
    "/v1/fleet/%67et-fab",
    "/v1/fleet/pull%2dmessages",
    "/v1/fleet/../control/start-run",
    "/v1/control/start-run",
    "/v1/control/list-runs",
    "/v1/runtime/acquire-task",
    "/api/v1/fleet/pull-messages",
)


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    with running_edge(tmp_path_factory.mktemp("edge")) as running:
        yield running


def test_the_paths_of_a_round_pass_and_arrive_as_they_were_asked(edge: Edge) -> None:
    edge.behind.got.clear()
    assert [edge.status("POST", f"/v1/fleet/{name}") for name in OPEN] == [200] * len(OPEN)
    assert edge.behind.got == [("POST", f"/v1/fleet/{name}") for name in OPEN]


@pytest.mark.parametrize("path", BLOCKED)
def test_every_other_path_ends_at_the_edge(edge: Edge, path: str) -> None:
    """N01, T13: bundles, registration, control, runtime, documentation, and every way to write one as another."""
    edge.behind.got.clear()
    assert edge.status("POST", path) == 404
    assert edge.behind.got == []


def test_an_edge_that_lets_all_through_would_be_seen(tmp_path: Path) -> None:
    """Negative control of the test above: the same configuration with every path in the map."""
    text = CONFIG.read_text().replace('default "";', "default all;")
    with running_edge(tmp_path, text=text) as open_edge:
        assert open_edge.status("POST", "/v1/fleet/get-fab") == 200
        assert open_edge.behind.got == [("POST", "/v1/fleet/get-fab")]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_only_post_passes(edge: Edge, method: str) -> None:
    edge.behind.got.clear()
    assert edge.status(method, "/v1/fleet/pull-messages") == 403
    assert edge.behind.got == []


def test_a_whole_address_in_the_request_line_is_no_way_round(edge: Edge) -> None:
    """T13: the upstream is the one of the configuration, whatever the request names."""
    edge.behind.got.clear()
    request = b"POST https://elsewhere.example/v1/fleet/get-fab HTTP/1.1\r\nHost: elsewhere.example\r\n"
    assert b" 404 " in edge.ask(request + b"Connection: close\r\nContent-Length: 0\r\n\r\n").splitlines()[0]
    two_lengths = b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    smuggled = b"POST /v1/fleet/get-run HTTP/1.1\r\nHost: x\r\n" + two_lengths
    assert b" 400 " in edge.ask(smuggled).splitlines()[0]
    assert edge.behind.got == []


@pytest.mark.parametrize("party", [None, "stranger", "late"])
def test_who_is_no_party_or_whose_certificate_has_ended_gets_no_further(edge: Edge, party: str | None) -> None:
    """T01: no certificate, one that nobody of the covenant made, an expired one. School's is the control."""
    edge.behind.got.clear()
    assert edge.status("POST", "/v1/fleet/pull-messages", party) == 400
    assert edge.behind.got == []
    assert edge.status("POST", "/v1/fleet/pull-messages", "school") == 200


def test_a_party_that_is_taken_out_is_refused_after_a_reload(tmp_path: Path) -> None:
    """T03: and the others go on."""
    with running_edge(tmp_path) as edge:
        assert edge.status("POST", "/v1/fleet/pull-messages", "school") == 200
        (tmp_path / "parties.pem").write_text(edge.parties["politie"].certificate.read_text())
        edge.reload()
        assert edge.status("POST", "/v1/fleet/pull-messages", "school") == 400
        assert edge.status("POST", "/v1/fleet/pull-messages", "politie") == 200


def test_tls_below_1_3_is_refused(edge: Edge) -> None:
    """T02: with a context that may do no better; the same with 1.3 connects."""
    with socket.create_connection((HOST, edge.port), timeout=10) as plain:
        old = edge.context("politie", most=ssl.TLSVersion.TLSv1_2)
        with pytest.raises(ssl.SSLError):
            old.wrap_socket(plain, server_hostname="localhost")
    with (
        socket.create_connection((HOST, edge.port), timeout=10) as plain,
        edge.context("politie").wrap_socket(plain, server_hostname="localhost") as line,
    ):
        assert line.version() == "TLSv1.3"
        assert line.compression() is None


def test_what_is_too_long_is_refused_before_it_is_read(edge: Edge) -> None:
    """T07: 6 MiB and a byte, a claim of 2 GiB, and a header of 10 kB; 5 MiB passes."""
    edge.behind.got.clear()
    head = b"POST /v1/fleet/push-object HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    for claim in (6 * 2**20 + 1, 2**31):
        assert b" 413 " in edge.ask(head + b"Content-Length: %d\r\n\r\n" % claim).splitlines()[0]
    assert b" 400 " in edge.ask(head + b"X: " + b"a" * 10_000 + b"\r\n\r\n").splitlines()[0]
    assert edge.behind.got == []
    assert edge.status("POST", "/v1/fleet/push-object", body=bytes(5 * 2**20)) == 200


def test_the_edge_logs_who_asked_what_and_nothing_else(tmp_path: Path) -> None:
    """Nginx writes a line after its answer, and two workers write in no fixed order: the lines are waited for."""
    with running_edge(tmp_path) as edge:
        log = edge.folder / "access.log"
        before = len(log.read_text().splitlines())
        edge.status("POST", "/v1/fleet/get-fab?secret=999999990")
        edge.status("POST", "/v1/fleet/get-run", body=b"999999990")
        lines = lines_after(log, before, wanted=2)
        assert set(json.loads(lines[-1])) == {"time", "party", "path", "status"}
        assert sorted(json.loads(line)["path"] for line in lines) == ["", "get-run"]
        assert "999999990" not in "".join(lines) + (edge.folder / "error.log").read_text()


def lines_after(log: Path, before: int, *, wanted: int, seconds: float = 10.0) -> list[str]:
    """The lines that were added since there were `before`, as soon as there are as many as wanted."""
    end = time.monotonic() + seconds
    while len(lines := log.read_text().splitlines()[before:]) < wanted and time.monotonic() < end:
        time.sleep(0.02)
    return lines


def test_the_edge_does_not_name_its_version(edge: Edge) -> None:
    assert b"nginx/" not in edge.ask(b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")


def test_more_requests_than_a_node_ever_makes_are_turned_away(tmp_path: Path) -> None:
    """T07: six hundred in one burst; a node makes a few a second. GET, so that the edge alone sets the pace."""
    with running_edge(tmp_path) as edge:
        request = b"GET /v1/fleet/pull-messages HTTP/1.1\r\nHost: localhost\r\n"
        answer = edge.ask((request + b"\r\n") * 600 + request + b"Connection: close\r\n\r\n")
        assert answer.count(b"HTTP/1.1 403") >= 200
        assert answer.count(b"HTTP/1.1 429") > 100
