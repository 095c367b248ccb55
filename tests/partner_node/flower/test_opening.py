"""How a node comes on the line: what its configuration must hold, and the process that has its vault."""

import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from partner_node.config import load_config
from partner_node.flower import vault_child
from partner_node.flower.errors import ForeignAuthority, LinkNotConfigured, VaultProcessEnded
from partner_node.flower.link import FleetLink
from partner_node.flower.node_key import NAME, load_node_key, make_node_key
from partner_node.flower.opening import open_service
from partner_node.flower.service import Service
from partner_node.flower.vault_child import VaultChild
from partner_node.keystore import DamagedKey, UnsafeKeys
from partner_node.node import load_node
from partner_node.vault.failures import VaultInUse
from partner_node.vault.vault import open_vault
from partner_node.vault.wanted import is_wanted, when_free
from protocol.covenant.link_key import LinkKey, LinkUse, sign_link_key
from protocol.errors import SamenzichtError
from protocol.signing import BadSignature
from simulations.first_light.agreement import COORDINATOR
from tests import example
from tests.flower.live import today
from tests.flower.parties import NODES, Parties

PARTY = NODES[1]


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Parties:
    parties = Parties(tmp_path_factory.mktemp("settled"), today())
    parties.settle()
    return parties


@pytest.fixture
def folder(settled: Parties, tmp_path: Path) -> Path:
    """A copy of one party's folder."""
    shutil.copytree(settled.place(PARTY), tmp_path / "node")
    return tmp_path / "node"


def opened(folder: Path) -> Service:
    return open_service(folder / "node.toml", today=today, stop=Event())


def edit(folder: Path, old: str, new: str) -> None:
    path = folder / "node.toml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_a_node_that_is_set_up_opens_its_service(folder: Path) -> None:
    """Negative control of all refusals below."""
    assert isinstance(opened(folder), Service)


def test_a_node_without_a_link_says_so(folder: Path) -> None:
    path = folder / "node.toml"
    path.write_text(path.read_text().partition("[link]")[0])
    with pytest.raises(LinkNotConfigured):
        opened(folder)


def test_a_line_is_made_anew_only_when_what_it_is_made_of_changed(folder: Path) -> None:
    """T12: a renewed key; and a bad authority is refused once, not at every try."""
    service = opened(folder)
    assert service.renewed() is None
    first = load_node_key(folder / "keys").private_numbers()
    make_node_key(folder / "keys", again=True)
    found = service.renewed()
    assert found is not None
    line, ending = found
    assert isinstance(line, FleetLink)
    assert line.public != service.link.public  # type: ignore[attr-defined]  # both are the node's own end of the line
    assert ending is not None
    assert load_node_key(folder / "keys").private_numbers() != first
    authority = folder / "agreement" / "authority.json"
    authority.write_bytes(authority.read_bytes().replace(b'"party":"gemeente"', b'"party":"gemeent3"'))
    with pytest.raises(SamenzichtError):
        service.renewed()
    assert service.renewed() is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('host = "127.0.0.1"', 'host = "a b"'),
        ('host = "127.0.0.1"', 'host = "evil.example/path"'),
        ('host = "127.0.0.1"', 'host = "127.0.0.1"\ncertificate = "x"'),
        ('host = "127.0.0.1"', 'host = "127.0.0.1"\nproxy = "socks5://10.0.0.1:1080"'),
        ('authority = "agreement/authority.json"', 'authority = "../other.json"'),
    ],
    ids=["no name", "a path", "an unknown key", "another proxy", "a path that leads out"],
)
def test_the_link_of_the_configuration_is_closed(old: str, new: str, folder: Path) -> None:
    edit(folder, old, new)
    with pytest.raises(SamenzichtError) as refused:
        load_config(folder / "node.toml")
    assert refused.value.code in {"malformed-toml", "path-outside"}


@pytest.mark.parametrize(
    ("signer", "key", "days", "refusal"),
    [
        ("somebody else", "AAAA", 1, BadSignature),
        (COORDINATOR, "AAAA", 1, ForeignAuthority),
        (COORDINATOR, "AAAA", -1, SamenzichtError),
    ],
    ids=["signed by another", "no certificate", "ended"],
)
def test_a_certificate_that_the_coordinator_does_not_stand_for_is_refused(
    signer: str, key: str, days: int, refusal: type[Exception], folder: Path
) -> None:
    """T01: a self-signed authority."""
    until = today() + timedelta(days=days)
    stated = LinkKey(party=COORDINATOR, use=LinkUse.AUTHORITY, key=key, valid_until=until)
    signed = sign_link_key(stated, example.signing_key(signer))
    (folder / "agreement" / "authority.json").write_bytes(signed.encode())
    with pytest.raises(refusal):
        opened(folder)


def test_the_node_key_is_p_384_in_openssh_form_and_made_once(tmp_path: Path) -> None:
    first, second = make_node_key(tmp_path), make_node_key(tmp_path)
    assert first.private_numbers() == second.private_numbers()
    assert isinstance(first.curve, ec.SECP384R1)
    assert (tmp_path / NAME).read_bytes().startswith(b"-----BEGIN OPENSSH PRIVATE KEY-----")
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600


def test_a_node_key_that_others_may_read_or_of_another_curve_is_refused(tmp_path: Path) -> None:
    """N12."""
    make_node_key(tmp_path)
    (tmp_path / NAME).chmod(0o640)
    with pytest.raises(UnsafeKeys):
        load_node_key(tmp_path)
    other = ec.generate_private_key(ec.SECP256R1())
    (tmp_path / NAME).write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    (tmp_path / NAME).chmod(0o600)
    with pytest.raises(DamagedKey):
        load_node_key(tmp_path)
    (tmp_path / NAME).write_bytes(b"not a key")
    with pytest.raises(DamagedKey):
        load_node_key(tmp_path)
    (tmp_path / NAME).unlink()
    with pytest.raises(LinkNotConfigured):
        load_node_key(tmp_path)


def is_there(child: VaultChild) -> bool:
    return child.process is not None


@pytest.fixture
def child(folder: Path) -> Iterator[VaultChild]:
    child = VaultChild(folder / "node.toml", folder / "vault")
    yield child
    child.end()


def test_the_vaults_process_refuses_with_nothing_but_that_and_goes_when_it_is_idle(
    child: VaultChild, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert child.ask(b"no frame at all", meanwhile=lambda: None) is None
    first = child.process
    assert first is not None
    assert child.ask(b"nor this", meanwhile=lambda: None) is None
    assert child.process is first
    child.rest()
    assert is_there(child)
    monkeypatch.setattr(vault_child, "IDLE_S", 0.0)
    child.rest()
    assert not is_there(child)
    assert first.returncode == 0


def test_while_a_person_works_with_the_vault_there_is_no_answer_and_then_there_is(
    child: VaultChild, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    node = load_node(load_config(folder / "node.toml"), today=today())
    with node.writing(), pytest.raises(VaultProcessEnded):
        child.start(meanwhile=lambda: None)
    assert '"code": "vault-in-use"' in capfd.readouterr().err
    child.start(meanwhile=lambda: None)


def test_a_command_that_wants_the_vault_gets_it_from_a_service_that_rests(child: VaultChild, folder: Path) -> None:
    """The process stays and lets go of the vault, keys and all; the next message finds it open again."""
    child.start(meanwhile=lambda: None)
    first = child.process
    node = load_node(load_config(folder / "node.toml"), today=today())
    with ThreadPoolExecutor(1) as pool:

        def command() -> bool:
            with node.writing():
                return is_there(child) and not child.holds

        asked = pool.submit(command)
        while not asked.done():
            child.rest()
            time.sleep(0.05)
        assert asked.result()
    assert not is_wanted(folder / "vault"), "the mark goes with the command"
    assert child.ask(b"no frame", meanwhile=lambda: None) is None
    assert child.process is first
    with pytest.raises(VaultInUse):  # control: nobody lets go
        when_free(folder / "vault", lambda: open_vault(node.config.vault_path, node.owner), most_s=0.3)


def test_a_vaults_process_that_was_killed_is_started_again(child: VaultChild) -> None:
    child.start(meanwhile=lambda: None)
    assert child.process is not None
    child.process.kill()
    child.process.wait()
    assert child.ask(b"no frame", meanwhile=lambda: None) is None


def test_sigterm_and_ctrl_c_do_not_end_the_vaults_process_in_a_step(child: VaultChild) -> None:
    """F05: who starts the service ends the parent, and that closes stdin; control: kill ends it, as above."""
    child.start(meanwhile=lambda: None)
    process = child.process
    assert process is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        process.send_signal(number)
        assert child.ask(b"no frame", meanwhile=lambda: None) is None
    assert child.process is process
    child.end()
    assert process.returncode == 0


def test_no_memory_with_keys_is_written_to_a_disk(child: VaultChild) -> None:
    """N07: no core dump of the process with the vault, nor of a command; control: this process may have one."""
    child.start(meanwhile=lambda: None)
    assert child.process is not None
    limits = Path(f"/proc/{child.process.pid}/limits").read_text()
    assert re.search(r"Max core file size +0 +0 ", limits)
    command = (
        "import resource, sys\n"
        "from partner_node.cli.app import main\n"
        "print(resource.getrlimit(resource.RLIMIT_CORE)[1] != 0)\n"
        "sys.argv = ['samenzicht-node', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    print(resource.getrlimit(resource.RLIMIT_CORE))\n"
    )
    told = subprocess.run([sys.executable, "-c", command], check=True, capture_output=True, text=True).stdout.split(
        "\n"
    )
    assert told[0] == "True"
    assert told[-2] == "(0, 0)"
