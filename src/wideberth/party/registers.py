"""Registers: what is never to be come near, whose it is and who says so; movements; checks of plans that nobody filed.

In:  frozen values that a watch signs. Whose a place is, who says where it is, itineraries, contacts and positions are
     attached parts: their party alone sees them, and they can be destroyed.
Out: the union `RegisterCommand`, and the parts.
An entry is notified; nobody is asked for leave, and nothing that is missing in one costs it its protection.
"""

from enum import StrEnum

from wideberth.party.charter import TrafficClass
from wideberth.party.struct import Struct


class Whose(StrEnum):
    """Whose people are there. Of others' it is not said whose."""

    OWN = "own"
    PARTNER = "partner"
    OTHERS = "others"


# parts that travel beside a command


class Source(Struct, frozen=True):
    """One source of a location: who says so, how it is known, when it was, and where."""

    who: str
    how: str
    time_us: int
    lat_nd: int
    lon_nd: int
    accuracy_mm: int


class Origin(Struct, frozen=True, tag="origin"):
    """Whose a protected place is, and who says where it is. `partner` is a name, and empty unless it is a partner's."""

    whose: Whose
    partner: str = ""
    sources: tuple[Source, ...] = ()


class Checkpoint(Struct, frozen=True):
    """Where a movement is to be at a time, give or take."""

    name: str
    lat_nd: int
    lon_nd: int
    time_us: int
    tolerance_us: int


class Itinerary(Struct, frozen=True, tag="itinerary"):
    """The checkpoints of a movement in their order."""

    checkpoints: tuple[Checkpoint, ...]


class Details(Struct, frozen=True, tag="details"):
    """By whom a movement is reached, and what it looks like: contacts, vehicles, markings, declared guards."""

    contacts: tuple[str, str]
    vehicles: str = ""
    markings: str = ""
    guards: str = ""


class Fix(Struct, frozen=True, tag="fix"):
    """Where a movement was."""

    lat_nd: int
    lon_nd: int
    accuracy_mm: int


# commands


class ReviewPlace(Struct, frozen=True, tag="review_place"):
    """A protected place was looked at again and is where it was; its volumes and version stay."""

    place: bytes
    version: int
    verifier: str
    verified_us: int
    review_by_us: int


class ReviewMeeting(Struct, frozen=True, tag="review_meeting"):
    """A second person has looked at a plan of one's own that meets an entry of one's own register."""

    conflict: bytes
    text: int


class Move(Struct, frozen=True, tag="move"):
    """A protected movement: its corridor by time, its checkpoints; new (`replaces` 0) or its next version."""

    movement: bytes
    replaces: int
    volumes: int
    itinerary: int
    details: int
    emergency: bool = False
    """The charter's shorter lead time holds."""
    about: int | None = None
    origin: int | None = None


class PassCheckpoint(Struct, frozen=True, tag="pass_checkpoint"):
    """A movement has passed a checkpoint, and with it those before."""

    movement: bytes
    version: int
    checkpoint: int
    at_us: int


class ReportPosition(Struct, frozen=True, tag="report_position"):
    """Where a movement was at a time; the place is an attached part."""

    movement: bytes
    version: int
    at_us: int
    fix: int


class CheckPlan(Struct, frozen=True, tag="check_plan"):
    """What would a plan meet that nobody filed, hidden plans and registers included? Those whom it meets hear of it."""

    plan: bytes
    """An id; that of a plan of one's own, where its next version is meant, which then does not meet itself."""
    volumes: int
    traffic: TrafficClass


RegisterCommand = ReviewPlace | ReviewMeeting | Move | PassCheckpoint | ReportPosition | CheckPlan
RegisterPart = Origin | Itinerary | Details | Fix
