"""The other peer of the masks: a sum under BFV homomorphic encryption, one holder of the key."""

from importlib import import_module
from typing import Any

PLAIN_MODULUS = 4_295_049_217  # the smallest prime above 2^32 that is 1 mod 16,384, so that a slot holds a 32-bit cell
RING_DEGREE = 8192  # the smallest that keeps 128-bit security and room for such a modulus


class BfvSum:
    """A vector of counts, encrypted once, and its sum with itself."""

    def __init__(self, cells: int) -> None:
        self._tenseal = import_module("tenseal")  # it ships no types
        self._context = self._tenseal.context(
            self._tenseal.SCHEME_TYPE.BFV, poly_modulus_degree=RING_DEGREE, plain_modulus=PLAIN_MODULUS
        )
        self._values = list(range(cells))
        self._encrypted: Any = self.encrypt()

    def encrypt(self) -> object:
        """Encrypt the vector: what a party does."""
        return self._tenseal.bfv_vector(self._context, self._values)

    def add(self, uploads: int) -> object:
        """Add `uploads` ciphertexts: what the coordinator does, before the key holder decrypts."""
        total = self._encrypted.copy()
        for _ in range(uploads - 1):
            total += self._encrypted
        return total

    def upload_size(self) -> int:
        """Return the bytes of one encrypted vector."""
        return len(self._encrypted.serialize())
