"""Who comes too near whom, and whose activation it blocks.

In:  the state, and one side with its volumes as they will be.
Out: the pairs that are strictly nearer than the charter's minima, by thing; how severe; whose activation it blocks.
Nothing here writes. A bystander never appears in anything that is made here for somebody else.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from wideberth.party.charter import CLASSES, TrafficClass
from wideberth.party.command import ConstraintKind, Disclosure, Domain
from wideberth.space.shapes import Shapes
from wideberth.space.volume import Volume4D
from wideberth.theatre.occupied import NOBODY, Found, severity
from wideberth.theatre.outcome import Near, Ref
from wideberth.theatre.rows import Conflict, Thing
from wideberth.theatre.state import State

ADVISORY: Final = frozenset({ConstraintKind.CORRIDOR.value, ConstraintKind.NOTAM.value})
"""Kinds of constraint where others take care; the rest must be settled with their owner before activation."""
PRIVATE: Final = Disclosure.PRIVATE.value
SEVERITIES: Final = ("overlap", "close", "near")


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
    shapes: Shapes

    @property
    def volumes(self) -> tuple[Volume4D, ...]:
        """Where it is."""
        return self.shapes.volumes

    @property
    def party(self) -> str:
        """Its owner."""
        return self.ref[0]


def class_number(domain: Domain, crewed: bool) -> int:
    """The class of an operation: uncrewed aircraft are drones, all else goes by domain."""
    if domain is Domain.AIR:
        return CLASSES.index(TrafficClass.CREWED_AIR if crewed else TrafficClass.DRONE)
    return CLASSES.index(TrafficClass(domain.value))


def side_of(thing: Thing, shapes: Shapes) -> Side:
    """A thing as it stands, but for where it is or will be."""
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
        shapes,
    )


def find(state: State, side: Side) -> Found:
    """Every live thing that comes too near, with the pairs of volumes, in the order in which they were planned.

    Strictly nearer than the charter's minima for the two classes; overlap and touching always count.
    Two constraints, two places, or one of each, are nobody's conflict.
    """
    old = state.things.get(side.ref)
    but = old.planned_seq if old is not None else NOBODY
    found = state.occupied.near(side.shapes, state.minima[side.class_number], but)
    if side.what == "operation":
        return found
    return found.only([i for i, ref in enumerate(found.refs) if state.things[ref].what == "operation"])


def severity_of(near: Sequence[Near], minima_mm: tuple[int, int]) -> str:
    """ "overlap" where both gaps are gone, "close" under half of the minima, else "near": the worst of the places."""
    return SEVERITIES[min(severity(n.horizontal_mm, n.vertical_mm, *minima_mm) for n in near)]


def blocked(first: Side | Thing, second: Side | Thing) -> Ref | None:
    """Whose activation an unsettled conflict blocks: the lower priority's, else the one planned later (rule 11).

    Of one party's own things a plan is blocked by an entry of the register, until a second person has looked.
    """
    one, other = first.ref, second.ref
    if one[0] == other[0] and "protected" not in (first.what, second.what):
        return None
    if second.what != "operation":
        return None if second.kind in ADVISORY else one
    if first.what != "operation":
        return None if first.kind in ADVISORY else other
    if first.priority != second.priority:
        return one if first.priority < second.priority else other
    return one if (first.later_seq, one) > (second.later_seq, other) else other


def blocks_word(blocked_ref: Ref | None, reader: Ref) -> str:
    """Seen from the reader."""
    return "none" if blocked_ref is None else "mine" if blocked_ref == reader else "other"


def shown_party(other: Side | Thing) -> str | None:
    """The peer's code, unless its plan is private."""
    return None if other.disclosure == PRIVATE else other.ref[0]


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


def unsettled_blocks(state: State, thing: Thing) -> list[Conflict]:
    """The open conflicts that block a thing's activation."""
    open_ones = (c for c in state.conflicts_of(thing.ref) if c.state == "open")
    return [c for c in open_ones if blocked(thing, state.things[c.other(thing.ref)]) == thing.ref]


def risk_event(state: State, conflict: Conflict, party: str) -> str | None:
    """What a party's acceptance of a risk brings about, if anything yet.

    A supplier has no key, so it can change its plan and nothing else: nobody waits for its word.
    """
    mine = conflict.side_of(party)
    assert mine is not None
    if state.members[conflict.other(mine)[0]].issuer:
        return "risk accepted by the only side with a voice"
    return "risk accepted by both" if conflict.accepted else None
