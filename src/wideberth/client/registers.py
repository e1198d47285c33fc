"""The register of a party: what it files there, what it reports of it, and checks of plans that it does not file.

In:  a `Client`; ids as bytes or UUID, volumes, times as aware datetimes, places in degrees.
Out: an `Answer` or a `Problem`; typed reads.
Raises what the client raises.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from wideberth.client.client import Client, Id, Part
from wideberth.client.wire import Answer, AsOf, Problem, Volume, Wire
from wideberth.party import registers as said
from wideberth.party.charter import TrafficClass
from wideberth.party.command import About, PlaceKind, Protect, Text, Volumes
from wideberth.space.units import deg_to_nd, m_to_mm, time_to_us
from wideberth.space.volume import Volume4D


class Source(Wire, frozen=True):
    """Who says where a place is; `at` is [longitude, latitude] in degrees."""

    who: str
    how: str
    time: datetime
    at: tuple[float, float]
    accuracy_m: float


class Checkpoint(Wire, frozen=True):
    """A checkpoint of a movement."""

    time: datetime
    tolerance_s: float
    name: str | None = None
    at: tuple[float, float] | None = None
    passed: datetime | None = None


class Seen(Wire, frozen=True):
    """Where a movement was last."""

    at: tuple[float, float]
    accuracy_m: float
    time: datetime


class Movement(Wire, frozen=True):
    """A movement as it stands."""

    state: str
    emergency: bool
    late: bool
    checkpoints: tuple[Checkpoint, ...]
    next: int | None = None
    due: datetime | None = None
    contacts: tuple[str, ...] = ()
    vehicles: str | None = None
    markings: str | None = None
    guards: str | None = None
    seen: Seen | None = None


class Entry(Wire, frozen=True):
    """An entry of the party's register."""

    id: UUID
    what: str
    kind: str
    version: int
    live: bool
    flags: tuple[str, ...]
    volumes: tuple[Volume, ...]
    start: datetime
    end: datetime
    position: int
    label: str | None = None
    note: str | None = None
    contact: str | None = None
    whose: str | None = None
    partner: str | None = None
    sources: tuple[Source, ...] = ()
    verifier: str | None = None
    verified: datetime | None = None
    review_by: datetime | None = None
    movement: Movement | None = None


class Registers(Wire, frozen=True):
    """The party's register."""

    as_of: AsOf
    entries: tuple[Entry, ...]


def source(who: str, how: str, time: datetime, lat: float, lon: float, accuracy_m: float) -> said.Source:
    """One source of a location."""
    return said.Source(who, how, time_to_us(time), deg_to_nd(lat), deg_to_nd(lon), m_to_mm(accuracy_m))


def checkpoint(name: str, lat: float, lon: float, time: datetime, tolerance_s: float) -> said.Checkpoint:
    """Where a movement is to be at a time."""
    return said.Checkpoint(name, deg_to_nd(lat), deg_to_nd(lon), time_to_us(time), round(tolerance_s * 1_000_000))


class Register:
    """A client's register."""

    def __init__(self, client: Client, language: str = "en") -> None:
        """`language` is that of texts."""
        self.client, self._language = client, language

    def entries(self) -> Registers | Problem:
        """Everything in it."""
        return self.client.connection.get("/v1/registers", Registers)

    def protect(
        self,
        place: Id,
        kind: PlaceKind,
        volumes: Sequence[Volume4D],
        *,
        verifier: str,
        verified: datetime,
        review_by: datetime,
        origin: said.Origin | None = None,
        about: About | None = None,
        replaces: int = 0,
    ) -> Answer | Problem:
        """A protected place, or its next version."""
        parts: list[Part] = [Volumes(tuple(volumes))]
        dates = (time_to_us(verified), time_to_us(review_by))
        rest = (_attach(parts, about), _attach(parts, origin))
        return self.client.say(Protect(_bytes(place), replaces, kind, 0, verifier, *dates, *rest), parts)

    def move(
        self,
        movement: Id,
        corridor: Sequence[Volume4D],
        checkpoints: Sequence[said.Checkpoint],
        details: said.Details,
        *,
        emergency: bool = False,
        origin: said.Origin | None = None,
        about: About | None = None,
        replaces: int = 0,
    ) -> Answer | Problem:
        """A protected movement, or its next version."""
        parts: list[Part] = [Volumes(tuple(corridor)), said.Itinerary(tuple(checkpoints)), details]
        rest = (emergency, _attach(parts, about), _attach(parts, origin))
        return self.client.say(said.Move(_bytes(movement), replaces, 0, 1, 2, *rest), parts)

    def review_place(
        self, place: Id, version: int, *, verifier: str, verified: datetime, review_by: datetime
    ) -> Answer | Problem:
        """Somebody looked again, and it is where it was."""
        dates = (time_to_us(verified), time_to_us(review_by))
        return self.client.say(said.ReviewPlace(_bytes(place), version, verifier, *dates))

    def review_meeting(self, conflict: Id, text: str) -> Answer | Problem:
        """A second person has looked at a plan of the party's own over its register."""
        return self.client.say(said.ReviewMeeting(_bytes(conflict), 0), [Text(self._language, text)])

    def passed(self, movement: Id, version: int, checkpoint: int, at: datetime) -> Answer | Problem:
        """A checkpoint was passed."""
        return self.client.say(said.PassCheckpoint(_bytes(movement), version, checkpoint, time_to_us(at)))

    def position(
        self, movement: Id, version: int, at: datetime, lat: float, lon: float, accuracy_m: float
    ) -> Answer | Problem:
        """Where a movement was."""
        fix = said.Fix(deg_to_nd(lat), deg_to_nd(lon), m_to_mm(accuracy_m))
        return self.client.say(said.ReportPosition(_bytes(movement), version, time_to_us(at), 0), [fix])

    def check_plan(self, plan: Id, volumes: Sequence[Volume4D], traffic: TrafficClass) -> Answer | Problem:
        """What a plan would meet that is not filed: the answer's `overlaps`. Those whom it meets hear of it."""
        return self.client.say(said.CheckPlan(_bytes(plan), 0, traffic), [Volumes(tuple(volumes))])


def _attach(parts: list[Part], part: Part | None) -> int | None:
    if part is None:
        return None
    parts.append(part)
    return len(parts) - 1


def _bytes(thing: Id) -> bytes:
    return thing.bytes if isinstance(thing, UUID) else thing
