"""The issuer's keys, out of PEM files and key sets.

In:  bytes of a file (RFC 7468: public keys, certificates; several may stand in one) or of a key set (RFC 7517).
Out: public RSA keys.
Refuses: private keys, other kinds of key in a file, keys too weak or too long, too many, a key set without one that can
be used. In a key set, what is not for RS256 signatures is passed over, as the RFC asks. The dates of a certificate are
not looked at: it only carries the key that the operator chose.
"""

import re
from typing import Final

import msgspec
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from joserfc.jwk import RSAKey
from joserfc.util import base64_to_int

from wideberth.limits import ISSUER_KEY_BITS_MAX, ISSUER_KEY_BITS_MIN, ISSUER_KEYS_MAX, NAME_CHARACTERS_MAX
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.tokens.verify import ALGORITHM, IssuerKey

BLOCK: Final = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----[^-]*-----END \1-----")
EXPONENT_BITS_MAX: Final = 32
KID_CHARACTERS_MAX: Final = 4 * NAME_CHARACTERS_MAX
NUMBER_CHARACTERS_MAX: Final = ISSUER_KEY_BITS_MAX // 6 + 1


class _Set(msgspec.Struct):
    keys: list[msgspec.Raw]


class _Jwk(msgspec.Struct):
    kty: str
    n: str
    e: str
    kid: str | None = None
    use: str = "sig"
    alg: str = ALGORITHM
    key_ops: tuple[str, ...] = ("verify",)
    d: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


def read_pem(data: bytes, field: str) -> tuple[IssuerKey, ...] | Refusal:
    """The keys of a file."""
    found: list[IssuerKey] = []
    for block in BLOCK.finditer(data):
        key = _of_block(block[1], block[0], field)
        if isinstance(key, Refusal):
            return key
        found.append(key)
    if not found:
        return refuse(Reason.MALFORMED, field, "a PEM file with a public RSA key or a certificate", "none in it")
    return _bounded(found, field)


def _of_block(label: bytes, block: bytes, field: str) -> IssuerKey | Refusal:
    if b"PRIVATE" in label:
        return refuse(
            Reason.MALFORMED, field, "the public key alone; a private one stays with the issuer", "a private key"
        )
    try:
        if label == b"CERTIFICATE":
            public: object = x509.load_pem_x509_certificate(block).public_key()
        else:
            public = load_pem_public_key(block)
    except (ValueError, UnsupportedAlgorithm) as error:
        return refuse(Reason.MALFORMED, field, "a public RSA key or a certificate that can be read", str(error))
    if not isinstance(public, RSAPublicKey):
        return refuse(Reason.MALFORMED, field, "an RSA key", type(public).__name__.strip("_"))
    return _key(public, None, field)


def read_jwks(data: bytes, field: str) -> tuple[IssuerKey, ...] | Refusal:
    """The keys of a key set that are for RS256 signatures."""
    try:
        rows = msgspec.json.decode(data, type=_Set).keys
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return refuse(Reason.MALFORMED, field, "a key set (RFC 7517)", str(error))
    found = [key for row in rows if isinstance(key := _of_row(row, field), IssuerKey)]
    if not found:
        limit = f"a key set with an RSA key of {ISSUER_KEY_BITS_MIN:,} bits or more for {ALGORITHM}"
        return refuse(Reason.MALFORMED, field, limit, f"{len(rows)} keys, none of them one")
    return _bounded(found, field)


def _of_row(row: msgspec.Raw, field: str) -> IssuerKey | Refusal | None:
    """The key of a row; None where it is for something else or cannot be read."""
    try:
        jwk = msgspec.json.decode(row, type=_Jwk)
        if (jwk.kty, jwk.use, jwk.alg) != ("RSA", "sig", ALGORITHM) or "verify" not in jwk.key_ops:
            return None
        if jwk.d is not msgspec.UNSET or len(jwk.kid or "") > KID_CHARACTERS_MAX:
            return None  # who published the private half has a key that is anybody's
        if max(len(jwk.n), len(jwk.e)) > NUMBER_CHARACTERS_MAX:
            return None
        public = RSAPublicNumbers(base64_to_int(jwk.e), base64_to_int(jwk.n)).public_key()
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return None
    return _key(public, jwk.kid, field)


def _key(public: RSAPublicKey, kid: str | None, field: str) -> IssuerKey | Refusal:
    bits = public.key_size
    if not ISSUER_KEY_BITS_MIN <= bits <= ISSUER_KEY_BITS_MAX:
        limit = f"an RSA key of {ISSUER_KEY_BITS_MIN:,} to {ISSUER_KEY_BITS_MAX:,} bits"
        return refuse(Reason.OUT_OF_RANGE, field, limit, f"{bits:,} bits")
    if public.public_numbers().e.bit_length() > EXPONENT_BITS_MAX:
        return refuse(Reason.OUT_OF_RANGE, field, f"an exponent of up to {EXPONENT_BITS_MAX} bits", "a longer one")
    rsa = RSAKey.import_key(public)
    return IssuerKey(kid, rsa.thumbprint(), rsa, (bits + 7) // 8)


def _bounded(found: list[IssuerKey], field: str) -> tuple[IssuerKey, ...] | Refusal:
    if len(found) > ISSUER_KEYS_MAX:
        return refuse(Reason.TOO_LARGE, field, f"at most {ISSUER_KEYS_MAX} keys", len(found))
    return tuple(found)
