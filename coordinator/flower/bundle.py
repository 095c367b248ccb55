"""Computes: the empty bundle under which runs are started: a zip with one pyproject.toml and no code.

Byte for byte the same everywhere, so that a node knows it by its digest and never has to look into it.
"""

from hashlib import sha256
from io import BytesIO
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from protocol.round.carriage import STUB_NAME, STUB_PUBLISHER, STUB_VERSION

_TEXT = f"""\
[project]
name = "{STUB_NAME}"
version = "{STUB_VERSION}"
description = "Holds no code: a node runs only what is installed on it"
license = "EUPL-1.2"
dependencies = []

[tool.flwr.app]
publisher = "{STUB_PUBLISHER}"

[tool.flwr.app.components]
serverapp = "nothing:runs"
clientapp = "nothing:runs"
"""
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip can name


def stub_bundle() -> bytes:
    """Return the bundle."""
    whole = BytesIO()
    with ZipFile(whole, "w", ZIP_STORED) as archive:
        entry = ZipInfo("pyproject.toml", date_time=_EPOCH)
        entry.create_system = 3  # Unix, wherever it is made
        archive.writestr(entry, _TEXT)
    return whole.getvalue()


def stub_digest() -> str:
    """Return its SHA-256, as `protocol.round.carriage` pins it."""
    return sha256(stub_bundle()).hexdigest()
