"""Touches the world: whether a node is ready, point by point, each with who must mend it and how."""

import shutil
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from partner_node.config import Config, check_not_open, load_config, load_register
from partner_node.delivered import delivered_files, load_area_table, open_sources
from partner_node.delivery.checks import check_columns, check_files
from partner_node.errors import ConfigRefusal
from partner_node.flower.ends import CertificateEnds, check_ends
from partner_node.keystore import FOLDER_MODE, load_keys
from partner_node.node import (
    Node,
    check_not_paused,
    load_agreed,
    load_mapping,
    load_node,
    profile_of,
)
from partner_node.policy import check_own_keys, check_register
from partner_node.vault.keyed_by import check_keyed_by
from partner_node.vault.log import StoredTree
from partner_node.vault.vault import check_mode
from partner_node.vault.years import YearOverdue, check_retention
from partner_node.whole_file import FILE_MODE
from protocol.errors import SamenzichtError

LEAST_FREE_BYTES = 1 << 30  # a vault of a million units, its journal and a backup come to half of it
OTHERS = 0o007


class Point(StrEnum):
    """What is looked at, in this order."""

    CONFIG = "config"
    PERMISSIONS = "permissions"
    CLOCK = "clock"
    DISK = "disk"
    COVENANT = "covenant"
    KEYS = "keys"
    REGISTER = "register"
    VAULT = "vault"
    DATA = "data"
    LINK = "link"
    PAUSED = "paused"


class WrongClock(ConfigRefusal):
    """A clock that stands before something that already happened."""


class DiskFull(ConfigRefusal):
    """A disk with so little room that a vault could not finish a transaction."""


class OpenDeliveries(ConfigRefusal):
    """A folder of deliveries that every user of the machine may enter."""


@dataclass(frozen=True, slots=True)
class Looked:
    """One point. error: what is wrong; None where it is in order, and where it could not be looked at yet.

    warning: what must be done, and stops nothing yet.
    """

    point: Point
    error: SamenzichtError | None
    skipped: bool = False
    warning: SamenzichtError | None = None

    @property
    def passed(self) -> bool:
        """Whether the point is in order."""
        return self.error is None and not self.skipped


def examine(path: Path, *, today: date) -> tuple[Looked, ...]:
    """Return every point of a node. Nothing is changed; the vault is only read."""
    try:
        config = load_config(path)
    except SamenzichtError as error:
        return (Looked(Point.CONFIG, error), *(Looked(point, None, skipped=True) for point in list(Point)[1:]))
    looked = [Looked(Point.CONFIG, None), *_of_machine(config, today)]
    checks: Sequence[tuple[Point, Callable[[], object]]] = (
        (Point.COVENANT, lambda: load_agreed(config, today=today)),
        (Point.KEYS, lambda: _keys(config, today)),
        (Point.REGISTER, lambda: _register(config, today)),
        (Point.VAULT, lambda: _vault(load_node(config, today=today), today)),
        (Point.DATA, lambda: _data(load_node(config, today=today))),
        (Point.LINK, lambda: check_ends(config, today=today)),
        (Point.PAUSED, lambda: check_not_paused(config)),
    )
    broken = False
    for point, check in checks:
        if broken and point in {Point.KEYS, Point.REGISTER, Point.VAULT, Point.DATA}:
            looked.append(Looked(point, None, skipped=True))
            continue
        looked.append(_looked(point, check))
        broken = broken or (not looked[-1].passed and point in {Point.COVENANT, Point.KEYS, Point.REGISTER})
    return tuple(looked)


def _of_machine(config: Config, today: date) -> Iterator[Looked]:
    yield _looked(Point.PERMISSIONS, lambda: _permissions(config))
    yield _looked(Point.CLOCK, lambda: _clock(config, today))
    yield _looked(Point.DISK, lambda: _disk(config))


def _looked(point: Point, check: Callable[[], object]) -> Looked:
    try:
        check()
    except (CertificateEnds, YearOverdue) as soon:
        return Looked(point, None, warning=soon)
    except SamenzichtError as error:
        return Looked(point, error)
    return Looked(point, None)


def _permissions(config: Config) -> None:
    settings = config.settings
    keys, vault = config.place(settings.keys), config.place(settings.vault)
    for folder in (keys, vault):
        if folder.is_dir():
            check_mode(folder, FOLDER_MODE)
            for path in folder.iterdir():
                with suppress(FileNotFoundError):  # a running node writes here
                    check_mode(path, FILE_MODE)
    for text in (settings.own_register, settings.covenant, settings.geography, settings.mapping):
        if text is not None and config.place(text).exists():
            check_not_open(config.place(text))
    deliveries = config.place(settings.deliveries)
    if deliveries.is_dir() and stat.S_IMODE(deliveries.stat().st_mode) & OTHERS:
        raise OpenDeliveries(
            got="a folder of deliveries that all users may enter",
            wanted="one for the node's user, or its group",
            act="the partner's IT must mend it",
            hint="chmod o-rwx deliveries",
        )


def _clock(config: Config, today: date) -> None:
    """Not promised: that the clock is right; only that it is not before what the node itself wrote."""
    paths = [config.vault_path, config.folder / "node.toml"]
    latest = max((date.fromtimestamp(path.stat().st_mtime) for path in paths if path.exists()), default=today)  # noqa: DTZ012 - days of this machine, as `today`
    if today < latest:
        raise WrongClock(
            got=f"a clock that says {today}, before a file of this node was written",
            wanted="the time of now",
            act="the partner's IT must set the clock, by NTP",
        )


def _disk(config: Config) -> None:
    folder = config.place(config.settings.vault)
    while not folder.exists():
        folder = folder.parent
    if shutil.disk_usage(folder).free < LEAST_FREE_BYTES:
        raise DiskFull(
            got="less than 1 GiB free for the vault",
            wanted="1 GiB or more",
            act="the partner's IT must make room; a full disk stops the node, and loses nothing",
        )


def _keys(config: Config, today: date) -> None:
    agreed = load_agreed(config, today=today)
    check_own_keys(agreed.covenant, agreed.party, load_keys(config.place(config.settings.keys)))


def _register(config: Config, today: date) -> None:
    if config.settings.mapping is not None:
        agreed = load_agreed(config, today=today)
        profile = profile_of(load_mapping(config))
        check_register(load_register(config), agreed.covenant, agreed.party, profile, on=today)


def _vault(node: Node, today: date) -> None:
    with node.looking() as vault:
        StoredTree(vault.connection).root()
        check_keyed_by(vault.connection, today.year, node.keyed_by)
        check_retention(vault.connection, node.agreed.covenant.retention_years, today=today)


def _data(node: Node) -> None:
    """Look at headers only: how many rows are usable is what `check-data` says."""
    if node.mapping is not None:
        load_area_table(node.config, node.agreed.geography)
        check_columns(check_files(open_sources(delivered_files(node.config)), node.mapping), node.mapping)
