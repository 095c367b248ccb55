"""Touches the world: where everything of a demo stands, below one folder."""

import shutil
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from protocol.words.ids import PartyId
from simulations.folder import README, FolderNotEmpty
from simulations.words import ORIGIN

PRIVATE = 0o700


@dataclass(frozen=True, slots=True)
class Place:
    """The folders of a demo.

    region/ what was invented; gemeente/ the office; partners/PARTY/ each node; logs/; figures/ and bundle/ results.
    """

    root: Path

    @property
    def office(self) -> Path:
        """The coordinator's folder."""
        return self.root / "gemeente" / "office"

    @property
    def papers(self) -> Path:
        """What the operator writes: drafts, and the key of the second person."""
        return self.root / "gemeente"

    @property
    def region(self) -> Path:
        """The invented region and its registers."""
        return self.root / "region"

    def partner(self, party: PartyId) -> Path:
        """The folder of a party's node."""
        return self.root / "partners" / party

    def make(self) -> None:
        """Make the folders; those of an earlier demo are removed first.

        Raises: FolderNotEmpty.
        """
        marker = self.root / README
        if self.root.exists() and any(self.root.iterdir()):
            if not marker.is_file() or not marker.read_text(encoding="utf-8").startswith(ORIGIN):
                raise FolderNotEmpty(
                    got=f"{self.root.name}, which holds other things than an earlier demo",
                    wanted="a new or empty folder",
                    act="choose another folder with --out",
                )
            shutil.rmtree(self.root)
        self.root.mkdir(parents=True, exist_ok=True)
        marker.write_text(f"{ORIGIN}\n\nDe oefening van samenzicht-sim demo. Niets hierin gaat over iemand.\n")
        for folder in (self.papers, self.root / "partners", self.root / "logs"):
            folder.mkdir(mode=PRIVATE)

    def from_partner(self, party: PartyId, path: Path) -> None:
        """Carry a signed paper to the coordinator, as a courier does."""
        body = path.read_bytes()
        inbox = self.office / "courier" / party / "from"
        inbox.mkdir(parents=True, exist_ok=True)
        (inbox / f"{sha256(body).hexdigest()}.json").write_bytes(body)
