"""A town for the command's tests: an office, and partners with real vaults on generated registers, by courier."""

import json
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from click.testing import Result
from typer.testing import CliRunner

from coordinator import agreements
from coordinator.cli.app import make_app
from coordinator.courier import MESSAGE, PAPER, Courier
from coordinator.geography.folder import read_edition
from coordinator.office import open_office
from partner_node.delivery.delivery import Delivery
from partner_node.keystore import Keys
from partner_node.session import Session
from partner_node.vault.vault import Vault
from protocol.covenant.covenant import Covenant
from protocol.covenant.signed import PartySignature
from protocol.digest import digest_of
from protocol.errors import SamenzichtError
from protocol.signing import Purpose, public_key, sign, signing_key
from protocol.study.approval import Approval, Decision, SignedApproval
from protocol.study.declaration import Coverage, Declaration, Shortfall, SignedDeclaration, TableCoverage
from protocol.study.study import Study
from protocol.words.ids import AgreementKey, ApprovalKey, IdentityKey, OfficerId, PartyId, Signature
from simulations.by_hand import document
from simulations.first_light import agreement
from simulations.first_light.files import make_files, read_files
from simulations.first_light.nodes import Agreed, keys_of, session_of, vault_of
from simulations.first_light.run import NOW_S
from simulations.region import Region, make_region
from simulations.region.files import region_files
from tests import example

NOW = "2026-01-12T09:00:00"
PERIOD = "2025-Q4"
SEED = 1
PARTNERS = tuple(sorted(agreement.PARTNERS))
COLUMNS = ("gwb_code_10=code", "regio=naam", "a_inw=inwoners", "a_hh=huishoudens")
RATES = "\n".join(
    f'[{name}]\nper_1000 = 6.0\nreturns = 0.56\nsource = "aanname"' for name in agreement.MEASURES[PartyId("school")]
)
APP = make_app()


@dataclass
class Town:
    """An office in `home`, and everything that partners have in `partners`."""

    home: Path
    partners: Path
    keys: dict[PartyId, Keys] = field(default_factory=dict)
    nodes: dict[PartyId, Session] = field(default_factory=dict)
    vaults: list[Vault] = field(default_factory=list)
    region: Region = field(default_factory=lambda: make_region(SEED))

    @property
    def office(self) -> Path:
        return self.home / "office"

    def call(self, *arguments: str) -> Result:
        """Run the command in the office's folder."""
        place = [] if arguments[0] == "init" else ["--dir", str(self.office)]
        return CliRunner().invoke(APP, [*arguments, *place])

    def json(self, *arguments: str) -> object:
        """Run the command and return its result; it must succeed."""
        done = self.call(*arguments, "--json")
        assert done.exit_code == 0, (arguments, done.stderr, done.exception)
        return json.loads(done.stdout)

    def found(self) -> None:
        """Make the office, import the areas, and make everybody's keys."""
        self.json("init", str(self.office))
        files = [str(path) for path in self.write_maps()]
        columns = [text for column in COLUMNS for text in ("--column", column)]
        self.json("geography", "import", *files, "--year", "2024", "--id", self.region.geography.id, *columns)

    def write_maps(self) -> list[Path]:
        """Write the maps and key figures of the region, and return the files."""
        maps = self.home / "maps"
        maps.mkdir()
        for name, body in region_files(self.region).items():
            (maps / name).write_bytes(body)
        return [
            path
            for path in sorted(maps.iterdir())
            if path.suffix in {".geojson", ".csv"} and "adressen" not in path.name
        ]

    def write_covenant(self) -> None:
        """Begin the covenant and add every party."""
        self.write_drafts()
        self.json("covenant", "new", str(self.home / "covenant.toml"))
        for party in (agreement.COORDINATOR, *agreement.PARTICIPANTS):
            self.json("covenant", "add-party", str(self.home / f"{party}.toml"))

    def write_drafts(self) -> None:
        """Write the files of covenant and parties, as people would; the office is there, for its key."""
        self.keys |= {party: keys_of(self.partners, party, SEED) for party in agreement.PARTICIPANTS}
        town = agreement.make_covenant(self._public(), _officers(), self.region.geography)
        fields = ("id", "valid_from", "valid_until", "minimum_participants")
        draft = {name: value for name, value in town.model_dump(mode="json").items() if name in fields}
        (self.home / "covenant.toml").write_text(document(draft))
        for party in town.parties:
            fields_of = party.model_dump(mode="json") | {"yearly_cap": None}
            fields_of["yearly_cap_rho"] = "0.25" if party.type else "0"
            if party.id == agreement.COORDINATOR:
                key = public_key(signing_key(example.secret("second person")))
                fields_of["officers"] = [{"id": "tweede", "name": "T. Weede (verzonnen)", "key": key}]
            (self.home / f"{party.id}.toml").write_text(document(fields_of))

    def sign_covenant(self) -> None:
        """Let everybody sign, and verify."""
        self.json("covenant", "sign")
        self.json("covenant", "sign", *(str(self.signature_of(party)) for party in agreement.PARTICIPANTS))
        self.json("covenant", "verify", "--now", NOW)

    def signature_of(self, party: PartyId) -> Path:
        """Return a file with a party's signature under the covenant as it is written down."""
        body = (self.office / "covenant" / "covenant.json").read_bytes()
        path = self.home / f"{party}.signature.json"
        made = sign(body, key=self.keys[party].identity, purpose=Purpose.COVENANT)
        path.write_bytes(PartySignature(signer=party, signature=Signature(made)).encode())
        return path

    def write_study(self, *, events_variance: int = 50, most: int = 4) -> Path:
        """Write the draft of a study: of each partner units and events, by wijk, for one quarter."""
        covenant = agreements.drafted(self.office)
        made = agreement.make_study(covenant).model_dump(mode="json")
        for table in made["tables"]:
            table["variance"] = 9 if table["variance"]["numerator"] == agreement.UNITS_VARIANCE else events_variance
        for measure in made["measures"]:
            measure["most_per_cell"] = most if measure["most_per_cell"] > 1 else 1
        draft = {name: made[name] for name in ("id", "title", "publish_margin_percent", "measures", "tables")}
        draft["rounds"] = made["schedule"]
        (self.home / "study.toml").write_text(document(draft))
        (self.home / "rates.toml").write_text(RATES)
        return self.home / "study.toml"

    def propose_study(self) -> None:
        """Take in the study, propose it, and let every officer approve."""
        self.json("study", "new", str(self.write_study()))
        self.json("study", "propose", "eerste-licht-2026", "--rates", str(self.home / "rates.toml"))
        self.approve_study()

    def approve_study(self) -> None:
        """Let every officer approve the proposed study."""
        for party in PARTNERS:
            key = signing_key(example.secret(f"officer {party}"))
            approval = Approval(
                study_digest=digest_of(self.study()),
                party=party,
                officer=agreement.OFFICER,
                decision=Decision.APPROVED,
                decided_on=date(2026, 1, 8),
                valid_until=date(2026, 12, 31),
            )
            signed = SignedApproval(
                approval=approval, signature=sign(approval.encode(), key=key, purpose=Purpose.APPROVAL)
            )
            self.bring(party, signed.encode(), PAPER)

    def declare(self, party: PartyId, *, coverage: Coverage = Coverage.COMPLETE) -> None:
        """Let an officer declare a party's delivery."""
        study = self.study()
        shortfall = None if coverage is Coverage.COMPLETE else Shortfall.LATE
        tables = tuple(
            TableCoverage(table=table.id, coverage=coverage, shortfall=shortfall)
            for table in study.tables
            if party in table.contributors
        )
        made = Declaration(
            study_digest=digest_of(study),
            period=agreement.PERIOD,
            party=party,
            officer=OfficerId("fg"),
            tables=tables,
        )
        key = signing_key(example.secret(f"officer {party}"))
        signature = sign(made.encode(), key=key, purpose=Purpose.DECLARATION)
        self.bring(party, SignedDeclaration(declaration=made, signature=signature).encode(), PAPER)

    def start_nodes(self) -> None:
        """Start a node with a vault for every participant, on a quarter of generated registrations."""
        paths = {}
        for partner, body in make_files(self.region, SEED).items():
            paths[partner] = self.home / f"{partner}.csv"
            paths[partner].write_bytes(body)
        secrets = {partner: self.keys[partner].node_secret for partner in paths}
        deliveries: dict[PartyId, Delivery] = dict(read_files(paths, secrets, self.region))
        geography = read_edition(self.office / "geography", 2024).geography  # what the courier brought them
        agreed = Agreed(self.covenant(), geography, self.study())
        for party in agreement.PARTICIPANTS:
            vault = vault_of(self.partners, party, self.keys[party], agreed.covenant)
            self.vaults.append(vault)
            records = deliveries[party].records if party in deliveries else None
            self.nodes[party] = session_of(party, self.keys[party], vault, agreed, records=records, seed=SEED)

    def carry(self, *, without: tuple[PartyId, ...] = ()) -> None:
        """Carry every message to its node and the answers back, as often as they are there."""
        for party, node in self.nodes.items():
            for path in sorted((self.office / "courier" / party / "to").glob(f"*{MESSAGE}")):
                if party in without:
                    continue
                try:
                    answers = node.receive(path.read_bytes(), NOW_S)
                except SamenzichtError:
                    continue  # an earlier message of this round
                for answer in answers:
                    self.bring(party, answer, MESSAGE)

    def bring(self, party: PartyId, body: bytes, suffix: str) -> None:
        """Put a file of a party in the office's inbox."""
        sender = Courier(self.home / "sending", (party,))
        sender.put(party, body, suffix=suffix)
        inbox = self.office / "courier" / party / "from"
        inbox.mkdir(parents=True, exist_ok=True)
        for path in (self.home / "sending" / party / "to").glob(f"*{suffix}"):
            path.replace(inbox / path.name)

    def run_to_the_end(self) -> None:
        for _ in range(6):
            state = self.json("run", PERIOD, "--now", NOW)
            assert isinstance(state, dict)
            if state["state"] == "done":
                return
            self.carry()
        raise AssertionError("the round did not end")

    def agree_and_run(self) -> None:
        """Go from nothing to a round that is done, with every partner's declaration."""
        self.write_covenant()
        self.sign_covenant()
        self.propose_study()
        self.start_nodes()
        for party in PARTNERS:
            self.declare(party)
        self.run_to_the_end()

    def release(self) -> None:
        """Let two persons release the round."""
        self.json("approve-release", PERIOD, "--officer", "tweede", "--key", str(self.second_key()))
        self.json("release", PERIOD)

    def second_key(self) -> Path:
        path = self.home / "second.key"
        path.write_text(example.secret("second person").hex())
        return path

    def covenant(self) -> Covenant:
        return Covenant.parse((self.office / "covenant" / "covenant.json").read_bytes())

    def study(self) -> Study:
        with open_office(self.office, read_only=True) as office:
            return next(iter(office.studies().values())).study

    def _public(self) -> dict[PartyId, tuple[IdentityKey, AgreementKey]]:
        own = signing_key(bytes.fromhex((self.office / "identity.key").read_text().strip()))
        others = {party: keys.public for party, keys in self.keys.items()}
        return others | {agreement.COORDINATOR: (public_key(own), others[agreement.WITNESS][1])}


def _officers() -> dict[PartyId, ApprovalKey]:
    return {party: ApprovalKey(public_key(signing_key(example.secret(f"officer {party}")))) for party in PARTNERS}
