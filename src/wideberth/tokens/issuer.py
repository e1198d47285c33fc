"""Mints bearer tokens with an RSA key: for tests, the exercise, the load generator and a developer's own issuer.

In:  a private key in PEM; for each token who, which scopes, for whom, when and for how long (seconds).
Out: a token with the claims of RFC 7519 and RFC 9068 that `verify` reads; the public key as PEM and as a key set.
Raises ValueError for a key that is no RSA key of 2,048 bits or more.
"""

import secrets
from collections.abc import Iterable, Sequence
from typing import Any, Final, cast

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from joserfc import jwt
from joserfc.jwk import RSAKey

from wideberth.limits import ISSUER_KEY_BITS_MIN
from wideberth.tokens.verify import ALGORITHM

EXPONENT: Final = 65_537
LIFE_S: Final = 3_600


def new_private_pem() -> bytes:
    """A fresh RSA key of 2,048 bits, as PKCS #8 in PEM."""
    key = generate_private_key(EXPONENT, ISSUER_KEY_BITS_MIN)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


class Issuer:
    """An issuer of that name with one key."""

    def __init__(self, private_pem: bytes, name: str) -> None:
        try:
            private = load_pem_private_key(private_pem, None)
        except (TypeError, UnsupportedAlgorithm) as error:
            raise ValueError(str(error)) from error
        if not isinstance(private, RSAPrivateKey) or private.key_size < ISSUER_KEY_BITS_MIN:
            raise ValueError(f"an RSA key of {ISSUER_KEY_BITS_MIN:,} bits or more is needed")
        self.name = name
        self.public_pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self._key = RSAKey.import_key(private)
        self.kid = self._key.thumbprint()

    def jwks(self) -> dict[str, Any]:
        """The key set (RFC 7517) that an issuer publishes."""
        public = cast(dict[str, Any], self._key.as_dict(private=False))
        return {"keys": [public | {"kid": self.kid, "use": "sig", "alg": ALGORITHM}]}

    def mint(
        self, sub: str, scopes: Iterable[str], audience: str | Sequence[str], now_s: float, life_s: float = LIFE_S
    ) -> str:
        """A token that holds from now on."""
        return self.sign(self.claims(sub, scopes, audience, now_s, life_s))

    def claims(
        self, sub: str, scopes: Iterable[str], audience: str | Sequence[str], now_s: float, life_s: float = LIFE_S
    ) -> dict[str, Any]:
        """What such a token says."""
        now = int(now_s)
        return {
            "iss": self.name,
            "sub": sub,
            "aud": audience if isinstance(audience, str) else list(audience),
            "scope": " ".join(scopes),
            "iat": now,
            "nbf": now,
            "exp": now + int(life_s),
            "jti": secrets.token_hex(16),
        }

    def sign(self, claims: dict[str, Any], header: dict[str, Any] | None = None) -> str:
        """A token with exactly these claims, whatever they say; `header` beside `alg`, `typ` and `kid`."""
        head = {"alg": ALGORITHM, "typ": "JWT", "kid": self.kid} | (header or {})
        return jwt.encode(head, claims, self._key, algorithms=[ALGORITHM])
