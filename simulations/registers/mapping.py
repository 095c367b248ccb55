"""Computes: the mapping from a fictional partner's headers to its profile's columns, as that partner would write it."""

from collections.abc import Sequence

from partner_node.profiles.profile import Profile, RecordType
from simulations.registers.layouts import LAYOUTS, Layout
from simulations.registers.register import SEVERAL

RECORD_IDS = {"verzuim": "verzuimmelding"}  # where a layout calls a record type otherwise than its profile
_RENAMED = {"hg-vlag": "huiselijk"}


def mapping_of(profile: Profile, record: str, *, files: Sequence[str]) -> str:
    """Return the mapping of one record type's files, as TOML. record: as `layouts.py` calls it."""
    layout = next(each for each in LAYOUTS if (each.partner, each.record) == (profile.id, record))
    kind = profile.record(RECORD_IDS.get(record, record))
    route = "household" if "huishouden" in dict(layout.headers) else "address"
    columns = [f'{column} = "{header}"' for column, header in _columns(layout, kind)]
    names = ", ".join(f'"{name}"' for name in files)
    head = ["format = 1", f'profile = "{profile.id}"', f'route = "{route}"', f'separator = "{SEVERAL}"']
    return "\n".join([*head, "", f"[record.{kind.id}]", f"files = [{names}]", f"[record.{kind.id}.columns]", *columns])


def _columns(layout: Layout, kind: RecordType) -> list[tuple[str, str]]:
    renamed = _RENAMED | {"id": kind.event, "datum": kind.day}
    known = {column.name for column in kind.columns}
    pairs = [(renamed.get(name, name), header) for name, header in layout.headers]
    return [(column, header) for column, header in pairs if column in known]
