"""The door by token: who a request speaks for, in a few microseconds where the token is known.

In:  the token of a request, the time, the address that it came from.
Out: `Bearer`, or a refusal that says what to do.
Refuses: as `verify` (BAD_TOKEN, 401); an address from which too many were refused (TOO_MANY, 429); while the issuer's
keys were never to be had (KEYS_UNREACHABLE, 503).

Neither a known token nor one that was refused a moment ago costs a look at its signature. The network is waited for
only where a token names a key that is not known, by a hundred requests at most. When keys change, what was accepted by
a key that is gone, and everything that was refused, is forgotten. No token is kept (its SHA-256 is) and none is logged.
"""

import asyncio
import hashlib
from collections.abc import Callable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

from wideberth.config import Config
from wideberth.limits import (
    TOKEN_CHARACTERS_MAX,
    TOKEN_REFUSED_US,
    TOKENS_KEPT_MAX,
    TOKENS_REFUSED_KEPT_MAX,
    TOKENS_WAITING_MAX,
)
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.tokens.memory import Memory, Refusals
from wideberth.tokens.source import FIELD_JWKS, Source, read_files
from wideberth.tokens.verify import IAT, KID, NBF, TOKEN, Accepted, Bearer, Keys, Trust, read_token, verify

KNOWN: Final = "known"
ACCEPTED: Final = "accepted"
AGAIN: Final = "refused_again"


class Tokens:
    """What one node knows of its suppliers' tokens."""

    def __init__(
        self, trust: Trust, source: Source, mono_us: Callable[[], int], registry: CollectorRegistry | None = None
    ) -> None:
        self.trust, self.source = trust, source
        self._mono_us = mono_us
        self._accepted: Memory[Accepted] = Memory(TOKENS_KEPT_MAX)
        self._refused: Memory[Refusal] = Memory(TOKENS_REFUSED_KEPT_MAX)
        self._addresses = Refusals()
        self._waiting = 0
        self._keeping: asyncio.Task[None] | None = None
        source.changed = self._on_keys
        self._count_in(registry if registry is not None else CollectorRegistry())

    def _count_in(self, registry: CollectorRegistry) -> None:
        told = "Tokens looked at, by outcome: known, accepted, refused_again, or the field that a refusal named"
        self._outcomes = Counter("wideberth_tokens", told, ["outcome"], registry=registry)
        self._known = self._outcomes.labels(KNOWN)
        told = "How often the issuer's key set was asked for, by outcome: fetched or failed"
        asked = Counter("wideberth_issuer_keys_asked", told, ["outcome"], registry=registry)
        self.source.asked = lambda good: asked.labels("fetched" if good else "failed").inc()
        for name, what, value in (
            ("issuer_keys", "Keys of the token issuer that are known", lambda: float(len(self.source.keys))),
            ("issuer_keys_current", "1 while files and key set could be read last", lambda: float(self.source.well)),
            ("issuer_keys_age_seconds", "Since the key set was fetched", lambda: self.source.age_s),
            ("tokens_kept", "Accepted tokens that are remembered", lambda: float(len(self._accepted))),
            ("tokens_refused_kept", "Refused tokens that are remembered", lambda: float(len(self._refused))),
        ):
            Gauge(f"wideberth_{name}", what, registry=registry).set_function(value)

    def known(self, token: str, now_us: int) -> Bearer | None:
        """Who a token speaks for that was accepted before and still holds."""
        if len(token) > TOKEN_CHARACTERS_MAX:
            return None
        found = self._accepted.find(_digest(token), now_us)
        if found is None:
            return None
        self._known.inc()
        return found.bearer

    async def check(self, token: str, now_us: int, address: str) -> Bearer | Refusal:
        """Who a token speaks for. Waits only where it names a key that is not known and may be fetched."""
        found = self.known(token, now_us)
        if found is not None:
            return found
        if not 0 < len(token) <= TOKEN_CHARACTERS_MAX:
            no = read_token(token)
            assert isinstance(no, Refusal)
            self._outcomes.labels(no.field).inc()
            return no
        digest = _digest(token)
        again = self._refused.find(digest, now_us)
        if again is not None:
            self._outcomes.labels(AGAIN).inc()
            return again
        flood = self._addresses.take(address, self._mono_us())
        if flood is not None:
            self._outcomes.labels(flood.reason.value).inc()
            return flood
        outcome = await self._look(token, now_us)
        if isinstance(outcome, Refusal):
            self._refuse(digest, outcome, now_us)
            if outcome.reason is not Reason.BAD_TOKEN:
                self._addresses.give(address)
            return outcome
        self._addresses.give(address)
        self._outcomes.labels(ACCEPTED).inc()
        self._accepted.keep(digest, outcome, outcome.from_us, outcome.until_us)
        return outcome.bearer

    async def _look(self, token: str, now_us: int) -> Accepted | Refusal:
        """Look at everything; where the key is not known, once more after the keys were fetched."""
        found = verify(token, self.source.keys, self.trust, now_us)
        if not isinstance(found, Refusal) or found.field != KID:
            return found
        if self.source.may_ask():
            if self._waiting >= TOKENS_WAITING_MAX:
                limit = f"{TOKENS_WAITING_MAX} tokens that wait for the issuer's keys; come back in a second"
                return refuse(Reason.TOO_MANY, TOKEN, limit, "more")
            self._waiting += 1
            try:
                await self.source.refresh()
            finally:
                self._waiting -= 1
            found = verify(token, self.source.keys, self.trust, now_us)
        if isinstance(found, Refusal) and not self.source.keys:
            limit = "keys fetched once at least; come back in half a minute"
            return refuse(Reason.KEYS_UNREACHABLE, FIELD_JWKS, limit, "none yet")
        return found

    def _refuse(self, digest: bytes, refusal: Refusal, now_us: int) -> None:
        """Count a refusal, and remember it for a while if it is the token's fault and not the hour's."""
        bad = refusal.reason is Reason.BAD_TOKEN
        self._outcomes.labels(refusal.field if bad else refusal.reason.value).inc()
        if bad and refusal.field not in (NBF, IAT):
            self._refused.keep(digest, refusal, now_us, now_us + TOKEN_REFUSED_US)

    def _on_keys(self, keys: Keys) -> None:
        """What a key that is gone had signed is no longer taken; what was refused may be right now."""
        self._accepted.drop(lambda row: row.key not in keys.thumbprints)
        self._refused.clear()

    def start(self) -> None:
        """Keep the issuer's keys current, in the background, until `close`."""
        self._keeping = asyncio.create_task(self.source.run())

    async def close(self) -> None:
        """Stop that."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait((self._keeping,))
        await self.source.close()


def open_tokens(
    config: Config, mono_us: Callable[[], int], registry: CollectorRegistry | None = None
) -> Tokens | Refusal | None:
    """The door that the settings describe; None where they describe none. Refuses files that hold no fit keys.

    The address of a key set is asked only after `start`: a node comes up whether or not its issuer does.
    """
    if not config.token_issuer:
        return None
    found = read_files(config.token_keys)
    if isinstance(found, Refusal):
        return found
    source = Source(found, config.token_keys, config.token_jwks, mono_us)
    return Tokens(Trust(config.token_issuer, frozenset(config.token_audiences)), source, mono_us, registry)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
