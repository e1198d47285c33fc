"""Operations of four volumes, as signed and opened commands of a handful of parties, and theatres to file them in.

An operation is a chain of four squares, one after the other in time, each with a band of its own. Two worlds:

`SPREAD`  80 % start in 20 hot spots of 20 km, the rest over 2,000 x 2,000 km, within 48 h; squares 0.1 to 1 km across
          (log-uniform: most are small, as flights of drones are), 10 to 60 minutes each, 30 to 150 m high with the base
          at 0 to 500 m. Among a million live volumes a plan meets about one other.
`CROWD`   crewed flights over 100 x 100 km within one hour and a half; squares 5 to 10 km across, 5 to 10 minutes each,
          100 to 300 m high with the base at 0 to 3,000 m. With 3 NM and 3,000 ft a plan meets hundreds of 4,000 others.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from nacl.signing import SigningKey
from rich.progress import track

from bench.frame import console
from wideberth.ledger.checkpoint import Signer, origin_of
from wideberth.ledger.store import MemoryStore, Store
from wideberth.party.charter import Charter, Separation, TrafficClass
from wideberth.party.command import Activity, Disclosure, Domain, Founder, Genesis, Plan, Volumes
from wideberth.party.envelope import CONTEXT, Attachment, Envelope, Signed, encode
from wideberth.party.identity import KeyGrant, Role, RootSet, public_key, sign
from wideberth.sequencer import Sequencer, Submission, found
from wideberth.space.volume import Polygon, Volume4D
from wideberth.theatre.outcome import DECIDE_VERSION

Int64s = npt.NDArray[np.int64]
Float64s = npt.NDArray[np.float64]

START_US: Final = 1_800_000_000_000_000
SECOND_US: Final = 1_000_000
HOUR_US: Final = 3_600 * SECOND_US
PARTIES: Final = tuple(f"PARTY-{i}" for i in range(8))
M_PER_DEGREE: Final = 111_320.0
NODE_SEED: Final = bytes(32)
VOLUMES: Final = 4
_IDS = random.Random(2)


def key_of(party: str) -> bytes:
    """A fixed seed."""
    return party.encode().ljust(32, b".")


KEYS: Final = {party: public_key(key_of(party)) for party in PARTIES}


@dataclass(frozen=True)
class Spread:
    """How operations lie in space and time: ranges are even but for `across_m`, which is log-uniform."""

    side_m: float
    hot: float
    hours: float
    across_m: tuple[float, float]
    minutes: tuple[int, int]
    base_m: int
    high_m: tuple[int, int]
    crewed: bool


SPREAD: Final = Spread(2e6, 0.8, 47.0, (100.0, 1e3), (10, 60), 500, (30, 150), crewed=False)
CROWD: Final = Spread(100e3, 0.0, 1.0, (5e3, 10e3), (5, 10), 3_000, (100, 300), crewed=True)
MINIMA_3NM: Final = (Separation(TrafficClass.CREWED_AIR, TrafficClass.CREWED_AIR, 5_556_000, 914_400),)


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


def founders() -> tuple[Founder, ...]:
    """The parties, each with a one-key root and a watch key for everything."""
    return tuple(
        Founder(
            party,
            party,
            Role.MEMBER,
            RootSet((KEYS[party],), 1),
            KeyGrant(KEYS[party], ("*",), 2 * START_US, ""),
            (),
        )
        for party in PARTIES
    )


def memory() -> MemoryStore:
    """A ledger in memory."""
    return MemoryStore(Signer(origin_of("bench", 1), SigningKey(NODE_SEED)))


def theatre(rules: Charter, store: Store | None = None) -> Sequencer:
    """An empty theatre, its ledger in memory unless another store is given."""
    genesis = Genesis("bench", 1, True, rules, founders(), public_key(NODE_SEED), DECIDE_VERSION)
    return found(store or memory(), NODE_SEED, random.Random(1).randbytes, genesis, START_US)


def operations(n: int, seed: int, world: Spread = SPREAD) -> list[tuple[Volume4D, ...]]:
    """The volumes of n operations; the same for the same seed."""
    rng = np.random.default_rng(seed)
    half = world.side_m / 2
    spots = np.random.default_rng(0).uniform(-half, half, (20, 2))
    near_spot = spots[rng.integers(0, 20, n)] + rng.uniform(-10e3, 10e3, (n, 2))
    begin = np.where((rng.random(n) < world.hot)[:, None], near_spot, rng.uniform(-half, half, (n, 2)))
    heading = rng.uniform(0, 2 * np.pi, n)
    least, most = np.log(world.across_m).tolist()
    across = np.exp(rng.uniform(least, most, n))
    along = np.stack((np.cos(heading), np.sin(heading)), 1) * across[:, None]
    middles: npt.NDArray[np.float64] = begin[:, None] + along[:, None] * np.arange(VOLUMES)[:, None]
    corners = _corners(middles, across, heading).reshape(n, VOLUMES, 8).tolist()
    lengths = rng.integers(world.minutes[0] * 60, world.minutes[1] * 60, (n, VOLUMES)) * SECOND_US
    ends = (START_US + rng.integers(HOUR_US, int((1 + world.hours) * HOUR_US), n))[:, None] + lengths.cumsum(1)
    lower = rng.integers(0, world.base_m * 1000, (n, VOLUMES))
    upper = lower + rng.integers(world.high_m[0] * 1000, world.high_m[1] * 1000, (n, VOLUMES))
    extents = np.stack((lower, upper, ends - lengths, ends), 2).tolist()
    return [
        tuple(Volume4D(Polygon(tuple(ring)), *extent) for ring, extent in zip(rings, bands, strict=True))
        for rings, bands in zip(corners, extents, strict=True)
    ]


def _corners(
    middles: npt.NDArray[np.float64], across: npt.NDArray[np.float64], heading: npt.NDArray[np.float64]
) -> Int64s:
    """Four corners (n, volumes, 4, 2) of squares that lie along their headings: latitude, longitude in nanodegrees."""
    turns = np.pi * np.array((0.25, 0.75, 1.25, 1.75)) - heading[:, None]
    reach = across[:, None] * np.sqrt(0.5)
    north = middles[:, :, None, 0] + (reach * np.sin(turns))[:, None]
    east = middles[:, :, None, 1] + (reach * np.cos(turns))[:, None]
    lat = 48 + north / M_PER_DEGREE
    lon = 10 + east / M_PER_DEGREE / np.cos(np.radians(48 + middles[:, :, None, 0] / M_PER_DEGREE))
    found: Int64s = np.rint(np.stack((lat, lon), 3) * 1e9).astype(np.int64)
    return found


def submissions(
    sequencer: Sequencer, plans: Sequence[tuple[Volume4D, ...]], crewed: bool, signed: bool = False
) -> list[Submission]:
    """The plans as opened commands. Without `signed` their signatures are zeros and count as verified."""
    draw, genesis = _IDS.randbytes, sequencer.state.genesis
    rest = (0, 0, 0, Domain.AIR, crewed, Activity.TRANSPORT, Disclosure.CONFLICT_ONLY)
    made = []
    for i, volumes in enumerate(plans):
        party = PARTIES[i % len(PARTIES)]
        salt, operation, command = draw(32), draw(16), draw(16)
        part, value = Attachment(salt, encode(Volumes(volumes))), Volumes(volumes)
        attached, not_after = (part.commitment(),), START_US + 12 * HOUR_US
        plan = Plan(operation, *rest)
        envelope = Envelope(CONTEXT, genesis, party, (KEYS[party],), command, not_after, (0, b""), plan, attached)
        data = encode(envelope)
        signature = sign(key_of(party), data) if signed else bytes(64)
        made.append(Submission(envelope, Signed(data, (signature,)), ((value, attached[0]),), (part,)))
    return made


def fill(sequencer: Sequencer, n: int, seed: int, world: Spread = SPREAD, signed: bool = False) -> None:
    """Plan n operations, in groups of 100."""
    for at in track(range(0, n, 2_000), f"{n:,} operations", console=console, transient=True):
        plans = operations(min(2_000, n - at), seed + at, world)
        batch = submissions(sequencer, plans, world.crewed, signed)
        for i in range(0, len(batch), 100):
            for answer in sequencer.decide_group(batch[i : i + 100], START_US):
                assert answer.accepted is not None, answer.refusal
