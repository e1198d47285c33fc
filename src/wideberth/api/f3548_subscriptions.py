"""Subscriptions of ASTM F3548-21: whom to tell of what is near where.

In:  requests below /dss/v1/subscriptions. Out: the standard's answers. Translation only: the theatre decides.
Refuses what is form, areas that are too wide among it; then as `theatre.subscriptions` does.
"""

from http import HTTPStatus
from typing import NamedTuple

from wideberth.api import standard_forms as forms
from wideberth.api.auth import PROCESSING, STRATEGIC, check_scope
from wideberth.api.f3548 import Answered, constraint_rows, intent_rows, written_of
from wideberth.api.standard_bodies import PutSubscriptionParameters, check_url, id_of, read_body
from wideberth.api.standard_door import Ask, Refused, Reply
from wideberth.api.standard_search import (
    as_written,
    ended_subscription,
    entity_and_version,
    kept_times,
    rows_of,
    search_shapes,
    too_many,
)
from wideberth.intake.f3548 import Missing
from wideberth.intake.standard import check_area, read_volumes
from wideberth.limits import SUBSCRIPTION_US_MAX
from wideberth.party.standard import Kind, Standard, Subscribe, Unsubscribe
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.space.shapes import Shapes, shapes
from wideberth.theatre.outcome import Written
from wideberth.theatre.standard_views import RefView, SubView


async def put_subscription(ask: Ask) -> Answered:
    """A new subscription, or its next version where the path names one."""
    named = entity_and_version(ask, "version")
    if isinstance(named, Refusal):
        return named
    row_id, replaces = named
    lenient = Missing(ask.node.now_us(), None, SUBSCRIPTION_US_MAX)
    body = read_body(ask.data, PutSubscriptionParameters, lenient)
    if isinstance(body, Refusal):
        return body
    hears = _hears(ask, body)
    no = hears if isinstance(hears, Refusal) else check_url(body.uss_base_url, ask.node.config.http_uss)
    if isinstance(hears, Refusal) or no is not None:
        return no or refuse(Reason.MALFORMED, "body", "a subscription")
    missing = await kept_times(ask, Standard.F3548, row_id, update=bool(replaces))
    if isinstance(missing, Refusal):
        return missing
    volumes = read_volumes(ask.data, (body.extents,), "extents", missing)
    if isinstance(volumes, Refusal):
        return volumes
    no = check_area(volumes[0].outline, "extents.volume")
    if no is not None:
        return no
    asked = Asked(row_id, hears, shapes(volumes))
    before = await _look(ask, asked)
    if not isinstance(before, Near):
        return before
    answer = await ask.vouch(Subscribe(Standard.F3548, row_id, replaces, body.uss_base_url, 0, hears), volumes)
    return answer.refusal or await _told(ask, asked, written_of(answer))


def _hears(ask: Ask, body: PutSubscriptionParameters) -> tuple[Kind, ...] | Refusal:
    """What it wants to hear of; each kind has its scope."""
    hears: list[Kind] = []
    for wanted, kind, scope, member in (
        (body.notify_for_operational_intents, Kind.INTENT, STRATEGIC, "notify_for_operational_intents"),
        (body.notify_for_constraints, Kind.CONSTRAINT, PROCESSING, "notify_for_constraints"),
    ):
        if wanted:
            no = check_scope(ask.bearer, scope, member)
            if no is not None:
                return no
            hears.append(kind)
    if hears:
        return tuple(hears)
    limit = "true, or notify_for_constraints true: a subscription hears of something"
    return refuse(Reason.MALFORMED, "notify_for_operational_intents", limit, "neither")


class Asked(NamedTuple):
    """A subscription that is written: what it wants to hear of, and where."""

    id: bytes
    hears: tuple[Kind, ...]
    where: Shapes


class Near(NamedTuple):
    """What a subscription asked for, as far as it is there already."""

    subscription: SubView | None
    intents: list[RefView]
    constraints: list[RefView]


async def _look(ask: Ask, asked: Asked) -> Near | Refused | Refusal:
    """What is near; more than is given is refused before anything is written."""
    views = ask.node.standard

    def near(kind: Kind) -> list[RefView] | Refusal:
        return views.references(ask.party, kind, asked.where) if kind in asked.hears else []

    def look() -> tuple[SubView | Refusal | None, list[RefView] | Refusal, list[RefView] | Refusal]:
        own = views.subscription(ask.party, Standard.F3548, asked.id)
        return own, near(Kind.INTENT), near(Kind.CONSTRAINT)

    found = await ask.read(look)
    if isinstance(found, Refusal):
        return found
    view, intents, constraints = found[0], too_many(found[1]), too_many(found[2])
    if not isinstance(intents, list):
        return intents
    if not isinstance(constraints, list):
        return constraints
    return Near(view if isinstance(view, SubView) else None, intents, constraints)


async def _told(ask: Ask, asked: Asked, written: Written) -> Answered:
    """The subscription, and what it asked for."""
    near = await _look(ask, asked)
    if not isinstance(near, Near):
        return near
    view = near.subscription or as_written(Standard.F3548, asked.id, written, asked.hears)
    intents = await intent_rows(ask, near.intents)
    constraints = await constraint_rows(ask, near.constraints)
    return Reply(HTTPStatus.OK, forms.PutSubscriptionResponse(forms.subscription_form(view), intents, constraints))


async def get_subscription(ask: Ask) -> Answered:
    """One subscription of the asker's."""
    row_id = id_of(ask.params[0], "subscriptionid")
    found = await _find(ask, row_id) if isinstance(row_id, bytes) else row_id
    if isinstance(found, Refusal):
        return found
    if found is None:
        return refuse(Reason.UNKNOWN, "subscriptionid", "one that there is", ask.params[0])
    return Reply(HTTPStatus.OK, forms.GetSubscriptionResponse(forms.subscription_form(found)))


async def _find(ask: Ask, row_id: bytes) -> SubView | Refusal | None:
    return await ask.read(lambda: ask.node.standard.subscription(ask.party, Standard.F3548, row_id))


async def delete_subscription(ask: Ask) -> Answered:
    """A subscription ends."""
    named = entity_and_version(ask, "version")
    if isinstance(named, Refusal):
        return named
    row_id, replaces = named
    answer = await ask.vouch(Unsubscribe(Standard.F3548, row_id, replaces))
    if answer.refusal is not None:
        return answer.refusal
    view = await ended_subscription(ask, Standard.F3548, row_id, written_of(answer))
    return Reply(HTTPStatus.OK, forms.GetSubscriptionResponse(forms.subscription_form(view)))


async def query_subscriptions(ask: Ask) -> Answered:
    """The asker's live subscriptions in an area."""
    where = search_shapes(ask)
    if where is None:
        return Reply(HTTPStatus.OK, forms.QuerySubscriptionsResponse([]))
    if not isinstance(where, Shapes):
        return where
    found = too_many(await ask.read(lambda: ask.node.standard.subscriptions(ask.party, Standard.F3548, where)))
    if not isinstance(found, list):
        return found
    return Reply(HTTPStatus.OK, forms.QuerySubscriptionsResponse(await rows_of(found, forms.subscription_form)))
