"""What a party reads, as values ready for JSON: the shapes of the API's answers.

In:  integers of the house (nanodegrees, millimetres, microseconds) and rows of the state.
Out: frozen values whose names carry their units; places [longitude, latitude] in degrees as in GeoJSON, altitudes with
     unit and reference, times in RFC 3339, bytes in base64url without padding.
Refuses nothing. Nothing here decides who may see what: that is `views`.
"""

import base64
from typing import Final
from uuid import UUID

import msgspec

from wideberth.intake.times import show_time
from wideberth.space import volume as exact
from wideberth.space.units import mm_to_m, nd_to_deg
from wideberth.theatre.outcome import Place as PlaceTold

POINT_M: Final = 1.0
"""Radius of the circle that stands for a place told by its point alone."""


class Shown(msgspec.Struct, frozen=True):
    """Common form: frozen, members by name."""


class Polygon(Shown, frozen=True, tag_field="type", tag="Polygon"):
    """A closed ring of shortest paths, [longitude, latitude] in degrees."""

    coordinates: tuple[tuple[tuple[float, float], ...], ...]


class Circle(Shown, frozen=True, tag_field="type", tag="Circle"):
    """All points within a geodesic distance of a centre, [longitude, latitude] in degrees."""

    center: tuple[float, float]
    radius_m: float


Outline = Polygon | Circle


class Altitude(Shown, frozen=True):
    """A height: value, unit, and what it is counted from (the WGS 84 ellipsoid)."""

    value: float
    unit: str = "M"
    reference: str = "W84"


class Volume(Shown, frozen=True):
    """An outline, an altitude band (closed), a time window (half open)."""

    outline: Outline
    lower: Altitude
    upper: Altitude
    start: str
    end: str


class AsOf(Shown, frozen=True):
    """The ledger's size, its last entry's time, and its root: what an answer rests on."""

    position: int
    time: str
    root: str


class Gave(Shown, frozen=True):
    """Who gave a concurrence, and when."""

    party: str
    time: str


class Flown(Shown, frozen=True):
    """By what the aircraft of a plan are known to feeds."""

    addresses: tuple[str, ...]
    callsigns: tuple[str, ...]


class Operation(Shown, frozen=True):
    """An operation of the reader's, or one that is open. What stands between its owner and others is the owner's."""

    id: str
    party: str
    mine: bool
    version: int
    state: str
    priority: int
    domain: str
    crewed: bool
    activity: str
    disclosure: str
    label: str | None
    note: str | None
    volumes: tuple[Volume, ...]
    planned: str
    position: int
    confirm_by: str | None = None
    blocked_by: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    concurred: tuple[Gave, ...] = ()
    objected: tuple[str, ...] = ()
    aircraft: Flown | None = None


class Thing(Shown, frozen=True):
    """A constraint, or a protected place of the reader's own."""

    id: str
    party: str
    mine: bool
    what: str
    kind: str
    version: int
    label: str | None
    note: str | None
    volumes: tuple[Volume, ...]
    position: int
    verified: str | None = None
    verifier: str | None = None
    review_by: str | None = None
    review_overdue: bool = False


class Place(Shown, frozen=True):
    """Where a conflict is, as its reader may see it; distances are signed, 0 or less an overlap.

    `shows` is "overlap", "own-part" (the reader's own volume inside the minima), "cell" or "point" (no outline drawn).
    """

    outline: Outline
    shows: str
    lower: Altitude
    upper: Altitude
    start: str
    end: str
    at: tuple[float, float]
    horizontal_m: float
    vertical_m: float
    minimum_horizontal_m: float
    minimum_vertical_m: float


class Mine(Shown, frozen=True):
    """The reader's side of a conflict."""

    what: str
    id: str
    version: int
    label: str | None


class Other(Shown, frozen=True):
    """The peer's side: party and name unless its plan is private, id and label only where the plan is open."""

    party: str | None
    name: str | None
    what: str
    label: str | None = None
    id: str | None = None
    shared: str | None = None
    """What its owner lets go along."""


class Change(Shown, frozen=True):
    """What a proposal would change: "shift" of "mine" or "other", "reroute", or "procedure" in words."""

    kind: str
    whose: str = ""
    start_s: float = 0.0
    altitude_m: float = 0.0
    text: str | None = None


class Proposal(Shown, frozen=True):
    """A way to settle a conflict; `by` is null where the peer is unnamed."""

    id: str
    by: str | None
    mine: bool
    change: Change
    state: str
    time: str
    note: str | None = None


class Said(Shown, frozen=True):
    """One line of what was said; `by` is null for the unnamed peer and for the passing of time."""

    time: str
    position: int
    by: str | None
    mine: bool
    what: str
    text: str | None = None


class Conflict(Shown, frozen=True):
    """Two things nearer than the charter allows, as the owner of one of them may see it."""

    id: str
    label: str
    state: str
    severity: str
    mine: Mine
    other: Other
    places: tuple[Place, ...]
    opened: str
    position: int
    settle_by: str
    overdue: bool
    blocks: str
    proposals: tuple[Proposal, ...] = ()
    accepted_by: tuple[str | None, ...] = ()
    said: tuple[Said, ...] = ()
    sees: dict[str, tuple[str, ...]] = {}
    """What "me" sees of the other's plan, and "other" of the reader's."""


class AskedOperation(Shown, frozen=True):
    """Whose plan asks."""

    party: str
    id: str
    version: int
    label: str | None


class AskedPlace(Shown, frozen=True):
    """What of a plan lies inside an area."""

    outline: Outline
    lower: Altitude
    upper: Altitude
    start: str
    end: str


class Asked(Shown, frozen=True):
    """A plan of somebody's that needs the reader's concurrence, as far as it lies in the area."""

    operation: AskedOperation
    area: str
    places: tuple[AskedPlace, ...]
    start: str | None
    state: str
    time: str
    shared: str | None = None


class Me(Shown, frozen=True):
    """Who reads."""

    party: str
    name: str
    role: str
    watch_key_expires: str | None


class Budget(Shown, frozen=True):
    """What checks against others spent today (UTC), and what the charter grants."""

    km2_h_used: int
    km2_h: int
    checks_used: int
    checks: int
    peers_used: int
    peers: int


class Claim(Shown, frozen=True):
    """Live km2 x hours of the reader, and what the charter grants."""

    km2_h_used: int
    km2_h: int


class View(Shown, frozen=True):
    """Everything that the reader may see now."""

    as_of: AsOf
    open_version: int
    me: Me
    operations: tuple[Operation, ...]
    constraints: tuple[Thing, ...]
    protected: tuple[Thing, ...]
    conflicts: tuple[Conflict, ...]
    asked: tuple[Asked, ...]
    budget: Budget
    claim: Claim
    unlisted: int
    """Live things of suppliers that are too many to be listed; 0 when all are."""


def b64(data: bytes) -> str:
    """Base64url without padding (RFC 4648, section 5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def id_text(thing: bytes) -> str:
    """A 16-byte id as a UUID string."""
    return str(UUID(bytes=thing))


def time_text(time_us: int) -> str:
    """RFC 3339 in UTC."""
    return show_time(time_us)


def time_or_none(time_us: int) -> str | None:
    """The same; null where there is none."""
    return show_time(time_us) if time_us else None


def altitude(mm: int) -> Altitude:
    """Metres above the ellipsoid."""
    return Altitude(mm_to_m(mm))


def position(lat_nd: int, lon_nd: int) -> tuple[float, float]:
    """[longitude, latitude] in degrees."""
    return nd_to_deg(lon_nd), nd_to_deg(lat_nd)


def ring_outline(ring: tuple[int, ...]) -> Polygon:
    """A flat ring of latitude, longitude, ... closed as GeoJSON wants it."""
    points = tuple(position(lat, lon) for lat, lon in zip(ring[0::2], ring[1::2], strict=True))
    return Polygon(((*points, points[0]),))


def outline(shape: exact.Circle | exact.Polygon) -> Outline:
    """An outline as it is kept."""
    if isinstance(shape, exact.Polygon):
        return ring_outline(shape.ring)
    return Circle(position(shape.lat_nd, shape.lon_nd), mm_to_m(shape.radius_mm))


def volume(given: exact.Volume4D) -> Volume:
    """A volume as it is kept."""
    band = (altitude(given.lower_mm), altitude(given.upper_mm))
    return Volume(outline(given.outline), *band, time_text(given.start_us), time_text(given.end_us))


def outlines_of(place: PlaceTold) -> tuple[Outline, ...]:
    """One outline a ring; a small circle where none was drawn."""
    if place.rings:
        return tuple(ring_outline(ring) for ring in place.rings)
    return (Circle(position(place.lat_nd, place.lon_nd), POINT_M),)


def places(told: tuple[PlaceTold, ...], minima_mm: tuple[int, int]) -> tuple[Place, ...]:
    """Places as they were told, one for each ring, each with the minima it falls short of."""
    minima = (mm_to_m(minima_mm[0]), mm_to_m(minima_mm[1]))
    return tuple(
        Place(
            shape,
            place.shows if place.rings else "point",
            altitude(place.lower_mm),
            altitude(place.upper_mm),
            time_text(place.start_us),
            time_text(place.end_us),
            position(place.lat_nd, place.lon_nd),
            mm_to_m(place.horizontal_mm),
            mm_to_m(place.vertical_mm),
            *minima,
        )
        for place in told
        for shape in outlines_of(place)
    )


def asked_places(told: tuple[PlaceTold, ...]) -> tuple[AskedPlace, ...]:
    """The same for what lies inside an area."""
    return tuple(AskedPlace(p.outline, p.lower, p.upper, p.start, p.end) for p in places(told, (0, 0)))
