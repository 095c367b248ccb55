"""Computes: the partner's own register of what it processes, as far as the node goes by it (GDPR article 30).

    format = 1

    [[processing]]
    covenant = "oefenconvenant"
    purpose = "Beleidsinformatie over huiselijk geweld en kindermishandeling"
    legal_ground = "Wmo 2015 art. 4.2.12"

    [processing.wpg_permission]          # the police only
    issuer = "Burgemeester van Oefenstad"
    issued_on = 2025-12-01
    scope = "HGKM-incidenten per wijk"

What is not in it, in the covenant's own words, the node does not do. The partner writes it, never the coordinator.
"""

from datetime import date
from typing import Annotated

from pydantic import Field

from partner_node.closed_toml import ClosedToml
from protocol.words.ids import CovenantId, Line


class RegisteredPermission(ClosedToml):
    """The Wpg permission as the partner's register has it."""

    issuer: Line
    issued_on: date
    scope: Line


class Processing(ClosedToml):
    """One processing. ends_on: the last day on which it may be done; None while no end is set."""

    covenant: CovenantId
    purpose: Line
    legal_ground: Line
    ends_on: date | None = None
    wpg_permission: RegisteredPermission | None = None


class Register(ClosedToml):
    """Every processing that this node may do."""

    format: Annotated[int, Field(ge=1, le=1)]
    processing: Annotated[tuple[Processing, ...], Field(min_length=1, max_length=1_000, strict=False)]
