"""Computes: the mapping with which a node reads a simulated partner's files by its profile, as TOML."""

from collections.abc import Mapping

from simulations.registers.layouts import LAYOUTS, Layout
from simulations.registers.register import SEVERAL
from simulations.words import ORIGIN

# By partner and record type: the profile's names where they differ from those of the layout; None where it has none.
_NAMES: Mapping[tuple[str, str], Mapping[str, str | None]] = {
    ("veilig-thuis", "advies"): {"id": "adviesnummer", "datum": "datum-start"},
    ("veilig-thuis", "melding"): {"id": "meldingnummer", "datum": "datum-melding"},
    ("veilig-thuis", "dienst"): {"id": "dienstnummer", "datum": "datum-afronding"},
    ("politie", "incident"): {"id": "incidentnummer", "aanhouding": None, "huisverbod": None, "zorgmelding": None},
    ("school", "verzuimmelding"): {"id": "meldingnummer", "persoon": "leerling"},
    ("ggd", "signaal"): {"id": "signaalnummer"},
    ("ggz", "aanmelding"): {"id": "aanmeldnummer"},
    ("verslavingszorg", "aanmelding"): {"id": "aanmeldnummer"},
    ("dierenpolitie", "melding"): {"id": "meldnummer"},
    ("jeugdhulp", "traject"): {"id": "trajectnummer", "datum": "datum-begin"},
}
PROFILED = tuple(dict.fromkeys(partner for partner, _ in _NAMES))


def mapping_toml(partner: str, *, files: Mapping[str, str] | None = None) -> str:
    """Return the mapping of one of PROFILED. files: the only record types, with their files; else all of them."""
    layouts = [layout for layout in LAYOUTS if layout.partner == partner and (files is None or layout.record in files)]
    route = "household" if layouts[0].by_household else "address"
    head = (f"# {ORIGIN}", "format = 1", f'profile = "{partner}"', f'route = "{route}"', f'separator = "{SEVERAL}"')
    return (
        "\n".join(
            [
                *head,
                *(
                    line
                    for layout in layouts
                    for line in _record(layout, (files or {}).get(layout.record, f"{layout.stem}_*.csv"))
                ),
            ]
        )
        + "\n"
    )


def _record(layout: Layout, files: str) -> list[str]:
    names = _NAMES[layout.partner, layout.record]
    known = [(names.get(name, name), header) for name, header in layout.headers]
    return [
        "",
        f"[record.{layout.record}]",
        f'files = ["{files}"]',
        f"[record.{layout.record}.columns]",
        *(f'{name} = "{header}"' for name, header in known if name is not None),
    ]
