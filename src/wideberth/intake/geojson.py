"""Plans in GeoJSON, read and written.

In:  a Feature or a FeatureCollection (RFC 7946). The geometry is a Polygon, a MultiPolygon, a Point with `radius_m`, or
     a LineString with `width_m` (from side to side) or `buffer_m` (to each side); or null, and the places stand as
     text in `properties.outline`: {"shape": "polygon" | "circle" | "corridor" | "cell", "places": [text, ...]}.
     Properties, all needed unless marked ?:
       datum      WGS84, ED50, SK-42, PZ-90.11, NAD27
       form       how places are written: decimal with a geometry; dms, dm, mgrs, gars as well in `outline`
       lower, upper  {"value": 3000, "unit": "M" | "FT" | "FL", "reference": "W84" | "EGM96" | "MSL" | "AGL" | "STD"}
       ground?    {"min": ..., "max": ...}, written as lower and upper: the range of ground heights, needed for AGL
       air?       {"qnh_min_hpa", "qnh_max_hpa", "isa_min_c", "isa_max_c"}: the range of the air, for STD
       start, end RFC 3339 with zone
       operation? its name (else the Feature's id, else its place in the document); Features of one name are one
                  operation
       party?, class?, priority?, activity?   who, what (crewed_air, the strictest, where it is not said), 0, other
Out: `Piece`s. `feature` writes one volume so that it reads back as the same.
Refuses: by path, such as `features[3].properties.lower.unit`. An outline has no holes: a Polygon with an inner ring is
     refused, as are a ring that is not closed, places with a height, a `crs` member, and `radius_m`, `width_m` or
     `buffer_m` where the shape has no use for it. A note names all other members that nothing reads.
Edges are shortest paths on the ellipsoid, not RFC 7946's straight lines of longitude and latitude; a note tells where
that is more than 100 m.
"""

from decimal import ROUND_CEILING, Decimal
from typing import Final

from wideberth.intake.altitude import Air, Altitude, Band, Ground, altitude, band
from wideberth.intake.bounds import ND, Bounds
from wideberth.intake.coordinates import FORMS, Form, parse
from wideberth.intake.datums import DATUMS, Datum
from wideberth.intake.fields import Field, Note
from wideberth.intake.gridrefs import parse_gars
from wideberth.intake.operation import KINDS, Piece, PlannedOperation, check_window
from wideberth.intake.outlines import Drawing, Settled, settle
from wideberth.intake.times import show_time
from wideberth.limits import RADIUS_MM_MAX, VERTICES_MAX, VOLUMES_MAX
from wideberth.party.charter import TrafficClass
from wideberth.party.command import Activity
from wideberth.refusal import Reason, Refusal
from wideberth.space.volume import Circle, Polygon, Volume4D

FEATURES_MAX: Final = 100_000
"""A file of 64 MiB holds no more features of a useful size."""
PRIORITY_MAX: Final = 100
"""Priorities of F3548 are small ordinals; the charter grants them."""
TEXT_FORMS: Final = frozenset((Form.DECIMAL, Form.DMS, Form.DM, Form.MGRS, Form.GARS))
SHAPES: Final = frozenset(("polygon", "circle", "corridor", "cell"))
_ACTIVITIES: Final = frozenset(Activity)
_HEIGHTS: Final = frozenset(("W84", "EGM96", "MSL"))
_REACHES: Final = {"circle": {"radius_m"}, "corridor": {"width_m", "buffer_m"}, "polygon": set[str]()}
_READ: Final = {
    "": {"type", "id", "bbox", "geometry", "properties"},
    "geometry": {"type", "coordinates", "bbox"},
    "properties": {"datum", "form", "lower", "upper", "ground", "air", "start", "end", "operation", "party", "class"}
    | {"priority", "activity", "outline", "radius_m", "width_m", "buffer_m"},
    "properties.outline": {"shape", "places"},
    "properties.lower": {"value", "unit", "reference"},
    "properties.upper": {"value", "unit", "reference"},
    "properties.ground": {"min", "max"},
    "properties.air": {"qnh_min_hpa", "qnh_max_hpa", "isa_min_c", "isa_max_c"},
}
"""Members that are read, by the object in which they stand."""
UNREAD_SHOWN: Final = 10


def read_document(document: Field, theatre: Bounds | None, air: Air | None) -> list[Piece]:
    """The pieces of a Feature or FeatureCollection; what is wrong stands in the document's book."""
    kind = document.member("type").one_of({"Feature", "FeatureCollection"})
    if document.member("crs").present:
        document.member("crs").refuse(Reason.MALFORMED, "no crs member: the datum is a property of each Feature")
    if kind == "Feature":
        return read_feature(document, theatre, air)
    features = document.member("features").items(FEATURES_MAX)
    return [piece for feature in features for piece in read_feature(feature, theatre, air)]


def read_feature(feature: Field, theatre: Bounds | None, air: Air | None) -> list[Piece]:
    """One Feature: a part of an operation, or none where something in it was refused."""
    refused = len(feature.book.refusals)
    feature.member("type").one_of({"Feature"})
    properties = feature.member("properties")
    datum = properties.member("datum").one_of(DATUMS)
    form = properties.member("form").one_of(FORMS)
    start_us = properties.member("start").time_us()
    end_us = properties.member("end").time_us(up=True)
    lower, upper = _altitude(properties.member("lower")), _altitude(properties.member("upper"))
    ground = _ground(properties.member("ground"))
    own_air = _air(properties.member("air"))
    drawings = _drawings(feature, properties, form)
    _check_reaches(properties, drawings)
    operation = _operation(feature, properties)
    if len(feature.book.refusals) > refused or lower is None or upper is None:
        return []
    window = check_window(start_us, end_us, properties.member("end").path)
    if window is not None:
        feature.book.refusals.append(window)
    pieces = []
    for drawing in drawings:
        settled = settle(drawing, Datum(datum), theatre, properties.member("datum").path)
        if isinstance(settled, Refusal):
            feature.book.refusals.append(settled)
            continue
        heights = band(lower, upper, settled.bounds, ground, own_air or air, properties.path)
        if isinstance(heights, Refusal):
            feature.book.refusals.append(heights)
            continue
        pieces.append(Piece(_filled(operation, settled, heights, start_us, end_us), properties.path))
    return pieces


def _filled(
    operation: PlannedOperation, settled: Settled, heights: Band, start_us: int, end_us: int
) -> PlannedOperation:
    """The operation's head with the volumes of one drawing."""
    volumes = tuple(
        Volume4D(outline, heights.lower_mm, heights.upper_mm, start_us, end_us) for outline in settled.outlines
    )
    notes = tuple(dict.fromkeys(operation.notes + settled.notes + heights.notes))
    return PlannedOperation(
        operation.id,
        operation.party,
        operation.kind,
        operation.priority,
        operation.activity,
        volumes,
        settled.accuracy_mm,
        notes,
    )


def _operation(feature: Field, properties: Field) -> PlannedOperation:
    """The head of the operation: who and what, without volumes."""
    name = properties.member("operation") if properties.member("operation").present else feature.member("id")
    if isinstance(name.value, Decimal):
        name_text = str(name.integer(0, 10**15))
    else:
        name_text = name.text() if name.present else feature.path or "Feature"
    party = properties.member("party")
    kind, notes = properties.member("class"), []
    if kind.present:
        kind_text = kind.one_of(KINDS)
    else:
        kind_text = TrafficClass.CREWED_AIR.value
        notes.append(Note("class-assumed", "no class was given; crewed_air, the strictest, was assumed"))
    notes += _unread(feature)
    priority, activity = properties.member("priority"), properties.member("activity")
    return PlannedOperation(
        name_text,
        party.text() if party.present else "",
        TrafficClass(kind_text or TrafficClass.CREWED_AIR),
        priority.integer(0, PRIORITY_MAX) if priority.present else 0,
        Activity(activity.one_of(_ACTIVITIES) or Activity.OTHER) if activity.present else Activity.OTHER,
        (),
        0,
        tuple(notes),
    )


def _altitude(field: Field) -> Altitude | None:
    """A value with unit and reference; None when refused."""
    value = field.member("value").number(-1_000_000, 1_000_000, "in the stated unit")
    unit, reference = field.member("unit"), field.member("reference")
    unit_text = unit.one_of({"M", "FT", "FL"}, Reason.UNKNOWN_UNIT)
    reference_text = reference.one_of({"W84", "EGM96", "MSL", "AGL", "STD"}, Reason.UNKNOWN_UNIT)
    if not unit_text or not reference_text:
        return None
    found = altitude(value, unit_text, reference_text, field.path)
    if isinstance(found, Refusal):
        field.book.refusals.append(found)
        return None
    return found


def _ground(field: Field) -> Ground | None:
    if not field.present:
        return None
    for end in ("min", "max"):
        field.member(end).member("reference").one_of(_HEIGHTS, Reason.UNKNOWN_UNIT)
    lowest, highest = _altitude(field.member("min")), _altitude(field.member("max"))
    return None if lowest is None or highest is None else Ground(lowest, highest)


def _air(field: Field) -> Air | None:
    if not field.present:
        return None
    qnh = [float(field.member(name).number(850, 1100, "hPa")) for name in ("qnh_min_hpa", "qnh_max_hpa")]
    isa = [float(field.member(name).number(-60, 60, "degrees C")) for name in ("isa_min_c", "isa_max_c")]
    if qnh[0] > qnh[1] or isa[0] > isa[1]:
        field.refuse(Reason.OUT_OF_RANGE, "each min at or below its max", f"{qnh} hPa, {isa} C")
    return Air(*qnh, *isa)


def _drawings(feature: Field, properties: Field, form: str) -> list[Drawing]:
    """What a Feature draws: its geometry, or its outline of places as text."""
    geometry = feature.member("geometry")
    if not geometry.present:
        return _text_drawing(properties, form)
    if form and form != Form.DECIMAL:
        properties.member("form").refuse(Reason.MALFORMED, "decimal, because a geometry holds decimal degrees")
    coordinates = geometry.member("coordinates")
    match geometry.member("type").one_of({"Polygon", "MultiPolygon", "Point", "LineString"}):
        case "Polygon":
            return [_polygon(coordinates)]
        case "MultiPolygon":
            return [_polygon(polygon) for polygon in coordinates.items(VOLUMES_MAX)]
        case "Point":
            centre = _place(coordinates)
            return [Drawing("circle", (centre,), (coordinates.path,), coordinates.path, _reach(properties, "circle"))]
        case "LineString":
            items = coordinates.items(VOLUMES_MAX + 1, least=2)
            places = tuple(_place(item) for item in items)
            fields, reach_mm = tuple(item.path for item in items), _reach(properties, "corridor")
            return [Drawing("corridor", places, fields, coordinates.path, reach_mm)]
    return []


def _check_reaches(properties: Field, drawings: list[Drawing]) -> None:
    """A reach that the shape does not use is a mistake about what is protected, so it is not passed over."""
    for shape in {drawing.shape for drawing in drawings}:
        for name in sorted({"radius_m", "width_m", "buffer_m"} - _REACHES[shape]):
            if properties.member(name).present:
                rule = "no such member, which a Point (radius_m) or a LineString (width_m, buffer_m) has; this is a"
                properties.member(name).refuse(Reason.MALFORMED, f"{rule} {shape}")


def _unread(feature: Field) -> list[Note]:
    """A note that names the members that nothing reads, such as misspelt ones."""
    unread = []
    for place, known in _READ.items():
        at = feature
        for name in place.split(".") if place else ():
            at = Field(at.value.get(name) if isinstance(at.value, dict) else None, "", at.book)
        unread += [f"{place}.{name}" if place else name for name in at.names() if name not in known]
    if not unread:
        return []
    shown = [name[:60] if name.isprintable() else ascii(name[:60]) for name in unread[:UNREAD_SHOWN]]
    more = f" and {len(unread) - len(shown)} more" if len(unread) > len(shown) else ""
    return [Note("not-read", f"nothing reads these members: {', '.join(shown)}{more}")]


def _polygon(coordinates: Field) -> Drawing:
    """The outer ring, without its closing place."""
    rings = coordinates.items(VERTICES_MAX)
    if len(rings) > 1:
        rule = "one ring: an outline has no holes; split it into polygons that lie around the hole"
        coordinates.refuse(Reason.MALFORMED, rule, f"{len(rings)} rings")
    if not rings:
        return Drawing("polygon", (), (), coordinates.path)
    limit = f"at most {VERTICES_MAX} and the closing one"
    items = rings[0].items(VERTICES_MAX + 1, Reason.TOO_MANY_POINTS, limit=limit)
    places = [_place(item) for item in items]
    if places and (len(places) < 2 or places[0] != places[-1]):
        rings[0].refuse(Reason.MALFORMED, "a closed ring, its last place the same as its first (RFC 7946, 3.1.6)")
    if places and len(set(places)) < 3:
        rings[0].refuse(Reason.TOO_FEW_POINTS, "at least three distinct places", str(len(set(places))))
    return Drawing("polygon", tuple(places[:-1]), tuple(item.path for item in items[:-1]), rings[0].path)


def _place(field: Field) -> tuple[int, int]:
    """[longitude, latitude] in decimal degrees, to nanodegrees."""
    pair = field.items(3, least=2)
    if len(pair) == 3:
        field.refuse(Reason.MALFORMED, "longitude and latitude alone; heights stand in lower and upper")
    if not pair:
        return 0, 0
    lon = pair[0].number(-180, 180, "degrees of longitude, which stands first")
    lat = pair[1].number(-90, 90, "degrees of latitude, which stands second")
    return round(lat * ND), round(lon * ND)


def _reach(properties: Field, shape: str) -> int:
    """A circle's radius, or a corridor's reach to each side, in millimetres, rounded up."""
    most_m = RADIUS_MM_MAX // 1000
    if shape == "circle":
        return _mm_up(properties.member("radius_m").number(0, most_m, "m", above=True))
    width, buffer = properties.member("width_m"), properties.member("buffer_m")
    if width.present and buffer.present:
        buffer.refuse(Reason.MALFORMED, "width_m (from side to side) or buffer_m (to each side), not both")
    if buffer.present:
        return _mm_up(buffer.number(0, most_m // 10, "m", above=True))
    return _mm_up(width.number(0, most_m // 5, "m", above=True) / 2)


def _mm_up(metres: Decimal) -> int:
    return int((metres * 1000).to_integral_value(ROUND_CEILING))


def _text_drawing(properties: Field, form: str) -> list[Drawing]:
    """Places written as text in the declared form."""
    outline = properties.member("outline")
    if not outline.present:
        outline.refuse(Reason.MALFORMED, "a geometry, or an outline of places as text")
        return []
    shape = outline.member("shape").one_of(SHAPES)
    texts = outline.member("places").items(VERTICES_MAX, Reason.TOO_MANY_POINTS)
    if not form or not shape or not texts:
        return []
    if shape == "cell":
        return _cell_drawing(texts, form)
    places, accuracy_mm = [], 0
    for item in texts:
        found = parse(item.text(), Form(form), item.path)
        if isinstance(found, Refusal):
            item.book.refusals.append(found)
        else:
            places.append((found.lat_nd, found.lon_nd))
            accuracy_mm = max(accuracy_mm, found.accuracy_mm)
    if shape == "polygon" and len(places) > 1 and places[0] == places[-1]:
        places.pop()
    least, most = {"circle": (1, 1), "corridor": (2, VOLUMES_MAX + 1), "polygon": (3, VERTICES_MAX)}[shape]
    if not least <= len(texts) <= most or (len(places) >= least > len(set(places))):
        limit = f"{least} distinct places or more" if least > 1 else "one place"
        outline.member("places").refuse(Reason.TOO_FEW_POINTS, f"{limit} and at most {most} for a {shape}")
    reach_mm = 0 if shape == "polygon" else _reach(properties, shape)
    fields = tuple(item.path for item in texts[: len(places)])
    return [Drawing(shape, tuple(places), fields, outline.member("places").path, reach_mm, accuracy_mm)]


def _cell_drawing(texts: list[Field], form: str) -> list[Drawing]:
    """GARS cells as areas."""
    if form != Form.GARS:
        texts[0].refuse(Reason.MALFORMED, "the form gars for the shape cell")
        return []
    drawings = []
    for item in texts:
        found = parse_gars(item.text(), item.path)
        if isinstance(found, Refusal):
            item.book.refusals.append(found)
            continue
        flat = found.ring()
        places = tuple(zip(flat[::2], flat[1::2], strict=True))
        drawings.append(Drawing("polygon", places, (item.path,) * len(places), item.path))
    return drawings


def feature(volume: Volume4D, properties: dict[str, object] | None = None) -> dict[str, object]:
    """One volume as a Feature that `read_feature` reads back as the same volume."""
    outline = volume.outline
    stated: dict[str, object] = {
        "datum": Datum.WGS84.value,
        "form": Form.DECIMAL.value,
        "lower": {"value": volume.lower_mm / 1000, "unit": "M", "reference": "W84"},
        "upper": {"value": volume.upper_mm / 1000, "unit": "M", "reference": "W84"},
        "start": show_time(volume.start_us),
        "end": show_time(volume.end_us),
    }
    geometry: dict[str, object]
    match outline:
        case Circle():
            stated["radius_m"] = outline.radius_mm / 1000
            geometry = {"type": "Point", "coordinates": [outline.lon_nd / ND, outline.lat_nd / ND]}
        case Polygon():
            flat = outline.ring + outline.ring[:2]
            ring = [[lon / ND, lat / ND] for lat, lon in zip(flat[::2], flat[1::2], strict=True)]
            geometry = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "geometry": geometry, "properties": (properties or {}) | stated}
