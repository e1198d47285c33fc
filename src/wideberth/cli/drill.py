"""`wideberth drill`: does a message reach the parties, and how soon? Everything that it sends is marked as a drill.

In:  a watch key, a node, parties; how long to wait.
Out: for each party how soon its cells had the notice, read it back, and answered on each line; a table or JSON.
Exit status 1 where a party fell short of the charter's times within the wait. Nothing of a drill asks anybody to act.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Final

import msgspec
from cyclopts import Parameter

from wideberth.cli.out import FOUND, Stop, figure, row, say, say_json, show, table, waiting
from wideberth.cli.reach import URL, Authority, KeyFile, Url, expected, reaching
from wideberth.client import Client, Problem
from wideberth.client.hotline import Hotline, Lines, Message
from wideberth.party.hotline import Path, Precedence
from wideberth.refusal import Reason
from wideberth.space.volume import Circle, Volume4D

POLL_S: Final = 1.0
REACHES: Final = ("sent", "received", "read-back")
TEXT: Final = "This is a drill. Acknowledge, then read back. Nothing is to be done."
AHEAD_US: Final = 2 * 3_600_000_000
"""The place of a drill is held for an hour, two hours from now."""


class Outcome(msgspec.Struct):
    """How a party did; seconds from sending, None where it did not happen."""

    party: str
    received_s: float | None = None
    read_back_s: float | None = None
    first_s: float | None = None
    second_s: float | None = None
    in_time: bool = False


def drill(
    party: Annotated[tuple[str, ...], Parameter(help="Whom to try; without any, every other member.")] = (),
    /,
    *,
    key: KeyFile,
    url: Url = URL,
    authority: Authority = None,
    precedence: Annotated[Precedence, Parameter(help="Of the notice: its time to acknowledge counts.")] = (
        Precedence.FLASH
    ),
    wait: Annotated[float, Parameter(help="Seconds to wait at most.")] = 180.0,
    json: Annotated[bool, Parameter(negative="", help="Print JSON.")] = False,
) -> int:
    """Send a drill notice with a place to read back, check both lines to each party, and say who answered how soon.

    Ends with 1 where a party did not receive it within the charter's time, or did not read it back at all.

    Example: wideberth drill CAA CPS --key has-desk1.key --precedence immediate
    """
    with reaching(url, key, authority) as client:
        theatre = expected(client.theatre())
        others = [p.party for p in theatre.parties if not p.mine and p.role == "member"]
        allowed_s = theatre.charter["acknowledge_s"][tuple(Precedence).index(precedence)]
        asked = party or tuple(others)
        found = _run(client, asked, precedence, wait, theatre.charter["bounds"])
    for outcome in found:
        had = outcome.received_s is not None and outcome.received_s <= allowed_s
        outcome.in_time = had and outcome.read_back_s is not None
    if json:
        say_json({"precedence": precedence, "acknowledge_s": allowed_s, "parties": found})
    else:
        _print(found, precedence, allowed_s)
        if wait < allowed_s and not all(outcome.in_time for outcome in found):
            say(f"Only {wait:g} s were waited: who is not in time may still have been. Wait longer with --wait.")
    return 0 if all(outcome.in_time for outcome in found) else FOUND


def _run(
    client: Client, asked: Sequence[str], precedence: Precedence, wait: float, bounds: Sequence[float]
) -> list[Outcome]:
    hotline, message = Hotline(client), client.new_id()
    began = time.monotonic()
    place = [_place(bounds)]
    expected(hotline.send(message, asked, precedence=precedence, phrase="notice", text=TEXT, volumes=place, drill=True))
    found = {code: Outcome(code) for code in asked}
    checks = {(code, path): client.new_id() for code in asked for path in Path}
    for (code, path), check in checks.items():
        answer = hotline.check(check, code, path)
        if isinstance(answer, Problem) and answer.reason != Reason.WRONG_STATE:  # one that waits already counts
            raise Stop(answer.sentence())

    def look() -> bool:
        at = round(time.monotonic() - began, 1)
        now = expected(hotline.message(client.party, message))
        _reached(found, now, at)
        _lines(found, expected(hotline.lines()), client.party, at)
        return all(None not in (o.read_back_s, o.first_s, o.second_s) for o in found.values())

    with waiting(f"waiting for {len(found)} parties, {wait:.0f} s at most"):
        _until(look, began + wait)
    now = expected(hotline.message(client.party, message))
    if now.state == "open":
        expected(hotline.cancel(now))
    return list(found.values())


def _place(bounds: Sequence[float]) -> Volume4D:
    """A small place in the middle of the theatre, a band of 100 m high above everything."""
    south, north, west, east = bounds
    start_us = time.time_ns() // 1_000 + AHEAD_US
    lat_nd, lon_nd = round((south + north) / 2 * 1e9), round(((west + east) / 2 + 180) % 360 * 1e9) - 180 * 10**9
    return Volume4D(Circle(lat_nd, lon_nd, 1_000_000), 20_000_000, 20_100_000, start_us, start_us + AHEAD_US // 2)


def _until(done: Callable[[], bool], end_s: float) -> None:
    while not done() and time.monotonic() < end_s:
        time.sleep(POLL_S)


def _reached(found: dict[str, Outcome], now: Message, at: float) -> None:
    for receiver in now.receivers:
        outcome = found[receiver.party]
        if receiver.reach in REACHES[1:] and outcome.received_s is None:
            outcome.received_s = at
        if receiver.reach == REACHES[2] and outcome.read_back_s is None:
            outcome.read_back_s = at


def _lines(found: dict[str, Outcome], now: Lines, mine: str, at: float) -> None:
    for line in now.lines:
        outcome = found.get(line.second)
        if line.first != mine or outcome is None or line.state != "up" or line.answer_by is not None:
            continue
        if line.path == Path.FIRST and outcome.first_s is None:
            outcome.first_s = at
        elif line.path == Path.SECOND and outcome.second_s is None:
            outcome.second_s = at


def _print(found: Sequence[Outcome], precedence: Precedence, allowed_s: int) -> None:
    made = table("party", "#received", "#read back", "#first line", "#second line", "")
    for outcome in found:
        row(made, outcome.party, *_times(outcome), "in time" if outcome.in_time else "NOT IN TIME")
    show(made)
    say(f"A {precedence} message is to be acknowledged within {figure(allowed_s)} s.")


def _times(outcome: Outcome) -> Iterator[str]:
    for value in (outcome.received_s, outcome.read_back_s, outcome.first_s, outcome.second_s):
        yield "no" if value is None else f"{value:.1f} s"
