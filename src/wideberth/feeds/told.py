"""What is told of a feed: its state, its figures, what was dropped and why; and the bounded buffer behind it.

In:  bytes for the parser, connections made and lost.
Out: reports in batches; a frozen `Health`.
Refuses: nothing; what is past the feed's budget or buffer is counted.
"""

from asyncio import to_thread
from collections import deque
from collections.abc import Callable
from enum import StrEnum
from time import monotonic, time_ns
from typing import Final

import msgspec

from wideberth.feeds.formats import Format
from wideberth.feeds.parser import Drop, Parser
from wideberth.feeds.report import Report
from wideberth.feeds.settings import Feed
from wideberth.limits import FEED_WAITING_MAX

AHEAD_US: Final = 60_000_000
"""How far clocks may differ."""
NEWS_AHEAD_US: Final = 5_000_000
NEWS_OLD_US: Final = 60_000_000
"""What is further ahead or older when it comes is not taken by the watch (`watch.absorb`), and so is no news."""
BATCH: Final = 4_096
"""Reports of one feed that are given at once, before the next feed's."""


class FeedState(StrEnum):
    """How a feed is."""

    UP = "UP"
    DEGRADED = "DEGRADED"
    """Connected, but for longer than the settings allow it was silent, or said nothing that the watch takes."""
    DOWN = "DOWN"


class Health(msgspec.Struct, frozen=True):
    """One feed's figures, all since the start."""

    name: str
    format: Format
    state: FeedState
    silent_s: float | None
    """Since its last news; None where there was none."""
    reports: int
    bytes: int
    connections: int
    """Times that a connection was made, or a client came."""
    clients: int
    """Clients there are now, at a listener."""
    waiting: int
    dropped: dict[str, int]
    latest_us: int | None
    """Latest time in its news."""
    lag_s: float | None
    """From that time to the reception of that report; while there is no news, of what comes instead: by so much its
    clock is behind, or, below 0, ahead."""
    fault: str
    """The last thing that went wrong, while it is not mended."""


class Budget:
    """Messages a second, and as many at once."""

    def __init__(self, per_s: float) -> None:
        self.per_s = per_s
        self._left = per_s
        self._at = monotonic()

    def set(self, per_s: float) -> None:
        """Another rate from now on."""
        self.is_left()
        self.per_s = per_s

    def is_left(self) -> bool:
        """Whether anything may be said now."""
        now = monotonic()
        self._left = min(self.per_s, self._left + (now - self._at) * self.per_s)
        self._at = now
        return self._left > 0

    def take(self, count: int) -> None:
        """What was said; one piece may say more than is left, and the next waits for it."""
        self._left -= count


class Share:
    """What one client of a feed may say: its own most, and its share of the feed's once that is used up."""

    def __init__(self, per_s: float) -> None:
        self.own = Budget(per_s)
        self.fair = Budget(per_s)

    def may(self, feed: Budget) -> bool:
        """Whether it may speak now: who says less than its share is crowded out by nobody."""
        own, fair, left = self.own.is_left(), self.fair.is_left(), feed.is_left()
        return own and (left or fair)

    def take(self, count: int) -> None:
        """What was said."""
        self.own.take(count)
        self.fair.take(count)


class Inbox:
    """One feed's buffer, budget and figures."""

    def __init__(self, feed: Feed, wake: Callable[[], None], as_then: bool = False) -> None:
        """`as_then`: the clock of whoever takes the reports follows them, so that old ones are news too."""
        self.feed = feed
        self._as_then = as_then
        self.clients = 0
        self.connections = 0
        self.fault = ""
        self.up = False
        self._wake = wake
        self._waiting: deque[Report] = deque()
        self._budget = Budget(feed.reports_per_s)
        self._dropped: dict[Drop, int] = {}
        self._reports = self.bytes = 0
        self._last_s: float | None = None
        self._up_s = 0.0
        self._latest_us: int | None = None
        self._lag_us: int | None = None

    def connected(self) -> None:
        """A connection stands."""
        self.up = True
        self.connections += 1
        self._up_s = monotonic()
        self.fault = ""

    def lost(self, fault: str) -> None:
        """The connection is gone, or was never made."""
        self.up = False
        self.fault = fault

    def read(self, parser: Parser, data: bytes, share: Share | None = None) -> None:
        """Parse a piece and keep what it says, unless the feed, or the client, has said too much already."""
        if not self._may(parser, data, share):
            return
        self._take_over(parser, parser.feed(data, time_ns() // 1_000), share)

    async def read_document(self, parser: Parser, data: bytes) -> None:
        """The same for a whole document, which may be large: beside the other feeds."""
        if self._may(parser, data, None):
            self._take_over(parser, await to_thread(parser.feed, data, time_ns() // 1_000), None)

    def _may(self, parser: Parser, data: bytes, share: Share | None) -> bool:
        self.bytes += len(data)
        if self._budget.is_left() if share is None else share.may(self._budget):
            return True
        parser.reset()
        self.drop(Drop.RATE, parser.messages(data))
        self.settle(parser)
        return False

    def _take_over(self, parser: Parser, reports: list[Report], share: Share | None) -> None:
        said = len(reports) + sum(parser.dropped.values())
        self._budget.take(said)
        if share is not None:
            share.take(said)
        self.settle(parser)
        self.put(reports)

    def settle(self, parser: Parser) -> None:
        """Take over what a parser counted."""
        if parser.dropped:
            for why, count in parser.dropped.items():
                self.drop(why, count)
            parser.dropped.clear()

    def put(self, reports: list[Report]) -> None:
        """Keep reports until they are taken; the oldest give way."""
        if not reports:
            return
        self._reports += len(reports)
        self._hear(reports)
        self._waiting.extend(reports)
        over = len(self._waiting) - FEED_WAITING_MAX
        if over > 0:
            self.drop(Drop.BUFFER, over)
            for _ in range(over):
                self._waiting.popleft()
        self._wake()

    def _hear(self, reports: list[Report]) -> None:
        """Whether there is news. Who repeats what was says nothing new: a web server goes on serving the last file of a
        receiver that died; nor does a clock that is wrong, for nothing of it is used."""
        most_us, least_us = (AHEAD_US, None) if self._as_then else (NEWS_AHEAD_US, -NEWS_OLD_US)
        taken = [
            r
            for r in reports
            if (ahead_us := r.time_us - r.received_us) <= most_us and (least_us is None or ahead_us >= least_us)
        ]
        newest = max(taken, key=_time_us, default=None)
        if newest is not None:
            if newest.time_us > (self._latest_us or 0):
                self._last_s, self._latest_us = monotonic(), newest.time_us
                self._lag_us = newest.received_us - newest.time_us
        elif self._last_s is None or self._is_quiet():
            self._lag_us = min((r.received_us - r.time_us for r in reports), key=abs)

    def _is_quiet(self) -> bool:
        return monotonic() - max(self._up_s, self._last_s or 0.0) > self.feed.silence_s

    def drop(self, why: Drop, count: int = 1) -> None:
        """Count what became no report."""
        self._dropped[why] = self._dropped.get(why, 0) + count

    def take(self) -> list[Report]:
        """The next batch, the oldest first."""
        waiting = self._waiting
        if len(waiting) <= BATCH:
            batch = list(waiting)
            waiting.clear()
            return batch
        return [waiting.popleft() for _ in range(BATCH)]

    def health(self) -> Health:
        """The figures as they are now."""
        silent = None if self._last_s is None else monotonic() - self._last_s
        up = FeedState.DEGRADED if self._is_quiet() else FeedState.UP
        return Health(
            name=self.feed.name,
            format=self.feed.format,
            state=up if self.up else FeedState.DOWN,
            silent_s=silent,
            reports=self._reports,
            bytes=self.bytes,
            connections=self.connections,
            clients=self.clients,
            waiting=len(self._waiting),
            dropped={why.value: count for why, count in sorted(self._dropped.items())},
            latest_us=self._latest_us,
            lag_s=None if self._lag_us is None else self._lag_us / 1e6,
            fault=self.fault,
        )


def _time_us(report: Report) -> int:
    return report.time_us
