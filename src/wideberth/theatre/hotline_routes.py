"""Beside the stream: where a cell is reached, what has to go there, and what became of it.

In:  the state; the routes that a party says (`SetPaths`), what the node says that it handed over (`Delivered`).
Out: an `Outcome` or a Refusal; `Job`s, each a thing to send on one route with an id that stays the same however often
     it is computed; what a party reads of its routes.
Refuses: cells that are not the party's, routes that are not of their form.

What has to go out follows from the state alone: the open obligations, the comm checks that wait, the alerts of the live
watch that nobody of the party has taken up. A node that starts
again finds the same jobs with the same ids, so nothing is lost, and a receiver that saw an id drops what it sees twice.

    rung 0   the cell's first path; of a STOP both paths
    rung 1   besides, the cell's second path, and both of the cell above
    rung 2   both paths of every cell of the party, anew with every reminder
    alert    the party's first path when warned, both when it has happened; that it passed, wherever it had gone
"""

from collections import Counter
from collections.abc import Container, Iterable, Iterator
from typing import Final, NamedTuple

import msgspec

from wideberth.limits import ALERT_CARRIED_US, ALERTS_CARRIED_MAX
from wideberth.party.alerts import OVER, Stage
from wideberth.party.envelope import decode_part
from wideberth.party.hotline import Delivered, Delivery, MessageKind, Path, SetPaths
from wideberth.party.paths import Mail, Paths, Push, Route, Webhook, check_paths
from wideberth.party.standard import uuid4_of
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.theatre.filing import Parts
from wideberth.theatre.hotline_items import HandedItem, HotlineEffects
from wideberth.theatre.hotline_rows import CRITICAL, PRECEDENCES, Line, Message, MessageState, Obligation
from wideberth.theatre.hotline_rules import Items, all_cells, is_open, obligations_of, told
from wideberth.theatre.lifecycle import RUNG_MAX, Reach
from wideberth.theatre.outcome import Accepted, Effects, Outcome, accepted
from wideberth.theatre.rows import AlertRow, Member
from wideberth.theatre.shown import Shown, b64
from wideberth.theatre.state import State

HANDED: Final = "handed"
FAILED: Final = "failed"
STOP_FIRST: Final = 0
"""The urgency of a STOP; the precedences follow."""
_ALERTS: Final = {Stage.WARNED: (2, False), Stage.HAPPENED: (1, True)}
"""By stage, as urgent as which precedence, and whether on both paths."""
_PASSED: Final = 4
"""The urgency of an alert's end."""
OF_ALERTS: Final = ("alert", "passed", "lost")
CHECKS: Final = 2
"""That of a comm check: whoever has to answer it has not long."""


# saying


def decide_paths(state: State, member: Member, command: SetPaths, parts: Parts) -> Outcome | Refusal:
    """Where a cell is reached."""
    if command.cell and command.cell not in all_cells(state, member.party):
        return refuse(Reason.UNKNOWN, "command.cell", "a cell of yours", command.cell)
    if command.paths is not None:
        part = parts[command.paths][0] if 0 <= command.paths < len(parts) else None
        if not isinstance(part, Paths):
            limit = "the place of a part with routes among the attached parts"
            return refuse(Reason.PARTS_MISMATCH, "command.paths", limit, command.paths)
        no = check_paths(part, f"parts[{command.paths}]")
        if no is not None:
            return no
    return accepted(Accepted(), Effects(hotline=HotlineEffects()), len(parts))


def decide_delivered(state: State, command: Delivered) -> Outcome:
    """What the node handed over or could not. The sender hears once by party and kind of route, and of no failure."""
    items: Items = {}
    heard: set[tuple[str, bytes, str, str]] = set()
    for row in command.rows:
        message = state.messages.get((row.sender, row.message))
        if message is None or row.party not in message.to:
            continue
        head = (row.sender, row.message, row.version, row.party)
        tail = (row.route, row.outcome, row.at_us)
        items.setdefault(row.party, []).append(HandedItem(*head, row.cell, row.asked, row.path, *tail))
        ways = {route for owed in _owed_by(state, message, row.party) for _, route in owed.handed}
        new = (row.sender, row.message, row.party, row.route)
        if row.outcome == HANDED and row.version == message.version and row.route not in ways and new not in heard:
            heard.add(new)
            items.setdefault(row.sender, []).append(HandedItem(*head, None, "", row.path, *tail))
    result = accepted(Accepted(), Effects())
    result.notices = told(items)
    return result


def _owed_by(state: State, message: Message, party: str) -> list[Obligation]:
    return [owed for owed in obligations_of(state, message) if owed.party == party]


# reading


def routes_of(state: State, party: str, cell: str) -> tuple[Route, ...]:
    """A cell's routes; its party's where it has said none."""
    held = state.paths.get((party, cell)) or state.paths.get((party, ""))
    part = decode_part(held.content) if held is not None and held.content is not None else None
    return part.routes if isinstance(part, Paths) else ()


class Job(NamedTuple):
    """Something to send on one route."""

    id: bytes
    """Of this thing on this route: the same after a restart."""
    party: str
    cell: str
    """That it is for."""
    asked: str
    """Whose route it is."""
    route: Route
    what: str
    """"message", "reminder", "cancelled", "check", or of `OF_ALERTS`."""
    urgency: int
    sender: str
    subject: bytes
    """Of the message, check or alert."""
    version: int
    due_us: int
    drill: bool = False
    after: tuple[bytes, ...] = ()
    """Only where one of these jobs was handed over, if there are any."""

    @property
    def critical(self) -> bool:
        """Whether the ledger tells of it."""
        return self.what not in ("check", *OF_ALERTS) and self.urgency <= len(CRITICAL)

    def row(self, outcome: str, at_us: int) -> Delivery:
        """What became of it, for the ledger."""
        where = (self.party, self.cell, self.asked, self.route.path, self.route.kind)
        return Delivery(self.sender, self.subject, self.version, *where, outcome, at_us)


def route_id(party: str, route: Route) -> bytes:
    """A route of a party, whichever of its cells has it."""
    return uuid4_of("route", party, msgspec.msgpack.encode(route.to))


def jobs(state: State, party: str = "") -> Iterator[Job]:
    """All that has to go out, or what goes to one party."""
    if not state.paths:
        return
    for message in state.messages.values():
        yield from message_jobs(state, message, party)
    for line in state.lines.values():
        if party in ("", line.second):
            yield from check_jobs(state, line)
    carried = _carried(state)
    for alert in state.alerts.values():
        yield from alert_jobs(state, alert, carried, party)


Subject = tuple[str, bytes]
"""A sender and the id of a message or comm check, or nobody and that of an alert."""


def jobs_of(state: State, subjects: Iterable[Subject]) -> Iterator[tuple[Subject, list[Job]]]:
    """By subject, what has to go out about it."""
    subjects = tuple(subjects)
    carried = _carried(state) if any(not sender for sender, _ in subjects) else frozenset()
    for subject in subjects:
        yield subject, list(_subject_jobs(state, subject, carried))


def _subject_jobs(state: State, subject: Subject, carried: Container[tuple[str, bytes]]) -> Iterator[Job]:
    message = state.messages.get(subject)
    if message is not None:
        yield from message_jobs(state, message)
        return
    if not subject[0]:
        alert = state.alerts.get(subject[1])
        yield from alert_jobs(state, alert, carried) if alert is not None else ()
        return
    for line in state.lines.values():
        if (line.first, line.check) == subject:
            yield from check_jobs(state, line)


def message_jobs(state: State, message: Message, party: str = "") -> Iterator[Job]:
    """What has to go out of one message: on each route the latest of it, once."""
    if message.closed_us and message.state is not MessageState.CANCELLED:
        return
    for owed in obligations_of(state, message):
        if party not in ("", owed.party):
            continue
        found: dict[tuple[str, Route], tuple[str, str]] = {}
        for stage, what, asked, path in _stages(state, message, owed):
            for route in routes_of(state, owed.party, asked):
                if path in ("", route.path):
                    found[(asked, route)] = (stage, what)
        for (asked, route), (stage, what) in found.items():
            yield _job(message, owed, asked, route, stage, what)


def _stages(state: State, message: Message, owed: Obligation) -> Iterator[tuple[str, str, str, str]]:
    """Stage, what it is, whose routes, on which path (empty: both)."""
    if message.closed_us:
        yield "cancelled", "cancelled", owed.cell, ""
        return
    if not is_open(state, owed) or (owed.reach is not Reach.SENT and not owed.rung):
        return
    yield "new", "message", owed.cell, "" if message.kind is MessageKind.STOP else Path.FIRST
    stage = f"{owed.rung}:{owed.due_us}"
    if owed.rung >= RUNG_MAX:
        for cell in dict.fromkeys((*all_cells(state, owed.party), "")):
            yield stage, "reminder", cell, ""
    elif owed.rung:
        tree = state.trees.get(owed.party)
        yield stage, "reminder", owed.cell, Path.SECOND
        yield stage, "reminder", tree.above(owed.cell) if tree is not None else "", ""


def _job(message: Message, owed: Obligation, asked: str, route: Route, stage: str, what: str) -> Job:
    stop = message.kind is MessageKind.STOP
    urgency = STOP_FIRST if stop else 1 + PRECEDENCES.index(message.precedence)
    to = msgspec.msgpack.encode((route.path, route.to))
    after = (uuid4_of("delivery", owed.id, "new", asked, to),) if what == "cancelled" else ()
    made = uuid4_of("delivery", owed.id, stage, asked, to)
    head = (made, owed.party, owed.cell, asked, route, what, urgency, message.sender, message.id, message.version)
    return Job(*head, owed.due_us, message.drill, after)


def check_jobs(state: State, line: Line) -> Iterator[Job]:
    """A comm check that waits goes out on its own path."""
    if not line.due_us:
        return
    for cell in _top(state, line.second):
        for route in routes_of(state, line.second, cell):
            if route.path is line.path:
                made = uuid4_of("delivery", line.check, cell, msgspec.msgpack.encode((route.path, route.to)))
                head = (made, line.second, cell, cell, route, "check", CHECKS)
                yield Job(*head, line.first, line.check, 0, line.due_us)


def _top(state: State, party: str) -> tuple[str, ...]:
    """Whose routes stand for the party: its own, else those of all its cells."""
    return ("",) if (party, "") in state.paths else all_cells(state, party)


def alert_jobs(state: State, alert: AlertRow, carried: Container[tuple[str, bytes]], party: str = "") -> Iterator[Job]:
    """An alert goes to each party that it concerns, once a stage, until somebody there has taken it up or it passed;
    that it passed goes where it had gone. `carried`: parties and the alerts that go on their routes."""
    if _is_old(state, alert):
        return
    over = alert.stage in OVER
    urgency, both = (_PASSED, True) if over else _ALERTS[alert.stage]
    for owner in sorted({side.party for side in alert.sides if side.party and party in ("", side.party)}):
        if not over and (owner in alert.acknowledged or (owner, alert.id) not in carried):
            continue
        for cell in _top(state, owner):
            for route in routes_of(state, owner, cell):
                if both or route.path is Path.FIRST:
                    made = _alert_job(alert, alert.stage, owner, cell, route)
                    after = tuple(_alert_job(alert, stage, owner, cell, route) for stage in _ALERTS) if over else ()
                    what = alert.stage.value if over else "alert"
                    head = (made, owner, cell, cell, route, what, urgency, "", alert.id, 0)
                    yield Job(*head, alert.closest_us, after=after)


def _alert_job(alert: AlertRow, stage: Stage, owner: str, cell: str, route: Route) -> bytes:
    to = msgspec.msgpack.encode((route.path, route.to))
    return uuid4_of("delivery", alert.id, stage.value, owner, cell, to)


def _is_old(state: State, alert: AlertRow) -> bool:
    return state.time_us - alert.at_us > ALERT_CARRIED_US


def _carried(state: State) -> frozenset[tuple[str, bytes]]:
    """Parties that have routes, each with its eldest open alerts that nobody there has taken up: so many that happened,
    so many that are warned of, and as many again that are doubtful, so that none of these keeps another out."""
    found: set[tuple[str, bytes]] = set()
    count, reached = Counter[tuple[str, Stage, bool]](), {party for party, _ in state.paths}
    for alert in state.alerts.values():  # the eldest first
        if alert.stage in _ALERTS and not _is_old(state, alert):
            for owner in {side.party for side in alert.sides if side.party in reached} - {*alert.acknowledged}:
                place = owner, alert.stage, alert.doubtful
                if count[place] < ALERTS_CARRIED_MAX:
                    count[place] += 1
                    found.add((owner, alert.id))
    return frozenset(found)


class RouteNow(Shown, frozen=True):
    """A route of the reader's."""

    path: str
    kind: str
    to: str
    """The address, or a subscription's endpoint."""
    language: str
    whole: bool
    p256dh: str | None = None
    auth: str | None = None


class CellPaths(Shown, frozen=True):
    """The routes of a cell; empty for those of the party."""

    cell: str
    routes: tuple[RouteNow, ...]


def paths_now(state: State, party: str) -> tuple[CellPaths, ...]:
    """What a party said of its own routes; destroyed ones are gone."""
    mine = sorted(cell for owner, cell in state.paths if owner == party)
    return tuple(CellPaths(cell, tuple(route_now(r) for r in routes_of(state, party, cell))) for cell in mine)


def route_now(route: Route) -> RouteNow:
    """A route as its party reads it."""
    head = (route.path.value, route.kind)
    match route.to:
        case Webhook(url):
            return RouteNow(*head, url, route.language, route.whole)
        case Mail(address):
            return RouteNow(*head, address, route.language, route.whole)
        case Push(endpoint, p256dh, auth):
            return RouteNow(*head, endpoint, route.language, route.whole, b64(p256dh), b64(auth))


def handed_kinds(owed: list[Obligation], party: str) -> tuple[str, ...]:
    """The kinds of route on which a message was handed over for a party, as its sender may see them."""
    return tuple(sorted({route for row in owed if row.party == party for _, route in row.handed}))
