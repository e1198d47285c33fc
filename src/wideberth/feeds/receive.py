"""The feeds of a node: a task for each, batches of reports to the sink, the figures of all.

In:  checked settings, a function that takes lists of reports.
Out: lists of reports, each of one feed, in the order in which the feed gave them; `healths`.
Refuses: nothing. A feed that fails, floods or lags has its own task, buffer and budget, and slows no other: every one
is read a piece at a time, and given a batch at a time, in turn. A bug of ours in one feed's task is DOWN on that feed
alone; a bug in the sink leaves nothing to go on for, so whoever runs the receiver is told of it.
"""

import asyncio
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Final

import structlog

from wideberth.feeds.connect import Client
from wideberth.feeds.cot import Said
from wideberth.feeds.listen import Datagrams, Listener
from wideberth.feeds.report import Report
from wideberth.feeds.settings import Feed
from wideberth.feeds.told import Health, Inbox

GATHER_S: Final = 0.02
"""Reports are gathered for so long, so that the sink gets lists and not single ones."""
TURNS: Final = 4
"""Of the loop, in which connections that were ended are closed, those within TLS last."""
Sink = Callable[[list[Report]], None]
Intake = Client | Listener | Datagrams
log = structlog.get_logger()


class Receiver:
    """All feeds; `async with` runs them, or `start` and `stop`."""

    def __init__(
        self,
        feeds: Iterable[Feed],
        sink: Sink,
        broken: Callable[[Exception], None] = lambda _: None,
        as_then: bool = False,
    ) -> None:
        """`broken` is called with the exception of a sink that failed; no report is taken after that. `as_then`: the
        sink's clock follows the reports, so that feeds which play old ones are UP."""
        self._sink, self._broken = sink, broken
        self._over = False
        """The sink has failed."""
        self._wake = asyncio.Event()
        self._inboxes = [Inbox(feed, self._wake.set, as_then) for feed in feeds]
        self._intakes: dict[str, Intake] = {inbox.feed.name: _intake(inbox) for inbox in self._inboxes}
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to receive."""
        for name, intake in self._intakes.items():
            task = asyncio.create_task(intake.run(), name=f"feed {name}")
            task.add_done_callback(self._ended)
            self._tasks.append(task)
        delivery = asyncio.create_task(self._deliver(), name="feeds to sink")
        delivery.add_done_callback(self._ended)
        self._tasks.append(delivery)

    async def stop(self) -> None:
        """End all tasks and connections; what waits is given to the sink."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        for _ in range(TURNS):
            await asyncio.sleep(0)
        while self._give():
            pass

    async def __aenter__(self) -> "Receiver":
        self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.stop()

    def healths(self) -> list[Health]:
        """State and figures of each feed, in the order of the settings."""
        return [inbox.health() for inbox in self._inboxes]

    def intake(self, name: str) -> Intake:
        """The feed's own end: a listener's address and peers."""
        return self._intakes[name]

    def say(self, name: str, said: list[Said]) -> None:
        """Send events to a Cursor on Target feed: to the server, or to all clients of the listener."""
        intake = self._intakes[name]
        if isinstance(intake, Listener):
            intake.send(said)
        elif isinstance(intake, Client):
            for one in said:
                intake.send(one)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A feed whose task failed is DOWN, and the others go on."""
        if not task.cancelled() and (error := task.exception()) is not None:
            name = task.get_name().removeprefix("feed ")
            log.error("feed.failed", feed=name, error=repr(error))
            for inbox in self._inboxes:
                if inbox.feed.name == name:
                    inbox.lost(_fault(error))

    async def _deliver(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            await asyncio.sleep(GATHER_S)
            while self._give():
                await asyncio.sleep(0)

    def _give(self) -> bool:
        """One batch of each feed to the sink; whether there was any."""
        given = False
        for inbox in self._inboxes:
            batch = inbox.take()
            if batch and not self._over:
                self._hand_over(batch)
                given = True
        return given

    def _hand_over(self, batch: list[Report]) -> None:
        try:
            self._sink(batch)
        except Exception as error:
            self._over = True
            log.exception("sink.failed")
            for inbox in self._inboxes:
                inbox.lost(_fault(error))
            self._broken(error)


def _fault(error: BaseException) -> str:
    return f"a fault of this node: {error!r}"[:200]


def _intake(inbox: Inbox) -> Intake:
    feed = inbox.feed
    if feed.url:
        return Client(feed, inbox)
    return Datagrams(feed, inbox) if feed.listen.startswith("udp:") else Listener(feed, inbox)
