"""The node's configuration and register: closed, literal, within their folder, and not open to others."""

import os
from pathlib import Path

import pytest

from partner_node.closed_toml import MalformedToml
from partner_node.config import ConfigMissing, OpenToOthers, PathOutside, load_config, load_register
from protocol.errors import Refusal

TEXT = f"""format = 1
party = "school-a"
covenant = "agreement/covenant.json"
covenant_digest = "{"ab" * 32}"
geography = "agreement/geography.json"
studies = "agreement/studies"
own_register = "register.toml"
keys = "keys"
officers = "officers"
vault = "vault"
deliveries = "deliveries"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "node.toml"
    path.write_text(text)
    path.chmod(0o600)
    return path


def test_paths_stand_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "node"
    place.mkdir()
    monkeypatch.chdir(tmp_path)
    config = load_config(Path(os.path.relpath(written(place, TEXT), tmp_path)))
    assert config.vault_path == place / "vault" / "vault.sqlite"
    assert config.place("/elsewhere/keys") == Path("/elsewhere/keys")
    assert (config.settings.language, config.settings.approvals_needed, config.settings.mapping) == ("nl", 1, None)


@pytest.mark.parametrize(
    ("change", "refusal", "named"),
    [
        (TEXT + "unknown = 1\n", MalformedToml, "unknown (extra_forbidden)"),
        (TEXT.replace("format = 1", "format = 2"), MalformedToml, "format"),
        (TEXT.replace("format = 1", "format = true"), MalformedToml, "format"),
        (TEXT.replace('party = "school-a"', 'party = "School A"'), MalformedToml, "party"),
        (TEXT.replace('party = "school-a"\n', ""), MalformedToml, "party (missing)"),
        (TEXT + "approvals_needed = 0\n", MalformedToml, "approvals_needed"),
        (TEXT + 'approvals_needed = "2"\n', MalformedToml, "approvals_needed"),
        (TEXT.replace("ab" * 32, "AB" * 32), MalformedToml, "covenant_digest"),
        (TEXT.replace('"keys"', '"$HOME/keys"'), MalformedToml, "keys"),
        (TEXT.replace('"keys"', '"~/keys"'), MalformedToml, "keys"),
        (TEXT.replace('"keys"', '"%APPDATA%/keys"'), MalformedToml, "keys"),
        (TEXT.replace('"keys"', '"ke\\u0000ys"'), MalformedToml, "keys"),
        (TEXT.replace('"keys"', '"../keys"'), PathOutside, "leads out of the folder"),
        (TEXT.replace('"keys"', '"a/../../keys"'), PathOutside, "leads out of the folder"),
        (TEXT + 'code_lists = ["../x.json"]\n', PathOutside, "leads out of the folder"),
        (TEXT + "\x1b[31m = 1\n", MalformedToml, "not TOML"),
        ("x" * 300_000, MalformedToml, "more than 262144 characters"),
        ("a = [" * 5_000, MalformedToml, "not TOML"),
    ],
)
def test_a_configuration_that_is_not_exactly_as_it_must_be_is_refused(
    tmp_path: Path, change: str, refusal: type[Refusal], named: str
) -> None:
    load_config(written(tmp_path, TEXT))  # negative control: without the change it is read
    with pytest.raises(refusal) as caught:
        load_config(written(tmp_path, change))
    assert named in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_a_value_is_never_repeated_in_an_error(tmp_path: Path) -> None:
    with pytest.raises(MalformedToml) as caught:
        load_config(written(tmp_path, TEXT.replace('party = "school-a"', 'party = "GEHEIM woord"')))
    assert "GEHEIM" not in f"{caught.value}{caught.value.__cause__}{caught.value.hint}"


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    outside, place = tmp_path / "outside", tmp_path / "node"
    outside.mkdir()
    place.mkdir()
    (place / "keys").symlink_to(outside)
    with pytest.raises(PathOutside):
        load_config(written(place, TEXT))


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666, 0o777])
def test_a_configuration_or_register_that_others_may_change_is_refused(tmp_path: Path, mode: int) -> None:
    """N12: who could change it could pin another covenant."""
    path = written(tmp_path, TEXT)
    register = tmp_path / "register.toml"
    register.write_text('format = 1\n[[processing]]\ncovenant = "c"\npurpose = "p"\nlegal_ground = "g"\n')
    register.chmod(0o644)
    config = load_config(path)
    assert load_register(config).processing[0].purpose == "p"
    register.chmod(mode)
    with pytest.raises(OpenToOthers):
        load_register(config)
    path.chmod(mode)
    with pytest.raises(OpenToOthers):
        load_config(path)


def test_a_missing_too_large_or_unreadable_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigMissing, match=r"node\.toml"):
        load_config(tmp_path / "node.toml")
    path = written(tmp_path, TEXT)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigMissing, match="not UTF-8"):
        load_config(path)
    path.write_bytes(b"#" * ((1 << 20) + 1))
    with pytest.raises(ConfigMissing, match="more than 1048576 bytes"):
        load_config(path)
