"""Touches the world: the service of a configured node: which host it calls, whom it trusts there, with which key."""

import logging
import ssl
import threading
from datetime import date
from pathlib import Path

from partner_node.config import Config, LinkSettings, read_bytes
from partner_node.flower.client_certificate import NAME as CLIENT
from partner_node.flower.client_certificate import load_client_certificate
from partner_node.flower.ends import first_ending
from partner_node.flower.errors import ForeignAuthority, LinkNotConfigured
from partner_node.flower.link import FleetLink
from partner_node.flower.node_key import der_of, load_node_key
from partner_node.flower.service import HEALTH, Service
from partner_node.flower.transport import trusting
from partner_node.flower.vault_child import VaultChild
from partner_node.policy import check_pinned
from protocol.covenant.link_key import LinkUse, SignedLinkKey, check_link_key
from protocol.covenant.signed import SignedCovenant


def open_service(node_file: Path, config: Config, *, today: date, stop: threading.Event) -> Service:
    """Return the service of a node. stop: ends it.

    Raises: LinkNotConfigured, ConfigMissing, OtherCovenant, ForeignLinkKey, ForeignAuthority, KeystoreRefusal.
    """
    settings = config.settings.link
    if settings is None:
        raise LinkNotConfigured(
            got="a node.toml without [link]",
            wanted="host, port and authority of the coordinator's link",
            act="the partner's IT must add them, or let a courier carry the messages",
            hint="docs/link.md shows the lines",
        )
    silence()
    link = FleetLink(
        settings.host,
        settings.port,
        context=_trusted(config, settings, today),
        key=load_node_key(config.place(config.settings.keys)),
        proxy=settings.proxy,
    )
    child = VaultChild(node_file, config.vault_path.parent)
    return Service(link, child, config.vault_path.with_name(HEALTH), stop, first_ending(config))


def silence() -> None:
    """Let no library write lines of its own: ours name codes, theirs repeat what a server says."""
    for name in ("flwr", "httpx", "httpcore"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = False
        logger.setLevel(logging.CRITICAL)


def _trusted(config: Config, settings: LinkSettings, today: date) -> ssl.SSLContext:
    path = config.place(config.settings.covenant)
    signed = SignedCovenant.parse(read_bytes(path), source=path.name)
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
