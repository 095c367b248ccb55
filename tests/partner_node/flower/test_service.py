"""The service: patient while the line is down, still alive while it works, and gone when it is told."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pytest
from flwr.app import Message

from partner_node.flower import service
from partner_node.flower.ends import Ending
from partner_node.flower.errors import ForeignAuthority, LinkLost, Unregistered, VaultProcessEnded
from partner_node.flower.link import Asked
from partner_node.flower.service import HEALTH, Service, Wait
from protocol.round.carriage import Answerless
from tests.partner_node.flower.hostile import waiting


def lost() -> LinkLost:
    return LinkLost(got="no line", wanted="one", act="nobody")


def unknown() -> Unregistered:
    return Unregistered(got="no key", wanted="one", act="somebody")


def ended() -> VaultProcessEnded:
    return VaultProcessEnded(got="no process", wanted="one", act="somebody")


@dataclass
class Line:
    """A link by script: what each `fetch` gives or raises; after the last the service is stopped."""

    script: list[object]
    stop: threading.Event
    calls: list[str] = field(default_factory=list)
    brought: list[Message] = field(default_factory=list)
    log_in_raises: list[Exception] = field(default_factory=list)

    def log_in(self) -> None:
        self.calls.append("log in")
        if self.log_in_raises:
            raise self.log_in_raises.pop(0)

    def log_out(self) -> None:
        self.calls.append("log out")

    def beat(self) -> None:
        self.calls.append("beat")

    def fetch(self, *, wait: Wait) -> Asked | None:
        wait()
        self.calls.append("fetch")
        if not self.script:
            self.stop.set()
            return None
        step = self.script.pop(0)
        if isinstance(step, Exception):
            raise step
        assert step is None or isinstance(step, Asked)
        return step

    def bring(self, reply: Message) -> bool:
        self.brought.append(reply)
        return True

    def close(self) -> None:
        self.calls.append("close")


@dataclass
class Vault:
    """In the place of the vault's process."""

    answer: Callable[[Wait], tuple[bytes, ...] | None]
    rests: int = 0
    ends: int = 0
    starts: bool = True

    def start(self, *, meanwhile: Wait) -> None:
        meanwhile()
        if not self.starts:
            raise ended()

    def ask(self, body: bytes, *, meanwhile: Wait) -> tuple[bytes, ...] | None:
        assert body == b"a frame"
        return self.answer(meanwhile)

    def rest(self) -> None:
        self.rests += 1

    def end(self) -> None:
        self.ends += 1


def run(
    script: list[object], tmp_path: Path, *, vault: Vault | None = None, log_in: tuple[Exception, ...] = ()
) -> tuple[Line, Vault, list[float]]:
    """Run a service to the end of a script; return also how long it would have waited for the line each time."""
    stop, waits = threading.Event(), list[float]()
    line = Line(script, stop, log_in_raises=list(log_in))
    found = vault or Vault(lambda _: (b"answer",))

    class Patient(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waits.append(timeout or 0.0)
            return self.is_set()

    patient = Patient()
    line.stop = patient
    Service(line, found, tmp_path / HEALTH, patient).run()
    return line, found, [each for each in waits if each != service.POLL_S]


def test_while_the_line_is_down_it_waits_ever_longer_and_not_for_ever(tmp_path: Path) -> None:
    _, _, waits = run([lost() for _ in range(8)], tmp_path)
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]


def test_after_a_message_it_is_quick_again(tmp_path: Path) -> None:
    _, _, waits = run([lost(), lost(), None, lost()], tmp_path)
    assert waits == [1.0, 2.0, 1.0]


def test_it_logs_in_again_only_when_the_superlink_does_not_know_it(tmp_path: Path) -> None:
    line, _, _ = run([lost(), None, unknown(), None], tmp_path)
    assert line.calls.count("log in") == 2
    assert line.calls[-1] == "log out"


def test_a_key_that_is_registered_late_is_taken_then(tmp_path: Path) -> None:
    """Also after a crash: for a minute Flower holds the old process for the live one."""
    line, _, waits = run([lost(), lost(), lost(), unknown(), None], tmp_path)
    assert waits == [1.0, 2.0, 4.0, 1.0], "one that was restarted answers at once, and forgot this node"
    line, _, waits = run([Asked(waiting().message)], tmp_path, log_in=(unknown(), unknown()))
    assert line.calls.count("log in") == 3
    assert waits == [1.0, 2.0]
    assert len(line.brought) == 1


def test_refused_it_goes_on_with_the_key_that_is_in_its_files_now(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """T12: the old line is closed, and the vault's process reads the files again as well."""
    stop = threading.Event()
    old, new = Line([unknown(), None], stop), Line([Asked(waiting().message)], stop)
    vault = Vault(lambda _: (b"answer",))
    found = [(new, Ending("edge", date(2030, 1, 1)))]
    node = Service(old, vault, tmp_path / HEALTH, stop, renewed=lambda: found.pop() if found else None)
    node.run()
    assert old.calls == ["log in", "fetch", "close"]
    assert new.calls[0] == "log in"
    assert len(new.brought) == 1
    assert vault.ends == 2
    assert node.ending == Ending("edge", date(2030, 1, 1))
    assert "renewed" in [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()]


@pytest.mark.parametrize("fault", [None, ForeignAuthority(got="a", wanted="b", act="c")])
def test_refused_with_nothing_new_or_nothing_good_it_tries_the_old_line_on(
    fault: ForeignAuthority | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stop = threading.Event()
    line = Line([unknown(), Asked(waiting().message)], stop)

    def renewed() -> None:
        if fault is not None:
            raise fault

    Service(line, Vault(lambda _: (b"answer",)), tmp_path / HEALTH, stop, renewed=renewed).run()
    assert "close" not in line.calls
    assert len(line.brought) == 1
    codes = [json.loads(each).get("code") for each in capsys.readouterr().err.splitlines()]
    assert ("foreign-authority" in codes) == (fault is not None)


def test_it_beats_while_the_vault_works_and_a_lost_line_does_not_stop_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "BEAT_S", 0.0)

    def slowly(meanwhile: Wait) -> tuple[bytes, ...]:
        for _ in range(3):
            meanwhile()
        return (b"answer",)

    line, _, _ = run([Asked(waiting().message)], tmp_path, vault=Vault(slowly))
    at = len(line.calls) - line.calls[::-1].index("beat")
    assert line.calls[:at].count("beat") >= 3
    assert not line.brought[0].has_error()


def test_a_vault_that_cannot_be_opened_is_a_constant_and_the_service_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def raising(_: Wait) -> tuple[bytes, ...]:
        raise ended()

    line, vault, _ = run([Asked(waiting().message), None], tmp_path, vault=Vault(raising, starts=False))
    assert [reply.error.code for reply in line.brought] == [int(Answerless.NOT_ANSWERED)]
    assert vault.ends == 1
    events = [json.loads(text)["event"] for text in capsys.readouterr().err.splitlines()]
    assert events == ["starting", "not-ready", "listening", "not-answered", "answered", "stopping", "stopped"]


def test_what_nobody_foresaw_does_not_end_it_and_shows_no_value(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line, _, waits = run([RuntimeError("a household's address"), Asked(waiting().message)], tmp_path)
    assert waits == [1.0]
    assert len(line.brought) == 1
    log = capsys.readouterr().err
    assert '"code": "unforeseen", "event": "waiting", "kind": "RuntimeError"' in log
    assert "address" not in log


def test_told_to_stop_it_does_not_wait_for_an_answer_that_takes_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the vault's process does meanwhile is stored, and sent when it is asked again."""
    monkeypatch.setattr(service, "GRACE_S", 0.05)
    stop, asked = threading.Event(), list[int]()

    def for_ever(meanwhile: Wait) -> tuple[bytes, ...]:
        stop.set()
        while True:
            asked.append(1)
            time.sleep(0.01)
            meanwhile()

    line, vault = Line([Asked(waiting().message)], stop), Vault(for_ever)
    Service(line, vault, tmp_path / HEALTH, stop).run()
    assert len(asked) > 1
    assert [reply.error.code for reply in line.brought] == [1_001]
    assert vault.ends == 1


def test_when_nothing_comes_the_vaults_process_may_rest(tmp_path: Path) -> None:
    _, vault, _ = run([None, None], tmp_path)
    assert vault.rests >= 2


def test_the_health_file_says_how_it_is(tmp_path: Path) -> None:
    run([lost()], tmp_path)
    found = json.loads((tmp_path / HEALTH).read_text())
    assert found["state"] == "stopped"
    assert set(found) == {"at_s", "pid", "state"}
    assert (tmp_path / HEALTH).stat().st_mode & 0o777 == 0o600, "it stands in the vault's folder, where doctor looks"


def test_a_certificate_that_passes_a_limit_is_told_once_and_stands_in_the_health_file(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """T12 in part: 60, 30 and 7 days before, once each, as a code; monitoring reads the days from the health file."""
    stop, begin = threading.Event(), date(2026, 3, 1)
    days = iter([62, 61, 60, 59, 31, 30, 8, 7, 6])
    line = Line([], stop)
    service_ = Service(line, Vault(lambda _: ()), tmp_path / HEALTH, stop, Ending("edge", begin))
    left = []
    for state, each in enumerate(days):
        service_.today = lambda each=each: begin - timedelta(days=each)  # type: ignore[misc]  # the day of this turn
        service_._say(f"state {state}")  # noqa: SLF001 - a state each, as time passes
        left.append(json.loads((tmp_path / HEALTH).read_text())["line_days_left"])
    assert left == [62, 61, 60, 59, 31, 30, 8, 7, 6]
    told = [json.loads(text) for text in capfd.readouterr().err.splitlines()]
    codes = [each["code"] for each in told if each["event"] == "certificate-ends"]
    assert codes == ["edge-60-days", "edge-30-days", "edge-7-days"]
