"""Registers: protected places, own and partners' posts among them; one's own plans and messages held against them.

In:  the state, the sender, its key and command, the parts, the time.
Out: an `Outcome` or a Refusal.
Refuses: constraints and messages inside of which entries of the sender's own register lie that it does not name: it is
told before anybody else. A source that is missing, or that says another place, refuses nothing: the owner is told.
"""

from collections.abc import Sequence

import msgspec

from wideberth.limits import (
    ACCURACY_MM_MAX,
    ID_BYTES,
    KNOWING_MAX,
    NAME_CHARACTERS_MAX,
    SKEW_S_MAX,
    SOURCES_MAX,
    TIME_US_MAX,
)
from wideberth.party.command import Constrain, Protect
from wideberth.party.registers import (
    Origin,
    ReviewMeeting,
    ReviewPlace,
    Source,
    Whose,
)
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.space.overlap import separation_m
from wideberth.space.shapes import Shapes
from wideberth.space.volume import Circle, Volume4D
from wideberth.theatre.filing import Parts, decide_filing, text_part
from wideberth.theatre.lifecycle import ConflictState, conflict_after
from wideberth.theatre.occupied import EXACT
from wideberth.theatre.outcome import Accepted, Effects, Item, Notice, Outcome, Ref, StateItem, accepted
from wideberth.theatre.register_items import RegisterEffects, RegisterItem
from wideberth.theatre.rows import Conflict, Member, Thing
from wideberth.theatre.state import Draw, State

REVIEWED = "reviewed by a second person"


def tell(result: Outcome, party: str, item: Item) -> None:
    """Add an item to a party's notice, after what is in it."""
    notices = dict(result.notices)
    before = notices.get(party)
    notices[party] = Notice((*(before.items if before is not None else ()), item))
    result.notices = sorted(notices.items(), key=lambda told: told[0])


# protected places


def decide_protect(
    state: State, member: Member, command: Protect, parts: Parts, now_us: int, draw: Draw
) -> Outcome | Refusal:
    """A protected place or its next version, with what is to be said of its sources."""
    if (member.party, command.place) in state.movements:
        return refuse(Reason.WRONG_STATE, "command.place", "a place; a movement has its own command", "a movement")
    origin = origin_part(parts, command.origin, now_us)
    if isinstance(origin, Refusal):
        return origin
    no = check_review(command.verified_us, command.review_by_us, command.verifier)
    result = no if no is not None else decide_filing(state, member, command, parts, now_us, draw)
    if isinstance(result, Refusal):
        return result
    assert result.shapes is not None, "filed"
    flags = flags_of(origin, result.shapes.volumes)
    return flagged(result, member.party, (command.place, command.replaces + 1), RegisterEffects(flags))


def flagged(result: Outcome, party: str, thing: tuple[bytes, int], register: RegisterEffects) -> Outcome:
    """An outcome with what the register writes; the owner is told the flags. `thing` is its id and version."""
    assert result.effects is not None, "accepted"
    result.effects = msgspec.structs.replace(result.effects, register=register)
    if register.flags:
        tell(result, party, RegisterItem(*thing, register.flags))
    return result


def check_review(verified_us: int, review_by_us: int, verifier: str) -> Refusal | None:
    """Refuse dates in the wrong order, and a verifier whose name nobody could read."""
    if not 0 <= verified_us < review_by_us:
        return refuse(Reason.TIME_ORDER, "command.review_by_us", "after verified_us", review_by_us)
    if review_by_us > TIME_US_MAX:
        return refuse(Reason.OUT_OF_RANGE, "command.review_by_us", f"at most {TIME_US_MAX}", review_by_us)
    return check_name(verifier, "command.verifier")


def check_name(text: str, field: str, least: int = 0, most: int = NAME_CHARACTERS_MAX) -> Refusal | None:
    """Refuse a text that is longer or shorter than it may be."""
    if least <= len(text) <= most:
        return None
    return refuse(Reason.OUT_OF_RANGE, field, f"{least} to {most} characters", f"{len(text)} characters")


def check_point(lat_nd: int, lon_nd: int, field: str) -> Refusal | None:
    """Refuse what is no place on earth."""
    if abs(lat_nd) <= 90_000_000_000 and -180_000_000_000 <= lon_nd < 180_000_000_000:
        return None
    return refuse(Reason.OUT_OF_RANGE, field, "latitude -90 to 90, longitude -180 to under 180", (lat_nd, lon_nd))


def check_accuracy(accuracy_mm: int, field: str) -> Refusal | None:
    """Refuse an accuracy that says nothing."""
    if 0 <= accuracy_mm <= ACCURACY_MM_MAX:
        return None
    return refuse(Reason.OUT_OF_RANGE, field, f"0 to {ACCURACY_MM_MAX} mm", accuracy_mm)


def origin_part(parts: Parts, index: int | None, now_us: int) -> Origin | Refusal | None:
    """Whose a place is and who says so; None where nothing is said of it."""
    if index is None:
        return None
    origin = parts[index][0] if 0 <= index < len(parts) else None
    if not isinstance(origin, Origin):
        return refuse(Reason.PARTS_MISMATCH, "command.origin", "the place of an origin part", index)
    if bool(origin.partner) is not (origin.whose is Whose.PARTNER):
        limit = "the name of a partner, where it is a partner's"
        return refuse(Reason.OUT_OF_RANGE, "origin.partner", limit, origin.whose.value)
    if len(origin.sources) > SOURCES_MAX:
        return refuse(Reason.TOO_MANY, "origin.sources", f"at most {SOURCES_MAX}", len(origin.sources))
    checks = (_check_source(source, f"origin.sources[{i}]", now_us) for i, source in enumerate(origin.sources))
    return check_name(origin.partner, "origin.partner") or next((no for no in checks if no is not None), None) or origin


def _check_source(source: Source, field: str, now_us: int) -> Refusal | None:
    if not 0 <= source.time_us <= now_us + SKEW_S_MAX * 1_000_000:
        return refuse(Reason.TIME_ORDER, f"{field}.time_us", "not after now", source.time_us)
    return (
        check_name(source.who, f"{field}.who", 1)
        or check_name(source.how, f"{field}.how", 1)
        or check_point(source.lat_nd, source.lon_nd, field)
        or check_accuracy(source.accuracy_mm, f"{field}.accuracy_mm")
    )


def flags_of(origin: Origin | None, volumes: Sequence[Volume4D]) -> tuple[str, ...]:
    """ "single-source" unless two who are not the same say where it is; "disputed" where one says another place."""
    sources = origin.sources if origin is not None else ()
    single = ("single-source",) if len({source.who.strip().casefold() for source in sources}) < 2 else ()
    outlines = list(dict.fromkeys(volume.outline for volume in volumes))
    apart = any(all(apart_from(source, outline) for outline in outlines) for source in sources)
    return (*single, *(("disputed",) if apart else ()))


def apart_from(source: Source, outline: object) -> bool:
    """Whether a source says a place that lies farther from an outline than its accuracy."""
    around = Circle(source.lat_nd, source.lon_nd, max(source.accuracy_mm, 1))
    return separation_m(around, outline) > 0  # type: ignore[arg-type]


def decide_review_place(state: State, member: Member, command: ReviewPlace, now_us: int) -> Outcome | Refusal:
    """Somebody looked again: the next review moves on."""
    thing = own_protected(state, member, command.place, command.version, "command.place")
    if isinstance(thing, Refusal):
        return thing
    if thing.ref in state.movements:
        return refuse(Reason.WRONG_STATE, "command.place", "a place", "a movement")
    if command.verified_us > now_us + SKEW_S_MAX * 1_000_000:
        return refuse(Reason.TOO_EARLY, "command.verified_us", f"not after {now_us}", command.verified_us)
    no = check_review(command.verified_us, command.review_by_us, command.verifier)
    return no if no is not None else accepted(Accepted(thing.version), Effects())


def own_protected(state: State, member: Member, thing_id: bytes, version: int, field: str) -> Thing | Refusal:
    """A live entry of one's own register in its current version."""
    thing = state.things.get((member.party, thing_id))
    if thing is None or thing.what != "protected":
        return refuse(Reason.UNKNOWN, field, "an entry of your register", thing_id.hex())
    if not thing.live:
        return refuse(Reason.WRONG_STATE, field, "an entry that has not ended", thing.state.value)
    if thing.version != version:
        return refuse(Reason.STALE_VERSION, "command.version", f"the current version {thing.version}", version)
    return thing


# one's own plans, constraints and messages against one's own register


def meeting_of(state: State, member: Member, conflict_id: bytes) -> tuple[Conflict, Thing] | Refusal:
    """An own pair of a plan and an entry of the register, with the plan."""
    conflict = state.conflicts.get(conflict_id)
    pair = (conflict.first, conflict.second) if conflict is not None and conflict.own_pair else ()
    things = [state.things[ref] for ref in pair if ref[0] == member.party]
    plan = next((thing for thing in things if thing.what == "operation"), None)
    if conflict is None or plan is None or all(thing.what != "protected" for thing in things):
        limit = "a plan of yours that meets an entry of your register"
        return refuse(Reason.UNKNOWN, "command.conflict", limit, conflict_id.hex())
    return conflict, plan


def decide_review_meeting(
    state: State, member: Member, key: bytes, command: ReviewMeeting, parts: Parts
) -> Outcome | Refusal:
    """A second person has looked at a plan that meets one's own register: it blocks no longer."""
    found = meeting_of(state, member, command.conflict)
    no = found if isinstance(found, Refusal) else text_part(parts, command.text, "command.text")
    if no is not None:
        return no
    assert not isinstance(found, Refusal)
    conflict, plan = found
    if conflict.state is not ConflictState.OPEN:
        return refuse(Reason.WRONG_STATE, "command.conflict", "one that is open", conflict.state.value)
    if plan.key == key:
        return refuse(Reason.NOT_PERMITTED, "envelope.keys", "a second person's key", "the key that filed the plan")
    result = accepted(Accepted(plan.version), Effects(), len(parts))
    result.notices = [
        (member.party, Notice((StateItem(conflict.id, conflict_after(conflict.state, REVIEWED), REVIEWED),)))
    ]
    return result


def own_inside(state: State, party: str, shapes: Shapes) -> tuple[bytes, ...]:
    """Entries of a party's own register that lie inside volumes, wholly or in part."""
    refs: list[Ref] = state.occupied.near(shapes, EXACT).refs
    return tuple(ref[1] for ref in refs if ref[0] == party and state.things[ref].what == "protected")


def check_knowing(knowing: Sequence[bytes], inside: Sequence[bytes]) -> Refusal | None:
    """Refuse where an entry lies inside that the sender does not name."""
    if len(knowing) > KNOWING_MAX or any(len(entry) != ID_BYTES for entry in knowing):
        return refuse(Reason.OUT_OF_RANGE, "command.knowing", f"at most {KNOWING_MAX} ids", len(knowing))
    missing = [entry.hex() for entry in inside if entry not in knowing]
    if not missing:
        return None
    named = ", ".join(missing[:5])
    return refuse(Reason.OWN_REGISTER, "command.knowing", f"that you name them: {named}", f"{len(missing)} not named")


def decide_constrain(
    state: State, member: Member, command: Constrain, parts: Parts, now_us: int, draw: Draw
) -> Outcome | Refusal:
    """A constraint is open to all: its sender hears first of its own posts inside."""
    result = decide_filing(state, member, command, parts, now_us, draw)
    if isinstance(result, Refusal):
        return result
    assert result.shapes is not None, "filed"
    return check_knowing(command.knowing, own_inside(state, member.party, result.shapes)) or result


def reviewed_with(state: State, ref: Ref) -> tuple[bytes, ...]:
    """Entries of one's own register that a plan meets, as a second person has seen."""
    seen = (c for c in state.conflicts_of(ref) if c.own_pair and c.state is ConflictState.ACCEPTED)
    return tuple(conflict.other(ref)[1] for conflict in seen)
