"""What suppliers have in the space: operational intents, constraints, identification service areas.

In:  the state, the supplier, its command and volumes, the time, where random ids come from.
Out: an `Outcome` or a Refusal. `Outcome.missing` names the intents whose OVNs a key lacks.

An intent is an operation like any other: it conflicts with the rest of the theatre by its exact volumes. Among
suppliers the key settles: a write shows that it knows every intent that it overlaps (ASTM F3548-21, 4.4 and A4).
An unsettled conflict of the theatre refuses nothing here; it is recorded, and those concerned are told.
"""

import hashlib
from collections.abc import Sequence
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from wideberth.limits import NOTICED_START_US, OPERATIONS_LIVE_MAX, OVN_SUFFIX_US
from wideberth.party.charter import CLASSES, DAY_US, TrafficClass
from wideberth.party.command import Activity, ConstraintKind, Disclosure, OperationState
from wideberth.party.standard import (
    Availability,
    DropReference,
    Intent,
    Kind,
    PutReference,
    Standard,
    Vouch,
    opaque_of,
    uuid4_of,
)
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.space.shapes import Shapes, shapes
from wideberth.theatre.awareness import hearers, told
from wideberth.theatre.conflicts import Side
from wideberth.theatre.filed import Filed, Filing
from wideberth.theatre.filing import M2_S_PER_KM2_H, Parts, lies_inside, measure, volumes_part
from wideberth.theatre.lifecycle import allowed_from, operation_may
from wideberth.theatre.occupied import NOBODY, Found
from wideberth.theatre.outcome import Accepted, Effects, Outcome, Ref, Written, accepted, refused
from wideberth.theatre.planning import ending
from wideberth.theatre.rows import Conflict, Member, Reference, Subscription, Thing
from wideberth.theatre.state import Draw, State
from wideberth.theatre.subscriptions import check_in_place, covers, packed, span

OVERLAP: Final = "~"
"""In place of an owner: what follows is a conflict, of which a supplier sees the overlap alone."""
WHAT: Final = {Kind.INTENT: "operation", Kind.CONSTRAINT: "constraint"}
OFF_NOMINAL: Final = (OperationState.NONCONFORMING, OperationState.CONTINGENT)
DRONE: Final = CLASSES.index(TrafficClass.DRONE)
CONSTRAINT: Final = CLASSES.index(TrafficClass.CONSTRAINT)
UUID7: Final = 7
RFC9562: Final = "specified in RFC 4122"
"""How the library calls the variant of RFC 9562, which replaced it."""


class Writing(NamedTuple):
    """A write on its way: who, what, where, and what it replaces."""

    member: Member
    vouch: Vouch
    command: PutReference
    shapes: Shapes
    commitment: bytes
    old: Reference | None

    @property
    def ref(self) -> Ref:
        """The thing that an intent or constraint is."""
        return self.member.party, self.command.entity


def is_supplier(state: State, party: str) -> bool:
    """Whether a party came in by token."""
    return bool(state.members[party].issuer)


def decide_put(
    state: State, member: Member, vouch: Vouch, command: PutReference, parts: Parts, now_us: int, draw: Draw
) -> Outcome | Refusal:
    """A new reference, or its next version. What is malformed is refused before what is out of date."""
    part = volumes_part(parts, command.volumes, "extents")
    measured = part if isinstance(part, Refusal) else measure(state, part.volumes, now_us)
    if isinstance(measured, Refusal):
        return measured
    no = _check_suffix(command.intent, now_us)
    if no is None and not command.replaces:
        no = _check_start(int(measured.boxes[:, 6].min()), now_us) or _check_first(command.intent)
    old = _standing(state, member, command.kind, command.entity, command.replaces)
    for found in (no, old):
        if isinstance(found, Refusal):
            return found
    assert not isinstance(old, Refusal)
    if not command.replaces and old is not None:
        return refuse(Reason.EXISTS, "entityid", "a new id, or its OVN in the path", command.entity.hex())
    writing = Writing(member, vouch, command, measured, parts[command.volumes][1], old)
    if command.kind is Kind.SERVICE_AREA:
        return _put_area(state, writing)
    return _put_thing(state, writing, now_us, draw)


def _check_start(start_us: int, now_us: int) -> Refusal | None:
    """What is new may have begun a few seconds ago, no more."""
    if start_us >= now_us - NOTICED_START_US:
        return None
    late_s = (now_us - start_us) // 1_000_000
    limit = f"at most {NOTICED_START_US // 1_000_000} s ago for what is new"
    return refuse(Reason.OUT_OF_RANGE, "time_start", limit, f"{late_s} s ago")


def _check_first(intent: Intent | None) -> Refusal | None:
    if intent is None or intent.state == OperationState.ACCEPTED:
        return None
    return refuse(Reason.OUT_OF_RANGE, "state", "Accepted for a new operational intent", intent.state)


def _check_suffix(intent: Intent | None, now_us: int) -> Refusal | None:
    """A requested suffix is a UUID of version 7 (RFC 9562, 5.7) of about now."""
    if intent is None or not intent.suffix:
        return None
    limit = f"a UUID of version 7 made within {OVN_SUFFIX_US // 1_000_000} s of now"
    try:
        found = UUID(intent.suffix)
    except ValueError:
        return refuse(Reason.OUT_OF_RANGE, "requested_ovn_suffix", limit, intent.suffix)
    good = str(found) == intent.suffix and found.version == UUID7 and found.variant == RFC9562
    if not good or abs((found.int >> 80) * 1_000 - now_us) > OVN_SUFFIX_US:
        return refuse(Reason.OUT_OF_RANGE, "requested_ovn_suffix", limit, intent.suffix)
    return None


def _standing(state: State, member: Member, kind: Kind, entity: bytes, replaces: str) -> Reference | Refusal | None:
    """The reference that a request names; None where it names none and there is none."""
    row = state.references.get((kind, entity))
    if row is None or row.deleted or (row.dropped_us and not replaces):
        limit = "one that there is; without an OVN in the path it is made anew"
        return refuse(Reason.UNKNOWN, "entityid", limit, entity.hex()) if replaces else None
    if row.owner != member.party:
        return refuse(Reason.NOT_YOURS, "entityid", "a reference of the token's own subject", entity.hex())
    if replaces and row.ovn != replaces:
        return refuse(Reason.STALE_VERSION, "ovn", "the current one, as its last write was answered", replaces)
    return row


# operational intents and constraints


def _put_thing(state: State, writing: Writing, now_us: int, draw: Draw) -> Outcome | Refusal:
    """Checked against everything live, as any plan is."""
    thing = state.things.get(writing.ref)
    no = _check_thing(state, writing, thing, now_us)
    subscription = _subscription(state, writing) if no is None else no
    if isinstance(subscription, Refusal):
        return subscription
    side = _side(state, writing, thing)
    live = thing is not None and thing.live
    but = thing.planned_seq if thing is not None and live else NOBODY
    found = state.occupied.near(writing.shapes, state.minima[side.class_number], but)
    missing = _missing(state, writing, found, subscription) if writing.command.intent is not None else []
    if missing:
        return _lacking(missing)
    rest = _rest(state, side, found)
    contained = thing is not None and live and lies_inside(side, thing, state.volumes_of(thing.ref))
    if contained and thing is not None:
        side.later_seq = thing.later_seq
    heard = _heard(state, writing)
    no = _check_place(writing, heard)
    if no is not None:
        return no
    claim = sum(writing.shapes.claims_m2_s.tolist())
    met = tuple(sorted(f"~{ref[1].hex()}" for ref in rest.refs if state.things[ref].disclosure != Disclosure.OPEN))
    filing = Filing(side, thing.version if thing is not None and live else 0, 0)
    result = Filed(state, filing, contained, now_us, draw).outcome(rest, (claim, "", met), 1)
    return _written(writing, result, subscription, heard)


def _check_thing(state: State, writing: Writing, thing: Thing | None, now_us: int) -> Refusal | None:
    command, intent = writing.command, writing.command.intent
    if thing is not None and thing.live and thing.what != WHAT[command.kind]:
        return refuse(Reason.EXISTS, "entityid", f"an id that no {thing.what} of yours has", command.entity.hex())
    if writing.old is not None and intent is not None and thing is not None:
        wanted = OperationState(intent.state)
        if not thing.live:
            return refuse(Reason.UNKNOWN, "entityid", "an operational intent that has not ended", command.entity.hex())
        if wanted is not thing.state and not operation_may(thing.state, wanted):
            return refuse(Reason.WRONG_STATE, "state", f"from {thing.state}: {allowed_from(thing.state)}", wanted)
    nominal = intent is not None and OperationState(intent.state) not in OFF_NOMINAL
    no = _check_down(state, writing.member) if nominal else None
    return no or check_supplier(state, writing.member, writing.shapes, thing, now_us)


def _check_down(state: State, member: Member) -> Refusal | None:
    """Who is marked as down is told so: it plans, starts and deletes nothing (ASTM F3548-21, A4: 412)."""
    if not is_down(state, member):
        return None
    limit = "an arbiter's word that the supplier is back, or an hour without that it is down"
    return refuse(Reason.DOWN, "uss_availability", limit, Availability.DOWN.value)


def is_down(state: State, member: Member) -> bool:
    """Whether an arbiter has said of a supplier that it is down."""
    arbitrated = state.availability.get(member.name) if member.issuer else None
    return arbitrated is not None and arbitrated.availability is Availability.DOWN


def check_supplier(state: State, member: Member, measured: Shapes, thing: Thing | None, now_us: int) -> Refusal | None:
    """A supplier's claim on the space and its checks a day are bounded, as everybody's (rule 11)."""
    charter, claim = state.charter, sum(measured.claims_m2_s.tolist())
    if claim > charter.intent_km2_h * M2_S_PER_KM2_H:
        limit = f"{charter.intent_km2_h} km2 x h one intent; plan in volumes that follow the flight"
        return refuse(Reason.TOO_WIDE, "extents", limit, f"{claim // M2_S_PER_KM2_H} km2 x h")
    old = thing.claim_m2_s if thing is not None else 0
    if member.live >= OPERATIONS_LIVE_MAX and (thing is None or not thing.live):
        return refuse(Reason.CLAIM, "extents", f"at most {OPERATIONS_LIVE_MAX} live things a party", member.live)
    if member.claim_m2_s - old + claim > charter.supplier_claim_km2_h * M2_S_PER_KM2_H:
        limit = f"{charter.supplier_claim_km2_h} km2 x h live a supplier"
        return refuse(Reason.CLAIM, "extents", limit, f"{claim // M2_S_PER_KM2_H} km2 x h more")
    if member.day != now_us // DAY_US:
        return None
    if member.spent_m2_s + claim > charter.supplier_km2_h * M2_S_PER_KM2_H:
        limit = f"{charter.supplier_km2_h} km2 x h checked a day"
        return refuse(Reason.BUDGET, "extents", limit, f"{claim // M2_S_PER_KM2_H} km2 x h more")
    if member.checks >= charter.supplier_checks:
        return refuse(Reason.BUDGET, "extents", f"{charter.supplier_checks} checks a day", member.checks + 1)
    if len(member.peers) >= charter.supplier_met:
        limit = f"{charter.supplier_met} distinct hidden plans met a day"
        return refuse(Reason.BUDGET, "extents", limit, len(member.peers))
    return None


def _side(state: State, writing: Writing, thing: Thing | None) -> Side:
    intent = writing.command.intent is not None
    kind = Activity.OTHER.value if intent else ConstraintKind.NOTAM.value
    number, version = DRONE if intent else CONSTRAINT, 1 if thing is None else thing.version + 1
    what, disclosure = WHAT[writing.command.kind], Disclosure.OPEN.value
    return Side(writing.ref, version, what, kind, number, 0, state.size, disclosure, None, writing.shapes)


def _rest(state: State, side: Side, found: Found) -> Found:
    """What is left to the theatre: among suppliers the key settles, and two constraints are nobody's conflict."""
    if not found.refs:
        return found
    only = "operation" if side.what == "constraint" else None
    kept = [
        i
        for i, ref in enumerate(found.refs)
        if not is_supplier(state, ref[0]) and (only is None or state.things[ref].what == only)
    ]
    return found if len(kept) == len(found.refs) else found.only(kept)


# the key


def _missing(state: State, writing: Writing, found: Found, subscription: bytes | None) -> list[Ref]:
    """The intents that a write has to know of and does not show to know; constraints as well where its subscription
    hears of them (ASTM F3548-21, A4: AirspaceConflictResponse)."""
    intent = writing.command.intent
    assert intent is not None
    if OperationState(intent.state) in OFF_NOMINAL:
        return []
    key, what = set(intent.key), ("operation", "constraint") if _hears(state, intent, subscription) else ("operation",)
    demanded = [ref for ref, worst in zip(found.refs, found.severities, strict=True) if worst == 0]
    missing = [ref for ref in demanded if _is_demanded(state, ref, what) and ovn_of(state, ref) not in key]
    for conflict in state.conflicts_of(writing.ref):
        if is_hidden(state, writing.member.party, conflict) and overlap_ovn(conflict) not in key:
            missing.append((OVERLAP, conflict.id))
    return missing


def _hears(state: State, intent: Intent, subscription: bytes | None) -> bool:
    """Whether an intent's subscription hears of constraints."""
    if intent.implicit is not None:
        return intent.implicit.constraints
    return subscription is not None and Kind.CONSTRAINT in state.subscriptions[subscription].hears


def _is_demanded(state: State, ref: Ref, what: tuple[str, ...]) -> bool:
    """Whether a key has to show a thing: open, and not merely accepted by a supplier that is down."""
    thing, owner = state.things[ref], state.members[ref[0]]
    if thing.what not in what or thing.disclosure != Disclosure.OPEN:
        return False
    waits = thing.what == "operation" and thing.state is OperationState.ACCEPTED
    return not (waits and is_down(state, owner))


def is_hidden(state: State, reader: str, conflict: Conflict) -> bool:
    """Whether a supplier sees only the overlap of what it conflicts with."""
    side = conflict.side_of(reader)
    assert side is not None
    return state.things[conflict.other(side)].disclosure != Disclosure.OPEN


def ovn_of(state: State, ref: Ref) -> str:
    """The OVN of an open operation or constraint: a supplier's as it was given, of others one that their version has.

    The commitment is salted, so nobody works it out without having been shown it.
    """
    thing = state.things[ref]
    if is_supplier(state, ref[0]):
        return state.references[kind_of(thing), thing.id].ovn
    return opaque_of("open", thing.volumes.commitment, thing.state, str(thing.shown_version))


def overlap_ovn(conflict: Conflict) -> str:
    """The OVN of an overlap; it changes with its places."""
    return opaque_of("overlap", conflict.id, conflict.places.commitment)


def kind_of(thing: Thing) -> Kind:
    """What kind of reference an open thing is."""
    return Kind.INTENT if thing.what == "operation" else Kind.CONSTRAINT


def _lacking(missing: Sequence[Ref]) -> Outcome:
    """A refusal that is bound to the list told with it."""
    digest = hashlib.sha256(b"".join(owner.encode() + b"\n" + row_id for owner, row_id in missing)).hexdigest()
    limit = f"the OVNs of {len(missing)} more, SHA-256 {digest}"
    outcome = refused(refuse(Reason.MISSING_OVN, "key", limit))
    outcome.missing = tuple(missing)
    return outcome


# subscriptions of an intent


def _subscription(state: State, writing: Writing) -> bytes | Refusal | None:
    """The subscription that an intent will have; None for none."""
    intent = writing.command.intent
    if intent is None:
        return None
    if intent.implicit is not None:
        return uuid4_of("implicit", writing.commitment, writing.command.entity)
    if intent.subscription is None:
        return None
    row = state.subscriptions.get(intent.subscription)
    if row is None or row.dropped_us or row.standard is not Standard.F3548:
        limit = "a live subscription, or new_subscription"
        return refuse(Reason.NOT_COVERED, "subscription_id", limit, intent.subscription.hex())
    if row.owner != writing.member.party:
        return refuse(Reason.NOT_YOURS, "subscription_id", "a subscription of the token's own subject")
    if Kind.INTENT not in row.hears:
        return refuse(Reason.NOT_COVERED, "subscription_id", "one that is notified of operational intents")
    if expands(row, writing.command.entity) or covers(
        state.watched_volumes((row.standard, row.id)), writing.shapes.volumes
    ):
        return row.id
    limit = "a subscription that covers the intent's area, altitudes and time"
    return refuse(Reason.NOT_COVERED, "subscription_id", limit, row.id.hex())


def expands(row: Subscription, entity: bytes) -> bool:
    """Whether a subscription follows an intent: it is implicit, and the intent's alone."""
    return row.implicit and row.dependents == (entity,)


# what is told


def _heard(state: State, writing: Writing) -> list[Subscription]:
    """Who hears of a write: near to where it is, or was."""
    where = [writing.shapes]
    if writing.old is not None:
        before = state.volumes_of(writing.ref)
        if before and before != writing.shapes.volumes:
            where.append(shapes(before))
    return hearers(state, writing.command.kind, where)


def _check_place(writing: Writing, heard: Sequence[Subscription]) -> Refusal | None:
    """One more implicit subscription in a place is one more that every write there names."""
    intent = writing.command.intent
    if intent is None or intent.implicit is None:
        return None
    return check_in_place(sum(row.owner == writing.member.party for row in heard))


def _written(writing: Writing, result: Outcome, subscription: bytes | None, heard: Sequence[Subscription]) -> Outcome:
    """The outcome with what the supplier is told, and who hears of it."""
    command, intent = writing.command, writing.command.intent
    start_us, end_us = span(writing.shapes.volumes)
    implicit = intent.implicit if intent is not None else None
    new = (implicit.url, subscription) if implicit is not None and subscription is not None else None
    suffix = intent.suffix if intent is not None else ""
    ovn = f"{UUID(bytes=command.entity)}_{suffix}" if suffix else opaque_of("ovn", writing.commitment, command.entity)
    state_word = intent.state if intent is not None else ""
    outcome = result.decision.outcome
    assert isinstance(outcome, Accepted)
    version = outcome.version
    written = Written(ovn, version, state_word, start_us, end_us, command.url, subscription, told(heard, new))
    return with_written(result, written, tuple(row.id for row in heard))


def with_written(result: Outcome, written: Written, heard: tuple[bytes, ...]) -> Outcome:
    """The same outcome, told in a standard's words."""
    outcome = result.decision.outcome
    assert isinstance(outcome, Accepted)
    assert result.effects is not None
    told_so = msgspec.structs.replace(outcome, written=written)
    result.decision = msgspec.structs.replace(result.decision, outcome=told_so)
    result.effects = msgspec.structs.replace(result.effects, heard=heard)
    return result


def _put_area(state: State, writing: Writing) -> Outcome | Refusal:
    """An identification service area: where somebody gives remote identification; it conflicts with nothing."""
    old, command = writing.old, writing.command
    where = [writing.shapes]
    if old is not None and not old.dropped_us:
        where.append(shapes(state.watched_volumes(old.key)))
    heard = hearers(state, command.kind, where)
    version = opaque_of("version", writing.commitment, command.entity)
    number = 1 if old is None else old.version + 1
    start_us, end_us = span(writing.shapes.volumes)
    written = Written(version, number, "", start_us, end_us, command.url, None, told(heard))
    effects = Effects(spent_m2_s=sum(writing.shapes.claims_m2_s.tolist()), watched=packed(writing.shapes))
    result = accepted(Accepted(number), effects, 1)
    result.shapes = writing.shapes
    return with_written(result, written, tuple(row.id for row in heard))


def decide_drop(state: State, member: Member, command: DropReference) -> Outcome | Refusal:
    """A reference ends; those who would have heard of a change hear of this."""
    old = _standing(state, member, command.kind, command.entity, command.replaces)
    if isinstance(old, Refusal):
        return old
    assert old is not None, "the API asks for the OVN"
    no = _check_down(state, member) if command.kind is Kind.INTENT else None
    if no is not None:
        return no
    thing = state.things.get((old.owner, old.id)) if command.kind is not Kind.SERVICE_AREA else None
    if thing is not None and thing.live:
        volumes, result = state.volumes_of(thing.ref), ending(state, (thing,), Accepted(old.version))
        word = thing.state.value if command.kind is Kind.INTENT else ""
    else:
        volumes = state.watched_volumes(old.key) if thing is None else ()
        result, word = accepted(Accepted(old.version), Effects()), OperationState.ENDED if thing is not None else ""
    heard = hearers(state, command.kind, [shapes(volumes)]) if volumes else []
    subscription = old.subscription or None
    written = Written(old.ovn, old.version, str(word), old.start_us, old.end_us, old.url, subscription, told(heard))
    return with_written(result, written, tuple(row.id for row in heard))
