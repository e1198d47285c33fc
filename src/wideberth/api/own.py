"""Opening a session, and what is said to everybody: which theatre this is, and whether the node is well.

In:  a party's code; a challenge signed by a watch key.
Out: a challenge, a session's token, the theatre's name and keys.
Refuses: as `node.sessions`; more openings from one address than the limits allow.
"""

from collections import OrderedDict
from importlib.metadata import version
from typing import Final

from wideberth.api.call import Call, bytes_of
from wideberth.limits import ADDRESSES_KEPT_MAX, OPENINGS_PER_ADDRESS_MAX, OPENINGS_PER_MINUTE
from wideberth.party.identity import check_party_code
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.theatre.outcome import DECIDE_VERSION
from wideberth.theatre.shown import Shown, b64, time_text

VERSION: Final = version("wideberth")
NOT_CERTIFIED: Final = (
    "Not certified for operational use: wideberth helps those who share a space to keep clear of one another and "
    "replaces neither air traffic control nor the duties of those who fly, drive or sail."
)


class About(Shown, frozen=True):
    """Which theatre this is, and by which key its node signs."""

    theatre: str
    name: str
    epoch: int
    origin: str
    exercise: bool
    genesis: str
    node_key: str
    version: str
    decide_version: int
    not_certified: str


class ChallengeBody(Shown, frozen=True, forbid_unknown_fields=True):
    """Who wants to read."""

    party: str


class Challenge(Shown, frozen=True):
    """What to sign: "wideberth/session/1\\n", the origin, "\\n", the party, "\\n", and these bytes."""

    challenge: str
    expires: str


class SessionBody(Shown, frozen=True, forbid_unknown_fields=True):
    """A signed challenge."""

    party: str
    key: str
    challenge: str
    signature: str


class Session(Shown, frozen=True):
    """The token of a read session, to be sent as "Authorization: Bearer ..."."""

    session: str
    expires: str
    party: str


class Well(Shown, frozen=True):
    """The process answers."""

    well: bool


class Ready(Shown, frozen=True):
    """The node decides."""

    ready: bool


class Openings:
    """How often each address opened something: a bucket that fills again with time."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def take(self, address: str, mono_us: int) -> Refusal | None:
        """One more from an address, unless it had too many."""
        left, since = self._buckets.pop(address, (float(OPENINGS_PER_ADDRESS_MAX), mono_us))
        left = min(float(OPENINGS_PER_ADDRESS_MAX), left + (mono_us - since) / 60e6 * OPENINGS_PER_MINUTE)
        good = left >= 1.0
        self._buckets[address] = (left - 1.0 if good else left, mono_us)
        if len(self._buckets) > ADDRESSES_KEPT_MAX:
            self._buckets.popitem(last=False)
        if good:
            return None
        limit = f"{OPENINGS_PER_MINUTE} openings a minute from one address"
        return refuse(Reason.TOO_MANY, "openings", limit, "more")


async def about(call: Call) -> About:
    """Which theatre this is."""
    state, node = call.node.state, call.node
    return About(
        state.theatre,
        state.charter.name,
        state.epoch,
        node.origin,
        state.exercise,
        b64(state.genesis),
        b64(node.sequencer.node_key),
        VERSION,
        DECIDE_VERSION,
        NOT_CERTIFIED,
    )


def _may_open(call: Call) -> Refusal | None:
    client = call.request.client
    openings: Openings = call.request.app.state.openings
    return openings.take(client.host if client is not None else "", call.node.clocks.mono_us())


async def challenge(call: Call) -> Challenge | Refusal:
    """A challenge, for a known party and an unknown one alike."""
    no = _may_open(call)
    body = no if no is not None else await call.json(ChallengeBody)
    if isinstance(body, Refusal):
        return body
    no = check_party_code(body.party, "party")
    if no is not None:
        return no
    given, life_us = call.node.sessions.challenge(body.party)
    return Challenge(b64(given), time_text(call.node.clocks.wall_us() + life_us))


async def session(call: Call) -> Session | Refusal:
    """A session for a watch key that signed a challenge."""
    no = _may_open(call)
    body = no if no is not None else await call.json(SessionBody)
    if isinstance(body, Refusal):
        return body
    no = check_party_code(body.party, "party")
    if no is not None:
        return no
    given: list[bytes] = []
    for field in ("key", "challenge", "signature"):
        found = bytes_of(getattr(body, field), field)
        if isinstance(found, Refusal):
            return found
        given.append(found)
    opened = call.node.sessions.open(body.party, given[0], given[1], given[2], call.node.now_us())
    if isinstance(opened, Refusal):
        return opened
    call.node.hear(body.party)
    return Session(opened.token, time_text(call.node.clocks.wall_us() + opened.life_us), body.party)


async def well(_call: Call) -> Well:
    """The process answers."""
    return Well(True)


async def ready(call: Call) -> Ready | Refusal:
    """The node decides; else the reason why not."""
    return call.node.trouble() or Ready(True)
