"""Touches the world: the node of a configuration, for the commands that need one."""

from pathlib import Path

from partner_node.cli.configured import open_config
from partner_node.cli.telling import Teller, today
from partner_node.node import Node, load_node
from privacy.language import Language


def open_node(teller: Teller, path: Path, lang: Language | None) -> Node:
    """Return the node of a configuration; it starts only if its agreement, keys, register and mapping go together.

    Raises: ConfigRefusal, PolicyRefusal, KeystoreRefusal, AgreementRefusal.
    """
    return load_node(open_config(teller, path, lang), today=today())
