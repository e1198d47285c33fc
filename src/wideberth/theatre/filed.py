"""What a checked version means: conflicts opened, kept and closed, concurrences asked for, everybody's notices.

In:  the state, the plan as it is filed, and what it comes too near to.
Out: an `Outcome` with everything that apply writes.
Refuses nothing: `filing` did.
"""

from typing import NamedTuple

from wideberth.limits import ID_BYTES
from wideberth.party.command import OperationState
from wideberth.theatre.awareness import heard_of
from wideberth.theatre.conflicts import SEVERITIES, Side, blocked, blocks_word, shown_party
from wideberth.theatre.lifecycle import ConflictState
from wideberth.theatre.occupied import Found
from wideberth.theatre.outcome import (
    Accepted,
    AskedItem,
    ConflictItem,
    Effects,
    Item,
    Kept,
    LateItem,
    Moved,
    Notice,
    Opened,
    Outcome,
    Place,
    Places,
    Ref,
    Spots,
    StateItem,
    accepted,
)
from wideberth.theatre.places import Outliner, place_in_area, told
from wideberth.theatre.register_items import OwnItem
from wideberth.theatre.rows import Conflict, Held, Thing
from wideberth.theatre.state import Draw, State


class Filing(NamedTuple):
    """A plan as it is being filed, whichever command brought it."""

    side: Side
    replaces: int
    confirm_by_us: int


class Event(NamedTuple):
    """What happened to a conflict, the same for both sides."""

    conflict: bytes
    what: str
    minima_mm: tuple[int, int]
    severity: str
    settle_by_us: int


def conflict_item(
    event: Event, mine: tuple[bytes, int], other: Side | Thing, blocks: str, spots: Spots
) -> ConflictItem:
    """What one side is told: `mine` is the id and version of its own thing, `other` the peer's."""
    shared = other.shared.commitment if isinstance(other.shared, Held) else other.shared
    return ConflictItem(
        event.conflict,
        event.what,
        mine[0],
        mine[1],
        shown_party(other),
        other.what,
        shared,
        event.minima_mm,
        event.severity,
        event.settle_by_us,
        blocks,
        spots,
    )


class Filed:
    """Puts together what a checked version means: conflicts opened, kept and closed, concurrences, notices."""

    def __init__(self, state: State, filing: Filing, contained: bool, now_us: int, draw: Draw) -> None:
        """`contained`: the version lies inside its predecessor."""
        self.state, self.side, self.filing, self.contained = state, filing.side, filing, contained
        self.now_us, self.draw = now_us, draw
        self.items: dict[str, list[Item]] = {}
        self.blocked = False
        self.start_us = min(v.start_us for v in self.side.volumes)
        self.late = self.side.what == "operation" and self.start_us < now_us + state.charter.lead_us

    def outcome(self, found: Found, accounts: tuple[int, str, tuple[str, ...]], attached: int) -> Outcome:
        """The whole outcome. `accounts`: the claim, who pays if not the owner, which hidden plans' owners were met."""
        standing = {c.other(self.side.ref): c for c in self.state.conflicts_of(self.side.ref)}
        if standing:
            found = found.only(sorted(range(len(found.refs)), key=lambda i: found.refs[i] in standing))
        opened, kept = self._conflicts(found, standing)
        self._tell_own(found)
        met = set(found.refs)
        closed = [self._close(conflict) for ref, conflict in standing.items() if ref not in met]
        claim, _, _ = accounts
        missing = self._ask()
        moved = Moved(
            self.side.ref,
            self.side.version,
            self.contained,
            self.side.shapes.boxes.astype("<i8", copy=False).tobytes(),
            claim,
            self.filing.confirm_by_us,
            missing,
            self._falls_back(missing),
        )
        heard = heard_of(self.state, self.side.ref, self.side.what, self.side.disclosure, self.side.shapes)
        effects = Effects(moved, tuple(opened), tuple(kept), tuple(closed), *accounts, heard=heard)
        said = tuple(o.conflict for o in opened) + tuple(k.conflict for k in kept if k.void)
        checked = self.state.minima[self.side.class_number].flat
        result = accepted(Accepted(self.side.version, said, self.late, checked), effects, attached)
        if found.refs:
            result.places = Places(tuple(found.ends), found.rows.astype("<i8", copy=False).tobytes())
        result.notices = [(party, Notice(tuple(items))) for party, items in sorted(self.items.items())]
        result.shapes = self.side.shapes
        return result

    def _falls_back(self, missing: tuple[str, ...]) -> bool:
        """Whether an activated plan must be activated again: it reaches out to where it would not have been let."""
        old = self.state.things.get(self.side.ref) if self.filing.replaces else None
        active = old is not None and old.state is OperationState.ACTIVATED
        return active and not self.contained and (self.blocked or bool(missing))

    def _tell(self, party: str, item: Item) -> None:
        self.items.setdefault(party, []).append(item)

    def _tell_own(self, found: Found) -> None:
        """The planner hears which entries of its own register the plan meets."""
        things = [self.state.things[ref] for ref in found.refs if ref[0] == self.side.party]
        entries = tuple(thing.id for thing in things if thing.what == "protected")
        if entries and self.side.what == "operation":
            self._tell(self.side.party, OwnItem("operation", self.side.ref[1], self.side.version, entries))

    def _conflicts(self, found: Found, standing: dict[Ref, Conflict]) -> tuple[list[Opened], list[Kept]]:
        """What opens and what goes on, in the order of what was found; both sides are told."""
        opened, kept = list[Opened](), list[Kept]()
        settle_us, row = self.state.charter.settle_us, self.state.minima[self.side.class_number].pairs
        own = (self.side.ref[1], self.side.version)
        each = zip(found.refs, found.severities, found.starts_us, *told(self.state, self.side, found), strict=True)
        for ref, worst, start_us, mine, theirs in each:
            other, conflict = self.state.things[ref], standing.get(ref)
            minima, word, by_us = row[other.class_number], SEVERITIES[worst], max(start_us - settle_us, self.now_us)
            if conflict is None:
                event = Event(self.draw(ID_BYTES), "opened", minima, word, by_us)
                opened.append(Opened(event.conflict, self.side.ref, ref, minima, word, by_us))
            else:
                event = Event(conflict.id, "moved" if self.contained else "changed", minima, word, by_us)
                kept.append(Kept(conflict.id, not self.contained, word, by_us))
            loser = blocked(self.side, other)
            self.blocked |= loser == self.side.ref
            item = conflict_item(event, own, other, blocks_word(loser, self.side.ref), mine)
            self._tell(self.side.party, item)
            if other.owner != self.side.party:
                item = conflict_item(event, (other.id, other.version), self.side, blocks_word(loser, ref), theirs)
                self._tell(other.owner, item)
                if self.late:
                    self._tell(other.owner, LateItem(event.conflict, start_us))
        return opened, kept

    def _close(self, conflict: Conflict) -> bytes:
        item = StateItem(conflict.id, ConflictState.CLEARED, "no longer too near")
        for party in {conflict.first[0], conflict.second[0]}:
            self._tell(party, item)
        return conflict.id

    def _ask(self) -> tuple[str, ...]:
        """The parties whose concurrence the charter asks for; each is told what lies inside its area."""
        if self.side.what != "operation":
            return ()
        missing: dict[str, None] = {}
        old = self.state.things.get(self.side.ref) if self.contained else None
        outliner = Outliner()
        for area in self.state.charter.areas:
            found = (place_in_area(area, volume, outliner) for volume in self.side.volumes)
            places = tuple(place for place in found if place is not None)
            if not places:
                continue
            for party in area.parties:
                if party == self.side.party or self.state.active(party) is None:
                    continue
                missing[party] = None
                if old is None or party in old.lacking:
                    self._tell(party, self._asked(area.name, places))
        return tuple(missing)

    def _asked(self, area: str, places: tuple[Place, ...]) -> AskedItem:
        side = self.side
        return AskedItem(side.party, side.ref[1], side.version, area, side.shared, places)
