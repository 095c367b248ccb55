"""Touches the world: `approve` and `refuse`: a named officer's signed word on one study, kept in the vault and its log.

A reason is the partner's own: it is kept beside the vault and stands in no signed value.
"""

import json
import os
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from partner_node.cli.files import write_new
from partner_node.cli.opening import open_node
from partner_node.cli.telling import NODE_FILE, AsJson, Lang, NodeFile, Teller, Yes, door, now_s, today
from partner_node.keystore import load_officer_key
from partner_node.node import Node
from partner_node.vault.decisions import log_approval
from partner_node.whole_file import FILE_MODE
from protocol.digest import digest_of
from protocol.errors import AgreementRefusal
from protocol.signing import Purpose, SigningKey, public_key, sign
from protocol.study.approval import Approval, Decision, SignedApproval, named_officer
from protocol.study.study import Study
from protocol.words.ids import OfficerId

REASONS_FILE = "reasons.jsonl"
MAX_REASON = 400

StudyName = Annotated[str, typer.Argument(help="id or digest of the study")]
OfficerName = Annotated[str, typer.Option("--officer", help="id of the officer in the covenant")]
KeyFile = Annotated[Path | None, typer.Option("--key", help="the officer's key; else OFFICERS/ID.key")]

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


class ForeignOfficerKey(AgreementRefusal):
    """An officer's key that is not the one which the covenant names for this officer."""


@app.command("approve")
def approve_command(
    study: StudyName,
    *,
    officer: OfficerName,
    key: KeyFile = None,
    until: Annotated[datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], help="last day")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="the signed file for the coordinator")] = None,
    node: NodeFile = NODE_FILE,
    yes: Yes = False,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Approve a study, as a named officer. Look at it with `preview` first."""
    with door(lang, as_json=as_json) as teller:
        opened = open_node(teller, node, lang)
        chosen = opened.agreed.study(study)
        last = opened.agreed.covenant.valid_until
        end = last if until is None else min(until.date(), last)
        teller.tell("decide-study", study=chosen.id, title=chosen.title)
        teller.confirm("decide-ask-approve", yes=yes, officer=officer, until=end)
        signed = _decide(opened, chosen, officer_key(opened, officer, key), Decision.APPROVED, end)
        path = out or Path(f"{opened.agreed.party}.{chosen.id}.{officer}.approval.json")
        write_new(path, signed.encode(), again=True)
        _told(teller, signed, chosen, path, "decide-approved", until=end)


@app.command("refuse")
def refuse_command(
    study: StudyName,
    *,
    officer: OfficerName,
    reason: Annotated[str, typer.Option("--reason", help="for your own organisation; it is not sent")],
    key: KeyFile = None,
    out: Annotated[Path | None, typer.Option("--out", help="the signed file for the coordinator")] = None,
    node: NodeFile = NODE_FILE,
    yes: Yes = False,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Refuse a study, as a named officer; it also ends an approval."""
    with door(lang, as_json=as_json) as teller:
        opened = open_node(teller, node, lang)
        chosen = opened.agreed.study(study)
        teller.tell("decide-study", study=chosen.id, title=chosen.title)
        teller.confirm("decide-ask-refuse", yes=yes, officer=officer)
        until = opened.agreed.covenant.valid_until
        signed = _decide(opened, chosen, officer_key(opened, officer, key), Decision.REFUSED, until)
        _keep_reason(opened, signed, reason)
        path = out or Path(f"{opened.agreed.party}.{chosen.id}.{officer}.approval.json")
        write_new(path, signed.encode(), again=True)
        teller.tell("decide-reason-stays")
        _told(teller, signed, chosen, path, "decide-refused")


def officer_key(node: Node, officer: str, key: Path | None) -> tuple[OfficerId, SigningKey]:
    """Return an officer whom the covenant names, with the key that it names.

    Raises: UnknownOfficer, ForeignOfficerKey, KeystoreRefusal.
    """
    named = named_officer(node.agreed.covenant, node.agreed.party, OfficerId(officer))
    place = key or node.config.place(node.config.settings.officers) / f"{named.id}.key"
    private = load_officer_key(place)
    if str(public_key(private)) != str(named.key):
        raise ForeignOfficerKey(
            got=f"another key than the covenant names for officer {named.id}",
            wanted="the officer's own key",
            act="the officer must take its own key file",
        )
    return named.id, private


def _decide(
    node: Node, study: Study, officer: tuple[OfficerId, SigningKey], decision: Decision, until: date
) -> SignedApproval:
    name, private = officer
    approval = Approval(
        study_digest=digest_of(study),
        party=node.agreed.party,
        officer=name,
        decision=decision,
        decided_on=today(),
        valid_until=until,
    )
    signed = SignedApproval(approval=approval, signature=sign(approval.encode(), key=private, purpose=Purpose.APPROVAL))
    with node.writing() as vault:
        log_approval(vault, signed, now_s=now_s())
    return signed


def _keep_reason(node: Node, signed: SignedApproval, reason: str) -> None:
    line = {"study": signed.approval.study_digest, "officer": signed.approval.officer, "reason": reason[:MAX_REASON]}
    path = node.config.vault_path.with_name(REASONS_FILE)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, FILE_MODE), "a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _told(teller: Teller, signed: SignedApproval, study: Study, path: Path, key: str, **values: object) -> None:
    tree = {
        "study": study.id,
        "study_digest": signed.approval.study_digest,
        "officer": signed.approval.officer,
        "decision": signed.approval.decision,
        "file": str(path),
    }
    lines = [
        teller.say(key, officer=signed.approval.officer, study=study.id, **values),
        teller.say("decide-send", file=path),
    ]
    teller.result(tree, lines)
