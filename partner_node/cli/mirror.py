"""Touches the world: `mirror`: the partner's own true counts beside what was released. It is printed and never sent."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from partner_node.cli.opening import open_node
from partner_node.cli.telling import NODE_FILE, AsJson, Lang, NodeFile, Teller, aligned, door, today
from partner_node.cli.words import heads
from partner_node.config import read_bytes
from partner_node.delivered import read_node_delivery
from partner_node.errors import PolicyRefusal
from partner_node.mirror import Delivered, Mirror, MirroredTable, NothingSpent, mirror
from partner_node.node import Node
from partner_node.stepping import count_offer
from partner_node.vault.accounts import load_accounts
from partner_node.vault.carry_out import load_commitment
from partner_node.vault.shelf import VaultShelf
from protocol.digest import digest_of
from protocol.release import Release, SignedRelease, check_release, check_signed_release
from protocol.round.member import Member
from protocol.study.study import Study, slot_of
from protocol.words.period import Period

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


class NotThisRound(PolicyRefusal):
    """A release of another round, or of one that this node was not in."""


@app.command("mirror")
def mirror_command(
    period: Annotated[str, typer.Argument(help="for example 2026-Q1")],
    *,
    study: Annotated[str, typer.Option("--study", help="id or digest of the study")],
    release: Annotated[Path, typer.Option("--release", help="the published file of this round")],
    node: NodeFile = NODE_FILE,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Show your own counts beside what was released. Only for your own organisation."""
    with door(lang, as_json=as_json) as teller:
        opened = open_node(teller, node, lang)
        chosen, when = opened.agreed.study(study), Period(period)
        signed = SignedRelease.parse(read_bytes(release, max_bytes=SignedRelease.max_bytes), source=release.name)
        check_signed_release(signed, opened.agreed.covenant)
        with teller.phase("reading"):
            found = _mirrored(opened, chosen, when, signed.release)
        teller.tell("preview-local")
        teller.result(_tree(found, chosen, when), _lines(found, chosen, when, teller))


def _mirrored(node: Node, study: Study, period: Period, release: Release) -> Mirror:
    agreed, digest = node.agreed, digest_of(study)
    studies = {digest: study}
    member = Member(agreed.party, agreed.covenant, agreed.geography, agreed.code_lists, studies, node.keys.identity)
    grid = member.grid(digest, period)
    slot = slot_of(study, period)
    with node.looking() as vault:
        paid = load_accounts(vault).paid.get(slot)
        if paid is None or release.slot != slot or release.study_digest != digest:
            raise NotThisRound(
                got="a release of another round, or of one that this node was not in",
                wanted=f"the release of {study.id}, {period}",
                act="the caller must take the right file or period",
            )
        check_release(release, grid)
        then = load_commitment(vault, slot).values
        delivery = read_node_delivery(node, today=today())
        known = NothingSpent(VaultShelf(vault))
        offer = VaultShelf(vault).memory.slots[slot].offer  # of a step: at which coefficients it was asked
        if offer is None:
            raise AssertionError("a slot that was paid for was offered")
        counted = count_offer(delivery.records, member, offer, known=known, secret=node.keys.node_secret)
    now = Delivered(counted, delivery.faults, delivery.read, delivery.used)
    return mirror(release, study, grid, party=agreed.party, then=np.asarray(then), paid=paid.charges, now=now)


def _tree(found: Mirror, study: Study, period: Period) -> dict[str, object]:
    return {
        "study": study.id,
        "period": period,
        "local_only": True,
        "left_out": found.left_out,
        "unmapped_rows": found.unmapped,
        "unused_rows": found.unused,
        "tables": [
            {
                "table": table.id,
                "margin": table.margin,
                "late": table.late,
                "cells": [
                    {
                        "area": cell.cell.area,
                        "period": cell.cell.period,
                        "category": cell.cell.category,
                        "then": cell.then,
                        "now": cell.now,
                        "released": cell.released,
                    }
                    for cell in table.cells
                ],
            }
            for table in found.tables
        ],
    }


def _lines(found: Mirror, study: Study, period: Period, teller: Teller) -> Iterator[str]:
    yield teller.say("mirror-title", study=study.id, period=period)
    for table in found.tables:
        yield ""
        yield f"{table.id}"
        yield from _table(table, teller)
    yield ""
    yield teller.say("mirror-left-out", units=found.left_out)
    yield teller.say("mirror-unmapped", rows=found.unmapped)
    yield teller.say("mirror-unused", rows=found.unused)


def _table(table: MirroredTable, teller: Teller) -> Iterator[str]:
    if table.margin is None:
        yield teller.say("mirror-not-delivered")
    else:
        yield teller.say("mirror-margin", margin=table.margin)
    hidden = teller.say("mirror-not-shown")
    rows = [heads("mirror-head", teller.language)]
    for each in table.cells:
        released = hidden if each.released is None else str(each.released)
        cell = each.cell
        rows.append((cell.area, cell.period, cell.category or "-", str(each.then), str(each.now), released))
    yield from aligned(rows)
    yield teller.say("mirror-late", late=table.late)
