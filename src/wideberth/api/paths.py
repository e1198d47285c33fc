"""Where a party is reached beside the stream: what it said, how its routes do, a test of them; the node's public key.

In:  a session; of a test, the cell. Out: the party's own routes alone.
Refuses: cells without routes, tests past a rate, and all of it where the node carries nothing.
"""

from wideberth.api.call import Call
from wideberth.api.reads import as_of
from wideberth.party.http_signature import jwk
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.theatre.hotline_routes import CellPaths, RouteNow, paths_now, route_id, routes_of
from wideberth.theatre.shown import AsOf, Shown, time_or_none


class Standing(Shown, frozen=True):
    """How a route does since the node started."""

    cell: str
    path: str
    kind: str
    to: str
    handed: str | None
    failed: str | None
    why: str
    waiting: int


class PathsNow(Shown, frozen=True):
    """The reader's routes. `push_key` is what a browser subscribes with (applicationServerKey)."""

    as_of: AsOf
    cells: tuple[CellPaths, ...]
    standing: tuple[Standing, ...]
    push_key: str | None


class TestBody(Shown, frozen=True, forbid_unknown_fields=True):
    """Whose routes; empty for the party's."""

    __test__ = False
    cell: str


class Tested(Shown, frozen=True):
    """What became of a test on one route: handed over, or why not."""

    route: RouteNow
    handed: bool
    why: str


class Tests(Shown, frozen=True):
    """A test of a cell's routes."""

    __test__ = False
    tested: tuple[Tested, ...]


class KeySet(Shown, frozen=True):
    """The node's keys (RFC 7517): its signatures on webhooks are made with the first."""

    keys: tuple[dict[str, str], ...]


async def paths(call: Call) -> PathsNow | Refusal:
    """What the party said of its routes, and how they do."""
    node = call.node

    def find() -> PathsNow:
        cells = paths_now(node.state, call.party)
        carrier = node.carrier
        rows: list[Standing] = []
        for cell in cells:
            for route, now in zip(routes_of(node.state, call.party, cell.cell), cell.routes, strict=True):
                if carrier is not None:
                    health = carrier.courier.health(route_id(call.party, route))
                    times = (time_or_none(health.handed_us), time_or_none(health.failed_us))
                    rows.append(Standing(cell.cell, now.path, now.kind, now.to, *times, health.why, health.waiting))
        return PathsNow(as_of(node), cells, tuple(rows), carrier.push_key if carrier is not None else None)

    return await call.read(find)


async def test(call: Call) -> Tests | Refusal:
    """Try each route of a cell once."""
    body = await call.json(TestBody)
    if isinstance(body, Refusal):
        return body
    carrier = call.node.carrier
    if carrier is None:
        return refuse(Reason.WRONG_STATE, "node", "a node that carries what it owes", "it does not")
    found = await carrier.test(call.party, body.cell)
    if isinstance(found, Refusal):
        return found
    if not found:
        return refuse(Reason.UNKNOWN, "cell", "a cell with routes, or your party's", body.cell)
    return Tests(tuple(Tested(now, tried.handed, tried.why) for now, tried in found))


async def keys(call: Call) -> KeySet:
    """The node's public key, for whoever verifies what it signs."""
    return KeySet((jwk(call.node.state.node_key),))
