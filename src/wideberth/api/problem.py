"""Refusals on the wire: RFC 9457 problem details.

In:  a `Refusal` and the language of its reader; or what the framework says of a request that no endpoint met.
Out: a response of application/problem+json with one clear sentence, the field, the limit and what was received. The
     sentence (`detail`) is in the reader's language; title, reason, field and limit are the same in all.
Every problem of the house has the type of its reason; those of HTTP alone have "about:blank", as the RFC asks.
"""

from http import HTTPStatus
from typing import Final

import msgspec
from starlette.responses import Response

from wideberth.party.charter import DAY_US
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.theatre.shown import Shown
from wideberth.voice.refusals import DEFAULT, sentence

TYPE: Final = "https://wideberth.invalid/reason/"
MEDIA: Final = "application/problem+json"
RETRY_S: Final = {Reason.TOO_MANY: 1, Reason.CLOCK: 5, Reason.STORAGE: 5, Reason.KEYS_UNREACHABLE: 30}
"""After how long a refusal may be gone; a budget comes back with the next day (UTC)."""


class Receipt(Shown, frozen=True):
    """The node's signed word that a command stands in an entry: Ed25519 over the canonical array of the members
    before the signature, hashes as bytes."""

    context: str
    genesis: str
    sequence: int
    time_us: int
    leaf_hash: str
    command_digest: str
    signature: str


class Problem(Shown, frozen=True, omit_defaults=True):
    """Why not: RFC 9457, with the house's members. `position` and `receipt` stand where the refusal is an entry."""

    type: str
    title: str
    status: int
    detail: str
    reason: str | None = None
    field: str | None = None
    limit: str | None = None
    received: str | None = None
    position: int | None = None
    receipt: Receipt | None = None


def problem_of(
    refusal: Refusal, position: int | None = None, receipt: Receipt | None = None, language: str = DEFAULT
) -> Problem:
    """A refusal as problem details."""
    reason = refusal.reason
    said = (sentence(refusal, language), reason.value, refusal.field, refusal.limit, refusal.received)
    return Problem(TYPE + reason.value, reason.heading, reason.status, *said, position, receipt)


def plain_problem(
    status: int, detail: str, field: str | None = None, limit: str | None = None, received: str | None = None
) -> Problem:
    """A problem of HTTP alone: what of the request, what would have been right, what stood there (shortened)."""
    if received is not None:
        received = refuse(Reason.MALFORMED, "", "", received).received
    return Problem("about:blank", HTTPStatus(status).phrase, status, detail, None, field, limit, received)


def respond(problem: Problem, headers: dict[str, str] | None = None) -> Response:
    """The response."""
    return Response(msgspec.json.encode(problem), problem.status, headers, MEDIA)


def refuse_with(
    refusal: Refusal,
    now_us: int,
    position: int | None = None,
    receipt: Receipt | None = None,
    language: str = DEFAULT,
) -> Response:
    """The response to a refusal, with what HTTP wants beside it."""
    headers = {"content-language": language}
    if refusal.reason is Reason.BUDGET:
        headers["retry-after"] = str((DAY_US - now_us % DAY_US) // 1_000_000 + 1)
    elif refusal.reason in RETRY_S and position is None:
        headers["retry-after"] = str(RETRY_S[refusal.reason])
    if refusal.reason.status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = "Bearer"
    if refusal.reason is Reason.TOO_LARGE:
        headers["connection"] = "close"
    return respond(problem_of(refusal, position, receipt, language), headers)
