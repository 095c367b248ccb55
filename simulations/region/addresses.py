"""Computes: every address of a region with the buurt it lies in, as CBS publishes it for real postcodes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulations.region.names import MAX_POSTCODES, POSTCODE_AREAS, postcode

ADDRESSES_A_POSTCODE = 20  # Dutch postcodes of six characters hold about 20 addresses
VACANT = 0.03  # addresses without a household, so that a household can move
INSTITUTIONS = 4  # buildings such as a shelter or a care home, in the most populous buurten
LEAST_HOUSEHOLDS = 400  # of a buurt with an institution


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class Addresses:
    """One row for each address, in order of buurt.

    buurt: int64, shape (addresses,), the buurt's place. postcode: int64, shape (addresses,), a place in `postcodes`.
    house_number: int64, shape (addresses,), unique within a postcode. institutions: int64, the places of addresses at
    which many live who are no household together.
    """

    postcodes: tuple[str, ...]
    buurt: NDArray[np.int64]
    postcode: NDArray[np.int64]
    house_number: NDArray[np.int64]
    institutions: NDArray[np.int64]

    def __post_init__(self) -> None:
        for column in (self.buurt, self.postcode, self.house_number, self.institutions):
            column.setflags(write=False)

    @property
    def buurt_of_postcode(self) -> NDArray[np.int64]:
        """The one buurt of each postcode; int64, shape (postcodes,)."""
        first = np.unique(self.postcode, return_index=True)[1]
        return np.asarray(self.buurt[first])


def make_addresses(households: NDArray[np.int64], wijk: NDArray[np.int64]) -> Addresses:
    """Return a region's addresses: a home for every household and some empty; a postcode lies in one buurt.

    households, wijk: int64, shape (buurten,). A wijk has one four-digit postcode area.
    """
    homes = np.ceil(households * (1 + VACANT)).astype(np.int64)
    # A populous wijk gets fuller postcodes, so that its one area has letters enough; a buurt may waste one.
    needed = np.bincount(wijk, weights=homes) / (MAX_POSTCODES - np.bincount(wijk))
    block_size = max(ADDRESSES_A_POSTCODE, int(np.ceil(needed.max())))
    blocks = -(-homes // block_size)
    buurt_of_block = np.repeat(np.arange(homes.size), blocks)
    wijk_of_block = wijk[buurt_of_block]
    place = np.arange(buurt_of_block.size) - np.searchsorted(wijk_of_block, wijk_of_block)
    postcodes = tuple(postcode(POSTCODE_AREAS[int(of)], int(at)) for of, at in zip(wijk_of_block, place, strict=True))
    buurt = np.repeat(np.arange(homes.size), homes)
    within = np.arange(buurt.size) - np.repeat(np.cumsum(homes) - homes, homes)
    block = np.repeat(np.cumsum(blocks) - blocks, homes) + within // block_size
    number = 1 + 2 * (within % block_size) + block % 2  # one side of a street: odd or even
    return Addresses(postcodes, buurt, block, number, _institutions(households, homes))


def _institutions(households: NDArray[np.int64], homes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the last address of each of the most populous buurten, in which no household has its home."""
    largest = np.sort(np.argsort(-households, kind="stable")[:INSTITUTIONS])
    return np.asarray((np.cumsum(homes) - 1)[largest[households[largest] >= LEAST_HOUSEHOLDS]])
