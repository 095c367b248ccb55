"""Touches the world: `preview`: what a study would take from this partner. The vault is only read."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated

import typer

from partner_node.cli.opening import open_node
from partner_node.cli.telling import NODE_FILE, AsJson, Lang, NodeFile, Teller, aligned, door, today
from partner_node.cli.words import heads
from partner_node.delivered import read_node_delivery
from partner_node.preview import Preview, PreviewedTable, preview
from partner_node.vault.keyed_by import check_keyed_by
from partner_node.vault.shelf import VaultShelf
from privacy import explain
from privacy.randomness import fresh_source
from protocol.digest import digest_of
from protocol.round.member import Member
from protocol.study.study import Study
from protocol.words.period import Period

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command("preview")
def preview_command(
    study: Annotated[str, typer.Argument(help="id or digest of the study")],
    *,
    period: Annotated[str | None, typer.Option("--period", help="else the next round")] = None,
    node: NodeFile = NODE_FILE,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """See what a study would share: true counts, margins, costs and size. It spends nothing."""
    with door(lang, as_json=as_json) as teller:
        opened = open_node(teller, node, lang)
        agreed, keys = opened.agreed, opened.keys
        chosen = agreed.study(study)
        studies = {digest_of(chosen): chosen}
        member = Member(agreed.party, agreed.covenant, agreed.geography, agreed.code_lists, studies, keys.identity)
        when = next_period(chosen, today()) if period is None else Period(period)
        year = chosen.round_for(when).covenant_year
        with teller.phase("reading"):
            records = read_node_delivery(opened, today=today()).records
        with teller.phase("counting"), opened.looking() as vault:
            check_keyed_by(vault.connection, year, opened.keyed_by)
            found = preview(
                chosen,
                when,
                records,
                member,
                known=VaultShelf(vault),
                secret=keys.node_secret,
                source=fresh_source(),
            )
        teller.tell("preview-local")
        teller.result(_tree(found, chosen), _lines(found, chosen, teller))


def next_period(study: Study, day: date) -> Period:
    """Return the period of the first round that is not over, else of the last one."""
    ahead = [scheduled.period for scheduled in study.schedule if scheduled.due >= day]
    return ahead[0] if ahead else study.schedule[-1].period


def _tree(found: Preview, study: Study) -> dict[str, object]:
    return {
        "study": study.id,
        "period": found.period,
        "local_only": True,
        "upload_bytes": found.upload_bytes,
        "tables": [
            {
                "table": table.id,
                "own": table.own,
                "margin": table.margin,
                "cells": [
                    {"area": cell.area, "period": cell.period, "category": cell.category, "count": value}
                    for cell, value in table.cells
                ],
                "example_of_noise_not_the_real_one": list(table.example_noise),
            }
            for table in found.tables
        ],
        "households": [
            {
                "events": household.events,
                "plan_nano_rho": household.plan_loss,
                "cap_nano_rho": household.caps,
                "right_guesses_of_100": str(household.plan_guess),
            }
            for household in found.households
        ],
    }


def _lines(found: Preview, study: Study, teller: Teller) -> Iterator[str]:
    yield teller.say("preview-title", study=study.id, period=found.period)
    for table in found.tables:
        yield ""
        yield from _table(table, teller)
    yield ""
    language = teller.language
    yield from explain.table(found.households, language).splitlines()
    yield from explain.sentences(found.households[0], language)
    yield teller.say("preview-bytes", bytes=found.upload_bytes)
    yield teller.say("preview-free")


def _table(table: PreviewedTable, teller: Teller) -> Iterator[str]:
    yield teller.say("preview-table", table=table.id, question=table.question)
    yield teller.say("preview-own" if table.own else "preview-joint")
    yield teller.say("preview-margin", margin=table.margin)
    rows = [heads("preview-head", teller.language)]
    margin = f"+/- {table.margin}"
    rows += [(cell.area, cell.period, cell.category or "-", str(value), margin) for cell, value in table.cells]
    yield from aligned(rows)
    yield teller.say("preview-noise", noise=", ".join(f"{draw:+d}" for draw in table.example_noise))
