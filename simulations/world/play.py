"""Touches the world: the rounds of one year: what is delivered, what goes wrong, what is released and how it errs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time

import numpy as np

from coordinator.bundle import Agreed, CoordinatorLog, PublishedRound, collect_bundle
from coordinator.release import make_release, sign_release
from privacy.audit.verify import verify
from protocol.bundle import pack_bundle
from protocol.digest import digest_of
from protocol.ledger.entry import ReleaseEntry
from protocol.release import Release
from protocol.round.coordinator_round import CoordinatorSlot
from protocol.round.transitions import State
from protocol.round.witness import signed_head
from protocol.study.declaration import Shortfall
from protocol.study.grid import Grid
from protocol.words.geography import Level
from protocol.words.ids import PartyId
from protocol.words.period import Period
from simulations.world.agreement import LEVELS, WITNESS, YearAgreed, declare, make_study, opens_on
from simulations.world.borders import Borders
from simulations.world.driver import Driver
from simulations.world.feed import Delivered, Feed, quarter_of
from simulations.world.ground import Ground
from simulations.world.measures import MEASURES
from simulations.world.misdeeds import Liar, other_figure
from simulations.world.outcome import NO_ERRORS, Errors, RoundOutcome, TrueSegment, errors_of, shown_cells
from simulations.world.scenario import Event, EventKind, Scenario
from simulations.world.shelves import Shelves

KEPT_QUARTERS = 5  # of deliveries at a node: the latest lateness and a year
_MEASURE = {measure.id: measure for measure in MEASURES}


@dataclass(slots=True, repr=False)
class Play:
    """One year. leaves: of the coordinator's log, of all years. by_wijk: quarters that a partner delivered by wijk."""

    scenario: Scenario
    agreed: YearAgreed
    borders: Borders
    ground: Ground
    feed: Feed
    shelves: Shelves
    driver: Driver
    papers: Agreed
    leaves: list[bytes]
    by_wijk: dict[PartyId, frozenset[int]]
    published: list[PublishedRound] = field(default_factory=list)

    def grid_of(self, period: Period) -> Grid:
        """Return the grid of a round."""
        return self.driver.session.member.grid(self.agreed.study_digest, period)

    def round(self, number: int, period: Period) -> RoundOutcome:
        """Play one round with what the scenario lets happen in it."""
        driver, events = self.driver, self.scenario.events(number)
        driver.now_s = int(datetime.combine(opens_on(period), time(9), tzinfo=UTC).timestamp())
        driver.refused.clear()
        missing = self._deliver(period, events)
        self._lies_before(period, events)
        restored = [PartyId(event.party) for event in events if event.party and event.kind is EventKind.RESTORED]
        for party in restored:
            self.shelves.back_up(party)
            self._take_shelf(party)
        slot = self._driven(period, events)
        release = None
        verified = False
        if slot.state is State.DONE:
            release = self._release(slot, period, missing, lying=any(e.kind is EventKind.OTHER_FIGURE for e in events))
            verified = verify(self.bundle(newest=True), covenant_digest=digest_of(self.agreed.covenant)).holds
        if any(event.kind is EventKind.OPENS_AGAIN for event in events):
            fewer = tuple(party for party in slot.survivors if party != slot.survivors[0])
            driver.refused += Liar(driver.session, driver.ask, driver.now_s).open_again(
                self.agreed.study, period, fewer
            )
        for party in restored:
            self.shelves.put_back(party)
            self._take_shelf(party)
        return self._outcome(number, period, slot, release, verified=verified)

    def bundle(self, *, newest: bool = False) -> dict[str, bytes]:
        """Return the audit bundle of the year's released rounds, or of the newest alone; nothing, if none was."""
        rounds = self.published[-1:] if newest else self.published
        if not rounds:
            return {}
        session = self.driver.session
        member, log = session.member, session.shelf.log
        head = signed_head(log, member.covenant, member.id, member.key)
        return pack_bundle(collect_bundle(self.papers, rounds, CoordinatorLog(tuple(self.leaves), head)))

    def _deliver(self, period: Period, events: tuple[Event, ...]) -> dict[PartyId, Mapping[Level, Shortfall]]:
        """Hand every node its records; return what is missing of each partner's delivery, by level."""
        quarter = quarter_of(period)
        missing: dict[PartyId, Mapping[Level, Shortfall]] = {}
        for party, node in self.driver.nodes.items():
            if party == WITNESS:
                continue
            kinds = {event.kind for event in events if event.party == party}
            late, by_wijk = EventKind.LATE_DELIVERY in kinds, EventKind.WRONG_LEVEL in kinds
            missing[party] = dict.fromkeys(LEVELS, Shortfall.LATE) if late else {}
            if by_wijk:
                missing[party] = {**missing[party], Level.BUURT: Shortfall.WRONG_LEVEL}
                self.by_wijk[party] = self.by_wijk.get(party, frozenset()) | {quarter}
            delivered = Delivered(
                period,
                self.scenario.lateness,
                frozenset(range(quarter - KEPT_QUARTERS, quarter if late else quarter + 1)),
                self.by_wijk.get(party, frozenset()),
            )
            node.records = self.feed.records(party, delivered, self.borders, node.secret)
        return missing

    def _lies_before(self, period: Period, events: tuple[Event, ...]) -> None:
        driver, agreed = self.driver, self.agreed
        liar = Liar(driver.session, driver.ask, driver.now_s)
        for event in events:
            match event.kind:
                case EventKind.OTHER_STUDY:
                    names, lateness = self.scenario.members(agreed.number), self.scenario.lateness
                    study = make_study(agreed.covenant, names, agreed.number, lateness=lateness, less_noise=True)
                    driver.refused += liar.other_study(study, period)
                case EventKind.FORKED_LOG:
                    driver.refused += liar.forked_log(agreed.study, period, self.leaves)
                case _:
                    pass

    def _driven(self, period: Period, events: tuple[Event, ...]) -> CoordinatorSlot:
        """Drive the round, and once more without those who kept it from ending, where the scenario says so."""
        left_out = {event.party for event in events if event.kind is EventKind.LEFT_OUT}
        refusing = {name for name, year in self.scenario.refuses.items() if year == self.agreed.number}
        chosen = tuple(
            party for party in self.agreed.covenant.participants if party not in left_out and party not in refusing
        )
        slot = self._proposed(period, chosen, events)
        without = {event.party for event in events if event.go_on_without}
        if slot.state is State.PROPOSED and without:
            slot = self._proposed(period, tuple(party for party in chosen if party not in without), events)
        return slot

    def _proposed(self, period: Period, chosen: tuple[PartyId, ...], events: tuple[Event, ...]) -> CoordinatorSlot:
        study = self.agreed.study_digest
        if self.scenario.officers_agree:
            self.driver.permit(self.driver.session.member.spec(study, period).slot, chosen)
        return self.driver.run(study, period, chosen, events)

    def _release(
        self,
        slot: CoordinatorSlot,
        period: Period,
        missing: Mapping[PartyId, Mapping[Level, Shortfall]],
        *,
        lying: bool,
    ) -> Release:
        session = self.driver.session
        declarations = tuple(
            declare(self.agreed, party, period, missing=missing[party]) for party in slot.survivors if party != WITNESS
        )
        opened = session.opened(slot.slot)
        release = make_release(slot, opened, member=session.member, declarations=declarations)
        published = other_figure(release) if lying else release
        leaf = ReleaseEntry(slot=slot.slot, release_digest=digest_of(published)).encode()
        session.shelf.log.append(leaf)
        self.leaves.append(leaf)
        self.published.append(PublishedRound(slot, sign_release(published, member=session.member)))
        return release

    def _take_shelf(self, party: PartyId) -> None:
        node = self.driver.nodes[party]
        node.shelf = node.known = self.shelves.of(party)

    def _outcome(
        self, number: int, period: Period, slot: CoordinatorSlot, release: Release | None, *, verified: bool
    ) -> RoundOutcome:
        tallies = [node.tallies.get(slot.slot) for party, node in self.driver.nodes.items() if party in slot.survivors]
        counted = [tally for tally in tallies if tally is not None]
        everything = sum(tally.all_events for tally in counted)
        absent = everything - sum(tally.events for tally in counted)
        shown, not_shown = (0, {}) if release is None else shown_cells(release)
        return RoundOutcome(
            number=number,
            period=period,
            state=slot.state,
            participants=slot.survivors,
            verified=verified,
            not_delivered=() if release is None else self._not_delivered(release),
            refusals=tuple(sorted({error.code for error in self.driver.refused})),
            shown=shown,
            not_shown=not_shown,
            left_out=sum(tally.left_out for tally in counted),
            left_out_percent=100 * absent / everything if everything else 0.0,
            errors=NO_ERRORS if release is None else self._errors(release, slot),
        )

    def _not_delivered(self, release: Release) -> tuple[PartyId, ...]:
        study = self.agreed.study
        return tuple(sorted({study.table(t.table).contributors[0] for t in release.tables if t.variance is None}))

    def _errors(self, release: Release, slot: CoordinatorSlot) -> Errors:
        study, nodes = self.agreed.study, self.driver.nodes
        opened = self.driver.session.opened(slot.slot).values
        entered = np.zeros(opened.size, dtype=np.int64)
        for party in slot.survivors:
            if slot.slot in nodes[party].tallies:
                entered += nodes[party].tallies[slot.slot].cells
        segments = []
        for segment in self.grid_of(release.period).segments:
            cells = slice(segment.first, segment.first + segment.size)
            table = study.table(segment.table)
            truth = (
                self.ground.true_figures(_MEASURE[table.measure], segment, table.level, self.borders)
                if segment.period == release.period
                else None
            )
            segments.append(TrueSegment(opened[cells], entered[cells], truth))
        return errors_of(release, segments)
