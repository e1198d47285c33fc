"""Following the notices of a party as they come.

In:  a `Client`, and after which number to begin.
Out: notices in order, each once, checked against the chain; ticks; `Silence` where the line is dead; where alerts may
     have been missed, the picture as a `WatchNow`, and each of its alerts.
Raises `Fork` (an alarm) where a notice does not follow the one before it.

A broken line is taken up again after the last number that came. Ticks come every 5 s, so 15 s without one mean that the
picture is stale; that is said once, and again only after the line was back. So are clocks that differ by over 5 s.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

import httpx
import msgspec

from wideberth.client.client import Client
from wideberth.client.connection import FIRST_WAIT_S, WAIT_S_MAX, Unreachable, problem
from wideberth.client.history import Fork
from wideberth.client.hotline import StopNow
from wideberth.client.live import LiveWatch, OpenAlert, WatchNow
from wideberth.client.wire import NoticeRow, Problem, Tick, read
from wideberth.ledger.checkpoint import Verifier
from wideberth.limits import SKEW_S_MAX

SILENCE_S: Final = 15.0


class Silence(msgspec.Struct, frozen=True):
    """Nothing was heard for so long, or the line broke: what is shown is as of then."""

    why: str


class Skew(msgspec.Struct, frozen=True):
    """This machine's clock and the node's differ by so much: times read here are not those of the ledger."""

    seconds: float
    """Positive where the node is ahead."""


Event = NoticeRow | Tick | Silence | StopNow | OpenAlert | WatchNow | Skew
"""A `StopNow` or an `OpenAlert` is on its way, before it is an entry; a STOP and a warning come again as a notice. A
`WatchNow` comes where alerts fell away, or the line was broken: an alert that it does not have is open no more."""


def events(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Event name and data of server-sent events (HTML standard, 9.2.6), comments and ids passed over."""
    name, data = "", list[str]()
    for line in lines:
        if not line:
            if data:
                yield name or "message", "\n".join(data)
            name, data = "", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)


def follow(client: Client, stop: Callable[[], bool] = lambda: False) -> Iterator[Event]:
    """Everything that is said to the party after what its history knows, until `stop`."""
    wait_s, silent, again = FIRST_WAIT_S, False, False
    while not stop():
        try:
            for event in _once(client, again):
                wait_s, silent = FIRST_WAIT_S, False
                yield event
                if stop():
                    return
            why = "the node closed the stream"
        except (httpx.TransportError, Unreachable) as error:
            why = str(error) or type(error).__name__
        again = True
        if not silent:
            silent = True
            yield Silence(why)
        client.connection.pause(wait_s)
        wait_s = min(2 * wait_s, WAIT_S_MAX)


def _picture(client: Client) -> Iterator[Event]:
    """What alerts are open, where some may have been missed; nothing where there is no live watch."""
    picture = LiveWatch(client).now()
    if isinstance(picture, Problem):
        raise Unreachable(picture.sentence())
    if picture.swept is not None:
        yield picture
        yield from picture.alerts


def _once(client: Client, again: bool) -> Iterator[Event]:
    skewed = False
    history, connection = client.history, client.connection
    timeout = httpx.Timeout(10.0, read=SILENCE_S)
    query = {"after": history.known.number}
    with connection.http.stream(
        "GET", "/v1/stream", params=query, headers=connection.headers(), timeout=timeout
    ) as answer:
        if answer.status_code != 200:
            answer.read()
            refusal = problem(answer)
            connection.forget_session()
            if refusal.reason == "forked":
                raise Fork(f"The node does not know notice {history.known.number} of {client.party}.")
            raise Unreachable(refusal.sentence())
        if again:
            yield from _picture(client)
        for name, data in events(answer.iter_lines()):
            if name == "notice":
                row = read(data, NoticeRow)
                if history.notice(row):
                    yield row
            elif name == "stop":
                yield read(data, StopNow)
            elif name == "alert":
                yield read(data, OpenAlert)
            elif name == "missed":
                yield from _picture(client)
            elif name == "tick":
                tick = read(data, Tick)
                if tick.checkpoint is not None:
                    about = client.about()
                    node = Verifier(about.origin, bytes(about.node_key))
                    history.checkpoint(tick.checkpoint, node, client.consistency)
                ahead_s = connection.ahead_s(tick.node_time)
                if abs(ahead_s) > SKEW_S_MAX and not skewed:
                    yield Skew(ahead_s)
                skewed = abs(ahead_s) > SKEW_S_MAX
                yield tick


def catch_up(client: Client, limit: int = 100) -> list[NoticeRow] | Problem:
    """All notices after what the history knows, read page by page."""
    rows: list[NoticeRow] = []
    while True:
        page = client.notices(client.history.known.number, limit)
        if isinstance(page, Problem):
            return page
        rows += [row for row in page.notices if client.history.notice(row)]
        if page.next is None or not page.notices:
            return rows
