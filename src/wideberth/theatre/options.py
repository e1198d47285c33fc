"""What would clear a conflict, and what a plan would meet: tried out on what the asker may see, and on nothing else.

In:  the state, the reader; a conflict of the reader's with what it was told of it; or a plan that nobody filed.
Out: shifts in time or height, each with what it was tested against; or the own and open things that are too near.
Nothing is spent and nothing is recorded, so nothing hidden is asked: no hidden plan changes an answer here, except
through the places of a conflict that the reader was shown already.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from wideberth.party.charter import CLASSES, TrafficClass
from wideberth.party.command import Disclosure
from wideberth.refusal import Refusal
from wideberth.space.shapes import Shapes
from wideberth.space.units import mm_to_m
from wideberth.space.volume import Volume4D
from wideberth.theatre import shown
from wideberth.theatre.conflicts import SEVERITIES, Side, blocked, blocks_word, find, side_of, swapped
from wideberth.theatre.filing import measure
from wideberth.theatre.lifecycle import REPLANNED
from wideberth.theatre.occupied import Found
from wideberth.theatre.outcome import ConflictItem, Near, Ref
from wideberth.theatre.places import told
from wideberth.theatre.rows import Conflict, Thing
from wideberth.theatre.settlement import shifted
from wideberth.theatre.shown import Change, Other, Shown, id_text, time_text
from wideberth.theatre.state import State
from wideberth.theatre.views import about_of, is_open_to

MINUTE_US: Final = 60_000_000
HEIGHT_STEP_MM: Final = 10_000
"""Shifts are offered in whole minutes and tens of metres, away from the conflict."""
HEIGHT_PARTS_MM: Final = 20_000_000
"""A vertical minimum of more is the charter's way to say that height does not part two things."""


TESTED: Final = {
    "mine-open": "Tested against the places shown, your own plans and the open plans.",
    "mine-hidden": "Tested against the places shown, your own plans and the open plans; "
    "what else the other side plans is hidden and was not tested.",
    "other-open": "Tested against your own plans and the open plans; what is hidden from you was not tested.",
    "other-hidden": "Tested against the places shown alone; the other plan is hidden.",
}
"""What an option was tested against: the code for a page in any language, and the sentence in English."""


class Option(Shown, frozen=True):
    """A change that would clear a conflict. `clears` is "this" or "all-known"; `start` is when the plan would begin.

    `checked` is a sentence in English and `checked_code` stands for it ("mine-open", "mine-hidden", "other-open",
    "other-hidden"); `late` says that the plan would begin inside the charter's lead time, as far as the start is known.
    """

    change: Change
    clears: str
    checked: str
    checked_code: str
    start: str | None
    late: bool


class Met(Shown, frozen=True):
    """A thing that a plan would come too near to."""

    other: Other
    severity: str
    blocks: str
    places: tuple[shown.Place, ...]


class Shift(msgspec.Struct, frozen=True):
    """How far the reader's plan would move against the other."""

    start_us: int
    altitude_mm: int

    def back(self) -> "Shift":
        """The same, done by the other."""
        return Shift(-self.start_us, -self.altitude_mm)


def known_near(state: State, reader: str, side: Side) -> Found:
    """Own and open things that come too near to a plan; hidden ones never show here."""
    found = find(state, side)
    return found.only([i for i, ref in enumerate(found.refs) if is_open_to(reader, state.things[ref])])


def plan_side(reader: str, plan_id: bytes, kind: TrafficClass, priority: int, shapes: Shapes) -> Side:
    """A plan that is only asked about."""
    row = CLASSES.index(kind)
    return Side((reader, plan_id), 0, "operation", "", row, priority, 2**62, Disclosure.CONFLICT_ONLY, None, shapes)


def meetings(state: State, reader: str, side: Side) -> Iterator[Met]:
    """What a plan would meet among own and open things, each in full."""
    found = known_near(state, reader, side)
    for ref, worst, spots in zip(found.refs, found.severities, told(state, side, found)[0], strict=True):
        thing = state.things[ref]
        minima = state.minima[side.class_number].pairs[thing.class_number]
        name = state.members[thing.owner].name
        seen = Other(thing.owner, name, thing.what, about_of(thing)[0], id_text(thing.id))
        word = blocks_word(blocked(side, thing), side.ref)
        yield Met(seen, SEVERITIES[worst], word, shown.places(spots.each(), minima))


def options(
    state: State, reader: str, conflict: Conflict, item: ConflictItem, near: Sequence[Near], now_us: int
) -> tuple[Option, ...]:
    """Ways to clear an open conflict with another party, one's own first. `near` is seen from the reader's side.

    Empty for any other conflict. No shift in time is among them that would have a plan begin before `now_us`.
    """
    mine = state.things[(reader, item.mine)]
    other = state.things[conflict.other(mine.ref)]
    if conflict.state != "open" or conflict.own_pair or not near:
        return ()
    found: list[Option] = []
    own = state.volumes_of(mine.ref)
    theirs = state.volumes_of(other.ref) if is_open_to(reader, other) else ()
    told_height = bool(theirs) or other.what != "protected"
    for shift in _shifts(near, own, theirs, item.minima_mm[1] if told_height else HEIGHT_PARTS_MM):
        found += (
            option
            for option in (
                _by_me(state, reader, mine, other, shift, now_us),
                _by_other(state, reader, mine, other, shift.back(), near, now_us),
            )
            if option is not None
        )
    found.sort(key=lambda o: (o.change.whose != "mine", o.clears != "all-known", _size(o.change)))
    return tuple(found)


def _size(change: Change) -> float:
    """Seconds, or metres, which cost about as much."""
    return abs(change.start_s) + abs(change.altitude_m)


def _shifts(near: Sequence[Near], own: Sequence[Volume4D], theirs: Sequence[Volume4D], gap_mm: int) -> Iterator[Shift]:
    """Shifts of the reader's plan that part the volumes in conflict, as far as their ends are known to the reader.

    `gap_mm` is the vertical minimum, HEIGHT_PARTS_MM or more where height parts nothing or is not told.
    """
    latest = max((_end(n, own, theirs) for n in near), key=lambda end: (end[0], not end[1]))
    if latest[1]:
        yield Shift(_up(latest[0] - min(own[n.first].start_us for n in near), MINUTE_US), 0)
    earliest = min((_start(n, own, theirs) for n in near), key=lambda start: (start[0], start[1]))
    if earliest[1]:
        yield Shift(-_up(max(own[n.first].end_us for n in near) - earliest[0], MINUTE_US), 0)
    tops, floors = [_top(n, own, theirs) for n in near], [_floor(n, own, theirs) for n in near]
    if gap_mm < HEIGHT_PARTS_MM and None not in tops:
        top = max(t for t in tops if t is not None)
        yield Shift(0, _up(top + gap_mm - min(own[n.first].lower_mm for n in near), HEIGHT_STEP_MM))
    if gap_mm < HEIGHT_PARTS_MM and None not in floors:
        floor = min(f for f in floors if f is not None)
        yield Shift(0, -_up(max(own[n.first].upper_mm for n in near) - (floor - gap_mm), HEIGHT_STEP_MM))


def _up(value: int, step: int) -> int:
    return -(-value // step) * step


def _end(near: Near, own: Sequence[Volume4D], theirs: Sequence[Volume4D]) -> tuple[int, bool]:
    """When the other's volume ends, and whether the reader knows: only if it ends before the reader's own does."""
    if theirs:
        return theirs[near.second].end_us, True
    return near.end_us, near.end_us < own[near.first].end_us


def _start(near: Near, own: Sequence[Volume4D], theirs: Sequence[Volume4D]) -> tuple[int, bool]:
    if theirs:
        return theirs[near.second].start_us, True
    return near.start_us, near.start_us > own[near.first].start_us


def _top(near: Near, own: Sequence[Volume4D], theirs: Sequence[Volume4D]) -> int | None:
    """The other's upper edge, None where the reader does not know it; on which side a gap lies is not disclosed."""
    if theirs:
        return theirs[near.second].upper_mm
    return near.upper_mm if near.vertical_mm <= 0 and near.upper_mm < own[near.first].upper_mm else None


def _floor(near: Near, own: Sequence[Volume4D], theirs: Sequence[Volume4D]) -> int | None:
    if theirs:
        return theirs[near.second].lower_mm
    return near.lower_mm if near.vertical_mm <= 0 and near.lower_mm > own[near.first].lower_mm else None


def _change(whose: str, shift: Shift) -> Change:
    return Change("shift", whose, shift.start_us / 1_000_000, mm_to_m(shift.altitude_mm))


def _moved(state: State, thing: Thing, shift: Shift, now_us: int) -> Side | None:
    """A thing as it would be, or None where it may not be moved so."""
    if thing.what != "operation" or thing.state not in REPLANNED:
        return None
    moved = shifted(state.volumes_of(thing.ref), shift.start_us, shift.altitude_mm)
    shapes = measure(state, moved, now_us)
    return None if isinstance(shapes, Refusal) else side_of(thing, shapes)


def _by_me(state: State, reader: str, mine: Thing, other: Thing, shift: Shift, now_us: int) -> Option | None:
    start_us = mine.start_us + shift.start_us
    side = None if _past(shift, start_us, now_us) else _moved(state, mine, shift, now_us)
    if side is None:
        return None
    met = known_near(state, reader, side)
    if other.ref in met.refs:
        return None
    code = "mine-open" if is_open_to(reader, other) else "mine-hidden"
    return _option("mine", shift, met, code, start_us, _late(state, start_us, now_us))


def _by_other(
    state: State, reader: str, mine: Thing, other: Thing, shift: Shift, near: Sequence[Near], now_us: int
) -> Option | None:
    if other.what != "operation":
        return None
    if not is_open_to(reader, other):
        # the start is hidden, but it is no later than that of the places shown
        latest_us = min(n.start_us for n in near) + shift.start_us
        if _past(shift, latest_us, now_us):
            return None
        late = _late(state, latest_us, now_us)
        return Option(_change("other", shift), "this", TESTED["other-hidden"], "other-hidden", None, late)
    start_us = other.start_us + shift.start_us
    side = None if _past(shift, start_us, now_us) else _moved(state, other, shift, now_us)
    if side is None:
        return None
    met = known_near(state, reader, side)
    if mine.ref in met.refs:
        return None
    return _option("other", shift, met, "other-open", start_us, _late(state, start_us, now_us))


def _past(shift: Shift, start_us: int, now_us: int) -> bool:
    """A shift in time cannot be kept where the new start lies in the past; one in height moves no start."""
    return shift.start_us != 0 and start_us < now_us


def _late(state: State, start_us: int, now_us: int) -> bool:
    return start_us < now_us + state.charter.lead_us


def _option(whose: str, shift: Shift, met: Found, code: str, start_us: int, late: bool) -> Option:
    clears = "this" if met.refs else "all-known"
    return Option(_change(whose, shift), clears, TESTED[code], code, time_text(start_us), late)


def seen_from(conflict: Conflict, mine: Ref, near: Sequence[Near]) -> tuple[Near, ...]:
    """A conflict's pairs with the reader's volume first."""
    return tuple(near) if conflict.first == mine else swapped(near)
