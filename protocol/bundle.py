"""Computes: the bundle that an officer checks offline: which files there are, under which names, with which digests.

    index.json                                      this index: audience, and name, bytes and SHA-256 of every file
    covenant.json  geography.json  code-lists/<id>.json
    studies/<digest>.json  approvals/<study digest>/<party>.<officer>.json
    rounds/<slot>/release.json  second.json         second.json only where a second person signed the release
    rounds/<slot>/{propose,commit,repair,result,verdicts}.bin      audit bundle only; the frames as they travelled
    log/coordinator.leaves  log/coordinator.checkpoint

A bundle has one form: every name follows from what the file holds, and a file that is missing, extra or elsewhere is
refused. There is no place in it for r_i, seeds, counts before the sum, charges or reports.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from protocol.covenant.signed import SignedCovenant
from protocol.digest import digest_of
from protocol.errors import WireRefusal
from protocol.release import SignedRelease
from protocol.round.frame import pack, unpack
from protocol.second_person import SecondSignature
from protocol.study.approval import SignedApproval
from protocol.study.study import SignedStudy
from protocol.wire import MAX_INTEGER, WireValue
from protocol.words.code_list import CodeList
from protocol.words.geography import Geography
from protocol.words.ids import Digest
from protocol.words.order import is_strictly_ascending

MAX_FILES = 10_000  # a covenant year: 100 rounds of 7 files, 1,000 parties with a few approvals each
MAX_FILE_BYTES = SignedRelease.max_bytes + (1 << 26)  # a RESULT of 1 GiB with its headers; a release has 1 GiB
MAX_BUNDLE_BYTES = 1 << 33  # 8 GiB: what an officer's laptop can hold in memory
NAME = r"^[a-z0-9-]+(\.[a-z0-9-]+)*(/[a-z0-9-]+(\.[a-z0-9-]+)*)*$"  # so never absolute, never `..`
INDEX = "index.json"
COVENANT, GEOGRAPHY = "covenant.json", "geography.json"
LEAVES, CHECKPOINT = "log/coordinator.leaves", "log/coordinator.checkpoint"

_ACT = "the coordinator must hand out the bundle again; keep this one if somebody says it is complete"


class BadFileName(WireRefusal):
    """A file name in a bundle with other characters than a-z, 0-9, hyphen, dot and slash, or with an empty step."""


class MissingFile(WireRefusal):
    """A file that the index of a bundle names, or that every bundle has, and that is not there."""


class ExtraFile(WireRefusal):
    """A file in a bundle that its index does not name, or that has no place in any bundle of its audience."""


class ChangedFile(WireRefusal):
    """A file in a bundle with another size or digest than the index says."""


class WrongIndex(WireRefusal):
    """An index whose files are out of order or named twice, or too many."""


class Audience(StrEnum):
    """Whom a bundle is for: the parties and their FGs (with all contributions), or everybody."""

    AUDIT = "audit"
    PUBLIC = "public"


class BundleFile(WireValue):
    """One file of a bundle."""

    name: Annotated[str, StringConstraints(pattern=NAME, max_length=200)]
    bytes: Annotated[int, Field(ge=0, le=MAX_INTEGER)]
    sha256: Digest


class BundleIndex(WireValue):
    """Every file of a bundle but the index itself, in order of name."""

    max_bytes: ClassVar[int] = 1 << 22  # 10,000 files of at most 330 bytes

    kind: Literal["bundle"] = "bundle"
    format: Literal[1] = 1
    audience: Audience
    files: Annotated[tuple[BundleFile, ...], Field(max_length=MAX_FILES)]


@dataclass(frozen=True, slots=True, repr=False)
class RoundFrames:
    """The frames of one round as they travelled. repair: empty without one. verdicts: in order of sender."""

    propose: bytes
    commit: bytes
    repair: bytes
    result: bytes
    verdicts: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, repr=False)
class BundledRound:
    """One round. second: None where nobody else signed the release. frames: None in a public bundle."""

    release: SignedRelease
    second: SecondSignature | None
    frames: RoundFrames | None


@dataclass(frozen=True, slots=True, repr=False)
class Bundle:
    """What a bundle holds. leaves: of the coordinator's whole log. checkpoint: its newest signed head.

    Parsing one proves its form only; `privacy/audit` says what holds.
    """

    audience: Audience
    covenant: SignedCovenant
    geography: Geography
    code_lists: tuple[CodeList, ...]
    studies: tuple[SignedStudy, ...]
    approvals: tuple[SignedApproval, ...]
    rounds: tuple[BundledRound, ...]
    leaves: tuple[bytes, ...]
    checkpoint: str


def pack_bundle(bundle: Bundle) -> dict[str, bytes]:
    """Return the files of a bundle by name, the index among them.

    Raises: WrongIndex, for two values of one name; ExtraFile, for frames in a public bundle.
    """
    files: dict[str, bytes] = {}
    for name, body in _contents(bundle):
        if name in files:
            raise WrongIndex(got=f"two files {name}", wanted="each value once", act=_ACT)
        files[name] = body
    index = BundleIndex(
        audience=bundle.audience,
        files=tuple(
            BundleFile(name=name, bytes=len(body), sha256=Digest(sha256(body).hexdigest()))
            for name, body in sorted(files.items())
        ),
    )
    return {INDEX: index.encode(), **files}


def parse_bundle(files: Mapping[str, bytes]) -> Bundle:
    """Return the bundle whose one form these files are.

    Raises: BadFileName, MissingFile, ExtraFile, ChangedFile, WrongIndex, BadFrame, and what `WireValue.parse` raises.
    """
    index = check_index(files)
    bundle = Bundle(
        audience=index.audience,
        covenant=SignedCovenant.parse(_file(files, COVENANT), source=COVENANT),
        geography=Geography.parse(_file(files, GEOGRAPHY), source=GEOGRAPHY),
        code_lists=tuple(CodeList.parse(body, source=name) for name, body in _under(files, "code-lists/")),
        studies=tuple(SignedStudy.parse(body, source=name) for name, body in _under(files, "studies/")),
        approvals=tuple(SignedApproval.parse(body, source=name) for name, body in _under(files, "approvals/")),
        rounds=tuple(
            _round(files, name.removesuffix("release.json"), index.audience)
            for name, _ in _under(files, "rounds/")
            if name.endswith("/release.json")
        ),
        leaves=_lines(_file(files, LEAVES)),
        checkpoint=_text(_file(files, CHECKPOINT)),
    )
    placed = dict(_contents(bundle))
    # Bodies too: of two values that stand under each other's names the names alone are right.
    if misplaced := sorted(
        name for name in placed.keys() | files.keys() - {INDEX} if placed.get(name) != files.get(name)
    ):
        raise ExtraFile(
            got=f"{misplaced[0]}, a name that does not follow from what the files hold, and {len(misplaced) - 1} more",
            wanted="the files of a bundle of this audience, each under its own name",
            act=_ACT,
        )
    return bundle


def check_index(files: Mapping[str, bytes]) -> BundleIndex:
    """Return the index of a bundle, once every file is seen to be the one it names, and no other is there.

    Raises: BadFileName, MissingFile, ExtraFile, ChangedFile, WrongIndex, and what `WireValue.parse` raises.
    """
    for name in files:
        if re.fullmatch(NAME, name) is None:
            raise BadFileName(got="a file name of another form", wanted="a-z, 0-9, hyphen, dot, slash", act=_ACT)
    index = BundleIndex.parse(_file(files, INDEX), source=INDEX)
    names = [entry.name for entry in index.files]
    if not is_strictly_ascending(names) or INDEX in names:
        raise WrongIndex(got="files out of order or named twice", wanted="each once, in order", act=_ACT)
    if extra := sorted(set(files) - {INDEX, *names}):
        raise ExtraFile(got=f"{extra[0]}, which the index does not name", wanted="the files of the index", act=_ACT)
    for entry in index.files:
        body = _file(files, entry.name)
        if (len(body), sha256(body).hexdigest()) != (entry.bytes, entry.sha256):
            raise ChangedFile(got=f"another {entry.name}", wanted="the bytes that the index names", act=_ACT)
    return index


def round_name(slot: Digest) -> str:
    """Return the folder of a round."""
    return f"rounds/{slot}/"


def _contents(bundle: Bundle) -> Iterator[tuple[str, bytes]]:
    yield COVENANT, bundle.covenant.encode()
    yield GEOGRAPHY, bundle.geography.encode()
    for code_list in bundle.code_lists:
        yield f"code-lists/{code_list.id}.json", code_list.encode()
    for signed in bundle.studies:
        yield f"studies/{digest_of(signed.study)}.json", signed.encode()
    for given in bundle.approvals:
        approval = given.approval
        yield f"approvals/{approval.study_digest}/{approval.party}.{approval.officer}.json", given.encode()
    for held in bundle.rounds:
        folder = round_name(held.release.release.slot)
        yield f"{folder}release.json", held.release.encode()
        if held.second is not None:
            yield f"{folder}second.json", held.second.encode()
        if (held.frames is None) != (bundle.audience is Audience.PUBLIC):
            raise ExtraFile(
                got=f"a round with or without frames in a bundle for {bundle.audience}",
                wanted="frames in every audit bundle and in no public one",
                act=_ACT,
            )
        if held.frames is not None:
            yield from _frame_files(folder, held.frames)
    yield LEAVES, b"".join(leaf + b"\n" for leaf in bundle.leaves)
    yield CHECKPOINT, bundle.checkpoint.encode()


def _frame_files(folder: str, frames: RoundFrames) -> Iterator[tuple[str, bytes]]:
    yield f"{folder}propose.bin", frames.propose
    yield f"{folder}commit.bin", frames.commit
    if frames.repair:
        yield f"{folder}repair.bin", frames.repair
    yield f"{folder}result.bin", frames.result
    yield f"{folder}verdicts.bin", pack(frames.verdicts)


def _round(files: Mapping[str, bytes], folder: str, audience: Audience) -> BundledRound:
    release = SignedRelease.parse(_file(files, f"{folder}release.json"), source=f"{folder}release.json")
    name = f"{folder}second.json"
    second = SecondSignature.parse(files[name], source=name) if name in files else None
    if audience is Audience.PUBLIC:
        return BundledRound(release, second, None)
    parts = {kind: _file(files, f"{folder}{kind}.bin") for kind in ("propose", "commit", "result", "verdicts")}
    verdicts = unpack(parts["verdicts"], source=f"{folder}verdicts.bin")
    repair = files.get(f"{folder}repair.bin", b"")
    frames = RoundFrames(parts["propose"], parts["commit"], repair, parts["result"], verdicts)
    return BundledRound(release, second, frames)


def _file(files: Mapping[str, bytes], name: str) -> bytes:
    body = files.get(name)
    if body is None:
        raise MissingFile(got=f"no file {name}", wanted="every file of the bundle", act=_ACT)
    return body


def _under(files: Mapping[str, bytes], folder: str) -> Iterator[tuple[str, bytes]]:
    return ((name, body) for name, body in sorted(files.items()) if name.startswith(folder))


def _lines(body: bytes) -> tuple[bytes, ...]:
    if body and not body.endswith(b"\n"):
        raise ChangedFile(got=f"{LEAVES} without a newline at the end", wanted="one entry a line", act=_ACT)
    return tuple(body.split(b"\n")[:-1])


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise ChangedFile(got=f"{CHECKPOINT} that is not text", wanted="a signed note", act=_ACT) from None
