"""Computes: what people write before the first round, whatever the rounds are about: covenant, parties, study, line."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from partner_node.profiles.profile import Profile
from protocol.covenant.covenant import Covenant
from protocol.covenant.party import Role
from protocol.covenant.public_keys import PublicKeys
from protocol.covenant.rules import least_participants
from protocol.words.code_list import CodeList
from protocol.words.ids import PartyId
from simulations.by_hand import document
from simulations.world.agreement import COORDINATOR, WITNESS

OFFICER, SECOND = "fg", "tweede"
PURPOSE = "Beleidsinformatie over huiselijk geweld en kindermishandeling"


@dataclass(frozen=True, slots=True)
class Drafts:
    """What is agreed on, as the files that people would write, and what partners hold.

    study: its id. profiles: of each partner. covenant, rates: TOML. study_toml: of the study under a covenant.
    delivered: by round, the pattern of the files that each partner delivers for it.
    """

    study: str
    profiles: Mapping[PartyId, Profile]
    covenant: str
    study_toml: Callable[[Covenant], str]
    rates: str
    delivered: tuple[str, ...]

    @property
    def partners(self) -> tuple[PartyId, ...]:
        """The partners, in order."""
        return tuple(sorted(self.profiles))

    @property
    def participants(self) -> tuple[PartyId, ...]:
        """Everybody with a node: the partners and the witness."""
        return (*self.partners, WITNESS)

    @property
    def code_lists(self) -> tuple[CodeList, ...]:
        """The code lists of all profiles, each once, in order of id."""
        lists = {codes.id: codes for profile in self.profiles.values() for codes in profile.code_lists()}
        return tuple(lists[name] for name in sorted(lists))


def covenant_toml(covenant: str, valid: tuple[date, date], *, participants: int, **more: int) -> str:
    """Return the draft of a covenant. covenant: its id. participants: how many there are. more: other fields."""
    first, last = valid
    least = least_participants(participants, 1)
    tree = {"id": covenant, "valid_from": str(first), "valid_until": str(last), "minimum_participants": least}
    return document(tree | more)


def party_toml(public: PublicKeys, profile: Profile | None) -> str:
    """Return the file of a partner or the witness, from the public file that it sent. profile: of a partner."""
    permission = {"issuer": "Burgemeester (verzonnen)", "issued_on": "2022-12-01", "scope": "HGKM-incidenten per wijk"}
    return document(
        {
            "id": public.party,
            "name": _name(public.party, profile),
            "role": Role.WITNESS if profile is None else Role.PARTNER,
            "type": None if profile is None else profile.partner,
            "identity_key": public.identity_key,
            "agreement_key": public.agreement_key,
            "officers": [officer.model_dump(mode="json") for officer in public.officers],
            "purpose": PURPOSE,
            "legal_ground": "Wmo 2015 art. 4.2.12" if profile is None else profile.ground,
            "wpg_permission": permission if profile is not None and profile.wpg else None,
            "yearly_cap_rho": "0" if profile is None else "0.25",
        }
    )


def coordinator_toml(identity_key: str, second_key: str) -> str:
    """Return the file of the municipality. second_key: of the person who signs releases beside the operator."""
    return document(
        {
            "id": COORDINATOR,
            "name": "Gemeente (verzonnen)",
            "role": Role.COORDINATOR,
            "identity_key": identity_key,
            "officers": [{"id": SECOND, "name": "T. Weede (verzonnen)", "key": second_key}],
            "purpose": PURPOSE,
            "legal_ground": "Wmo 2015 art. 4.2.12",
        }
    )


def link_toml(port: int) -> str:
    """Return what a node's configuration says of its line."""
    return f'[link]\nhost = "127.0.0.1"\nport = {port}\nauthority = "agreement/authority.json"\n'


def _name(party: PartyId, profile: Profile | None) -> str:
    if profile is None:
        return "Getuige van de FG (verzonnen)"
    return f"{profile.label_nl} (verzonnen)" if profile.id == party else f"{profile.label_nl} {party} (verzonnen)"
