"""Operations of four volumes among a million live ones, as signed and opened commands of a handful of parties.

80 % start in 20 hot spots of 20 km, the rest over 2,000 x 2,000 km; within 48 h; an operation is a chain of four
quadrilaterals, each 0.1 to 20 km across (log-uniform: most are small, as flights of drones are), 10 to 60 minutes long,
30 to 150 m high with its base at 0 to 500 m.
"""

import random
from collections.abc import Sequence

import numpy as np
from nacl.signing import SigningKey
from rich.progress import track

from bench.frame import console
from wideberth.ledger.checkpoint import Signer, origin_of
from wideberth.ledger.store import MemoryStore
from wideberth.party.charter import Charter, Separation, TrafficClass
from wideberth.party.command import Activity, Disclosure, Domain, Founder, Genesis, Plan, Volumes
from wideberth.party.envelope import CONTEXT, Attachment, Envelope, Signed, encode
from wideberth.party.identity import KeyGrant, Role, RootSet, public_key
from wideberth.sequencer import Sequencer, Submission, found
from wideberth.space.volume import Polygon, Volume4D
from wideberth.theatre.outcome import DECIDE_VERSION

START_US = 1_800_000_000_000_000
HOUR_US = 3_600_000_000
PARTIES = tuple(f"PARTY-{i}" for i in range(8))
M_PER_DEGREE = 111_320.0
NODE_SEED = bytes(32)
_IDS = random.Random(2)


def key_of(party: str) -> bytes:
    """A fixed seed."""
    return party.encode().ljust(32, b".")


def charter(separations: tuple[Separation, ...] = ()) -> Charter:
    """A charter without bounds that the measurement would run into."""
    return Charter(
        name="Bench",
        bounds_nd=(-85_000_000_000, 85_000_000_000, -180_000_000_000, 180_000_000_000),
        separations=separations,
        conveners=PARTIES,
        quorum=5,
        claim_km2_h=10**12,
        budget_km2_h=10**12,
        budget_checks=10**9,
    )


MINIMA_3NM = (Separation(TrafficClass.CREWED_AIR, TrafficClass.CREWED_AIR, 5_556_000, 914_400),)


def founders() -> tuple[Founder, ...]:
    """Every party, with keys that last."""
    return tuple(
        Founder(
            party,
            party,
            Role.MEMBER,
            RootSet((public_key(key_of(party)),), 1),
            KeyGrant(public_key(key_of(party)), ("*",), 2 * START_US, ""),
            (),
        )
        for party in PARTIES
    )


def theatre(rules: Charter) -> Sequencer:
    """An empty theatre in memory."""
    store = MemoryStore(Signer(origin_of("bench", 1), SigningKey(NODE_SEED)))
    genesis = Genesis("bench", 1, True, rules, founders(), public_key(NODE_SEED), DECIDE_VERSION)
    return found(store, NODE_SEED, random.Random(1).randbytes, genesis, START_US)


def operations(n: int, seed: int) -> list[tuple[Volume4D, ...]]:
    """The volumes of n operations; the same for the same seed."""
    rng = np.random.default_rng(seed)
    spots = np.random.default_rng(0).uniform(-1e6, 1e6, (20, 2))
    hot = rng.random(n) < 0.8
    spot = spots[rng.integers(0, 20, n)] + rng.uniform(-10e3, 10e3, (n, 2))
    places = np.where(hot[:, None], spot, rng.uniform(-1e6, 1e6, (n, 2)))
    starts = START_US + rng.integers(HOUR_US, 48 * HOUR_US, n)
    headings = rng.uniform(0, 2 * np.pi, n)
    across = 10 ** rng.uniform(2, np.log10(20e3), n)
    lower = rng.integers(0, 500_000, (n, 4))
    high = rng.integers(30_000, 150_000, (n, 4))
    last = rng.integers(600, 3_600, (n, 4)) * 1_000_000
    return [
        _chain(places[i], float(across[i]), float(headings[i]), int(starts[i]), lower[i], high[i], last[i])
        for i in range(n)
    ]


def _chain(
    place: np.ndarray,
    across: float,
    heading: float,
    start_us: int,
    lower: np.ndarray,
    high: np.ndarray,
    last: np.ndarray,
) -> tuple[Volume4D, ...]:
    volumes = []
    north, east = place
    for low, up, us in zip(lower.tolist(), high.tolist(), last.tolist(), strict=True):
        volumes.append(Volume4D(_square(north, east, across, heading), low, low + up, start_us, start_us + us))
        start_us += us
        north, east = north + across * np.cos(heading), east + across * np.sin(heading)
    return tuple(volumes)


def _square(north: float, east: float, across: float, heading: float) -> Polygon:
    ring: list[int] = []
    for turn in (0.25, 0.75, 1.25, 1.75):
        a = np.pi * turn - heading
        lat = 48 + (north + across * 0.7 * np.sin(a)) / M_PER_DEGREE
        lon = 10 + (east + across * 0.7 * np.cos(a)) / M_PER_DEGREE / np.cos(np.radians(48 + north / M_PER_DEGREE))
        ring += [round(lat * 1e9), round(lon * 1e9)]
    return Polygon(tuple(ring))


def submissions(sequencer: Sequencer, plans: Sequence[tuple[Volume4D, ...]], crewed: bool) -> list[Submission]:
    """The plans as commands whose signatures count as verified."""
    draw = _IDS.randbytes
    command = Plan(b"", 0, 0, 0, Domain.AIR, crewed, Activity.TRANSPORT, Disclosure.CONFLICT_ONLY)
    made = []
    for i, volumes in enumerate(plans):
        party = PARTIES[i % len(PARTIES)]
        part = Attachment(draw(32), encode(Volumes(volumes)))
        plan = Plan(draw(16), *(getattr(command, name) for name in command.__struct_fields__[1:]))
        keys = (public_key(key_of(party)),)
        attached = (part.commitment(),)
        not_after = START_US + 12 * HOUR_US
        envelope = Envelope(
            CONTEXT, sequencer.state.genesis, party, keys, draw(16), not_after, (0, b""), plan, attached
        )
        signed = Signed(encode(envelope), (bytes(64),))
        made.append(Submission(envelope, signed, ((Volumes(volumes), attached[0]),), (part,)))
    return made


def fill(sequencer: Sequencer, n: int, seed: int, crewed: bool = False) -> None:
    """Plan n operations, in groups of 100."""
    for at in track(range(0, n, 2_000), f"{n:,} operations", console=console, transient=True):
        plans = operations(min(2_000, n - at), seed + at)
        batch = submissions(sequencer, plans, crewed)
        for i in range(0, len(batch), 100):
            for answer in sequencer.decide_group(batch[i : i + 100], START_US):
                assert answer.accepted is not None, answer.refusal
