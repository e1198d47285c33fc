"""Plans in the JSON of ASTM F3548-21, read and written.

In:  a Volume4D or a list of them, OperationalIntentDetails, an OperationalIntent or a list of them, the body of
     PutOperationalIntentReference (`extents`) or anything with an `operational_intent` member. Shapes: F3548-21,
     Annex A4, as published in OpenAPI. Members that are not known are ignored, as the standard asks.
Out: `Piece`s; class drone, because the standard is for uncrewed traffic, with a note. `read_volume` reads one Volume4D,
     `volume_json` writes one.
Refuses: by path, such as `details.volumes[0].volume.altitude_lower.units`. Every volume needs both altitudes, both
     times (unless `Missing` says what stands in for them) and exactly one outline; units other than M, references
     other than W84, formats other than RFC3339 (UNKNOWN_UNIT); an id that stands twice in a list.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR
from typing import Final, NamedTuple

from wideberth.intake.bounds import ND, Bounds
from wideberth.intake.datums import Datum
from wideberth.intake.fields import Field, Note
from wideberth.intake.operation import Piece, PlannedOperation, check_window
from wideberth.intake.outlines import Drawing, settle
from wideberth.intake.times import show_time
from wideberth.limits import (
    ALTITUDE_MM_MAX,
    ALTITUDE_MM_MIN,
    RADIUS_MM_MAX,
    TIME_US_MAX,
    VERTICES_MAX,
    VOLUMES_MAX,
)
from wideberth.party.charter import TrafficClass
from wideberth.party.command import Activity
from wideberth.refusal import Reason, Refusal
from wideberth.space.volume import Circle, Polygon, Volume4D

INTENTS_MAX: Final = 100_000
"""A file of 64 MiB holds no more intents of a useful size."""
MEMBERS: Final = frozenset(
    ("extents", "details", "reference", "volumes", "off_nominal_volumes", "volume", "operational_intent")
)
"""Members by which a document is known to be F3548."""
_CLASS_NOTE: Final = Note("class-f3548", "F3548 plans are taken as drones")
ALTITUDE_M_LEAST: Final = -8_000
"""As low as the standards' forms let an altitude be; where a band may be left out, what is below ours is ours."""


class Missing(NamedTuple):
    """What stands in for times and altitudes that a request may leave out: the whole band, and these times."""

    start_us: int | None = None
    """None: the start is required."""
    end_us: int | None = None
    life_us: int = 0
    """Where `end_us` is None the window lasts so long; 0: the end is required."""
    until_us: int = TIME_US_MAX
    """And ends by then."""
    instant: bool = False
    """Whether a search is told: its window may be of no length, or of any."""

    def end_after(self, start_us: int) -> int | None:
        """The end of a window that names none; None where it is required."""
        if self.end_us is not None:
            return self.end_us
        return min(start_us + self.life_us, self.until_us) if self.life_us else None


def read_document(document: Field, theatre: Bounds | None) -> list[Piece]:
    """The pieces of a document; what is wrong stands in its book."""
    if not isinstance(document.value, list):
        return _read_intent(document, document.path or "intent", theatre)
    items = document.items(INTENTS_MAX)
    if all(item.member("volume").present for item in items if isinstance(item.value, dict)):
        return _read_volumes(document, VOLUMES_MAX, "intent", "", 0, theatre)
    seen: set[str] = set()
    pieces = []
    for item in items:
        found = _read_intent(item, item.path, theatre)
        names = {piece.operation.id for piece in found}
        if names & seen:
            item.refuse(Reason.MALFORMED, "each operational intent once", ", ".join(names))
        seen |= names
        pieces += found
    return pieces


def _read_intent(intent: Field, name: str, theatre: Bounds | None) -> list[Piece]:
    """One operational intent in any of its shapes."""
    if intent.member("operational_intent").present:
        intent = intent.member("operational_intent")
    if intent.member("volume").present:
        return _volume_piece(intent, name, "", 0, theatre)
    reference = intent.member("reference")
    manager = ""
    if reference.present:
        name, manager = reference.member("id").text(), reference.member("manager").text()
    if intent.member("extents").present:
        return _read_volumes(intent.member("extents"), VOLUMES_MAX, name, manager, 0, theatre)
    details = intent.member("details") if intent.member("details").present else intent
    priority = details.member("priority")
    rank = priority.integer(-(10**6), 10**6) if priority.present else 0
    lists = [details.member(kind) for kind in ("volumes", "off_nominal_volumes") if details.member(kind).present]
    pieces = [piece for held in lists for piece in _read_volumes(held, VOLUMES_MAX, name, manager, rank, theatre, 0)]
    if not pieces:
        details.member("volumes").refuse(Reason.MALFORMED, "at least one volume")
    return pieces


def _read_volumes(
    held: Field, most: int, name: str, manager: str, rank: int, theatre: Bounds | None, least: int = 1
) -> list[Piece]:
    items = held.items(most, least=least)
    return [piece for item in items for piece in _volume_piece(item, name, manager, rank, theatre)]


def _volume_piece(item: Field, name: str, manager: str, rank: int, theatre: Bounds | None) -> list[Piece]:
    """One Volume4D as a piece of its operation; none where something in it was refused."""
    found = read_volume(item, theatre)
    if found is None:
        return []
    volumes, notes = found
    operation = PlannedOperation(
        name, manager, TrafficClass.DRONE, rank, Activity.OTHER, volumes, 0, (_CLASS_NOTE, *notes)
    )
    return [Piece(operation, item.path)]


def read_volume(
    item: Field, theatre: Bounds | None, missing: Missing | None = None
) -> tuple[tuple[Volume4D, ...], tuple[Note, ...]] | None:
    """One Volume4D and what is worth a look; None where something in it was refused. `missing`: what may be absent."""
    refused = len(item.book.refusals)
    shape = item.member("volume")
    lower_mm = _bound_mm(shape.member("altitude_lower"), ROUND_FLOOR, missing)
    upper_mm = _bound_mm(shape.member("altitude_upper"), ROUND_CEILING, missing)
    start, end = item.member("time_start"), item.member("time_end")
    start_us = _time_us(start, missing.start_us if missing else None, up=False)
    end_us = _time_us(end, missing.end_after(start_us) if missing else None, up=True)
    drawing = _drawing(shape)
    if len(item.book.refusals) > refused or drawing is None:
        return None
    if lower_mm > upper_mm:
        shape.refuse(Reason.BAND_ORDER, "altitude_lower at or below altitude_upper", f"{lower_mm} and {upper_mm} mm")
    if missing is None or not missing.instant:
        item.book.refusals += [no for no in (check_window(start_us, end_us, end.path),) if no is not None]
    elif end_us < start_us:
        end.refuse(Reason.TIME_ORDER, "an end that is not before the start", f"{(end_us - start_us) / 1e6:g} s")
    settled = settle(drawing, Datum.WGS84, theatre, "")
    if isinstance(settled, Refusal):
        item.book.refusals.append(settled)
        return None
    volumes = tuple(Volume4D(outline, lower_mm, upper_mm, start_us, end_us) for outline in settled.outlines)
    return (volumes, settled.notes) if len(item.book.refusals) == refused else None


def _bound_mm(field: Field, rounding: str, missing: Missing | None) -> int:
    """One end of the band; where it may be left out, the whole band's."""
    if missing is None:
        return _altitude_mm(field, rounding, ALTITUDE_MM_MIN // 1000)
    if not field.present:
        return ALTITUDE_MM_MIN if rounding == ROUND_FLOOR else ALTITUDE_MM_MAX
    return max(_altitude_mm(field, rounding, ALTITUDE_M_LEAST), ALTITUDE_MM_MIN)


def _altitude_mm(field: Field, rounding: str, least_m: int) -> int:
    field.member("units").one_of({"M"}, Reason.UNKNOWN_UNIT)
    field.member("reference").one_of({"W84"}, Reason.UNKNOWN_UNIT)
    value = field.member("value").number(least_m, ALTITUDE_MM_MAX // 1000, "m")
    return int((value * 1000).to_integral_value(rounding))


def _time_us(field: Field, absent_us: int | None, *, up: bool) -> int:
    if absent_us is not None and not field.present:
        return absent_us
    field.member("format").one_of({"RFC3339"}, Reason.UNKNOWN_UNIT)
    return field.member("value").time_us(up=up)


def _drawing(shape: Field) -> Drawing | None:
    """The one outline of a Volume3D."""
    circle, polygon = shape.member("outline_circle"), shape.member("outline_polygon")
    if circle.present == polygon.present:
        received = "both" if circle.present else "none"
        shape.refuse(Reason.MALFORMED, "exactly one of outline_circle and outline_polygon", received)
        return None
    if circle.present:
        centre, radius = circle.member("center"), circle.member("radius")
        radius.member("units").one_of({"M"}, Reason.UNKNOWN_UNIT)
        metres = radius.member("value").number(0, RADIUS_MM_MAX // 1000, "m", above=True)
        reach_mm = int((metres * 1000).to_integral_value(ROUND_CEILING))
        return Drawing("circle", (_place(centre),), (centre.path,), circle.path, reach_mm)
    vertices = polygon.member("vertices")
    items = vertices.items(VERTICES_MAX, Reason.TOO_MANY_POINTS)
    places = tuple(_place(item) for item in items)
    if items and len(set(places)) < 3:
        vertices.refuse(Reason.TOO_FEW_POINTS, "at least three distinct places", str(len(set(places))))
    return Drawing("polygon", places, tuple(item.path for item in items), vertices.path)


def _place(field: Field) -> tuple[int, int]:
    lat = field.member("lat").number(-90, 90, "degrees of latitude")
    lng = field.member("lng").number(-180, 180, "degrees of longitude")
    return round(lat * ND), round(lng * ND)


def volume_json(volume: Volume4D) -> dict[str, object]:
    """A Volume4D in the standard's JSON that reads back as the same volume."""
    outline = volume.outline
    shape: dict[str, object] = {
        "altitude_lower": {"value": volume.lower_mm / 1000, "reference": "W84", "units": "M"},
        "altitude_upper": {"value": volume.upper_mm / 1000, "reference": "W84", "units": "M"},
    }
    match outline:
        case Circle():
            shape["outline_circle"] = {
                "center": {"lat": outline.lat_nd / ND, "lng": outline.lon_nd / ND},
                "radius": {"value": outline.radius_mm / 1000, "units": "M"},
            }
        case Polygon():
            pairs = zip(outline.ring[::2], outline.ring[1::2], strict=True)
            shape["outline_polygon"] = {"vertices": [{"lat": lat / ND, "lng": lon / ND} for lat, lon in pairs]}
    return {
        "volume": shape,
        "time_start": {"value": show_time(volume.start_us), "format": "RFC3339"},
        "time_end": {"value": show_time(volume.end_us), "format": "RFC3339"},
    }
