"""The DSS of ASTM F3411-22a: identification service areas, and subscriptions to them.

In:  requests below /rid/v2/dss. Out: the standard's answers. Translation only: the theatre decides.
Refuses what is form: a ring whose last vertex repeats its first, areas that are too wide (413 of a search), versions
that this node cannot have given; then as `theatre.references` and `theatre.subscriptions` do.

A service area's end is required, its start is now where none is given. A search without times looks from now on.
"""

import base64
import re
from functools import partial
from http import HTTPStatus
from typing import Final, NamedTuple

from wideberth.api.f3548 import Answered, written_of
from wideberth.api.standard_bodies import PutArea, check_url, id_of, read_body
from wideberth.api.standard_door import Ask, Refused, Reply
from wideberth.api.standard_forms import Answer, NotificationState, id_text, states_form, time_form
from wideberth.api.standard_search import (
    area_shapes,
    as_written,
    ended_subscription,
    entity_and_version,
    horizon_end,
    kept_times,
    query_of,
    rows_of,
    too_many,
    too_wide,
)
from wideberth.intake.f3548 import Missing
from wideberth.intake.standard import Time, check_area, read_volumes
from wideberth.intake.times import parse_time
from wideberth.limits import ALTITUDE_MM_MAX, ALTITUDE_MM_MIN, VERTICES_MAX
from wideberth.party.standard import DropReference, Kind, PutReference, Standard, Subscribe, Unsubscribe
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.space.shapes import Shapes, shapes
from wideberth.space.volume import Polygon, Volume4D, check_volume, normalise
from wideberth.theatre.outcome import Subscriber, Written
from wideberth.theatre.standard_views import RefView, SubView

AREA: Final = "area"
VERSION: Final = re.compile(r"[0-9a-f]{32}")
"""What a version of ours looks like here: small letters and digits alone; anything else is malformed, not stale."""
NUMBER: Final = re.compile(r"[+-]?[0-9]{1,3}(\.[0-9]{1,30})?")
ND: Final = 1_000_000_000


class IdentificationServiceArea(Answer):
    """Where somebody gives remote identification."""

    uss_base_url: str
    owner: str
    time_start: Time
    time_end: Time
    version: str
    id: str


class SubscriberToNotify(Answer):
    """Whom a writer has to notify: below this address."""

    subscriptions: list[NotificationState]
    url: str


class Subscription(Answer):
    """A subscription of F3411-22a."""

    id: str
    uss_base_url: str
    owner: str
    notification_index: int
    time_end: Time
    time_start: Time
    version: str


class PutIdentificationServiceAreaResponse(Answer):
    """A write of a service area took effect."""

    subscribers: list[SubscriberToNotify]
    service_area: IdentificationServiceArea


class GetIdentificationServiceAreaResponse(Answer):
    """One service area."""

    service_area: IdentificationServiceArea


class SearchIdentificationServiceAreasResponse(Answer):
    """Service areas in an area."""

    service_areas: list[IdentificationServiceArea]


class PutSubscriptionResponse(Answer):
    """A subscription was written, and the service areas in it."""

    service_areas: list[IdentificationServiceArea]
    subscription: Subscription


class GetSubscriptionResponse(Answer):
    """One subscription."""

    subscription: Subscription


class SearchSubscriptionsResponse(Answer):
    """Subscriptions in an area."""

    subscriptions: list[Subscription]


# reading


def named(ask: Ask) -> tuple[bytes, str] | Refusal:
    """The id in the path, and the version, "" where the path has no place for one."""
    found = entity_and_version(ask, "version")
    if isinstance(found, Refusal) or len(ask.params) == 1:
        return found
    row_id, version = found
    if not VERSION.fullmatch(version):
        return refuse(Reason.MALFORMED, "version", "32 hexadecimal digits, as the last write was answered", version)
    return row_id, base64.urlsafe_b64encode(bytes.fromhex(version)).rstrip(b"=").decode()


def version_text(opaque: str) -> str:
    """A version of the theatre as clients of this standard expect one."""
    return base64.urlsafe_b64decode(f"{opaque}==").hex()


def _volumes(ask: Ask, body: PutArea, missing: Missing) -> tuple[Volume4D, ...] | Refusal:
    ring = body.extents.volume.outline_polygon
    if ring is not None and _is_closed([(v.lat, v.lng) for v in ring.vertices]):
        return _closed("extents.volume.outline_polygon.vertices")
    found = read_volumes(ask.data, (body.extents,), "extents", missing)
    return found if isinstance(found, Refusal) else check_area(found[0].outline, "extents.volume") or found


def _is_closed(places: list[tuple[float, float]]) -> bool:
    return len(places) > 1 and places[0] == places[-1]


def _closed(field: str) -> Refusal:
    limit = "a last vertex that is not the first again: rings close by themselves"
    return refuse(Reason.MALFORMED, field, limit, "the first vertex twice")


def area_of(text: str) -> Polygon | Refusal:
    """A GeoPolygonString ("lat,lng,lat,lng,...") as an outline."""
    limit = "latitude,longitude,latitude,longitude,... of three vertices or more, in degrees"
    parts = [part.strip() for part in text.split(",")] if text else []
    if len(parts) < 6 or len(parts) % 2:
        return refuse(Reason.MALFORMED, AREA, limit, text or "nothing")
    if len(parts) > 2 * VERTICES_MAX:
        return refuse(Reason.TOO_MANY_POINTS, AREA, f"at most {VERTICES_MAX}", len(parts) // 2)
    bad = next((part for part in parts if not NUMBER.fullmatch(part)), None)
    if bad is not None:
        return refuse(Reason.MALFORMED, AREA, limit, bad)
    values = [round(float(part) * ND) for part in parts]
    if _is_closed(list(zip(map(float, parts[::2]), map(float, parts[1::2]), strict=True))):
        return _closed(AREA)
    no = check_volume(Volume4D(Polygon(tuple(values)), 0, 0, 0, 1), 0, 1)
    if no is not None:
        return refuse(no.reason, AREA, no.limit, no.received)
    found = normalise(Polygon(tuple(values)))
    assert isinstance(found, Polygon)
    return found


def _search(ask: Ask, start_us: int, end_us: int) -> Shapes | Refused | Refusal | None:
    area = area_of(query_of(ask, AREA) or "")
    if isinstance(area, Refusal):
        return too_wide(area)
    return area_shapes(ask, Volume4D(area, ALTITUDE_MM_MIN, ALTITUDE_MM_MAX, start_us, end_us), AREA)


def _time_of(ask: Ask, name: str, absent_us: int, *, up: bool) -> int | Refusal:
    text = query_of(ask, name)
    return absent_us if not text else parse_time(text, name, up=up)


# service areas


async def put_area(ask: Ask) -> Answered:
    """A new service area, or its next version where the path names one."""
    found = named(ask)
    if isinstance(found, Refusal):
        return found
    row_id, replaces = found
    missing = Missing(ask.node.now_us())
    body = read_body(ask.data, PutArea, missing)
    if isinstance(body, Refusal):
        return body
    volumes = _volumes(ask, body, missing)
    if isinstance(volumes, Refusal):
        return volumes
    no = check_url(body.uss_base_url, ask.node.config.http_uss)
    if no is not None:
        return no
    answer = await ask.vouch(PutReference(Kind.SERVICE_AREA, row_id, replaces, body.uss_base_url, 0), volumes)
    if answer.refusal is not None:
        return taken(answer.refusal, new=not replaces)
    return _area_told(ask, row_id, written_of(answer))


def taken(refusal: Refusal, *, new: bool) -> Refused | Refusal:
    """An id that another supplier has is a conflict where a new one is wanted."""
    return Refused(refusal, HTTPStatus.CONFLICT) if new and refusal.reason is Reason.NOT_YOURS else refusal


def _area_told(ask: Ask, row_id: bytes, written: Written) -> Reply:
    times = (time_form(written.start_us), time_form(written.end_us))
    area = IdentificationServiceArea(
        written.url, ask.bearer.subject, *times, version_text(written.ovn), id_text(row_id)
    )
    return Reply(HTTPStatus.OK, PutIdentificationServiceAreaResponse(_heard(written.subscribers), area))


def _heard(subscribers: tuple[Subscriber, ...]) -> list[SubscriberToNotify]:
    return [SubscriberToNotify(states_form(row), row.url) for row in subscribers]


async def delete_area(ask: Ask) -> Answered:
    """A service area ends."""
    found = named(ask)
    if isinstance(found, Refusal):
        return found
    row_id, replaces = found
    answer = await ask.vouch(DropReference(Kind.SERVICE_AREA, row_id, replaces))
    return answer.refusal or _area_told(ask, row_id, written_of(answer))


async def get_area(ask: Ask) -> Answered:
    """One service area."""
    row_id = id_of(ask.params[0], "id")
    if isinstance(row_id, Refusal):
        return row_id
    found = await ask.read(lambda: ask.node.standard.reference(ask.party, Kind.SERVICE_AREA, row_id))
    if isinstance(found, Refusal):
        return found
    if found is None:
        return refuse(Reason.UNKNOWN, "id", "one that there is", ask.params[0])
    return Reply(HTTPStatus.OK, GetIdentificationServiceAreaResponse(area_form(found)))


def area_form(view: RefView) -> IdentificationServiceArea:
    """A service area as everybody sees it."""
    times = (time_form(view.start_us), time_form(view.end_us))
    return IdentificationServiceArea(
        view.url or "", view.manager, *times, version_text(view.ovn or ""), id_text(view.id)
    )


async def search_areas(ask: Ask) -> Answered:
    """The service areas in an area, that neither end before nor begin after some times."""
    now_us = ask.node.now_us()
    earliest_us = _time_of(ask, "earliest_time", now_us, up=False)
    if isinstance(earliest_us, Refusal):
        return earliest_us
    latest_us = _time_of(ask, "latest_time", max(earliest_us, horizon_end(ask)), up=True)
    if isinstance(latest_us, Refusal):
        return latest_us
    if latest_us < earliest_us:
        return refuse(Reason.TIME_ORDER, "latest_time", "not before earliest_time", query_of(ask, "latest_time"))
    where = _search(ask, earliest_us - 1, latest_us + 1)
    if where is None:
        return Reply(HTTPStatus.OK, SearchIdentificationServiceAreasResponse([]))
    if not isinstance(where, Shapes):
        return where
    found = too_many(await ask.read(lambda: ask.node.standard.references(ask.party, Kind.SERVICE_AREA, where)))
    if not isinstance(found, list):
        return found
    return Reply(HTTPStatus.OK, SearchIdentificationServiceAreasResponse(await rows_of(found, area_form)))


# subscriptions


async def put_subscription(ask: Ask) -> Answered:
    """A new subscription, or its next version where the path names one."""
    found = named(ask)
    if isinstance(found, Refusal):
        return found
    row_id, replaces = found
    missing = await kept_times(ask, Standard.F3411, row_id, update=bool(replaces))
    if isinstance(missing, Refusal):
        return missing
    body = read_body(ask.data, PutArea, missing)
    if isinstance(body, Refusal):
        return body
    volumes = _volumes(ask, body, missing)
    if isinstance(volumes, Refusal):
        return volumes
    no = check_url(body.uss_base_url, ask.node.config.http_uss)
    if no is not None:
        return no
    where = shapes(volumes)
    before = await _near(ask, row_id, where)
    if not isinstance(before, Near):
        return before
    hears = (Kind.SERVICE_AREA,)
    answer = await ask.vouch(Subscribe(Standard.F3411, row_id, replaces, body.uss_base_url, 0, hears), volumes)
    if answer.refusal is not None:
        return taken(answer.refusal, new=not replaces)
    near = await _near(ask, row_id, where)
    if not isinstance(near, Near):
        return near
    told = subscription_form(ask, near.subscription or as_written(Standard.F3411, row_id, written_of(answer), hears))
    return Reply(HTTPStatus.OK, PutSubscriptionResponse(await rows_of(near.areas, area_form), told))


class Near(NamedTuple):
    """A subscription, if it is there, and the service areas in it."""

    subscription: SubView | None
    areas: list[RefView]


async def _near(ask: Ask, row_id: bytes, where: Shapes) -> Near | Refused | Refusal:
    views = ask.node.standard

    def look() -> tuple[SubView | Refusal | None, list[RefView] | Refusal]:
        own = views.subscription(ask.party, Standard.F3411, row_id)
        return own, views.references(ask.party, Kind.SERVICE_AREA, where)

    found = await ask.read(look)
    if isinstance(found, Refusal):
        return found
    own, areas = found[0], too_many(found[1])
    return Near(own if isinstance(own, SubView) else None, areas) if isinstance(areas, list) else areas


def subscription_form(ask: Ask, view: SubView) -> Subscription:
    """A subscription as its owner sees it."""
    times = (time_form(view.end_us), time_form(view.start_us))
    return Subscription(id_text(view.id), view.url, ask.bearer.subject, view.index, *times, version_text(view.version))


async def _find(ask: Ask, row_id: bytes) -> SubView | Refusal | None:
    return await ask.read(lambda: ask.node.standard.subscription(ask.party, Standard.F3411, row_id))


async def get_subscription(ask: Ask) -> Answered:
    """One subscription of the asker's."""
    row_id = id_of(ask.params[0], "id")
    found = await _find(ask, row_id) if isinstance(row_id, bytes) else row_id
    if isinstance(found, Refusal):
        return found
    if found is None:
        return refuse(Reason.UNKNOWN, "id", "one that there is", ask.params[0])
    return Reply(HTTPStatus.OK, GetSubscriptionResponse(subscription_form(ask, found)))


async def delete_subscription(ask: Ask) -> Answered:
    """A subscription ends."""
    found = named(ask)
    if isinstance(found, Refusal):
        return found
    row_id, replaces = found
    answer = await ask.vouch(Unsubscribe(Standard.F3411, row_id, replaces))
    if answer.refusal is not None:
        return answer.refusal
    view = await ended_subscription(ask, Standard.F3411, row_id, written_of(answer))
    return Reply(HTTPStatus.OK, GetSubscriptionResponse(subscription_form(ask, view)))


async def search_subscriptions(ask: Ask) -> Answered:
    """The asker's live subscriptions in an area."""
    now_us = ask.node.now_us()
    where = _search(ask, now_us, horizon_end(ask))
    if where is None:
        return Reply(HTTPStatus.OK, SearchSubscriptionsResponse([]))
    if not isinstance(where, Shapes):
        return where
    found = too_many(await ask.read(lambda: ask.node.standard.subscriptions(ask.party, Standard.F3411, where)))
    if not isinstance(found, list):
        return found
    return Reply(HTTPStatus.OK, SearchSubscriptionsResponse(await rows_of(found, partial(subscription_form, ask))))
