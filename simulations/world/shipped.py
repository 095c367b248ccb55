"""Touches the world: the scenarios that ship with the simulations, and a scenario from a file."""

from importlib.resources import files
from pathlib import Path

from protocol.errors import Refusal
from simulations.world.scenario import MAX_BYTES, MalformedScenario, Scenario, parse_scenario

_SHIPPED = files("simulations") / "scenarios"


class UnknownScenario(Refusal):
    """A scenario that neither ships nor is a file."""


def shipped_names() -> tuple[str, ...]:
    """Return the names of the scenarios that ship, in order."""
    return tuple(
        sorted(entry.name.removesuffix(".toml") for entry in _SHIPPED.iterdir() if entry.name.endswith(".toml"))
    )


def load_scenario(name: str) -> Scenario:
    """Return a scenario by its name, or from a file whose name ends in .toml.

    Raises: UnknownScenario, and what `parse_scenario` raises.
    """
    if name in shipped_names():
        return parse_scenario((_SHIPPED / f"{name}.toml").read_text(encoding="utf-8"))
    path = Path(name)
    if path.suffix != ".toml" or not path.is_file():
        raise UnknownScenario(
            got="no scenario of this name",
            wanted="one that ships, or a file that ends in .toml",
            act="choose another",
            hint=f"shipped: {', '.join(shipped_names())}",
        )
    body = path.read_bytes()[: MAX_BYTES * 4]
    try:
        return parse_scenario(body.decode("utf-8"))
    except UnicodeDecodeError:
        raise MalformedScenario(
            got="a file that is not UTF-8", wanted="the TOML of a scenario", act="save it as UTF-8"
        ) from None
