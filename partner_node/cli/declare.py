"""Touches the world: `declare`: a named officer says of each table how complete it is. Only that is published."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from click import Choice

from partner_node.cli.decide import KeyFile, OfficerName, officer_key
from partner_node.cli.files import write_new
from partner_node.cli.opening import open_node
from partner_node.cli.telling import NODE_FILE, AsJson, Lang, NodeFile, Teller, door
from partner_node.vault.decisions import keep_declaration
from protocol.digest import digest_of
from protocol.signing import Purpose, SigningKey, sign
from protocol.study.declaration import (
    Coverage,
    Declaration,
    Shortfall,
    SignedDeclaration,
    TableCoverage,
    check_declaration,
)
from protocol.study.measure import Table
from protocol.study.study import Study
from protocol.words.ids import OfficerId, PartyId, TableId
from protocol.words.period import Period, is_period

# The words of both languages, so that a script keeps working when the language changes.
WORDS = {
    "volledig": Coverage.COMPLETE,
    "complete": Coverage.COMPLETE,
    "deels": Coverage.PARTIAL,
    "partial": Coverage.PARTIAL,
    "geen": Coverage.NONE,
    "none": Coverage.NONE,
}

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command("declare")
def declare_command(
    period: Annotated[str, typer.Argument(help="for example 2026-Q1; of a model, all its steps at once")],
    *,
    study: Annotated[str, typer.Option("--study", help="id or digest of the study")],
    officer: OfficerName,
    every: Annotated[str | None, typer.Option("--all", metavar="WORD", help="of every table that is not named")] = None,
    table: Annotated[
        list[str], typer.Option("--table", metavar="TABLE=WORD[:REASON]", help="volledig, deels or geen, with a reason")
    ] = [],  # noqa: B006 - typer copies it
    key: KeyFile = None,
    out: Annotated[Path | None, typer.Option("--out", help="the signed file for the coordinator")] = None,
    node: NodeFile = NODE_FILE,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Declare each table: volledig, deels or geen, with a reason where it is not complete."""
    if not is_period(period):
        raise typer.BadParameter("2026, 2026-H1, 2026-Q1 or 2026-01", param_hint="PERIOD")
    given = {name: _word(text) for name, _, text in (entry.partition("=") for entry in table)}
    rest = None if every is None else _word(every)
    with door(lang, as_json=as_json) as teller:
        opened = open_node(teller, node, lang)
        agreed, when = opened.agreed, Period(period)
        chosen = agreed.study(study)
        rounds = chosen.rounds_of(when) or (chosen.round_for(when).period,)
        if out is not None and len(rounds) > 1:
            raise typer.BadParameter("one round, such as a step", param_hint="--out")
        name, private = officer_key(opened, officer, key)
        due = {
            each.id: each for found in rounds for each in chosen.tables_for(found) if agreed.party in each.contributors
        }
        unknown = set(given) - set(due)
        if unknown:
            raise typer.BadParameter(", ".join(due), param_hint="--table")
        # A table of several steps is asked about once: its rows are the same in each.
        said = {
            table_id: _coverage(each, given.get(table_id) or rest or _ask(teller, each))
            for table_id, each in due.items()
        }
        signed = [_signed(chosen, found, said, party=agreed.party, officer=name, key=private) for found in rounds]
        for each in signed:
            check_declaration(each, chosen, agreed.covenant)
        with opened.writing() as vault:
            for each in signed:
                keep_declaration(vault, each)
        trees, lines = list[dict[str, object]](), list[str]()
        for each in signed:
            found = each.declaration.period
            path = out or Path(f"{agreed.party}.{chosen.id}.{found}.declaration.json")
            write_new(path, each.encode(), again=True)
            lines.append(teller.say("declared", officer=name, study=chosen.id, period=found))
            lines += [f"{entry.table}: {_said(teller, entry)}" for entry in each.declaration.tables]
            lines.append(teller.say("decide-send", file=path))
            tables = [entry.model_dump(mode="json") for entry in each.declaration.tables]
            trees.append({"study": chosen.id, "period": found, "tables": tables, "file": str(path)})
        teller.result(trees[0] if rounds == (when,) else {"study": chosen.id, "period": when, "rounds": trees}, lines)


def _signed(
    study: Study,
    period: Period,
    said: Mapping[TableId, TableCoverage],
    *,
    party: PartyId,
    officer: OfficerId,
    key: SigningKey,
) -> SignedDeclaration:
    """Return the signed declaration of one round."""
    declaration = Declaration(
        study_digest=digest_of(study),
        period=period,
        party=party,
        officer=officer,
        tables=tuple(said[each.id] for each in study.tables_for(period) if each.id in said),
    )
    signature = sign(declaration.encode(), key=key, purpose=Purpose.DECLARATION)
    return SignedDeclaration(declaration=declaration, signature=signature)


_Word = tuple[Coverage, Shortfall | None]


def _word(text: str) -> _Word:
    word, _, reason = text.partition(":")
    if word not in WORDS or (reason and reason not in set(Shortfall)):
        raise typer.BadParameter(f"WORD[:REASON], reasons: {', '.join(Shortfall)}", param_hint="--table or --all")
    coverage = WORDS[word]
    if (coverage is Coverage.COMPLETE) != (not reason):
        raise typer.BadParameter("a reason for deels and geen, none for volledig", param_hint="--table or --all")
    return coverage, Shortfall(reason) if reason else None


def _ask(teller: Teller, table: Table) -> _Word:
    word = typer.prompt(
        teller.say("declare-ask", table=table.id), type=Choice(list(WORDS)), err=True, show_choices=False
    )
    coverage = WORDS[word]
    if coverage is Coverage.COMPLETE:
        return coverage, None
    reasons = [each.value for each in Shortfall]
    asked = teller.say("declare-ask-reason", reasons=", ".join(reasons))
    return coverage, Shortfall(typer.prompt(asked, type=Choice(reasons), err=True, show_choices=False))


def _coverage(table: Table, word: _Word) -> TableCoverage:
    return TableCoverage(table=table.id, coverage=word[0], shortfall=word[1])


def _said(teller: Teller, entry: TableCoverage) -> str:
    word = teller.say(f"declare-{entry.coverage}")
    return word if entry.shortfall is None else f"{word} ({entry.shortfall})"
