"""Computes: what `watch` says of an entry and of how far it is, in Dutch and English."""

from privacy.language import Language
from protocol.ledger.entry import parse_entry

_SHOWN = 12  # digits of a digest: enough to find it again by eye
_KINDS = {
    "abort": ("ronde opgegeven", "round given up"),
    "approval": ("goedkeuring", "approval"),
    "correction": ("publicatie vervangen", "release replaced"),
    "covenant": ("convenant", "covenant"),
    "disclosure": ("bijdrage", "contribution"),
    "lock": ("bijdrage vastgezet", "contribution locked"),
    "release": ("publicatie", "release"),
    "resumed": ("verder in een ander bestand", "went on in another file"),
    "withdrawal": ("publicatie ingetrokken", "release withdrawn"),
    "year-closed": ("jaar gesloten", "year closed"),
}


def entry_line(entry: str, language: Language) -> str:
    """Return an entry as one line: what it is, and its fields, digests in short."""
    fields = parse_entry(entry.encode("utf-8")).model_dump(mode="json", exclude={"version"})
    kind = _KINDS[fields.pop("kind")][0 if language is Language.DUTCH else 1]
    return f"{kind}: " + ", ".join(f"{name} {_short(value)}" for name, value in fields.items())


def progress(size: int, fresh: int, language: Language) -> str:
    """Return how far the copy is."""
    if language is Language.DUTCH:
        return f"{size} regels, {fresh} nieuw: het logboek groeide alleen, en geeft de ondertekende wortel"
    return f"{size} entries, {fresh} new: the log only grew, and gives the signed root"


def _short(value: object) -> str:
    text = str(value)
    return f"{text[:_SHOWN]}..." if len(text) > 2 * _SHOWN else text
