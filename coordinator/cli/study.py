"""Touches the world: `study new | precision | propose | status`."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coordinator import agreements
from coordinator.cli.precision_words import (
    findable_rows,
    findable_tree,
    proposal_tree,
    report_rows,
    report_tree,
)
from coordinator.cli.telling import AsJson, Folder, Lang, Now, day, said, show, show_table, tell, telling
from coordinator.courier import PAPER
from coordinator.drafts import read_draft, study_of
from coordinator.errors import OperatorRefusal
from coordinator.geography.areas import read_figures, read_geography, years
from coordinator.office import NothingAgreed, Office, open_office
from coordinator.planner.forecast import PublicWorld
from coordinator.planner.plan import precision
from coordinator.planner.proposal import propose
from coordinator.public_world import parse_rates, public_world
from coordinator.text_file import read_text
from coordinator.whole_file import write_whole
from privacy.language import Language
from protocol.covenant.covenant import Covenant
from protocol.digest import digest_of
from protocol.errors import Refusal
from protocol.round.member import Reader
from protocol.signing import Purpose, sign
from protocol.study.approval import check_approval
from protocol.study.rules import check_study
from protocol.study.study import SignedStudy, Study

if TYPE_CHECKING:
    from coordinator.models.power import Findable

group = typer.Typer(no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="STUDY", help="id of the study")]
RatesFile = Annotated[
    Path | None, typer.Option("--rates", exists=True, dir_okay=False, help="published rates, a TOML file")
]


class NoSuchStudy(OperatorRefusal):
    """A study of which there is no draft."""


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(group, name="study")


@group.callback()
def _about() -> None:
    """Measurement plans: what is counted, where, how often, with what noise."""


@group.command("new")
def new_command(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    *,
    folder: Folder = Path(),
    as_json: AsJson = False,
    lang: Lang = Language.DUTCH,
) -> None:
    """Take in the draft of a study, a TOML file, and check it under the covenant."""
    with telling(as_json=as_json):
        body = file.read_bytes()
        with open_office(folder, read_only=True) as office:
            covenant = _covenant(office)
        study = study_of(read_draft(body, source=file.name), covenant, source=file.name)
        check_study(study, covenant)
        place = folder / "studies"
        place.mkdir(mode=0o700, exist_ok=True)
        write_whole(place / f"{study.id}.toml", body)
    digest = digest_of(study)
    show(
        {"id": study.id, "digest": digest}, [said(lang, "meetplan", "study") + f" {study.id} {digest}"], as_json=as_json
    )


@group.command("precision")
def precision_command(
    name: Name,
    *,
    rates: RatesFile = None,
    wish: Annotated[
        float | None, typer.Option("--wish", min=0.01, max=1, help="share of the areas that must stay publishable")
    ] = None,
    households: Annotated[
        int | None, typer.Option("--households", min=1, help="of a model: how many it is about")
    ] = None,
    share: Annotated[float, typer.Option("--share", min=0.001, max=0.999, help="of them with the outcome")] = 0.1,
    folder: Folder = Path(),
    as_json: AsJson = False,
    lang: Lang = Language.DUTCH,
) -> None:
    """Say what the study will show, cost and leave out, on public figures only; with --wish, how to reach that."""
    with telling(as_json=as_json):
        study, reader, world = _planned(folder, name, rates)
        report = precision(study, reader, world)
        proposal = None if wish is None else propose(study, reader, world, wished_share=wish)
        found = _findable(study, reader.covenant, households, share)
        tree = report_tree(report) | ({} if proposal is None else {"proposal": proposal_tree(proposal)})
        tree |= {"model": findable_tree(found)} if found else {}
        show(tree, [], as_json=as_json)
        if not as_json:
            for columns, rows in report_rows(report, proposal, lang):
                show_table(columns, rows)
            if found:
                show_table(*findable_rows(found, lang))
    with telling():  # the result is there: stdout holds one JSON value, and a refusal is told on stderr
        report.check()


@group.command("propose")
def propose_command(
    name: Name,
    *,
    rates: RatesFile = None,
    folder: Folder = Path(),
    as_json: AsJson = False,
    lang: Lang = Language.DUTCH,
) -> None:
    """Sign a study and put it down for each partner to approve; one that leaves out too much is refused."""
    with telling(as_json=as_json):
        study, reader, world = _planned(folder, name, rates)
        precision(study, reader, world).check()
        with open_office(folder) as office:
            office.covenant()  # refused while the covenant is a draft
            signed = SignedStudy(study=study, signature=sign(study.encode(), key=office.key, purpose=Purpose.STUDY))
            office.store.keep_study(signed)
            courier = office.courier()
            for party in courier.parties:
                for value in (office.covenant(), reader.geography, *reader.code_lists, signed):
                    courier.put(party, value.encode(), suffix=PAPER)
    digest = digest_of(study)
    lines = [said(lang, f"meetplan {study.id} ondertekend: {digest}", f"signed study {study.id}: {digest}")]
    show({"id": study.id, "digest": digest}, lines, as_json=as_json)


@group.command("status")
def status_command(
    *, folder: Folder = Path(), now: Now = None, as_json: AsJson = False, lang: Lang = Language.DUTCH
) -> None:
    """Take in approvals and say per study and partner whether it is approved today."""
    with telling(as_json=as_json), open_office(folder) as office:
        for error in office.take_papers():
            tell(f"{error.code}: {error}")
        rows = [
            (signed.study.id, party, _approved(office, signed.study, party, day(now)))
            for signed in office.studies().values()
            for party in sorted({party for table in signed.study.tables for party in table.contributors})
        ]
    show([{"study": row[0], "party": row[1], "approved": row[2]} for row in rows], [], as_json=as_json)
    if not as_json:
        show_table(
            said(lang, "meetplan organisatie goedgekeurd", "study party approved").split(), _answered(rows, lang)
        )


def _answered(rows: Sequence[tuple[str, str, bool]], lang: Language) -> list[tuple[str, str, str]]:
    yes, no = said(lang, "ja nee", "yes no").split()
    return [(study, party, yes if approved else no) for study, party, approved in rows]


def _findable(study: Study, covenant: Covenant, households: int | None, share: float) -> "tuple[Findable, ...]":
    """Return what a model could find, where the study has one and the operator says of how many households."""
    if households is None:
        return ()
    from coordinator.models.power import findable  # noqa: PLC0415 - scipy, for a model only
    from coordinator.models.rounds import plan_for  # noqa: PLC0415 - idem

    plan = plan_for(study, study.schedule[-1].period)
    if plan is None or plan.model.curve is None:
        return ()
    return findable(plan, covenant, households=households, share=share)


def _approved(office: Office, study: Study, party: str, on: date) -> bool:
    for approval in office.store.approvals(digest_of(study)):
        if approval.approval.party == party:
            try:
                check_approval(approval, study, office.covenant().covenant, on=on)
            except Refusal:
                continue
            return True
    return False


def _planned(folder: Path, name: str, rates: Path | None) -> tuple[Study, Reader, PublicWorld]:
    path = folder / "studies" / f"{name}.toml"
    if not path.is_file():
        raise NoSuchStudy(
            got=f"no draft of study {name}",
            wanted="one that was taken in",
            act="the operator must take it in first",
            hint="samenzicht-coordinator study new FILE",
        )
    with open_office(folder, read_only=True) as office:
        covenant = _covenant(office)
        drafts = {digest_of(found): found for found in agreements.code_lists(folder)}
        lists = tuple(
            found
            for entry in covenant.code_lists
            if (found := office.store.code_list(entry.digest) or drafts.get(entry.digest)) is not None
        )
    study = study_of(read_draft(path.read_bytes(), source=path.name), covenant, source=path.name)
    year = years(folder / "geography")[-1]
    geography, told = read_geography(folder / "geography", year), read_figures(folder / "geography", year)
    given = {} if rates is None else parse_rates(read_text(rates), source=rates.name)
    reader = Reader(covenant.coordinator.id, covenant, geography, lists, {digest_of(study): study})
    return study, reader, public_world(told, given, study, covenant)


def _covenant(office: Office) -> Covenant:
    """Return the covenant in force, or the draft: the planner runs before anyone signs."""
    try:
        return office.covenant().covenant
    except NothingAgreed:
        return agreements.drafted(office.folder)
