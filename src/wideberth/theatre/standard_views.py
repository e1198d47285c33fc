"""What a supplier may read: references, subscriptions, availability, and the details that this node serves.

In:  the state, the reader's code (of a supplier that may not have written anything yet), shapes or ids.
Out: rows ready for the forms of ASTM F3548-21 and F3411-22a. What is not the reader's to see is None or absent.

Suppliers see one another as the standard has it: all references, OVNs to their managers alone. Of the theatre's own
parties they see what is open, under an id that says nothing, managed by this node; and of a hidden plan that one of
their intents conflicts with the overlap alone, under an id that no other supplier is shown.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, TypeVar

import msgspec

from wideberth.limits import SEARCH_RESULTS_MAX
from wideberth.party.command import Disclosure, OperationState
from wideberth.party.standard import Availability, Kind, Standard, uuid4_of
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.space.shapes import Shapes
from wideberth.space.volume import Circle, Polygon, Volume4D
from wideberth.theatre.occupied import EXACT
from wideberth.theatre.outcome import Place, Ref
from wideberth.theatre.references import OVERLAP, WHAT, is_hidden, is_supplier, kind_of, overlap_ovn, ovn_of
from wideberth.theatre.rows import Conflict, Reference, Subscription, Thing
from wideberth.theatre.state import State
from wideberth.theatre.views import Views

T = TypeVar("T")
POINT_MM: Final = 50_000
"""A place of which only the point is known is shown as a circle of this radius."""


class RefView(NamedTuple):
    """A reference as one supplier may see it."""

    kind: Kind
    id: bytes
    manager: str
    availability: str
    version: int
    state: str | None
    ovn: str | None
    """None where it is withheld; the version of a service area."""
    start_us: int
    end_us: int
    url: str | None
    """None: this node's own."""
    subscription: bytes | None
    mine: bool


class SubView(msgspec.Struct, frozen=True):
    """A subscription as its owner sees it."""

    id: bytes
    standard: Standard
    version: str
    index: int
    start_us: int
    end_us: int
    url: str
    hears: tuple[Kind, ...]
    implicit: bool
    dependents: tuple[bytes, ...]


class Details(NamedTuple):
    """A reference that this node manages, with where it is."""

    reference: RefView
    volumes: tuple[Volume4D, ...]
    priority: int


def overlap_id(conflict: Conflict, reader: str) -> bytes:
    """The id under which one supplier is shown an overlap."""
    return uuid4_of("overlap", conflict.id, reader)


class StandardViews:
    """Reads one state for any supplier. One thread at a time, between entries."""

    def __init__(self, state: State, views: Views, manager: str = "") -> None:
        """`manager`: as whom the node's own tokens speak, for suppliers take notices from a reference's manager alone.

        Without it references of this node name the party of a plan, where the plan's class lets it be named.
        """
        self._state, self._views, self._manager_here = state, views, manager

    def _manager(self, party: str | None) -> str:
        """The manager of what this node serves."""
        theatre = self._state.theatre
        return self._manager_here or (theatre if party is None else f"{party}@{theatre}")

    # references

    def references(self, reader: str, kind: Kind, where: Shapes) -> list[RefView] | Refusal:
        """All references of a kind that meet some shapes; refused past a limit, never cut."""
        if kind is Kind.SERVICE_AREA:
            refs = self._state.watched[kind].near(where, EXACT).refs
            found = [self._reference(reader, self._state.references[ref]) for ref in refs]
        else:
            refs = self._state.occupied.near(where, EXACT).refs
            found = [view for ref in refs for view in self._of_thing(reader, self._state.things[ref], kind)]
        return _bounded(found)

    def reference(self, reader: str, kind: Kind, entity: bytes) -> RefView | None:
        """One reference; what expired by itself can still be read for a while."""
        row = self._state.references.get((kind, entity))
        if row is not None:
            return None if row.deleted else self._reference(reader, row)
        found = self._own(reader, kind, entity)
        return found.reference if found is not None else None

    def told_missing(self, reader: str, refs: Sequence[Ref]) -> list[RefView]:
        """The intents and constraints that a key lacks; what has gone since is left out."""
        state, found = self._state, list[RefView]()
        for owner, row_id in refs:
            if owner == OVERLAP:
                conflict = state.conflicts.get(row_id)
                view = self._overlap(reader, conflict) if conflict is not None else None
                found += [view.reference] if view is not None else []
            elif (owner, row_id) in state.things:
                thing = state.things[owner, row_id]
                found += self._of_thing(reader, thing, kind_of(thing))[:1]
        return found

    def _of_thing(self, reader: str, thing: Thing, kind: Kind) -> list[RefView]:
        """The references behind a live thing: its own if it may be seen, and the overlaps that a reader's own has."""
        if thing.what != WHAT[kind]:
            return []
        state = self._state
        if is_supplier(state, thing.owner):
            seen = [self._reference(reader, state.references[kind, thing.id])]
            if thing.owner == reader and thing.ref in state.by_thing:
                overlaps = (self._overlap(reader, conflict) for conflict in state.conflicts_of(thing.ref))
                seen += [overlap.reference for overlap in overlaps if overlap is not None]
            return seen
        return [self._open(thing)] if thing.disclosure == Disclosure.OPEN else []

    def _reference(self, reader: str, row: Reference) -> RefView:
        mine, state = row.owner == reader, self._state
        manager = state.members[row.owner].name
        thing = state.things.get((row.owner, row.id)) if row.kind is Kind.INTENT else None
        word = (OperationState.ENDED if row.dropped_us else thing.state).value if thing is not None else None
        shown = row.ovn if mine or row.kind is Kind.SERVICE_AREA else None
        times, subscription = (row.start_us, row.end_us), row.subscription or None
        availability = self.availability(manager)[0]
        return RefView(
            row.kind, row.id, manager, availability, row.version, word, shown, *times, row.url, subscription, mine
        )

    def _open(self, thing: Thing) -> RefView:
        """An open thing of the theatre's own parties."""
        kind, state = kind_of(thing), self._state
        word = thing.state.value if kind is Kind.INTENT else None
        times, manager = (thing.start_us, thing.end_us), self._manager(thing.owner)
        normal = Availability.NORMAL.value
        named = state.open_id(thing)
        return RefView(kind, named, manager, normal, thing.shown_version, word, None, *times, None, None, mine=False)

    def _overlap(self, reader: str, conflict: Conflict) -> Details | None:
        """What a supplier is shown of a hidden plan: where, how high and when the two meet."""
        state = self._state
        side = conflict.side_of(reader)
        if side is None or conflict.state == "cleared" or not is_hidden(state, reader, conflict):
            return None
        item = self._views.item(reader, conflict)
        if item is None:
            return None
        places = item.places.each()
        manager = self._manager(item.party)
        times = (min(p.start_us for p in places), max(p.end_us for p in places))
        named, word = overlap_id(conflict, reader), OperationState.ACCEPTED.value
        view = RefView(
            Kind.INTENT,
            named,
            manager,
            Availability.NORMAL.value,
            conflict.changes,
            word,
            None,
            *times,
            None,
            None,
            mine=False,
        )
        return Details(view, tuple(v for place in places for v in _volumes_of(place)), 0)

    # what this node serves

    def details(self, reader: str, kind: Kind, entity: bytes) -> Details | None:
        """An open thing of the theatre's own parties, or an overlap of the reader's, with its OVN."""
        return self._own(reader, kind, entity)

    def _own(self, reader: str, kind: Kind, entity: bytes) -> Details | None:
        state = self._state
        ref = state.open_ids.get(entity)
        if ref is not None:
            thing = state.things[ref]
            if kind_of(thing) is not kind:
                return None
            view = self._open(thing)._replace(ovn=ovn_of(state, ref))
            return Details(view, state.volumes_of(ref), thing.priority)
        if kind is Kind.INTENT:
            for conflict in self._conflicts(reader):
                if overlap_id(conflict, reader) == entity:
                    return self.overlap_of(reader, conflict.id)
        return None

    def overlap_of(self, reader: str, conflict: bytes) -> Details | None:
        """The overlap of a conflict as its supplier is shown it, with its OVN."""
        row = self._state.conflicts.get(conflict)
        found = self._overlap(reader, row) if row is not None else None
        if row is None or found is None:
            return None
        return found._replace(reference=found.reference._replace(ovn=overlap_ovn(row)))

    def _conflicts(self, reader: str) -> Iterator[Conflict]:
        return (c for c in self._state.conflicts.values() if c.side_of(reader) is not None)

    # subscriptions and availability

    def subscriptions(self, owner: str, standard: Standard, where: Shapes) -> list[SubView] | Refusal:
        """The live subscriptions of an owner that meet some shapes."""
        refs = self._state.watched[standard].near(where, EXACT).refs
        rows = (self._state.subscriptions[row_id] for _, row_id in refs)
        return _bounded([_subscription(row) for row in rows if row.owner == owner])

    def subscription(self, owner: str, standard: Standard, row_id: bytes) -> SubView | Refusal | None:
        """One subscription of its owner's."""
        row = self._state.subscriptions.get(row_id)
        if row is None or row.deleted or row.standard is not standard:
            return None
        if row.owner != owner:
            return refuse(Reason.NOT_YOURS, "subscriptionid", "a subscription of the token's own subject")
        return _subscription(row)

    def subscription_volumes(self, owner: str, standard: Standard, row_id: bytes) -> tuple[Volume4D, ...]:
        """Where a subscription of its owner's watches; nothing for any other."""
        row = self._state.subscriptions.get(row_id)
        if row is None or row.deleted or row.standard is not standard or row.owner != owner:
            return ()
        return self._state.watched_volumes((standard.value, row_id))

    def availability(self, uss: str) -> tuple[str, str]:
        """Whether a supplier can be reached as an arbiter said, and the version of that word; empty for none."""
        row = self._state.availability.get(uss)
        return (Availability.UNKNOWN.value, "") if row is None else (row.availability.value, row.version)


def _subscription(row: Subscription) -> SubView:
    rest = (row.start_us, row.end_us, row.url, row.hears, row.implicit, row.dependents)
    return SubView(row.id, row.standard, row.version, row.index, *rest)


def _bounded(found: list[T]) -> list[T] | Refusal:
    if len(found) <= SEARCH_RESULTS_MAX:
        return found
    limit = f"a smaller area or a shorter time: at most {SEARCH_RESULTS_MAX} results are given"
    return refuse(Reason.TOO_MANY, "area_of_interest", limit, len(found))


def _volumes_of(place: Place) -> Iterator[Volume4D]:
    """A place of a conflict as volumes: its outlines, or a small circle where none was drawn."""
    rest = (place.lower_mm, place.upper_mm, place.start_us, place.end_us)
    for ring in place.rings:
        yield Volume4D(Polygon(ring), *rest)
    if not place.rings:
        yield Volume4D(Circle(place.lat_nd, place.lon_nd, POINT_MM), *rest)
