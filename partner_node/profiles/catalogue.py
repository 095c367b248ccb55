"""Computes nothing: the profiles that come with the node, by id. A partner of another kind describes its own."""

from partner_node.profiles.politie import POLITIE
from partner_node.profiles.profile import Profile
from partner_node.profiles.school import SCHOOL
from partner_node.profiles.veilig_thuis import VEILIG_THUIS

PROFILES: dict[str, Profile] = {profile.id: profile for profile in (VEILIG_THUIS, POLITIE, SCHOOL)}
