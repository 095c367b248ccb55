"""Computes: the page of the calibration, and its pictures by name."""

from collections.abc import Mapping, Sequence

from simulations.calibration.compare import groups
from simulations.calibration.comparison import Comparison
from simulations.calibration.picture import picture, shown
from simulations.calibration.scatter import scatter
from simulations.calibration.seen import YEARS, Seen, look

REGION_SEEDS, SPREAD_SEED, SPREAD_GEMEENTEN = tuple(range(1, 9)), 11, 6
PAGE, PICTURES = "calibration.md", "pictures/calibration"
_ABOUT = """# Simulated beside published

Made by `python -m simulations.calibration`; a test holds this page against what that command gives. Everything
simulated is *oefengegevens, verzonnen cijfers*. Eight invented regions of one gemeente ({years} years each, seeds 1 to
8) and one of six gemeenten are held against published figures. The gradient between wijken, the gamma shapes and the
delays are assumptions (`simulations/population/rates.py` says which); where nothing is published, the picture shows
the recipe instead.

What is *not* simulated: that who lives in an institution differs from others, deaths, families that leave the region,
and the trend of 2019 to 2025. A figure of the simulation is no estimate of anything.

"""


def pages() -> dict[str, str]:
    """Return each file below `docs/`, by its path there."""
    regions = [look(seed) for seed in REGION_SEEDS]
    return pages_of(regions, look(SPREAD_SEED, gemeenten=SPREAD_GEMEENTEN))


def pages_of(regions: Sequence[Seen], spread: Seen) -> dict[str, str]:
    """Return the page and its pictures for these regions."""
    files: dict[str, str] = {}
    parts = [_ABOUT.format(years=YEARS)]
    for group in groups(regions, spread):
        name = f"{PICTURES}/{group.id}.svg"
        files[name] = picture(group)
        parts.append(f"## {group.title}\n\n![{group.title}]({name})\n\n{_table(group.comparisons)}\n")
    name = f"{PICTURES}/wijken.svg"
    files[name] = scatter(regions)
    parts.append(f"## Wijken\n\n![Wijken: meldingen en lage inkomens]({name})\n\nNo figures per wijk are published.\n")
    files[PAGE] = "\n".join(parts)
    return files


def _table(rows: Sequence[Comparison]) -> str:
    lines = [
        "| figure | published | simulated: mean (least to most) | must lie in | agrees | source |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        low, high = shown(min(row.simulated)), shown(max(row.simulated))
        bound = f"{shown(row.least)} to {shown(row.most)}"
        known = "; ".join(shown(value) for value in row.published)
        mark = "yes" if row.agrees else "**no**"
        lines.append(
            f"| {row.label} | {known} | {shown(row.mean)} ({low} to {high}) | {bound} | {mark} | {row.source} |"
        )
    return "\n".join(lines) + "\n"


def changed(files: Mapping[str, str], kept: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of files that are not kept as they are made."""
    return tuple(name for name in sorted({*files, *kept}) if files.get(name) != kept.get(name))
