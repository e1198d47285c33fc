"""Plans in GeoJSON and F3548 JSON: what is read, what is refused and where, and round trips."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from implicitdict import ImplicitDict
from uas_standards.astm.f3548.v21 import api as f3548_schema

from wideberth.intake import f3548, geojson
from wideberth.intake.bounds import ND, Bounds
from wideberth.intake.plans import PlannedOperation, read_plans
from wideberth.limits import VERTICES_MAX, VOLUMES_MAX
from wideberth.party.charter import TrafficClass
from wideberth.refusal import Reason, Refusal
from wideberth.space.overlap import near
from wideberth.space.volume import Circle, Polygon, Volume4D, normalise

EXAMPLES = Path(__file__).parents[2] / "examples"
THEATRE = Bounds(34 * ND, 36 * ND, 40 * ND, 42 * ND)
SQUARE = [[40.5, 35.0], [40.7, 35.0], [40.7, 35.1], [40.5, 35.1], [40.5, 35.0]]


def _feature(**changes: Any) -> dict[str, Any]:
    """A sound Feature with some properties changed (None takes one away)."""
    properties: dict[str, Any] = {
        "operation": "Survey 1",
        "party": "Dune Mapping",
        "class": "drone",
        "datum": "WGS84",
        "form": "decimal",
        "lower": {"value": 100, "unit": "M", "reference": "W84"},
        "upper": {"value": 200, "unit": "M", "reference": "W84"},
        "start": "2026-09-01T06:00:00Z",
        "end": "2026-09-01T07:00:00Z",
    } | changes
    properties = {name: value for name, value in properties.items() if value is not None}
    geometry = properties.pop("geometry", {"type": "Polygon", "coordinates": [SQUARE]})
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _read(*features: dict[str, Any], **options: Any) -> tuple[PlannedOperation, ...]:
    found = read_plans(json.dumps({"type": "FeatureCollection", "features": list(features)}).encode(), **options)
    assert not isinstance(found, Refusal), found.sentence()
    return found


def _refused(document: object, **options: Any) -> Refusal:
    found = read_plans(json.dumps(document).encode(), **options)
    assert isinstance(found, Refusal), found
    assert found.limit
    assert found.sentence()
    return found


def test_a_feature_becomes_a_volume_exactly() -> None:
    """Decimal degrees become nanodegrees, metres millimetres, times microseconds, without a rounding error."""
    (operation,) = _read(_feature(priority=3, activity="survey"))
    assert (operation.id, operation.party, operation.kind) == ("Survey 1", "Dune Mapping", TrafficClass.DRONE)
    assert (operation.priority, operation.activity, operation.accuracy_mm, operation.notes) == (3, "survey", 0, ())
    (volume,) = operation.volumes
    ring = (
        35 * ND,
        40_500_000_000,
        35 * ND,
        40_700_000_000,
        35_100_000_000,
        40_700_000_000,
        35_100_000_000,
        40_500_000_000,
    )
    assert volume == Volume4D(Polygon(ring), 100_000, 200_000, 1_788_242_400_000_000, 1_788_246_000_000_000)


def test_features_of_one_name_are_one_operation() -> None:
    """Volumes are gathered by operation in the order of the document, whatever stands between."""
    first, other, second = _feature(), _feature(operation="Survey 2"), _feature(end="2026-09-01T08:00:00Z")
    operations = _read(first, other, second)
    assert [(operation.id, len(operation.volumes)) for operation in operations] == [("Survey 1", 2), ("Survey 2", 1)]


def test_names_fall_back_to_the_features_id_and_its_place() -> None:
    """Without `operation` the Feature's id names it, else its place; what is assumed for the class is said."""
    named, numbered, nameless = _feature(operation=None), _feature(operation=None), _feature(operation=None)
    named["id"], numbered["id"] = "AB-1", 17
    nameless["properties"].pop("class")
    operations = _read(named, numbered, nameless)
    assert [operation.id for operation in operations] == ["AB-1", "17", "features[2]"]
    assert operations[2].kind is TrafficClass.CREWED_AIR
    assert [note.code for note in operations[2].notes] == ["class-assumed"]


def test_every_geometry_is_read() -> None:
    """A Point with a radius is a circle, a MultiPolygon several volumes, a line a corridor of a ring for each leg."""
    point = _feature(geometry={"type": "Point", "coordinates": [40.5, 35.25]}, radius_m=1500.0004)
    multi = _feature(geometry={"type": "MultiPolygon", "coordinates": [[SQUARE], [SQUARE]]}, operation="M")
    line = {"type": "LineString", "coordinates": [[40.5, 35.0], [40.6, 35.0], [40.6, 35.0], [40.7, 35.2]]}
    wide, buffered = (_feature(geometry=line, operation=str(by), **by) for by in ({"width_m": 500}, {"buffer_m": 250}))
    circle, several, first, second = _read(point, multi, wide, buffered)
    assert circle.volumes[0].outline == Circle(35_250_000_000, 40_500_000_000, 1_500_001)
    assert len(several.volumes) == 2
    assert len(first.volumes) == 2
    assert first.volumes == second.volumes


def test_places_as_text_are_read_in_their_form() -> None:
    """An outline of DMS, DM, MGRS or GARS text gives the same place, and states the accuracy of its digits."""
    texts = {
        "dms": "35 15 00.0 N 040 30 00.0 E",
        "dm": "35 15.0000 N 040 30.0000 E",
        "decimal": "35.250000° 40.500000°",
        "mgrs": "37S FV 36465 01798",
    }
    for form, text in texts.items():
        outline = {"shape": "circle", "places": [text]}
        (operation,) = _read(_feature(geometry=None, form=form, outline=outline, radius_m=100) | {"geometry": None})
        circle = operation.volumes[0].outline
        assert isinstance(circle, Circle)
        assert abs(circle.lat_nd - 35_250_000_000) < 20_000
        assert abs(circle.lon_nd - 40_500_000_000) < 20_000
        assert 0 < operation.accuracy_mm < 3_000
    cell = _feature(geometry=None, form="gars", outline={"shape": "cell", "places": ["442LL", "443LL1"]})
    (area,) = _read(cell | {"geometry": None})
    assert len(area.volumes) == 2


def test_another_datum_moves_the_outline_and_says_so() -> None:
    """ED50 is converted, its accuracy stands beside the operation, and the operation used is named."""
    (moved,) = _read(_feature(datum="ED50"), theatre=None)
    (here,) = _read(_feature())
    assert moved.accuracy_mm == 2000
    assert moved.notes[0].code == "datum-converted"
    assert "ED50 to WGS 84 (30)" in moved.notes[0].text
    old, new = here.volumes[0].outline, moved.volumes[0].outline
    assert isinstance(old, Polygon)
    assert isinstance(new, Polygon)
    assert all(0 < abs(a - b) < 3_000_000 for a, b in zip(old.ring, new.ring, strict=True))


def test_long_edges_are_told() -> None:
    """Where the shortest path leaves the flat map's straight line by more than 100 m, a note says how far."""
    wide = [[40.0, 35.0], [42.0, 35.0], [42.0, 35.1], [40.0, 35.1], [40.0, 35.0]]
    (operation,) = _read(_feature(geometry={"type": "Polygon", "coordinates": [wide]}))
    assert [note.code for note in operation.notes] == ["edges-shortest"]
    # half a sagitta: R (2 degrees)^2 sin(2 x 35.1 degrees) / 16
    assert "456 m" in operation.notes[0].text or "457 m" in operation.notes[0].text


RING = "features[0].geometry.coordinates[0]"
BAD_FEATURES: list[tuple[dict[str, Any], Reason, str]] = [
    ({"datum": None}, Reason.MALFORMED, "features[0].properties.datum"),
    ({"datum": "Mars"}, Reason.MALFORMED, "features[0].properties.datum"),
    ({"form": None}, Reason.MALFORMED, "features[0].properties.form"),
    ({"form": "dms"}, Reason.MALFORMED, "features[0].properties.form"),
    ({"lower": None}, Reason.MALFORMED, "features[0].properties.lower"),
    ({"lower": 100}, Reason.MALFORMED, "features[0].properties.lower"),
    ({"lower": {"value": 1, "reference": "W84"}}, Reason.UNKNOWN_UNIT, "features[0].properties.lower.unit"),
    (
        {"lower": {"value": 1, "unit": "ft", "reference": "W84"}},
        Reason.UNKNOWN_UNIT,
        "features[0].properties.lower.unit",
    ),
    ({"upper": {"value": 1, "unit": "M"}}, Reason.UNKNOWN_UNIT, "features[0].properties.upper.reference"),
    (
        {"upper": {"value": "1", "unit": "M", "reference": "W84"}},
        Reason.MALFORMED,
        "features[0].properties.upper.value",
    ),
    (
        {"upper": {"value": 300, "unit": "M", "reference": "AGL"}},
        Reason.UNKNOWN_UNIT,
        "features[0].properties.upper.reference",
    ),
    ({"upper": {"value": 50, "unit": "M", "reference": "W84"}}, Reason.BAND_ORDER, "features[0].properties"),
    ({"start": "2026-09-01T06:00:00"}, Reason.NAIVE_TIME, "features[0].properties.start"),
    ({"end": None}, Reason.MALFORMED, "features[0].properties.end"),
    ({"end": "2026-09-01T06:00:00Z"}, Reason.TIME_ORDER, "features[0].properties.end"),
    ({"end": "2026-10-02T06:00:00Z"}, Reason.OUT_OF_RANGE, "features[0].properties.end"),
    ({"class": "missile"}, Reason.MALFORMED, "features[0].properties.class"),
    ({"class": "protected"}, Reason.MALFORMED, "features[0].properties.class"),
    ({"priority": 0.5}, Reason.OUT_OF_RANGE, "features[0].properties.priority"),
    ({"operation": ""}, Reason.MALFORMED, "features[0].properties.operation"),
    ({"operation": "a\u0000b"}, Reason.MALFORMED, "features[0].properties.operation"),
    ({"operation": "\ud800"}, Reason.MALFORMED, "features[0].properties.operation"),
    ({"operation": "x" * 81}, Reason.OUT_OF_RANGE, "features[0].properties.operation"),
    ({"geometry": {"type": "Polygon", "coordinates": []}}, Reason.MALFORMED, "features[0].geometry.coordinates"),
    ({"geometry": {"type": "Circle", "coordinates": []}}, Reason.MALFORMED, "features[0].geometry.type"),
    ({"geometry": {"type": "Point", "coordinates": [40, 35]}}, Reason.MALFORMED, "features[0].properties.radius_m"),
    (
        {"geometry": {"type": "Point", "coordinates": [40, 35]}, "radius_m": 0},
        Reason.OUT_OF_RANGE,
        "features[0].properties.radius_m",
    ),
    (
        {"geometry": {"type": "Point", "coordinates": [40, 95]}, "radius_m": 1},
        Reason.OUT_OF_RANGE,
        "features[0].geometry.coordinates[1]",
    ),
    (
        {"geometry": {"type": "Point", "coordinates": [40, 35, 100]}, "radius_m": 1},
        Reason.MALFORMED,
        "features[0].geometry.coordinates",
    ),
    ({"geometry": {"type": "Polygon", "coordinates": [SQUARE[:-1]]}}, Reason.MALFORMED, RING),
    ({"geometry": {"type": "Polygon", "coordinates": [SQUARE[:2] + SQUARE[:1]]}}, Reason.TOO_FEW_POINTS, RING),
    (
        {"geometry": {"type": "Polygon", "coordinates": [SQUARE, SQUARE]}},
        Reason.MALFORMED,
        "features[0].geometry.coordinates",
    ),
    (
        {"geometry": {"type": "Polygon", "coordinates": [[SQUARE[i] for i in (0, 2, 1, 3, 0)]]}},
        Reason.SELF_CROSSING,
        RING,
    ),
    (
        {"geometry": {"type": "Polygon", "coordinates": [[[40, 35], [40, 35.1], [40, 35.2], [40, 35]]]}},
        Reason.NO_AREA,
        RING,
    ),
    (
        {"geometry": {"type": "Polygon", "coordinates": [[[0, 0], [20, 0], [20, 20], [0, 0]]]}},
        Reason.TOO_WIDE,
        RING,
    ),
    (
        {"geometry": {"type": "LineString", "coordinates": [[40, 35], [40, 35]]}, "width_m": 10},
        Reason.TOO_FEW_POINTS,
        "features[0].geometry.coordinates",
    ),
    (
        {"geometry": {"type": "LineString", "coordinates": [[40, 35], [41, 35]]}, "width_m": 10, "buffer_m": 5},
        Reason.MALFORMED,
        "features[0].properties.buffer_m",
    ),
    ({"datum": "NAD27"}, Reason.NO_TRANSFORMATION, "features[0].properties.datum"),
    ({"air": {"qnh_min_hpa": 1010}}, Reason.MALFORMED, "features[0].properties.air.qnh_max_hpa"),
]


@pytest.mark.parametrize(("changes", "reason", "field"), BAD_FEATURES)
def test_each_mistake_has_its_refusal(changes: dict[str, Any], reason: Reason, field: str) -> None:
    """One thing wrong with a sound Feature: the reason and the exact path to it."""
    feature = _feature(**changes)
    feature["geometry"] = changes.get("geometry", feature["geometry"])
    refusal = _refused({"type": "FeatureCollection", "features": [feature]})
    assert (refusal.reason, refusal.field) == (reason, field), refusal.sentence()


def test_the_first_by_precedence_is_told() -> None:
    """With several things wrong the order of the reasons decides, not the order in the document."""
    late = _feature(end="2026-09-01T05:00:00Z")
    unit = _feature(lower={"value": 1, "unit": "yd", "reference": "W84"})
    missing = _feature(start=None)
    for features in ([late, unit, missing], [missing, unit, late]):
        refusal = _refused({"type": "FeatureCollection", "features": features})
        assert (refusal.reason, refusal.field) == (
            Reason.MALFORMED,
            f"features[{features.index(missing)}].properties.start",
        )
    refusal = _refused({"type": "FeatureCollection", "features": [late, unit]})
    assert refusal.reason is Reason.UNKNOWN_UNIT


def test_a_ring_of_10_000_vertices_is_refused() -> None:
    """Past the limit the number is named, and nothing else is done with the ring."""
    ring = [[40 + i / 100_000, 35] for i in range(10_000)]
    refusal = _refused(
        {"type": "FeatureCollection", "features": [_feature(geometry={"type": "Polygon", "coordinates": [ring]})]}
    )
    assert (refusal.reason, refusal.field, refusal.received) == (Reason.TOO_MANY_POINTS, RING, "10000")
    assert str(VERTICES_MAX) in refusal.limit


def test_an_operation_has_at_most_so_many_volumes() -> None:
    """One volume past the limit is refused, and the limit is named."""
    assert len(_read(*[_feature()] * VOLUMES_MAX)[0].volumes) == VOLUMES_MAX
    refusal = _refused({"type": "FeatureCollection", "features": [_feature()] * (VOLUMES_MAX + 1)})
    assert refusal.reason is Reason.OUT_OF_RANGE
    assert str(VOLUMES_MAX) in refusal.limit


def test_pieces_of_one_operation_agree() -> None:
    """Two Features of one name by two parties, or of two classes, are a mistake and not one operation."""
    for name, value in (("party", "Birch Forces"), ("class", "ground"), ("priority", 2), ("activity", "relief")):
        refusal = _refused({"type": "FeatureCollection", "features": [_feature(), _feature(**{name: value})]})
        assert refusal.reason is Reason.MALFORMED
        assert refusal.field.startswith("features[1].properties")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", Reason.MALFORMED),
        (b"\xff\xfe", Reason.MALFORMED),
        (b"{", Reason.MALFORMED),
        (b"null", Reason.MALFORMED),
        (b"[]", Reason.MALFORMED),
        (b"{}", Reason.MALFORMED),
        (b'"plan"', Reason.MALFORMED),
        (b"[" * 100_000, Reason.MALFORMED),
        (b'{"a":' * 100_000, Reason.MALFORMED),
        (b'{"operational_intent":' * 300 + b"1" + b"}" * 300, Reason.MALFORMED),
        (b'{"type": "Feature", "type": "FeatureCollection"}', Reason.MALFORMED),
        (b'{"type": "FeatureCollection", "features": [NaN]}', Reason.MALFORMED),
        (b'{"type": "FeatureCollection", "features": [-Infinity]}', Reason.MALFORMED),
        (b'{"type": "FeatureCollection", "features": [1e999999999999999999999]}', Reason.MALFORMED),
        (b'{"type": "FeatureCollection", "features": [' + b"1" * 50 + b"]}", Reason.MALFORMED),
        (b'{"type": "FeatureCollection", "features": []}', Reason.MALFORMED),
        (b'{"type": "FeatureCollection", "features": {}}', Reason.MALFORMED),
        (b'{"type": "Polygon", "coordinates": []}', Reason.MALFORMED),
        (b'{"type": "FeatureCollection", "crs": {"type": "name"}, "features": [1]}', Reason.MALFORMED),
    ],
)
def test_what_is_no_document_is_refused(data: bytes, reason: Reason) -> None:
    """Not UTF-8, not JSON, NaN, Infinity, a name twice, too deep, numbers too long, empty: one refusal each."""
    refusal = read_plans(data)
    assert isinstance(refusal, Refusal)
    assert refusal.reason is reason
    assert refusal.limit


@pytest.mark.parametrize(
    ("sound", "broken", "told"),
    [
        ('"value": 100,', '"value": NaN,', "NaN"),
        ('"value": 100,', '"value": Infinity,', "Infinity"),
        ('"value": 100,', '"value": 100, "value": 101,', "each name once"),
        ('"value": 100,', '"value": 1' + "0" * 40 + ",", "40 characters"),
        ('"value": 100,', '"value": 100 "unit"', "line 1"),
    ],
)
def test_a_sound_plan_with_one_broken_token_is_refused(sound: str, broken: str, told: str) -> None:
    """What JSON does not allow is told as such, also where everything else is in order."""
    text = json.dumps(_feature())
    assert not isinstance(read_plans(text.encode()), Refusal)
    assert sound in text
    refusal = read_plans(text.replace(sound, broken).encode())
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Reason.MALFORMED
    assert told in refusal.limit + refusal.received


def test_f3548_bands_and_windows_are_rounded_outward() -> None:
    """Digits finer than a millimetre or a microsecond widen a volume and a circle, never narrow them."""
    document = f3548.volume_json(Volume4D(Circle(35 * ND, 41 * ND, 100_000), 100_000, 200_000, 0, 1_000_000))
    text = json.dumps(document).replace("100.0", "100.0004").replace("200.0", "200.0004")
    text = text.replace("00:00:00Z", "00:00:00.0000009Z").replace("00:00:01Z", "00:00:01.0000001Z")
    (operation,) = _read_f3548(json.loads(text))
    assert operation.volumes == (Volume4D(Circle(35 * ND, 41 * ND, 100_001), 100_000, 200_001, 0, 1_000_001),)


def test_a_body_past_the_limit_is_not_looked_at() -> None:
    """The limit in bytes is named, and what was received."""
    refusal = read_plans(b" " * 101, bytes_max=100)
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, refusal.received) == (Reason.TOO_LARGE, "101 bytes")


def test_plans_are_held_against_the_theatre() -> None:
    """Swapped latitude and longitude is named as such, one vertex outside by its path; inside nothing is said."""
    _read(_feature(), theatre=THEATRE)
    swapped = _feature(geometry={"type": "Polygon", "coordinates": [[[lat, lon] for lon, lat in SQUARE]]})
    refusal = _refused(swapped, theatre=THEATRE)
    assert (refusal.reason, refusal.field) == (Reason.SWAPPED, "geometry.coordinates[0][0]")
    outside = _feature(geometry={"type": "Polygon", "coordinates": [[*SQUARE[:3], [40.5, 36.1], SQUARE[4]]]})
    refusal = _refused(outside, theatre=THEATRE)
    assert (refusal.reason, refusal.field) == (Reason.OUT_OF_BOUNDS, "geometry.coordinates[0][3]")


def _intent() -> dict[str, Any]:
    documents = json.loads((EXAMPLES / "two-drones.f3548.json").read_text())
    return dict(documents[0])


def _read_f3548(document: object) -> tuple[PlannedOperation, ...]:
    found = read_plans(json.dumps(document).encode())
    assert not isinstance(found, Refusal), found.sentence()
    return found


def test_every_shape_of_f3548_is_read() -> None:
    """An intent, a list of them, its details, a PUT body, one Volume4D and a list of them give the same volumes."""
    intent = _intent()
    volumes = intent["details"]["volumes"]
    put = {"extents": volumes, "state": "Accepted", "uss_base_url": "https://a.example", "key": []}
    wholes = [intent, [intent], {"operational_intent": intent}, intent["details"], put, volumes]
    read = [_read_f3548(document) for document in wholes]
    assert {operations[0].volumes for operations in read} == {read[0][0].volumes}
    assert len(read[0][0].volumes) == 2
    assert read[0][0].id == intent["reference"]["id"]
    assert read[0][0].party == "north-uss"
    (single,) = _read_f3548(volumes[0])
    assert single.volumes == read[0][0].volumes[:1]
    off_nominal = {"volumes": volumes[:1], "off_nominal_volumes": volumes[1:]}
    assert _read_f3548(off_nominal)[0].volumes == read[0][0].volumes


def test_the_example_is_what_the_published_schema_says() -> None:
    """The types made from the standard's OpenAPI accept the example and what is written here."""
    for document in json.loads((EXAMPLES / "two-drones.f3548.json").read_text()):
        ImplicitDict.parse(document, f3548_schema.OperationalIntent)
    for operation in _read_f3548(_intent()):
        for volume in operation.volumes:
            written = f3548.volume_json(volume)
            parsed = ImplicitDict.parse(json.loads(json.dumps(written)), f3548_schema.Volume4D)
            assert parsed.volume.altitude_lower.value * 1000 == volume.lower_mm


def _broken(path: str, value: object) -> dict[str, Any]:
    """The intent with one member of its first volume replaced, or taken away where the value is ...."""
    intent = copy.deepcopy(_intent())
    at: Any = intent["details"]["volumes"][0]
    *names, last = path.split(".")
    for name in names:
        at = at[int(name)] if name.isdigit() else at[name]
    if value is ...:
        del at[last]
    else:
        at[int(last) if last.isdigit() else last] = value
    return intent


CIRCLE = {"center": {"lat": 35, "lng": 41}, "radius": {"value": 100, "units": "M"}}
BAD_MEMBERS: list[tuple[str, object, Reason, str]] = [
    ("volume", ..., Reason.MALFORMED, "volume"),
    ("time_start", ..., Reason.MALFORMED, "time_start"),
    ("time_start.format", "ISO", Reason.UNKNOWN_UNIT, "time_start.format"),
    ("time_end.value", "2026-09-01T08:20:00", Reason.NAIVE_TIME, "time_end.value"),
    ("time_end.value", "2026-09-01T08:00:00Z", Reason.TIME_ORDER, "time_end"),
    ("volume.altitude_lower", ..., Reason.MALFORMED, "volume.altitude_lower"),
    ("volume.altitude_lower.units", "FT", Reason.UNKNOWN_UNIT, "volume.altitude_lower.units"),
    ("volume.altitude_upper.reference", "SFC", Reason.UNKNOWN_UNIT, "volume.altitude_upper.reference"),
    ("volume.altitude_upper.value", 319.9, Reason.BAND_ORDER, "volume"),
    ("volume.altitude_upper.value", 100_001, Reason.OUT_OF_RANGE, "volume.altitude_upper.value"),
    ("volume.altitude_upper.value", True, Reason.MALFORMED, "volume.altitude_upper.value"),
    ("volume.outline_polygon", ..., Reason.MALFORMED, "volume"),
    ("volume.outline_circle", CIRCLE, Reason.MALFORMED, "volume"),
    ("volume.outline_polygon.vertices", [], Reason.MALFORMED, "volume.outline_polygon.vertices"),
    ("volume.outline_polygon.vertices.0.lat", 90.5, Reason.OUT_OF_RANGE, "volume.outline_polygon.vertices[0].lat"),
    ("volume.outline_polygon.vertices.0.lng", "41", Reason.MALFORMED, "volume.outline_polygon.vertices[0].lng"),
    (
        "volume.outline_polygon.vertices.2",
        {"lat": 35.1, "lng": 41.0},
        Reason.SELF_CROSSING,
        "volume.outline_polygon.vertices",
    ),
]


@pytest.mark.parametrize(("path", "value", "reason", "field"), BAD_MEMBERS)
def test_each_mistake_in_f3548_has_its_refusal(path: str, value: object, reason: Reason, field: str) -> None:
    """One member of a sound intent broken or missing: the reason and the exact path."""
    refusal = _refused(_broken(path, value))
    told = refusal.field.removeprefix("details.volumes[0].")
    # a missing object is told by its first missing member
    assert refusal.reason in (reason, Reason.MALFORMED)
    assert told == field or told.startswith(field)
    if value is not ...:
        assert (refusal.reason, told) == (reason, field)


def test_unknown_members_are_ignored_and_an_intent_stands_once() -> None:
    """The standard asks to ignore what one does not know; the same intent twice is a mistake."""
    intent = _intent()
    intent["flight_type"] = {"anything": [1]}
    assert _read_f3548(intent)
    assert _refused([intent, intent]).reason is Reason.MALFORMED


COORDINATES = st.tuples(st.integers(-89 * ND, 89 * ND), st.integers(-180 * ND, 180 * ND - 1))


@st.composite
def volumes(draw: st.DrawFn) -> Volume4D:
    """Canonical volumes: a circle, or a small convex ring, anywhere."""
    lat, lon = draw(COORDINATES)
    lower, height = draw(st.integers(-1_000_000, 50_000_000)), draw(st.integers(0, 50_000_000))
    start, length = draw(st.integers(0, 4_000_000_000_000_000)), draw(st.integers(1, 2_592_000_000_000))
    outline: Circle | Polygon = Circle(lat, lon, draw(st.integers(1, 500_000_000)))
    if draw(st.booleans()):
        size = draw(st.integers(1_000, ND // 2))
        ring = (lat, lon, lat, lon + size, lat + size, lon + size, lat + size, lon)
        outline = Polygon(
            tuple(v if i % 2 == 0 else (v + 180 * ND) % (360 * ND) - 180 * ND for i, v in enumerate(ring))
        )
    return Volume4D(normalise(outline), lower, lower + height, start, start + length)


@given(volumes())
def test_what_is_written_is_read_back(volume: Volume4D) -> None:
    """Any canonical volume, written as GeoJSON or as F3548 JSON, is read back as the same integers."""
    for document in (geojson.feature(volume), f3548.volume_json(volume)):
        found = read_plans(json.dumps(document).encode())
        assert not isinstance(found, Refusal), found.sentence()
        assert found[0].volumes == (volume,)


def test_the_relief_day_has_three_conflicts() -> None:
    """The example: eight operations, and by 3 NM and 3,000 ft exactly the three pairs that were meant."""
    found = read_plans((EXAMPLES / "relief-day.geojson").read_bytes(), theatre=THEATRE)
    assert not isinstance(found, Refusal), found.sentence()
    assert len(found) == 8
    pairs = {
        (a.id, b.id)
        for i, a in enumerate(found)
        for b in found[i + 1 :]
        if any(near(v, w, 5556.0, 914_400) is not None for v in a.volumes for w in b.volumes)
    }
    assert pairs == {("Relief 11", "Transport 4"), ("Medevac 2", "Survey 7"), ("Ferry 20", "Training 3")}


def test_the_two_drones_meet() -> None:
    """The F3548 example: two intents of two managers whose volumes overlap without any margin."""
    found = read_plans((EXAMPLES / "two-drones.f3548.json").read_bytes(), theatre=THEATRE)
    assert not isinstance(found, Refusal), found.sentence()
    first, second = found
    assert first.party != second.party
    assert any(near(v, w, 0.0, 0) is not None for v in first.volumes for w in second.volumes)


REACHES = {
    "Polygon": ([SQUARE], ("radius_m", "width_m", "buffer_m")),
    "Point": ([40.5, 35.0], ("width_m", "buffer_m")),
    "LineString": (SQUARE[:2], ("radius_m",)),
}


@pytest.mark.parametrize("kind", REACHES)
def test_a_reach_that_the_shape_has_no_use_for_is_refused(kind: str) -> None:
    """Who writes a buffer around a polygon is told that there is none, instead of flying without it."""
    coordinates, wrong = REACHES[kind]
    right = {"Point": {"radius_m": 500}, "LineString": {"width_m": 500}}.get(kind, {})
    geometry = {"type": kind, "coordinates": coordinates}
    assert _read(_feature(geometry=geometry, **right))
    for name in wrong:
        refusal = _refused(_feature(geometry=geometry, **right, **{name: 300}))
        assert (refusal.reason, refusal.field) == (Reason.MALFORMED, f"properties.{name}")


def test_members_that_nothing_reads_are_named() -> None:
    """A misspelt member is told of, wherever it stands; what is read is not."""
    sound = _feature(prioriti=3, lower={"value": 100, "unit": "M", "reference": "W84", "datum": "x"})
    (operation,) = _read(sound | {"colour": "red"})
    (note,) = operation.notes
    assert note.code == "not-read"
    assert note.text == "nothing reads these members: colour, properties.prioriti, properties.lower.datum"
    assert _read(_feature())[0].notes == ()
