"""Computes: C2SP trust policies: which logs are trusted and which witnesses must cosign.

A policy file may hold comments and free spacing, so a policy keeps its bytes as they were written; two files that
mean the same are equal values. Names are octets: bytes outside UTF-8 are kept as lone surrogates.
Source: https://c2sp.org/tlog-policy.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Self

from protocol.errors import LedgerRefusal
from protocol.ledger.encoding import parse_decimal
from protocol.ledger.note import check_distinct
from protocol.ledger.signing import KeyKind, VerifierKey, check_role

MAX_POLICY_BYTES = 1 << 18  # 64 logs and 64 witnesses with post-quantum keys of 1.8 kB are 230 kB
NO_QUORUM = "none"  # the predefined name: no cosignature is asked for

_REFUSED_OCTET = re.compile(rb"[^\t\n\x20-\x7e\x80-\xff]")
_AUTHOR_ACTS = "the author of the policy must mend the file"


class PolicyTooLarge(LedgerRefusal):
    """A policy file of more than 256 KiB."""


class PolicyOctetRefused(LedgerRefusal):
    """A policy file with a control character other than tab and newline."""


class PolicyWithoutNewline(LedgerRefusal):
    """A policy file whose last line does not end in a newline."""


class UnknownStatement(LedgerRefusal):
    """A policy line that is no comment and does not begin with log, witness, group or quorum."""


class BadStatement(LedgerRefusal):
    """A policy line with too few or too many items."""


class ReservedName(LedgerRefusal):
    """A witness or group that is named `none`."""


class DoubledName(LedgerRefusal):
    """A name that two witnesses or groups of a policy bear."""


class DoubledPolicyKey(LedgerRefusal):
    """A public key that stands at two logs, or at two witnesses, under whatever names."""


class DoubledMember(LedgerRefusal):
    """A witness or group that is a member twice, so that it could count twice."""


class BadThreshold(LedgerRefusal):
    """A group that asks for no member, or for more members than it has."""


class UnknownPolicyName(LedgerRefusal):
    """A member or quorum that no earlier line defines; a circle of groups is one too."""


class NotOneQuorum(LedgerRefusal):
    """A policy file with no quorum line, or with two."""


@dataclass(frozen=True, slots=True)
class TrustedLog:
    """A log whose checkpoints the policy accepts; its key bears the log's origin as name."""

    key: VerifierKey
    url: str = ""


@dataclass(frozen=True, slots=True)
class Witness:
    """A cosigner, under the name by which groups and the quorum call it."""

    name: str
    key: VerifierKey
    url: str = ""


@dataclass(frozen=True, slots=True)
class WitnessGroup:
    """Members of which at least `threshold` must have witnessed."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """What a checkpoint needs to be believed: a signature by one of the logs, and the quorum of witnesses."""

    logs: tuple[TrustedLog, ...]
    witnesses: tuple[Witness, ...]
    groups: tuple[WitnessGroup, ...]
    quorum: str
    source: bytes = field(compare=False, repr=False)

    @property
    def keys(self) -> tuple[VerifierKey, ...]:
        """The keys of all logs and witnesses."""
        return (*(log.key for log in self.logs), *(witness.key for witness in self.witnesses))

    def encode(self) -> bytes:
        """Return the file as it was written."""
        return self.source

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Return the policy that a file states.

        Raises: PolicyTooLarge, PolicyOctetRefused, PolicyWithoutNewline, UnknownStatement, BadStatement, ReservedName,
        DoubledName, DoubledPolicyKey, DoubledMember, BadThreshold, UnknownPolicyName, NotOneQuorum, WrongKeyRole,
        AmbiguousKey, NotDecimal and what `VerifierKey.parse` raises.
        """
        _check_octets(body)
        draft = _Draft()
        for line in body.split(b"\n"):
            items = [item.decode("utf-8", "surrogateescape") for item in line.split()]
            if items and not items[0].startswith("#"):
                draft.add(items[0], items[1:])
        if draft.quorum is None:
            raise NotOneQuorum(got="no quorum line", wanted="one", act=_AUTHOR_ACTS)
        policy = cls(tuple(draft.logs), tuple(draft.witnesses), tuple(draft.groups), draft.quorum, body)
        check_distinct(policy.keys)
        return policy

    @classmethod
    def of(
        cls,
        *,
        logs: Iterable[TrustedLog] = (),
        witnesses: Iterable[Witness] = (),
        groups: Iterable[WitnessGroup] = (),
        quorum: str = NO_QUORUM,
    ) -> Self:
        """Return the policy of these parts, written plainly.

        Raises: as `parse`.
        """
        lines = [f"log {log.key.encode()} {log.url}" for log in logs]
        lines += [f"witness {witness.name} {witness.key.encode()} {witness.url}" for witness in witnesses]
        lines += [f"group {group.name} {group.threshold} {' '.join(group.members)}" for group in groups]
        lines.append(f"quorum {quorum}")
        return cls.parse("".join(f"{line.rstrip(' ')}\n" for line in lines).encode("utf-8", "surrogateescape"))


class _Draft:
    """A policy in the making: lines join it in order, and each may only name what stands above it."""

    def __init__(self) -> None:
        self.logs: list[TrustedLog] = []
        self.witnesses: list[Witness] = []
        self.groups: list[WitnessGroup] = []
        self.quorum: str | None = None
        self._defined: set[str] = set()
        self._placed: set[str] = set()

    def add(self, keyword: str, items: list[str]) -> None:
        statements: dict[str, Callable[[list[str]], None]] = {
            "log": self._add_log,
            "witness": self._add_witness,
            "group": self._add_group,
            "quorum": self._set_quorum,
        }
        if keyword not in statements:
            raise UnknownStatement(
                got="a line of another keyword", wanted="log, witness, group or quorum", act=_AUTHOR_ACTS
            )
        statements[keyword](items)

    def _add_log(self, items: list[str]) -> None:
        _check_count("log", items, least=1, most=2)
        log = TrustedLog(VerifierKey.parse(items[0]), *items[1:])
        check_role(log.key, KeyKind.ED25519, KeyKind.ML_DSA_44)
        _check_new_key(log.key, [other.key for other in self.logs])
        self.logs.append(log)

    def _add_witness(self, items: list[str]) -> None:
        _check_count("witness", items, least=2, most=3)
        witness = Witness(items[0], VerifierKey.parse(items[1]), *items[2:])
        check_role(witness.key, KeyKind.COSIGNATURE_V1, KeyKind.ML_DSA_44)
        _check_new_key(witness.key, [other.key for other in self.witnesses])
        self._define(witness.name)
        self.witnesses.append(witness)

    def _add_group(self, items: list[str]) -> None:
        _check_count("group", items, least=3, most=None)
        name, wanted, *members = items
        for member in members:
            self._place(member)
        shorthands = {"any": 1, "all": len(members)}
        # No file holds more members than bytes: the limit is only there so that digits are counted before int().
        threshold = shorthands.get(wanted) or parse_decimal(wanted, what="threshold", limit=MAX_POLICY_BYTES)
        if not 1 <= threshold <= len(members):
            raise BadThreshold(got=f"threshold {threshold}", wanted=f"1 to {len(members)} members", act=_AUTHOR_ACTS)
        self._define(name)
        self.groups.append(WitnessGroup(name, threshold, tuple(members)))

    def _set_quorum(self, items: list[str]) -> None:
        _check_count("quorum", items, least=1, most=1)
        if self.quorum is not None:
            raise NotOneQuorum(got="a second quorum line", wanted="one", act=_AUTHOR_ACTS)
        if items[0] != NO_QUORUM:
            self._check_defined(items[0])
        self.quorum = items[0]

    def _define(self, name: str) -> None:
        if name == NO_QUORUM:
            raise ReservedName(got=f"a witness or group named {name}", wanted="another name", act=_AUTHOR_ACTS)
        if name in self._defined:
            raise DoubledName(got=f"two witnesses or groups named {name!a}", wanted="one", act=_AUTHOR_ACTS)
        self._defined.add(name)

    def _place(self, member: str) -> None:
        self._check_defined(member)
        if member in self._placed:
            raise DoubledMember(got=f"{member!a} as a member twice", wanted="once", act=_AUTHOR_ACTS)
        self._placed.add(member)

    def _check_defined(self, name: str) -> None:
        if name not in self._defined:
            raise UnknownPolicyName(
                got=f"the name {name!a}", wanted="a witness or group of an earlier line", act=_AUTHOR_ACTS
            )


def _check_octets(body: bytes) -> None:
    if len(body) > MAX_POLICY_BYTES:
        raise PolicyTooLarge(got=f"{len(body)} bytes", wanted=f"at most {MAX_POLICY_BYTES}", act=_AUTHOR_ACTS)
    if found := _REFUSED_OCTET.search(body):
        raise PolicyOctetRefused(
            got=f"octet {found[0][0]:#04x} at {found.start()}", wanted="text, tabs and newlines", act=_AUTHOR_ACTS
        )
    if not body.endswith(b"\n"):
        raise PolicyWithoutNewline(got="a last line without newline", wanted="one with", act=_AUTHOR_ACTS)


def _check_count(keyword: str, items: list[str], *, least: int, most: int | None) -> None:
    if len(items) < least or (most is not None and len(items) > most):
        wanted = f"{least} or more" if most is None else f"{least} to {most}"
        raise BadStatement(got=f"a {keyword} line of {len(items)} items", wanted=wanted, act=_AUTHOR_ACTS)


def _check_new_key(key: VerifierKey, others: Iterable[VerifierKey]) -> None:
    if any(other.public_key == key.public_key for other in others):
        raise DoubledPolicyKey(got="one public key on two lines", wanted="a key of its own each", act=_AUTHOR_ACTS)
