"""Touches the world: the keys of the line that are let in no more, ever: removed ones, and those that a newer replaced.

DIR/link/retired    a digest a line. While it runs, a SuperLink lets no key in that it once logged out for good; a new
one knows of none. So a key that an old file adds again is refused here, before it replaces the one that holds.
"""

from hashlib import sha256
from pathlib import Path

from coordinator.flower.errors import RetiredKey
from coordinator.whole_file import write_whole
from protocol.covenant.link_key import SignedLinkKey

NAME, MODE = "retired", 0o600


def retire(folder: Path, signed: SignedLinkKey) -> None:
    """Note that a key is let in no more."""
    known = _known(folder)
    write_whole(folder / NAME, "".join(f"{each}\n" for each in sorted({*known, _digest(signed)})).encode(), mode=MODE)


def check_not_retired(folder: Path, signed: SignedLinkKey) -> None:
    """Refuse a key that was removed or replaced.

    Raises: RetiredKey.
    """
    if _digest(signed) in _known(folder):
        party = signed.link_key.party
        raise RetiredKey(
            got=f"a key of {party} that was removed, or replaced by a newer one",
            wanted="a key that was never in use before",
            act=f"{party} must make a new one and send that file",
            hint="the partner runs: samenzicht-node keys PARTY --renew",
        )


def _known(folder: Path) -> frozenset[str]:
    path = folder / NAME
    return frozenset(path.read_text(encoding="ascii").split()) if path.is_file() else frozenset()


def _digest(signed: SignedLinkKey) -> str:
    return sha256(signed.link_key.key.encode("ascii")).hexdigest()
