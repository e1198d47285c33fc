"""Writes operations, constraints and protected places.

In:  an entry on its way into the state, whose effects say what to write.
Out: the rows of things, the index of live volumes, and the deadlines ahead.
"""

from wideberth.limits import KEPT_ENDED_US
from wideberth.party.charter import CLASSES, TrafficClass
from wideberth.party.command import Constrain, OperationState, Plan, Protect
from wideberth.theatre.applying import Applying
from wideberth.theatre.conflicts import class_number
from wideberth.theatre.dues import end_due_us
from wideberth.theatre.outcome import Moved, Ref
from wideberth.theatre.rows import Held, Thing


def file(at: Applying, command: Plan | Constrain | Protect) -> None:
    """A new thing, or a new version of one."""
    moved = at.effects.moved
    assert moved is not None
    volumes, about = at.held(command.volumes), at.held_or_none(command.about)
    thing = at.state.things.get(moved.ref) if command.replaces else None
    if thing is None:
        thing = _new_thing(at, command, moved.ref, volumes, about)
        at.state.things[moved.ref] = thing
        at.state.members[at.party].live += 1
    else:
        thing.about = about if about is not None else thing.about
    if isinstance(command, Plan):
        thing.shared = at.held_or_none(command.shared)
    _describe(thing, command)
    thing.key = at.envelope.keys[0]
    move(at, thing, moved, volumes)


def _new_thing(at: Applying, command: Plan | Constrain | Protect, ref: Ref, volumes: Held, about: Held | None) -> Thing:
    what = {Plan: "operation", Constrain: "constraint", Protect: "protected"}[type(command)]
    accepted = OperationState.ACCEPTED
    return Thing(
        *ref, what, "", 0, accepted, 0, 0, "", volumes, about, None, at.time_us, at.sequence, at.sequence, 0, 0, 0
    )


def _describe(thing: Thing, command: Plan | Constrain | Protect) -> None:
    match command:
        case Plan():
            thing.class_number = class_number(command.domain, command.crewed)
            thing.kind, thing.priority, thing.disclosure = command.activity, command.priority, command.disclosure
            thing.domain, thing.crewed = command.domain, command.crewed
        case Constrain():
            thing.class_number = CLASSES.index(TrafficClass.CONSTRAINT)
            thing.kind, thing.disclosure = command.kind, "open"
        case Protect():
            thing.class_number = CLASSES.index(TrafficClass.PROTECTED)
            thing.kind, thing.disclosure = command.kind, "conflict-only"
            thing.verifier, thing.verified_us = command.verifier, command.verified_us
            thing.review_by_us, thing.review_told = command.review_by_us, False


def move(at: Applying, thing: Thing, moved: Moved, volumes: Held) -> None:
    """A thing's next version takes the place of the one before."""
    state = at.state
    if thing.version:
        state.occupied.remove(moved.ref)
    owner = state.members[thing.owner]
    owner.claim_m2_s += moved.claim_m2_s - thing.claim_m2_s
    state.touch("member", thing.owner)
    thing.version, thing.volumes, thing.claim_m2_s = moved.version, volumes, moved.claim_m2_s
    thing.planned_us, thing.planned_seq, thing.missing = at.time_us, at.sequence, moved.missing
    if not moved.contained:
        thing.later_seq, thing.concurred, thing.objected = at.sequence, (), ()
    thing.confirm_by_us = moved.confirm_by_us
    if moved.falls_back:
        thing.state = OperationState.ACCEPTED
    thing.start_us, thing.end_us = span_of_boxes(moved.boxes)
    if at.shapes is None:
        state.occupied.add(moved.ref, thing.class_number, at.sequence, moved.boxes)
    else:
        state.occupied.put(moved.ref, thing.class_number, at.sequence, at.shapes)
    expect(at, thing)
    state.show(thing)
    state.reveal(thing)


def span_of_boxes(boxes: bytes) -> tuple[int, int]:
    """First start and last end of boxes as `space.volume.boxes` packs them."""
    words = memoryview(boxes).cast("q")
    return min(words[6::8]), max(words[7::8])


def expect(at: Applying, thing: Thing) -> None:
    """Remember the deadlines of a thing as it stands."""
    state, ref = at.state, thing.ref
    if thing.confirm_by_us:
        state.expect(thing.confirm_by_us, "confirm", ref)
    if thing.review_by_us and not thing.review_told:
        state.expect(thing.review_by_us, "review", ref)
    state.expect(end_due_us(state, thing), "end", ref)
    state.touch("thing", ref)


def set_state(at: Applying, ref: Ref, wanted: OperationState) -> None:
    """A state that the owner declared; the end is written by its effects."""
    if wanted is OperationState.ENDED:
        return  # `_effects` ends it
    thing = at.state.things[ref]
    thing.state, thing.confirm_by_us = wanted, 0
    thing.steps += 1
    at.state.touch("thing", ref)
    at.state.reveal(thing)


def end(at: Applying, ref: Ref) -> None:
    """A thing ends: its volumes leave the index, its claim is given back."""
    state = at.state
    thing = state.things[ref]
    state.occupied.remove(ref)
    thing.state, thing.ended_us = OperationState.ENDED, at.time_us
    owner = state.members[thing.owner]
    owner.live -= 1
    owner.claim_m2_s -= thing.claim_m2_s
    thing.claim_m2_s = 0
    state.show(thing)
    if not owner.issuer:  # a supplier's is forgotten with its reference
        state.fading.append((at.time_us + KEPT_ENDED_US, ref))
    state.touch("thing", ref)
    state.touch("member", thing.owner)
    state.reveal(thing)
