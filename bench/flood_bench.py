"""flood_p99_ratio: what one hostile party's flood does to the others' answers.

A node in process with its ledger on disk, two honest parties, each with one plan under way at a time and a pause
between. Quiet: nobody else. Flooded: another party keeps its queue full with plans of its own. The figure is the ratio
of the honest parties' p99 (flooded to quiet); the two take turns, round by round.
"""

import asyncio
import os
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.frame import Figure
from bench.theatre_world import NODE_SEED, PARTIES, charter, founders, key_of
from wideberth.config import Config
from wideberth.limits import QUEUE_COMMANDS_MAX
from wideberth.node import Node, found_theatre
from wideberth.party.command import Activity, Disclosure, Domain, Genesis, Plan, Volumes
from wideberth.party.envelope import CONTEXT, Attachment, Envelope, Signed, encode
from wideberth.party.identity import public_key
from wideberth.sequencer import Submission
from wideberth.space.volume import Circle, Volume4D
from wideberth.theatre.outcome import DECIDE_VERSION

HONEST = PARTIES[:2]
HOUR_US = 3_600_000_000
PAUSE_S = 0.01
FLOOD = 60_000
"""Plans that a flood has ready: another party's each round, for none may have 100,000 that live."""


def submission(node: Node, party: str, rng: random.Random) -> Submission:
    """A small plan of tomorrow, its signature taken as verified."""
    now_us = time.time_ns() // 1_000
    place = Circle(rng.randrange(35 * 10**9, 55 * 10**9), rng.randrange(0, 20 * 10**9), 500_000)
    start_us = now_us + rng.randrange(20 * HOUR_US, 40 * HOUR_US)
    volumes = Volumes((Volume4D(place, 0, 100_000, start_us, start_us + HOUR_US),))
    part = Attachment(rng.randbytes(32), encode(volumes))
    plan = Plan(rng.randbytes(16), 0, 0, 0, Domain.AIR, False, Activity.SURVEY, Disclosure.CONFLICT_ONLY)
    keys = (public_key(key_of(party)),)
    command_id, attached = rng.randbytes(16), (part.commitment(),)
    envelope = Envelope(
        CONTEXT, node.state.genesis, party, keys, command_id, now_us + HOUR_US, (0, b""), plan, attached
    )
    return Submission(envelope, Signed(encode(envelope), (bytes(64),)), ((volumes, attached[0]),), (part,))


async def honest(node: Node, party: str, plans: int, rng: random.Random) -> list[float]:
    """Milliseconds each of so many plans took to be answered."""
    took = []
    for _ in range(plans):
        asked = submission(node, party, rng)
        begin = time.perf_counter()
        answer = await node.decide(asked)
        took.append(1e3 * (time.perf_counter() - begin))
        assert answer.accepted is not None, answer.refusal
        await asyncio.sleep(PAUSE_S)
    return took


async def flooder(node: Node, plans: Iterator[Submission]) -> None:
    """One of a thousand: always one plan waiting, until none are left."""
    for plan in plans:
        await node.decide(plan)


async def measure(folder: Path, rounds: int, plans: int) -> tuple[float, float]:
    """p99 quiet and flooded, medians of the rounds."""
    rng = random.Random(5)
    quiet: list[float] = []
    flooded: list[float] = []
    async with Node.open(Config(folder=folder)) as node:
        for hostile_party in PARTIES[2 : 2 + rounds]:
            for kept, hostile in ((quiet, False), (flooded, True)):
                ready = iter([submission(node, hostile_party, rng) for _ in range(FLOOD if hostile else 0)])
                tasks = [asyncio.create_task(flooder(node, ready)) for _ in range(QUEUE_COMMANDS_MAX)]
                await asyncio.sleep(0.3)
                took = await asyncio.gather(*(honest(node, party, plans, rng) for party in HONEST))
                kept.append(float(np.percentile(np.concatenate(took), 99)))
                if hostile:
                    assert next(ready, None) is not None, "the flood ended before the honest parties"
                for task in tasks:
                    task.cancel()
                await asyncio.sleep(0.5)
    return sorted(quiet)[rounds // 2], sorted(flooded)[rounds // 2]


def run(quick: bool) -> list[Figure]:
    """The figure."""
    with tempfile.TemporaryDirectory() as at:
        folder = Path(at) / "theatre"
        genesis = Genesis("flood", 1, True, charter(), founders(), public_key(NODE_SEED), DECIDE_VERSION)
        found_theatre(folder, genesis, NODE_SEED)
        quiet, flooded = asyncio.run(measure(folder, 3 if quick else 5, 100 if quick else 300))
    ratio = flooded / quiet
    note = f"p99 of the others {quiet:.1f} ms quiet, {flooded:.1f} ms flooded; {os.cpu_count()} cores"
    return [Figure("flood_p99_ratio", "x", ratio, target="<= 2", met=ratio <= 2, note=note)]
