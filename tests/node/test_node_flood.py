"""One party's flood leaves the others' answers within twice the quiet ones, in simulated time.

A decision takes 200 us and a sync of the disk 2 ms of the simulated clock; nothing else takes time.
"""

import asyncio
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from worlds import NODE_SEED, START_US, World, charter, founder

from wideberth.config import Config
from wideberth.node import Clocks, Node, found_theatre
from wideberth.party.command import Confirm, Genesis
from wideberth.party.identity import public_key
from wideberth.sequencer import Submission
from wideberth.theatre.outcome import DECIDE_VERSION

PARTIES = ("AAA", "BBB", "CCC")
HOSTILE = "CCC"
DECIDING_US = 200
SYNC_US = 2_000
PAUSE_US = 10_000
PLANS = 150
WAITING = 400


class Simulated:
    """A node whose time passes by its own work, and honest parties that come by that time."""

    def __init__(self, node: Node, now: list[int], seed: int) -> None:
        self.node, self.now = node, now
        self.loop = asyncio.get_running_loop()
        self.random = random.Random(seed)
        self.took: list[int] = []
        self.coming: list[tuple[int, str]] = []
        self.under_way = 0
        for name, us in (("decide_one", DECIDING_US), ("append", SYNC_US)):
            setattr(node.sequencer, name, self.timed(getattr(node.sequencer, name), us))

    def timed(self, work: Any, us: int) -> Any:
        """The same work, after which so much time has passed."""

        def done(*given: Any) -> Any:
            result = work(*given)
            self.pass_us(us)
            return result

        return done

    def pass_us(self, us: int) -> None:
        """Time passes; whoever comes by then is there."""
        self.now[0] += us
        while self.coming and self.coming[0][0] <= self.now[0]:
            at_us, party = self.coming.pop(0)
            self.loop.call_soon_threadsafe(self.loop.create_task, self.ask(at_us, party))

    def submission(self, party: str) -> Submission:
        """A small command; that it is refused costs the same."""
        world = World(self.random.randrange(2**32), parties=PARTIES)
        world.now_us = START_US + self.now[0]
        sent = world.seal(party, Confirm(world.draw(16), 1), changes={"genesis": self.node.state.genesis})
        admitted = self.node.sequencer.admit(*sent)
        assert isinstance(admitted, Submission), admitted
        return admitted

    async def ask(self, at_us: int, party: str) -> None:
        """One honest command: how long it took from when it came."""
        self.under_way += 1
        await self.node.decide(self.submission(party))
        self.took.append(self.now[0] - at_us)
        self.under_way -= 1

    async def run(self, flood: bool) -> float:
        """The honest parties' 99th percentile, microseconds."""
        at_us = self.now[0]
        for _ in range(PLANS):
            at_us += self.random.randrange(2 * PAUSE_US)
            self.coming.append((at_us, self.random.choice(PARTIES[:2])))
        hostile: set[asyncio.Task[Any]] = set()
        plans = [self.submission(HOSTILE) for _ in range(WAITING)] if flood else []
        while self.coming or self.under_way:
            while flood and len(hostile) < WAITING:
                hostile.add(asyncio.create_task(self.node.decide(self.again(plans[len(hostile)]))))
            await asyncio.sleep(0)
            if not flood and not self.under_way:
                self.pass_us(100)
            hostile = {task for task in hostile if not task.done()}
        for task in hostile:
            task.cancel()
        return float(np.percentile(self.took, 99))

    def again(self, plan: Submission) -> Submission:
        """The same command under a new id: its signature is not looked at again."""
        envelope = replace(plan.envelope, command_id=self.random.randbytes(16))
        return Submission(envelope, plan.signed, plan.parts, plan.attached)


def p99_us(folder: Path, flood: bool) -> float:
    """One world, quiet or flooded."""
    founders = tuple(founder(party) for party in PARTIES)
    genesis = Genesis("flood", 1, True, charter(), founders, public_key(NODE_SEED), DECIDE_VERSION)
    found_theatre(folder, genesis, NODE_SEED, wall_us=START_US)

    async def measure() -> float:
        now = [1_000]
        clocks = Clocks(lambda: START_US + now[0], lambda: now[0])
        async with Node.open(Config(folder=folder), clocks=clocks, warm=False) as node:
            return await Simulated(node, now, seed=3).run(flood)

    return asyncio.run(measure())


@pytest.mark.timeout(600)
def test_a_flood_leaves_the_others_within_twice_the_quiet(tmp_path: Path) -> None:
    """With four hundred commands of a hostile party always waiting, the honest ones' p99 at most doubles."""
    quiet, flooded = p99_us(tmp_path / "quiet", False), p99_us(tmp_path / "flooded", True)
    assert flooded > quiet
    assert flooded <= 2 * quiet, f"{flooded} us flooded, {quiet} us quiet"
