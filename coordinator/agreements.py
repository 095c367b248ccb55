"""Touches the world: the covenant in the making: draft, parties, code lists and signatures, as files."""

from pathlib import Path

from coordinator.drafts import Tree, code_list_of, covenant_of, party_of, read_draft
from coordinator.errors import OperatorRefusal
from coordinator.geography.areas import read_geography, years
from coordinator.whole_file import write_whole
from protocol.covenant.covenant import Covenant
from protocol.covenant.party import Party
from protocol.covenant.signed import PartySignature, SignedCovenant
from protocol.words.code_list import CodeList
from protocol.words.geography import Geography

DRAFT, COVENANT, CODE_LISTS = "draft.toml", "covenant.json", "code-lists"
_MAX_BYTES = 1 << 20


class NoDraft(OperatorRefusal):
    """A covenant that was not begun, or has no areas."""


class CodeListThere(OperatorRefusal):
    """A code list that is in the draft already, with other codes."""


class PartyThere(OperatorRefusal):
    """A party that is in the draft already, with another file."""


def begin(folder: Path, body: bytes, *, source: str) -> Tree:
    """Keep the draft of a covenant; signatures under an earlier draft do not hold any more and are removed.

    Raises: WrongDraft.
    """
    tree = read_draft(body, source=source)
    place = folder / "covenant"
    for name in ("parties", "signatures"):
        (place / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(place / DRAFT, body)
    for path in (place / CODE_LISTS).glob("*.json"):
        path.unlink()
    _forget_signatures(place)
    return tree


def add_party(folder: Path, body: bytes, *, source: str) -> Party:
    """Add a party to the draft; the same file again is nothing new.

    Raises: NoDraft, PartyThere, WrongDraft, Malformed.
    """
    place = _place(folder)
    party = party_of(read_draft(body, source=source), source=source)
    path = place / "parties" / f"{party.id}.toml"
    if path.exists() and path.read_bytes() != body:
        raise PartyThere(
            got=f"another file of party {party.id}",
            wanted="one file a party",
            act="the operator must begin a new draft, so that everybody sees who changed",
            hint="samenzicht-coordinator covenant new FILE",
        )
    if not path.exists():
        write_whole(path, body)
        _forget_signatures(place)
    return party


def add_code_list(folder: Path, body: bytes, *, source: str) -> CodeList:
    """Add a code list to the draft: TOML as people write it, or the document; the same again is nothing new.

    Raises: NoDraft, CodeListThere, WrongDraft, Malformed, UnsortedCodes.
    """
    place = _place(folder)
    document = body.startswith(b"{")
    found = (
        CodeList.parse(body, source=source)
        if document
        else code_list_of(read_draft(body, source=source), source=source)
    )
    path = place / CODE_LISTS / f"{found.id}.json"
    if path.exists() and path.read_bytes() != found.encode():
        raise CodeListThere(
            got=f"another version of code list {found.id}",
            wanted="one version a covenant",
            act="the operator must give the list another id, or begin a new draft",
            hint="samenzicht-coordinator covenant new FILE",
        )
    if not path.exists():
        path.parent.mkdir(mode=0o700, exist_ok=True)
        write_whole(path, found.encode())
        _forget_signatures(place)
    return found


def code_lists(folder: Path) -> tuple[CodeList, ...]:
    """Return the code lists of the draft, in order of id."""
    paths = sorted((folder / "covenant" / CODE_LISTS).glob("*.json"))
    return tuple(CodeList.parse(path.read_bytes()[:_MAX_BYTES], source=path.name) for path in paths)


def drafted(folder: Path) -> Covenant:
    """Return the covenant that draft and parties make; not promised: that its rules hold.

    Raises: NoDraft, WrongDraft, Malformed.
    """
    place = _place(folder)
    tree = read_draft((place / DRAFT).read_bytes(), source=DRAFT)
    parties = [
        party_of(read_draft(path.read_bytes(), source=path.name), source=path.name)
        for path in sorted((place / "parties").glob("*.toml"))
    ]
    lists = code_lists(folder)
    return covenant_of(tree, parties, newest_geography(folder), code_lists=lists, source=DRAFT)


def newest_geography(folder: Path) -> Geography:
    """Return the areas of the newest year that was imported.

    Raises: NoDraft.
    """
    known = years(folder / "geography")
    if not known:
        raise NoDraft(
            got="no areas",
            wanted="an import before a covenant",
            act="the operator must import them",
            hint="samenzicht-coordinator geography import FILE...",
        )
    return read_geography(folder / "geography", known[-1])


def keep_signature(folder: Path, signature: PartySignature) -> None:
    """Keep a party's signature; a newer one of the same party takes its place until the covenant is in force."""
    write_whole(_place(folder) / "signatures" / f"{signature.signer}.json", signature.encode())


def signed(folder: Path) -> SignedCovenant:
    """Return the draft with the signatures that came in; not promised: that they hold or that none lacks."""
    place = _place(folder)
    found = [
        PartySignature.parse(path.read_bytes()[:_MAX_BYTES], source=path.name)
        for path in sorted((place / "signatures").glob("*.json"))
    ]
    return SignedCovenant(covenant=drafted(folder), signatures=tuple(sorted(found, key=lambda entry: entry.signer)))


def _forget_signatures(place: Path) -> None:
    for path in (place / "signatures").glob("*.json"):
        path.unlink()


def _place(folder: Path) -> Path:
    place = folder / "covenant"
    if not (place / DRAFT).is_file():
        raise NoDraft(
            got="no draft of a covenant",
            wanted="one that was begun",
            act="the operator must begin it",
            hint="samenzicht-coordinator covenant new FILE",
        )
    return place
