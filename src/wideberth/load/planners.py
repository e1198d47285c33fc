"""What a planner of a supplier does: accept, activate and delete one flight after the other.

In:  a `Sky` that all planners share, a `Supplier`, a connection of its own.
Out: counts in the sky's tally.

As real suppliers do: an answer 409 that names missing intents is followed by obtaining their OVNs from those who manage
them, and the request again with them in its key. The table of OVNs in the sky stands for the detail servers of the
generator's own suppliers; what the server itself manages is asked of the server. 429 and 503 are waited out as
Retry-After says. An answer that never came leaves a flight lost, which the planner clears up at the end.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from time import perf_counter, time_ns
from typing import Final, NamedTuple

from wideberth.limits import LOAD_KEY_TRIES_MAX
from wideberth.load.answers import CHANGED, DETAIL, MISSING, Reference, message_of, read, retry_after_s
from wideberth.load.flights import Flights, drawing, new_id, new_suffix
from wideberth.load.line import Address, Broken, Line, Reply, TimedOut
from wideberth.load.tally import Tally

INTENTS: Final = "/dss/v1/operational_intent_references/"
DETAILS: Final = "/uss/v1/operational_intents/"
REFUSALS: Final = (429, 503)
BARE_WAIT_S: Final = 1.0
"""Waited where a refusal says nothing of when to come back."""
FAILED_WAIT_S: Final = 0.05
"""Waited after a failure, so that a server that refuses everything is not asked ten thousand times a second."""
LATE_S: Final = 0.1
CLEAR_TRIES: Final = 3
BACKLOG_S: Final = 1.0
"""A schedule that fell behind by more starts anew from there."""


class Key(StrEnum):
    """What a planner puts in the key of its first try."""

    NONE = "none"
    KNOWN = "known"
    ANNOUNCED = "announced"


class Supplier:
    """A manager: who it is, what every request of it carries."""

    def __init__(self, subject: str, url: str, address: Address) -> None:
        self.subject, self.url, self._address = subject, url, address
        self.subscription = ""
        """The explicit subscription that its flights name, if any."""
        self._headers = b""

    def authorize(self, token: str) -> None:
        """From now on with this token."""
        lines = (f"Host: {self._address.authority}", f"Authorization: Bearer {token}", "Content-Type: application/json")
        self._headers = "\r\n".join((" HTTP/1.1", *lines, "Content-Length: ")).encode()

    def request(self, method: str, path: str, body: bytes = b"") -> bytes:
        """A request of this supplier's."""
        return f"{method} {path}".encode() + self._headers + str(len(body)).encode() + b"\r\n\r\n" + body


class Flight:
    """One flight of one planner."""

    def __init__(self, id: str, begin_us: int, extents: bytes) -> None:
        self.id, self.begin_us, self.extents = id, begin_us, extents
        self.ovn: str | None = ""
        """Empty where it does not stand, None where that could not be learnt."""
        self.subscription = ""
        self.lost = False
        """A write was sent and has no answer: nobody knows whether it stands."""


class Accepted(NamedTuple):
    """An accepted PUT, for whoever watches: the flight's begin, and when it was sent and answered, seconds."""

    begin_us: int
    sent_s: float
    answered_s: float


class Sky:
    """What all planners share."""

    def __init__(
        self,
        flights: Flights,
        *,
        key: Key = Key.KNOWN,
        puts: bool = False,
        subscribe: bool = True,
        rate: float = 0.0,
        on_accepted: Callable[[Accepted], None] | None = None,
        clock: Callable[[], float] = perf_counter,
        wall_us: Callable[[], int] = lambda: time_ns() // 1_000,
    ) -> None:
        """`rate` is flights a second of all planners together, 0 as fast as they can."""
        self.flights, self.key, self.puts, self.subscribe = flights, key, puts, subscribe
        self.clock, self.wall_us, self.on_accepted = clock, wall_us, on_accepted
        self.known: dict[str, bytes] = {}
        """OVNs of the live flights by id, quoted for JSON; two of a flight that is being written with one announced."""
        self.managers: dict[str, Supplier] = {}
        """The generator's own suppliers by their address."""
        self.tally = Tally(clock())
        self.stopping = asyncio.Event()
        self._rate, self._due_s = rate, clock()

    async def turn(self) -> None:
        """Wait until the next flight is due."""
        if not self._rate:
            return
        now_s = self.clock()
        due_s = max(self._due_s, now_s - BACKLOG_S)
        self._due_s = due_s + 1 / self._rate
        if due_s > now_s:
            await self.pause(due_s - now_s)
        self.tally.begun += 1
        self.tally.late += self.clock() - due_s > LATE_S

    async def pause(self, seconds: float) -> None:
        """Wait, unless everything stops."""
        try:
            async with asyncio.timeout(seconds):
                await self.stopping.wait()
        except TimeoutError:
            return


class Planner:
    """One planner with one connection."""

    def __init__(
        self, sky: Sky, supplier: Supplier, address: Address, timeout_s: float, seed: int, number: int
    ) -> None:
        self._sky, self._supplier, self._address = sky, supplier, address
        self._line = Line(address, timeout_s)
        self._intents = address.prefix + INTENTS
        self._rng = drawing(f"planner/{seed}/{number}")
        self.left: list[Flight] = []
        """What stands, or may stand, after its flight was over."""

    async def run(self) -> None:
        """Until told to stop."""
        sky = self._sky
        while not sky.stopping.is_set():
            await sky.turn()
            if not sky.stopping.is_set() and not await (self.put() if sky.puts else self.fly()):
                await sky.pause(FAILED_WAIT_S)

    async def fly(self) -> bool:
        """Accept, activate, delete; whether all of it succeeded."""
        begin_s = self._sky.clock()
        flight = self._new_flight()
        flown = await self._write("accept", flight, "Accepted") and await self._write("activate", flight, "Activated")
        if flight.lost or (flight.ovn and not await self._delete(flight)):
            return False
        self.left.remove(flight)
        return flown and self._over(begin_s)

    async def put(self) -> bool:
        """Accept a flight and leave it, to be deleted later."""
        begin_s = self._sky.clock()
        flight = self._new_flight()
        accepted = await self._write("accept", flight, "Accepted")
        flight.extents = b""
        if not accepted and not flight.lost:
            self.left.remove(flight)
        return accepted and self._over(begin_s)

    def _over(self, begin_s: float) -> bool:
        now_s = self._sky.clock()
        self._sky.tally.flight(now_s - begin_s, now_s)
        return True

    async def clear(self) -> int:
        """Delete what was left; how many may still stand."""
        for _ in range(CLEAR_TRIES):
            self.left = [flight for flight in self.left if not await self._cleared(flight)]
        self._line.close()
        return len(self.left)

    async def _cleared(self, flight: Flight) -> bool:
        if flight.lost:
            flight.ovn = await self._standing(self._supplier, flight.id)
        return flight.ovn == "" or (flight.ovn is not None and await self._delete(flight))

    async def ask(self, method: str, path: str, body: bytes = b"") -> Reply | None:
        """Any request of this planner's supplier, counted as nothing but when it fails."""
        return await self._answer("other", self._supplier.request(method, self._address.prefix + path, body))

    # one request

    def _new_flight(self) -> Flight:
        sky = self._sky
        flight = Flight(new_id(self._rng), *sky.flights.draw(self._rng, sky.wall_us()))
        self.left.append(flight)
        return flight

    async def _write(self, kind: str, flight: Flight, state: str) -> bool:
        """PUT until the key is whole; whether it was accepted."""
        sky, obtained = self._sky, dict[str, bytes]()
        path = self._intents + flight.id + (f"/{flight.ovn}" if flight.ovn else "")
        for _ in range(LOAD_KEY_TRIES_MAX):
            body = self._body(flight, state, obtained)
            flight.lost, sent_s = True, sky.clock()
            reply = await self._answer(kind, self._supplier.request("PUT", path, body))
            if reply is None:
                break
            flight.lost = False
            if reply.status in (200, 201):
                return self._written(kind, flight, reply, sent_s)
            missing = read(MISSING, reply.body) if reply.status == 409 else None
            if missing is None or not missing.missing_operational_intents:
                sky.tally.failure(f"{kind} {reply.status}", message_of(reply))
                break
            sky.tally.conflicts += 1
            if not await self._obtain(missing.missing_operational_intents, obtained):
                sky.tally.failure(f"{kind} ovn unobtainable", missing.missing_operational_intents[0].uss_base_url)
                break
        else:
            sky.tally.failure(f"{kind} given up", f"still a key that was not whole after {LOAD_KEY_TRIES_MAX} tries")
        self._stands(flight)
        return False

    def _body(self, flight: Flight, state: str, obtained: dict[str, bytes]) -> bytes:
        sky, supplier = self._sky, self._supplier
        more = suffix = ""
        if sky.key is Key.ANNOUNCED:
            suffix = new_suffix(self._rng, sky.wall_us())
            announced = f'"{flight.id}_{suffix}"'.encode()
            sky.known[flight.id] = b'"' + flight.ovn.encode() + b'",' + announced if flight.ovn else announced
            more = f',"requested_ovn_suffix":"{suffix}"'
        ovns = obtained.values() if sky.key is Key.NONE else (obtained | sky.known).values()
        named = flight.subscription or supplier.subscription
        if named:
            more += f',"subscription_id":"{named}"'
        elif sky.subscribe:
            more += f',"new_subscription":{{"uss_base_url":"{supplier.url}"}}'
        tail = f'],"state":"{state}","uss_base_url":"{supplier.url}"{more}}}'.encode()
        return b'{"extents":' + flight.extents + b',"key":[' + b",".join(ovns) + tail

    def _written(self, kind: str, flight: Flight, reply: Reply, sent_s: float) -> bool:
        sky, now_s = self._sky, self._sky.clock()
        changed = read(CHANGED, reply.body)
        if changed is None or not changed.operational_intent_reference.ovn:
            sky.tally.failure(f"{kind} {reply.status} without an ovn", reply.body[:200].decode("utf-8", "replace"))
            flight.lost = True
            return False
        sky.tally.success(kind, now_s - sent_s)
        flight.ovn = changed.operational_intent_reference.ovn
        if sky.subscribe and not self._supplier.subscription:
            flight.subscription = changed.operational_intent_reference.subscription_id
        self._stands(flight)
        if sky.on_accepted is not None and kind == "accept":
            sky.on_accepted(Accepted(flight.begin_us, sent_s, now_s))
        return True

    def _stands(self, flight: Flight) -> None:
        """The table holds what stands of a flight."""
        if flight.ovn:
            self._sky.known[flight.id] = b'"' + flight.ovn.encode() + b'"'
        else:
            self._sky.known.pop(flight.id, None)

    async def _obtain(self, missing: list[Reference], obtained: dict[str, bytes]) -> bool:
        """The OVNs of what a key lacks, from those who manage it."""
        sky = self._sky
        for reference in missing:
            manager = sky.managers.get(reference.uss_base_url)
            if reference.ovn:
                obtained[reference.id] = b'"' + reference.ovn.encode() + b'"'
            elif manager is None:
                if not (ovn := await self._details(reference)):
                    return False
                obtained[reference.id] = b'"' + ovn.encode() + b'"'
            elif reference.id in sky.known:
                obtained[reference.id] = sky.known[reference.id]
            elif ovn := await self._standing(manager, reference.id):
                obtained[reference.id] = b'"' + ovn.encode() + b'"'
        return True

    async def _standing(self, manager: Supplier, id: str) -> str | None:
        """The OVN of an intent as its manager reads it; empty where it is gone, None where nobody could say."""
        reply = await self._answer("read", manager.request("GET", self._intents + id))
        if reply is None or reply.status not in (200, 404):
            return None
        found = read(CHANGED, reply.body)
        return (found.operational_intent_reference.ovn or None) if found is not None else ""

    async def _details(self, reference: Reference) -> str | None:
        """The OVN of an intent that the server itself manages."""
        base = self._address.path_of(reference.uss_base_url)
        if base is None:
            return None
        sent_s = self._sky.clock()
        reply = await self._answer("details", self._supplier.request("GET", base + DETAILS + reference.id))
        found = read(DETAIL, reply.body) if reply is not None and reply.status == 200 else None
        if found is None:
            return None
        self._sky.tally.success("details", self._sky.clock() - sent_s)
        return found.operational_intent.reference.ovn

    async def _delete(self, flight: Flight) -> bool:
        sky, sent_s = self._sky, self._sky.clock()
        flight.lost = True
        reply = await self._answer(
            "delete", self._supplier.request("DELETE", f"{self._intents}{flight.id}/{flight.ovn}")
        )
        sky.known.pop(flight.id, None)
        if reply is None:
            return False
        if reply.status != 200:
            sky.tally.failure(f"delete {reply.status}", message_of(reply))
            return False
        flight.lost = False
        sky.tally.success("delete", sky.clock() - sent_s)
        return True

    async def _answer(self, kind: str, request: bytes) -> Reply | None:
        """The answer, once it is no refusal that passes; None where none came."""
        sky = self._sky
        while True:
            try:
                reply = await self._line.ask(request)
            except TimedOut:
                sky.tally.timeouts += 1
                return None
            except Broken as error:
                sky.tally.broken += 1
                sky.tally.said.setdefault("broken", f"{kind}: {error}")
                return None
            if reply.status not in REFUSALS:
                return reply
            wait_s = retry_after_s(reply.retry_after, datetime.now(UTC))
            (sky.tally.refused_bare if wait_s is None else sky.tally.refused)[str(reply.status)] += 1
            await asyncio.sleep(BARE_WAIT_S if wait_s is None else wait_s)
