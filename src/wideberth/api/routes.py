"""Every endpoint, in one table: what the node serves and what `/openapi.json` says of it.

A new endpoint is a handler in its file and a row here.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple

from wideberth.api import check, commands, hotline, live, own, paths, proofs, reads, registers, stream
from wideberth.api.call import Call
from wideberth.limits import PAGE_ITEMS_MAX
from wideberth.theatre import hotline_views, register_views, roster, shown
from wideberth.theatre.alerts import Alerts, Encounters

JSON: Final = "application/json"
INTEGER: Final[dict[str, Any]] = {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}


class Query(NamedTuple):
    """A member of the query."""

    name: str
    schema: dict[str, Any]
    what: str
    required: bool = False


class Endpoint(NamedTuple):
    """One row of the table."""

    method: str
    path: str
    handler: Callable[[Call], Awaitable[object]]
    summary: str
    answer: Any
    """The form of a success; None where it is not JSON."""
    body: Any = None
    query: tuple[Query, ...] = ()
    session: bool = True
    kind: str = JSON
    body_kinds: tuple[str, ...] = (JSON,)

    @property
    def name(self) -> str:
        """What logs and figures call it."""
        return f"{self.method} {self.path}"

    @property
    def has_id(self) -> bool:
        """Whether the path names a thing."""
        return "{id}" in self.path


AFTER: Final = Query("after", INTEGER, "The number of the last notice that the reader has")
NEXT: Final = Query("after", INTEGER, "`next` of the page before")
LIMIT: Final = Query("limit", {"type": "integer", "minimum": 1, "maximum": PAGE_ITEMS_MAX}, "How many at most")
SENDER: Final[dict[str, Any]] = {"type": "string", "minLength": 2, "maxLength": 16, "pattern": "^[A-Z0-9-]+$"}
SIZE: Final = Query("size", INTEGER, "The size of the ledger to prove against; its present one by default")
SECOND: Final = Query("second", INTEGER, "The later size; the present one by default")
LAT: Final = Query("lat", {"type": "number", "minimum": -90, "maximum": 90}, "Degrees of latitude, WGS 84", True)
LON: Final = Query("lon", {"type": "number", "minimum": -180, "maximum": 180}, "Degrees of longitude, WGS 84", True)

ENDPOINTS: Final = (
    Endpoint("GET", "/healthz", own.well, "The process answers", own.Well, session=False),
    Endpoint("GET", "/readyz", own.ready, "The node decides, or why not", own.Ready, session=False),
    Endpoint("GET", "/v1/about", own.about, "Which theatre this is", own.About, session=False),
    Endpoint(
        "POST",
        "/v1/challenge",
        own.challenge,
        "A challenge to sign",
        own.Challenge,
        own.ChallengeBody,
        session=False,
    ),
    Endpoint(
        "POST",
        "/v1/session",
        own.session,
        "A read session for a signed challenge",
        own.Session,
        own.SessionBody,
        session=False,
    ),
    Endpoint(
        "POST",
        "/v1/commands",
        commands.command,
        "Say a signed command",
        commands.Accept,
        commands.CommandBody,
        session=False,
    ),
    Endpoint("POST", "/v1/check", check.check, "A dry run", check.Dry, dict[str, Any], body_kinds=check.MEDIA),
    Endpoint("GET", "/v1/theatre", reads.theatre, "Charter and parties", roster.Theatre),
    Endpoint("GET", "/v1/view", reads.view, "Everything that the reader may see now", shown.View),
    Endpoint("GET", "/v1/operations/{id}", reads.operation, "One operation", reads.OperationNow),
    Endpoint("GET", "/v1/conflicts/{id}", reads.conflict, "One conflict", reads.ConflictNow),
    Endpoint("GET", "/v1/conflicts/{id}/options", reads.conflict_options, "What would clear it", reads.Options),
    Endpoint(
        "GET",
        "/v1/messages",
        hotline.messages,
        "The reader's open messages",
        hotline_views.Messages,
        query=(NEXT, LIMIT),
    ),
    Endpoint("GET", "/v1/messages/{sender}/{id}", hotline.message, "One message", hotline.OneMessage),
    Endpoint("GET", "/v1/registers", registers.registers, "The reader's register", register_views.Registers),
    Endpoint("GET", "/v1/alerts", live.alerts, "What the live watch warned of", Alerts),
    Endpoint("GET", "/v1/encounters", live.encounters, "Encounters filed", Encounters),
    Endpoint("GET", "/v1/watch", live.watch, "Own tracks, open alerts, feeds", live.WatchNow),
    Endpoint("GET", "/v1/lines", hotline.lines, "Lines as the comm checks found them", hotline_views.Lines),
    Endpoint("GET", "/v1/watches", hotline.watches, "The reader's cells and watches", hotline_views.Watches),
    Endpoint("GET", "/v1/paths", paths.paths, "Where the reader is reached beside the stream", paths.PathsNow),
    Endpoint("POST", "/v1/paths/test", paths.test, "Try each route of a cell once", paths.Tests, paths.TestBody),
    Endpoint(
        "GET",
        "/.well-known/wideberth-keys",
        paths.keys,
        "The node's public key",
        paths.KeySet,
        session=False,
    ),
    Endpoint("GET", "/v1/notices", reads.notice_page, "The reader's notices", reads.Notices, query=(AFTER, LIMIT)),
    Endpoint(
        "GET", "/v1/stream", stream.stream, "Notices as they come", None, query=(AFTER,), kind="text/event-stream"
    ),
    Endpoint("GET", "/v1/positions/show", reads.position, "A place in four forms", reads.Spoken, query=(LAT, LON)),
    Endpoint("GET", "/v1/checkpoint", proofs.checkpoint, "The signed head of the ledger", proofs.Checkpoint),
    Endpoint(
        "GET",
        "/v1/proofs/inclusion",
        proofs.inclusion,
        "That an entry stands in the ledger",
        proofs.Inclusion,
        query=(Query("sequence", INTEGER, "The entry", True), SIZE),
    ),
    Endpoint(
        "GET",
        "/v1/proofs/consistency",
        proofs.consistency,
        "That the ledger extends what it was",
        proofs.Consistency,
        query=(Query("first", INTEGER, "The earlier size", True), SECOND),
    ),
    Endpoint("GET", "/v1/export", proofs.export, "The parts that the reader was given", None, kind=proofs.EXPORT_MEDIA),
)
