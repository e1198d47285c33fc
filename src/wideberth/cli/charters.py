"""A charter as people write it: TOML or JSON in metres, seconds and degrees, spelled as the API spells it.

In:  bytes of a file. Every member has a default except `bounds`; see `docs/commands.md`.
Out: a `Charter`, checked.
Refuses: members that do not exist, classes that do not exist, what `check_charter` refuses.
"""

from typing import Any, Final

import msgspec

from wideberth.intake.gazetteer import landmarks_within
from wideberth.party.charter import (
    SECOND_US,
    Area,
    Charter,
    Landmark,
    Separation,
    TrafficClass,
    check_charter,
    default_separations,
)
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.space.units import deg_to_nd, m_to_mm
from wideberth.space.volume import Circle, Polygon

BYTES_MAX: Final = 1_048_576
COUNTS: Final = (
    *("claim_km2_h", "budget_km2_h", "budget_checks", "budget_peers", "budget_hits"),
    *("intent_km2_h", "supplier_claim_km2_h", "supplier_km2_h", "supplier_checks", "supplier_met"),
)
"""Members that the charter spells alike."""


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Common form: members by name, none that is not known."""


class MinimaForm(Form, frozen=True):
    """A row of the minima."""

    classes: tuple[TrafficClass, TrafficClass]
    horizontal_m: float
    vertical_m: float


class PolygonForm(Form, frozen=True, tag_field="type", tag="Polygon"):
    """GeoJSON: one closed ring of [longitude, latitude]."""

    coordinates: tuple[tuple[tuple[float, float], ...]]


class CircleForm(Form, frozen=True, tag_field="type", tag="Circle"):
    """A circle."""

    center: tuple[float, float]
    radius_m: float


class AreaForm(Form, frozen=True):
    """An area in which parties must concur."""

    name: str
    outline: PolygonForm | CircleForm
    lower_m: float
    upper_m: float
    parties: tuple[str, ...]
    kind: str = "zone"


class LandmarkForm(Form, frozen=True):
    """A place with a name; another spelling of it is another row."""

    name: str
    lat: float
    lon: float


class CharterForm(Form, frozen=True):
    """The file."""

    bounds: tuple[float, float, float, float]
    """lat_min, lat_max, lon_min, lon_max in degrees."""
    name: str = "Unnamed"
    minima: tuple[MinimaForm, ...] | None = None
    conveners: tuple[str, ...] = ()
    quorum: int = 1
    areas: tuple[AreaForm, ...] = ()
    priorities: dict[str, int] = {}
    horizon_s: float | None = None
    lead_s: float | None = None
    confirm_s: float | None = None
    settle_s: float | None = None
    grace_s: float | None = None
    claim_km2_h: int | None = None
    budget_km2_h: int | None = None
    budget_checks: int | None = None
    budget_peers: int | None = None
    budget_hits: int | None = None
    vertical_step_m: float | None = None
    cell_deg: float | None = None
    languages: tuple[str, ...] = ("en",)
    local_offset_s: int = 0
    acknowledge_s: tuple[float, float, float, float] | None = None
    """For flash, immediate, priority and routine messages."""
    check_s: float | None = None
    notice_s: float | None = None
    emergency_s: float | None = None
    issuers: tuple[str, ...] = ()
    awareness_m: tuple[float, float] | None = None
    """Horizontally and vertically."""
    intent_km2_h: int | None = None
    supplier_claim_km2_h: int | None = None
    supplier_km2_h: int | None = None
    supplier_checks: int | None = None
    supplier_met: int | None = None
    landmarks: tuple[LandmarkForm, ...] | None = None
    """Left out: those of the shipped gazetteer inside the bounds."""


def read_charter(data: bytes, name: str) -> Charter | Refusal:
    """The charter in a file; `name` ends in .toml or .json and stands in refusals."""
    if len(data) > BYTES_MAX:
        return refuse(Reason.TOO_LARGE, name, f"at most {BYTES_MAX} bytes", len(data))
    decode = msgspec.toml.decode if name.endswith(".toml") else msgspec.json.decode
    try:
        form = decode(data, type=CharterForm)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return refuse(Reason.MALFORMED, name, "a charter in TOML or JSON", str(error))
    return as_charter(form, name)


def as_charter(form: CharterForm, name: str) -> Charter | Refusal:
    """The charter that a form means."""
    given: dict[str, Any] = {}
    for field in ("horizon", "lead", "confirm", "settle", "grace", "check", "notice", "emergency"):
        seconds = getattr(form, f"{field}_s")
        if seconds is not None:
            given[f"{field}_us"] = round(seconds * SECOND_US)
    for field in COUNTS:
        if getattr(form, field) is not None:
            given[field] = getattr(form, field)
    if form.vertical_step_m is not None:
        given["vertical_step_mm"] = m_to_mm(form.vertical_step_m)
    if form.cell_deg is not None:
        given["cell_nd"] = deg_to_nd(form.cell_deg)
    if form.acknowledge_s is not None:
        given["acknowledge_us"] = tuple(round(seconds * SECOND_US) for seconds in form.acknowledge_s)
    if form.awareness_m is not None:
        given["awareness_mm"] = tuple(m_to_mm(value) for value in form.awareness_m)
    south, north, west, east = (deg_to_nd(value) for value in form.bounds)
    charter = Charter(
        name=form.name,
        bounds_nd=(south, north, west, east),
        separations=default_separations() if form.minima is None else tuple(_row(row) for row in form.minima),
        conveners=form.conveners,
        quorum=form.quorum,
        areas=tuple(_area(area) for area in form.areas),
        priorities=tuple(form.priorities.items()),
        languages=form.languages,
        local_offset_s=form.local_offset_s,
        issuers=form.issuers,
        landmarks=tuple(_landmark(row) for row in form.landmarks or ()),
        **given,
    )
    no = check_charter(charter)
    if no is not None:
        return refuse(no.reason, f"{name}: {no.field}", no.limit, no.received)
    if form.landmarks is None:
        return msgspec.structs.replace(charter, landmarks=landmarks_within(charter.bounds_nd))
    return charter


def _landmark(form: LandmarkForm) -> Landmark:
    return Landmark(form.name, deg_to_nd(form.lat), deg_to_nd(form.lon))


def _row(form: MinimaForm) -> Separation:
    return Separation(*form.classes, m_to_mm(form.horizontal_m), m_to_mm(form.vertical_m))


def outline_of(form: PolygonForm | CircleForm) -> Circle | Polygon:
    """The outline that a form means; whether it is one is checked where it goes."""
    match form:
        case CircleForm(center=(lon, lat), radius_m=radius_m):
            return Circle(deg_to_nd(lat), deg_to_nd(lon), m_to_mm(radius_m))
        case PolygonForm(coordinates=(ring,)):
            places = ring[:-1] if ring[:1] == ring[-1:] else ring
            return Polygon(tuple(deg_to_nd(value) for lon, lat in places for value in (lat, lon)))


def _area(form: AreaForm) -> Area:
    outline = outline_of(form.outline)
    return Area(form.name, form.kind, outline, m_to_mm(form.lower_m), m_to_mm(form.upper_m), form.parties)
