"""Touches the world: `run PERIOD`: a round, or the steps of a model, over the link and the courier's folders."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from coordinator.cli.telling import AsJson, Folder, Lang, Now, day, said, seconds, show, tell, telling
from coordinator.mixed_channel import MixedChannel
from coordinator.office import Office, open_office
from coordinator.rounds import PartyLine, PartyState, Turn, begin, deadlines, nothing_asked, party_lines, turn
from privacy.language import Language
from protocol.digest import digest_of
from protocol.round.channel import Channel
from protocol.round.transitions import State
from protocol.study.study import Study
from protocol.words.period import Period, is_period, step_of

Tree = dict[str, object]

LOOK_S = 1.0  # between two looks at the folders
LINK_LOOK_S, LINK_WAIT_S = 0.2, 600.0
_WORDS = {
    PartyState.READY: ("gereed", "ready"),
    PartyState.WAITING: ("wordt op gewacht", "waiting"),
    PartyState.REFUSED: ("geweigerd", "refused"),
    PartyState.LATE: ("te laat", "late"),
    PartyState.DONE: ("klaar", "done"),
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run")(run_command)


def run_command(
    period: Annotated[
        str,
        typer.Argument(
            metavar="PERIOD", help="2026, 2026-H1, 2026-Q1 or 2026-01; with -s02, the second step of a model"
        ),
    ],
    *,
    study: Annotated[str | None, typer.Option("--study", help="where several have this period")] = None,
    wait_s: Annotated[
        float | None, typer.Option("--wait", min=0, help="seconds to go on looking for answers, each round")
    ] = None,
    folder: Folder = Path(),
    now: Now = None,
    as_json: AsJson = False,
    lang: Lang = Language.DUTCH,
) -> None:
    """Drive the round of a period, or the steps of a model. Run it again when answers came in: it goes on."""
    if not is_period(period):
        raise typer.BadParameter("2026, 2026-H1, 2026-Q1 or 2026-01", param_hint="PERIOD")
    with telling(as_json=as_json), open_office(folder) as office, _channel(office, now, lang) as channel:
        linked = isinstance(channel, MixedChannel)
        patience_s = (LINK_WAIT_S if linked else 0) if wait_s is None else wait_s
        chosen, trees = office.study_for(Period(period), study), list[Tree]()
        for each in _open_rounds(chosen, Period(period), day(now)):
            until_s = time.monotonic() + patience_s
            done = _turn(office, channel, chosen, each, now)
            while done.slot.state is not State.DONE and time.monotonic() < until_s:
                time.sleep(LINK_LOOK_S if linked else LOOK_S)
                done = _turn(office, channel, chosen, each, now)
            trees.append(_told(office, done, now=now, lang=lang))
            if done.slot.state is not State.DONE:
                break
    tree = trees[0] if trees[0]["period"] == period else {**trees[-1], "period": period, "rounds": trees}
    show(
        tree,
        [
            said(lang, f"ronde {each['period']}: {each['state']}", f"round {each['period']}: {each['state']}")
            for each in trees
        ],
        as_json=as_json,
    )


def _open_rounds(study: Study, period: Period, today: date) -> tuple[Period, ...]:
    """Return the rounds that may run today; the first, when none is open yet, so that it says when it will be."""
    rounds = study.rounds_of(period)
    return tuple(each for each in rounds if study.round_for(each).opens <= today) or rounds[:1]


def _told(office: Office, done: Turn, *, now: datetime | None, lang: Language) -> Tree:
    """Tell where each party stands in a round, and return that as a tree."""
    spec = done.slot.offer.spec
    study = office.studies()[spec.study_digest].study
    scheduled = study.round_for(spec.period)
    due_s = deadlines(scheduled.opens, scheduled.due, now_s=seconds(now)).due_s
    lines = party_lines(done.slot, office.covenant().covenant.participants, now_s=seconds(now), due_s=due_s)
    for line in lines:
        tell(_words(line, lang))
    return {
        "period": spec.period,
        "study": study.id,
        "state": done.slot.state.value,
        "attempt": done.slot.attempt,
        "parties": [{"party": line.party, "state": line.state, "reason": line.reason} for line in lines],
    }


@contextmanager
def _channel(office: Office, now: datetime | None, lang: Language) -> Iterator[Channel]:
    """Give the courier's folders, and with them the link where one is set up."""
    courier = office.courier()
    if office.config.link_port is None:
        yield courier
        return
    from coordinator.cli.link import warn_of_end, warn_of_parties  # noqa: PLC0415 - Flower takes seconds to import
    from coordinator.flower.folder import certificate_days_left, node_keys, place_of  # noqa: PLC0415
    from coordinator.flower.link import Link  # noqa: PLC0415 - idem

    place = place_of(office.folder, office.config.link_port)
    warn_of_end(certificate_days_left(place, today=day(now)), lang)
    covenant = office.covenant().covenant
    warn_of_parties(office.folder, covenant, lang, today=day(now))
    keys = partial(node_keys, office.folder, covenant, today=day(now))
    with Link(place, keys, lambda error: tell(f"{error.code}: {error}")) as link:
        yield MixedChannel(courier, link, frozenset(link.nodes))


def _turn(office: Office, channel: Channel, study: Study, period: Period, now: datetime | None) -> Turn:
    courier, session = office.courier(), office.session()
    for error in office.take_papers():
        tell(f"{error.code}: {error}")
    asked = nothing_asked
    if step_of(period) is not None:
        from coordinator.models.rounds import next_parameters  # noqa: PLC0415 - numpy and scipy, for a model only

        asked = partial(next_parameters, session, study, period)
    begun = begin(session, digest_of(study), period, courier.parties, now_s=seconds(now), asked=asked)
    if begun.state is State.DONE:
        return Turn(begun, ())  # what lies in the folders is of another round
    before = begun.state
    while True:  # until nothing changes: at most one turn for each state of a round
        done = turn(session, begun.slot, channel, taken=courier.taken)
        for error in done.refused:
            tell(f"{error.code}: {error}")
        if done.slot.state is before or done.slot.state is State.DONE:
            return done
        before = done.slot.state


def _words(line: PartyLine, lang: Language) -> str:
    words = _WORDS[line.state][0 if lang is Language.DUTCH else 1]
    return f"{line.party}: {words}{'' if line.reason is None else f' ({line.reason})'}"
