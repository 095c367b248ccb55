"""Touches the world: the monitor in memory, made again when the office released something, and its pages kept warm."""

import gzip
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from coordinator.web.monitor import Monitor
from privacy.language import Language
from protocol.errors import SamenzichtError

LOOK_S = 5.0  # between two looks at the office's log
KEPT_PAGES = 512  # of at most 60 kB each: 30 MB
_LEVEL = 6  # of compression: 9 is a tenth smaller and three times slower
log = logging.getLogger("samenzicht.monitor")


@dataclass(slots=True)
class Site:
    """What is served. load: makes the monitor; size: of the log that it is made of.

    now: the time, with its zone. stale_since: when the office was last seen, where the newest look at it failed.
    """

    load: Callable[[], Monitor]
    size: Callable[[], int]
    language: Language = Language.DUTCH
    theme: bytes = b""
    now: Callable[[], datetime] = lambda: datetime.now(tz=UTC).astimezone()
    stale_since: datetime | None = None
    _monitor: Monitor | None = None
    _seen: datetime | None = None
    _pages: "OrderedDict[str, bytes]" = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _making: threading.Lock = field(default_factory=threading.Lock)
    _stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def monitor(self) -> Monitor:
        """The newest monitor; made now, if it never was."""
        if self._monitor is None:
            with self._lock:
                if self._monitor is None:
                    self._monitor, self._seen = self.load(), self.now()
        return self._monitor

    def refresh(self) -> bool:
        """Make the monitor anew when the log has grown; return whether that was so. What fails leaves the old one."""
        try:
            if self._monitor is not None and self.size() == self._monitor.log_size:
                self._looked()
                return False
            made = self.load()
        except SamenzichtError as error:
            log.warning("%s", error.code)
            self._forget(self._seen or self.now())
            return False
        with self._lock:
            self._monitor, self._seen = made, self.now()
        self._forget(None)
        return True

    def _looked(self) -> None:
        """Note that the office is as it was; what said that nobody could see that is drawn anew."""
        self._seen = self.now()
        if self.stale_since is not None:
            self._forget(None)

    def watch(self) -> None:
        """Look again and again until `stop`, in a thread of its own: no reader waits for it."""
        while not self._stopped.wait(LOOK_S):
            self.refresh()

    def stop(self) -> None:
        """End `watch`."""
        self._stopped.set()

    def packed(self, address: str, draw: Callable[[], str]) -> bytes:
        """Return a page, compressed: the one kept under this address, or one drawn now."""
        return self.kept(address, lambda: gzip.compress(draw().encode(), _LEVEL, mtime=0))

    def kept(self, address: str, make: Callable[[], bytes]) -> bytes:
        """Return what is kept under this address, or what is made now.

        One is made at a time: Python makes no two faster, and who asks for one that is kept need not wait for all.
        """
        found = self._found(address)
        if found is not None:
            return found
        with self._making:
            found = self._found(address)  # made while this reader waited
            return self._made(address, make) if found is None else found

    def _found(self, address: str) -> bytes | None:
        with self._lock:
            found = self._pages.get(address)
            if found is not None:
                self._pages.move_to_end(address)
            return found

    def _made(self, address: str, make: Callable[[], bytes]) -> bytes:
        made_from = self._monitor
        body = make()
        with self._lock:
            if self._monitor is made_from:
                self._pages[address] = body
                while len(self._pages) > KEPT_PAGES:
                    self._pages.popitem(last=False)
        return body

    def _forget(self, stale_since: datetime | None) -> None:
        with self._lock:
            self.stale_since = stale_since
            self._pages.clear()
