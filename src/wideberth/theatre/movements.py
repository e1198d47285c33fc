"""Protected movements: a corridor by time, checkpoints, and what becomes of them on the way.

In:  the state, the sender, its command and parts, the time; or a deadline of a movement.
Out: an `Outcome` or a Refusal. The owner is told of each change, and so are those who were sent a notice about it.
Refuses: checkpoints outside the corridor at their time or out of order; reports from the future, or of what is over.
A movement that is notified late is marked so and goes out at once.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from wideberth.limits import (
    ALTITUDE_MM_MAX,
    ALTITUDE_MM_MIN,
    CHECKPOINTS_MAX,
    SKEW_S_MAX,
    TEXT_CHARACTERS_MAX,
    TOLERANCE_US_MAX,
)
from wideberth.party.command import PlaceKind, Protect
from wideberth.party.registers import Checkpoint, Details, Fix, Itinerary, Move, PassCheckpoint, ReportPosition
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.space.overlap import near
from wideberth.space.volume import Circle, Volume4D
from wideberth.theatre.filing import Parts, decide_filing, volumes_part
from wideberth.theatre.hotline_rows import MessageState
from wideberth.theatre.lifecycle import MovementState, movement_after
from wideberth.theatre.outcome import Accepted, Effects, Item, Outcome, Ref, accepted
from wideberth.theatre.register_items import MovementItem, RegisterEffects
from wideberth.theatre.registers import (
    check_accuracy,
    check_name,
    check_point,
    flagged,
    flags_of,
    origin_part,
    own_protected,
    tell,
)
from wideberth.theatre.rows import Member, Movement
from wideberth.theatre.state import Draw, State

CHANGED: Final = "changed"


def as_protected(command: Move) -> Protect:
    """What a movement is in space: a protected place whose volumes follow one another."""
    head = (command.movement, command.replaces, PlaceKind.CONVOY, command.volumes)
    return Protect(*head, "", 0, 0, command.about, command.origin)


# filing


def decide_move(
    state: State, member: Member, command: Move, parts: Parts, now_us: int, draw: Draw
) -> Outcome | Refusal:
    """A movement, or its next version; what was passed of an earlier version counts for nothing in the new one."""
    ref = (member.party, command.movement)
    old = state.movements.get(ref)
    if (ref in state.things) is not (old is not None):
        return refuse(Reason.WRONG_STATE, "command.movement", "a movement, or an id that is new", "another thing")
    if old is not None and command.replaces and old.over:
        return refuse(Reason.WRONG_STATE, "command.movement", "a movement that is not over", old.state.value)
    stops = _read(command, parts)
    origin = origin_part(parts, command.origin, now_us)
    for no in (stops, origin):
        if isinstance(no, Refusal):
            return no
    assert not isinstance(stops, Refusal)
    assert not isinstance(origin, Refusal)
    result = decide_filing(state, member, as_protected(command), parts, now_us, draw)
    if isinstance(result, Refusal):
        return result
    assert result.shapes is not None, "filed"
    lead_us = state.charter.emergency_us if command.emergency else state.charter.notice_us
    late = min(v.start_us for v in result.shapes.volumes) < now_us + lead_us
    stood = old.state if old is not None and command.replaces else MovementState.NOTIFIED
    flags = flags_of(origin, result.shapes.volumes) if origin is not None and origin.sources else ()
    register = RegisterEffects(flags, stops, late, movement_after(stood, "filed anew"), 0, max(sum(stops[0]), now_us))
    thing = (command.movement, command.replaces + 1)
    assert isinstance(result.decision.outcome, Accepted)
    outcome = msgspec.structs.replace(result.decision.outcome, late=late)
    result.decision = msgspec.structs.replace(result.decision, outcome=outcome)
    if command.replaces:
        for party, item in _heard(state, ref, CHANGED, now_us):
            tell(result, party, item)
    return flagged(result, member.party, thing, register)


Stops = tuple[tuple[int, int], ...]
"""Time and tolerance of each checkpoint."""


def _read(command: Move, parts: Parts) -> Stops | Refusal:
    volumes = volumes_part(parts, command.volumes, "command.volumes")
    if isinstance(volumes, Refusal):
        return volumes
    itinerary = parts[command.itinerary][0] if 0 <= command.itinerary < len(parts) else None
    if not isinstance(itinerary, Itinerary):
        limit = "the place of an itinerary part"
        return refuse(Reason.PARTS_MISMATCH, "command.itinerary", limit, command.itinerary)
    details = parts[command.details][0] if 0 <= command.details < len(parts) else None
    if not isinstance(details, Details):
        return refuse(Reason.PARTS_MISMATCH, "command.details", "the place of a details part", command.details)
    no = _check_details(details) or _check_itinerary(itinerary.checkpoints, volumes.volumes)
    return no or tuple((stop.time_us, stop.tolerance_us) for stop in itinerary.checkpoints)


def _check_details(details: Details) -> Refusal | None:
    first, second = (contact.strip() for contact in details.contacts)
    if not first or not second or first == second:
        return refuse(Reason.OUT_OF_RANGE, "details.contacts", "two contacts that differ", details.contacts[1])
    texts = {"contacts[0]": first, "contacts[1]": second, "vehicles": details.vehicles}
    texts |= {"markings": details.markings, "guards": details.guards}
    checks = (check_name(text, f"details.{name}", 0, TEXT_CHARACTERS_MAX) for name, text in texts.items())
    return next((no for no in checks if no is not None), None)


def _check_itinerary(stops: Sequence[Checkpoint], volumes: Sequence[Volume4D]) -> Refusal | None:
    if not 1 <= len(stops) <= CHECKPOINTS_MAX:
        return refuse(Reason.OUT_OF_RANGE, "itinerary", f"1 to {CHECKPOINTS_MAX} checkpoints", len(stops))
    for i, stop in enumerate(stops):
        field = f"itinerary.checkpoints[{i}]"
        no = check_name(stop.name, f"{field}.name", 1) or check_point(stop.lat_nd, stop.lon_nd, field)
        if no is not None:
            return no
        if not 0 <= stop.tolerance_us <= TOLERANCE_US_MAX:
            limit = f"0 to {TOLERANCE_US_MAX // 60_000_000} min"
            return refuse(Reason.OUT_OF_RANGE, f"{field}.tolerance_us", limit, stop.tolerance_us)
        if i and stop.time_us <= stops[i - 1].time_us:
            return refuse(Reason.TIME_ORDER, f"{field}.time_us", "after the checkpoint before", stop.time_us)
        if not on_route(volumes, Fix(stop.lat_nd, stop.lon_nd, 0), stop.time_us):
            return refuse(Reason.OUT_OF_RANGE, field, "inside the corridor at its time", stop.name)
    if sum((stops[-1].time_us, stops[-1].tolerance_us)) > max(v.end_us for v in volumes):
        limit = "a corridor that lasts until the last checkpoint's latest time"
        return refuse(Reason.TIME_ORDER, "volumes", limit, stops[-1].time_us)
    return None


def on_route(volumes: Sequence[Volume4D], fix: Fix, at_us: int) -> bool:
    """Whether a place, give or take its accuracy, lies in the corridor at a time; whatever the height."""
    around = Circle(fix.lat_nd, fix.lon_nd, max(fix.accuracy_mm, 1))
    seen = Volume4D(around, ALTITUDE_MM_MIN, ALTITUDE_MM_MAX, at_us, at_us + 1)
    return any(near(seen, v, 0.0, 0) is not None for v in volumes if v.start_us <= at_us < v.end_us)


# on the way


def _reported(
    state: State, member: Member, command: PassCheckpoint | ReportPosition, now_us: int
) -> Movement | Refusal:
    """The movement of which something is reported."""
    thing = own_protected(state, member, command.movement, command.version, "command.movement")
    if isinstance(thing, Refusal):
        return thing
    row = state.movements.get(thing.ref)
    if row is None:
        return refuse(Reason.UNKNOWN, "command.movement", "a movement of yours", command.movement.hex())
    if row.over:
        return refuse(Reason.WRONG_STATE, "command.movement", "a movement that is not over", row.state.value)
    if command.at_us > now_us + SKEW_S_MAX * 1_000_000:
        return refuse(Reason.TOO_EARLY, "command.at_us", f"not after {now_us}", command.at_us)
    return row


def decide_pass(state: State, member: Member, command: PassCheckpoint, now_us: int) -> Outcome | Refusal:
    """A checkpoint was passed, and with it those before."""
    row = _reported(state, member, command, now_us)
    if isinstance(row, Refusal):
        return row
    if not row.next <= command.checkpoint < len(row.stops):
        limit = f"{row.next} to {len(row.stops) - 1}, one that is ahead"
        return refuse(Reason.WRONG_STATE, "command.checkpoint", limit, command.checkpoint)
    if command.at_us < max(row.passed, default=0):
        return refuse(Reason.TIME_ORDER, "command.at_us", "not before the checkpoint before", command.at_us)
    following = command.checkpoint + 1
    last = following == len(row.stops)
    after = movement_after(row.state, "last checkpoint passed" if last else "checkpoint passed")
    due_us = 0 if last else max(sum(row.stops[following]), now_us)
    return _moved(state, row, RegisterEffects(state=after, next=following, due_us=due_us), now_us)


def decide_position(
    state: State, member: Member, command: ReportPosition, parts: Parts, now_us: int
) -> Outcome | Refusal:
    """Where a movement was: on its route, or off it."""
    fix = parts[command.fix][0] if 0 <= command.fix < len(parts) else None
    if not isinstance(fix, Fix):
        return refuse(Reason.PARTS_MISMATCH, "command.fix", "the place of a fix part", command.fix)
    row = _reported(state, member, command, now_us)
    if isinstance(row, Refusal):
        return row
    no = check_point(fix.lat_nd, fix.lon_nd, "fix") or check_accuracy(fix.accuracy_mm, "fix.accuracy_mm")
    if no is not None:
        return no
    if command.at_us < row.fix_us:
        return refuse(Reason.TIME_ORDER, "command.at_us", "not before the position before", command.at_us)
    volumes = state.volumes_of(row.ref)
    begun = min(v.start_us for v in volumes) <= command.at_us
    inside = "seen on its route" if row.due_us else "seen on its route, late"
    event = inside if not begun or on_route(volumes, fix, command.at_us) else "seen off its route"
    after = movement_after(row.state, event) if begun else row.state
    register = RegisterEffects(state=after, next=row.next, due_us=row.due_us)
    result = _moved(state, row, register, now_us)
    result.decision = msgspec.structs.replace(result.decision, attached=len(parts))
    return result


def decide_overdue(state: State, ref: Ref, now_us: int) -> Outcome:
    """Nobody said in time that the next checkpoint was passed."""
    row = state.movements[ref]
    after = movement_after(row.state, "checkpoint late")
    result = accepted(Accepted(), Effects(register=RegisterEffects(state=after, next=row.next)))
    for party, item in _heard(state, ref, MovementState.OVERDUE, now_us):
        tell(result, party, item)
    return result


def _moved(state: State, row: Movement, register: RegisterEffects, now_us: int) -> Outcome:
    """What follows from a report; a change of state is told."""
    result = accepted(Accepted(state.things[row.ref].version), Effects(register=register))
    if register.state != row.state:
        for party, item in _heard(state, row.ref, register.state, now_us, register.next):
            tell(result, party, item)
    return result


def _heard(state: State, ref: Ref, what: str, now_us: int, checkpoint: int | None = None) -> list[tuple[str, Item]]:
    """The owner by the movement, and who was sent a notice about it by that notice."""
    row = state.movements[ref]
    owner, movement = ref
    ahead = row.next if checkpoint is None else checkpoint
    told: list[tuple[str, Item]] = [(owner, MovementItem(owner, movement, what, ahead, now_us))]
    for message in state.messages.values():
        if message.sender == owner and message.operation == movement and message.state is not MessageState.CANCELLED:
            told += ((party, MovementItem(owner, message.id, what, -1, now_us)) for party in message.to)
    return told
