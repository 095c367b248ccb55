"""Computes: the house's own source of chance, keyed by a seed, so that a simulation or test can be run again.

It is `RandomSource` itself with a key that everyone knows; the code that draws is the code of a real round. A node
cannot import this package, so no setting of a node can make its noise known.
"""

from hashlib import sha256

from privacy.randomness import RandomSource
from protocol.wire import canonical


def seeded_source(seed: int, *names: str) -> RandomSource:
    """Return the source of a seed and the names of what it is for, such as ("noise", "vt-01").

    Equal arguments give equal bytes; the names keep the parts of one simulation independent.
    Not promised: any secrecy. Whoever knows the seed knows every byte.
    """
    return RandomSource(sha256(b"samenzicht simulation seed\n" + canonical([seed, *names])).digest())
