"""What the node has to carry to its parties beside the stream: from entries and time to tries on their routes.

In:  entries that are durable; the state. Out: jobs for a `Courier`; what became of them, for the ledger.
Refuses: tests of routes past a rate. What is sent is read between two groups of entries, like any read of the party.
"""

import asyncio
import os
import random
import secrets
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from wideberth.delivery.challenge import Challenges
from wideberth.delivery.courier import Courier
from wideberth.delivery.destination import Resolver, SystemResolver, Vetting
from wideberth.delivery.figures import ROUTES, Figures
from wideberth.delivery.line import Way
from wideberth.delivery.mail import Mails
from wideberth.delivery.own_tokens import OwnTokens
from wideberth.delivery.pace import Bucket, Clock
from wideberth.delivery.push import Pushes, own_key
from wideberth.delivery.said import Composer, as_json, as_mail, as_push
from wideberth.delivery.spool import Line, Spool
from wideberth.delivery.tried import Tried, passing
from wideberth.delivery.webhook import Webhooks
from wideberth.ledger.entry import Entry
from wideberth.limits import PARTIES_MAX, ROUTE_TESTS_PER_MINUTE, TICK_US
from wideberth.node.carried import moved
from wideberth.party.charter import DAY_US
from wideberth.party.http_signature import Signer
from wideberth.party.paths import Mail, Push, Route, Webhook
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.sequencer import envelope_of
from wideberth.theatre.hotline_routes import Job, RouteNow, Subject, jobs, jobs_of, route_now, routes_of
from wideberth.theatre.hotline_rules import all_cells

if TYPE_CHECKING:
    from wideberth.node.core import Node

LIFE_S_MIN: Final = 60
"""How long a push service keeps what is due at once."""
LIFE_S_MAX: Final = 86_400
ROUTINE: Final = 4
"""The urgency of a test."""


class Carrier:
    """Carries what a node owes."""

    def __init__(self, node: "Node", *, clock: Clock | None = None, resolve: Resolver | None = None) -> None:
        """`clock` and `resolve` are this machine's where none are given."""
        config = node.config
        self._node, self._clock = node, clock or Clock(node.clocks.wall_us, node.clocks.mono_us)
        rng = random.SystemRandom()
        self._way, self._resolver = Way(), SystemResolver()
        self._vetting = Vetting(
            self._clock, http=config.http_uss, private=config.private_uss, resolve=resolve or self._resolver
        )
        bare = msgspec.structs.replace(config, outbound_token_url="")  # parties are shown none of the node's tokens
        self._tokens = OwnTokens(bare, self._clock, self._way, self._vetting)
        challenges = Challenges(self._way, self._tokens, self._clock, rng, lambda: secrets.token_urlsafe(24))
        signer, http = Signer(node.sequencer.node_key, node.sequencer.sign), config.http_uss
        nonce: Final = lambda: secrets.token_urlsafe(16)  # noqa: E731
        self._webhooks = Webhooks(self._way, self._vetting, challenges, self._clock, signer, nonce, http=http)
        self._mails = Mails(config, self._clock)
        vapid = (own_key(config.folder), config.push_contact, config.push_hosts)
        self._pushes = Pushes(self._way, self._vetting, self._clock, *vapid, http=http)
        self._composer = Composer(node.state, lambda: node.public_url, config.whole_notices)
        self._spool = Spool(config.folder)
        figures = Figures(node.metrics.registry, "route_deliveries", ROUTES)
        self.courier = Courier(self.send, self._spool, self._clock, rng, node.deliveries.tell, figures)
        self._tests: dict[str, Bucket] = {}
        self._ticks: asyncio.Task[None] | None = None
        node.deliveries.on_told = self._told

    @property
    def push_key(self) -> str:
        """What a browser subscribes with."""
        return self._pushes.public_key

    # what there is to carry

    async def start(self) -> None:
        """Find in the state what is owed, and begin."""
        await self._node.read("", self._begin)
        self._ticks = asyncio.create_task(self._keep_looking())

    def _begin(self) -> None:
        found = list(jobs(self._node.state))
        wanted = {job.id for job in found} | {one for job in found for one in job.after}
        self._spool.keep_only(wanted, self._clock.wall_us() // DAY_US)
        for job, row in list(self._spool.untold.items()):
            self._node.deliveries.tell(job, row)
        self.look_at_all()

    def look_at_all(self) -> None:
        """Find everything anew."""
        found: dict[Subject, list[Job]] = {subject: [] for subject in self.courier.subjects()}
        for job in jobs(self._node.state):
            found.setdefault((job.sender, job.subject), []).append(job)
        for subject, every in found.items():
            self.courier.want(subject, every)

    def entry(self, entry: Entry) -> None:
        """Something has happened."""
        state = self._node.state
        if not state.paths and not self.courier.waiting:
            return
        for subject, found in jobs_of(state, moved(state, envelope_of(entry))):
            self.courier.want(subject, found)

    async def _keep_looking(self) -> None:
        """What did not find room is asked for again, and alerts, which grow old."""
        while True:
            await asyncio.sleep(TICK_US / 1e6)
            alerts = {subject for subject in self.courier.subjects() if not subject[0]}
            if again := self.courier.left_out | alerts:
                await self._node.read("", partial(self._look_again, again))

    def _look_again(self, subjects: Iterable[Subject]) -> None:
        for subject, found in jobs_of(self._node.state, subjects):
            self.courier.want(subject, found)

    def _told(self, ids: Sequence[bytes]) -> None:
        lines = [Line(told=job) for job in ids]
        asyncio.get_running_loop().run_in_executor(None, self._spool.note, *lines)

    # one try

    async def send(self, job: Job) -> Tried:
        """Say it on its route."""
        item = await self._node.read(job.party, lambda: self._composer.item(job))
        if isinstance(item, Refusal):
            return passing(item.reason.value)
        match job.route.to:
            case Webhook() as webhook:
                return await self._webhooks.send(webhook, as_json(item), job.party, item.id)
            case Mail() as mail:
                return await self._mails.send(mail, *as_mail(item), item.id, job.urgency, job.route.language)
            case Push() as push:
                left_s = (job.due_us - self._clock.wall_us()) // 1_000_000
                life_s = min(LIFE_S_MAX, max(LIFE_S_MIN, left_s))
                return await self._pushes.send(push, as_push(item), job.party, job.urgency, life_s)

    async def test(self, party: str, cell: str) -> list[tuple[RouteNow, Tried]] | Refusal:
        """Try each route of a cell once, now; it is no entry and nobody else hears of it."""
        bucket = self._tests.setdefault(party, Bucket(ROUTE_TESTS_PER_MINUTE / 60, ROUTE_TESTS_PER_MINUTE))
        assert len(self._tests) <= PARTIES_MAX
        if bucket.take(self._clock.mono_us()):
            limit = f"at most {ROUTE_TESTS_PER_MINUTE} tests a minute"
            return refuse(Reason.TOO_MANY, "paths", limit, "one more")
        routes = await self._node.read(party, lambda: self._routes(party, cell))
        if isinstance(routes, Refusal):
            return routes
        made = [Job(os.urandom(16), party, cell, cell, route, "test", ROUTINE, "", b"", 0, 0) for route in routes]
        tried = await asyncio.gather(*(self.send(job) for job in made))
        return list(zip(map(route_now, routes), tried, strict=True))

    def _routes(self, party: str, cell: str) -> tuple[Route, ...] | Refusal:
        state = self._node.state
        if cell and cell not in all_cells(state, party):
            return refuse(Reason.UNKNOWN, "cell", "a cell of yours", cell)
        return routes_of(state, party, cell)

    async def close(self) -> None:
        """Carry nothing more."""
        if self._ticks is not None:
            self._ticks.cancel()
        await self.courier.close()
        await self._vetting.close()
        await self._tokens.close()
        await self._way.close()
        self._resolver.close()
