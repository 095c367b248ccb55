"""Touches the world: from nothing to a study that every officer approved, by the commands of gemeente and partners."""

import json
import shutil
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from coordinator.flower.superlink import LOOPBACK, free_port
from privacy.randomness import fresh_bytes
from protocol.covenant.covenant import Covenant
from protocol.covenant.public_keys import PublicKeys
from protocol.signing import public_key, signing_key
from protocol.words.ids import PartyId
from simulations.by_hand import register
from simulations.demo.drafts import OFFICER, Drafts, coordinator_toml, link_toml, party_toml
from simulations.demo.place import PRIVATE, Place
from simulations.demo.processes import Processes
from simulations.world.agreement import COORDINATOR, WITNESS

COLUMNS = ("gwb_code_10=code", "regio=naam", "a_inw=inwoners", "a_hh=huishoudens")
GEOGRAPHY_YEAR = "2024"
AT_ONCE = 4  # commands beside each other; more only wait for one another
Command = tuple[str, ...]


class SetUp:
    """Everybody before the first round, and how the demo speaks to them. port: of the SuperLink."""

    def __init__(self, place: Place, processes: Processes, drafts: Drafts) -> None:
        self.place, self.processes, self.drafts = place, processes, drafts
        self.port = free_port()

    def keys(self) -> None:
        """Let everybody make keys, while the areas are imported: the operator gets public files only."""
        self._office("init", str(self.place.office), bare=True)
        self._office("link", "init", "--host", LOOPBACK, "--port", str(self.port))
        imported = self._import_areas()
        for party in self.drafts.participants:
            self.place.partner(party).mkdir(mode=PRIVATE)
        officer = ("--officer", f"{OFFICER}=F. Gees (verzonnen)")
        self.everyone(lambda party: ("keys", party, *(() if party == WITNESS else officer)))
        imported()

    def _import_areas(self) -> Callable[[], str]:
        maps = sorted((self.place.region / "gebied").glob("*.geojson"))
        figures = self.place.region / "gebied" / "kerncijfers_oefengegevens.csv"
        columns = [text for column in COLUMNS for text in ("--column", column)]
        return self.office("geography", "import", *map(str, maps), str(figures), "--year", GEOGRAPHY_YEAR, *columns)

    def covenant(self) -> None:
        """Write the covenant, and let everybody sign it."""
        self._office("covenant", "new", str(self._write("covenant.toml", self.drafts.covenant)))
        parties = [
            str(self._write(f"{name}.toml", self._party(name))) for name in (COORDINATOR, *self.drafts.participants)
        ]
        self._office("covenant", "add-party", *parties)
        lists = self.drafts.code_lists
        for codes in lists:
            (self.place.papers / f"{codes.id}.json").write_bytes(codes.encode())
        self._office("covenant", "add-code-list", *(str(self.place.papers / f"{codes.id}.json") for codes in lists))
        self._office("covenant", "sign")
        draft = self.place.office / "covenant" / "covenant.json"
        for party in self.drafts.participants:
            agreement = self.place.partner(party) / "agreement"
            (agreement / "studies").mkdir(parents=True)
            (agreement / "code-lists").mkdir()
            shutil.copy(draft, agreement / "draft.json")
        self.everyone(lambda party: ("covenant", "sign", "agreement/draft.json", "--party", party, "--yes"))
        signatures = [str(self.place.partner(party) / f"{party}.signature.json") for party in self.drafts.participants]
        self._office("covenant", "sign", *signatures)
        self._office("covenant", "verify")

    def study(self) -> None:
        """Plan a study, propose it, set every node up, and let every officer approve."""
        study = self.drafts.study
        draft = self._write("study.toml", self.drafts.study_toml(self._covenant()))
        rates = ("--rates", str(self._write("rates.toml", self.drafts.rates)))
        self._office("study", "new", str(draft))
        precise = self.office("study", "precision", study, *rates, "--json")
        self._office("study", "propose", study, *rates)
        (self.place.root / "precision.json").write_text(precise())
        for party in self.drafts.participants:
            self._bring_papers(party)
        self.everyone(self._init)
        for party in self.drafts.participants:
            self._finish(party)
        links = [str(self.place.partner(party) / f"{party}.link.json") for party in self.drafts.participants]
        added = self.office("link", "add", *links)
        self.everyone(lambda _: ("approve", study, "--officer", OFFICER, "--yes"), self.drafts.partners)
        for party in self.drafts.partners:
            folder = self.place.partner(party)
            self.place.from_partner(party, folder / f"{party}.{study}.{OFFICER}.approval.json")
        added()
        self._office("study", "status")

    def _init(self, party: PartyId) -> Command:
        profile = () if party == WITNESS else ("--profile", self.drafts.profiles[party].id)
        return ("init", "--party", party, *profile, "--yes")

    def _bring_papers(self, party: PartyId) -> None:
        """Carry the covenant, the areas and the study to a party, and give it a first delivery to be set up with."""
        folder = self.place.partner(party)
        agreement = folder / "agreement"
        for path in (self.place.office / "courier" / party / "to").glob("*.json"):
            tree = json.loads(path.read_bytes())
            names = {"signed-covenant": "covenant.json", "geography": "geography.json"}
            names["code-list"] = f"code-lists/{tree.get('id')}.json"
            shutil.copy(path, agreement / names.get(tree["kind"], f"studies/{self.drafts.study}.json"))
        shutil.copy(self.place.office / "link" / "authority.json", agreement)
        (folder / "register.toml").write_text(register(self._covenant(), party))
        (folder / "deliveries").mkdir(mode=PRIVATE)
        if party != WITNESS:
            area = self.place.region / "gebied"
            shutil.copy(area / "adressen_oefengegevens.csv", agreement / "postcodes.csv")
            shutil.copy(area / "instellingen_oefengegevens.txt", agreement / "institutions.txt")
            self.deliver(party, 0)

    def deliver(self, party: PartyId, number: int) -> None:
        """Put the files of a round in a partner's folder of deliveries. number: of the round, from 0."""
        for path in sorted((self.place.region / party).glob(self.drafts.delivered[number])):
            shutil.copy(path, self.place.partner(party) / "deliveries")

    def _finish(self, party: PartyId) -> None:
        """Take the mapping that ships with the region, where one does, and write the line into the configuration."""
        folder = self.place.partner(party)
        with (folder / "node.toml").open("a", encoding="utf-8") as file:
            if party != WITNESS:
                file.write('institutions = "agreement/institutions.txt"\n')
            file.write(link_toml(self.port))
        mapping = self.place.region / party / "koppeling_oefengegevens.toml"
        if mapping.exists():
            (folder / "mapping.toml").write_bytes(mapping.read_bytes())

    def _party(self, name: PartyId) -> str:
        if name != COORDINATOR:
            path = self.place.partner(name) / f"{name}.public.json"
            return party_toml(PublicKeys.parse(path.read_bytes(), source=path.name), self.drafts.profiles.get(name))
        identity = signing_key(bytes.fromhex((self.place.office / "identity.key").read_text().strip()))
        second = fresh_bytes(32)
        path = self.place.papers / "tweede.key"
        path.touch(mode=0o600)
        path.write_text(second.hex())
        return coordinator_toml(public_key(identity), public_key(signing_key(second)))

    def _covenant(self) -> Covenant:
        body = (self.place.office / "covenant" / "covenant.json").read_bytes()
        return Covenant.parse(body, source="covenant.json")

    def _write(self, name: str, text: str) -> Path:
        path = self.place.papers / name
        path.write_text(text, encoding="utf-8")
        return path

    def office(self, *command: str, bare: bool = False) -> Callable[[], str]:
        """Start a command of the coordinator; what is returned waits for its end. bare: the office is not there yet."""
        where = () if bare else ("--dir", str(self.place.office))
        return self.processes.begin("gemeente", "samenzicht-coordinator", *command, *where, folder=self.place.papers)

    def _office(self, *command: str, bare: bool = False) -> str:
        return self.office(*command, bare=bare)()

    def everyone(self, command: Callable[[PartyId], Command], parties: Sequence[PartyId] | None = None) -> None:
        """Let every party give a command, some beside each other."""
        running: deque[Callable[[], str]] = deque()
        for party in self.drafts.participants if parties is None else parties:
            if len(running) == AT_ONCE:
                running.popleft()()
            running.append(
                self.processes.begin(party, "samenzicht-node", *command(party), folder=self.place.partner(party))
            )
        for end in running:
            end()
