"""Computes: the key that two parties share under one covenant, and from it one key for every slot and attempt.

    secret   = X25519(a_i, A_j)                                             RFC 7748 section 5
    K_ij     = HKDF-SHA256(secret, salt = H(covenant), info, 32 bytes)      RFC 5869
    info     = lp("pair") lp(id_low) lp(A_low) lp(id_high) lp(A_high)       id_low before id_high
    slot key = HMAC-SHA256(K_ij, ctx)                                       RFC 2104

lp(x) is the length of x as eight bytes, big end first, then x. Ids are ASCII and compare as bytes; public keys are the
32 bytes of RFC 7748. Both sides write the same `info`, so both get the same key. `ctx` names slot, attempt,
participants, specification, nonces and commitments (DESIGN 6): parties that were shown different ones get unrelated
keys. Public keys come from the signed covenant, never from the coordinator at run time.
"""

from dataclasses import dataclass
from hmac import digest as hmac_digest
from typing import NoReturn

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from protocol.digest import LENGTH_BYTES
from protocol.errors import RoundRefusal
from protocol.words.ids import AgreementKey, Digest, PartyId

AgreementPrivateKey = X25519PrivateKey  # who needs the type imports it from here

KEY_BYTES = 32  # X25519 keys, SHA-256 digests and AES-256 keys alike
FIELD_PRIME = 2**255 - 19

# The u coordinates of the points of order 1, 2, 4 and 8 on Curve25519 and its twist. Under such a key the secret is
# zero whatever the other side holds, so that everybody knows it. Source: RFC 7748 sections 6.1 and 7.
_SMALL_ORDER_U = frozenset(
    {
        0,
        1,
        325606250916557431795983626356110631294008115727848805560023387167927233504,
        39382357235489614581723060781553021112529911719440698176882885853963445705823,
        FIELD_PRIME - 1,
    }
)
_NEW_KEY = "the party must make a new agreement key, and all must sign a covenant with it"


class KeyNotCanonical(RoundRefusal):
    """A public agreement key that is not the one encoding of its point."""


class SmallOrderKey(RoundRefusal):
    """A public agreement key under which the shared secret would be zero for everybody."""


class AllZeroSecret(RoundRefusal):
    """A shared secret that came out as zero."""


class OwnKeyReflected(RoundRefusal):
    """A peer with this party's own id or own public key."""


class NotOwnKey(RoundRefusal):
    """A private agreement key that is not the one whose public half the covenant pins for this party."""


class WrongDigest(RoundRefusal):
    """A covenant digest, round context or secret key that is not 32 bytes."""


@dataclass(frozen=True, slots=True)
class PartyKey:
    """A party and its X25519 public key, as the covenant pins them."""

    party_id: PartyId
    public_key: AgreementKey


class _Secret:
    """32 secret bytes between two parties that print, log, copy and pickle as nothing.

    Not promised: that the bytes are erased from memory; Python cannot.
    """

    __slots__ = ("_key", "own_id", "peer_id")

    def __init__(self, key: bytes, *, own_id: PartyId, peer_id: PartyId) -> None:
        _check_length(key, "a secret key")
        self._key = key
        self.own_id = own_id
        self.peer_id = peer_id

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.own_id}, {self.peer_id})"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} is never copied, pickled or sent")

    def reveal(self) -> bytes:
        """Return the 32 bytes, for the cipher or hash that uses them and for nothing else."""
        return self._key


class PairKey(_Secret):
    """K_ij: what two parties share for as long as their covenant version holds."""

    __slots__ = ()


class SlotKey(_Secret):
    """The 256-bit key of one pair for one round context; the key of one keystream."""

    __slots__ = ()

    @property
    def adds(self) -> bool:
        """Whether this party adds the keystream (sgn(j - i) = +1); its peer then subtracts it."""
        return self.own_id < self.peer_id


def agreement_private_key(raw: bytes) -> AgreementPrivateKey:
    """Return the private key of 32 secret bytes."""
    return X25519PrivateKey.from_private_bytes(raw)


def public_agreement_key(private: AgreementPrivateKey) -> AgreementKey:
    """Return the public half, as a covenant holds it."""
    return AgreementKey(private.public_key().public_bytes_raw().hex())


def check_public_key(key: PartyKey) -> None:
    """Refuse a public key that is not in its one encoding or has small order.

    Stricter than RFC 7748, which takes several encodings of a point: no party can show a peer's key in another dress.
    Raises: KeyNotCanonical, SmallOrderKey.
    """
    coordinate = int.from_bytes(_bytes_of(key), "little")
    if coordinate >= FIELD_PRIME:
        raise _not_canonical(key)
    if coordinate in _SMALL_ORDER_U:
        raise SmallOrderKey(
            got=f"a public agreement key of small order at {key.party_id}",
            wanted="a key made by the keys command",
            act=_NEW_KEY,
        )


def agree(private: AgreementPrivateKey, *, own: PartyKey, peer: PartyKey, covenant_digest: Digest) -> PairKey:
    """Return K_ij of this party and a peer.

    covenant_digest: of the covenant version that pins both public keys.
    Raises: KeyNotCanonical, SmallOrderKey, AllZeroSecret, OwnKeyReflected, NotOwnKey, WrongDigest.
    """
    check_public_key(own)
    check_public_key(peer)
    salt = bytes.fromhex(covenant_digest)
    _check_length(salt, "a covenant digest")
    if private.public_key().public_bytes_raw() != _bytes_of(own):
        raise NotOwnKey(
            got=f"a private agreement key that is not the one of {own.party_id}",
            wanted="the private half of the key that the covenant pins",
            act=f"{own.party_id} must open the keystore that belongs to this version of the covenant",
        )
    if peer.party_id == own.party_id or peer.public_key == own.public_key:
        raise OwnKeyReflected(
            got=f"peer {peer.party_id} with the id or the public key of {own.party_id} itself",
            wanted="two parties with two keys",
            act="the author of the covenant must mend it, and all must sign again",
        )
    secret = _shared_secret(private, peer)
    hkdf = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt, info=_pair_info(own, peer))
    return PairKey(hkdf.derive(secret), own_id=own.party_id, peer_id=peer.party_id)


def slot_key(pair: PairKey, ctx: bytes) -> SlotKey:
    """Return the key of this pair for one round context: all 256 bits of HMAC-SHA256(K_ij, ctx).

    ctx: 32 bytes, ctx or ctx' of DESIGN 6.
    Raises: WrongDigest.
    """
    _check_length(ctx, "a round context")
    return SlotKey(hmac_digest(pair.reveal(), ctx, "sha256"), own_id=pair.own_id, peer_id=pair.peer_id)


def _shared_secret(private: AgreementPrivateKey, peer: PartyKey) -> bytes:
    """Return X25519(a_i, A_j). The zero check stands beside the list of points: two ways to see one fault."""
    try:
        return private.exchange(X25519PublicKey.from_public_bytes(_bytes_of(peer)))
    except ValueError as error:  # the library refuses a zero secret (RFC 7748 section 6.1); its text holds no key
        raise AllZeroSecret(
            got=f"a zero secret with {peer.party_id}", wanted="one that only two parties know", act=_NEW_KEY
        ) from error


def _pair_info(own: PartyKey, peer: PartyKey) -> bytes:
    low, high = sorted((own, peer), key=lambda party: party.party_id)
    parts = (b"pair", low.party_id.encode("ascii"), _bytes_of(low), high.party_id.encode("ascii"), _bytes_of(high))
    return b"".join(len(part).to_bytes(LENGTH_BYTES, "big") + part for part in parts)


def _bytes_of(key: PartyKey) -> bytes:
    try:
        raw = bytes.fromhex(key.public_key)
    except ValueError:
        raise _not_canonical(key) from None
    if len(raw) != KEY_BYTES or raw.hex() != key.public_key:
        raise _not_canonical(key)
    return raw


def _not_canonical(key: PartyKey) -> KeyNotCanonical:
    return KeyNotCanonical(
        got=f"a public agreement key of {key.party_id} that is in no canonical form",
        wanted="a number below 2^255 - 19 as 32 bytes, little end first, in lower-case hex",
        act=_NEW_KEY,
    )


def _check_length(value: bytes, name: str) -> None:
    if len(value) != KEY_BYTES:
        raise WrongDigest(got=f"{name} of {len(value)} bytes", wanted=f"{KEY_BYTES}", act="the caller must hash first")
