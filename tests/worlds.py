"""A small theatre in memory, driven by commands, with a clock and a randomness of its own.

`World(seed)` founds a theatre with the parties asked for; `say` seals a command, admits it and has it decided.
Everything is deterministic: the same seed and the same calls give the same bytes.
"""

import random
from collections.abc import Sequence
from typing import Any, ClassVar

import msgspec
from nacl.signing import SigningKey

from wideberth.ledger.checkpoint import Signer, origin_of
from wideberth.ledger.store import MemoryStore, Store
from wideberth.party.charter import Charter, default_separations
from wideberth.party.command import (
    About,
    Activity,
    Command,
    Disclosure,
    Domain,
    Founder,
    Genesis,
    Plan,
    Text,
    Volumes,
)
from wideberth.party.envelope import CONTEXT, Attachment, Envelope, encode, seal
from wideberth.party.identity import KeyGrant, Role, RootSet, public_key
from wideberth.party.standard import StandardCommand, Vouch
from wideberth.refusal import Refusal
from wideberth.sequencer import Answer, Sequencer, found
from wideberth.space.volume import Circle, Polygon, Volume4D
from wideberth.theatre.outcome import DECIDE_VERSION
from wideberth.theatre.record import replay
from wideberth.theatre.state import State

START_US = 1_795_000_000_000_000
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
ND = 1_000_000_000
M = 1_000
ISSUER = "tokens.test"
NODE_SEED = bytes(31) + b"\x01"


def seed_of(party: str, kind: str = "watch") -> bytes:
    """A fixed key for a party of a test."""
    return f"{party}:{kind}".encode().ljust(32, b".")[:32]


def charter(**changes: Any) -> Charter:
    """A charter wide enough for tests, or one with changes."""
    good = Charter(
        name="Test valley",
        bounds_nd=(30 * ND, 50 * ND, -45 * ND, -30 * ND),
        separations=default_separations(),
        conveners=("AAA",),
        quorum=2,
        claim_km2_h=50_000_000,
        budget_km2_h=50_000_000,
        budget_checks=1_000_000,
        issuers=(ISSUER,),
    )
    return msgspec.structs.replace(good, **changes)


def founder(party: str, role: Role = Role.MEMBER) -> Founder:
    """A founder with a one-key root and a watch key for everything."""
    root = RootSet((public_key(seed_of(party, "root")),), 1)
    grant = KeyGrant(public_key(seed_of(party)), ("*",), START_US + 365 * DAY, "watch")
    return Founder(party, f"Party {party}", role, root, grant, ("en",))


def circle(lat: float, lon: float, radius_m: float) -> Circle:
    """A circle from degrees and metres."""
    return Circle(round(lat * ND), round(lon * ND), round(radius_m * M))


def square(lat: float, lon: float, half_deg: float) -> Polygon:
    """A square of degrees, counter-clockwise."""
    corners = [(-1, -1), (-1, 1), (1, 1), (1, -1)]
    return Polygon(tuple(round((c + s * half_deg) * ND) for a, b in corners for c, s in ((lat, a), (lon, b))))


class World:
    """A theatre in memory."""

    usual: ClassVar[tuple[str, ...]] = ("AAA", "BBB", "CCC")

    def __init__(self, seed: int = 1, parties: Sequence[str] | None = None, rules: Charter | None = None) -> None:
        parties = parties if parties is not None else World.usual
        self.random = random.Random(seed)
        self.now_us = START_US
        self.store: Store = MemoryStore(Signer(origin_of("test", 1), SigningKey(NODE_SEED)))
        founders = tuple(founder(party) for party in parties)
        genesis = Genesis("test", 1, True, rules or charter(), founders, public_key(NODE_SEED), DECIDE_VERSION)
        self.sequencer: Sequencer = found(self.store, NODE_SEED, self.draw, genesis, self.now_us)

    def draw(self, n: int) -> bytes:
        """Seeded bytes."""
        return self.random.randbytes(n)

    @property
    def state(self) -> State:
        """The live state."""
        return self.sequencer.state

    def part(self, value: Volumes | About | Text) -> Attachment:
        """A part with a fresh salt."""
        return Attachment(self.draw(32), encode(value))

    def seal(
        self,
        party: str,
        command: Command,
        parts: Sequence[Attachment] = (),
        seeds: tuple[bytes, ...] | None = None,
        changes: dict[str, Any] | None = None,
    ) -> tuple[bytes, tuple[bytes, ...], tuple[Attachment, ...]]:
        """What a client sends: the signed bytes, the signatures, the parts."""
        keys = seeds or (seed_of(party),)
        envelope = Envelope(
            CONTEXT,
            self.state.genesis,
            party,
            tuple(public_key(k) for k in keys),
            self.draw(16),
            self.now_us + HOUR,
            (0, b""),
            command,
            tuple(p.commitment() for p in parts),
        )
        signed = seal(msgspec.structs.replace(envelope, **(changes or {})), keys)
        return signed.envelope, signed.signatures, tuple(parts)

    def send(self, sent: tuple[bytes, tuple[bytes, ...], tuple[Attachment, ...]]) -> Answer:
        """Admit and decide what was sealed."""
        submission = self.sequencer.admit(*sent)
        if isinstance(submission, Refusal):
            return Answer(submission)
        return self.sequencer.decide_group([submission], self.now_us)[0]

    def say(
        self,
        party: str,
        command: Command,
        *parts: Volumes | About | Text,
        seeds: tuple[bytes, ...] | None = None,
    ) -> Answer:
        """Seal, send, decide; a millisecond passes."""
        self.now_us += 1_000
        return self.send(self.seal(party, command, [self.part(p) for p in parts], seeds))

    def vouch(
        self,
        subject: str,
        command: StandardCommand,
        *parts: Volumes | Text,
        request: bytes | None = None,
    ) -> Answer:
        """What a token for `subject` brought, decided; a millisecond passes."""
        self.now_us += 1_000
        word = Vouch(ISSUER, subject, request or self.draw(32), command)
        return self.sequencer.decide_group([self.sequencer.vouch(word, parts, self.now_us)], self.now_us)[0]

    def root_say(self, party: str, command: Command) -> Answer:
        """The same, signed by the party's root."""
        return self.say(party, command, seeds=(seed_of(party, "root"),))

    def plan(
        self,
        party: str,
        *volumes: Volume4D,
        replaces: int = 0,
        operation: bytes | None = None,
        **changes: Any,
    ) -> tuple[bytes, Answer]:
        """File an operation; answers its id and the answer."""
        thing = operation or self.draw(16)
        base = Plan(thing, replaces, 0, 0, Domain.AIR, True, Activity.TRANSPORT, Disclosure.CONFLICT_ONLY, 1)
        command = msgspec.structs.replace(base, **changes)
        parts: list[Volumes | About | Text] = [Volumes(tuple(volumes)), About(f"{party}-{thing[:2].hex()}")]
        if command.shared is not None:
            parts.append(Text("en", "relief flight"))
        return thing, self.say(party, command, *parts)

    def pass_time(self, step_us: int) -> int:
        """The clock moves on; ticks and dues are appended. Answers how many entries."""
        self.now_us += step_us
        return self.sequencer.pass_time(self.now_us)

    def replayed(self) -> State:
        """The state that the ledger alone gives."""
        state = State()
        for entry in self.store.read():
            replay(state, entry)
        return state

    def box(
        self,
        lat: float = 42.0,
        lon: float = -38.0,
        radius_m: float = 2_000,
        lower_m: float = 1_000,
        upper_m: float = 1_500,
        start_h: float = 2,
        hours: float = 1,
    ) -> Volume4D:
        """A round volume, `start_h` after the world's start."""
        start = START_US + round(start_h * HOUR)
        band = (round(lower_m * M), round(upper_m * M))
        return Volume4D(circle(lat, lon, radius_m), *band, start, start + round(hours * HOUR))
