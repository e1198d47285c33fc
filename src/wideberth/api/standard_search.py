"""Where suppliers search and listen, read from their requests.

In:  an area with or without times and altitudes. Out: shapes to search by; the times that stand in for missing ones.
Refuses: what `intake.standard` does; areas that are too wide, of a search with 413; versions that cannot be any.
"""

import asyncio
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Final, TypeVar
from urllib.parse import parse_qs

from wideberth.api.standard_bodies import Query, id_of, read_body
from wideberth.api.standard_door import Ask, Refused
from wideberth.intake.f3548 import Missing
from wideberth.intake.standard import check_area, read_volumes
from wideberth.limits import DURATION_US_MAX, OVN_CHARACTERS_MAX, SUBSCRIPTION_US_MAX
from wideberth.party.standard import Kind, Standard
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.space.shapes import Shapes, shapes
from wideberth.space.volume import Volume4D
from wideberth.theatre.outcome import Written
from wideberth.theatre.standard_views import SubView

AREA: Final = "area_of_interest"
ENTITY: Final = "entityid"
QUERY_MEMBERS_MAX: Final = 100
T = TypeVar("T")
R = TypeVar("R")
SLICE_ROWS: Final = 200
"""Rows that are made at a time: some two milliseconds of work."""


def query_of(ask: Ask, name: str) -> str | None:
    """A member of the query; None where there is none, the last where there are several."""
    raw = ask.scope.get("query_string", b"").decode("latin-1")
    try:
        found = parse_qs(raw, keep_blank_values=True, max_num_fields=QUERY_MEMBERS_MAX).get(name)
    except ValueError:  # more members than that: none of them is read
        return None
    return found[-1] if found else None


def path_version(text: str, field: str) -> str | Refusal:
    """An OVN or version in a path."""
    if 1 <= len(text) <= OVN_CHARACTERS_MAX and text.isprintable():
        return text
    limit = f"1 to {OVN_CHARACTERS_MAX} characters, as the last write was answered"
    return refuse(Reason.MALFORMED, field, limit, text or "nothing")


def entity_and_version(ask: Ask, version: str) -> tuple[bytes, str] | Refusal:
    """The id in the path, and the OVN or version, "" where the path has no place for one."""
    entity = id_of(ask.params[0], ENTITY)
    if isinstance(entity, Refusal):
        return entity
    replaces = path_version(ask.params[1], version) if len(ask.params) > 1 else ""
    return replaces if isinstance(replaces, Refusal) else (entity, replaces)


def search_shapes(ask: Ask) -> Shapes | Refused | Refusal | None:
    """The area of interest of a search; None where nothing can be, because it is over or beyond the horizon."""
    ask.volumes = AREA
    missing = Missing(ask.node.now_us(), horizon_end(ask), instant=True)
    body = read_body(ask.data, Query, missing)
    found = body if isinstance(body, Refusal) else read_volumes(ask.data, (body.area_of_interest,), AREA, missing)
    return too_wide(found) if isinstance(found, Refusal) else area_shapes(ask, found[0], AREA)


def area_shapes(ask: Ask, volume: Volume4D, field: str) -> Shapes | Refused | None:
    """The shapes of a search: its window is cut to when anything can be, an instant is given a microsecond."""
    no = check_area(volume.outline, field)
    if no is not None:
        return Refused(no, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    start_us = max(volume.start_us, ask.node.now_us() - DURATION_US_MAX)
    end_us = min(max(volume.end_us, volume.start_us + 1), horizon_end(ask))
    if end_us <= start_us:
        return None
    return shapes((Volume4D(volume.outline, volume.lower_mm, volume.upper_mm, start_us, end_us),))


def too_wide(refusal: Refusal) -> Refused | Refusal:
    """An outline that is too wide for anything is too wide for a search."""
    if refusal.reason is Reason.TOO_WIDE:
        return Refused(refusal, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return refusal


def too_many(found: list[T] | Refusal) -> list[T] | Refused | Refusal:
    """More results than are given are an area too large; more reads than may wait are too many requests."""
    if isinstance(found, Refusal) and found.reason is Reason.TOO_MANY and found.field == AREA:
        return Refused(found, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return found


async def rows_of(found: Sequence[T], form: Callable[[T], R]) -> list[R]:
    """The rows of an answer; others are served in between, however many there are."""
    rows: list[R] = []
    for begin in range(0, len(found), SLICE_ROWS):
        if begin:
            await asyncio.sleep(0)
        rows += [form(each) for each in found[begin : begin + SLICE_ROWS]]
    return rows


def horizon_end(ask: Ask) -> int:
    """Beyond this nothing is planned."""
    return ask.node.now_us() + ask.node.state.charter.horizon_us


async def kept_times(ask: Ask, standard: Standard, row_id: bytes, *, update: bool) -> Missing | Refusal:
    """What stands in for the times of a subscription: those that it has, else from now on for a day."""
    new = Missing(ask.node.now_us(), None, SUBSCRIPTION_US_MAX, horizon_end(ask))
    if not update:
        return new
    found = await ask.read(lambda: ask.node.standard.subscription_volumes(ask.party, standard, row_id))
    if isinstance(found, Refusal) or not found:
        return new if not isinstance(found, Refusal) else found
    return new._replace(start_us=min(v.start_us for v in found), end_us=max(v.end_us for v in found))


async def ended_subscription(ask: Ask, standard: Standard, row_id: bytes, written: Written) -> SubView:
    """A subscription that its owner has just ended, or a minute ago at most, as it was."""

    def look() -> SubView | None:
        row = ask.node.state.subscriptions.get(row_id)
        if row is None or row.version != written.ovn:
            return None
        rest = (row.start_us, row.end_us, row.url, row.hears, row.implicit, row.dependents)
        return SubView(row.id, row.standard, row.version, row.index, *rest)

    found = await ask.read(look)
    return found if isinstance(found, SubView) else as_written(standard, row_id, written, ())


def as_written(standard: Standard, row_id: bytes, written: Written, hears: tuple[Kind, ...]) -> SubView:
    """A subscription that is no longer there, as it was when it was written."""
    rest = (written.start_us, written.end_us, written.url, hears)
    return SubView(row_id, standard, written.ovn, 0, *rest, implicit=False, dependents=())
