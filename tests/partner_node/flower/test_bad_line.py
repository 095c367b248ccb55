"""A node on a bad line: what arrives is what was sent, or nothing; and it goes on as soon as the line is whole."""

import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from coordinator.flower.certificates import make_certificates
from coordinator.flower.envelope import content_of
from partner_node.flower import transport
from partner_node.flower.client_app import client_app
from partner_node.flower.errors import LinkLost, Unregistered
from partner_node.flower.link import Asked, FleetLink
from protocol.round.carriage import parcel
from tests.flower.live import today
from tests.partner_node.flower.bad_line import LOOPBACK, Line, bad_line
from tests.partner_node.flower.hostile import HostileSuperLink, server_context, serving, waiting

FRAME = bytes(range(256)) * 48  # 12 kB: a dozen cuts
KEY = ec.generate_private_key(ec.SECP384R1())
SHORT_S = 0.5


class Scene:
    """A SuperLink, a bad line before it, and what the node trusts."""

    def __init__(self, superlink: HostileSuperLink, line: Line, context: ssl.SSLContext) -> None:
        self.superlink, self.line, self.context = superlink, line, context

    @contextmanager
    def node(self) -> Iterator[FleetLink]:
        with FleetLink(LOOPBACK, self.line.port, context=self.context, key=KEY, proxy=None) as link:
            yield link

    def fetched(self) -> bytes | None:
        """Let a node log in, fetch the message and bring an answer; return the frame that it saw."""
        self.superlink.queue = [waiting(content_of(parcel((FRAME,))))]
        with self.node() as link:
            link.log_in()
            asked = link.fetch(wait=lambda: None)
            assert isinstance(asked, Asked)
            if asked.refused is not None:
                return None
            seen: list[bytes] = []
            reply = client_app(lambda frame: seen.append(frame) or (frame,))(asked.message, None)  # type: ignore[arg-type, func-returns-value]  # nothing of a context is used; append gives None
            link.bring(reply)
            return seen[0]

    def whole(self) -> None:
        """On a line that is whole again the same goes through."""
        self.line.cut_at = self.line.flip_at = None
        self.line.half_open = self.line.down = False
        self.superlink.pushed.clear()
        assert self.fetched() == FRAME
        assert len(self.superlink.pushed) == 1


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    made = make_certificates((LOOPBACK,), today=today())
    folder: Path = tmp_path_factory.mktemp("tls")
    with ExitStack() as stack:
        superlink = stack.enter_context(serving(HostileSuperLink(), server_context(folder, made)))
        line = stack.enter_context(bad_line(superlink.port))
        yield Scene(superlink, line, transport.trusting(made.authority_der))


@pytest.mark.parametrize("kilobytes", range(0, 36, 2))
def test_a_line_that_is_cut_gives_the_message_or_nothing(kilobytes: int, scene: Scene) -> None:
    """T09, T10: a cut at each 2 kB of log-in, message and answer."""
    scene.line.cut_at = 1_000 * kilobytes + 1
    try:
        seen = scene.fetched()
    except (LinkLost, Unregistered):
        seen = None
    assert seen in {None, FRAME}
    if scene.line.cut_at < 20_000:
        assert seen is None, "the message alone is longer"
    if scene.line.cut_at > 30_000:
        assert seen == FRAME, "the whole exchange is shorter"
    scene.whole()


@pytest.mark.parametrize("place", [0, 100, 1_500, 4_000, 9_000, 14_000])
def test_a_bit_that_turns_on_the_way_is_seen_by_tls(place: int, scene: Scene) -> None:
    """T09: never another frame."""
    scene.line.flip_at = place
    with pytest.raises(LinkLost):
        scene.fetched()
    scene.whole()


def test_a_bit_that_turns_without_tls_would_be_another_message() -> None:
    """Negative control: the line does turn bits."""
    line = Line(0, flip_at=2)
    assert line._spoiled(b"abcd", 0) != b"abcd"  # noqa: SLF001 - what the tests above rely on
    assert line._spoiled(b"abcd", None) == b"abcd"  # noqa: SLF001 - idem


def test_a_line_that_is_half_open_is_given_up_in_time(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """T09: connected, and nothing comes."""
    monkeypatch.setattr(transport, "TIMEOUT_S", SHORT_S)
    scene.line.half_open = True
    started = time.monotonic()
    with pytest.raises(LinkLost):
        scene.fetched()
    assert time.monotonic() - started < 10 * SHORT_S
    scene.whole()


def test_an_answer_that_creeps_is_given_up_in_time(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """T09: each byte comes before the timeout of a byte; the whole would take hours."""
    monkeypatch.setattr(transport, "PATIENCE_S", SHORT_S)
    with scene.node() as link:
        link.log_in()
        scene.superlink.queue = [waiting(content_of(parcel((FRAME,))))]
        scene.line.bytes_s = 3_000.0
        started = time.monotonic()
        with pytest.raises(LinkLost):
            link.fetch(wait=lambda: None)
    assert time.monotonic() - started < 20
    scene.line.bytes_s = None
    scene.whole()


def test_a_slow_and_uneven_line_carries_the_message(scene: Scene) -> None:
    """T09: 100 ms and as much again by chance, 200 kB a second."""
    scene.line.delay_s, scene.line.bytes_s = 0.1, 200_000.0
    try:
        assert scene.fetched() == FRAME
    finally:
        scene.line.delay_s, scene.line.bytes_s = 0.0, None


def test_a_line_that_is_down_is_lost_and_comes_back(scene: Scene) -> None:
    """T10."""
    scene.line.down = True
    with pytest.raises(LinkLost):
        scene.fetched()
    scene.whole()
