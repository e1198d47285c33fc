"""What an entry means for suppliers outside: what the node has to tell them, at which address.

In:  an entry that is durable, the state after it (or a little later), what suppliers may read.
Out: `Telling`s: an open thing of the theatre's own parties has changed or gone, to the subscriptions that hear of it;
     an overlap with a hidden plan has come, changed or gone, to the supplier whose intent meets it.
Refuses nothing. What suppliers change themselves they tell one another, as the standard has it.
"""

from collections.abc import Iterator
from typing import NamedTuple

from wideberth.ledger.entry import DECISION, Entry
from wideberth.party.command import SetState
from wideberth.party.standard import Kind
from wideberth.sequencer import content_of, envelope_of, notice_in
from wideberth.theatre.outcome import Accepted, ConflictItem, Effects, Ref, StateItem, decode_decision, decode_effects
from wideberth.theatre.references import is_hidden, kind_of
from wideberth.theatre.rows import Conflict, Subscription
from wideberth.theatre.standard_views import Details, StandardViews, overlap_id
from wideberth.theatre.state import State

Index = tuple[bytes, int]
"""A subscription and its notification index."""


class Telling(NamedTuple):
    """One message to one supplier at one address."""

    manager: str
    url: str
    kind: Kind
    entity: bytes
    details: Details | None
    """None: it is gone."""
    subscriptions: tuple[Index, ...]
    proof: tuple[bytes, str] | None
    """An intent of this supplier's with this address, and the OVN that it alone was given."""


def tellings(state: State, views: StandardViews, entry: Entry) -> list[Telling]:
    """What an entry's suppliers are to be told."""
    decision = decode_decision(content_of(entry, DECISION))
    outcome = decision.outcome
    own_word = isinstance(outcome, Accepted) and outcome.written is not None
    if not decision.derived or (own_word and len(entry.parts) == DECISION + 1 + decision.attached + decision.derived):
        return []  # refused, or a supplier's own write of which the node has nothing to tell
    effects = decode_effects(content_of(entry, DECISION + 1 + decision.attached))
    return [*_changes(state, views, entry, effects), *_overlaps(state, views, entry, effects)]


# open things


def _changes(state: State, views: StandardViews, entry: Entry, effects: Effects) -> Iterator[Telling]:
    refs = _changed(state, entry, effects) if effects.heard else []
    rows = [state.subscriptions[row_id] for row_id in effects.heard if row_id in state.subscriptions]
    for ref in refs:
        thing = state.things[ref]
        entity, kind = state.open_id(thing), kind_of(thing)
        details = views.details("", kind, entity)
        for (manager, url), heard in _by_address(state, rows).items():
            indices = tuple((row.id, row.index) for row in heard)
            yield Telling(manager, url, kind, entity, details, indices, _proof(state, heard))


def _changed(state: State, entry: Entry, effects: Effects) -> list[Ref]:
    """The things of the theatre's own parties that an entry changes."""
    command = envelope_of(entry).command
    refs = [effects.moved.ref] if effects.moved is not None else [*effects.ended]
    if not refs and isinstance(command, SetState):
        refs = [(envelope_of(entry).party, command.operation)]
    return [ref for ref in refs if ref in state.things and not state.members[ref[0]].issuer]


def _by_address(state: State, rows: list[Subscription]) -> dict[tuple[str, str], list[Subscription]]:
    found: dict[tuple[str, str], list[Subscription]] = {}
    for row in rows:
        found.setdefault((state.members[row.owner].name, row.url), []).append(row)
    return found


def _proof(state: State, rows: list[Subscription]) -> tuple[bytes, str] | None:
    for row in rows:
        for entity in row.dependents:
            reference = state.references.get((Kind.INTENT, entity))
            if reference is not None and not reference.dropped_us and reference.url == row.url:
                return entity, reference.ovn
    return None


# overlaps


def _overlaps(state: State, views: StandardViews, entry: Entry, effects: Effects) -> Iterator[Telling]:
    for head in effects.heads:
        if not state.members[head.party].issuer:
            continue
        told = notice_in(entry, head.party)
        items = told.notice.items if told is not None and told.notice is not None else ()
        for item in items:
            conflict = state.conflicts.get(item.conflict) if isinstance(item, ConflictItem | StateItem) else None
            if conflict is not None:
                yield from _overlap(state, views, head.party, conflict)


def _overlap(state: State, views: StandardViews, party: str, conflict: Conflict) -> Iterator[Telling]:
    side = conflict.side_of(party)
    assert side is not None
    row = state.references.get((Kind.INTENT, side[1]))
    other = conflict.other(side)
    if row is None or other not in state.things or not is_hidden(state, party, conflict):
        return
    held = state.subscriptions.get(row.subscription) if row.subscription else None
    indices = ((held.id, held.index),) if held is not None else ()
    details = views.overlap_of(party, conflict.id)
    named, manager = overlap_id(conflict, party), state.members[party].name
    yield Telling(manager, row.url, Kind.INTENT, named, details, indices, (row.id, row.ovn))
