"""Writes what came by token: suppliers, references, subscriptions, availability.

In:  an entry on its way into the state, whose decision says what was written.
Out: the rows, the volumes that are watched, and the deadlines ahead.
"""

import heapq

from wideberth.limits import AVAILABILITY_US, KEPT_DROPPED_US, KEPT_EXPIRED_US
from wideberth.party.charter import CLASSES, TrafficClass
from wideberth.party.command import Activity, ConstraintKind, Disclosure, Domain, OperationState
from wideberth.party.standard import (
    Availability,
    DropReference,
    Kind,
    PutReference,
    Report,
    SetAvailability,
    Standard,
    Subscribe,
    Unsubscribe,
    Vouch,
)
from wideberth.theatre.apply_things import move
from wideberth.theatre.applying import Applying
from wideberth.theatre.awareness import FIRST_INDEX
from wideberth.theatre.outcome import Accepted, Ref, Written
from wideberth.theatre.references import WHAT, expands, kind_of
from wideberth.theatre.rows import Arbitrated, Held, Reference, Subscription, Thing
from wideberth.theatre.state import State
from wideberth.theatre.vouched import new_supplier

EXPIRES = "expires"
"""The deadline of what is watched: when its time is over it ends."""


def vouched(at: Applying, vouch: Vouch) -> None:
    """Write what a token brought."""
    state = at.state
    if at.party not in state.members:
        state.members[at.party] = new_supplier(vouch.supplier, at.time_us, at.sequence)
        state.touch("member", at.party)
        state.open_version += 1
    match vouch.command:
        case PutReference() as command:
            _put(at, vouch, command)
        case DropReference(kind, entity):
            _drop(at, vouch, state.references[kind, entity])
        case Subscribe() as command:
            _subscribe(at, vouch, command)
        case Unsubscribe(_, subscription):
            row = state.subscriptions[subscription]
            row.request, row.sequence = vouch.request, at.sequence
            state.touch("subscription", subscription)
            drop_subscription(at, row)
        case SetAvailability(uss, _, availability):
            until_us = at.time_us + AVAILABILITY_US if availability is Availability.DOWN else 0
            version = _told(at).ovn
            state.availability[uss] = Arbitrated(availability, version, until_us, vouch.request, at.sequence)
            state.touch("availability", uss)
            if until_us:
                state.expect(until_us, "availability", (uss, b""))
        case Report():
            pass


def _told(at: Applying) -> Written:
    outcome = at.decision.outcome
    assert isinstance(outcome, Accepted)
    assert outcome.written is not None
    return outcome.written


# references


def _put(at: Applying, vouch: Vouch, command: PutReference) -> None:
    state, written, volumes = at.state, _told(at), at.held(command.volumes)
    key = (command.kind, command.entity)
    old = state.references.get(key)
    before = old.subscription if old is not None and not old.dropped_us and old.owner == at.party else b""
    if command.kind is Kind.SERVICE_AREA:
        if old is not None and not old.dropped_us:
            state.watched[command.kind].remove(key)
        _watch(at, key, written.end_us)
    else:
        _put_thing(at, command, volumes)
    state.references[key] = Reference(
        command.kind,
        command.entity,
        at.party,
        written.version,
        written.ovn,
        command.url,
        vouch.request,
        at.sequence,
        written.start_us,
        written.end_us,
        volumes,
        written.subscription or b"",
    )
    state.touch("reference", key)
    if command.intent is not None:
        _rest_on(at, command, written, volumes, before)


def _put_thing(at: Applying, command: PutReference, volumes: Held) -> None:
    state, moved = at.state, at.effects.moved
    assert moved is not None
    intent = command.intent
    thing = state.things.get(moved.ref)
    if thing is None or not thing.live:
        version = 0 if thing is None else thing.version
        thing = _new_thing(at, moved.ref, intent is not None, volumes)
        state.things[moved.ref] = thing
        state.members[at.party].live += 1
        thing.version = 0
        assert version < moved.version
    move(at, thing, moved, volumes)
    if intent is not None:
        thing.state = OperationState(intent.state)


def _new_thing(at: Applying, ref: Ref, is_intent: bool, volumes: Held) -> Thing:
    kind = Activity.OTHER.value if is_intent else ConstraintKind.NOTAM.value
    number = CLASSES.index(TrafficClass.DRONE if is_intent else TrafficClass.CONSTRAINT)
    planned = (at.time_us, at.sequence, at.sequence)
    what, opened = WHAT[Kind.INTENT if is_intent else Kind.CONSTRAINT], Disclosure.OPEN.value
    accepted = OperationState.ACCEPTED
    thing = Thing(*ref, what, kind, 0, accepted, number, 0, opened, volumes, None, None, *planned, 0, 0, 0)
    if is_intent:
        thing.domain, thing.crewed = Domain.AIR.value, False
    return thing


def _drop(at: Applying, vouch: Vouch, row: Reference) -> None:
    row.request, row.sequence = vouch.request, at.sequence
    at.state.touch("reference", row.key)
    if row.kind is Kind.SERVICE_AREA and not row.dropped_us:
        at.state.watched[row.kind].remove(row.key)
    drop_reference(at, row)  # the thing of an intent or constraint is ended by its effects


def drop_reference(at: Applying, row: Reference) -> None:
    """A reference ends: it is remembered for a while, and its subscription has one intent less."""
    if row.dropped_us:
        return
    row.dropped_us = at.time_us
    at.state.touch("reference", row.key)
    _remember(at, row.kind, row.id, deleted=row.deleted)
    if row.subscription:
        _release(at, row.subscription, row.id)


def _remember(at: Applying, table: str, row_id: bytes, *, deleted: bool) -> None:
    until_us = at.time_us + (KEPT_DROPPED_US if deleted else KEPT_EXPIRED_US)
    heapq.heappush(at.state.dropping, (until_us, table, row_id))


# subscriptions


def _rest_on(at: Applying, command: PutReference, written: Written, volumes: Held, before: bytes) -> None:
    """The intent rests on its subscription, which may be new, may grow with it, or is no longer the one before."""
    state, intent, entity = at.state, command.intent, command.entity
    assert intent is not None
    new = written.subscription or b""
    if intent.implicit is not None:
        hears = (Kind.INTENT, Kind.CONSTRAINT) if intent.implicit.constraints else (Kind.INTENT,)
        _enter(at, new, "", intent.implicit.url, hears, written, volumes, implicit=True)
    elif new and expands(state.subscriptions[new], entity):
        row = state.subscriptions[new]
        state.watched[row.standard].remove((row.standard, row.id))
        row.volumes, row.start_us, row.end_us, row.sequence = volumes, written.start_us, written.end_us, at.sequence
        _watch(at, (row.standard.value, row.id))
    if before and before != new:
        _release(at, before, entity)
    if new:
        row = state.subscriptions[new]
        if entity not in row.dependents:
            row.dependents = (*row.dependents, entity)
        state.touch("subscription", new)


def _enter(
    at: Applying,
    subscription: bytes,
    version: str,
    url: str,
    hears: tuple[Kind, ...],
    written: Written,
    volumes: Held,
    *,
    implicit: bool = False,
    standard: Standard = Standard.F3548,
    request: bytes = b"",
) -> None:
    """A new subscription."""
    old = at.state.subscriptions.get(subscription)
    row = Subscription(
        standard,
        subscription,
        at.party,
        version or written.ovn,
        url,
        hears,
        request,
        at.sequence,
        written.start_us,
        written.end_us,
        volumes,
        implicit,
        FIRST_INDEX if implicit else 0,
        old.dependents if old is not None and old.owner == at.party else (),
    )
    at.state.subscriptions[subscription] = row
    at.state.members[at.party].watching += 1
    at.state.touch("member", at.party)
    at.state.touch("subscription", subscription)
    _watch(at, (standard.value, subscription), 0 if implicit else row.end_us)


def _subscribe(at: Applying, vouch: Vouch, command: Subscribe) -> None:
    state, written, volumes = at.state, _told(at), at.held(command.volumes)
    row = state.subscriptions.get(command.subscription)
    if row is None or row.dropped_us:
        given = (written.ovn, command.url, command.hears, written, volumes)
        standard = command.standard
        _enter(at, command.subscription, *given, standard=standard, request=vouch.request)
        return
    state.watched[row.standard].remove((row.standard.value, row.id))
    row.version, row.url, row.hears, row.volumes = written.ovn, command.url, command.hears, volumes
    row.request, row.sequence, row.start_us, row.end_us = vouch.request, at.sequence, written.start_us, written.end_us
    _watch(at, (row.standard.value, row.id), row.end_us)
    state.touch("subscription", row.id)


def _watch(at: Applying, ref: Ref, end_us: int = 0) -> None:
    """Have a subscription or service area found; an implicit subscription ends with its intent, not by itself."""
    watched = at.state.watched[ref[0]]
    if at.shapes is not None:
        watched.put_boxes(ref, 0, at.sequence, at.shapes.boxes)
    else:
        watched.add(ref, 0, at.sequence, at.boxes())
    if end_us:
        at.state.expect(end_us, EXPIRES, ref)


def _release(at: Applying, subscription: bytes, entity: bytes) -> None:
    """An intent no longer rests on a subscription; an implicit one ends with its last intent."""
    row = at.state.subscriptions[subscription]
    row.dependents = tuple(e for e in row.dependents if e != entity)
    at.state.touch("subscription", subscription)
    if row.dependents:
        return
    if row.dropped_us:
        _remember(at, "subscription", row.id, deleted=True)
    elif row.implicit:
        drop_subscription(at, row)


def drop_subscription(at: Applying, row: Subscription) -> None:
    """A subscription ends."""
    if row.dropped_us:
        return
    state = at.state
    state.watched[row.standard].remove((row.standard.value, row.id))
    row.dropped_us = at.time_us
    owner = state.members[row.owner]
    owner.watching -= 1
    state.touch("member", row.owner)
    state.touch("subscription", row.id)
    _remember(at, "subscription", row.id, deleted=row.deleted)


def hear(at: Applying) -> None:
    """The indices of those who hear of the entry rise."""
    subscriptions, touch = at.state.subscriptions, at.state.touch
    for row_id in at.effects.heard:
        row = subscriptions.get(row_id)
        if row is not None:
            row.index += 1
            touch("subscription", row_id)


# time


def ended(at: Applying, ref: Ref) -> None:
    """A thing has ended; if it was a supplier's, so has its reference."""
    thing = at.state.things[ref]
    row = at.state.references.get((kind_of(thing), thing.id)) if at.state.members[thing.owner].issuer else None
    if row is not None and row.owner == thing.owner:
        drop_reference(at, row)


def expire(at: Applying, ref: Ref) -> None:
    """The time of a subscription or service area is over."""
    row = at.state.watched_row(ref)
    if isinstance(row, Subscription):
        drop_subscription(at, row)
        return
    at.state.watched[row.kind].remove(row.key)
    drop_reference(at, row)


def lapse(at: Applying, uss: str) -> None:
    """A mark of unavailability that nobody renewed."""
    del at.state.availability[uss]
    at.state.touch("availability", uss)


def forget_dropped(state: State, now_us: int) -> None:
    """Drop what was kept for those who ask again."""
    while state.dropping and state.dropping[0][0] <= now_us:
        _, table, row_id = heapq.heappop(state.dropping)
        if table == "subscription":
            _forget(state, table, row_id, state.subscriptions.get(row_id), now_us)
        else:
            _forget(state, "reference", (table, row_id), state.references.get((table, row_id)), now_us)


def _forget(
    state: State, table: str, key: bytes | tuple[str, bytes], row: Reference | Subscription | None, now_us: int
) -> None:
    if row is None or not row.dropped_us or row.dropped_us + KEPT_DROPPED_US > now_us:
        return
    if isinstance(row, Subscription):
        if row.dependents:
            return  # remembered once the last of them has gone
        del state.subscriptions[row.id]
    else:
        del state.references[row.key]
        _forget_thing(state, (row.owner, row.id))
    state.touch(table, key)


def _forget_thing(state: State, ref: Ref) -> None:
    thing = state.things.get(ref)
    if thing is not None and not thing.live and ref not in state.by_thing:
        del state.things[ref]
        state.touch("thing", ref)
