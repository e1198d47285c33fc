"""Who comes too near whom, and what each side is shown of it.

In:  the state, and one side with its volumes as they will be.
Out: the pairs that are strictly nearer than the charter's minima, by thing; how severe; whose activation it blocks;
     and the item of a notice that each side may read (design: who sees what).
Nothing here writes. A bystander never appears in anything that is made here for somebody else.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from wideberth.limits import OUTLINES_PER_ENTRY_MAX
from wideberth.party.charter import CLASSES, Charter, TrafficClass
from wideberth.party.command import ConstraintKind, Disclosure, Domain
from wideberth.space.outline import overlap_outline, too_near_outline
from wideberth.space.volume import Volume4D
from wideberth.theatre.outcome import ConflictItem, Near, Place, Ref
from wideberth.theatre.state import Conflict, State, Thing

ADVISORY: Final = frozenset({ConstraintKind.CORRIDOR.value, ConstraintKind.NOTAM.value})
"""Kinds of constraint where others take care; the rest must be settled with their owner before activation."""
SEVERITIES: Final = ("overlap", "close", "near")
MM_PER_ND: Final = 1.11320e-1
"""Millimetres of latitude in a nanodegree, to 0.6 %: 111.32 km a degree."""


class Side(msgspec.Struct):
    """One thing of a pair, as it is or as it will be."""

    ref: Ref
    version: int
    what: str
    kind: str
    class_number: int
    priority: int
    later_seq: int
    disclosure: str
    shared: bytes | None
    volumes: Sequence[Volume4D]

    @property
    def party(self) -> str:
        """Its owner."""
        return self.ref[0]


def class_number(domain: Domain, crewed: bool) -> int:
    """The class of an operation: uncrewed aircraft are drones, all else goes by domain."""
    if domain is Domain.AIR:
        return CLASSES.index(TrafficClass.CREWED_AIR if crewed else TrafficClass.DRONE)
    return CLASSES.index(TrafficClass(domain.value))


def side_of(state: State, thing: Thing) -> Side:
    """A thing as it stands."""
    return Side(
        thing.ref,
        thing.version,
        thing.what,
        thing.kind,
        thing.class_number,
        thing.priority,
        thing.later_seq,
        thing.disclosure,
        thing.shared.commitment if thing.shared is not None else None,
        state.volumes_of(thing.ref),
    )


def find(state: State, side: Side) -> dict[Ref, tuple[Near, ...]]:
    """Every live thing that comes too near, with the pairs of volumes, in the order in which they were planned.

    Strictly nearer than the charter's minima for the two classes; overlap and touching always count.
    Two constraints, two places, or one of each, are nobody's conflict.
    """
    state.settle_index()
    row = state.minima[side.class_number]
    near = state.live.near(side.volumes, row.horizontal_m, row.vertical_mm)
    if not len(near.slot):
        return {}
    columns = (near.slot, near.query, near.horizontal_mm, near.vertical_mm, near.start_us, near.end_us)
    more = (near.lower_mm, near.upper_mm, near.lat_nd, near.lon_nd)
    found: dict[Ref, list[Near]] = {}
    refs, places = state.slot_ref, state.slot_place
    for slot, query, *rest in zip(*(column.tolist() for column in columns + more), strict=True):
        found.setdefault(refs[slot], []).append(Near(query, places[slot], *rest))
    found.pop(side.ref, None)
    meant = side.what == "operation"
    kept = [ref for ref in found if meant or state.things[ref].what == "operation"]
    kept.sort(key=lambda ref: (state.things[ref].planned_seq, ref))
    return {ref: tuple(sorted(found[ref], key=lambda n: (n.first, n.second))) for ref in kept}


def severity_of(near: Sequence[Near], minima_mm: tuple[int, int]) -> str:
    """ "overlap" where both gaps are gone, "close" under half of the minima, else "near": the worst of the places."""
    return SEVERITIES[min(_severity(n, minima_mm) for n in near)]


def _severity(near: Near, minima_mm: tuple[int, int]) -> int:
    gaps = ((near.horizontal_mm, minima_mm[0]), (near.vertical_mm, minima_mm[1]))
    left = max(gap / minimum if gap > 0 and minimum else 0.0 for gap, minimum in gaps)
    return 0 if left == 0 else 1 if left < 0.5 else 2


def blocked(first: Side | Thing, second: Side | Thing) -> Ref | None:
    """Whose activation an unsettled conflict blocks: the lower priority's, else the one planned later (rule 11)."""
    if first.ref[0] == second.ref[0]:
        return None
    for side, other in ((first, second), (second, first)):
        if other.what != "operation":
            return None if other.kind in ADVISORY else side.ref
    if first.priority != second.priority:
        return min(first, second, key=lambda s: s.priority).ref
    return max(first, second, key=lambda s: (s.later_seq, s.ref)).ref


def blocks_word(blocked_ref: Ref | None, reader: Ref) -> str:
    """Seen from the reader."""
    return "none" if blocked_ref is None else "mine" if blocked_ref == reader else "other"


def shown_party(other: Side | Thing) -> str | None:
    """The peer's code, unless its plan is private."""
    return None if other.disclosure == Disclosure.PRIVATE else other.ref[0]


class Outliner:
    """Draws outlines until the entry's limit is reached; beyond it places carry their point alone."""

    def __init__(self) -> None:
        self.left = OUTLINES_PER_ENTRY_MAX

    def overlap(self, own: Volume4D, other: Volume4D) -> tuple[tuple[int, ...], ...]:
        """What both cover."""
        self.left -= 1
        return overlap_outline(own.outline, other.outline) if self.left >= 0 else ()

    def own_part(self, own: Volume4D, other: Volume4D, minimum_mm: int) -> tuple[tuple[int, ...], ...]:
        """What of `own` lies inside the minimum."""
        self.left -= 1
        return too_near_outline(own.outline, other.outline, minimum_mm / 1000) if self.left >= 0 else ()


def place_for(
    charter: Charter, mine: Side, other: Side, near: Near, minima_mm: tuple[int, int], outliner: Outliner
) -> Place:
    """One place as the owner of `mine` may see it. `near.first` counts in `mine`, `near.second` in `other`."""
    own = mine.volumes[near.first]
    if other.what == "protected" and other.party != mine.party:
        return _cell(charter, own, near)
    theirs = other.volumes[near.second]
    hidden = other.disclosure != Disclosure.OPEN and other.party != mine.party
    vertical_mm, band = near.vertical_mm, (near.lower_mm, near.upper_mm)
    if vertical_mm > 0:
        band = (own.lower_mm, own.upper_mm)
        vertical_mm = _step_down(vertical_mm, charter.vertical_step_mm) if hidden else vertical_mm
    if near.horizontal_mm <= 0:
        rings = outliner.overlap(own, theirs)
        shows, at = "overlap", (near.lat_nd, near.lon_nd)
    else:
        rings = outliner.own_part(own, theirs, minima_mm[0])
        shows, at = "own-part", _middle(rings, (near.lat_nd, near.lon_nd))
    return Place(shows, rings, *band, near.start_us, near.end_us, near.horizontal_mm, vertical_mm, *at)


def _cell(charter: Charter, own: Volume4D, near: Near) -> Place:
    cell = charter.cell_nd
    south, west = near.lat_nd // cell * cell, near.lon_nd // cell * cell
    ring = (south, west, south, west + cell, south + cell, west + cell, south + cell, west)
    at = (south + cell // 2, west + cell // 2)
    apart = _step_down(max(near.horizontal_mm, 0), int(cell * MM_PER_ND))
    above = _step_down(max(near.vertical_mm, 0), charter.vertical_step_mm)
    return Place("cell", (ring,), own.lower_mm, own.upper_mm, near.start_us, near.end_us, apart, above, *at)


def _step_down(value: int, step: int) -> int:
    return value // step * step if step else value


def _middle(rings: tuple[tuple[int, ...], ...], fallback: tuple[int, int]) -> tuple[int, int]:
    if not rings or not rings[0]:
        return fallback
    lats, lons = rings[0][0::2], rings[0][1::2]
    return sum(lats) // len(lats), sum(lons) // len(lons)


def swapped(near: Sequence[Near]) -> tuple[Near, ...]:
    """The same pairs seen from the other side."""
    return tuple(
        Near(
            n.second,
            n.first,
            n.horizontal_mm,
            n.vertical_mm,
            n.start_us,
            n.end_us,
            n.lower_mm,
            n.upper_mm,
            n.lat_nd,
            n.lon_nd,
        )
        for n in near
    )


def conflict_item(
    charter: Charter,
    conflict: bytes,
    what: str,
    mine: Side,
    other: Side,
    near: Sequence[Near],
    minima_mm: tuple[int, int],
    severity: str,
    settle_by_us: int,
    outliner: Outliner,
) -> ConflictItem:
    """What the owner of `mine` is told of a conflict. `near` is seen from `mine`."""
    return ConflictItem(
        conflict,
        what,
        mine.ref[1],
        mine.version,
        shown_party(other),
        other.what,
        other.shared,
        minima_mm,
        severity,
        settle_by_us,
        blocks_word(blocked(mine, other), mine.ref),
        tuple(place_for(charter, mine, other, n, minima_mm, outliner) for n in near),
    )


def unsettled_blocks(state: State, thing: Thing) -> list[Conflict]:
    """The open conflicts that block a thing's activation."""
    open_ones = (c for c in state.conflicts_of(thing.ref) if c.state == "open")
    return [c for c in open_ones if blocked(thing, state.things[c.other(thing.ref)]) == thing.ref]
