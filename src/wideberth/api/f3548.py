"""The DSS of ASTM F3548-21 (Annex A4): operational intents, constraints, subscriptions, availability, reports.

In:  requests below /dss/v1. Out: the standard's answers. Translation only: the theatre decides.
Refuses what is form; then as `theatre.references` and `theatre.subscriptions` do.

What the standard leaves open:
    Volumes that have ended already are left out of an update; where all have, it is refused.
    A search, and a subscription, without times spans now to the theatre's horizon (24 h for a subscription), without
    altitudes every altitude; a subscription's next version without times keeps those that it has.
    The id of no subscription, and an empty one, count as none; an intent that is not Accepted needs one, or a new one.
"""

from collections.abc import Sequence
from functools import partial
from http import HTTPStatus
from typing import Final

import msgspec

from wideberth.api import standard_bodies as bodies
from wideberth.api import standard_forms as forms
from wideberth.api.auth import CONFORMANCE, PROCESSING, check_scope
from wideberth.api.standard_bodies import check_key, check_url, id_of, optional_id, read_body
from wideberth.api.standard_door import Ask, Refused, Reply, error_of
from wideberth.api.standard_search import entity_and_version, rows_of, search_shapes, too_many
from wideberth.intake.standard import Volume4D, read_volumes
from wideberth.limits import NAME_CHARACTERS_MAX, PARTS_MAX, PLAN_NOTE_CHARACTERS_MAX
from wideberth.party.command import Text
from wideberth.party.standard import (
    Availability,
    DropReference,
    Implicit,
    Intent,
    Kind,
    PutReference,
    Report,
    SetAvailability,
    uuid4_of,
)
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.sequencer import Answer
from wideberth.space import volume
from wideberth.space.shapes import Shapes
from wideberth.theatre.outcome import Written
from wideberth.theatre.standard_views import RefView

Answered = Reply | Refused | Refusal
OFF_NOMINAL: Final = ("Nonconforming", "Contingent")
ENDED: Final = "Ended"
ENTITY: Final = "entityid"
SECRET_HEADERS: Final = frozenset(("authorization", "proxy-authorization", "cookie", "set-cookie"))


def written_of(answer: Answer) -> Written:
    """What an accepted write tells."""
    accepted = answer.accepted
    assert accepted is not None
    assert accepted.written is not None
    return accepted.written


def extents(ask: Ask, given: list[Volume4D], *, update: bool) -> tuple[volume.Volume4D, ...] | Refusal:
    """The volumes of an intent or constraint; of an update those that have not ended."""
    ask.volumes = "extents[]"
    found = read_volumes(ask.data, given, "extents")
    if isinstance(found, Refusal) or not update:
        return found
    now_us = ask.node.now_us()
    ask.kept = [i for i, each in enumerate(found) if each.end_us > now_us]
    if not ask.kept:
        limit = "at least one volume that has not ended"
        return refuse(Reason.IN_THE_PAST, "extents", limit, f"{len(found)} that have")
    return tuple(found[i] for i in ask.kept)


# operational intents


async def put_intent(ask: Ask) -> Answered:
    """A new intent, or its next version where the path names an OVN."""
    named = entity_and_version(ask, "ovn")
    if isinstance(named, Refusal):
        return named
    entity, replaces = named
    body = read_body(ask.data, bodies.PutOperationalIntentReferenceParameters)
    if isinstance(body, Refusal):
        return body
    volumes = extents(ask, body.extents, update=bool(replaces))
    if isinstance(volumes, Refusal):
        return volumes
    intent = _intent(ask, body)
    if isinstance(intent, Refusal):
        return intent
    command = PutReference(Kind.INTENT, entity, replaces, body.uss_base_url, 0, intent)
    answer = await ask.vouch(command, volumes)
    return await _changed(ask, Kind.INTENT, entity, answer, HTTPStatus.OK if replaces else HTTPStatus.CREATED)


def _intent(ask: Ask, body: bodies.PutOperationalIntentReferenceParameters) -> Intent | Refusal:
    """What an intent has beside where it is."""
    subscription = optional_id(body.subscription_id, "subscription_id")
    if isinstance(subscription, Refusal):
        return subscription
    key, new = body.key or [], body.new_subscription
    no = check_url(body.uss_base_url, ask.node.config.http_uss) or check_key(key) or _check_new(ask, new)
    if no is None and subscription is not None and new is not None:
        no = refuse(Reason.MALFORMED, "new_subscription", "subscription_id or new_subscription, not both", "both")
    if no is None and body.state != forms.ACCEPTED and subscription is None and new is None:
        limit = f"subscription_id or new_subscription for an intent that is {body.state}"
        no = refuse(Reason.MALFORMED, "subscription_id", limit, "nothing")
    if no is None and body.state in OFF_NOMINAL:
        no = check_scope(ask.bearer, CONFORMANCE, "state")
    if no is not None:
        return no
    implicit = None
    if new is not None:
        implicit = Implicit(new.uss_base_url, bool(new.notify_for_constraints))
    return Intent(body.state, tuple(key), subscription, implicit, body.requested_ovn_suffix or "")


def _check_new(ask: Ask, new: bodies.ImplicitSubscriptionParameters | None) -> Refusal | None:
    if new is None:
        return None
    no = check_url(new.uss_base_url, ask.node.config.http_uss, "new_subscription.uss_base_url")
    if no is None and new.notify_for_constraints:
        no = check_scope(ask.bearer, PROCESSING, "new_subscription.notify_for_constraints")
    return no


async def _changed(ask: Ask, kind: Kind, entity: bytes, answer: Answer, status: int) -> Answered:
    """What a write of a reference is answered."""
    if answer.refusal is not None:
        return await _conflict(ask, answer) if answer.refusal.reason is Reason.MISSING_OVN else answer.refusal
    written = written_of(answer)
    form = forms.written_reference(ask, kind, entity, written)
    heard = forms.subscribers_form(written.subscribers)
    if isinstance(form, forms.ConstraintReference):
        return Reply(status, forms.ChangeConstraintReferenceResponse(heard, form))
    return Reply(status, forms.ChangeOperationalIntentReferenceResponse(heard, form))


async def _conflict(ask: Ask, answer: Answer) -> Answered:
    """The intents and constraints that a key lacks, their OVNs withheld."""
    found = await ask.read(lambda: ask.node.standard.told_missing(ask.party, answer.missing))
    if isinstance(found, Refusal):
        return found
    assert answer.refusal is not None
    told = msgspec.structs.asdict(error_of(answer.refusal))
    intents = await intent_rows(ask, [view for view in found if view.kind is Kind.INTENT])
    constraints = await constraint_rows(ask, [view for view in found if view.kind is Kind.CONSTRAINT])
    missing = forms.AirspaceConflictResponse(
        **told, missing_operational_intents=intents, missing_constraints=constraints
    )
    return Reply(HTTPStatus.CONFLICT, missing)


async def intent_rows(ask: Ask, found: Sequence[RefView]) -> list[forms.OperationalIntentReference]:
    """Intents that have not ended, as a supplier may see them."""
    return await rows_of([view for view in found if view.state != ENDED], partial(forms.intent_form, ask))


async def constraint_rows(ask: Ask, found: Sequence[RefView]) -> list[forms.ConstraintReference]:
    """Constraints as a supplier may see them."""
    return await rows_of(found, partial(forms.constraint_form, ask))


async def delete_intent(ask: Ask) -> Answered:
    """An intent ends."""
    named = entity_and_version(ask, "ovn")
    if isinstance(named, Refusal):
        return named
    return await _drop(ask, Kind.INTENT, *named)


async def _drop(ask: Ask, kind: Kind, entity: bytes, replaces: str) -> Answered:
    answer = await ask.vouch(DropReference(kind, entity, replaces))
    return await _changed(ask, kind, entity, answer, HTTPStatus.OK)


async def get_intent(ask: Ask) -> Answered:
    """One intent."""
    found = await _reference(ask, Kind.INTENT)
    if isinstance(found, Refusal):
        return found
    return Reply(HTTPStatus.OK, forms.GetOperationalIntentReferenceResponse(forms.intent_form(ask, found)))


async def _reference(ask: Ask, kind: Kind) -> RefView | Refusal:
    entity = id_of(ask.params[0], ENTITY)
    if isinstance(entity, Refusal):
        return entity
    found = await ask.read(lambda: ask.node.standard.reference(ask.party, kind, entity))
    if found is None or (isinstance(found, RefView) and found.state == ENDED):
        return refuse(Reason.UNKNOWN, ENTITY, "one that there is", ask.params[0])
    return found


async def query_intents(ask: Ask) -> Answered:
    """The intents in an area."""
    found = await _query(ask, Kind.INTENT)
    if not isinstance(found, list):
        return found
    return Reply(HTTPStatus.OK, forms.QueryOperationalIntentReferenceResponse(await intent_rows(ask, found)))


async def _query(ask: Ask, kind: Kind) -> list[RefView] | Refused | Refusal:
    where = search_shapes(ask)
    if where is None or not isinstance(where, Shapes):
        return [] if where is None else where
    found = await ask.read(lambda: ask.node.standard.references(ask.party, kind, where))
    return too_many(found)


# constraints


async def put_constraint(ask: Ask) -> Answered:
    """A new constraint, or its next version where the path names an OVN."""
    named = entity_and_version(ask, "ovn")
    if isinstance(named, Refusal):
        return named
    entity, replaces = named
    body = read_body(ask.data, bodies.PutConstraintReferenceParameters)
    if isinstance(body, Refusal):
        return body
    volumes = extents(ask, body.extents, update=bool(replaces))
    if isinstance(volumes, Refusal):
        return volumes
    no = check_url(body.uss_base_url, ask.node.config.http_uss)
    if no is not None:
        return no
    answer = await ask.vouch(PutReference(Kind.CONSTRAINT, entity, replaces, body.uss_base_url, 0), volumes)
    return await _changed(ask, Kind.CONSTRAINT, entity, answer, HTTPStatus.OK if replaces else HTTPStatus.CREATED)


async def delete_constraint(ask: Ask) -> Answered:
    """A constraint ends."""
    named = entity_and_version(ask, "ovn")
    return named if isinstance(named, Refusal) else await _drop(ask, Kind.CONSTRAINT, *named)


async def get_constraint(ask: Ask) -> Answered:
    """One constraint."""
    found = await _reference(ask, Kind.CONSTRAINT)
    if isinstance(found, Refusal):
        return found
    return Reply(HTTPStatus.OK, forms.GetConstraintReferenceResponse(forms.constraint_form(ask, found)))


async def query_constraints(ask: Ask) -> Answered:
    """The constraints in an area."""
    found = await _query(ask, Kind.CONSTRAINT)
    if not isinstance(found, list):
        return found
    return Reply(HTTPStatus.OK, forms.QueryConstraintReferencesResponse(await constraint_rows(ask, found)))


# availability and reports


async def get_availability(ask: Ask) -> Answered:
    """Whether a supplier can be reached, as an arbiter said."""
    uss = ask.params[0]
    no = _check_uss(uss)
    found = await ask.read(lambda: ask.node.standard.availability(uss)) if no is None else no
    if isinstance(found, Refusal):
        return found
    word, version = found
    return _availability(uss, Availability(word).value, version)


async def put_availability(ask: Ask) -> Answered:
    """An arbiter's word."""
    uss = ask.params[0]
    body = _check_uss(uss) or read_body(ask.data, bodies.SetUssAvailabilityStatusParameters)
    if isinstance(body, Refusal):
        return body
    answer = await ask.vouch(SetAvailability(uss, body.old_version or "", Availability(body.availability)))
    return answer.refusal or _availability(uss, body.availability, written_of(answer).ovn)


def _availability(uss: str, word: bodies.Availability, version: str) -> Reply:
    status = forms.UssAvailabilityStatus(uss, word)
    return Reply(HTTPStatus.OK, forms.UssAvailabilityStatusResponse(version, status))


def _check_uss(uss: str) -> Refusal | None:
    if 1 <= len(uss) <= NAME_CHARACTERS_MAX and uss.isprintable():
        return None
    limit = f"the subject of a supplier's tokens: 1 to {NAME_CHARACTERS_MAX} printable characters"
    return refuse(Reason.MALFORMED, "uss_id", limit, uss or "nothing")


def without_secret(header: str) -> str:
    """A header of a reported exchange, without what it would give others in hand: the ledger keeps reports."""
    name, _, _ = header.partition(":")
    return f"{name}: (left out)" if name.strip().lower() in SECRET_HEADERS else header


async def report(ask: Ask) -> Answered:
    """A problem that a supplier reports; it is kept in the ledger."""
    body = read_body(ask.data, bodies.ErrorReport)
    if isinstance(body, Refusal):
        return body
    body.exchange.headers = [without_secret(line) for line in body.exchange.headers or ()] or None
    body.report_id = forms.id_text(uuid4_of("report", ask.request))
    text = msgspec.json.encode(body).decode()
    texts = tuple(
        Text("en", text[i : i + PLAN_NOTE_CHARACTERS_MAX]) for i in range(0, len(text), PLAN_NOTE_CHARACTERS_MAX)
    )
    if len(texts) > PARTS_MAX:
        limit = f"a report of at most {PARTS_MAX * PLAN_NOTE_CHARACTERS_MAX:,} characters"
        return refuse(Reason.TOO_LARGE, "exchange", limit, f"{len(text):,} characters")
    answer = await ask.vouch(Report(0), texts=texts)
    return answer.refusal or Reply(HTTPStatus.CREATED, body)
