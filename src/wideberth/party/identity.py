"""Who speaks: keys, roots and what a key may say.

In:  Ed25519 public keys (32 bytes), grants of them, signatures.
Out: digests that name a root, and verification by libsodium, which refuses keys of small order (RFC 8032, 8.9).
A party's root is m of n keys kept offline; it alone adds and revokes keys. Watch keys carry the commands they may
say and an expiry. Signing lives here as a pure function of the seed; where seeds are kept is the command line's.
"""

import hashlib
from enum import StrEnum
from typing import Final

import msgspec
from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey

from wideberth.limits import NAME_CHARACTERS_MAX, PERMITS_MAX, ROOT_KEYS_MAX, TIME_US_MAX, TIME_US_MIN
from wideberth.refusal import Reason, Refusal, refuse

KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
PARTY_CHARACTERS_MAX: Final = 16


class Role(StrEnum):
    """What a party may do in the theatre."""

    MEMBER = "member"
    OBSERVER = "observer"
    """Reads what is open; says nothing but its own membership."""
    AUDITOR = "auditor"
    """Named by the charter's quorum; is given every part, and may run decide again."""
    SUPPLIER = "supplier"
    """Came in by a bearer token; the node vouches for what it says, and it has no key of the theatre."""


class RootSet(msgspec.Struct, frozen=True, array_like=True):
    """The offline keys of a party, of which `threshold` must sign together."""

    keys: tuple[bytes, ...]
    threshold: int


class KeyGrant(msgspec.Struct, frozen=True, array_like=True):
    """A watch key: what it may say (command tags, or "*" for all but keys) and until when."""

    key: bytes
    permits: tuple[str, ...]
    expires_us: int
    label: str = ""


def root_digest(root: RootSet) -> bytes:
    """The 32 bytes by which an invitation names a root that it has not met yet."""
    return hashlib.sha256(b"wideberth/root/1\n" + msgspec.msgpack.encode(root)).digest()


def check_root(root: RootSet, field: str) -> Refusal | None:
    """Refuse a root whose keys repeat, are not keys, or cannot reach the threshold."""
    if not 1 <= len(root.keys) <= ROOT_KEYS_MAX or len(set(root.keys)) != len(root.keys):
        return refuse(Reason.OUT_OF_RANGE, f"{field}.keys", f"1 to {ROOT_KEYS_MAX} different keys", len(root.keys))
    if any(len(key) != KEY_BYTES for key in root.keys):
        return refuse(Reason.MALFORMED, f"{field}.keys", "an Ed25519 public key has 32 bytes", "another length")
    if not 1 <= root.threshold <= len(root.keys):
        return refuse(Reason.OUT_OF_RANGE, f"{field}.threshold", f"1 to {len(root.keys)}", root.threshold)
    return None


def check_party_code(code: str, field: str) -> Refusal | None:
    """A party's code is 2 to 16 capital letters, digits or hyphens: readable aloud, safe in a path."""
    good = 2 <= len(code) <= PARTY_CHARACTERS_MAX and all(c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-" for c in code)
    return None if good else refuse(Reason.OUT_OF_RANGE, field, "2 to 16 of A-Z, 0-9 and hyphen", code)


def check_grant(grant: KeyGrant, field: str, known: frozenset[str]) -> Refusal | None:
    """Refuse a grant that is no key, whose label is too long, or that permits what is not in `known` (command tags)."""
    if len(grant.key) != KEY_BYTES:
        return refuse(Reason.MALFORMED, f"{field}.key", "an Ed25519 public key has 32 bytes", f"{len(grant.key)} bytes")
    if len(grant.label) > NAME_CHARACTERS_MAX:
        return refuse(Reason.OUT_OF_RANGE, f"{field}.label", f"at most {NAME_CHARACTERS_MAX} characters", grant.label)
    if not TIME_US_MIN <= grant.expires_us <= TIME_US_MAX:
        limit = f"between {TIME_US_MIN} and {TIME_US_MAX}"
        return refuse(Reason.OUT_OF_RANGE, f"{field}.expires_us", limit, grant.expires_us)
    if len(grant.permits) > PERMITS_MAX:
        return refuse(Reason.OUT_OF_RANGE, f"{field}.permits", f"at most {PERMITS_MAX}", len(grant.permits))
    strange = next((tag for tag in grant.permits if tag != "*" and tag not in known), None)
    if strange is not None:
        return refuse(
            Reason.OUT_OF_RANGE, f"{field}.permits", 'names of commands, or "*"', strange[:NAME_CHARACTERS_MAX]
        )
    return None


def public_key(seed: bytes) -> bytes:
    """The Ed25519 public key of a 32-byte seed (RFC 8032, 5.1.5)."""
    return crypto_sign_seed_keypair(seed)[0]


def sign(seed: bytes, message: bytes) -> bytes:
    """The 64-byte Ed25519 signature of `message` under `seed`."""
    return SigningKey(seed).sign(message).signature


def signing_key(seed: bytes) -> bytes:
    """The 64 bytes with which `sign_with` signs many times."""
    return crypto_sign_seed_keypair(seed)[1]


def sign_with(key: bytes, message: bytes) -> bytes:
    """The same signature as `sign`, without deriving the key anew."""
    return crypto_sign(message, key)[:SIGNATURE_BYTES]


def signature_holds(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` is `key`'s over `message`; False for keys of small order and wrong lengths."""
    if len(key) != KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    try:
        crypto_sign_open(signature + message, key)
    except BadSignatureError:
        return False
    return True
