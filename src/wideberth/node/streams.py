"""Who waits for news: open streams by party, and how they are woken.

In:  a party that wants to hear; news for some or all parties.
Out: a waiting place that wakes when there is news.
Refuses: a stream past the limit of a party.

A stream holds no queue but of STOPs and of alerts, which leave before they are entries; each apart from the other, so
that no flood of alerts pushes a STOP out. Of each alert the newest view alone waits; where more alerts wait than may,
the stream says so, and its reader asks for the picture again. Once woken it reads the ledger from where it stands, so
nothing is lost, doubled or piled up, however slow its reader is.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Final, TypeVar

import msgspec

from wideberth.limits import ALERTS_SHOUTED_MAX, STOPS_SHOUTED_MAX, STREAMS_PER_PARTY_MAX
from wideberth.refusal import Reason, Refusal, refuse

T = TypeVar("T")
MISSED: Final = b'event: missed\ndata: {"ask":"/v1/watch"}\n\n'
"""Alerts fell away before they could be sent: the picture is to be asked for again."""


class _Named(msgspec.Struct, frozen=True, gc=False):
    """Of an alert's view, which alert it is."""

    id: str


class Waiting:
    """One open stream's place."""

    def __init__(self) -> None:
        self._news, self._nudged = asyncio.Event(), asyncio.Event()
        self._stops: deque[bytes] = deque(maxlen=STOPS_SHOUTED_MAX)
        self._alerts: dict[str, bytes] = {}
        self._missed = False

    def shout(self, event: bytes) -> None:
        """A STOP is sent before all else."""
        self._stops.append(event)
        self._news.set()
        self._nudged.set()

    def tell(self, event: bytes) -> None:
        """An alert, an event whose data has its `id`, is sent after STOPs, before all else; what is newer of one
        replaces what waits of it."""
        alert = msgspec.json.decode(event.partition(b"data: ")[2], type=_Named).id
        self._alerts.pop(alert, None)
        if len(self._alerts) >= ALERTS_SHOUTED_MAX:
            del self._alerts[next(iter(self._alerts))]
            self._missed = True
        self._alerts[alert] = event
        self._news.set()
        self._nudged.set()

    def shouted(self) -> bytes:
        """What was shouted and told since it was last asked."""
        found = b"".join((*self._stops, *self._alerts.values(), MISSED * self._missed))
        self._stops.clear()
        self._alerts.clear()
        self._missed = False
        return found

    def wake(self) -> None:
        """There is news."""
        self._news.set()

    async def shouted_while(self, work: "asyncio.Future[T]") -> bytes:
        """What is shouted while something else is waited for; empty as soon as that is done."""
        work.add_done_callback(self._nudge)
        try:
            while not work.done():
                if found := self.shouted():
                    return found
                await self._nudged.wait()
                self._nudged.clear()
            return b""
        finally:
            work.remove_done_callback(self._nudge)

    def _nudge(self, _: object) -> None:
        self._nudged.set()

    async def wait(self, seconds: float) -> None:
        """Until there is news, or so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return
        finally:
            self._news.clear()


class Streams:
    """The open streams of one node."""

    def __init__(self) -> None:
        self._by_party: dict[str, set[Waiting]] = {}
        self.over = False
        """Whether all streams are to end."""

    def __len__(self) -> int:
        """How many streams are open."""
        return sum(len(places) for places in self._by_party.values())

    def enter(self, party: str) -> Waiting | Refusal:
        """A place for a new stream."""
        places = self._by_party.setdefault(party, set())
        if len(places) >= STREAMS_PER_PARTY_MAX:
            limit = f"at most {STREAMS_PER_PARTY_MAX} open streams a party"
            return refuse(Reason.TOO_MANY, "stream", limit, len(places) + 1)
        place = Waiting()
        places.add(place)
        return place

    def leave(self, party: str, place: Waiting) -> None:
        """The stream is over."""
        places = self._by_party.get(party, set())
        places.discard(place)
        if not places:
            self._by_party.pop(party, None)

    def parties(self) -> list[str]:
        """Those who listen."""
        return list(self._by_party)

    def wake(self, parties: Iterable[str]) -> None:
        """There is news for these."""
        for party in parties:
            for place in self._by_party.get(party, ()):
                place.wake()

    def tell(self, party: str, event: bytes) -> None:
        """Send an alert to whoever listens for a party."""
        for place in self._by_party.get(party, ()):
            place.tell(event)

    def shout(self, event: bytes) -> None:
        """Send a STOP to everybody who listens."""
        for places in self._by_party.values():
            for place in places:
                place.shout(event)
