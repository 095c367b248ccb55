"""The ledger feed over gRPC with certificates of both ends: an officer's copy grows with the log, and nobody else's."""

import contextlib
import re
import shlex
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2
from typer.testing import CliRunner

from coordinator.feed import Head, parts_of
from coordinator.flower.superlink import LOOPBACK, free_port
from coordinator.office import open_office
from partner_node.flower.client_certificate import make_client_certificate
from privacy.audit.cli import app
from privacy.audit.watch import ENTRIES, Line, Watch, read_covenant, read_line
from protocol.feed import MAX_ENTRIES, METHOD, SERVICE, FeedPart
from protocol.ledger.entry import YearClosedEntry
from protocol.words.ids import PartyId
from simulations.first_light import agreement
from tests.flower.live import today
from tests.flower.parties import NODES, Parties
from tests.flower.processes import answers, start_coordinator, stop, wait_for
from tests.house import ROOT

OFFICER = agreement.WITNESS


@dataclass(frozen=True)
class Fed:
    """An office whose feed is on the line."""

    parties: Parties
    port: int

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    def certificate(self, party: PartyId = OFFICER) -> Path:
        return self.parties.place(party) / "keys" / "edge.pem"

    def line(self, certificate: Path | None = None) -> Line:
        agreed = self.parties.place(OFFICER) / "agreement"
        covenant = read_covenant(agreed / "covenant.json", None)
        return read_line(self.address, agreed / "authority.json", certificate or self.certificate(), covenant)

    def watch(self, folder: Path, *options: str, certificate: Path | None = None) -> tuple[int, str, str]:
        """Run the officer's command; return its exit code, stdout and stderr."""
        agreed = self.parties.place(OFFICER) / "agreement"
        named = ("--covenant", str(agreed / "covenant.json"), "--authority", str(agreed / "authority.json"))
        shown = ("--certificate", str(certificate or self.certificate()))
        command = ["watch", str(folder), "--address", self.address, *named, *shown, "--lang", "en", *options]
        done = CliRunner().invoke(app, command)
        return done.exit_code, done.stdout, done.stderr

    def grow(self, *years: int) -> None:
        """Append entries to the coordinator's log."""
        with open_office(self.parties.office) as office:
            for year in years:
                office.store.log.append(YearClosedEntry(covenant_year=year).encode())


@pytest.fixture(scope="module")
def fed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fed]:
    parties = Parties(tmp_path_factory.mktemp("fed"), today())
    parties.settle()
    files = [str(parties.place(party) / f"{party}.edge.json") for party in NODES]
    parties.coordinate("link", "add", *files, "--dir", str(parties.office))
    port = free_port()
    process = start_coordinator(parties, "feed", "--port", str(port))
    try:
        wait_for(lambda: process.poll() is not None or answers(port))
        yield Fed(parties, port)
    finally:
        assert stop(process) == 0


def test_an_officers_copy_grows_with_the_log(fed: Fed, tmp_path: Path) -> None:
    before = fed.watch(tmp_path / "copy", "--once")
    assert before[0] == 0, before[2]
    assert "the log only grew" in before[2]
    fed.grow(2031, 2032)
    shown = ""

    def grown() -> bool:
        nonlocal shown
        code, more, _ = fed.watch(tmp_path / "copy", "--once")
        assert code == 0
        shown += more
        return bool(shown)

    wait_for(grown, most_s=20)
    assert shown == "year closed: covenant_year 2031\nyear closed: covenant_year 2032\n"
    code, shown, _ = fed.watch(tmp_path / "copy", "--once", "--json")
    assert (code, shown) == (0, "")
    lines = (tmp_path / "copy" / ENTRIES).read_text().splitlines()
    assert lines[-1] == YearClosedEntry(covenant_year=2032).encode().decode()


def test_the_command_of_the_page_does_what_it_says(fed: Fed, tmp_path: Path) -> None:
    """In the officer's own folder, as docs/audit.md shows it."""
    page = (ROOT / "docs/audit.md").read_text().replace("\\\n", "")
    (shown,) = re.findall(r"^samenzicht-audit (watch .*)$", page, re.MULTILINE)
    shown = shown.replace("samenzicht.gemeente.example:9093", fed.address).replace("log-copy", str(tmp_path))
    words = shlex.split(shown)
    with contextlib.chdir(fed.parties.place(OFFICER)):
        done = CliRunner().invoke(app, [*words, "--once"])
    assert done.exit_code == 0, done.stderr
    assert "het logboek groeide alleen" in done.stderr


def test_who_listens_hears_of_an_entry_within_seconds_and_stops_when_told(fed: Fed, tmp_path: Path) -> None:
    watch = Watch.at(tmp_path, fed.parties.covenant)
    heard: list[str] = []
    watch.told = heard.extend
    following = threading.Thread(target=watch.follow, args=(fed.line(),), daemon=True)
    following.start()
    wait_for(lambda: watch.log.head is not None, most_s=30)
    known = len(heard)
    fed.grow(2041)
    wait_for(lambda: len(heard) == known + 1, most_s=30)
    watch.end()
    following.join(20)
    assert not following.is_alive()


def test_a_stranger_is_not_let_in_nor_one_who_pinned_another_covenant(fed: Fed, tmp_path: Path) -> None:
    """T03: a certificate that nobody signed for. The officer's own is the control above."""
    make_client_certificate(tmp_path, OFFICER, today=today())
    code, _, story = fed.watch(tmp_path / "copy", "--once", certificate=tmp_path / "edge.pem")
    assert code == 3
    assert "feed-lost" in story
    code, _, story = fed.watch(tmp_path / "copy", "--once", "--covenant-digest", "0" * 64)
    assert code == 1
    assert "not-an-agreement" in story
    assert not (tmp_path / "copy" / ENTRIES).exists()


def test_who_is_removed_is_out_at_the_next_call_and_the_others_are_not(fed: Fed, tmp_path: Path) -> None:
    """T03: a call lasts less than a minute."""
    gone = PartyId("school")
    certificate = fed.certificate(gone)
    assert fed.watch(tmp_path / "school", "--once", certificate=certificate)[0] == 0
    fed.parties.coordinate("link", "remove", gone, "--dir", str(fed.parties.office))
    wait_for(lambda: fed.watch(tmp_path / "school", "--once", certificate=certificate)[0] == 3, most_s=20)
    assert fed.watch(tmp_path / "other", "--once")[0] == 0


def test_a_question_that_is_none_is_refused_by_name_and_the_service_says_how_it_is(fed: Fed) -> None:
    line = fed.line()
    credentials = grpc.ssl_channel_credentials(line.authority, line.key, line.certificate)
    with grpc.secure_channel(line.address, credentials) as channel:
        ask: grpc.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(f"/{SERVICE}/{METHOD}")
        for body in (b"", b"{}", b'{"format":1,"kind":"feed-question","size":-1}', b"\xff" * 9_000):
            with pytest.raises(grpc.RpcError) as refused:
                list(ask(body))
            assert refused.value.code() in {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.RESOURCE_EXHAUSTED}
        check: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary("/grpc.health.v1.Health/Check")
        body = check(health_pb2.HealthCheckRequest(service=SERVICE).SerializeToString())
    found = health_pb2.HealthCheckResponse.FromString(body)
    assert found.status == health_pb2.HealthCheckResponse.SERVING


def test_without_a_certificate_there_is_no_line(fed: Fed) -> None:
    with grpc.secure_channel(fed.address, grpc.ssl_channel_credentials(fed.line().authority)) as channel:
        ask: grpc.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(f"/{SERVICE}/{METHOD}")
        with pytest.raises(grpc.RpcError) as refused:
            list(ask(b"{}", timeout=5))
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE


def test_a_long_log_comes_in_parts_that_lead_to_one_head() -> None:
    leaves = tuple(YearClosedEntry(covenant_year=1990 + each % 200).encode() for each in range(2 * MAX_ENTRIES + 1))
    head = Head(leaves, "a head")
    parts = [FeedPart.parse(body) for body in parts_of(head, 1)]
    assert [(part.first, len(part.entries)) for part in parts] == [(1, 256), (257, 256)]
    assert [(part.first, part.entries) for part in map(FeedPart.parse, parts_of(head, len(leaves)))] == [(513, ())]
    assert [(part.first, part.entries) for part in map(FeedPart.parse, parts_of(head, 9_999))] == [(513, ())]
