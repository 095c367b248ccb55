"""What we take for granted of Flower, one test each, on a live SuperLink: after an upgrade they say what broke."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from flwr.app import ConfigRecord, Message, RecordDict
from flwr.common.serde import run_from_proto
from flwr.proto.control_pb2 import ListNodesRequest, StartRunRequest, StopRunRequest
from flwr.proto.fab_pb2 import Fab
from flwr.proto.runtime_pb2 import AcquireTaskRequest, PullTaskInputRequest, SendTaskHeartbeatRequest
from flwr.supercore.constant import TaskType

from coordinator.flower.bundle import stub_bundle, stub_digest
from coordinator.flower.clients import Control, PinnedGrid, runner, translated
from coordinator.flower.envelope import NotAnswered, content_of, frames_in
from coordinator.flower.errors import RunLost
from coordinator.flower.run import Run, register_nodes, running
from coordinator.flower.superlink import LOG, LOOPBACK, running_superlink
from partner_node.flower.client_app import no_answer
from partner_node.flower.errors import LinkLost, Unregistered
from partner_node.flower.link import Asked, FleetLink
from protocol.round.carriage import MESSAGE_TYPE, PART_BYTES, STUB_DIGEST, Answerless, parcel
from protocol.words.ids import PartyId
from tests.flower.live import SECRET, Ground, fleet_link, make_ground, new_key
from tests.flower.processes import listening

FIRST, SECOND = PartyId("vt-01"), PartyId("school-01")
LOOKED_UP = "looked-up.txt"
# Loaded by every Python below this folder: writes down each host name that is asked for.
RECORDER = """
import os, socket
_ask = socket.getaddrinfo
def _recorded(host, *rest, **named):
    with open(os.environ["LOOKED_UP"], "a") as file:
        file.write(f"{host}\\n")
    return _ask(host, *rest, **named)
socket.getaddrinfo = _recorded
socket.getaddrinfo("localhost", 0)  # so that a recorder that does not record is seen
"""


@dataclass(frozen=True)
class Live:
    """A SuperLink with two registered nodes that are logged in, and a run."""

    ground: Ground
    pid: int
    run: Run
    first: FleetLink
    second: FleetLink
    folder: Path


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("contract")
    (folder / "sitecustomize.py").write_text(RECORDER)
    ground = make_ground(folder)
    place, authority = ground.place, ground.certificates.authority
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        patch.setenv("PYTHONPATH", str(folder))
        patch.setenv("LOOKED_UP", str(folder / LOOKED_UP))
        process = stack.enter_context(running_superlink(place, secret=SECRET))
        first, second = (stack.enter_context(fleet_link(ground, new_key())) for _ in range(2))
        register_nodes(place, authority, {FIRST: first.public, SECOND: second.public})
        for link in (first, second):
            link.log_in()
        run = stack.enter_context(running(place, authority))
        yield Live(ground, process.pid, run, first, second, folder)


def test_this_is_the_version_that_was_measured() -> None:
    assert version("flwr") == "1.41.0"


def test_it_listens_on_loopback_and_on_one_port_only(live: Live) -> None:
    assert listening(live.pid) == {(LOOPBACK, live.ground.place.port)}


def test_it_takes_tls_1_3_and_the_authority_of_the_certificate(live: Live) -> None:
    """T02 in part: the version; an authority that did not sign for it is refused by the node's own context."""
    context = ssl.create_default_context(cadata=live.ground.certificates.authority.decode())
    with (
        socket.create_connection((LOOPBACK, live.ground.place.port)) as plain,
        context.wrap_socket(plain, server_hostname=LOOPBACK) as secure,
    ):
        assert secure.version() == "TLSv1.3"
    other = make_ground(live.folder / "other")
    misled = Ground(live.ground.place, other.certificates)
    with fleet_link(misled, new_key()) as stranger, pytest.raises(LinkLost, match="ConnectError"):
        stranger.log_in()


def test_a_key_that_is_not_registered_may_not_log_in(live: Live) -> None:
    with fleet_link(live.ground, new_key()) as stranger, pytest.raises(Unregistered):
        stranger.log_in()


def test_a_key_logs_in_again_only_after_it_logged_out(live: Live) -> None:
    key = new_key()
    with fleet_link(live.ground, key) as link, fleet_link(live.ground, key) as again:
        register_nodes(live.ground.place, live.ground.certificates.authority, {PartyId("third-01"): link.public})
        link.log_in()
        with pytest.raises(Unregistered):
            again.log_in()
        link.beat()
        link.log_out()
        again.log_in()
        again.log_out()


def test_registering_a_known_key_again_changes_nothing(live: Live) -> None:
    authority = live.ground.certificates.authority
    register_nodes(live.ground.place, authority, {FIRST: live.first.public})
    with Control(live.ground.place.address, authority) as control:
        keys = [node.public_key for node in control.ListNodes(ListNodesRequest()).nodes_info]
    assert keys.count(live.first.public) == 1


def test_the_grid_tells_which_node_has_which_key(live: Live) -> None:
    found = {node.public_key: node.node_id for node in live.run.grid.get_nodes()}
    assert found[live.first.public] == live.first.node.node_id
    assert found[live.second.public] == live.second.node.node_id


def test_a_run_is_known_by_the_digest_of_its_bundle(live: Live) -> None:
    assert stub_digest() == STUB_DIGEST
    assert live.run.grid.run.fab_hash == STUB_DIGEST


def test_a_task_goes_only_to_who_knows_the_secret(live: Live) -> None:
    address, authority = live.ground.place.address, live.ground.certificates.authority
    with runner(address, authority, bytes(32)) as stranger, pytest.raises(RunLost, match="401"), translated():
        stranger.AcquireTask(AcquireTaskRequest(supported_task_types=[TaskType.SERVER_APP]))


def test_a_message_of_several_parts_arrives_whole_and_so_does_its_answer(live: Live) -> None:
    body = bytes(range(256)) * (PART_BYTES // 128)  # two parts and a little
    pushed = send(live, live.first, content_of(parcel((body,))))
    asked = fetched(live.first)
    assert asked.refused is None
    assert frames_in(asked.message, source="test") == (body,)
    assert live.first.fetch(wait=pause) is None  # each message once
    assert live.first.bring(Message(content_of(parcel((body, b"x"))), reply_to=asked.message))
    (reply,) = pulled(live, pushed)
    assert frames_in(reply, source="test") == (body, b"x")
    assert reply.metadata.reply_to_message_id == pushed


def test_a_code_arrives_as_a_code_without_words(live: Live) -> None:
    pushed = send(live, live.first, content_of(parcel((b"x",))))
    live.first.bring(no_answer(fetched(live.first).message, Answerless.NOT_ANSWERED))
    (reply,) = pulled(live, pushed)
    assert (reply.error.code, reply.error.reason) == (1_001, None)
    with pytest.raises(NotAnswered, match="NOT_ANSWERED"):
        frames_in(reply, source="test")


def test_an_unknown_kind_of_message_is_refused_before_its_content_is_fetched(live: Live) -> None:
    pushed = send(live, live.first, RecordDict({"x": ConfigRecord({"y": 1})}), message_type="train.anything")
    asked = fetched(live.first)
    assert asked.refused is Answerless.UNKNOWN_KIND
    live.first.bring(no_answer(asked.message, Answerless.UNKNOWN_KIND))
    (reply,) = pulled(live, pushed)
    assert reply.error.code == 1_002


def test_a_node_can_forge_the_answer_of_another_so_frames_must_prove_themselves(live: Live) -> None:
    """T03 in part: not a promise of Flower; were it one some day, this test says so."""
    pushed = send(live, live.first, content_of(parcel((b"x",))))
    asked = fetched(live.first)
    assert live.second.bring(Message(content_of(parcel((b"forged",))), reply_to=asked.message))
    (reply,) = pulled(live, pushed)
    assert frames_in(reply, source="test") == (b"forged",)


def test_an_answer_whose_parts_come_late_does_not_hold_the_others_up(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T09 in part: a slow line of one partner; Flower shows the answer before its parts are there."""
    slow, quick = (send(live, link, content_of(parcel((b"x",)))) for link in (live.first, live.second))
    line_is_free, push = threading.Event(), live.first.PushObject
    monkeypatch.setattr(live.first, "PushObject", lambda request: line_is_free.wait() and push(request))
    asked = fetched(live.first)
    bringing = threading.Thread(
        target=live.first.bring, args=(Message(content_of(parcel((b"late",))), reply_to=asked.message),)
    )
    bringing.start()
    try:
        for _ in range(10):
            assert not list(live.run.grid.pull_messages([slow]))
        live.second.bring(Message(content_of(parcel((b"early",))), reply_to=fetched(live.second).message))
        (early,) = pulled(live, quick)
        assert frames_in(early, source="test") == (b"early",)
    finally:
        line_is_free.set()
        bringing.join()
    (late,) = pulled(live, slow)
    assert frames_in(late, source="test") == (b"late",)


def test_a_run_of_another_bundle_is_foreign_to_a_node(live: Live) -> None:
    """N01 in this design: what is not ours is refused, and its bundle never asked for."""
    address, authority = live.ground.place.address, live.ground.certificates.authority
    with Control(address, authority) as control, runner(address, authority, SECRET.hex().encode()) as client:
        run_id = control.StartRun(StartRunRequest(fab=Fab(content=foreign_bundle()))).run_id
        taken = client.AcquireTask(AcquireTaskRequest(supported_task_types=[TaskType.SERVER_APP]))
        assert taken.task.run_id == run_id
        run = Run(run_id, PinnedGrid(address, authority, taken.token))
        run.grid.set_run(run_from_proto(run.grid.runtime.PullTaskInput(PullTaskInputRequest()).run))
        send_in(run, live.second, content_of(parcel((b"x",))))
        asked = fetched(live.second)
        assert asked.refused is Answerless.FOREIGN
        assert not asked.message.content
        control.StopRun(StopRunRequest(run_id=run_id))
        run.grid.close()
    log = (live.ground.place.folder / LOG).read_text()
    assert "/v1/fleet/get-run" in log
    assert "/v1/fleet/get-fab" not in log


def test_a_run_lives_by_heartbeats_and_ends_when_it_is_stopped(live: Live) -> None:
    authority = live.ground.certificates.authority
    with running(live.ground.place, authority) as run:
        assert run.grid.runtime.SendTaskHeartbeat(SendTaskHeartbeatRequest()).success
        pushed = send_in(run, live.second, content_of(parcel((b"x",))))
        assert pushed
        asked = fetched(live.second)
        with Control(live.ground.place.address, authority) as control:
            control.StopRun(StopRunRequest(run_id=run.id))
        with pytest.raises(RunLost), translated():
            run.grid.runtime.SendTaskHeartbeat(SendTaskHeartbeatRequest())
        assert not live.second.bring(Message(content_of(()), reply_to=asked.message))  # too late, and no harm done
    live.second.beat()


def test_what_a_message_held_is_in_no_file_of_the_superlink(live: Live) -> None:
    """It keeps its state in memory; the control is a file in which the same search finds it."""
    secret, folder = b"is a message ever on disk?", live.ground.place.folder
    pushed = send(live, live.first, content_of(parcel((secret,))))
    assert holding(folder, secret) == []
    live.first.bring(Message(content_of(()), reply_to=fetched(live.first).message))
    pulled(live, pushed)
    assert holding(folder, secret) == []
    control = folder / "control"
    control.write_bytes(secret)
    assert holding(folder, secret) == [control]
    control.unlink()


def holding(folder: Path, secret: bytes) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and secret in path.read_bytes()]


def test_no_outside_host_is_ever_looked_up(live: Live) -> None:
    """T13 in part. Negative control: the recorder has written down its own question."""
    assert set((live.folder / LOOKED_UP).read_text().split()) == {"localhost"}


def test_its_log_names_no_content(live: Live) -> None:
    log = (live.ground.place.folder / LOG).read_bytes()
    assert b"fleet" in log
    assert b"is a message ever on disk?" not in log


def foreign_bundle() -> bytes:
    """Return a bundle as anybody's app has it: it would run code."""
    with ZipFile(BytesIO(stub_bundle())) as ours:
        text = ours.read("pyproject.toml").replace(b"nothing:runs", b"evil.app:app")
    whole = BytesIO()
    with ZipFile(whole, "w") as archive:
        archive.writestr("pyproject.toml", text)
        archive.writestr("evil/app.py", "raise SystemExit")
    return whole.getvalue()


def send(live: Live, to: FleetLink, content: RecordDict, *, message_type: str = MESSAGE_TYPE) -> str:
    return send_in(live.run, to, content, message_type=message_type)


def send_in(run: Run, to: FleetLink, content: RecordDict, *, message_type: str = MESSAGE_TYPE) -> str:
    run.beat()
    message = run.grid.create_message(content, message_type, to.node.node_id, group_id="", ttl=60.0)
    (pushed,) = run.grid.push_messages([message])
    return pushed


def fetched(link: FleetLink) -> Asked:
    for _ in range(50):
        if (asked := link.fetch(wait=pause)) is not None:
            return asked
        pause()
    raise AssertionError("no message came")


def pulled(live: Live, identifier: str) -> list[Message]:
    for _ in range(50):
        if found := list(live.run.grid.pull_messages([identifier])):
            return found
        pause()
    raise AssertionError("no answer came")


def pause() -> None:
    time.sleep(0.1)
