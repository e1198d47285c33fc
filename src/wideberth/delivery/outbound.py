"""What the node has to tell, sent to addresses that suppliers gave: a queue each, bounded, fair and patient.

In:  messages, each with the address and the manager on whose word it goes there.
Out: requests, and for every message one outcome; figures for the operator.
Refuses: an address that cannot be read, and what is past a bound: messages waiting at a destination, bytes in all,
destinations of one manager.

A message goes out only to an address that was vetted, pinned and challenged. Each destination has one request under
way, each manager a few, all together a bounded number, so one that hangs, fails or floods delays no other. What may
pass is tried again with growing waits until `DELIVERY_GIVE_UP_S`; what is answered otherwise has failed. A message may
arrive twice (its answer was lost), with the same Idempotency-Key.
"""

import asyncio
import hashlib
import random
import secrets
from collections.abc import Callable
from enum import StrEnum
from typing import Final, NamedTuple

import structlog

from wideberth.config import Config
from wideberth.delivery.challenge import SCOPE, Challenges, Later, Proof
from wideberth.delivery.destination import Address, Fault, Resolver, SystemResolver, Vetting, read_address
from wideberth.delivery.figures import REFUSED, RETRIED, Figures
from wideberth.delivery.line import Reply, Request, Way
from wideberth.delivery.own_tokens import OwnTokens
from wideberth.delivery.pace import Bucket, Clock, backoff_us, retry_after_us
from wideberth.limits import (
    BODY_BYTES_MAX,
    DELIVERIES_BYTES_MAX,
    DELIVERIES_PER_DESTINATION_S,
    DELIVERIES_PER_MANAGER_S,
    DELIVERIES_PER_S,
    DELIVERIES_WAITING_MAX,
    DELIVERY_GIVE_UP_S,
    DELIVERY_RETRY_AFTER_S_MAX,
    DELIVERY_RETRY_FIRST_S,
    DELIVERY_RETRY_S_MAX,
    DELIVERY_WORKERS_MAX,
    DELIVERY_WORKERS_PER_MANAGER_MAX,
    DESTINATIONS_PER_MANAGER_MAX,
    PARTIES_MAX,
)
from wideberth.refusal import Reason, Refusal, refuse

SCOPES: Final[dict[str, str]] = {
    "intent": SCOPE,
    "constraint": "utm.constraint_management",
    "service_area": "rid.service_provider",
}
"""Kinds of messages, and the scope that the receiver asks for: POST /uss/v1/operational_intents, /uss/v1/constraints
(ASTM F3548-21, A4) and /uss/identification_service_areas/{id} (ASTM F3411-22a, A4)."""
PASSING: Final = frozenset((408, 425, 429, 500, 502, 503, 504))
"""Statuses that may be gone in a while."""
LASTING: Final = frozenset((Fault.NOT_PUBLIC, Fault.GARBAGE))
"""Faults that trying again does not mend."""

UNAUTHORIZED: Final = 401
"""Once, the token is asked for anew."""
GIVE_UP_US: Final = DELIVERY_GIVE_UP_S * 1_000_000


class Outcome(StrEnum):
    """How a message ended."""

    SENT = "sent"
    FAILED = "failed"
    """It was answered, and not with success, or may not go there."""
    GIVEN_UP = "given-up"
    """Not delivered within `DELIVERY_GIVE_UP_S`."""
    SUPERSEDED = "superseded"
    """A later message about the same took its place."""


class Destination(NamedTuple):
    """Where messages go, on whose word."""

    manager: str
    base: str


class _Message:
    """One message that waits."""

    def __init__(self, number: int, path: str, body: bytes, kind: str, subject: str, now_us: int) -> None:
        self.number, self.path, self.body, self.kind, self.subject = number, path, body, kind, subject
        self.since_us = self.next_us = now_us
        self.tries = 0
        self.why = ""
        """What hindered it last."""

    def overtaken(self, others: "list[_Message]") -> bool:
        """Whether a later message about the same waits, so that this one, tried before, would arrive after it."""
        later = (m.number > self.number and m.subject == self.subject for m in others)
        return bool(self.tries and self.subject) and any(later)


class _Queue:
    """What waits for one destination."""

    def __init__(self, destination: Destination, address: Address) -> None:
        self.destination, self.address = destination, address
        self.waiting: list[_Message] = []
        """The one under way among them."""
        self.under_way: _Message | None = None
        self.proof: Proof | None = None
        self.bucket = Bucket(DELIVERIES_PER_DESTINATION_S, DELIVERIES_PER_DESTINATION_S)
        self.failures = 0
        self.next_us = 0
        self.nap: asyncio.Task[None] | None = None
        self.working = False

    @property
    def idle(self) -> bool:
        """Nothing to send."""
        return not self.working and not self.waiting


class _Manager:
    """The destinations of one manager, and what they share."""

    def __init__(self) -> None:
        self.queues: dict[str, _Queue] = {}
        self.workers = asyncio.Semaphore(DELIVERY_WORKERS_PER_MANAGER_MAX)
        self.bucket = Bucket(DELIVERIES_PER_MANAGER_S, DELIVERIES_PER_MANAGER_S)

    @property
    def idle(self) -> bool:
        """Nothing to send."""
        return all(queue.idle for queue in self.queues.values())


class Outbound:
    """All that the node sends to addresses it was given."""

    def __init__(
        self,
        config: Config,
        tokens: OwnTokens,
        clock: Clock,
        rng: random.Random,
        on_result: Callable[[str, Destination, Outcome], None],
        *,
        figures: Figures | None = None,
        way: Way | None = None,
        resolve: Resolver | None = None,
        nonce: Callable[[], str] = lambda: secrets.token_urlsafe(24),
    ) -> None:
        """`on_result(kind, destination, outcome)` hears how each message ended. `rng` spreads waits, never secrets."""
        self._http, self._tokens, self._on_result = config.http_uss, tokens, on_result
        self._clock, self._rng = clock, rng
        self._figures = figures or Figures()
        self._way, self._resolver = way or Way(), SystemResolver()
        allowed = {"http": config.http_uss, "private": config.private_uss}
        self._vetting = Vetting(clock, **allowed, resolve=resolve or self._resolver)
        self._challenges = Challenges(self._way, tokens, clock, rng, nonce)
        self._managers: dict[str, _Manager] = {}
        self._workers = asyncio.Semaphore(DELIVERY_WORKERS_MAX)
        self._bucket = Bucket(DELIVERIES_PER_S, DELIVERIES_PER_S)
        self._bytes = self._numbers = 0
        self._pumps: set[asyncio.Task[None]] = set()
        self._running = False
        self._bug: BaseException | None = None
        self._closing, self._closed = asyncio.Event(), asyncio.Event()
        self._log = structlog.get_logger("wideberth.delivery")

    def send(
        self, manager: str, base_url: str, path: str, body: bytes, kind: str, proof: Proof | None, subject: str = ""
    ) -> Refusal | None:
        """Take a message for POST to `path` below a manager's address; None where it is taken.

        `subject`: what it is about; where the queue is full, a later message takes the place of the oldest about the
        same. What is word for word waiting already waits once.
        """
        assert kind in SCOPES, kind
        self._numbers += 1
        message = _Message(self._numbers, path, body, kind, subject, self._clock.mono_us())
        refused = self._take(manager, base_url, message, proof)
        if refused is not None:
            self._figures.count(kind, REFUSED)
        return refused

    def _take(self, manager: str, base_url: str, message: _Message, proof: Proof | None) -> Refusal | None:
        address = read_address(base_url, self._http)
        if isinstance(address, Refusal):
            return address
        if len(message.body) > BODY_BYTES_MAX:
            return refuse(Reason.TOO_LARGE, "body", f"{BODY_BYTES_MAX} bytes", len(message.body))
        if self._closing.is_set():
            return refuse(Reason.TOO_MANY, "", "no message once the node stops")
        queue = self._queue(manager, address)
        if queue is None:
            limit = f"{DESTINATIONS_PER_MANAGER_MAX} addresses of one manager with messages waiting"
            return refuse(Reason.TOO_MANY, "uss_base_url", limit, address.base)
        queue.proof = proof or queue.proof
        if any((m.path, m.body) == (message.path, message.body) for m in queue.waiting):
            return None
        if self._bytes + len(message.body) > DELIVERIES_BYTES_MAX:
            limit = f"{DELIVERIES_BYTES_MAX} bytes that wait to be delivered"
            return refuse(Reason.TOO_MANY, "body", limit, self._bytes)
        if len(queue.waiting) >= DELIVERIES_WAITING_MAX:
            older = next((m for m in queue.waiting if m is not queue.under_way and m.subject == message.subject), None)
            if older is None or not message.subject:
                limit = f"{DELIVERIES_WAITING_MAX} messages that wait for one address"
                return refuse(Reason.TOO_MANY, "uss_base_url", limit, address.base)
            self._end(queue, older, Outcome.SUPERSEDED)
        self._add(queue, message)
        return None

    async def run(self) -> None:
        """Send until closed. Raises what a fault of this code raised, once everything is hung up."""
        self._running = True
        try:
            for manager in self._managers.values():
                for queue in manager.queues.values():
                    self._start(manager, queue)
            await self._closing.wait()
        finally:
            self._running = False
            await self._hang_up()
            self._closed.set()
        if self._bug is not None:
            raise self._bug

    async def close(self) -> None:
        """Send nothing more: what is under way is cut off, what waits is dropped, as the process ends."""
        self._closing.set()
        await (self._closed.wait() if self._running else self._hang_up())

    async def _hang_up(self) -> None:
        pumps = list(self._pumps)
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
        await self._vetting.close()
        await self._way.close()
        self._resolver.close()

    # queues

    def _queue(self, manager: str, address: Address) -> _Queue | None:
        """The queue of an address; None where the manager has too many in use."""
        of = self._managers.pop(manager, None) or _Manager()
        self._managers[manager] = of
        if len(self._managers) > PARTIES_MAX:
            idle_ones = (name for name, m in self._managers.items() if m is not of and m.idle)
            self._managers.pop(next(idle_ones, ""), None)
        queue = of.queues.pop(address.base, None)
        if queue is None:
            if len(of.queues) >= DESTINATIONS_PER_MANAGER_MAX:
                idle = next((base for base, q in of.queues.items() if q.idle), None)
                if idle is None:
                    return None
                del of.queues[idle]
            queue = _Queue(Destination(manager, address.base), address)
        of.queues[address.base] = queue
        return queue

    def _add(self, queue: _Queue, message: _Message) -> None:
        queue.waiting.append(message)
        self._bytes += len(message.body)
        self._figures.wait(message.kind, 1)
        if queue.nap is not None:
            queue.nap.cancel()
        self._start(self._managers[queue.destination.manager], queue)

    def _end(self, queue: _Queue, message: _Message, outcome: Outcome) -> None:
        queue.waiting.remove(message)
        self._bytes -= len(message.body)
        self._figures.wait(message.kind, -1)
        self._figures.count(message.kind, outcome)
        if outcome is not Outcome.SENT:
            where = {"manager": queue.destination.manager, "to": queue.address.place}
            self._log.warning("delivery." + outcome, kind=message.kind, why=message.why, tries=message.tries, **where)
        self._on_result(message.kind, queue.destination, outcome)

    def _start(self, manager: _Manager, queue: _Queue) -> None:
        if self._running and not queue.working and queue.waiting:
            queue.working = True
            pump = asyncio.create_task(self._pump(manager, queue))
            self._pumps.add(pump)
            pump.add_done_callback(self._ended)

    def _ended(self, pump: "asyncio.Task[None]") -> None:
        self._pumps.discard(pump)
        if not pump.cancelled() and pump.exception() is not None:
            self._bug = pump.exception()
            self._closing.set()

    # sending

    async def _pump(self, manager: _Manager, queue: _Queue) -> None:
        """Send what waits for one destination, one after the other."""
        try:
            while queue.waiting:
                wait_us = self._next_us(queue) - self._clock.mono_us()
                if wait_us > 0:
                    await self._nap(queue, wait_us)
                elif queue.waiting:
                    await self._in_turn(manager, queue)
        finally:
            queue.working = False

    async def _in_turn(self, manager: _Manager, queue: _Queue) -> None:
        """Wait for the rates and for a worker, then send the first message that is due."""
        now_us = self._clock.mono_us()
        wait_us = max(bucket.take(now_us) for bucket in (queue.bucket, manager.bucket, self._bucket))
        if wait_us:
            await self._clock.sleep(wait_us / 1e6)
        async with manager.workers, self._workers:
            now_us = self._clock.mono_us()
            queue.under_way = next((m for m in queue.waiting if m.next_us <= now_us), None)
            if queue.under_way is None:
                return
            try:
                await self._try(queue, queue.under_way)
            finally:
                queue.under_way = None

    def _next_us(self, queue: _Queue) -> int:
        """When something of a queue is due; ends what is too old or overtaken."""
        now_us = self._clock.mono_us()
        for message in list(queue.waiting):
            if message.since_us + GIVE_UP_US <= now_us:
                self._end(queue, message, Outcome.GIVEN_UP)
            elif message.overtaken(queue.waiting):
                self._end(queue, message, Outcome.SUPERSEDED)
        if not queue.waiting:
            return now_us
        next_us = max(queue.next_us, min(m.next_us for m in queue.waiting))
        return min(next_us, min(m.since_us for m in queue.waiting) + GIVE_UP_US)

    async def _nap(self, queue: _Queue, wait_us: int) -> None:
        """Wait, or until something more is to be sent."""
        queue.nap = asyncio.ensure_future(self._clock.sleep(wait_us / 1e6))
        try:
            await asyncio.wait((queue.nap,))
        finally:
            queue.nap.cancel()
            queue.nap = None

    async def _try(self, queue: _Queue, message: _Message) -> None:
        try:
            answer = await self._deliver(queue, message)
        except Exception as error:  # noqa: BLE001  what one destination sends must not end the delivering to others
            self._log.exception("delivery.set-aside", to=queue.address.place)
            message.why = type(error).__name__
            self._end(queue, message, Outcome.FAILED)
            return
        if isinstance(answer, Later):
            message.why = "challenge"
            queue.next_us = answer.at_us
        elif isinstance(answer, Reply) and 200 <= answer.status < 300:
            queue.failures = queue.next_us = 0
            self._end(queue, message, Outcome.SENT)
        else:
            self._fail(queue, message, answer)

    def _fail(self, queue: _Queue, message: _Message, answer: Reply | Fault) -> None:
        """Put it off where that may help; it goes behind the others, which it may have nothing in common with."""
        asked_us = 0
        if isinstance(answer, Fault):
            message.why, passing = answer, answer not in LASTING
        else:
            message.why = str(answer.status)
            passing = answer.status in PASSING or (answer.status == UNAUTHORIZED and not message.tries)
            retry_after = answer.headers.get("retry-after", "")
            asked_us = retry_after_us(retry_after, self._clock.wall_us(), DELIVERY_RETRY_AFTER_S_MAX)
        if not passing:
            self._end(queue, message, Outcome.FAILED)
            return
        self._figures.count(message.kind, RETRIED)
        message.tries += 1
        queue.failures += 1
        now_us = self._clock.mono_us()
        message.next_us = now_us + self._backoff_us(message.tries)
        queue.next_us = now_us + max(asked_us, self._backoff_us(queue.failures))
        queue.waiting.remove(message)
        queue.waiting.append(message)

    def _backoff_us(self, failures: int) -> int:
        return backoff_us(failures, DELIVERY_RETRY_FIRST_S, DELIVERY_RETRY_S_MAX, self._rng)

    async def _deliver(self, queue: _Queue, message: _Message) -> Reply | Fault | Later:
        """Vet, challenge, then say it: nothing of the message leaves before both are passed."""
        manager, address = queue.destination.manager, queue.address
        pin = await self._vetting.pin(address, manager)
        if isinstance(pin, Fault):
            return pin
        pending = await self._challenges.pending(manager, address, pin, queue.proof)
        if pending is not None:
            return pending
        scope = SCOPES[message.kind]
        token = await self._tokens.token(address.host, scope)
        if isinstance(token, Fault):
            return token
        target = address.target(message.path)
        headers = {
            "authorization": f"Bearer {token}",
            "content-type": "application/json",
            "idempotency-key": hashlib.sha256(f"{target}\n{message.number}\n".encode() + message.body).hexdigest()[:32],
        }
        answer = await self._way.exchange(pin, Request("POST", address.authority, target, headers, message.body))
        if isinstance(answer, Reply) and answer.status == UNAUTHORIZED:
            self._tokens.forget(address.host, scope)
        return answer
