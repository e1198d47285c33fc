"""Whether a bearer token is taken: RS256 (RFC 7515, 7518) with the claims of RFC 7519.

In:  the token as it came, the issuer's keys, whom the operator trusts, the time.
Out: `Accepted`: who, with which scopes, and from when to when this holds; by which key.
Refuses (BAD_TOKEN) with one sentence that says what to do: what is no token, another algorithm, a critical extension, a
key that is not the issuer's, a signature that does not fit, and claims that are missing or do not hold.

What costs nothing is looked at first, the signature last. Only what a header names under `alg`, `kid` and `crit` is
read; keys and addresses in it are nothing to us. Times are NumericDate; at both ends the leeway of `limits` is given.
"""

import base64
import binascii
import re
from collections.abc import Iterable
from typing import Final, NamedTuple, TypeVar

import msgspec
from joserfc.jwk import RSAKey
from joserfc.jws import JWSRegistry

from wideberth.limits import (
    NAME_CHARACTERS_MAX,
    TIME_US_MAX,
    TOKEN_CHARACTERS_MAX,
    TOKEN_LEEWAY_US,
    TOKEN_LIFE_US_MAX,
)
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.space.units import spell_us

ALGORITHM: Final = "RS256"
SECOND_US: Final = 1_000_000
PARTS: Final = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
NEW: Final = "get a new one from the issuer"

HEADER: Final = "authorization"
TOKEN: Final = "token"  # noqa: S105  the name of a field
ALG, CRIT, KID, SIGNATURE = "token.alg", "token.crit", "token.kid", "token.signature"
ISS, AUD, SUB, SCOPE = "token.iss", "token.aud", "token.sub", "token.scope"
EXP, NBF, IAT = "token.exp", "token.nbf", "token.iat"
FIELDS: Final = (HEADER, TOKEN, ALG, CRIT, KID, SIGNATURE, ISS, AUD, SUB, SCOPE, EXP, NBF, IAT)
"""Every field that a refusal of a token names."""

_rs256: Final = JWSRegistry(algorithms=[ALGORITHM]).get_alg(ALGORITHM)
T = TypeVar("T")
Date = int | float | None


class Trust(NamedTuple):
    """Whose tokens are taken, and for whom they must be meant."""

    issuer: str
    audiences: frozenset[str]


class Bearer(NamedTuple):
    """Who a token speaks for."""

    issuer: str
    subject: str
    scopes: frozenset[str]
    expires_us: int


class Accepted(NamedTuple):
    """A token that is taken, from when to when (leeway included), and the thumbprint of the key that signed it."""

    bearer: Bearer
    from_us: int
    until_us: int
    key: str


class IssuerKey(NamedTuple):
    """A public RSA key. `kid` is what a key set calls it; keys of PEM files have no name. Thumbprint as RFC 7638."""

    kid: str | None
    thumbprint: str
    rsa: RSAKey
    signature_bytes: int


class Keys:
    """The keys of one issuer; never changed, only replaced."""

    def __init__(self, keys: Iterable[IssuerKey] = ()) -> None:
        self._all = tuple(keys)
        self._named = {key.kid for key in self._all} - {None}
        self.names = frozenset((key.kid, key.thumbprint) for key in self._all)
        self.thumbprints = frozenset(key.thumbprint for key in self._all)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._all)

    def knows(self, kid: str) -> bool:
        """Whether a key set calls one of them so."""
        return kid in self._named

    def fitting(self, kid: str | None) -> tuple[IssuerKey, ...]:
        """The keys that may have signed: those of that name, else all that have none; all where no name is given."""
        if kid is None:
            return self._all
        wanted = kid if kid in self._named else None
        return tuple(key for key in self._all if key.kid == wanted)


class _Head(msgspec.Struct):
    alg: str
    kid: str | None = None
    crit: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class _Claims(msgspec.Struct):
    iss: str = ""
    sub: str = ""
    aud: str | list[str] = []
    scope: str = ""
    exp: Date = None
    nbf: Date = None
    iat: Date = None


class Read(NamedTuple):
    """A token taken apart and not yet believed."""

    kid: str | None
    claims: _Claims
    signed: bytes
    signature: bytes


def bad_token(field: str, limit: str, received: object = "") -> Refusal:
    """A token that is not taken, and why."""
    return refuse(Reason.BAD_TOKEN, field, limit, received)


def read_token(token: str) -> Read | Refusal:
    """Take a token apart; what its header says decides whether its claims are worth reading."""
    if not token:
        return bad_token(HEADER, "Authorization: Bearer, with a token of the issuer", "nothing")
    if len(token) > TOKEN_CHARACTERS_MAX:
        limit = f"at most {TOKEN_CHARACTERS_MAX:,} characters; ask the issuer for a token with fewer claims"
        return bad_token(TOKEN, limit, f"{len(token):,} characters")
    parts = PARTS.fullmatch(token)
    decoded = [_unbase64(part) for part in parts.groups()] if parts is not None else []
    if parts is None or None in decoded:
        limit = "three parts of base64url with dots between them (RFC 7515); send the token as the issuer gave it"
        return bad_token(TOKEN, limit)
    head_bytes, claim_bytes, signature = (part for part in decoded if part is not None)
    head = _decoded(head_bytes, _Head, "a header in JSON that names its algorithm (RFC 7515)")
    if isinstance(head, Refusal):
        return head
    if head.alg != ALGORITHM:
        return bad_token(ALG, f"{ALGORITHM}; have the issuer sign with it", head.alg)
    if head.crit is not msgspec.UNSET:
        return bad_token(CRIT, "no extensions; have the issuer leave them out")
    claims = _decoded(claim_bytes, _Claims, "claims in JSON (RFC 7519)")
    if isinstance(claims, Refusal):
        return claims
    return Read(head.kid, claims, token[: parts.end(2)].encode(), signature)


def _unbase64(text: str) -> bytes | None:
    """The bytes behind canonical base64url without padding; None for any other spelling."""
    try:
        found = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        return None
    return found if base64.urlsafe_b64encode(found).rstrip(b"=").decode() == text else None


def _decoded(data: bytes, kind: type[T], limit: str) -> T | Refusal:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return bad_token(TOKEN, limit, str(error))


def check_claims(claims: _Claims, trust: Trust, now_us: int) -> tuple[Bearer, int] | Refusal:
    """Who the claims speak for and since when; believed only with the signature."""
    if claims.iss != trust.issuer:
        return bad_token(ISS, f"a token of {trust.issuer}; ask that issuer for one", claims.iss or "nothing")
    meant = {claims.aud} if isinstance(claims.aud, str) else set(claims.aud)
    if not meant & trust.audiences:
        limit = f"a token for {' or '.join(sorted(trust.audiences))}; ask the issuer for this audience"
        return bad_token(AUD, limit, ", ".join(sorted(meant)) or "nothing")
    if (
        not 1 <= len(claims.sub) <= NAME_CHARACTERS_MAX
        or not claims.sub.isprintable()
        or claims.sub != claims.sub.strip()
    ):
        limit = f"a subject of 1 to {NAME_CHARACTERS_MAX} printable characters; have the issuer name the supplier"
        return bad_token(SUB, limit, claims.sub or "nothing")
    times = _check_times(claims, now_us)
    if isinstance(times, Refusal):
        return times
    from_us, expires_us = times
    return Bearer(claims.iss, claims.sub, frozenset(claims.scope.split()), expires_us), from_us


def _check_times(claims: _Claims, now_us: int) -> tuple[int, int] | Refusal:
    times: dict[str, int | None] = {}
    for field, date in ((EXP, claims.exp), (NBF, claims.nbf), (IAT, claims.iat)):
        if date is not None and not 0 <= date * SECOND_US <= TIME_US_MAX:
            return bad_token(field, "seconds since 1970, before 2100; have the issuer count in seconds", "another time")
        times[field] = None if date is None else int(date * SECOND_US)
    exp_us, issued_us = times[EXP], times[IAT]
    if exp_us is None:
        return bad_token(EXP, "a time at which the token expires; have the issuer set one", "nothing")
    if now_us >= exp_us + TOKEN_LEEWAY_US:
        return bad_token(EXP, f"a token that has not expired; {NEW}", spell_us(exp_us))
    for field in (NBF, IAT):
        since_us = times[field]
        if since_us is not None and since_us > now_us + TOKEN_LEEWAY_US:
            limit = f"a time that has come; wait for it, or have the clocks compared: here it is {spell_us(now_us)}"
            return bad_token(field, limit, spell_us(since_us))
    life_us = exp_us - (now_us + TOKEN_LEEWAY_US if issued_us is None else issued_us)
    if life_us > TOKEN_LIFE_US_MAX:
        limit = f"at most {TOKEN_LIFE_US_MAX // SECOND_US:,} s after the token was issued; ask for a shorter life"
        return bad_token(EXP, limit, spell_us(exp_us))
    return max(times[NBF] or 0, issued_us or 0), exp_us


def verify(token: str, keys: Keys, trust: Trust, now_us: int) -> Accepted | Refusal:
    """Everything about a token, at a time."""
    read = read_token(token)
    if isinstance(read, Refusal):
        return read
    checked = check_claims(read.claims, trust, now_us)
    if isinstance(checked, Refusal):
        return checked
    bearer, from_us = checked
    fitting = keys.fitting(read.kid)
    if not fitting:
        limit = f"a key of {trust.issuer} that this node knows; {NEW}, or try again in half a minute"
        return bad_token(KID, limit, read.kid or "nothing")
    for key in fitting:
        right_size = len(read.signature) == key.signature_bytes
        if right_size and _rs256.verify(read.signed, read.signature, key.rsa):
            return Accepted(bearer, from_us - TOKEN_LEEWAY_US, bearer.expires_us + TOKEN_LEEWAY_US, key.thumbprint)
    if read.kid is not None and not keys.knows(read.kid):
        return bad_token(KID, f"a signature by a key of {trust.issuer}; {NEW}", read.kid)
    return bad_token(SIGNATURE, f"a signature by the key of {trust.issuer} over these claims; {NEW}")
