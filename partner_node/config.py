"""Touches the world: a node's one configuration file, and whether others may change it.

Paths stand relative to the file and stay within its folder, or are absolute. Nothing is filled in from the
environment. No key stands in it, and none ever comes from the coordinator: it pins the digest of the covenant.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from partner_node.closed_toml import ClosedToml
from partner_node.errors import ConfigRefusal
from partner_node.register import Register
from protocol.covenant.signed import SignedCovenant
from protocol.words.ids import Digest, PartyId

VAULT_FILE = "vault.sqlite"
PAUSE_FILE = "paused"
COURIER_FOLDER = "courier"
MAX_FILE_BYTES = 1 << 20
OTHERS_WRITE = 0o022
# No sign that some shell or service would fill in: what stands here is the path.
_Place = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f$%~][^\x00-\x1f\x7f$%]*$", max_length=400)]


class ConfigMissing(ConfigRefusal):
    """A configuration, register or agreement that is not where it should be, or cannot be read."""


class PathOutside(ConfigRefusal):
    """A path in the configuration that leads out of its folder without being absolute."""


class OpenToOthers(ConfigRefusal):
    """A configuration or register that others than its owner may change, so that they could pin another covenant."""


class LinkSettings(ClosedToml):
    """How the node reaches the coordinator. authority: its signed certificate. proxy: of the partner's own network."""

    host: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$", max_length=253)]
    port: Annotated[int, Field(ge=1, le=65_535)]
    authority: _Place
    proxy: Annotated[str, StringConstraints(pattern=r"^http://[A-Za-z0-9.-]+:[0-9]{1,5}$", max_length=300)] | None = (
        None
    )


class Settings(ClosedToml):
    """What `node.toml` says. mapping: None for a witness, which has no data. area_year: of the area table's borders.

    link: None for a party that a courier serves.
    """

    format: Annotated[int, Field(ge=1, le=1)]
    party: PartyId
    language: Literal["nl", "en"] = "nl"
    approvals_needed: Annotated[int, Field(ge=1, le=16)] = 1
    covenant: _Place
    covenant_digest: Digest
    geography: _Place
    code_lists: Annotated[tuple[_Place, ...], Field(max_length=200, strict=False)] = ()
    studies: _Place
    own_register: _Place
    keys: _Place
    officers: _Place
    vault: _Place
    deliveries: _Place
    mapping: _Place | None = None
    area_table: _Place | None = None
    area_year: Annotated[int, Field(ge=1990, le=2199)] | None = None
    former_areas: _Place | None = None
    institutions: _Place | None = None
    link: LinkSettings | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """A node's configuration, with the folder that its paths start from."""

    folder: Path
    settings: Settings

    def place(self, text: str) -> Path:
        """Return where a path of the configuration leads.

        Raises: PathOutside.
        """
        path = Path(text)
        if path.is_absolute():
            return path
        whole = (self.folder / path).resolve()
        if not whole.is_relative_to(self.folder.resolve()):
            raise PathOutside(
                got="a path that leads out of the folder of the configuration",
                wanted="a path within it, or an absolute one",
                act="the partner's IT must mend node.toml",
            )
        return whole

    @property
    def vault_path(self) -> Path:
        """The vault's file."""
        return self.place(self.settings.vault) / VAULT_FILE

    @property
    def courier_path(self) -> Path:
        """The folder in which a courier's files wait, beside the configuration."""
        return self.folder / COURIER_FOLDER

    @property
    def pause_path(self) -> Path:
        """The file whose presence pauses the node, in the vault's folder."""
        return self.place(self.settings.vault) / PAUSE_FILE


def load_config(path: Path) -> Config:
    """Return the configuration that stands in a file.

    Raises: ConfigMissing, OpenToOthers, MalformedToml, PathOutside.
    """
    check_not_open(path, hint="go to the node's folder, or name its file with --node; samenzicht-node init makes one")
    config = Config(path.parent, Settings.from_toml(read_text(path), source=path.name))
    if config.settings.link is not None:
        config.place(config.settings.link.authority)
    for value in config.settings.model_dump(exclude={"party", "language", "covenant_digest", "link"}).values():
        for text in value if isinstance(value, tuple) else (value,):
            if isinstance(text, str):
                config.place(text)
    return config


def load_covenant(config: Config) -> SignedCovenant:
    """Return the covenant in a node's folder. Not promised: that it is the one that the node pinned.

    Raises: ConfigMissing, WireRefusal.
    """
    path = config.place(config.settings.covenant)
    return SignedCovenant.parse(read_bytes(path), source=path.name)


def load_register(config: Config) -> Register:
    """Return the partner's register.

    Raises: ConfigMissing, OpenToOthers, MalformedToml.
    """
    path = config.place(config.settings.own_register)
    check_not_open(path)
    return Register.from_toml(read_text(path), source=path.name)


def read_text(path: Path) -> str:
    """Return a file as text.

    Raises: ConfigMissing.
    """
    try:
        return read_bytes(path).decode("utf-8")
    except UnicodeDecodeError:
        raise _missing(f"a file {path.name} that is not UTF-8") from None


def read_bytes(path: Path, *, max_bytes: int = MAX_FILE_BYTES) -> bytes:
    """Return a file of at most so many bytes.

    Raises: ConfigMissing.
    """
    try:
        with path.open("rb") as file:
            body = file.read(max_bytes + 1)
    except OSError as error:
        raise _missing(f"no readable file {path.name} ({error.strerror})") from None
    if len(body) > max_bytes:
        raise _missing(f"a file {path.name} of more than {max_bytes} bytes")
    return body


def check_not_open(path: Path, *, hint: str = "") -> None:
    """Refuse a file that another user could change. hint: where it is not there.

    Raises: ConfigMissing, OpenToOthers.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise _missing(f"no readable file {path.name} ({error.strerror})", hint=hint) from None
    mode = stat.S_IMODE(found.st_mode)
    if mode & OTHERS_WRITE or found.st_uid not in {os.getuid(), 0}:
        raise OpenToOthers(
            got=f"{path.name} with mode {mode:04o}",
            wanted="a file that only the node's user or root may write",
            act="the partner's IT must mend it, and check what it says",
            hint=f"chmod go-w {quote(str(path))}",
        )


def _missing(got: str, *, hint: str = "") -> ConfigMissing:
    act = "the partner's IT must put it there"
    return ConfigMissing(got=got, wanted="a file that can be read", act=act, hint=hint)
