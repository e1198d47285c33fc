"""An operation as planned by somebody, on its way in: the value that all readers of plans make.

In:  `Piece`s, the parts of operations as they stand in a document, each with its path.
Out: `PlannedOperation`s: pieces of one name put together.
Refuses: pieces of one operation that disagree about party, class, priority or activity (MALFORMED); more volumes than
     an operation may have (OUT_OF_RANGE); windows of no or too long duration (TIME_ORDER, OUT_OF_RANGE).
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from wideberth.intake.fields import Note
from wideberth.limits import DURATION_US_MAX, VOLUMES_MAX
from wideberth.party.charter import TrafficClass
from wideberth.party.command import Activity
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.space.volume import Volume4D

KINDS: Final = frozenset(
    (
        TrafficClass.CREWED_AIR,
        TrafficClass.DRONE,
        TrafficClass.AIR_DEFENCE,
        TrafficClass.GROUND,
        TrafficClass.SEA,
    )
)
"""The classes that an operation may have; constraints and protected places are no operations."""


class PlannedOperation(msgspec.Struct, frozen=True):
    """What somebody plans.

    `id` is the name it goes by in its document, `party` who plans it ("" where nobody is named). `accuracy_mm` is how
    far any place of its outlines may lie from the one that was meant, by the digits given and the datum's conversion;
    the altitude bands are widened already by what is not known of them.
    """

    id: str
    party: str
    kind: TrafficClass
    priority: int
    activity: Activity
    volumes: tuple[Volume4D, ...]
    accuracy_mm: int
    notes: tuple[Note, ...]


class Piece(msgspec.Struct, frozen=True):
    """One operation, or a part of it, and where in the document it stands."""

    operation: PlannedOperation
    path: str


def check_window(start_us: int, end_us: int, field: str) -> Refusal | None:
    """A window has a duration, and not too long a one."""
    if end_us <= start_us:
        return refuse(Reason.TIME_ORDER, field, "an end after the start", f"{(end_us - start_us) / 1e6:g} s")
    if end_us - start_us > DURATION_US_MAX:
        limit = f"at most {DURATION_US_MAX // 86_400_000_000} days"
        return refuse(Reason.OUT_OF_RANGE, field, limit, f"{(end_us - start_us) / 86_400e6:.1f} days")
    return None


def put_together(pieces: Iterable[Piece]) -> tuple[PlannedOperation, ...] | Refusal:
    """Operations in the order in which their first pieces stand."""
    found: dict[str, PlannedOperation] = {}
    for piece in pieces:
        new = piece.operation
        old = found.get(new.id)
        if old is not None:
            for name in ("party", "kind", "priority", "activity"):
                if getattr(old, name) != getattr(new, name):
                    limit = f"the same {name} in all pieces of {new.id} ({getattr(old, name)!s})"
                    return refuse(Reason.MALFORMED, f"{piece.path}.{name}", limit, str(getattr(new, name)))
            new = msgspec.structs.replace(
                old,
                volumes=old.volumes + new.volumes,
                accuracy_mm=max(old.accuracy_mm, new.accuracy_mm),
                notes=tuple(dict.fromkeys(old.notes + new.notes)),
            )
        if len(new.volumes) > VOLUMES_MAX:
            limit = f"at most {VOLUMES_MAX} volumes in one operation"
            return refuse(Reason.OUT_OF_RANGE, piece.path, limit, str(len(new.volumes)))
        found[new.id] = new
    return tuple(found.values())
