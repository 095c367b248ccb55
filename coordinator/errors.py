"""Computes nothing: the errors of `coordinator/`.

protocol.errors.Refusal
|-- StoreRefusal      the store may not be opened or changed like this; nothing was changed
|   (leaves stand in coordinator/store/failures.py)
|-- GeographyRefusal  a map or key figures that may not become a geography; nothing was imported
|   (leaves stand in coordinator/geography/)
|-- EstimateRefusal   figures or context from which an estimate may not be made; nothing was shown
|   (leaves stand in coordinator/estimates/)
`-- OperatorRefusal   a command, file or step that the rules do not allow now; nothing was changed
    (leaves stand in the files of coordinator/ that raise them)
protocol.errors.Fault
`-- StoreFault        the store, or what it stands on, is not as it must be; what was durable still is
    (leaves stand in coordinator/store/failures.py)
"""

from protocol.errors import Fault, Refusal


class StoreRefusal(Refusal):
    """The store may not be opened or changed like this; nothing was changed."""


class GeographyRefusal(Refusal):
    """A map or key figures that may not become a geography; nothing was imported."""


class EstimateRefusal(Refusal):
    """Figures or context from which an estimate may not be made; nothing was shown."""


class OperatorRefusal(Refusal):
    """A command, file or step that the rules do not allow now; nothing was changed."""


class StoreFault(Fault):
    """The store, or what it stands on, is not as it must be: what was durable still is."""
