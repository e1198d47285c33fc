"""What parties are owed beside the stream, carried on their routes: each thing once, patiently, STOP before all else.

In:  jobs, as the state has them; what to do with one try of one.
Out: tries; for each job at most one "handed", kept in the spool before it is told; a failure a route and day.
Refuses nothing: past a party's bound what is less than a STOP waits in the state, and is asked for again.

Each route has two lanes, one for STOP and one for the rest, so that a STOP overtakes whatever is under way; each party
has workers of its own bound, so that routes that hang slow only theirs. A job is tried until it is no longer wanted:
somebody acknowledged, or it is over. A try may arrive twice (its answer was lost), under the same id.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Final, NamedTuple

import structlog

from wideberth.delivery.figures import RETRIED, Figures
from wideberth.delivery.gate import Gate
from wideberth.delivery.pace import Bucket, Clock, backoff_us
from wideberth.delivery.spool import Line, Spool
from wideberth.delivery.tried import Tried, lasting
from wideberth.limits import (
    OWED_WAITING_MAX,
    OWED_WORKERS_MAX,
    OWED_WORKERS_PER_PARTY_MAX,
    ROUTE_LASTING_S,
    ROUTE_PER_S,
    ROUTE_RETRY_FIRST_S,
    ROUTE_RETRY_S_MAX,
    STOP_RETRY_S_MAX,
    URGENT_WORKERS_MAX,
    URGENT_WORKERS_PER_PARTY_MAX,
)
from wideberth.party.charter import DAY_US
from wideberth.party.hotline import Delivery
from wideberth.theatre.hotline_routes import FAILED, HANDED, STOP_FIRST, Job, route_id

Subject = tuple[str, bytes]
Send = Callable[[Job], Awaitable[Tried]]
Tell = Callable[[bytes, Delivery], None]
"""Hears, for the ledger, the id under which it is told of and what became of a job."""


class Health(NamedTuple):
    """How a route does since the node started."""

    handed_us: int = 0
    failed_us: int = 0
    why: str = ""
    waiting: int = 0


class _Lane:
    """One route's jobs: STOPs, or all others."""

    def __init__(self, party: str, route: bytes, urgent: bool) -> None:
        self.party, self.route, self.urgent = party, route, urgent
        self.waiting: dict[bytes, Job] = {}
        self.bucket = Bucket(ROUTE_PER_S, ROUTE_PER_S)
        self.failures = 0
        self.next_us = 0
        self.news = asyncio.Event()
        self.pump: asyncio.Task[None] | None = None

    def first(self) -> Job:
        """The most urgent, and of these the one that waits longest."""
        return min(self.waiting.values(), key=lambda job: job.urgency)


class _Party:
    """What the routes of one party share."""

    def __init__(self) -> None:
        self.workers = Gate(OWED_WORKERS_PER_PARTY_MAX)
        self.urgent = Gate(URGENT_WORKERS_PER_PARTY_MAX)
        self.waiting = 0


class Courier:
    """Carries jobs."""

    def __init__(
        self,
        send: Send,
        spool: Spool,
        clock: Clock,
        rng: random.Random,
        tell: Tell,
        figures: Figures | None = None,
        off_loop: Callable[..., Awaitable[None]] = asyncio.to_thread,
    ) -> None:
        """`send`: one try of a job, which ends in a value, in time. `rng` spreads waits, never secrets. `off_loop` runs
        what waits for the disk."""
        self._send, self._spool, self._clock, self._rng, self._tell = send, spool, clock, rng, tell
        self._figures, self._off_loop = figures or Figures(), off_loop
        self._wanted: dict[Subject, dict[bytes, Job]] = {}
        self._lanes: dict[tuple[bytes, bool], _Lane] = {}
        self._parties: dict[str, _Party] = {}
        self._health: dict[bytes, Health] = {}
        self._workers = Gate(OWED_WORKERS_MAX)
        self._urgent = Gate(URGENT_WORKERS_MAX)
        self.left_out: set[Subject] = set()
        """Subjects of which something did not find room: ask for them again."""
        self._log = structlog.get_logger("wideberth.delivery")
        self._closed = False

    # what is wanted

    def want(self, subject: Subject, jobs: Iterable[Job]) -> None:
        """All that has to go out about a message or check now; what was wanted of it before and is not among these is
        over."""
        self.left_out.discard(subject)
        found = {job.id: job for job in jobs if job.id not in self._spool.done}
        found = {
            job.id: job for job in found.values() if not job.after or any(one in self._spool.done for one in job.after)
        }
        old = self._wanted.pop(subject, {})
        if found:
            self._wanted[subject] = found
        for job in old.values():
            if job.id not in found:
                self._drop(job)
        for job in list(found.values()):
            self._add(subject, job)

    def subjects(self) -> list[Subject]:
        """What something waits of."""
        return list(self._wanted)

    def health(self, route: bytes) -> Health:
        """How a route does."""
        waiting = sum(len(lane.waiting) for lane in (self._lanes.get((route, u)) for u in (True, False)) if lane)
        return self._health.get(route, Health())._replace(waiting=waiting)

    @property
    def waiting(self) -> int:
        """Jobs that wait."""
        return sum(len(lane.waiting) for lane in self._lanes.values())

    def _add(self, subject: Subject, job: Job) -> None:
        urgent, route = job.urgency == STOP_FIRST, route_id(job.party, job.route)
        party = self._parties.setdefault(job.party, _Party())
        lane = self._lanes.get((route, urgent))
        if lane is not None and job.id in lane.waiting:
            lane.waiting[job.id] = job
            return
        if party.waiting >= OWED_WAITING_MAX and not urgent:
            self.left_out.add(subject)
            del self._wanted[subject][job.id]
            return
        if lane is None:
            lane = self._lanes[(route, urgent)] = _Lane(job.party, route, urgent)
        if urgent:
            lane.next_us = 0
        lane.waiting[job.id] = job
        party.waiting += 1
        self._figures.wait(job.route.kind, 1)
        lane.news.set()
        if lane.pump is None and not self._closed:
            lane.pump = asyncio.create_task(self._pump(lane, party))

    def _drop(self, job: Job) -> None:
        lane = self._lanes.get((route_id(job.party, job.route), job.urgency == STOP_FIRST))
        if lane is not None and lane.waiting.pop(job.id, None) is not None:
            self._parties[job.party].waiting -= 1
            self._figures.wait(job.route.kind, -1)
            lane.news.set()

    # carrying

    async def _pump(self, lane: _Lane, party: _Party) -> None:
        """Try what waits on one lane, one after the other, until nothing does."""
        try:
            while lane.waiting:
                now_us = self._clock.mono_us()
                wait_us = lane.next_us - now_us
                if wait_us <= 0 and not lane.urgent:
                    wait_us = lane.bucket.wait_us(now_us)
                if wait_us > 0:
                    await self._nap(lane, wait_us)
                    continue
                mine, all_ = (party.urgent, self._urgent) if lane.urgent else (party.workers, self._workers)
                urgency = lane.first().urgency
                async with mine.turn(urgency), all_.turn(urgency):
                    if lane.waiting:
                        await self._try(lane, lane.first())
        finally:
            lane.pump = None
            if not lane.waiting and not lane.failures:
                self._lanes.pop((lane.route, lane.urgent), None)

    async def _nap(self, lane: _Lane, wait_us: int) -> None:
        """Wait; what comes meanwhile does not shorten a wait, but that nothing waits any more does."""
        lane.news.clear()
        sleeping = asyncio.ensure_future(self._clock.sleep(wait_us / 1e6))
        news = asyncio.ensure_future(lane.news.wait())
        try:
            await asyncio.wait((sleeping, news), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sleeping, news):
                task.cancel()

    async def _try(self, lane: _Lane, job: Job) -> None:
        lane.bucket.take(self._clock.mono_us())
        try:
            tried = await self._send(job)
        except Exception as error:  # noqa: BLE001  what one route does must not end the carrying on others
            self._log.exception("delivery.set-aside", route=job.route.kind)
            tried = lasting(type(error).__name__)
        if tried.handed:
            lane.failures = lane.next_us = 0
            await self._handed(lane, job)
        else:
            await self._failed(lane, job, tried)

    async def _handed(self, lane: _Lane, job: Job) -> None:
        at_us = self._clock.wall_us()
        self._health[lane.route] = self._health.get(lane.route, Health())._replace(handed_us=at_us)
        self._figures.count(job.route.kind, HANDED)
        row = job.row(HANDED, at_us) if job.critical else None
        await asyncio.shield(self._off_loop(self._spool.note, Line(job=job.id, row=row)))
        self._drop(job)
        self._wanted.get((job.sender, job.subject), {}).pop(job.id, None)
        if row is not None:
            self._tell(job.id, row)

    async def _failed(self, lane: _Lane, job: Job, tried: Tried) -> None:
        lane.failures += 1
        longest_s = STOP_RETRY_S_MAX if lane.urgent else ROUTE_RETRY_S_MAX
        wait_us = backoff_us(lane.failures, ROUTE_RETRY_FIRST_S, longest_s, self._rng)
        if tried.lasting:
            wait_us = backoff_us(1, ROUTE_LASTING_S, ROUTE_LASTING_S, self._rng)
        lane.next_us = self._clock.mono_us() + max(wait_us, tried.wait_us)
        at_us = self._clock.wall_us()
        self._health[lane.route] = self._health.get(lane.route, Health())._replace(failed_us=at_us, why=tried.why)
        self._figures.count(job.route.kind, FAILED if lane.failures == 1 else RETRIED)
        if job.id in lane.waiting:  # behind those of the same urgency
            lane.waiting[job.id] = lane.waiting.pop(job.id)
        day = at_us // DAY_US
        if not job.critical or tried.why == WAITS or self._spool.failed.get(lane.route) == day:
            return
        self._log.warning("delivery.failed", route=job.route.kind, party=job.party, why=tried.why)
        await asyncio.shield(self._off_loop(self._spool.note, Line(route=lane.route, day=day)))
        self._tell(b"", job.row(FAILED, at_us))

    async def close(self) -> None:
        """Try nothing more; what waits is found again in the state."""
        self._closed = True
        pumps = [lane.pump for lane in self._lanes.values() if lane.pump is not None]
        for pump in pumps:
            pump.cancel()
        for pump in pumps:
            with suppress(asyncio.CancelledError):
                await pump


WAITS: Final = "challenge"
"""Why a route failed that has not said yet that it wants to hear from the node."""
