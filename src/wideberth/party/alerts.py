"""What the live watch leaves in the ledger: which aircraft fly a plan, what was warned of, who has taken it up.

In:  frozen values; `SetAircraft` and `AcknowledgeAlert` are signed by a watch, `Warned` is said by the node alone.
Out: the union `AlertCommand`. Identities of aircraft are an attached part: their party alone sees them.
Tracks are not here and never come here: an alert names what it concerns, when, and how near, and no place.
"""

from enum import StrEnum
from typing import Final

from wideberth.party.struct import Struct


class AlertKind(StrEnum):
    """What is about to come too near, or has."""

    PAIR = "pair"
    """Two tracks."""
    ENTRY = "entry"
    """A track and a plan or constraint that it is no part of."""
    PLACE = "place"
    """A track and a protected place or movement."""
    LINE = "line"
    """A track and an agreed line."""
    OFF_PLAN = "off-plan"
    """A track and its own plan, which it has left."""


class Stage(StrEnum):
    """How far an alert has come when it is put into the ledger; what is only predicted stays out of it."""

    WARNED = "warned"
    HAPPENED = "happened"
    PASSED = "passed"
    LOST = "lost"
    """A side went out of sight while it was open, or the watch began anew: nobody knows how it went on."""


OVER: Final = (Stage.PASSED, Stage.LOST)


class Aircraft(Struct, frozen=True, tag="aircraft"):
    """By what a plan's aircraft are known to feeds: addresses as feeds spell them, and callsigns."""

    addresses: tuple[str, ...]
    callsigns: tuple[str, ...] = ()


class SetAircraft(Struct, frozen=True, tag="set_aircraft"):
    """The aircraft that fly a plan of one's own; None: unknown again."""

    operation: bytes
    aircraft: int | None


class AcknowledgeAlert(Struct, frozen=True, tag="acknowledge_alert"):
    """A watch has taken an alert up."""

    alert: bytes


class Side(Struct, frozen=True):
    """Whom an alert concerns: the party, its plan where one is known, its track as its own feed or plan names it."""

    party: str
    operation: bytes
    track: str


class Warning_(Struct, frozen=True):
    """One alert at one stage."""

    alert: bytes
    kind: AlertKind
    stage: Stage
    sides: tuple[Side, ...]
    at_us: int
    closest_us: int
    """When it is, or was, nearest; of an entry, when it begins."""
    horizontal_mm: int
    vertical_mm: int
    doubtful: bool = False
    """Physics or the format speaks against a track of it."""


class Warned(Struct, frozen=True, tag="warned"):
    """What the live watch told its parties, after it did."""

    warnings: tuple[Warning_, ...]


class FileEncounter(Struct, frozen=True, tag="file_encounter"):
    """An encounter that was rebuilt from tracks: its class, and the hash of the rows that show it. Each side files its
    own version; whether they differ shows by the hash, and the rows stay with who has them."""

    encounter: bytes
    digest: bytes
    grade: str
    """A to E, as `docs/encounters.md` has them."""
    at_us: int
    """When it was nearest."""
    to: tuple[str, ...]
    """Who is told of it: those whom it concerns."""
    text: int | None = None
    """The filer's own version, in words."""


AlertCommand = SetAircraft | AcknowledgeAlert | FileEncounter
