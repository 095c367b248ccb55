"""Touches the world: the profiles that come with the node, by id; those in TOML are read from the package, once.

A partner of another kind describes its own (`custom.parse_profile`).
"""

from importlib.resources import files

from partner_node.profiles.custom import parse_profile
from partner_node.profiles.politie import POLITIE
from partner_node.profiles.profile import Profile
from partner_node.profiles.school import SCHOOL
from partner_node.profiles.veilig_thuis import VEILIG_THUIS

IN_TOML = ("ggd", "ggz", "verslavingszorg", "dierenpolitie", "jeugdhulp")


def _read(name: str) -> Profile:
    folder = files("partner_node.profiles") / "custom"
    return parse_profile((folder / f"{name}.toml").read_text(encoding="utf-8"))


PROFILES: dict[str, Profile] = {
    profile.id: profile for profile in (VEILIG_THUIS, POLITIE, SCHOOL, *(_read(name) for name in IN_TOML))
}
