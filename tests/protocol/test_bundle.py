"""The one form of a bundle: names, index, digests, and no place for anything else."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from coordinator.bundle import PublishedRound
from protocol.bundle import (
    INDEX,
    Audience,
    BadFileName,
    BundleIndex,
    ChangedFile,
    ExtraFile,
    MissingFile,
    WrongIndex,
    pack_bundle,
    parse_bundle,
)
from protocol.errors import WireRefusal
from protocol.wire import NotCanonical
from tests import bundles, example
from tests.privacy.audit.forging import reindexed

HONEST = bundles.honest_files()
REPAIRED = bundles.honest_files(repaired=True)


@pytest.mark.parametrize("files", [HONEST, REPAIRED])
def test_a_bundle_parses_and_packs_to_the_same_files(files: Mapping[str, bytes]) -> None:
    assert pack_bundle(parse_bundle(files)) == files


def test_the_files_of_a_repaired_round_are_those_of_the_layout() -> None:
    parsed = parse_bundle(REPAIRED)
    study, slot = parsed.rounds[0].release.release.study_digest, parsed.rounds[0].release.release.slot
    assert sorted(REPAIRED) == [
        *(f"approvals/{study}/{party}.fg.json" for party in ("school-a", "school-b", "school-c", "vt-noord")),
        "code-lists/aard.json",
        "covenant.json",
        "geography.json",
        "index.json",
        "log/coordinator.checkpoint",
        "log/coordinator.leaves",
        *(f"rounds/{slot}/{name}" for name in ("commit.bin", "propose.bin", "release.json", "repair.bin")),
        f"rounds/{slot}/result.bin",
        f"rounds/{slot}/verdicts.bin",
        f"studies/{study}.json",
    ]


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../covenant.json", "a/../b", "a//b", "A.json", ".hidden", "a/", "a\n", "seeds.json "]
)
def test_a_name_of_another_form_is_refused(name: str) -> None:
    with pytest.raises(BadFileName):
        parse_bundle({**HONEST, name: b""})
    index = HONEST[INDEX].replace(b'"covenant.json"', f'"{name}"'.encode())
    with pytest.raises(WireRefusal):  # the index may not name it either
        BundleIndex.parse(index)


@pytest.mark.parametrize("name", ["seeds.json", "rounds/secrets.bin", "approvals/notes.txt", "studies/other.json"])
def test_a_file_that_has_no_place_is_refused_even_when_the_index_names_it(name: str) -> None:
    with pytest.raises(ExtraFile, match="which the index does not name"):
        parse_bundle({**HONEST, name: b"{}"})
    with pytest.raises(WireRefusal):
        parse_bundle(reindexed({**HONEST, name: b"{}"}))


def test_a_value_under_another_name_is_refused() -> None:
    approval = next(name for name in HONEST if name.endswith("vt-noord.fg.json"))
    files = {name: body for name, body in HONEST.items() if name != approval}
    with pytest.raises(ExtraFile, match="does not follow from what the files hold"):
        parse_bundle(reindexed({**files, approval.replace("vt-noord", "vt-zuid"): HONEST[approval]}))


def test_a_missing_or_changed_file_is_refused() -> None:
    for name in HONEST:
        with pytest.raises(MissingFile):
            parse_bundle({kept: body for kept, body in HONEST.items() if kept != name})
    with pytest.raises(ChangedFile):
        parse_bundle({**HONEST, "covenant.json": HONEST["covenant.json"] + b"\n"})
    with pytest.raises(ChangedFile, match="without a newline"):
        parse_bundle(reindexed({**HONEST, "log/coordinator.leaves": HONEST["log/coordinator.leaves"][:-1]}))


def test_an_index_that_is_not_canonical_or_names_a_file_twice_is_refused() -> None:
    with pytest.raises(NotCanonical):
        parse_bundle({**HONEST, INDEX: HONEST[INDEX].replace(b'"format":1', b'"format": 1')})
    index = BundleIndex.parse(HONEST[INDEX])
    doubled = index.model_copy(update={"files": (index.files[0], *index.files)})
    with pytest.raises(WrongIndex):
        parse_bundle({**HONEST, INDEX: doubled.encode()})


def test_frames_in_a_public_bundle_and_two_values_of_one_name_are_refused() -> None:
    bundle = parse_bundle(HONEST)
    with pytest.raises(ExtraFile, match="frames in every audit bundle and in no public one"):
        pack_bundle(replace(bundle, audience=Audience.PUBLIC))
    with pytest.raises(WrongIndex, match="two files"):
        pack_bundle(replace(bundle, approvals=(*bundle.approvals, bundle.approvals[0])))
    public = BundleIndex.parse(HONEST[INDEX]).model_copy(update={"audience": Audience.PUBLIC})
    with pytest.raises(ExtraFile):  # frames that an index for everybody smuggles in
        parse_bundle({**HONEST, INDEX: public.encode()})


def test_values_under_each_others_names_are_refused_though_the_index_fits() -> None:
    names = sorted(name for name in HONEST if name.startswith("approvals/"))[:2]
    swapped = {**HONEST, names[0]: HONEST[names[1]], names[1]: HONEST[names[0]]}
    assert parse_bundle(reindexed(HONEST))  # negative control
    with pytest.raises(ExtraFile, match="a name that does not follow from what the files hold"):
        parse_bundle(reindexed(swapped))


def test_rounds_in_each_others_folders_are_refused_though_the_index_fits() -> None:
    a_world = bundles.world()
    published = []
    for period in (example.QUARTER, bundles.NEXT_QUARTER):
        slot = a_world.run(period)
        published.append(PublishedRound(slot, a_world.release(slot)))
    files = a_world.files(*published)
    first, second = sorted({name.rsplit("/", maxsplit=1)[0] for name in files if name.startswith("rounds/")})
    other = {first: second, second: first}
    swapped = {
        (f"{other[folder]}/{last}" if folder in other else name): body
        for name, body in files.items()
        for folder, _, last in (name.rpartition("/"),)
    }
    assert parse_bundle(files)  # negative control
    with pytest.raises(ExtraFile, match="a name that does not follow"):
        parse_bundle(reindexed(swapped))
