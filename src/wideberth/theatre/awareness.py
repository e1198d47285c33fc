"""Who hears of a write: the subscriptions that are near to it.

In:  the state, the kind of reference, its shapes before and after.
Out: the subscriptions whose indices rise, and what of them the writer is told.
Awareness is wider than conflict: a subscription hears of all that comes nearer to it than the charter's margin of
awareness, and, since boxes are compared, of some that does not.
"""

from collections.abc import Sequence
from typing import Final

from wideberth.party.command import Disclosure
from wideberth.party.standard import Kind, Standard
from wideberth.space.shapes import Shapes, shapes
from wideberth.theatre.outcome import Ref, Subscriber
from wideberth.theatre.rows import Subscription
from wideberth.theatre.state import State

FIRST_INDEX: Final = 1
"""Of an implicit subscription, which hears of the intent that makes it."""


def standard_of(kind: Kind) -> Standard:
    """Whose subscriptions hear of a kind of reference."""
    return Standard.F3411 if kind is Kind.SERVICE_AREA else Standard.F3548


def hearers(state: State, kind: Kind, where: Sequence[Shapes]) -> list[Subscription]:
    """The live subscriptions that want to hear of a kind, near to any of some shapes."""
    watched = state.watched[standard_of(kind)]
    if not len(watched):
        return []
    found: dict[bytes, Subscription] = {}
    for asked in where:
        for _, row_id in watched.about(asked, state.awareness):
            row = state.subscriptions[row_id]
            if kind in row.hears:
                found[row_id] = row
    return list(found.values())


def told(heard: Sequence[Subscription], new: tuple[str, bytes] | None = None) -> tuple[Subscriber, ...]:
    """The same by address, each with the index that it will have; `new` is one that the write itself makes."""
    by_url: dict[str, list[tuple[bytes, int]]] = {}
    if new is not None:
        by_url[new[0]] = [(new[1], FIRST_INDEX)]
    for row in heard:
        by_url.setdefault(row.url, []).append((row.id, row.index + 1))
    return tuple(Subscriber(url, tuple(rows)) for url, rows in by_url.items())


def heard_of(state: State, ref: Ref, what: str, disclosure: str, now: Shapes | None) -> tuple[bytes, ...]:
    """Who hears of a thing of the theatre's own parties: `now` as it will be, None where it ends or only changes state.

    What is not open is heard of by nobody here; a supplier that meets it is told by its conflict.
    """
    owner = state.members.get(ref[0])
    if not len(state.watched[Standard.F3548]) or what == "protected" or owner is None or owner.issuer:
        return ()
    old = state.things.get(ref)
    was_open = old is not None and old.live and old.disclosure == Disclosure.OPEN
    where = [now] if now is not None and disclosure == Disclosure.OPEN else []
    before = state.volumes_of(ref) if was_open else ()
    if before and (now is None or before != now.volumes):
        where.append(shapes(before))
    kind = Kind.INTENT if what == "operation" else Kind.CONSTRAINT
    return tuple(row.id for row in hearers(state, kind, where))
