"""A party's notices as they come: server-sent events (HTML standard, 9.2), resumed by number.

In:  a session, and the number of the last notice that the reader has (`after`, or the header Last-Event-ID).
Out: every notice above it, in order, each once; a tick whenever time passes in the ledger or what is open changes;
     each STOP of anybody at once, as the event `stop`, and each alert of the party's as `alert`, before it is an entry
     and comes as a notice.
Refuses: a number that this ledger does not have (FORKED); more streams than a party may have (TOO_MANY).

The stream ends when its session does, when the reader takes nothing for half a minute, and when the node stops; the
reader then resumes where it stands. It keeps no queue: what is sent is read from the ledger at that moment.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import TYPE_CHECKING

import msgspec
import structlog
from starlette.requests import ClientDisconnect
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from wideberth.api.call import Call
from wideberth.api.reads import ROWS, check_after, rows_after
from wideberth.limits import STREAM_SEND_S_MAX, TICK_US
from wideberth.refusal import Refusal
from wideberth.theatre.shown import Shown, time_text

if TYPE_CHECKING:
    from wideberth.node.core import Node
    from wideberth.node.sessions import Session
    from wideberth.node.streams import Waiting


class Tick(Shown, frozen=True):
    """Time has passed. `checkpoint` is the signed note over the ledger at `position`."""

    position: int
    time: str
    open_version: int
    node_time: str
    checkpoint: str


class EventStream(StreamingResponse):
    """A response that gives up on a reader who takes nothing, and then leaves its place."""

    def __init__(self, events: AsyncIterator[bytes], leave: Callable[[], None]) -> None:
        super().__init__(events, 200, {"x-accel-buffering": "no"}, "text/event-stream")
        self._leave = leave

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until somebody ends it."""

        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(STREAM_SEND_S_MAX):
                await send(message)

        try:
            await super().__call__(scope, receive, send_in_time)
        except* (TimeoutError, ClientDisconnect):
            structlog.get_logger().info("stream.left")
        finally:
            self._leave()


def event(name: str, value: Shown, number: int | None = None) -> bytes:
    """One event; JSON has no line breaks of its own."""
    identified = b"" if number is None else b"id: %d\n" % number
    return b"event: %s\n%sdata: %s\n\n" % (name.encode(), identified, msgspec.json.encode(value))


async def stream(call: Call) -> EventStream | Refusal:
    """Open a stream."""
    last = call.request.headers.get("last-event-id", "0")
    after = call.integer("after", int(last) if last.isdecimal() and last.isascii() and len(last) < 19 else 0)
    if isinstance(after, Refusal):
        return after
    node, session = call.node, call.session
    no = await call.read(lambda: check_after(node, call.party, after))
    if no is not None:
        return no
    place = node.streams.enter(call.party)
    if isinstance(place, Refusal):
        return place
    return EventStream(_events(node, session, place, after), lambda: node.streams.leave(session.party, place))


class _Batch(msgspec.Struct, frozen=True):
    """What one reading found."""

    events: bytes
    after: int
    mark: tuple[int, int]
    """Number of ticks' worth of time, and version of what is open."""
    tick: Tick


def _read(node: "Node", party: str, after: int) -> _Batch:
    state = node.state
    rows = rows_after(node, party, after, ROWS)
    events = b"".join(event("notice", row, row.number) for row in rows)
    tick = Tick(
        state.size,
        time_text(state.time_us),
        state.open_version,
        time_text(node.clocks.wall_us()),
        node.ledger.head.note.decode(),
    )
    return _Batch(events, after + len(rows), (node.ticks, state.open_version), tick)


async def _events(node: "Node", session: "Session", place: "Waiting", after: int) -> AsyncIterator[bytes]:
    said: tuple[int, int] | None = None
    while not node.streams.over and node.sessions.holds(session, node.now_us()) is None:
        if shouted := place.shouted():
            yield shouted
        reading = asyncio.ensure_future(node.read(session.party, partial(_read, node, session.party, after)))
        try:
            while shouted := await place.shouted_while(reading):  # a read waits where the ledger hangs, a STOP does not
                yield shouted
            batch = await reading
        finally:
            reading.cancel()
        if isinstance(batch, Refusal):
            break
        if batch.events:
            after = batch.after
            yield batch.events
            continue
        if batch.mark != said:
            said = batch.mark
            node.hear(session.party)
            yield event("tick", batch.tick)
        await place.wait(TICK_US / 1_000_000)
    if shouted := place.shouted():  # a STOP that came as the node, or the session, ended
        yield shouted
