"""A theatre that never was: everything that deciding compiles is compiled before the first command comes.

In:  nothing. Out: nothing, but for compiled code. Plans that meet are decided in memory and forgotten.
"""

import os

from nacl.signing import SigningKey

from wideberth.ledger.checkpoint import Signer, origin_of
from wideberth.ledger.store import MemoryStore
from wideberth.party.charter import Area, Charter, default_separations
from wideberth.party.command import Activity, Disclosure, Domain, Founder, Genesis, Plan, Volumes
from wideberth.party.envelope import CONTEXT, SALT_BYTES, Attachment, Envelope, Signed, encode
from wideberth.party.identity import KeyGrant, Role, RootSet, public_key
from wideberth.party.standard import Implicit, Intent, Kind, PutReference, Vouch
from wideberth.sequencer import Sequencer, Submission, found
from wideberth.space.volume import Circle, Polygon, Volume4D
from wideberth.theatre.outcome import DECIDE_VERSION

NAMES = ("AA", "BB")
ISSUER = "rehearsal"
HOUR_US = 3_600_000_000
NOW_US = 1_000 * HOUR_US
RING = Polygon((0, 0, 0, 10_000_000, 10_000_000, 10_000_000, 10_000_000, 0))
OUTLINES: tuple[Circle | Polygon, ...] = (RING, Circle(5_000_000, 12_000_000, 500_000))


def rehearse() -> None:
    """Two plans of two parties and a supplier's intent that all meet, in an area that asks for a concurrence."""
    area = Area("area", "zone", RING, 0, 1_000_000, NAMES)
    bounds = (-1_000_000_000, 1_000_000_000, -1_000_000_000, 1_000_000_000)
    charter = Charter("rehearsal", bounds, default_separations(), NAMES, 1, (area,), issuers=(ISSUER,))
    seed = os.urandom(32)
    key = public_key(seed)
    founders = tuple(
        Founder(name, name, Role.MEMBER, RootSet((key,), 1), KeyGrant(key, ("*",), 2 * NOW_US), ()) for name in NAMES
    )
    store = MemoryStore(Signer(origin_of("rehearsal", 1), SigningKey(seed)))
    genesis = Genesis("rehearsal", 1, True, charter, founders, key, DECIDE_VERSION)
    sequencer = found(store, seed, os.urandom, genesis, NOW_US)
    for name, outline in zip(NAMES, OUTLINES, strict=True):
        submission = _plan(sequencer, name, Volumes((_volume(outline),)), key)
        answer = sequencer.decide_group([submission], NOW_US)[0]
        assert answer.accepted is not None, answer.refusal
    command = PutReference(Kind.INTENT, bytes(16), "", "", 0, Intent("Accepted", implicit=Implicit("", False)))
    vouched = sequencer.vouch(Vouch(ISSUER, "uss", bytes(32), command), (Volumes((_volume(RING),)),), NOW_US)
    answer = sequencer.decide_group([vouched], NOW_US)[0]
    assert answer.accepted is not None, answer.refusal
    assert len(sequencer.state.conflicts) == 3


def _volume(outline: Circle | Polygon) -> Volume4D:
    return Volume4D(outline, 0, 100_000, NOW_US + HOUR_US, NOW_US + 2 * HOUR_US)


def _plan(sequencer: Sequencer, party: str, volumes: Volumes, key: bytes) -> Submission:
    part = Attachment(os.urandom(SALT_BYTES), encode(volumes))
    plan = Plan(os.urandom(16), 0, 0, 0, Domain.AIR, True, Activity.OTHER, Disclosure.CONFLICT_ONLY)
    named, until_us = (part.commitment(),), NOW_US + HOUR_US
    rest = (party, (key,), os.urandom(16), until_us, (0, b""), plan, named)
    envelope = Envelope(CONTEXT, sequencer.state.genesis, *rest)
    return Submission(envelope, Signed(encode(envelope), (bytes(64),)), ((volumes, named[0]),), (part,))
