"""Touches the world: `status`: how this node stands. Nothing in it depends on a record or on the book."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import typer

from partner_node.cli.opening import open_node
from partner_node.cli.reasons import DUTCH
from partner_node.cli.telling import NODE_FILE, AsJson, Lang, NodeFile, Teller, aligned, door, today
from partner_node.cli.words import heads
from partner_node.flower.ends import first_ending
from partner_node.node import Node, stored_approvals
from partner_node.policy import check_approved
from partner_node.vault.carry_out import load_memory
from partner_node.vault.log import StoredTree
from partner_node.vault.vault import Vault
from partner_node.vault.years import closed_years
from privacy.language import Language
from protocol.digest import digest_of
from protocol.errors import Refusal
from protocol.study.approval import SignedApproval
from protocol.study.study import Study, slot_of
from protocol.words.ids import Digest

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
APPROVED = "approved"


@dataclass(frozen=True, slots=True)
class _Round:
    study: str
    period: str
    state: str


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the vault says."""

    rounds: Sequence[_Round]
    log_size: int
    closed_years: tuple[int, ...]


@app.command("status")
def status_command(*, node: NodeFile = NODE_FILE, as_json: AsJson = False, lang: Lang = None) -> None:
    """Show how this node stands: covenant, studies, rounds, log."""
    with door(lang, as_json=as_json) as teller:
        opened = open_node(teller, node, lang)
        with opened.looking() as vault:
            approvals = stored_approvals(vault, opened.agreed)
            size = StoredTree(vault.connection).size
            kept = _Kept(_rounds(vault, opened), size, closed_years(vault.connection))
        standing = {str(study.id): _standing(study, approvals, opened) for study in opened.agreed.studies}
        paused = opened.config.pause_path.exists()
        covenant = opened.agreed.covenant
        ending = first_ending(opened.config)
        tree = {
            "party": opened.agreed.party,
            "covenant": {"id": covenant.id, "version": covenant.version, "digest": digest_of(covenant)},
            "paused": paused,
            "studies": standing,
            "rounds": [{"study": each.study, "period": each.period, "state": each.state} for each in kept.rounds],
            "log_size": kept.log_size,
            "closed_years": kept.closed_years,
            "link": None if ending is None else {"ends": ending.name, "days_left": ending.days_left(today())},
        }
        teller.result(tree, _lines(opened, standing, kept, teller, paused=paused))


def _standing(study: Study, approvals: Mapping[Digest, Sequence[SignedApproval]], node: Node) -> str:
    """Return `approved`, or the name of the refusal."""
    agreed, needed = node.agreed, node.config.settings.approvals_needed
    try:
        check_approved(study, approvals[digest_of(study)], agreed.covenant, agreed.party, on=today(), needed=needed)
    except Refusal as refusal:
        return refusal.code
    return APPROVED


def _rounds(vault: Vault, node: Node) -> list[_Round]:
    states = {slot.slot: slot.state.value for slot in load_memory(vault).slots.values()}
    return [
        _Round(study.id, scheduled.period, states[slot])
        for study in node.agreed.studies
        for scheduled in study.schedule
        if (slot := slot_of(study, scheduled.period)) in states
    ]


def _lines(node: Node, standing: Mapping[str, str], kept: _Kept, teller: Teller, *, paused: bool) -> Iterator[str]:
    covenant = node.agreed.covenant
    yield teller.say("status-party", party=node.agreed.party, covenant=covenant.id, version=covenant.version)
    if paused:
        yield teller.say("paused")
    planned = {str(study.id): str(len(study.schedule)) for study in node.agreed.studies}
    if standing:
        approved = teller.say("status-approved")
        rows = [(name, approved if code == APPROVED else code, planned[name]) for name, code in standing.items()]
        yield from aligned([heads("status-head", teller.language), *rows])
        for code in sorted(set(standing.values()) & set(DUTCH) if teller.language is Language.DUTCH else ()):
            yield teller.say("status-meaning", code=code, text=DUTCH[code])
    else:
        yield teller.say("status-none")
    if kept.rounds:
        table = [(each.study, each.period, each.state) for each in kept.rounds]
        yield from aligned([heads("status-rounds-head", teller.language), *table])
    if kept.closed_years:
        yield teller.say("status-closed", years=", ".join(map(str, kept.closed_years)))
    yield teller.say("status-log", size=kept.log_size)
    ending = first_ending(node.config)
    if ending is not None and ending.step(today()) is not None:
        yield teller.say("status-ends", name=ending.name, days=ending.days_left(today()))
