"""Who reads: signed challenges, and the short sessions that they open.

In:  a party's code, a key, a challenge and its signature; later a token.
Out: a challenge; a token; the session behind a token.
Refuses: challenges that this node did not give, that are used or past their minute; signatures that do not fit, with
one and the same words for an unknown party, an unknown key and a wrong signature; revoked and expired keys; tokens that
are unknown, past their end, or whose key or party is no longer in force.

A challenge is stored nowhere: it carries its end and an authentication code under a key that this process drew, so that
asking for many costs nothing. Only used ones are remembered, until their end. Of tokens only the SHA-256 is kept.
"""

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import msgspec

from wideberth.limits import CHALLENGE_S, SESSION_S_MAX, SESSIONS_PER_PARTY_MAX
from wideberth.party.identity import signature_holds
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.theatre.rows import Member
from wideberth.theatre.state import Draw, State

CONTEXT: Final = "wideberth/session/1"
NONCE_BYTES: Final = 24
END_BYTES: Final = 8
CODE_BYTES: Final = 32
TOKEN_BYTES: Final = 32
SECOND_US: Final = 1_000_000


class Session(msgspec.Struct):
    """An open session. Its end is on the monotonic clock."""

    party: str
    key: bytes
    digest: bytes
    ends_mono_us: int


class Opened(msgspec.Struct, frozen=True):
    """A new session's token, and how long it lives."""

    token: str
    life_us: int


def challenge_words(origin: str, party: str, challenge: bytes) -> bytes:
    """What a watch key signs to open a session."""
    return f"{CONTEXT}\n{origin}\n{party}\n".encode() + challenge


def refuse_session(limit: str) -> Refusal:
    """A session is needed, and this is why there is none."""
    return refuse(Reason.NO_SESSION, "authorization", limit)


class Sessions:
    """The open sessions of one node."""

    def __init__(self, state: State, origin: str, draw: Draw, mono_us: Callable[[], int]) -> None:
        self._state, self._origin, self._draw, self._mono_us = state, origin, draw, mono_us
        self._secret = draw(CODE_BYTES)
        self._used: OrderedDict[bytes, int] = OrderedDict()
        self._by_digest: dict[bytes, Session] = {}
        self._by_party: dict[str, OrderedDict[bytes, Session]] = {}

    def __len__(self) -> int:
        """How many sessions are open."""
        return len(self._by_digest)

    def challenge(self, party: str) -> tuple[bytes, int]:
        """A challenge for a party, known or not, and how long it can be used."""
        life_us = CHALLENGE_S * SECOND_US
        begun = self._draw(NONCE_BYTES) + (self._mono_us() + life_us).to_bytes(END_BYTES)
        return begun + self._code(party, begun), life_us

    def _code(self, party: str, begun: bytes) -> bytes:
        return hmac.digest(self._secret, begun + party.encode(), "sha256")

    def open(self, party: str, key: bytes, challenge: bytes, signature: bytes, now_us: int) -> Opened | Refusal:
        """A session for a watch key that signed a challenge."""
        no = self._check_challenge(party, challenge)
        if no is not None:
            return no
        member = self._state.active(party)
        row = member.keys.get(key) if member is not None else None
        holds = signature_holds(key, challenge_words(self._origin, party, challenge), signature)
        if member is None or row is None or not holds:
            limit = "a watch key of a party of this theatre signs the challenge"
            return refuse(Reason.BAD_SIGNATURE, "signature", limit)
        end = _key_ended(member, key, now_us)
        if end is not None:
            return end
        self._used[challenge] = int.from_bytes(challenge[NONCE_BYTES : NONCE_BYTES + END_BYTES])
        return self._begin(party, key)

    def _check_challenge(self, party: str, challenge: bytes) -> Refusal | None:
        now = self._mono_us()
        while self._used and next(iter(self._used.values())) < now:
            self._used.popitem(last=False)
        begun, code = challenge[:-CODE_BYTES], challenge[-CODE_BYTES:]
        good = len(challenge) == NONCE_BYTES + END_BYTES + CODE_BYTES
        if not good or not hmac.compare_digest(code, self._code(party, begun)):
            return refuse(Reason.NO_SESSION, "challenge", "a challenge that this node gave to this party")
        if challenge in self._used or int.from_bytes(begun[NONCE_BYTES:]) < now:
            return refuse(Reason.NO_SESSION, "challenge", f"a challenge is used once, within {CHALLENGE_S} s")
        return None

    def _begin(self, party: str, key: bytes) -> Opened:
        token = self._draw(TOKEN_BYTES).hex()
        life_us = SESSION_S_MAX * SECOND_US
        session = Session(party, key, _digest(token), self._mono_us() + life_us)
        mine = self._by_party.setdefault(party, OrderedDict())
        while len(mine) >= SESSIONS_PER_PARTY_MAX:
            self._end(next(iter(mine.values())))
        mine[session.digest] = self._by_digest[session.digest] = session
        return Opened(token, life_us)

    def find(self, token: str, now_us: int) -> Session | Refusal:
        """The session behind a token, if it still holds."""
        digest = _digest(token)
        session = self._by_digest.get(digest)
        if session is None or not hmac.compare_digest(session.digest, digest):
            return refuse_session("an open session: sign a challenge (POST /v1/challenge, POST /v1/session)")
        no = self.holds(session, now_us)
        if no is None:
            self._by_party[session.party].move_to_end(digest)
        return no or session

    def holds(self, session: Session, now_us: int) -> Refusal | None:
        """Refuse a session past its end, or whose key or party is no longer in force; it is forgotten then."""
        member = self._state.active(session.party)
        no: Refusal | None = None
        if self._mono_us() >= session.ends_mono_us:
            no = refuse_session(f"sessions live for {SESSION_S_MAX} s; open the next")
        elif member is None:
            no = refuse_session("a party that has not left")
        else:
            no = _key_ended(member, session.key, now_us)
        if no is not None:
            self._end(session)
        return no

    def _end(self, session: Session) -> None:
        self._by_digest.pop(session.digest, None)
        mine = self._by_party.get(session.party, OrderedDict())
        mine.pop(session.digest, None)
        if not mine:
            self._by_party.pop(session.party, None)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _key_ended(member: Member, key: bytes, now_us: int) -> Refusal | None:
    row = member.keys.get(key)
    if row is None or row.revoked_us:
        return refuse(Reason.KEY_REVOKED, "key", "a live watch key")
    if row.grant.expires_us <= now_us:
        return refuse(Reason.KEY_EXPIRED, "key", "a watch key that has not expired")
    return None
