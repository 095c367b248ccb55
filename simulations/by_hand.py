"""Computes: TOML as people write it by hand: the drafts of an operator, and a partner's own register."""

import json
from collections.abc import Mapping, Sequence

from protocol.covenant.covenant import Covenant
from protocol.words.ids import PartyId


def document(tree: Mapping[str, object]) -> str:
    """Return a document of keys and values; what is None is left out."""
    return "\n".join(f"{key} = {_toml(value)}" for key, value in tree.items() if value is not None) + "\n"


def register(covenant: Covenant, party: PartyId, *, permission: bool = True) -> str:
    """Return a partner's register, in the words of the covenant. permission: whether the Wpg's stands in it."""
    stated = covenant.party(party)
    lines = ["format = 1", "[[processing]]", f"covenant = {json.dumps(covenant.id)}"]
    lines += [f"purpose = {json.dumps(stated.purpose)}", f"legal_ground = {json.dumps(stated.legal_ground)}"]
    if permission and (wpg := stated.wpg_permission) is not None:
        lines += ["[processing.wpg_permission]", f"issuer = {json.dumps(wpg.issuer)}", f"issued_on = {wpg.issued_on}"]
        lines += [f"scope = {json.dumps(wpg.scope)}"]
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {_toml(inner)}" for key, inner in value.items() if inner is not None) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(_toml(inner) for inner in value) + "]"
    return json.dumps(value)
