"""What this node serves as a manager: the USS side of ASTM F3548-21 (Annex A4).

In:  requests below /uss/v1: for details of what the theatre's own parties show, and notices of other suppliers.
Out: the details of open operations and constraints, and of the overlaps that a supplier is shown; 204 for notices whose
     form is good and whose sender manages the thing they tell of. Notices are not kept: the node is the DSS and knows.
Refuses: what is not this node's to serve (404), as what does not exist; telemetry, of which it has none (412), of plans
     that are off nominal, and of others (409).
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

from wideberth.api.f3548 import Answered
from wideberth.api.standard_bodies import (
    Notified,
    PutConstraintDetailsParameters,
    PutOperationalIntentDetailsParameters,
    SubscriptionState,
    id_of,
    read_body,
)
from wideberth.api.standard_door import Ask, Refused, Reply
from wideberth.api.standard_forms import (
    Answer,
    ConstraintReference,
    Here,
    OperationalIntentReference,
    constraint_form,
    intent_form,
)
from wideberth.intake.f3548 import volume_json
from wideberth.party.standard import Kind
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.theatre.standard_views import Details

ENTITY = "entityid"
CONTINGENT = "Contingent"
OFF_NOMINAL = ("Nonconforming", CONTINGENT)


class OperationalIntentDetails(Answer):
    """Where an operation is; `volumes` are Volume4Ds as `intake.f3548` reads them."""

    volumes: list[dict[str, Any]]
    off_nominal_volumes: list[dict[str, Any]]
    priority: int


class OperationalIntent(Answer):
    """An operation in full."""

    reference: OperationalIntentReference
    details: OperationalIntentDetails


class GetOperationalIntentDetailsResponse(Answer):
    """One operation in full."""

    operational_intent: OperationalIntent


class ConstraintDetails(Answer):
    """Where a constraint is."""

    volumes: list[dict[str, Any]]


class Constraint(Answer):
    """A constraint in full."""

    reference: ConstraintReference
    details: ConstraintDetails


class GetConstraintDetailsResponse(Answer):
    """One constraint in full."""

    constraint: Constraint


async def get_intent(ask: Ask) -> Answered:
    """An open operation of the theatre's own parties, or an overlap that the asker is shown."""
    found = await _details(ask, Kind.INTENT)
    if isinstance(found, Refusal):
        return found
    return Reply(HTTPStatus.OK, GetOperationalIntentDetailsResponse(whole_intent(ask, found)))


def whole_intent(here: Here, found: Details) -> OperationalIntent:
    """An operation with where it is."""
    volumes = [volume_json(volume) for volume in found.volumes]
    state = found.reference.state
    nominal, off_nominal = [] if state == CONTINGENT else volumes, volumes if state in OFF_NOMINAL else []
    details = OperationalIntentDetails(nominal, off_nominal, found.priority)
    return OperationalIntent(intent_form(here, found.reference), details)


async def _details(ask: Ask, kind: Kind) -> Details | Refusal:
    entity = id_of(ask.params[0], ENTITY)
    if isinstance(entity, Refusal):
        return entity
    found = await ask.read(lambda: ask.node.standard.details(ask.party, kind, entity))
    return refuse(Reason.UNKNOWN, ENTITY, "one that this node manages", ask.params[0]) if found is None else found


async def get_constraint(ask: Ask) -> Answered:
    """A constraint of the theatre's own parties."""
    found = await _details(ask, Kind.CONSTRAINT)
    if isinstance(found, Refusal):
        return found
    return Reply(HTTPStatus.OK, GetConstraintDetailsResponse(whole_constraint(ask, found)))


def whole_constraint(here: Here, found: Details) -> Constraint:
    """A constraint with where it is."""
    details = ConstraintDetails([volume_json(volume) for volume in found.volumes])
    return Constraint(constraint_form(here, found.reference), details)


async def get_telemetry(ask: Ask) -> Answered:
    """There is none: the node knows plans, not positions."""
    found = await _details(ask, Kind.INTENT)
    if isinstance(found, Refusal):
        return found
    state = found.reference.state or ""
    if state not in OFF_NOMINAL:
        no = refuse(Reason.WRONG_STATE, "state", "Nonconforming or Contingent, for telemetry", state)
        return Refused(no, HTTPStatus.CONFLICT)
    limit = "a plan with telemetry: this node has plans alone"
    return Refused(refuse(Reason.UNKNOWN, "telemetry", limit), HTTPStatus.PRECONDITION_FAILED)


async def notice_of_intent(ask: Ask) -> Answered:
    """Another supplier's word that its intent has changed."""
    body = read_body(ask.data, PutOperationalIntentDetailsParameters)
    if isinstance(body, Refusal):
        return body
    told = Told(Kind.INTENT, "operational_intent", body.operational_intent_id, body.operational_intent)
    return await _notice(ask, told, body.subscriptions)


async def notice_of_constraint(ask: Ask) -> Answered:
    """The same of a constraint."""
    body = read_body(ask.data, PutConstraintDetailsParameters)
    if isinstance(body, Refusal):
        return body
    return await _notice(
        ask, Told(Kind.CONSTRAINT, "constraint", body.constraint_id, body.constraint), body.subscriptions
    )


class Told(NamedTuple):
    """What a notice tells of: the member that holds it, its id, and itself unless it was deleted."""

    kind: Kind
    member: str
    id: str
    whole: Notified | None


async def _notice(ask: Ask, told: Told, subscriptions: Sequence[SubscriptionState]) -> Answered:
    entity = id_of(told.id, f"{told.member}_id")
    no = entity if isinstance(entity, Refusal) else _check_form(ask, told, subscriptions)
    if isinstance(entity, Refusal) or no is not None:
        return no or refuse(Reason.MALFORMED, told.member, "a notice")
    known = await ask.read(lambda: ask.node.standard.reference(ask.party, told.kind, entity))
    if isinstance(known, Refusal):
        return known
    if known is not None and not known.mine:
        return refuse(Reason.NOT_YOURS, f"{told.member}_id", "one that the token's own subject manages", told.id)
    return Reply(HTTPStatus.NO_CONTENT)


def _check_form(ask: Ask, told: Told, subscriptions: Sequence[SubscriptionState]) -> Refusal | None:
    if not subscriptions:
        return refuse(Reason.MALFORMED, "subscriptions", "at least one", "none")
    for i, row in enumerate(subscriptions):
        found = id_of(row.subscription_id, f"subscriptions[{i}].subscription_id")
        if isinstance(found, Refusal):
            return found
    whole = told.whole
    if whole is None:
        return None
    reference = f"{told.member}.reference"
    if whole.reference.id.lower() != told.id.lower():
        return refuse(Reason.MALFORMED, f"{reference}.id", "the id that the notice is about", whole.reference.id)
    if whole.reference.manager != ask.bearer.subject:
        return refuse(Reason.NOT_YOURS, f"{reference}.manager", "the token's subject", whole.reference.manager)
    return None
