"""Parties with real nodes in folders of their own, who agreed on a covenant and a study of today."""

import contextlib
import os
import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

from typer.testing import CliRunner

from coordinator.session import Session
from partner_node.cli.app import app
from partner_node.profiles.catalogue import PROFILES
from partner_node.profiles.sample import sample
from protocol.covenant.covenant import Covenant
from protocol.covenant.link_key import LinkKey, LinkUse, SignedLinkKey, sign_link_key
from protocol.covenant.public_keys import PublicKeys
from protocol.covenant.signed import PartySignature, SignedCovenant
from protocol.digest import digest_of
from protocol.round.member import Member
from protocol.signing import Purpose, sign
from protocol.study.study import Study
from protocol.words.code_list import CodeListReference
from protocol.words.ids import AgreementKey, IdentityKey, PartyId
from simulations.first_light import agreement
from simulations.round_world import MemoryShelf
from tests import example
from tests.partner_node.cli.partner import LISTS, PLACES
from tests.partner_node.delivery.files import geography

DATA_DAY = date(2026, 1, 12)  # the sample deliveries are of the quarter before it
ROWS = 60
NODES = agreement.PARTICIPANTS  # three partners and a witness
PERIOD = agreement.PERIOD


@dataclass
class Parties:
    """Everybody's folders under one; the coordinator is in memory."""

    folder: Path
    today: date

    def place(self, party: PartyId) -> Path:
        return self.folder / party

    def settle(self, authority: str, port: int) -> None:
        """Take every party from its keys to a node that is ready to run, by its own commands."""
        for party in NODES:
            self.place(party).mkdir(mode=0o700, parents=True)
            officer = [] if party == agreement.WITNESS else ["--officer", "fg=F. Gees (verzonnen)"]
            self.call(party, "keys", party, *officer)
        for party in NODES:
            self._write_papers(party, authority)
            self.call(party, "covenant", "sign", "agreement/draft.json", "--party", party, "--yes")
        for party in NODES:
            self._write_covenant(party)
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

    def node_key(self, party: PartyId) -> SignedLinkKey:
        return SignedLinkKey.parse((self.place(party) / f"{party}.link.json").read_bytes())

    def authority(self, certificate: str) -> SignedLinkKey:
        """Return the coordinator's word on its certificate."""
        stated = LinkKey(
            party=agreement.COORDINATOR,
            use=LinkUse.AUTHORITY,
            key=certificate,
            valid_until=self.today + timedelta(days=30),
        )
        return sign_link_key(stated, example.signing_key(agreement.COORDINATOR))

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
        made = agreement.make_covenant(keys, officers, geography())
        dates = {"valid_from": self.today - timedelta(days=30), "valid_until": self.today + timedelta(days=300)}
        return made.model_copy(update={"code_lists": lists, **dates})

    @cached_property
    def study(self) -> Study:
        made = agreement.make_study(self.covenant)
        opens, due = self.today - timedelta(days=1), self.today + timedelta(days=20)
        (scheduled,) = made.schedule
        scheduled = scheduled.model_copy(update={"opens": opens, "due": due})
        return made.model_copy(update={"schedule": (scheduled,)})

    def session(self) -> Session:
        """Return a coordinator in memory."""
        key = example.signing_key(agreement.COORDINATOR)
        studies = {digest_of(self.study): self.study}
        member = Member(agreement.COORDINATOR, self.covenant, geography(), LISTS, studies, key)
        return Session(member, MemoryShelf())

    def environment(self) -> dict[str, str]:
        return {**os.environ, "SAMENZICHT_LANG": "en", "HTTPS_PROXY": "http://127.0.0.1:9", "PYTHONUNBUFFERED": "1"}

    def _write_papers(self, party: PartyId, authority: str) -> None:
        place = self.place(party) / "agreement"
        for name in ("code-lists", "studies"):
            (place / name).mkdir(parents=True)
        (place / "draft.json").write_bytes(self.covenant.encode())
        (place / "geography.json").write_bytes(geography().encode())
        (place / "former.txt").write_text(f"{PLACES.former[0]}\n")
        (place / "authority.json").write_bytes(self.authority(authority).encode())
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
        self._write_register(party)

    def _write_register(self, party: PartyId) -> None:
        stated = self.covenant.party(party)
        lines = ["format = 1", "[[processing]]", f'covenant = "{self.covenant.id}"']
        lines += [f'purpose = "{stated.purpose}"', f'legal_ground = "{stated.legal_ground}"']
        if stated.wpg_permission is not None:
            wpg = stated.wpg_permission
            lines += ["[processing.wpg_permission]", f'issuer = "{wpg.issuer}"', f"issued_on = {wpg.issued_on}"]
            lines += [f'scope = "{wpg.scope}"']
        (self.place(party) / "register.toml").write_text("\n".join(lines) + "\n")

    def _write_covenant(self, party: PartyId) -> None:
        own = [PartySignature.parse((self.place(each) / f"{each}.signature.json").read_bytes()) for each in NODES]
        body = self.covenant.encode()
        made = sign(body, key=example.signing_key(agreement.COORDINATOR), purpose=Purpose.COVENANT)
        everyone = {each.signer: each for each in own} | {
            agreement.COORDINATOR: PartySignature(signer=agreement.COORDINATOR, signature=made)
        }
        signed = SignedCovenant(
            covenant=self.covenant, signatures=tuple(everyone[each.id] for each in self.covenant.parties)
        )
        (self.place(party) / "agreement" / "covenant.json").write_bytes(signed.encode())
