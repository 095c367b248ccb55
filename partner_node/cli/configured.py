"""Touches the world: a configuration, for the commands that need no more than that."""

from pathlib import Path

from partner_node.cli.telling import Teller
from partner_node.config import Config, load_config
from privacy.language import Language


def open_config(teller: Teller, path: Path, lang: Language | None) -> Config:
    """Return a configuration, and speak its language from here on.

    Raises: ConfigRefusal.
    """
    config = load_config(path)
    teller.language = lang or Language(config.settings.language)
    return config
