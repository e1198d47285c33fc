"""Where a party is reached beside the stream, for programs: say it, read it, test it.

In:  a `Client`; a cell, its routes. Out: typed answers or a `Problem`.
"""

from collections.abc import Sequence
from datetime import datetime

from wideberth.client.client import Client
from wideberth.client.connection import problem
from wideberth.client.wire import Answer, AsOf, Problem, Wire, read
from wideberth.party.hotline import SetPaths
from wideberth.party.paths import Paths, Route


class RouteNow(Wire, frozen=True):
    """A route of the reader's."""

    path: str
    kind: str
    to: str
    language: str
    whole: bool
    p256dh: str | None = None
    auth: str | None = None


class CellPaths(Wire, frozen=True):
    """The routes of a cell; an empty code is the party's."""

    cell: str
    routes: tuple[RouteNow, ...]


class Standing(Wire, frozen=True):
    """How a route does since the node started."""

    cell: str
    path: str
    kind: str
    to: str
    why: str
    waiting: int
    handed: datetime | None = None
    failed: datetime | None = None


class PathsNow(Wire, frozen=True):
    """The reader's routes."""

    as_of: AsOf
    cells: tuple[CellPaths, ...]
    standing: tuple[Standing, ...]
    push_key: str | None = None


class Tested(Wire, frozen=True):
    """What became of a test on one route."""

    route: RouteNow
    handed: bool
    why: str


class Tests(Wire, frozen=True):
    """A test of a cell's routes."""

    __test__ = False
    tested: tuple[Tested, ...]


def set_paths(client: Client, cell: str, routes: Sequence[Route]) -> Answer | Problem:
    """All routes of a cell; none takes back those it had."""
    if not routes:
        return client.say(SetPaths(cell, None))
    return client.say(SetPaths(cell, 0), [Paths(tuple(routes))])


def paths(client: Client) -> PathsNow | Problem:
    """What the party said, and how its routes do."""
    return client.connection.get("/v1/paths", PathsNow)


def try_paths(client: Client, cell: str = "") -> Tests | Problem:
    """Have each route of a cell tried once."""
    connection = client.connection
    answer = connection.request("POST", "/v1/paths/test", json={"cell": cell}, headers=connection.headers())
    return read(answer.content, Tests) if answer.status_code == 200 else problem(answer)
