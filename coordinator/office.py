"""Touches the world: the coordinator's folder: configuration, key, store, courier and drafts, opened together.

DIR/coordinator.toml  configuration          DIR/identity.key   the coordinator's key
DIR/store/            the store              DIR/geography/     editions of areas, by year
DIR/covenant/         draft and signatures   DIR/studies/       drafts of studies
DIR/releases/         releases that wait for the second person, and their words
DIR/courier/          a folder for each party
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from coordinator.config import NAME, Config, parse_config
from coordinator.courier import PAPER, Courier
from coordinator.errors import OperatorRefusal
from coordinator.identity import load_identity
from coordinator.self_check import check_agreed
from coordinator.session import Session
from coordinator.store.store import Store, open_store
from coordinator.text_file import read_text
from protocol.covenant.signed import SignedCovenant
from protocol.digest import digest_of
from protocol.errors import SamenzichtError, WireRefusal
from protocol.round.member import Member
from protocol.signing import SigningKey
from protocol.study.approval import SignedApproval, check_approval
from protocol.study.declaration import SignedDeclaration, check_declaration
from protocol.study.study import SignedStudy, Study
from protocol.words.code_list import CodeList
from protocol.words.ids import Digest, PartyId
from protocol.words.period import Period


class NotAnOffice(OperatorRefusal):
    """A folder without a coordinator's configuration."""


class NothingAgreed(OperatorRefusal):
    """A step that needs a signed covenant, a geography, or a study that is not there."""


@dataclass(frozen=True, slots=True, repr=False)
class Office:
    """An open office."""

    folder: Path
    config: Config
    key: SigningKey
    store: Store

    def courier(self) -> Courier:
        """Return the channel of files to all parties of the covenant in force."""
        return Courier(self.folder / self.config.courier, self.covenant().covenant.participants)

    def covenant(self, version: int | None = None) -> SignedCovenant:
        """Return the newest covenant that all signed, or an earlier version.

        Raises: NothingAgreed.
        """
        found = [each for each in self.store.covenants() if version in {None, each.covenant.version}]
        if not found:
            which = "" if version is None else f" of version {version}"
            raise _nothing(f"no covenant{which} that all parties signed", "covenant verify")
        return found[-1]

    def studies(self, signed: SignedCovenant | None = None) -> dict[Digest, SignedStudy]:
        """Return the studies of a covenant, or of the one in force, the first kept first."""
        covenant = digest_of((signed or self.covenant()).covenant)
        found = (each for each in self.store.studies() if each.study.covenant_digest == covenant)
        return {digest_of(each.study): each for each in found}

    def study_for(self, period: Period, study_id: str | None) -> Study:
        """Return the one study that schedules a period, or else the steps of a model over it; or the named one.

        Raises: NothingAgreed; UnknownPeriod.
        """
        studies = [signed.study for signed in self.studies().values() if study_id in {None, signed.study.id}]
        scheduled = [study for study in studies if study.rounds_of(period) == (period,)]
        scheduled = scheduled or [study for study in studies if study.rounds_of(period)]
        if len(scheduled) == 1:
            return scheduled[0]
        if len(scheduled) > 1:
            raise _nothing(f"several studies for {period}", f"run {period} --study ID")
        raise _nothing(f"no study for {period}", "study propose")

    def member(self, signed: SignedCovenant | None = None) -> Member:
        """Return who the coordinator is in a covenant, or in the one in force.

        Raises: NothingAgreed.
        """
        covenant = (signed or self.covenant()).covenant
        geography = self.store.geography(covenant.geography.digest)
        if geography is None:
            raise _nothing("no areas of the covenant", "geography import")
        lists: list[CodeList] = []
        for reference in covenant.code_lists:
            found = self.store.code_list(reference.digest)
            if found is None:
                raise _nothing(f"no code list {reference.id}", "covenant add-code-list")
            lists.append(found)
        studies = {digest: each.study for digest, each in self.studies(signed).items()}
        return Member(self.config.party, covenant, geography, tuple(lists), studies, self.key)

    def session(self) -> Session:
        """Return the session in which rounds are driven."""
        return Session(self.member(), self.store)

    def take_papers(self) -> tuple[SamenzichtError, ...]:
        """Store the approvals and declarations that parties brought; return what was refused, which is put aside too.

        A paper that one party brought for another counts as what its own signature says, and no more.
        """
        refused: list[SamenzichtError] = []
        courier = self.courier()
        for arrived in list(courier.arrived(PAPER)):
            try:
                self._take_paper(arrived.body, arrived.party)
            except SamenzichtError as error:
                if error.exit_code != 1:
                    raise
                refused.append(error)
            courier.taken(arrived.body, suffix=PAPER)
        return tuple(refused)

    def _take_paper(self, body: bytes, party: PartyId) -> None:
        source = f"party {party}"
        try:
            approval = SignedApproval.parse(body, source=source)
        except WireRefusal:
            declaration = SignedDeclaration.parse(body, source=source)
            check_declaration(declaration, self._study(declaration.declaration.study_digest), self.covenant().covenant)
            self.store.keep_declaration(declaration)
            return
        study = self._study(approval.approval.study_digest)
        check_approval(approval, study, self.covenant().covenant, on=approval.approval.decided_on)
        self.store.keep_approval(approval)

    def _study(self, digest: Digest) -> Study:
        found = self.studies().get(digest)
        if found is None:
            raise _nothing("a paper on a study that is not proposed", "study status")
        return found.study


@contextmanager
def open_office(folder: Path, *, read_only: bool = False) -> Iterator[Office]:
    """Open an office, for the time of one command.

    Raises: NotAnOffice, WrongConfig, UnsafeIdentity, and what `open_store` and `check_agreed` raise.
    """
    config = read_config(folder)
    with open_store(store_url(folder, config), read_only=read_only) as store:
        check_agreed(store)
        yield Office(folder, config, load_identity(folder), store)


def read_config(folder: Path) -> Config:
    """Return the configuration of an office.

    Raises: NotAnOffice, NotText, WrongConfig.
    """
    path = folder / NAME
    if not path.is_file():
        raise NotAnOffice(
            got=f"no {NAME} in {folder.name or '.'}",
            wanted="the coordinator's folder",
            act="the operator must go to that folder, or make one",
            hint="samenzicht-coordinator init DIR",
        )
    return parse_config(read_text(path))


def store_url(folder: Path, config: Config) -> str:
    """Return the store's URL; a relative path of a file is one within the folder."""
    start = "sqlite:///"
    if config.store.startswith(start) and not config.store.startswith(start + "/"):
        return f"{start}{folder.absolute() / config.store.removeprefix(start)}"
    return config.store


def _nothing(got: str, command: str) -> NothingAgreed:
    return NothingAgreed(
        got=got,
        wanted="what this step stands on",
        act="the operator must take that step first",
        hint=f"samenzicht-coordinator {command}",
    )
