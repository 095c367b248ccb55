"""Touches the world: `watch`: a privacy officer's own copy of the coordinator's log, kept up over the ledger feed.

FOLDER/entries.jsonl  every entry that was seen and holds, one a line
FOLDER/checkpoint     the signed head that they lead to
FOLDER/evidence-N     two signed heads that cannot both be true: the proof of a forked log

Entries are durable before the head that speaks for them; what lies beyond the head was never checked and is dropped.
"""

import os
import ssl
import threading
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import grpc

from privacy.audit.follow import Followed, followed
from privacy.errors import AuditRefusal
from protocol.covenant.covenant import Covenant
from protocol.covenant.link_key import LinkUse, SignedLinkKey, check_link_key
from protocol.covenant.rules import check_rules
from protocol.covenant.signed import SignedCovenant, check_signatures
from protocol.digest import digest_of
from protocol.errors import Fault
from protocol.feed import METHOD, SERVICE, FeedPart, FeedQuestion
from protocol.ledger.checkpoint import Checkpoint
from protocol.ledger.note import Note
from protocol.round.witness import ForkedLog
from protocol.words.ids import Digest

ENTRIES, HEAD, EVIDENCE = "entries.jsonl", "checkpoint", "evidence"
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
ALIVE_MS = 30_000
_KEY = b"-----BEGIN PRIVATE KEY-----"
Told = Callable[[tuple[str, ...]], None]


class FeedLost(Fault):
    """The ledger feed cannot be reached, or lets this party in no more; it is tried again."""


class NotAnAgreement(AuditRefusal):
    """A covenant, authority or certificate that is not what it is given as."""


@dataclass(frozen=True, slots=True, repr=False)
class Line:
    """Where the feed is and who asks. authority, certificate, key: PEM."""

    address: str
    authority: bytes
    certificate: bytes
    key: bytes


def read_covenant(path: Path, pinned: Digest | None) -> Covenant:
    """Return the covenant that all parties signed.

    Raises: WireRefusal, the refusals of its rules and signatures, NotAnAgreement.
    """
    signed = SignedCovenant.parse(path.read_bytes(), source=path.name)
    check_rules(signed.covenant)
    check_signatures(signed)
    if pinned is not None and digest_of(signed.covenant) != pinned:
        raise NotAnAgreement(got="another covenant", wanted="the one that your organisation signed")
    return signed.covenant


def read_line(address: str, authority: Path, certificate: Path, covenant: Covenant) -> Line:
    """Return the line, once the coordinator is seen to stand for its authority.

    Raises: WireRefusal, BadSignature, ForeignLinkKey, NotAnAgreement.
    """
    signed = SignedLinkKey.parse(authority.read_bytes(), source=authority.name)
    until = signed.link_key.valid_until  # TLS itself looks at the day
    check_link_key(signed, covenant, party=covenant.coordinator.id, use=LinkUse.AUTHORITY, on=until)
    chain, mark, key = certificate.read_bytes().partition(_KEY)
    if not mark:
        raise NotAnAgreement(got=f"no key in {certificate.name}", wanted="the edge.pem that `keys` made")
    root = ssl.DER_cert_to_PEM_cert(b64decode(signed.link_key.key)).encode("ascii")
    return Line(address, root, chain, mark + key)


@dataclass(slots=True, repr=False)
class Watch:
    """A log that is followed into a folder. told: of entries that were added; waits: of why nothing comes."""

    folder: Path
    log: Followed
    told: Told = lambda _: None
    waits: Callable[[FeedLost], None] = lambda _: None
    _stop: threading.Event = field(default_factory=threading.Event)
    _cancel: Callable[[], object] = lambda: None

    @classmethod
    def at(cls, folder: Path, covenant: Covenant) -> Self:
        """Return what is in a folder, checked anew, or begin there.

        Raises: what `followed` raises.
        """
        folder.mkdir(parents=True, exist_ok=True)
        head, entries = folder / HEAD, folder / ENTRIES
        if not head.is_file():
            entries.unlink(missing_ok=True)
            return cls(folder, Followed(covenant))
        size = Checkpoint.parse(Note.parse(head.read_bytes()).text).size
        kept = entries.read_text("utf-8", errors="replace") if entries.is_file() else ""  # what changed fails below
        lines = kept.split("\n")[:size] if kept else []
        log = followed(covenant, lines, head.read_text("utf-8"))
        _write(entries, "".join(f"{line}\n" for line in lines))
        return cls(folder, log)

    def follow(self, line: Line, *, once: bool = False) -> None:
        """Follow until it is told to stop; once: until what is there now was seen.

        Raises: FeedLost when it is to look once; every refusal of `Followed.take`: then there is something to explain.
        """
        wait_s = FIRST_WAIT_S
        while not self._stop.is_set():
            try:
                for body in self._ask(line):
                    wait_s = FIRST_WAIT_S
                    if self.take(FeedPart.parse(body, source="the ledger feed")) and once:
                        return
                self.log.restart()
                self._stop.wait(FIRST_WAIT_S)  # the feed ends a call within a minute, and lets in whom it still knows
            except grpc.RpcError as error:
                self.log.restart()
                if self._stop.is_set():
                    return
                if once:
                    raise _lost(error) from None
                self.waits(_lost(error))
                self._stop.wait(wait_s)
                wait_s = min(2 * wait_s, LONGEST_WAIT_S)

    def end(self) -> None:
        """Stop following, also while nothing comes."""
        self._stop.set()
        self._cancel()

    def take(self, part: FeedPart) -> bool:
        """Take a part in, and keep what it settles; tell whether it settled anything.

        Raises: as `Followed.take`; the two heads of a forked log are then in the folder.
        """
        try:
            fresh = self.log.take(part)
        except ForkedLog as forked:
            number = len(list(self.folder.glob(f"{EVIDENCE}-*")))
            heads = [each.decode("utf-8") if isinstance(each, bytes) else each for each in forked.evidence]
            _write(self.folder / f"{EVIDENCE}-{number}", "\n".join(heads))
            raise
        head = self.log.head
        if fresh is None or head is None:
            return False
        with (self.folder / ENTRIES).open("a", encoding="utf-8") as file:
            file.writelines(f"{entry}\n" for entry in fresh)
            file.flush()
            os.fsync(file.fileno())
        _write(self.folder / HEAD, head.note)
        self.told(fresh)
        return True

    def _ask(self, line: Line) -> Iterator[bytes]:
        credentials = grpc.ssl_channel_credentials(line.authority, line.key, line.certificate)
        options = (("grpc.keepalive_time_ms", ALIVE_MS), ("grpc.enable_http_proxy", 0))
        with grpc.secure_channel(line.address, credentials, options=options) as channel:
            ask: grpc.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(f"/{SERVICE}/{METHOD}")
            call = ask(FeedQuestion(size=self.log.size).encode())
            self._cancel = call.cancel
            yield from call


def _lost(error: grpc.RpcError) -> FeedLost:
    code = getattr(error, "code", lambda: grpc.StatusCode.UNKNOWN)().name
    return FeedLost(
        got=f"no line to the ledger feed ({code})",
        wanted="the coordinator's feed, with the certificate that it knows of this party",
        act="the coordinator's operator must see whether `feed` runs and `link add` took your certificate",
    )


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all. Both nodes have more of this (`whole_file.py`): what all share does no I/O."""
    fresh = path.with_name(f"{path.name}.new")
    try:
        with fresh.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    names = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(names)
    finally:
        os.close(names)
