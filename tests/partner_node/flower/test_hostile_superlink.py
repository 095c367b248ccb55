"""A SuperLink that lies: whatever it hands over, the node answers with a constant, stays up, and stores nothing."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from gzip import compress
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from flwr.app import ConfigRecord, RecordDict
from flwr.proto.message_pb2 import ObjectTree

from coordinator.flower.certificates import make_certificates
from coordinator.flower.envelope import content_of, frames_in
from partner_node.flower import service
from partner_node.flower.link import FleetLink
from partner_node.flower.service import HEALTH, Service, Wait
from partner_node.flower.transport import trusting
from protocol.round.carriage import PART_BYTES, Answerless, parcel
from tests.flower.live import today
from tests.partner_node.flower.hostile import (
    HostileSuperLink,
    Raw,
    Waiting,
    records,
    renamed,
    server_context,
    serving,
    waiting,
)

MOST_S = 30.0
CODES = {Answerless.UNKNOWN_KIND: 1_002, Answerless.TOO_LARGE: 1_003, Answerless.FOREIGN: 1_004}


@dataclass
class Recorder:
    """In the place of the vault's process: what it was asked, and one answer to all."""

    answer: tuple[bytes, ...] | None = (b"answer",)
    asked: list[bytes] = field(default_factory=list)

    def start(self, *, meanwhile: Wait) -> None:
        meanwhile()

    def ask(self, body: bytes, *, meanwhile: Wait) -> tuple[bytes, ...] | None:
        meanwhile()
        self.asked.append(body)
        return self.answer

    def rest(self) -> None:
        return

    def end(self) -> None:
        return


@dataclass
class Scene:
    """A node that serves, in a thread, on a hostile SuperLink."""

    superlink: HostileSuperLink
    recorder: Recorder
    folder: Path
    context: object = None

    def run_until(self, true: Callable[[], bool]) -> None:
        """Let the service run until a condition holds, and stop it."""
        made = make_certificates(("127.0.0.1",), today=today())
        stop = threading.Event()
        with (
            serving(self.superlink, server_context(self.folder.parent / "tls", made)),
            FleetLink(
                "127.0.0.1",
                self.superlink.port,
                context=trusting(made.authority_der),
                key=ec.generate_private_key(ec.SECP384R1()),
                proxy=None,
            ) as link,
        ):
            running = threading.Thread(target=Service(link, self.recorder, self.folder / HEALTH, stop).run, daemon=True)
            running.start()
            until = time.monotonic() + MOST_S
            while not true() and time.monotonic() < until:
                time.sleep(0.02)
            stop.set()
            running.join(MOST_S)
        assert not running.is_alive()
        assert true()


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    monkeypatch.setattr(service, "POLL_S", 0.02)
    monkeypatch.setattr(service, "FIRST_WAIT_S", 0.02)
    home = tmp_path / "node"
    home.mkdir()
    monkeypatch.chdir(home)
    monkeypatch.setenv("FLWR_HOME", str(home))
    monkeypatch.setenv("HOME", str(home))
    scene = Scene(HostileSuperLink(), Recorder(), home)
    yield scene
    # Whatever happened: no bundle was asked for, and nothing is on the disk but how the service is.
    assert "get-fab" not in scene.superlink.asked
    assert [path.name for path in home.rglob("*")] == [HEALTH]


def _an_answer() -> Waiting:
    found = waiting()
    found.message.metadata.__dict__["_reply_to_message_id"] = "0" * 64
    return found


def _with_objects(objects: Callable[[Waiting], dict[str, bytes]]) -> Waiting:
    found = waiting()
    found.objects = objects(found)
    return found


def _no_object() -> Waiting:
    found = waiting()
    name = renamed(b"no object")
    found.objects, found.tree = {name: b"no object"}, ObjectTree(object_id=name)
    return found


def _many_parts() -> Waiting:
    found = waiting()
    children = [ObjectTree(object_id=f"{number:064x}") for number in range(10_000)]
    found.tree = ObjectTree(object_id=found.tree.object_id, children=children)
    return found


SPOILED: dict[str, tuple[Callable[[], Waiting], Answerless]] = {
    "another kind": (lambda: waiting(message_type="train"), Answerless.UNKNOWN_KIND),
    "another kind of query": (lambda: waiting(message_type="query.shell"), Answerless.UNKNOWN_KIND),
    "for another node": (lambda: waiting(to=1_234), Answerless.FOREIGN),
    "an answer to nothing": (_an_answer, Answerless.FOREIGN),
    "a part that is another": (lambda: _with_objects(lambda it: dict.fromkeys(it.objects, b"x")), Answerless.FOREIGN),
    "a part that is not there": (lambda: _with_objects(lambda _: {}), Answerless.FOREIGN),
    "bytes that are no object": (_no_object, Answerless.FOREIGN),
    "a value too many": (
        lambda: waiting(records(part_00=ConfigRecord({"bytes": b"x", "code": b"import os"}))),
        Answerless.FOREIGN,
    ),
    "a record of another name": (lambda: waiting(records(app=ConfigRecord({"bytes": b"x"}))), Answerless.FOREIGN),
    "no record": (lambda: waiting(RecordDict()), Answerless.FOREIGN),
    "two messages at once": (lambda: waiting(content_of(parcel((b"one", b"two")))), Answerless.FOREIGN),
    "no message": (lambda: waiting(content_of(parcel(()))), Answerless.FOREIGN),
    "a part that is too long": (
        lambda: waiting(records(part_00=ConfigRecord({"bytes": bytes(PART_BYTES + (1 << 20))}))),
        Answerless.TOO_LARGE,
    ),
    "ten thousand parts": (_many_parts, Answerless.TOO_LARGE),
}


def test_an_honest_message_is_answered(scene: Scene) -> None:
    """Negative control: the double can also be honest."""
    scene.superlink.queue.append(waiting())
    scene.run_until(lambda: len(scene.superlink.pushed) == 1)
    assert scene.recorder.asked == [b"a frame"]
    assert not scene.superlink.pushed[0].has_error()


@pytest.mark.parametrize("how", SPOILED)
def test_what_is_no_message_of_a_round_gets_a_constant_and_the_next_is_answered(how: str, scene: Scene) -> None:
    """N03, T07: refused with a code and no word; the session never sees it; the service goes on."""
    make, why = SPOILED[how]
    scene.superlink.queue += [make(), waiting()]
    scene.run_until(lambda: len(scene.superlink.pushed) == 2)
    refused, answered = scene.superlink.pushed
    assert (refused.error.code, refused.error.reason) == (CODES[why], None)
    assert not answered.has_error()
    assert scene.recorder.asked == [b"a frame"]


def test_a_run_with_another_bundle_is_foreign_and_the_bundle_stays_where_it_is(scene: Scene) -> None:
    """N01, N04: a bundle with ../ paths, links or a bomb in it never comes here: there is no call that fetches one."""
    scene.superlink.run_digest = "f" * 64
    scene.superlink.queue.append(waiting())
    scene.run_until(lambda: len(scene.superlink.pushed) == 1)
    assert scene.superlink.pushed[0].error.code == CODES[Answerless.FOREIGN]
    assert not scene.recorder.asked


def _archive(*entries: tuple[ZipInfo, bytes]) -> bytes:
    whole = BytesIO()
    with ZipFile(whole, "w", ZIP_DEFLATED) as archive:
        for entry, body in entries:
            entry.compress_type = ZIP_DEFLATED
            archive.writestr(entry, body)
    return whole.getvalue()


def _link(name: str, target: bytes) -> tuple[ZipInfo, bytes]:
    entry = ZipInfo(name)
    entry.create_system, entry.external_attr = 3, 0o120777 << 16  # a symbolic link, as Unix writes it
    return entry, target


BUNDLES: dict[str, Callable[[], bytes]] = {
    "paths that lead out": lambda: _archive((ZipInfo("../../evil.py"), b"x = 1"), (ZipInfo("/etc/evil"), b"x")),
    "a link to another file": lambda: _archive(_link("app.py", b"/etc/passwd")),
    "300 MB in 300 kB": lambda: _archive((ZipInfo("bomb"), bytes(300 << 20))),
    "twenty thousand files": lambda: _archive(*((ZipInfo(f"{number}.py"), b"") for number in range(20_000))),
}


def peak_growth_mb(work: Callable[[], object]) -> float:
    """Return by how much the memory of this process grew at its highest while it worked."""
    Path("/proc/self/clear_refs").write_text("5")  # the highest is from now on
    before = _kilobytes("VmRSS")
    work()
    return (_kilobytes("VmHWM") - before) / 1_024


def _kilobytes(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


@pytest.mark.parametrize("how", BUNDLES)
@pytest.mark.parametrize("named", ["part_00", "app"])
def test_a_hostile_bundle_in_the_place_of_a_message_is_carried_as_bytes_or_refused(
    how: str, named: str, scene: Scene
) -> None:
    """N04: unpacked by nobody: in at most 50 MB and 2 s of processor; nothing of it is on the disk."""
    body = BUNDLES[how]()
    hostile = waiting(records(**{named: ConfigRecord({"bytes": body})}))
    scene.superlink.queue += [hostile, waiting()]
    started = time.process_time()
    grown = peak_growth_mb(lambda: scene.run_until(lambda: len(scene.superlink.pushed) == 2))
    assert scene.superlink.pushed[0].error.code == CODES[Answerless.FOREIGN]
    assert scene.recorder.asked == [b"a frame"]
    assert grown < 50
    assert time.process_time() - started < 2


def test_a_node_that_unpacked_the_bomb_would_be_seen() -> None:
    """Negative control of the memory that is measured."""
    body = BUNDLES["300 MB in 300 kB"]()
    assert len(body) < 400_000
    assert peak_growth_mb(lambda: ZipFile(BytesIO(body)).read("bomb")) > 250


def test_the_node_has_no_call_that_fetches_a_bundle() -> None:
    """Read from the source: the name of that call stands in no file of the node."""
    folder = Path(service.__file__).parent
    sources = {path.name: path.read_text() for path in folder.glob("*.py")}
    assert "PullMessages(" in sources["link.py"]
    assert not [name for name, text in sources.items() if "GetFab" in text or "get_fab" in text or "get-fab" in text]


def test_a_refusal_of_the_session_is_a_constant_too(scene: Scene) -> None:
    scene.recorder.answer = None
    scene.superlink.queue.append(waiting())
    scene.run_until(lambda: len(scene.superlink.pushed) == 1)
    assert (scene.superlink.pushed[0].error.code, scene.superlink.pushed[0].error.reason) == (1_001, None)


def test_more_frames_than_a_parcel_holds_are_not_sent(scene: Scene) -> None:
    scene.recorder.answer = (bytes(32 * PART_BYTES),)
    scene.superlink.queue.append(waiting())
    scene.run_until(lambda: len(scene.superlink.pushed) == 1)
    assert scene.superlink.pushed[0].error.code == CODES[Answerless.TOO_LARGE]


@pytest.mark.parametrize(
    "answer",
    [
        Raw(200, b"<html>please log in</html>"),
        Raw(500, b"Traceback: secret words of the server"),
        Raw(401, b"who are you"),
        Raw(307, headers={"location": "https://127.0.0.1:9/v1/fleet/pull-messages"}),
        Raw(200, compress(bytes(1 << 20)), {"content-encoding": "gzip"}),
        Raw(200, bytes(PART_BYTES + (2 << 16))),
    ],
    ids=["no protobuf", "a fault", "not known", "a redirect", "packed", "too long"],
)
def test_after_nonsense_in_the_place_of_messages_the_node_comes_back(
    answer: Raw, scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    """T13, T07: no redirect is followed, nothing is unpacked, and the server's words are in no line of the log."""
    spoken = [answer, answer]
    superlink = scene.superlink
    superlink.queue.append(waiting())

    def nonsense(body: bytes) -> Raw:
        if spoken:
            return spoken.pop()
        del superlink.say["pull-messages"]
        return superlink.answer("/v1/fleet/pull-messages", body)

    superlink.say["pull-messages"] = nonsense
    scene.run_until(lambda: len(superlink.pushed) == 1)
    assert scene.recorder.asked == [b"a frame"]
    log = capsys.readouterr().err
    assert '"event": "waiting"' in log
    assert "secret words" not in log
    assert "html" not in log


def test_frames_of_an_answer_arrive_as_they_were(scene: Scene) -> None:
    content = content_of(parcel((b"x" * (PART_BYTES + 1), b"")))
    (message,) = [waiting(content).message]
    assert frames_in(message, source="test") == (b"x" * (PART_BYTES + 1), b"")
    scene.run_until(lambda: "activate-node" in scene.superlink.asked)
