"""Touches the world: a party's keys as files that only its own user may read. Only public halves ever leave.

identity.key    signs the party's messages, log heads and covenant       Ed25519
agreement.key   agrees with each other participant on masks              X25519, replaced and destroyed yearly
agreement.next  the one that the next version of the covenant will name  until that is pinned
node.secret     names units in the vault                                 32 bytes; another one within a year is a HALT
<officer>.key   signs an officer's approvals and declarations            Ed25519, kept by the officer

A file holds 64 hexadecimal characters and a newline, so that a person can copy it to paper and back.
"""

import os
import re
import stat
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import quote

from partner_node.errors import KeystoreRefusal
from partner_node.whole_file import FILE_MODE, fresh_file, sync
from privacy.randomness import RandomSource, secret_of
from protocol.agreement import AgreementPrivateKey, agreement_private_key, public_agreement_key
from protocol.signing import SigningKey, public_key, signing_key
from protocol.words.ids import AgreementKey, IdentityKey

KEY_BYTES = 32
FOLDER_MODE = 0o700
IDENTITY, AGREEMENT, SECRET = "identity.key", "agreement.key", "node.secret"
NEXT = "agreement.next"
_FORM = re.compile(r"[0-9a-f]{64}\n")


class KeysExist(KeystoreRefusal):
    """Keys are there already: new ones would make the party a stranger to its own covenant."""


class KeysMissing(KeystoreRefusal):
    """A key file that is not there."""


class UnsafeKeys(KeystoreRefusal):
    """Keys, or their folder, that others than their owner may read or write."""


class DamagedKey(KeystoreRefusal):
    """A key file with other contents than a key."""


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """A party's private keys and the node's secret; never in a message, log or repr."""

    identity: SigningKey
    agreement: AgreementPrivateKey
    node_secret: bytes

    @property
    def public(self) -> tuple[IdentityKey, AgreementKey]:
        """What the covenant holds of them."""
        return public_key(self.identity), public_agreement_key(self.agreement)


def make_keys(folder: Path, chance: RandomSource) -> Keys:
    """Make a party's keys. All files are there afterwards, or none.

    Raises: KeysExist, UnsafeKeys.
    """
    if folder.exists() and any(folder.iterdir()):
        raise KeysExist(
            got=f"keys in {folder.name}", wanted="an empty folder", act="the partner's IT must use the keys it has"
        )
    fresh = folder.with_name(folder.name + ".new")
    fresh.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    for name in (IDENTITY, AGREEMENT, SECRET):
        path = fresh / name
        path.unlink(missing_ok=True)  # from a crash in this function
        _write(path, chance)
    if folder.exists():
        folder.rmdir()
    fresh.rename(folder)
    sync(folder.parent)
    return load_keys(folder)


def make_officer_key(path: Path, chance: RandomSource) -> SigningKey:
    """Make an officer's key in a file of its own; its folder is made, for its owner only.

    Raises: KeysExist, UnsafeKeys.
    """
    check_officer_place(path)
    _write(path, chance)
    return load_officer_key(path)


def check_officer_place(path: Path) -> None:
    """Refuse a place where no officer's key can be made; its folder is made.

    Raises: KeysExist, UnsafeKeys.
    """
    path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    check_mode(path.parent, FOLDER_MODE)
    if path.exists():
        raise KeysExist(
            got=f"a key in {path.name}",
            wanted="a free place",
            act="the officer must use the key it has, or another name",
        )


def load_officer_key(path: Path) -> SigningKey:
    """Return an officer's key.

    Raises: KeysMissing, UnsafeKeys, DamagedKey.
    """
    if not path.is_file():
        raise KeysMissing(
            got=f"no {path.name}",
            wanted="the key of this officer",
            act="the officer must bring it",
            hint="--key FILE says where it is; at `keys`, --officers FOLDER",
        )
    return signing_key(_read(path))


def load_keys(folder: Path) -> Keys:
    """Return a party's keys.

    Raises: KeysMissing, UnsafeKeys, DamagedKey.
    """
    if not folder.is_dir():
        raise _missing(folder.name)
    check_mode(folder, FOLDER_MODE)
    identity, agreement, secret = (_read(folder / name) for name in (IDENTITY, AGREEMENT, SECRET))
    return Keys(signing_key(identity), agreement_private_key(agreement), secret)


def make_next(folder: Path, chance: RandomSource) -> Keys:
    """Return the party's keys with the agreement key of the next covenant, which is made unless it is there.

    The one in use stays until `take_next`: rounds go on under the covenant that names it.
    Raises: KeysMissing, UnsafeKeys, DamagedKey.
    """
    keys = load_keys(folder)
    if not (folder / NEXT).exists():
        _write(folder / NEXT, chance)
    return replace(keys, agreement=agreement_private_key(_read(folder / NEXT)))


def load_keys_for(folder: Path, named: AgreementKey | None) -> Keys:
    """Return the keys under a covenant that names this agreement key: the one in use, or the next.

    Raises: KeysMissing, UnsafeKeys, DamagedKey.
    """
    keys = load_keys(folder)
    if not (folder / NEXT).exists():
        return keys
    following = agreement_private_key(_read(folder / NEXT))
    return replace(keys, agreement=following) if public_agreement_key(following) == named else keys


def take_next(folder: Path, named: AgreementKey | None) -> bool:
    """Put the next agreement key in the place of the one in use, which is gone then; tell whether it was due.

    Not promised: that the medium forgets the old bytes; a copy in a safe place must be destroyed by hand.
    """
    if not (folder / NEXT).exists() or load_keys_for(folder, named).public == load_keys(folder).public:
        return False
    (folder / NEXT).replace(folder / AGREEMENT)
    sync(folder)
    return True


def _write(path: Path, chance: RandomSource) -> None:
    """Make a key file; never over another one, however late that came."""
    with fresh_file(path) as file:
        file.write(f"{secret_of(chance).hex()}\n".encode())
    sync(path.parent)


def _read(path: Path) -> bytes:
    if not path.is_file():
        raise _missing(path.name)
    check_mode(path, FILE_MODE)
    body = path.read_bytes()[: 2 * KEY_BYTES + 2]
    if _FORM.fullmatch(body.decode("ascii", errors="replace")) is None:
        raise DamagedKey(
            got=f"{path.name} with other contents than a key",
            wanted="64 hexadecimal characters and a newline",
            act="the partner's IT must put the file back from its safe copy",
        )
    return bytes.fromhex(body.decode("ascii"))


def check_mode(path: Path, wanted: int) -> None:
    """Refuse a file or folder with another mode or owner.

    Raises: UnsafeKeys.
    """
    found = path.stat()
    if stat.S_IMODE(found.st_mode) != wanted or found.st_uid != os.getuid():
        raise UnsafeKeys(
            got=f"{path.name} with mode {stat.S_IMODE(found.st_mode):04o}",
            wanted=f"mode {wanted:04o}, owned by the node's user",
            act="the partner's IT must mend it, and replace the keys if others could read them",
            hint=f"chmod {wanted:o} {quote(str(path))}",
        )


def _missing(name: str) -> KeysMissing:
    return KeysMissing(
        got=f"no {name}", wanted="the keys of this party", act="the partner's IT must make them or put them back"
    )
