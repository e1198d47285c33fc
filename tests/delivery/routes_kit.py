"""Routes of a test: simulated time, and senders that do as they are told."""

import asyncio
import heapq
import itertools
import random
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path as File
from typing import Any

from wideberth.delivery.courier import Courier
from wideberth.delivery.pace import Clock
from wideberth.delivery.spool import Line, Spool
from wideberth.delivery.tried import Tried, handed, passing
from wideberth.party.hotline import Delivery, Path
from wideberth.party.paths import Mail, Route, Webhook
from wideberth.theatre.hotline_routes import Job

START_US = 1_800_000_000_000_000
STOP, FLASH, IMMEDIATE, PRIORITY, ROUTINE = range(5)


class Simulated:
    """A clock that moves when told, and wakes who sleeps on it, in order."""

    def __init__(self) -> None:
        self.now_us = 1
        self._asleep: list[tuple[int, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()

    def clock(self) -> Clock:
        """As a courier takes it."""
        return Clock(lambda: START_US + self.now_us, lambda: self.now_us, self.sleep)

    async def sleep(self, seconds: float) -> None:
        """Until somebody moves the clock."""
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._asleep, (self.now_us + max(1, round(seconds * 1e6)), next(self._numbers), woken))
        await woken

    async def settle(self) -> None:
        """Let everything run that needs no time."""
        for _ in range(60):
            await asyncio.sleep(0)

    async def run(self, seconds: float) -> None:
        """So much time passes."""
        end_us = self.now_us + round(seconds * 1e6)
        await self.settle()
        while self._asleep and self._asleep[0][0] <= end_us:
            at_us, _, woken = heapq.heappop(self._asleep)
            self.now_us = max(self.now_us, at_us)
            if not woken.done():
                woken.set_result(None)
                await self.settle()
        self.now_us = end_us


async def at_once(work: Callable[..., None], *given: Any) -> None:
    """What waits for the disk, without a thread."""
    work(*given)


class Far:
    """The other ends of all routes. `does` says what becomes of a try; `arrived` is all that was taken, in order."""

    def __init__(self, does: Callable[[Job], Awaitable[Tried]] | None = None) -> None:
        self.does = does or self.take
        self.arrived: list[Job] = []
        self.tries: list[tuple[int, Job]] = []
        self.sim: Simulated | None = None

    async def take(self, job: Job) -> Tried:
        """Yes."""
        self.arrived.append(job)
        return handed()

    async def down(self, _: Job) -> Tried:
        """Nobody there."""
        return passing("connect")

    async def __call__(self, job: Job) -> Tried:
        self.tries.append((self.sim.now_us if self.sim is not None else 0, job))
        return await self.does(job)


class Carried:
    """A courier over simulated time, and what it told."""

    def __init__(self, folder: File, far: Far, seed: int = 1) -> None:
        self.sim, self.far = Simulated(), far
        far.sim = self.sim
        self.told: list[tuple[bytes, Delivery]] = []
        self.spool = Spool(folder)
        self.courier = Courier(far, self.spool, self.sim.clock(), random.Random(seed), self.hear, off_loop=at_once)

    def hear(self, job: bytes, row: Delivery) -> None:
        """For the ledger."""
        self.told.append((job, row))

    def told_of(self) -> None:
        """The ledger has it."""
        self.spool.note(*(Line(told=job) for job, _ in self.told if job))

    def want(self, *jobs: Job) -> None:
        """These have to go out; others about the same do not any more."""
        by: dict[tuple[str, bytes], list[Job]] = {}
        for job in jobs:
            by.setdefault((job.sender, job.subject), []).append(job)
        for subject, every in by.items():
            self.courier.want(subject, every)

    def over(self, jobs: Iterable[Job]) -> None:
        """Somebody acknowledged them."""
        for subject in {(job.sender, job.subject) for job in jobs}:
            self.courier.want(subject, ())


def route(name: str, kind: str = "webhook", path: Path = Path.FIRST) -> Route:
    """A route with a name."""
    return Route(path, Mail(f"{name}@desk.example") if kind == "mail" else Webhook(f"https://{name}.example/"), "en")


def job(number: int, urgency: int = PRIORITY, party: str = "BBB", to: Route | None = None, **more: Any) -> Job:
    """A thing to send."""
    made = number.to_bytes(16)
    given = {"what": "message", "sender": "AAA", "subject": made, "version": 1, "due_us": 0, **more}
    return Job(made, party, "", "", to or route("desk"), urgency=urgency, **given)
