"""Touches the world: one node as its configuration describes it: its agreement, keys, vault and mapping."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from partner_node.config import Config, ConfigMissing, load_covenant, load_register, read_bytes, read_text
from partner_node.delivery.mapping import Mapping as DeliveryMapping
from partner_node.delivery.mapping import mapped_keys, parse_mapping
from partner_node.keystore import Keys, load_keys
from partner_node.policy import (
    Agreed,
    NodePaused,
    WrongProfile,
    check_own_keys,
    check_pinned,
    check_register,
    check_unit,
)
from partner_node.profiles.catalogue import PROFILES
from partner_node.profiles.profile import Profile
from partner_node.vault.decisions import approvals
from partner_node.vault.peek import peek
from partner_node.vault.vault import Owner, Vault, open_vault
from partner_node.vault.wanted import MOST_S, when_free
from protocol.digest import digest_of
from protocol.study.approval import SignedApproval
from protocol.study.grid import WrongGeography
from protocol.study.rules import check_signed_study
from protocol.study.study import SignedStudy
from protocol.words.code_list import CodeList
from protocol.words.geography import Geography
from protocol.words.ids import Digest

MAX_STUDIES = 1_000  # files in the folder of studies


@dataclass(frozen=True, slots=True, repr=False)
class Node:
    """A node that may start. profile, mapping: None for a witness."""

    config: Config
    agreed: Agreed
    keys: Keys
    profile: Profile | None
    mapping: DeliveryMapping | None

    @property
    def owner(self) -> Owner:
        """Whose vault it opens."""
        return Owner(self.agreed.covenant.id, self.agreed.party, self.keys.node_secret)

    @property
    def keyed_by(self) -> str:
        """What its unit keys are made of; empty for a witness."""
        return "" if self.mapping is None or self.profile is None else mapped_keys(self.mapping, self.profile)

    @contextmanager
    def looking(self) -> Iterator[Vault]:
        """Give the vault to read from; not one byte of it changes."""
        with looking_at(self.config.vault_path, self.owner) as vault:
            yield vault

    @contextmanager
    def writing(self, *, most_s: float = MOST_S) -> Iterator[Vault]:
        """Give the open vault, as soon as a service that rests lets go of it. most_s: how long to wait for that."""
        path = self.config.vault_path
        vault = when_free(path.parent, lambda: open_vault(path, self.owner), most_s=most_s)
        try:
            yield vault
        finally:
            vault.close()


@contextmanager
def looking_at(path: Path, owner: Owner) -> Iterator[Vault]:
    """Give a vault to read from, as soon as a service that rests lets go of it."""
    with ExitStack() as stack:
        yield when_free(path.parent, lambda: stack.enter_context(peek(path, owner)))


def load_node(config: Config, *, today: date) -> Node:
    """Return a node, having seen that its covenant, keys, register and mapping go together.

    Raises: ConfigRefusal, PolicyRefusal, KeystoreRefusal, AgreementRefusal, DeliveryRefusal.
    """
    agreed = load_agreed(config, today=today)
    keys = load_keys(config.place(config.settings.keys))
    check_own_keys(agreed.covenant, agreed.party, keys)
    mapping = load_mapping(config)
    profile = None if mapping is None else profile_of(mapping)
    if mapping is not None and profile is not None:
        check_unit(mapping.route, agreed.covenant)
        check_register(load_register(config), agreed.covenant, agreed.party, profile, on=today)
    return Node(config, agreed, keys, profile, mapping)


def load_agreed(config: Config, *, today: date) -> Agreed:
    """Return what this party agreed to, from its own files, each checked against the pinned covenant.

    Raises: ConfigMissing, OtherCovenant, WrongGeography, and what `check_covenant` and `check_signed_study` raise.
    """
    settings = config.settings
    signed = load_covenant(config)
    check_pinned(signed, settings.covenant_digest, on=today)
    covenant = signed.covenant
    path = config.place(settings.geography)
    geography = Geography.parse(read_bytes(path, max_bytes=Geography.max_bytes), source=path.name)
    lists = [
        CodeList.parse(read_bytes(config.place(text)), source=config.place(text).name) for text in settings.code_lists
    ]
    lists.sort(key=lambda each: each.id)
    pins = {pin.id: pin.digest for pin in covenant.code_lists}
    if (geography.id, digest_of(geography)) != (covenant.geography.id, covenant.geography.digest) or {
        each.id: digest_of(each) for each in lists
    } != pins:
        raise WrongGeography(
            got="a geography or code lists with other digests",
            wanted=f"those that covenant {covenant.id} version {covenant.version} pins",
            act="the partner's IT must fetch the files again; if they still differ, the coordinator must say why",
        )
    studies = []
    for path in files_in(config.place(settings.studies), {".json"}, most=MAX_STUDIES):
        study = SignedStudy.parse(read_bytes(path, max_bytes=SignedStudy.max_bytes), source=path.name)
        check_signed_study(study, covenant)
        studies.append(study.study)
    return Agreed(settings.party, covenant, geography, tuple(lists), tuple(studies))


def load_mapping(config: Config) -> DeliveryMapping | None:
    """Return the mapping; None for a witness.

    Raises: ConfigMissing, MalformedMapping.
    """
    if config.settings.mapping is None:
        return None
    return parse_mapping(read_text(config.place(config.settings.mapping)))


def profile_of(mapping: DeliveryMapping | None) -> Profile:
    """Return the profile that a mapping names.

    Raises: WrongProfile.
    """
    profile = None if mapping is None else PROFILES.get(mapping.profile)
    if profile is None:
        raise WrongProfile(
            got="a mapping for a profile that this node does not have",
            wanted=", ".join(PROFILES),
            act="the partner's IT must mend the mapping",
        )
    return profile


def stored_approvals(vault: Vault, agreed: Agreed) -> Mapping[Digest, tuple[SignedApproval, ...]]:
    """Return the officers' stored decisions on every study."""
    digests = [digest_of(study) for study in agreed.studies]
    return {digest: approvals(vault, digest) for digest in digests}


def check_not_paused(config: Config) -> None:
    """Refuse while the node is paused.

    Raises: NodePaused.
    """
    if config.pause_path.exists():
        raise NodePaused(
            got="a node that is paused",
            wanted="one that takes part",
            act="whoever paused it must resume it",
            hint="samenzicht-node resume",
        )


def files_in(folder: Path, suffixes: set[str], *, most: int) -> tuple[Path, ...]:
    """Return the files of a folder with these suffixes, in order of name.

    Raises: ConfigMissing.
    """
    if not folder.is_dir():
        raise ConfigMissing(
            got=f"no folder {folder.name}",
            wanted="the folder that the configuration names",
            act="the partner's IT must make it",
        )
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in suffixes and path.is_file())
    if len(found) > most:
        raise ConfigMissing(
            got=f"more than {most} files in {folder.name}", wanted="fewer", act="the partner's IT must clear it"
        )
    return tuple(found)
