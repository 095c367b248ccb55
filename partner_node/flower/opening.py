"""Touches the world: the service of a configured node: which host it calls, whom it trusts there, with which key.

A line that was lost is opened again with what the files say then: a renewed key needs no other start of the service.
"""

import logging
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path

from partner_node.config import Config, LinkSettings, load_config, load_covenant, read_bytes
from partner_node.flower.client_certificate import NAME as CLIENT
from partner_node.flower.client_certificate import load_client_certificate
from partner_node.flower.ends import Ending, first_ending
from partner_node.flower.errors import ForeignAuthority, LinkNotConfigured
from partner_node.flower.link import FleetLink
from partner_node.flower.node_key import NAME as NODE_KEY
from partner_node.flower.node_key import der_of, load_node_key
from partner_node.flower.service import HEALTH, Service
from partner_node.flower.transport import trusting
from partner_node.flower.vault_child import VaultChild
from partner_node.policy import check_pinned
from protocol.covenant.link_key import LinkUse, SignedLinkKey, check_link_key


def open_service(node_file: Path, *, today: Callable[[], date], stop: threading.Event) -> Service:
    """Return the service of a node. today: the day, asked again whenever the line is opened. stop: ends it.

    Raises: LinkNotConfigured, ConfigMissing, OtherCovenant, ForeignLinkKey, ForeignAuthority, KeystoreRefusal.
    """
    silence()
    config = load_config(node_file)
    files = LineFiles(node_file, today, _digests(config))
    child = VaultChild(node_file, config.vault_path.parent)
    health = config.vault_path.with_name(HEALTH)
    return Service(open_line(config, today()), child, health, stop, first_ending(config), renewed=files.renewed)


@dataclass(slots=True, repr=False)
class LineFiles:
    """The files that a line is made of. read: digests of them when it was made."""

    node_file: Path
    today: Callable[[], date]
    read: tuple[bytes, ...]

    def renewed(self) -> tuple[FleetLink, Ending | None] | None:
        """Return a new line when a file changed since, with what of it ends first; None when none did.

        Raises: what `open_service` raises, once for each change.
        """
        config = load_config(self.node_file)
        found = _digests(config)
        if found == self.read:
            return None
        self.read = found
        return open_line(config, self.today()), first_ending(config)


def open_line(config: Config, today: date) -> FleetLink:
    """Return the node's end of the line; nothing is sent yet.

    Raises: what `open_service` raises.
    """
    settings = config.settings.link
    if settings is None:
        raise LinkNotConfigured(
            got="a node.toml without [link]",
            wanted="host, port and authority of the coordinator's link",
            act="the partner's IT must add them, or let a courier carry the messages",
            hint="docs/link.md shows the lines",
        )
    return FleetLink(
        settings.host,
        settings.port,
        context=_trusted(config, settings, today),
        key=load_node_key(config.place(config.settings.keys)),
        proxy=settings.proxy,
    )


def _digests(config: Config) -> tuple[bytes, ...]:
    """Return digests of what makes the line, a file each; of a file that is not there, that of nothing."""
    settings, keys = config.settings, config.place(config.settings.keys)
    authority = () if settings.link is None else (config.place(settings.link.authority),)
    said = repr((settings.covenant_digest, settings.link)).encode()
    paths = (config.place(settings.covenant), keys / NODE_KEY, keys / CLIENT, *authority)
    return (sha256(said).digest(), *(sha256(path.read_bytes() if path.is_file() else b"").digest() for path in paths))


def silence() -> None:
    """Let no library write lines of its own: ours name codes, theirs repeat what a server says."""
    for name in ("flwr", "httpx", "httpcore"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = False
        logger.setLevel(logging.CRITICAL)


def _trusted(config: Config, settings: LinkSettings, today: date) -> ssl.SSLContext:
    signed = load_covenant(config)
    check_pinned(signed, config.settings.covenant_digest, on=today)
    path = config.place(settings.authority)
    authority = SignedLinkKey.parse(read_bytes(path), source=path.name)
    coordinator = signed.covenant.coordinator.id
    check_link_key(authority, signed.covenant, party=coordinator, use=LinkUse.AUTHORITY, on=today)
    client = config.place(config.settings.keys) / CLIENT
    if client.exists():
        load_client_certificate(client.parent)
    try:
        return trusting(der_of(authority.link_key.key), client=client if client.exists() else None)
    except (ValueError, ssl.SSLError):
        raise ForeignAuthority(
            got=f"a certificate in {path.name} that cannot be read",
            wanted="the certificate of the SuperLink's authority",
            act="the coordinator must send the file again",
        ) from None
