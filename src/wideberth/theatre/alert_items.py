"""The item of an alert in a notice.

In:  built by `alerts`. Out: a frozen value, part of `outcome.Notice`.
"""

from wideberth.party.struct import Struct


class EncounterItem(Struct, frozen=True, tag="encounter"):
    """Somebody filed its version of an encounter."""

    encounter: bytes
    party: str
    grade: str
    at_us: int
    digest: bytes
    text: bytes | None


class AlertItem(Struct, frozen=True, tag="alert"):
    """An alert that concerns the reader: of which of its plans and tracks, whose the other is where that is open, when
    it is nearest and how near. `what` is a stage, or "acknowledged" by somebody."""

    alert: bytes
    kind: str
    what: str
    operation: bytes
    track: str
    other: str
    closest_us: int
    horizontal_mm: int
    vertical_mm: int
    doubtful: bool
    by: str
