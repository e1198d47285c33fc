"""Whether those who run an address want to hear from the node, before anything is sent there on somebody else's word.

In:  a manager (on whose word), its address with the pin that the next request would use, what proves it.
Out: None where the address has passed; when it may be asked again where it has not; a fault where nobody answered.
Refuses: answers that are not exactly what was asked for.

Two ways, in this order. The address itself says yes: below it, `/.well-known/wideberth-challenge?nonce=N` answers 200
with the nonce and nothing else. Or it does what every supplier of ASTM F3548-21 does: it serves the details of an
intent that this supplier has just written, with the OVN, which nobody else was told. See docs/decisions/0010.

A pass counts for a manager, an origin and a path, for `CHALLENGE_PASS_S`; over plain http, where no certificate ties a
network address to its name, only while the name leads to the network addresses that passed.
"""

import hmac
import random
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple
from urllib.parse import unquote
from uuid import UUID

import msgspec

from wideberth.delivery.destination import Address, Fault, Pin
from wideberth.delivery.line import Reply, Request, Way
from wideberth.delivery.own_tokens import OwnTokens
from wideberth.delivery.pace import Bucket, Clock, backoff_us
from wideberth.limits import (
    CHALLENGE_ANSWER_BYTES_MAX,
    CHALLENGE_PASS_S,
    CHALLENGE_RETRY_FIRST_S,
    CHALLENGE_RETRY_S_MAX,
    CHALLENGES_AT_ONCE_MAX,
    CHALLENGES_KEPT_MAX,
    CHALLENGES_PER_MINUTE,
    PARTIES_MAX,
)

PATH: Final = "/.well-known/wideberth-challenge"
DETAILS: Final = "/uss/v1/operational_intents/"
SCOPE: Final = "utm.strategic_coordination"
"""Of GET /uss/v1/operational_intents/{entityid} (ASTM F3548-21, annex A4)."""
UNHEARD: Final = frozenset((Fault.CONNECT, Fault.TLS, Fault.SLOW))
"""Nobody there, or nobody who answers: neither a yes nor a no."""
_OVN_CHARACTERS_MIN: Final = 16
_UNQUOTED_MAX: Final = 8


class Proof(NamedTuple):
    """An intent that the supplier has just written with this address: its id, and the OVN that it was given."""

    entity: bytes
    ovn: str


class Later(NamedTuple):
    """Not passed; asked again after this time of the clock that only goes on."""

    at_us: int


class _Reference(msgspec.Struct):
    id: str
    ovn: str | None = None


class _Intent(msgspec.Struct):
    reference: _Reference


class _Details(msgspec.Struct):
    """GetOperationalIntentDetailsResponse, as far as it is read."""

    operational_intent: _Intent


class _Standing(NamedTuple):
    """How an address stands: passed until then, or asked again after it."""

    failures: int
    until_us: int
    networks: frozenset[str] = frozenset()
    """Those that passed, where only they did."""


class Challenges:
    """Who has passed, and who failed and waits."""

    def __init__(self, way: Way, tokens: OwnTokens, clock: Clock, rng: random.Random, nonce: Callable[[], str]) -> None:
        """`nonce`: unguessable text, URL safe, new each time."""
        self._way, self._tokens, self._clock, self._rng, self._nonce = way, tokens, clock, rng, nonce
        self._standing: dict[tuple[str, str], _Standing] = {}
        self._buckets: dict[str, Bucket] = {}

    async def pending(self, manager: str, address: Address, pin: Pin, proof: Proof | None) -> Later | Fault | None:
        """None where the address has passed, now or before."""
        key, now_us = (manager, address.place), self._clock.mono_us()
        stands = self._standing.get(key, _Standing(0, 0))
        if stands.until_us > now_us:
            if stands.failures:
                return Later(stands.until_us)
            if not stands.networks or stands.networks >= set(pin.networks):
                return None
        wait_us = self._turn(manager, now_us)
        if wait_us:
            return Later(now_us + wait_us)
        passed = await self._ask(address, pin, proof)
        if isinstance(passed, Fault):
            return passed
        self._note(key, passed, stands, pin)
        stands = self._standing[key]
        return Later(stands.until_us) if stands.failures else None

    def _note(self, key: tuple[str, str], passed: bool, before: _Standing, pin: Pin) -> None:
        now_us = self._clock.mono_us()
        if passed:
            bound = frozenset(pin.networks) if pin.scheme == "http" else frozenset[str]()
            stands = _Standing(0, now_us + round(CHALLENGE_PASS_S * 1e6), bound)
        else:
            failures = before.failures + 1
            wait_us = backoff_us(failures, CHALLENGE_RETRY_FIRST_S, CHALLENGE_RETRY_S_MAX, self._rng)
            stands = _Standing(failures, now_us + wait_us)
        self._standing.pop(key, None)
        self._standing[key] = stands
        if len(self._standing) > CHALLENGES_KEPT_MAX:
            del self._standing[next(iter(self._standing))]

    def _turn(self, manager: str, now_us: int) -> int:
        """0 and a turn is taken, or how long until the manager has one, whatever addresses it names."""
        bucket = self._buckets.pop(manager, None) or Bucket(CHALLENGES_PER_MINUTE / 60, CHALLENGES_AT_ONCE_MAX)
        self._buckets[manager] = bucket
        if len(self._buckets) > PARTIES_MAX:
            del self._buckets[next(iter(self._buckets))]
        return bucket.wait_us(now_us) or bucket.take(now_us)

    async def _ask(self, address: Address, pin: Pin, proof: Proof | None) -> bool | Fault:
        token = await self._tokens.token(address.host, SCOPE)
        headers = {} if isinstance(token, Fault) else {"authorization": f"Bearer {token}"}
        nonce = self._nonce()
        bare = address._replace(query=None)
        said = await self._get(bare, pin, f"{PATH}?nonce={nonce}", headers)
        if isinstance(said, Reply) and said.status == 200 and said.whole and _same(said.body, nonce.encode()):
            return True
        if isinstance(said, Fault) and said in UNHEARD:
            return said
        if not headers or proof is None or not _proves(address, proof):
            return False
        entity = str(UUID(bytes=proof.entity))
        details = await self._get(address, pin, DETAILS + entity, headers)
        return isinstance(details, Reply) and details.status == 200 and details.whole and _fits(details.body, proof)

    async def _get(self, address: Address, pin: Pin, path: str, headers: Mapping[str, str]) -> Reply | Fault:
        target = address.target(path)
        return await self._way.exchange(
            pin, Request("GET", address.authority, target, headers, b"", CHALLENGE_ANSWER_BYTES_MAX)
        )


def _same(one: bytes, other: bytes) -> bool:
    return hmac.compare_digest(one, other)


def _proves(address: Address, proof: Proof) -> bool:
    """Whether knowing the OVN proves something: it is long, and the address does not itself carry it to be echoed."""
    text = address.base
    for _ in range(_UNQUOTED_MAX):
        if proof.ovn in text:
            return False
        text = unquote(text)
    return len(proof.ovn) >= _OVN_CHARACTERS_MIN and unquote(text) == text


def _fits(body: bytes, proof: Proof) -> bool:
    try:
        reference = msgspec.json.decode(body, type=_Details).operational_intent.reference
        entity = UUID(reference.id)
    except (ValueError, RecursionError):
        return False
    return entity.bytes == proof.entity and _same((reference.ovn or "").encode(), proof.ovn.encode())
