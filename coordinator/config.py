"""Computes: the coordinator's configuration, one TOML file. Unknown keys are refused: a slip changes nothing."""

import re
import tomllib
from dataclasses import dataclass

from coordinator.errors import OperatorRefusal
from protocol.words.ids import PartyId

MAX_CONFIG_CHARS = 10_000
NAME = "coordinator.toml"
_KEYS, _OPTIONAL = {"party", "store", "courier"}, {"link_port"}
_PORTS = range(1, 1 << 16)
_PARTY = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


class WrongConfig(OperatorRefusal):
    """A configuration that is no TOML, or with keys that are unknown, missing or of the wrong form."""


@dataclass(frozen=True, slots=True, repr=False)
class Config:
    """party: the coordinator's id in the covenant. store: URL; it may hold a password. courier: folder, in its own.

    link_port: of the SuperLink, on 127.0.0.1; None where every party has a courier.
    """

    party: PartyId
    store: str
    courier: str
    link_port: int | None = None


def parse_config(text: str) -> Config:
    """Return the configuration that a text states.

    Raises: WrongConfig.
    """
    try:
        tree = tomllib.loads(text) if len(text) <= MAX_CONFIG_CHARS else {}
    except tomllib.TOMLDecodeError:
        raise _wrong("a text that is no TOML") from None
    if strange := sorted(set(tree) - _KEYS - _OPTIONAL):
        raise _wrong(f"the unknown key {strange[0][:40]!a}")
    if missing := sorted(_KEYS - set(tree)):
        raise _wrong(f"no key {missing[0]}")
    if not all(isinstance(tree[key], str) and tree[key] for key in _KEYS):
        raise _wrong("a value that is no text")
    if _PARTY.fullmatch(tree["party"]) is None:
        raise _wrong("a party id of another form")
    port = tree.get("link_port")
    if port is not None and (type(port) is not int or port not in _PORTS):  # true is an int in Python
        raise _wrong("a link_port that is no port")
    return Config(PartyId(tree["party"]), tree["store"], tree["courier"], port)


def first_config(party: PartyId) -> str:
    """Return the text of a new configuration."""
    return (
        "# Samenzicht, the coordinator. Paths are relative to this folder.\n"
        f'party = "{party}"\n'
        "# or postgresql://USER:PASSWORD@HOST/DATABASE\n"
        'store = "sqlite:///store/store.sqlite"\n'
        "# a folder for each party, in which files to and from it stand\n"
        'courier = "courier"\n'
    )


def _wrong(got: str) -> WrongConfig:
    return WrongConfig(
        got=f"{got} in {NAME}",
        wanted=f"the keys {', '.join(sorted(_KEYS))}, and {', '.join(sorted(_OPTIONAL))} where there is a line",
        act="the operator must mend the file",
    )
