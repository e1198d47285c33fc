"""What is answered in the words of ASTM F3548-21, Annex A4, and of F3411-22a.

In:  rows of `theatre.standard_views`, what a write was answered (`Written`), who asks.
Out: the standards' own forms; `openapi.json` is drawn from them.
An OVN is given to its manager alone; where it is withheld the member is left out.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

import msgspec
from msgspec import UNSET, UnsetType

from wideberth.api.standard_bodies import NULL_ID, Availability
from wideberth.intake.standard import Time
from wideberth.party.standard import Kind, Standard
from wideberth.theatre.outcome import Subscriber, Written
from wideberth.theatre.standard_views import RefView, SubView

if TYPE_CHECKING:
    from wideberth.api.standard_door import Ask

_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001  a place to count from; "Z" is written behind it
RFC3339: Final = "RFC3339"
ACCEPTED: Final = "Accepted"
STATES: Final = frozenset(("Accepted", "Activated", "Nonconforming", "Contingent"))


class Answer(msgspec.Struct, gc=False):
    """Common form of what is answered."""


class Error(Answer):
    """Why not: the standards' ErrorResponse and AirspaceConflictResponse, with more members that clients may ignore."""

    message: str
    correlation_id: str
    """Stands in the node's log and in the header X-Correlation-ID as well."""
    reason: str | UnsetType = UNSET
    field: str | UnsetType = UNSET
    limit: str | UnsetType = UNSET
    received: str | UnsetType = UNSET


class OperationalIntentReference(Answer):
    """An operational intent as the DSS knows it."""

    id: str
    manager: str
    uss_availability: str
    version: int
    state: str
    time_start: Time
    time_end: Time
    uss_base_url: str
    subscription_id: str
    ovn: str | UnsetType = UNSET


class ConstraintReference(Answer):
    """A constraint as the DSS knows it."""

    id: str
    manager: str
    uss_availability: str
    version: int
    time_start: Time
    time_end: Time
    uss_base_url: str
    ovn: str | UnsetType = UNSET


class AirspaceConflictResponse(Error):
    """What a key lacks."""

    missing_operational_intents: list[OperationalIntentReference] = []
    missing_constraints: list[ConstraintReference] = []


class NotificationState(Answer):
    """A subscription and the index that its next notification has."""

    subscription_id: str
    notification_index: int


class SubscriberToNotify(Answer):
    """Whom a writer has to notify."""

    subscriptions: list[NotificationState]
    uss_base_url: str


class Subscription(Answer):
    """A subscription of F3548-21."""

    id: str
    version: str
    notification_index: int
    time_start: Time
    time_end: Time
    uss_base_url: str
    notify_for_operational_intents: bool
    notify_for_constraints: bool
    implicit_subscription: bool
    dependent_operational_intents: list[str]


class ChangeOperationalIntentReferenceResponse(Answer):
    """A write of an intent took effect."""

    subscribers: list[SubscriberToNotify]
    operational_intent_reference: OperationalIntentReference


class ChangeConstraintReferenceResponse(Answer):
    """A write of a constraint took effect."""

    subscribers: list[SubscriberToNotify]
    constraint_reference: ConstraintReference


class GetOperationalIntentReferenceResponse(Answer):
    """One intent."""

    operational_intent_reference: OperationalIntentReference


class GetConstraintReferenceResponse(Answer):
    """One constraint."""

    constraint_reference: ConstraintReference


class QueryOperationalIntentReferenceResponse(Answer):
    """Intents in an area."""

    operational_intent_references: list[OperationalIntentReference]


class QueryConstraintReferencesResponse(Answer):
    """Constraints in an area."""

    constraint_references: list[ConstraintReference]


class PutSubscriptionResponse(Answer):
    """A subscription was written; what it asked for, as far as it is there already."""

    subscription: Subscription
    operational_intent_references: list[OperationalIntentReference]
    constraint_references: list[ConstraintReference]


class GetSubscriptionResponse(Answer):
    """One subscription."""

    subscription: Subscription


class QuerySubscriptionsResponse(Answer):
    """Subscriptions in an area."""

    subscriptions: list[Subscription]


class UssAvailabilityStatus(Answer):
    """Whether a supplier can be reached."""

    uss: str
    availability: Availability


class UssAvailabilityStatusResponse(Answer):
    """The same, with the version of that word."""

    version: str
    status: UssAvailabilityStatus


def id_text(row_id: bytes) -> str:
    """A UUID as text."""
    digits = row_id.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def time_form(time_us: int) -> Time:
    """RFC 3339 in UTC, to the microsecond."""
    return Time((_EPOCH + timedelta(microseconds=time_us)).isoformat() + "Z", RFC3339)


def subscribers_form(subscribers: Sequence[Subscriber]) -> list[SubscriberToNotify]:
    """Whom to notify."""
    return [SubscriberToNotify(states_form(row), row.url) for row in subscribers]


def states_form(row: Subscriber) -> list[NotificationState]:
    """The subscriptions at one address."""
    return [NotificationState(id_text(row_id), index) for row_id, index in row.subscriptions]


def written_reference(
    ask: "Ask", kind: Kind, entity: bytes, written: Written
) -> OperationalIntentReference | ConstraintReference:
    """A reference as its manager is told of it after a write."""
    subject = ask.bearer.subject
    availability = ask.node.standard.availability(subject)[0]
    times = (time_form(written.start_us), time_form(written.end_us))
    head = (id_text(entity), subject, availability, written.version)
    if kind is Kind.CONSTRAINT:
        return ConstraintReference(*head, *times, written.url, written.ovn)
    subscription = id_text(written.subscription or NULL_ID)
    state = written.state if written.state in STATES else ACCEPTED
    return OperationalIntentReference(*head, state, *times, written.url, subscription, written.ovn)


class Here(Protocol):
    """Whoever knows this node's address as suppliers reach it."""

    @property
    def node_url(self) -> str:
        """The address."""


def intent_form(here: Here, view: RefView) -> OperationalIntentReference:
    """An intent as a supplier may see it."""
    rest = (id_text(view.subscription or NULL_ID), view.ovn if view.ovn is not None else UNSET)
    times = (time_form(view.start_us), time_form(view.end_us))
    head = (id_text(view.id), view.manager, view.availability, view.version)
    return OperationalIntentReference(*head, view.state or ACCEPTED, *times, url_of(here, view), *rest)


def constraint_form(here: Here, view: RefView) -> ConstraintReference:
    """A constraint as a supplier may see it."""
    times = (time_form(view.start_us), time_form(view.end_us))
    head = (id_text(view.id), view.manager, view.availability, view.version)
    return ConstraintReference(*head, *times, url_of(here, view), view.ovn if view.ovn is not None else UNSET)


def url_of(here: Here, view: RefView) -> str:
    """Where the details of a reference are: at its manager's, or here."""
    return view.url if view.url is not None else here.node_url


def subscription_form(view: SubView) -> Subscription:
    """A subscription as its owner sees it."""
    assert view.standard is Standard.F3548
    return Subscription(
        id_text(view.id),
        view.version,
        view.index,
        time_form(view.start_us),
        time_form(view.end_us),
        view.url,
        Kind.INTENT in view.hears,
        Kind.CONSTRAINT in view.hears,
        view.implicit,
        [id_text(entity) for entity in view.dependents],
    )
