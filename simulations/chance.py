"""Computes: NumPy's generator for invented people, keyed by a seed and the names of what it is for.

It makes registers, never noise: the noise of a simulated round comes from `simulations/seeded.py`.
"""

from hashlib import sha256

import numpy as np

from protocol.wire import canonical


def seeded_generator(seed: int, *names: str) -> np.random.Generator:
    """Return the generator of a seed and the names of what it is for, such as ("region", "shapes").

    Equal arguments give equal draws; the names keep the parts of one simulation independent.
    Not promised: the same draws under another release of NumPy.
    """
    key = sha256(b"samenzicht invented people\n" + canonical([seed, *names])).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(key, "big")))
