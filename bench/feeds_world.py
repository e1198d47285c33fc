"""What the figures of feeds share: a receiver in a process of its own, and what is sent to it."""

import asyncio
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection

from wideberth.feeds import listen
from wideberth.feeds.cot import Said
from wideberth.feeds.listen import Listener
from wideberth.feeds.receive import Receiver
from wideberth.feeds.report import Report
from wideberth.feeds.settings import Feed

UNBOUNDED = 100_000_000
"""Budgets are lifted: what is asked is how much there could be."""
STALE_US = 60_000_000


@dataclass(frozen=True)
class Took:
    """What the receiver's process gave and needed."""

    reports: int
    dropped: dict[str, int]
    cpu_s: float
    wall_s: float


class Received:
    """The receiver's process: where it listens, and what it took once all had come."""

    def __init__(self, to: Connection) -> None:
        self._to = to
        self.port: int = to.recv()

    def all(self, count: int) -> Took:
        """Wait for so many reports, or ten seconds without any."""
        self._to.send(count)
        took: Took = self._to.recv()
        return took


@contextmanager
def receiving(feeds: list[Feed], echo: bool) -> Iterator[Received]:
    """Feeds in a process of their own; `echo` says every report again to all clients but the first."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_receive, args=(feeds, echo, theirs), daemon=True)
    process.start()
    try:
        yield Received(ours)
    finally:
        process.terminate()
        process.join()


def _receive(feeds: list[Feed], echo: bool, to: Connection) -> None:
    vars(listen)["FEED_CLIENT_REPORTS_PER_S"] = UNBOUNDED
    asyncio.run(_run(feeds, echo, to))


async def _run(feeds: list[Feed], echo: bool, to: Connection) -> None:
    count, first_s, last_s = 0, 0.0, 0.0
    senders: set[object] = set()

    def sink(batch: list[Report]) -> None:
        nonlocal count, first_s, last_s
        last_s = time.perf_counter()
        first_s = first_s or last_s
        count += len(batch)
        if echo:
            door = receiver.intake(feeds[0].name)
            assert isinstance(door, Listener)
            door.send([_again(report) for report in batch], door.peers - senders)

    receiver = Receiver(feeds, sink)
    async with receiver:
        door = receiver.intake(feeds[0].name)
        while isinstance(door, Listener) and door.address is None:
            await asyncio.sleep(0.01)
        to.send(door.address[1] if isinstance(door, Listener) and door.address else 0)
        if echo:
            assert isinstance(door, Listener)
            while not door.peers:
                await asyncio.sleep(0.001)
            senders |= door.peers
        while not to.poll():
            await asyncio.sleep(0.01)
        wanted: int = to.recv()
        while count < wanted and (not last_s or time.perf_counter() - last_s < 10):
            await asyncio.sleep(0.01)
        dropped: dict[str, int] = {}
        for health in receiver.healths():
            for why, n in health.dropped.items():
                dropped[why] = dropped.get(why, 0) + n
        to.send(Took(count, dropped, time.process_time(), last_s - first_s))
        await asyncio.sleep(3_600)


def _again(r: Report) -> Said:
    return Said(
        r.address,
        "a-n-A-C-F",
        r.time_us,
        r.time_us + STALE_US,
        r.lat_nd or 0,
        r.lon_nd or 0,
        hae_mm=r.hae_mm,
        speed_mm_s=r.speed_mm_s,
        track_mdeg=r.track_mdeg,
        callsign=r.callsign,
    )
