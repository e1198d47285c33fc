"""Writes what the registers say: flags, reviews, movements.

In:  an entry of the registers on its way into the state, whose effects say what to write.
Out: the rows, and the deadlines ahead.
"""

from collections.abc import Iterable

from wideberth.party.command import Protect
from wideberth.party.registers import (
    CheckPlan,
    Move,
    PassCheckpoint,
    RegisterCommand,
    ReportPosition,
    ReviewMeeting,
    ReviewPlace,
)
from wideberth.theatre.apply_conflicts import say, to_state
from wideberth.theatre.apply_things import expect, file
from wideberth.theatre.applying import Applying
from wideberth.theatre.lifecycle import MovementState, conflict_after, movement_after
from wideberth.theatre.movements import as_protected
from wideberth.theatre.outcome import Ref
from wideberth.theatre.register_items import RegisterEffects
from wideberth.theatre.registers import REVIEWED
from wideberth.theatre.rows import Held, Movement
from wideberth.theatre.state import State


def register(at: Applying, command: RegisterCommand) -> None:
    """Write what a command of the registers says."""
    match command:
        case Move():
            _move(at, command)
        case PassCheckpoint(movement, _, checkpoint, at_us):
            row = at.state.movements[(at.party, movement)]
            row.passed = (*row.passed, *(0,) * (checkpoint - row.next), at_us)
            _stands(at, row.ref)
        case ReportPosition(movement, _, at_us, fix):
            row = at.state.movements[(at.party, movement)]
            row.fix, row.fix_us = at.held(fix), at_us
            _stands(at, row.ref)
        case ReviewPlace():
            _review_place(at, command)
        case ReviewMeeting(conflict_id, text):
            conflict = at.state.conflicts[conflict_id]
            conflict.accepted = (*conflict.accepted, at.word())
            say(at, conflict, "reviewed", at.held(text))
            to_state(at, conflict, conflict_after(conflict.state, REVIEWED), "accepted")
        case CheckPlan():
            pass  # `_effects` spends


def protect(at: Applying, command: Protect) -> None:
    """A protected place or its next version, with what is said of its sources."""
    file(at, command)
    _flag(at, (at.party, command.place), command.origin)


def _flag(at: Applying, ref: Ref, origin: int | None) -> None:
    assert at.effects.register is not None, "decided"
    thing = at.state.things[ref]
    thing.flags, thing.origin = at.effects.register.flags, at.held_or_none(origin)


def _move(at: Applying, command: Move) -> None:
    made, ref = at.effects.register, (at.party, command.movement)
    assert made is not None, "decided"
    file(at, as_protected(command))
    _flag(at, ref, command.origin)
    parts = (at.held(command.itinerary), at.held(command.details))
    at.state.movements[ref] = Movement(*ref, *parts, made.stops, command.emergency, made.late)
    _stands(at, ref)


def _stands(at: Applying, ref: Ref) -> None:
    """A movement stands as the effects say."""
    made, row = at.effects.register, at.state.movements[ref]
    assert made is not None, "decided"
    row.state, row.next = MovementState(made.state), made.next
    if made.due_us and made.due_us != row.due_us:
        at.state.expect(made.due_us, "checkpoint", ref)
    row.due_us = made.due_us
    at.state.touch("movement", ref)


def overdue(at: Applying, ref: Ref) -> None:
    """A checkpoint was not passed in time."""
    _stands(at, ref)


def over(state: State, ref: Ref) -> None:
    """The thing behind a movement has ended."""
    row = state.movements.get(ref)
    if row is not None:
        row.state, row.due_us = movement_after(row.state, "over"), 0
        state.touch("movement", ref)


def gone(state: State, ref: Ref) -> None:
    """The thing behind a movement is forgotten."""
    if state.movements.pop(ref, None) is not None:
        state.touch("movement", ref)


def _review_place(at: Applying, command: ReviewPlace) -> None:
    thing = at.state.things[(at.party, command.place)]
    thing.verifier, thing.verified_us = command.verifier, command.verified_us
    thing.review_by_us, thing.review_told = command.review_by_us, False
    expect(at, thing)


def parts_of(state: State, party: str) -> Iterable[Held | None]:
    """What a party attached to its register."""
    for row in state.movements.values():
        if row.owner == party:
            yield from (row.itinerary, row.details, row.fix)
    yield from (thing.origin for thing in state.things.values() if thing.owner == party)


__all__ = ["RegisterEffects", "gone", "over", "overdue", "parts_of", "protect", "register"]
