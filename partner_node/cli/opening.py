"""Touches the world: the node of a configuration, for the commands that need one."""

from pathlib import Path

from partner_node.cli.configured import open_config
from partner_node.cli.telling import Teller, today
from partner_node.config import load_covenant
from partner_node.node import Node, load_node
from privacy.language import Language


def open_node(teller: Teller, path: Path, lang: Language | None, *, ended: bool = False) -> Node:
    """Return the node of a configuration; it starts only if its agreement, keys, register and mapping go together.

    ended: whether a covenant that has ended will do, looked at as on its last day: for what reads, keeps or deletes.
    Raises: ConfigRefusal, PolicyRefusal, KeystoreRefusal, AgreementRefusal.
    """
    config = open_config(teller, path, lang)
    on = min(today(), load_covenant(config).covenant.valid_until) if ended else today()
    return load_node(config, today=on)
