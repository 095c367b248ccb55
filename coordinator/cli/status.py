"""Touches the world: `status`: rounds, deliveries and the log, and the words of reminders."""

from pathlib import Path
from typing import Annotated

import typer

from coordinator.cli.telling import AsJson, Folder, Lang, Now, day, said, show, show_table, tell, telling
from coordinator.courier import PAPER
from coordinator.delivery_monitor import DeliveryLine, delivery_lines, reminder
from coordinator.office import Office, open_office
from coordinator.publish import withdrawn
from coordinator.self_check import check_all
from privacy.language import Language
from protocol.digest import digest_of
from protocol.study.study import Study

# What a release and a delivery are, where a person reads it in Dutch; a round's state is the word of protocol.md.
_DUTCH = {
    "none": "nog niet",
    "withdrawn": "ingetrokken",
    "released": "gepubliceerd",
    "not-yet": "nog niet",
    "due": "verwacht",
    "received": "ontvangen",
    "late": "te laat",
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("status")(status_command)


def status_command(
    *,
    check: Annotated[
        bool, typer.Option("--check", help="read the whole store and name what was changed in it")
    ] = False,
    folder: Folder = Path(),
    now: Now = None,
    as_json: AsJson = False,
    lang: Lang = Language.DUTCH,
) -> None:
    """Say where rounds and deliveries stand; with --check, whether the store is as it was written."""
    with telling(as_json=as_json), open_office(folder, read_only=True) as office:
        if check:
            check_all(office.store)
            tell(
                said(
                    lang,
                    "de hele opslag is nagelezen en is zoals hij geschreven is",
                    "the whole store was read and is as it was written",
                )
            )
        covenant, today = office.covenant().covenant, day(now)
        rounds = [
            _round(office, signed.study, entry.period)
            for signed in office.studies().values()
            for entry in signed.study.schedule
        ]
        lines = [line for signed in office.studies().values() for line in _deliveries(office, signed.study, today)]
        words = [text for line in lines if (text := reminder(line, covenant, today=today, language=lang))]
        tree = {
            "log_size": office.store.log.size,
            "rounds": rounds,
            "deliveries": [
                {
                    "party": line.party,
                    "period": line.period,
                    "due": line.due.isoformat(),
                    "received": None if line.received is None else line.received.isoformat(),
                    "state": line.state,
                    "complete_percent": line.complete_percent,
                    "shortfalls": line.shortfalls,
                }
                for line in lines
            ],
            "reminders": words,
        }
    show(tree, words, as_json=as_json)
    if not as_json:
        show_table(
            said(lang, "meetplan periode ronde publicatie", "study period round release").split(),
            [(entry["study"], entry["period"], entry["state"], _word(entry["release"], lang)) for entry in rounds],
        )
        columns = said(
            lang, "organisatie periode nodig ontvangen stand volledig", "party period due received state complete"
        ).split()
        show_table(columns, [_row(line, lang) for line in lines])


def _round(office: Office, study: Study, period: str) -> dict[str, str]:
    member = office.member()
    slot = office.store.slot(member.spec(digest_of(study), study.round_for(period).period).slot)  # type: ignore[arg-type]  # a period of the schedule
    release = None if slot is None else office.store.release(slot.slot)
    state = (
        "none" if release is None else "withdrawn" if digest_of(release.release) in withdrawn(office) else "released"
    )
    return {
        "study": study.id,
        "period": period,
        "state": "none" if slot is None else slot.state.value,
        "release": state,
    }


def _deliveries(office: Office, study: Study, today: object) -> tuple[DeliveryLine, ...]:
    courier = office.courier()
    declared = [
        signed for entry in study.schedule for signed in office.store.declarations(digest_of(study), entry.period)
    ]
    received = {
        (signed.declaration.party, signed.declaration.period): courier.taken_on(
            signed.declaration.party, signed.encode(), suffix=PAPER
        )
        for signed in declared
    }
    return delivery_lines(study, declared, received, today=today)  # type: ignore[arg-type]  # a date


def _row(line: DeliveryLine, lang: Language) -> tuple[object, ...]:
    complete = "" if line.complete_percent is None else f"{line.complete_percent} %"
    return (line.party, line.period, line.due, line.received or "", _word(line.state.value, lang), complete)


def _word(code: str, lang: Language) -> str:
    return _DUTCH[code] if lang is Language.DUTCH else code
