"""A lying coordinator for tests: it changes what it likes, signs it again, and makes log and index fit."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256

from privacy.audit.report import Check, Outcome, Report
from privacy.audit.verify import verify
from protocol.bundle import INDEX, Bundle, BundleFile, BundleIndex, RoundFrames, pack_bundle, parse_bundle
from protocol.digest import digest_of
from protocol.ledger.entry import ReleaseEntry
from protocol.release import Release, ReleasedCell, SignedRelease
from protocol.round.frame import digest_of_payload, parse_frame, seal
from protocol.signing import Purpose, sign
from protocol.words.ids import Digest, PartyId
from tests import bundles, example

Files = Mapping[str, bytes]
_KEY = example.signing_key(example.COORDINATOR)


def failed(report: Report) -> set[Check]:
    """Return the steps that failed."""
    return {step.check for step in report.steps if step.outcome is Outcome.FAILED}


def caught(files: Files) -> set[Check]:
    return failed(verify(files))


def reindexed(files: Files) -> dict[str, bytes]:
    """Return the files with an index that fits them."""
    entries = tuple(
        BundleFile(name=name, bytes=len(body), sha256=Digest(sha256(body).hexdigest()))
        for name, body in sorted(files.items())
        if name != INDEX
    )
    audience = BundleIndex.parse(files[INDEX]).audience
    return {**files, INDEX: BundleIndex(audience=audience, files=entries).encode()}


def released(files: Files, change: Callable[[Release], Release]) -> dict[str, bytes]:
    """Return the bundle with another release of its first round, signed and logged."""
    bundle = parse_bundle(files)
    held = bundle.rounds[0]
    old, new = held.release.release, change(held.release.release)
    signed = SignedRelease(release=new, signature=sign(new.encode(), key=_KEY, purpose=Purpose.RELEASE))
    before = ReleaseEntry(slot=old.slot, release_digest=digest_of(old)).encode()
    after = ReleaseEntry(slot=new.slot, release_digest=digest_of(new)).encode()
    leaves = [after if leaf == before else leaf for leaf in bundle.leaves]
    return logged(replace(bundle, rounds=(replace(held, release=signed), *bundle.rounds[1:])), leaves)


def logged(bundle: Bundle, leaves: list[bytes]) -> dict[str, bytes]:
    """Return the bundle with another log, signed."""
    head = bundles.head_over(leaves, bundles.world().member)
    return pack_bundle(replace(bundle, leaves=tuple(leaves), checkpoint=head))


def with_cell(release: Release, index: int, change: Callable[[ReleasedCell], ReleasedCell]) -> Release:
    """Return a release with one other cell."""
    tables = tuple(
        table.model_copy(update={"cells": tuple(change(cell) if cell.index == index else cell for cell in table.cells)})
        for table in release.tables
    )
    return release.model_copy(update={"tables": tables})


def framed(files: Files, change: Callable[[RoundFrames], RoundFrames]) -> dict[str, bytes]:
    """Return the bundle with other frames of its first round."""
    bundle = parse_bundle(files)
    held = bundle.rounds[0]
    assert held.frames is not None
    return pack_bundle(replace(bundle, rounds=(replace(held, frames=change(held.frames)), *bundle.rounds[1:])))


def resealed(
    body: bytes, *, sender: PartyId = example.COORDINATOR, payload: bytes | None = None, **fields: object
) -> bytes:
    """Return a frame with other fields or another payload, signed again by its sender."""
    frame = parse_frame(body, source="test", max_payload_bytes=1 << 20)
    chosen = frame.payload if payload is None else payload
    if payload is not None:
        fields["payload_digest"] = digest_of_payload(chosen)
    header = frame.header.model_copy(update=fields)
    return seal(header, key=example.signing_key(sender), payload=chosen).encode()
