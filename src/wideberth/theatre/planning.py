"""What becomes of a plan: confirming, activating, ending.

In:  the state, the sender and its command.
Out: an `Outcome` with everything that apply writes and everybody's notices, or a Refusal.
"""

from collections.abc import Sequence

from wideberth.party.command import Confirm, Lift, OperationState, SetState
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.theatre.awareness import heard_of
from wideberth.theatre.conflicts import unsettled_blocks
from wideberth.theatre.lifecycle import ConflictState, allowed_from, operation_may
from wideberth.theatre.outcome import Accepted, Effects, Item, Moved, Notice, Outcome, StateItem, accepted
from wideberth.theatre.rows import Conflict, Member, Thing
from wideberth.theatre.state import State


def _own(state: State, member: Member, thing_id: bytes, version: int, field: str) -> Thing | Refusal:
    thing = state.things.get((member.party, thing_id))
    if thing is None:
        return refuse(Reason.UNKNOWN, field, "a thing of yours", thing_id.hex())
    if not thing.live:
        return refuse(Reason.WRONG_STATE, field, "a thing that has not ended", thing.state.value)
    if thing.version != version:
        return refuse(Reason.STALE_VERSION, "command.version", f"the current version {thing.version}", version)
    return thing


def decide_confirm(state: State, member: Member, command: Confirm, now_us: int) -> Outcome | Refusal:
    """The plan still stands: its lapse moves on."""
    thing = _own(state, member, command.operation, command.version, "command.operation")
    if isinstance(thing, Refusal):
        return thing
    if not thing.confirm_by_us:
        return refuse(Reason.NOT_PENDING, "command.operation", "a plan that waits to be confirmed", "none waits")
    due = now_us + state.charter.confirm_us
    moved = Moved(thing.ref, thing.version, True, b"", 0, due if due < thing.start_us else 0, thing.missing)
    return accepted(Accepted(thing.version), Effects(moved))


def decide_state(state: State, member: Member, command: SetState) -> Outcome | Refusal:
    """Along the table; activation needs every blocking conflict settled and every concurrence given."""
    thing = _own(state, member, command.operation, command.version, "command.operation")
    if isinstance(thing, Refusal):
        return thing
    if thing.what != "operation" or not operation_may(thing.state, command.state):
        limit = f"from {thing.state.value}: {allowed_from(thing.state)}"
        return refuse(Reason.WRONG_STATE, "command.state", limit, command.state.value)
    if command.state is OperationState.ACTIVATED:
        no = _blocked(state, thing)
        if no is not None:
            return no
    if command.state is OperationState.ENDED:
        return ending(state, (thing,), Accepted(thing.version))
    heard = heard_of(state, thing.ref, thing.what, thing.disclosure, None)
    return accepted(Accepted(thing.version), Effects(heard=heard))


def _blocked(state: State, thing: Thing) -> Refusal | None:
    blocking = unsettled_blocks(state, thing)
    own = [conflict for conflict in blocking if conflict.own_pair]
    if own:
        names = ", ".join(label_of(c.id) for c in own[:5])
        limit = "a second person of yours reviews it, or change the plan"
        return refuse(Reason.UNREVIEWED, "command.state", limit, f"{len(own)} open: {names}")
    if blocking:
        names = ", ".join(label_of(c.id) for c in blocking[:5])
        limit = "settle it, or both accept the risk, or change the plan"
        return refuse(Reason.CONFLICT_OPEN, "command.state", limit, f"{len(blocking)} open: {names}")
    if thing.lacking:
        return refuse(Reason.CONCURRENCE_MISSING, "command.state", f"concurrence of {', '.join(thing.lacking)}", "none")
    return None


def label_of(conflict: bytes) -> str:
    """What people call a conflict: it counts nothing, since the id is random."""
    return f"C-{conflict[:2].hex().upper()}"


def decide_lift(state: State, member: Member, command: Lift) -> Outcome | Refusal:
    """Ends a constraint or a protection."""
    thing = _own(state, member, command.thing, command.version, "command.thing")
    if isinstance(thing, Refusal):
        return thing
    if thing.what == "operation":
        return refuse(Reason.WRONG_STATE, "command.thing", "a constraint or protected place", "an operation")
    return ending(state, (thing,), Accepted(thing.version))


def ending(state: State, things: Sequence[Thing], outcome: Accepted) -> Outcome:
    """Things end: their conflicts are cleared, and both sides are told."""
    closed: dict[bytes, Conflict] = {}
    for thing in things:
        closed.update((c.id, c) for c in state.conflicts_of(thing.ref))
    items: dict[str, list[Item]] = {}
    for conflict in closed.values():
        item = StateItem(conflict.id, ConflictState.CLEARED, "no longer too near")
        for party in sorted({conflict.first[0], conflict.second[0]}):
            items.setdefault(party, []).append(item)
    heard = dict.fromkeys(row for t in things for row in heard_of(state, t.ref, t.what, t.disclosure, None))
    effects = Effects(closed=tuple(closed), ended=tuple(t.ref for t in things), heard=tuple(heard))
    result = accepted(outcome, effects)
    result.notices = [(party, Notice(tuple(told))) for party, told in sorted(items.items())]
    return result
