"""The peer of the masks: what Flower 1.41 does for SecAgg+, stage by stage with its defaults, without a network.

Its own functions run; only the messages between them are made here, before the clock starts. Every party is every
other's neighbour, as in our rounds, and two thirds of the shares rebuild a seed, as in Flower's example.
"""

import os
import warnings

import numpy as np

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # its command line, imported along, uses old names
    from flwr.app import ConfigRecord
    from flwr.client.mod.secure_aggregation.secaggplus_mod import (
        SecAggPlusState,
        _collect_masked_vectors,
        _setup,
        _share_keys,
    )
    from flwr.common import Parameters, bytes_to_ndarray, ndarray_to_bytes, ndarrays_to_parameters
    from flwr.common.secure_aggregation.crypto.shamir import combine_shares, create_shares
    from flwr.common.secure_aggregation.crypto.symmetric_encryption import encrypt, generate_shared_key
    from flwr.common.secure_aggregation.ndarrays_arithmetic import (
        parameters_addition,
        parameters_mod,
        parameters_subtraction,
    )
    from flwr.common.secure_aggregation.secaggplus_constants import Key
    from flwr.common.secure_aggregation.secaggplus_utils import pseudo_rand_gen, share_keys_plaintext_concat
    from flwr.supercore.primitives.asymmetric import bytes_to_public_key, generate_key_pairs, public_key_to_bytes

RING, CLIPPING, LEVELS, WEIGHT = 2**32, 8.0, 2**22, 1000  # Flower's defaults
SEED_SHARE_BYTES, KEY_SHARE_BYTES = 52, 324  # what `create_shares` gives for a seed and for a private key


def masks_only(peers: int, cells: int) -> list[np.ndarray]:
    """Add one private mask and one mask a peer to a vector, and reduce: the arithmetic of Flower's client alone."""
    values = [np.zeros(cells, dtype=np.int64)]
    for number in range(peers + 1):
        stream = pseudo_rand_gen(number.to_bytes(32, "little"), RING, [(cells,)])
        values = parameters_addition(values, stream) if number % 2 else parameters_subtraction(values, stream)
    return parameters_mod(values, RING)


def upload_size(cells: int) -> int:
    """Return the bytes of a masked vector as Flower's client encodes it."""
    return len(ndarray_to_bytes(masks_only(1, cells)[0]))


class SecAggClient:
    """One client with everything that its peers sent it."""

    def __init__(self, *, peers: int, cells: int) -> None:
        own, parties = 0, peers + 1
        self._state = SecAggPlusState()
        self._state.nid = own
        public = _setup(
            self._state,
            ConfigRecord(
                {
                    Key.SAMPLE_NUMBER: parties,
                    Key.SHARE_NUMBER: parties,
                    Key.THRESHOLD: -(-2 * parties // 3),
                    Key.CLIPPING_RANGE: CLIPPING,
                    Key.TARGET_RANGE: LEVELS,
                    Key.MOD_RANGE: RING,
                    Key.MAX_WEIGHT: float(WEIGHT),
                }
            ),
        )
        own_keys = [bytes(public[Key.PUBLIC_KEY_1]), bytes(public[Key.PUBLIC_KEY_2])]  # type: ignore[arg-type]  # bytes
        keys, ciphertexts, sources = {str(own): own_keys}, [], []
        for peer in range(1, parties):
            _, public_1 = generate_key_pairs()
            private_2, public_2 = generate_key_pairs()
            keys[str(peer)] = [public_key_to_bytes(public_1), public_key_to_bytes(public_2)]
            shares = share_keys_plaintext_concat(peer, own, os.urandom(SEED_SHARE_BYTES), os.urandom(KEY_SHARE_BYTES))
            ciphertexts.append(encrypt(generate_shared_key(private_2, bytes_to_public_key(own_keys[1])), shares))
            sources.append(peer)
        self._keys = ConfigRecord(dict(keys))
        self._received = ConfigRecord({Key.CIPHERTEXT_LIST: ciphertexts, Key.SOURCE_LIST: sources})
        self._parameters: Parameters = ndarrays_to_parameters([np.linspace(-1, 1, cells, dtype=np.float32)])

    def upload(self) -> object:
        """Share the seeds and return the masked vector: stages 1 and 2 of Flower's client."""
        _share_keys(self._state, self._keys)
        return _collect_masked_vectors(self._state, self._received, WEIGHT, self._parameters)


class SecAggServer:
    """A server that has every client's masked vector and every share of every seed."""

    def __init__(self, *, parties: int, cells: int) -> None:
        threshold = -(-2 * parties // 3)
        self._shares = [create_shares(number.to_bytes(32, "little"), threshold, parties) for number in range(parties)]
        self._upload = ndarray_to_bytes(np.arange(cells, dtype=np.int64))
        self._shape: list[tuple[int, ...]] = [(cells,)]

    def open(self) -> object:
        """Add the vectors, rebuild every seed, take every private mask off: what Flower's server does at the end."""
        total = [bytes_to_ndarray(self._upload)]
        for _ in self._shares[1:]:
            total = parameters_addition(total, [bytes_to_ndarray(self._upload)])
        total = parameters_mod(total, RING)
        for shares in self._shares:
            total = parameters_subtraction(total, pseudo_rand_gen(combine_shares(shares), RING, self._shape))
        return parameters_mod(total, RING)
