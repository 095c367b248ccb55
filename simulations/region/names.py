"""Computes: names and codes of places that do not exist.

CBS numbers gemeenten below 2000 and has never used GM99xx. No buurt of 2024 lies in the postcodes taken here.
"""

import numpy as np

from protocol.words.geography import AreaCode

_FIRST = (
    *("Fabel", "Droom", "Schijn", "Nergens", "Verzin", "Sprook", "Mythe", "Waan", "Zogenaamd", "Oefen", "Voorbeeld"),
    *("Luchtkasteel", "Sage", "Legende", "Verzonnen", "Denkbeeld", "Fantasie", "Hersenschim", "Bedenksel", "Maanzand"),
    *("Regenboog", "Wolken", "Spiegelbeeld", "Eenhoorn", "Griffioen", "Feniks", "Kabouter", "Toverstaf", "Echo"),
    *("Schaduw", "Goochel", "Raadsel"),
)
_LAST = (
    *("veld", "haven", "dijk", "meer", "kamp", "brink", "hof", "polder", "kade", "eind", "land", "dam", "gaard"),
    *("horn", "wijk", "buurt", "oord", "plein"),
)
INVENTED = "BU99"  # with which the code of every fictional buurt begins
MAX_NAMES = len(_FIRST) * len(_LAST)
# Postcode areas in which CBS's 2024 key figures put no buurt; used from the first on.
POSTCODE_AREAS = (*range(4950, 5000), *range(8950, 9000))
_LETTERS = "ABCDEGHJKLMNPRSTVWXZ"  # the letters that Dutch postcodes use, in every pair but three
_PAIRS = tuple(first + last for first in _LETTERS for last in _LETTERS if first + last not in ("SA", "SD", "SS"))
MAX_POSTCODES = len(_PAIRS)  # of six characters in one postcode area


def invented_names(count: int, generator: np.random.Generator) -> tuple[str, ...]:
    """Return different names of places that do not exist."""
    chosen = generator.permutation(len(_FIRST) * len(_LAST))[:count]
    return tuple(_FIRST[int(place) // len(_LAST)] + _LAST[int(place) % len(_LAST)] for place in chosen)


def gemeente_code(gemeente: int) -> AreaCode:
    """Return the code of a fictional gemeente, counted from 0."""
    return AreaCode(f"GM99{gemeente + 1:02}")


def wijk_code(gemeente: int, wijk: int) -> AreaCode:
    """Return the code of a wijk; gemeente and wijk, within it, counted from 0."""
    return AreaCode(f"WK99{gemeente + 1:02}{wijk + 1:02}")


def buurt_code(gemeente: int, wijk: int, buurt: int) -> AreaCode:
    """Return the code of a buurt; each counted from 0 within the one above it."""
    return AreaCode(f"BU99{gemeente + 1:02}{wijk + 1:02}{buurt + 1:02}")


def postcode(area: int, place: int) -> str:
    """Return the place-th six-character postcode of a postcode area, without a space, such as 4950AB."""
    return f"{area}{_PAIRS[place]}"
