"""Touches the world: the delivery that stands in a node's folder, with the tables that it is read by."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from partner_node.config import Config, ConfigMissing, read_text
from partner_node.delivery.addresses import PART
from partner_node.delivery.area_file import read_area_table
from partner_node.delivery.areas import AreaTable
from partner_node.delivery.delivery import Delivery, read_delivery
from partner_node.node import Node, files_in
from partner_node.sources.opening import PARQUET, TEXT, WORKBOOKS, open_source
from partner_node.sources.source import Source
from protocol.errors import Refusal, refuse_all
from protocol.words.geography import AreaCode, Geography

MAX_DELIVERED_FILES = 1_000


def load_area_table(config: Config, geography: Geography) -> AreaTable:
    """Return where addresses lie; an empty table where the configuration names none.

    Raises: ConfigMissing, SourceRefusal, WrongAreaTable.
    """
    settings = config.settings
    former = [AreaCode(code) for code in _lines(config, settings.former_areas)]
    institutions = [PART.join(line.split(maxsplit=1)) for line in _lines(config, settings.institutions)]
    year = settings.area_year or geography.year
    if settings.area_table is None:
        return AreaTable(year, {}, frozenset(former))
    source = open_source(config.place(settings.area_table))
    return read_area_table(source, geography, year=year, former=former, institutions=institutions)


def delivered_files(config: Config) -> tuple[Path, ...]:
    """Return the files of the delivery, in order of name."""
    return delivered_in(config.place(config.settings.deliveries))


def delivered_in(folder: Path) -> tuple[Path, ...]:
    """Return the files of a folder that may be a delivery, in order of name.

    Raises: ConfigMissing.
    """
    return files_in(folder, TEXT | WORKBOOKS | PARQUET, most=MAX_DELIVERED_FILES)


def open_sources(paths: Sequence[Path]) -> tuple[Source, ...]:
    """Open the files of a delivery; what is wrong with any of them is named together.

    Raises: SourceRefusal, several as Refusals.
    """
    sources: list[Source] = []
    problems: list[Refusal] = []
    for path in paths:
        try:
            sources.append(open_source(path))
        except Refusal as problem:
            problems.append(problem)
    refuse_all(tuple(problems), subject="delivery")
    return tuple(sources)


def read_node_delivery(node: Node, *, today: date, keeps_events: bool = True) -> Delivery:
    """Return the delivery in the node's folder. keeps_events: as `read_delivery` has it.

    Raises: ConfigMissing, SourceRefusal, DeliveryRefusal.
    """
    if node.profile is None or node.mapping is None:
        raise ConfigMissing(
            got="a node without a mapping", wanted="a partner with data", act="a witness has no delivery to read"
        )
    return read_delivery(
        open_sources(delivered_files(node.config)),
        node.profile,
        node.mapping,
        node.agreed.geography,
        node.agreed.code_lists,
        area_table=load_area_table(node.config, node.agreed.geography),
        secret=node.keys.node_secret,
        today=today,
        keeps_events=keeps_events,
    )


def _lines(config: Config, text: str | None) -> list[str]:
    return [] if text is None else [line.strip() for line in read_text(config.place(text)).splitlines() if line.strip()]
