"""Computes nothing: the errors of `partner_node/`.

protocol.errors.Refusal
|-- ConfigRefusal     a node file, register or path that the node may not go by
|-- PolicyRefusal     what the covenant, an officer or the partner's register does not allow
|-- SourceRefusal     a file that cannot be read whole and without doubt; nothing of it may be used
|-- DeliveryRefusal   a delivery, or its mapping, cannot be read as a whole; nothing of it was counted
|-- KeystoreRefusal   keys that may not be made, read or trusted like this
|   (leaves stand in the file that raises them)
`-- VaultRefusal      the vault may not be opened or changed like this; nothing was changed
    (leaves stand in the file that raises them)
protocol.errors.Fault
`-- VaultFault        the vault, or what it stands on, is not as it must be; the node halts until a person acts
    (leaves stand in the file that raises them)
"""

from protocol.errors import Fault, Refusal


class SourceRefusal(Refusal):
    """A file that cannot be read whole and without doubt: nothing of it may be used."""


class ConfigRefusal(Refusal):
    """A node file, register or path that the node may not go by."""


class PolicyRefusal(Refusal):
    """What the covenant, an officer or the partner's own register does not allow; no record was looked at."""


class KeystoreRefusal(Refusal):
    """Keys that may not be made, read or trusted like this."""


class VaultRefusal(Refusal):
    """The vault may not be opened or changed like this; nothing was changed."""


class VaultFault(Fault):
    """The vault, or what it stands on, is not as it must be: the node halts until a person acts."""


class DeliveryRefusal(Refusal):
    """A delivery, or its mapping, that cannot be read as a whole; nothing of it was counted."""
