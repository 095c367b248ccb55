"""Touches the world: `check-data`: what is wrong with the delivery, by file, column and reason; never a value."""

from collections.abc import Iterator
from pathlib import Path

import typer

from partner_node.cli.opening import open_node
from partner_node.cli.telling import NODE_FILE, AsJson, Lang, NodeFile, Teller, aligned, door, today
from partner_node.cli.words import heads
from partner_node.delivered import read_node_delivery
from partner_node.delivery.delivery import Delivery
from partner_node.delivery.mapping import shown
from partner_node.node import Node
from partner_node.quality.save import PAGE, save_quality_report
from partner_node.quality.words import REASONS
from privacy.language import Language

QUALITY = "quality"  # beside the vault's folder: a vault holds nothing else

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command("check-data")
def check_data_command(*, node: NodeFile = NODE_FILE, as_json: AsJson = False, lang: Lang = None) -> None:
    """Check the delivery. The result stays at your organisation."""
    with door(lang, as_json=as_json) as teller:
        opened = open_node(teller, node, lang)
        with teller.phase("reading"):
            delivery = read_node_delivery(opened, today=today())
        with teller.phase("quality"):
            place = _save_report(opened, delivery, teller.language)
        teller.tell("quality-saved", place=f"{QUALITY}/{place.name}")
        teller.tell("data-local")
        teller.result(_tree(delivery), _lines(delivery, teller))


def _save_report(opened: Node, delivery: Delivery, language: Language) -> Path:
    """Save the report of this delivery in the node's own folder, and return its page."""
    assert opened.profile is not None and opened.mapping is not None  # noqa: S101, PT018 - a delivery was read by them
    folder = opened.config.vault_path.parent.parent / QUALITY
    folder.mkdir(mode=0o700, exist_ok=True)
    save_quality_report(
        delivery,
        opened.profile,
        opened.mapping,
        folder=folder,
        secret=opened.keys.node_secret,
        delivered_on=today(),
        language=language,
    )
    return folder / PAGE


def _tree(delivery: Delivery) -> dict[str, object]:
    return {
        "files": [
            {"file": shown(file), "read": rows, "used": delivery.used[file]} for file, rows in delivery.read.items()
        ],
        "faults": [
            {"file": shown(key.file), "column": key.column, "reason": key.reason, "rows": rows}
            for key, rows in delivery.faults.rows.items()
        ],
        "route": delivery.route,
    }


def _lines(delivery: Delivery, teller: Teller) -> Iterator[str]:
    for file, rows in delivery.read.items():
        yield teller.say("data-used", file=shown(file), used=delivery.used[file], read=rows)
    faults = [
        (shown(key.file), key.column, key.reason, str(rows), REASONS[key.reason][teller.language])
        for key, rows in delivery.faults.rows.items()
    ]
    if faults:
        yield from aligned([heads("data-head", teller.language), *faults])
    else:
        yield teller.say("data-clean")
