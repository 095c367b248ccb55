"""A party's keys: made once, whole or not at all, for their owner only; only public halves come out."""

import os
from pathlib import Path

import pytest

from partner_node.keystore import (
    AGREEMENT,
    IDENTITY,
    SECRET,
    DamagedKey,
    Keys,
    KeysExist,
    KeysMissing,
    UnsafeKeys,
    load_keys,
    make_keys,
)
from privacy.randomness import fresh_source
from simulations.seeded import seeded_source


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "keys"
    make_keys(place, seeded_source(1, "keys"))
    return place


def test_keys_read_back_as_they_were_made(tmp_path: Path) -> None:
    made = make_keys(tmp_path / "keys", fresh_source())
    again = load_keys(tmp_path / "keys")
    assert again.public == made.public
    assert again.node_secret == made.node_secret
    assert len({*again.public, again.node_secret.hex()}) == 3
    assert make_keys(tmp_path / "others", fresh_source()).public != made.public


def test_what_they_sign_is_checked_by_the_public_half(folder: Path) -> None:
    keys = load_keys(folder)
    assert keys.identity.public_key().public_bytes_raw().hex() == keys.public[0]
    assert keys.agreement.public_key().public_bytes_raw().hex() == keys.public[1]


def test_files_are_for_their_owner_only_and_hold_one_line(folder: Path) -> None:
    """N12."""
    assert folder.stat().st_mode & 0o777 == 0o700
    for name in (IDENTITY, AGREEMENT, SECRET):
        assert (folder / name).stat().st_mode & 0o777 == 0o600
        assert len((folder / name).read_text()) == 65


@pytest.mark.parametrize(("name", "mode"), [(".", 0o750), (IDENTITY, 0o640), (AGREEMENT, 0o604), (SECRET, 0o644)])
def test_keys_that_others_may_read_are_refused(folder: Path, name: str, mode: int) -> None:
    """N12."""
    (folder / name).chmod(mode)
    with pytest.raises(UnsafeKeys, match="mode"):
        load_keys(folder)


def test_keys_are_never_made_over_others(folder: Path) -> None:
    before = load_keys(folder).public
    with pytest.raises(KeysExist):
        make_keys(folder, fresh_source())
    assert load_keys(folder).public == before


def test_a_crash_while_keys_are_made_leaves_none(tmp_path: Path) -> None:
    half = tmp_path / "keys.new"
    half.mkdir(mode=0o700)
    (half / IDENTITY).write_text("0" * 64 + "\n")
    with pytest.raises(KeysMissing):
        load_keys(tmp_path / "keys")
    made = make_keys(tmp_path / "keys", seeded_source(2, "keys"))
    assert made.public == make_keys(tmp_path / "again", seeded_source(2, "keys")).public


@pytest.mark.parametrize("name", [IDENTITY, AGREEMENT, SECRET])
def test_a_missing_key_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(KeysMissing, match=name):
        load_keys(folder)


@pytest.mark.parametrize("body", [b"", b"0" * 64, b"0" * 63 + b"\n", b"G" * 64 + b"\n", b"0" * 66, b"\xff" * 65])
def test_another_form_is_refused_and_not_shown(folder: Path, body: bytes) -> None:
    (folder / SECRET).write_bytes(body)
    with pytest.raises(DamagedKey) as refused:
        load_keys(folder)
    assert "0000" not in str(refused.value)


def test_no_repr_holds_a_key(folder: Path) -> None:
    keys = load_keys(folder)
    assert isinstance(keys, Keys)
    assert keys.node_secret.hex() not in repr(keys)
    assert os.fspath(folder) not in repr(keys)
