"""Parties with real nodes in folders of their own, who agreed on a covenant and a study of today."""

import contextlib
import os
import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

from typer.testing import CliRunner

from coordinator.cli.app import make_app
from coordinator.cli.link import port_of
from coordinator.flower.folder import place_of
from coordinator.flower.superlink import LOOPBACK, Place, free_port
from coordinator.identity import make_identity
from coordinator.office import open_office
from partner_node.cli.app import app
from partner_node.profiles.catalogue import PROFILES
from partner_node.profiles.sample import sample
from protocol.covenant.covenant import Covenant
from protocol.covenant.public_keys import PublicKeys
from protocol.covenant.signed import PartySignature, SignedCovenant
from protocol.digest import digest_of
from protocol.signing import Purpose, sign
from protocol.study.study import Study
from protocol.words.code_list import CodeListReference
from protocol.words.geography import Geography
from protocol.words.ids import AgreementKey, IdentityKey, PartyId
from simulations.by_hand import register
from simulations.first_light import agreement
from tests import example
from tests.partner_node.cli.partner import LISTS, PLACES
from tests.partner_node.delivery.files import geography

DATA_DAY = date(2026, 1, 12)  # the sample deliveries are of the quarter before it
ROWS = 60
NODES = agreement.PARTICIPANTS  # three partners and a witness
PERIOD = agreement.PERIOD


@dataclass
class Parties:
    """Everybody's folders under one: the coordinator's office, and a folder for each party with a node."""

    folder: Path
    today: date

    def place(self, party: PartyId) -> Path:
        return self.folder / party

    @property
    def office(self) -> Path:
        return self.folder / "office"

    def settle(self) -> None:
        """Take everybody to where the first round can run, by their own commands."""
        port = free_port()
        self.office.mkdir(mode=0o700, parents=True)
        make_identity(self.office, example.secret(f"sign {agreement.COORDINATOR}"))
        self.coordinate("init", str(self.office), "--party", agreement.COORDINATOR)
        self.coordinate("link", "init", "--host", LOOPBACK, "--port", str(port), "--dir", str(self.office))
        self._settle_nodes(port)
        with open_office(self.office) as office:
            office.store.keep_geography(self.geography)
            for codes in LISTS:
                office.store.keep_code_list(codes)
            office.store.keep_covenant(self.signed_covenant)
            office.store.keep_study(agreement.sign_study(self.study, example.signing_key(agreement.COORDINATOR)))
        files = [str(self.place(party) / f"{party}.link.json") for party in NODES]
        self.coordinate("link", "add", *files, "--dir", str(self.office))

    @property
    def link_place(self) -> Place:
        """Where the SuperLink stands."""
        return place_of(self.office, port_of(self.office))

    def coordinate(self, *arguments: str) -> str:
        """Run the coordinator's command; it must succeed."""
        done = CliRunner().invoke(make_app(), list(arguments), env={"SAMENZICHT_LANG": "en"})
        assert done.exit_code == 0, (arguments, done.stdout, done.stderr, done.exception)
        return done.stdout

    def _settle_nodes(self, port: int) -> None:
        for party in NODES:
            self.place(party).mkdir(mode=0o700, parents=True)
            officer = [] if party == agreement.WITNESS else ["--officer", "fg=F. Gees (verzonnen)"]
            self.call(party, "keys", party, *officer)
        for party in NODES:
            self._write_papers(party)
            self.call(party, "covenant", "sign", "agreement/draft.json", "--party", party, "--yes")
        for party in NODES:
            (self.place(party) / "agreement" / "covenant.json").write_bytes(self.signed_covenant.encode())
            profile = [] if party == agreement.WITNESS else ["--profile", party]
            self.call(party, "init", "--party", party, *profile, "--yes")
            with (self.place(party) / "node.toml").open("a") as file:
                if party != agreement.WITNESS:
                    file.write('former_areas = "agreement/former.txt"\n')
                file.write(f'[link]\nhost = "127.0.0.1"\nport = {port}\nauthority = "agreement/authority.json"\n')
            if party != agreement.WITNESS:
                self.call(party, "approve", self.study.id, "--officer", "fg", "--yes")

    def call(self, party: PartyId, *arguments: str) -> str:
        """Run the node's command in the party's folder; it must succeed."""
        with contextlib.chdir(self.place(party)):
            done = CliRunner().invoke(app, list(arguments), env={"SAMENZICHT_LANG": "en"})
        assert done.exit_code == 0, (party, arguments, done.stdout, done.stderr, done.exception)
        return done.stdout

    @cached_property
    def geography(self) -> Geography:
        """The areas of the covenant."""
        return geography()

    @cached_property
    def covenant(self) -> Covenant:
        files = {party: PublicKeys.parse((self.place(party) / f"{party}.public.json").read_bytes()) for party in NODES}
        keys = {party: (public.identity_key, public.agreement_key) for party, public in files.items()}
        keys[agreement.COORDINATOR] = (
            IdentityKey(example.public_hex(agreement.COORDINATOR)),
            AgreementKey(example.agreement_hex(agreement.COORDINATOR)),
        )
        officers = {party: public.officers[0].key for party, public in files.items() if public.officers}
        lists = tuple(CodeListReference(id=codes.id, digest=digest_of(codes)) for codes in LISTS)
        made = agreement.make_covenant(keys, officers, self.geography)
        dates = {"valid_from": self.today - timedelta(days=30), "valid_until": self.today + timedelta(days=300)}
        return made.model_copy(update={"code_lists": lists, **dates})

    @cached_property
    def study(self) -> Study:
        made = agreement.make_study(self.covenant)
        opens, due = self.today - timedelta(days=1), self.today + timedelta(days=20)
        (scheduled,) = made.schedule
        scheduled = scheduled.model_copy(update={"opens": opens, "due": due})
        return made.model_copy(update={"schedule": (scheduled,)})

    def environment(self) -> dict[str, str]:
        return {**os.environ, "SAMENZICHT_LANG": "en", "HTTPS_PROXY": "http://127.0.0.1:9", "PYTHONUNBUFFERED": "1"}

    def _write_papers(self, party: PartyId) -> None:
        place = self.place(party) / "agreement"
        for name in ("code-lists", "studies"):
            (place / name).mkdir(parents=True)
        (place / "draft.json").write_bytes(self.covenant.encode())
        (place / "geography.json").write_bytes(self.geography.encode())
        (place / "former.txt").write_text(f"{PLACES.former[0]}\n")
        shutil.copy(self.office / "link" / "authority.json", place)
        for codes in LISTS:
            (place / "code-lists" / f"{codes.id}.json").write_bytes(codes.encode())
        signed = agreement.sign_study(self.study, example.signing_key(agreement.COORDINATOR))
        (place / "studies" / f"{self.study.id}.json").write_bytes(signed.encode())
        deliveries = self.place(party) / "deliveries"
        shutil.rmtree(deliveries, ignore_errors=True)
        deliveries.mkdir(mode=0o700)
        if party != agreement.WITNESS:
            made = sample(PROFILES[party], seed=7, rows=ROWS, places=PLACES, today=DATA_DAY)
            for name, text in made.clean.items():
                (deliveries / name).write_text(text)
        (self.place(party) / "register.toml").write_text(register(self.covenant, party))

    @cached_property
    def signed_covenant(self) -> SignedCovenant:
        own = [PartySignature.parse((self.place(each) / f"{each}.signature.json").read_bytes()) for each in NODES]
        made = sign(self.covenant.encode(), key=example.signing_key(agreement.COORDINATOR), purpose=Purpose.COVENANT)
        everyone = {each.signer: each for each in own} | {
            agreement.COORDINATOR: PartySignature(signer=agreement.COORDINATOR, signature=made)
        }
        return SignedCovenant(
            covenant=self.covenant, signatures=tuple(everyone[each.id] for each in self.covenant.parties)
        )
