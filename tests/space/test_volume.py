"""What a volume may be: every rule, its refusal, the canonical form, and boxes that cover what they stand for."""

import numpy as np
import pytest
from brute import random_outline
from constructed import GEOD, between, go
from hypothesis import given, settings
from hypothesis import strategies as st

from wideberth import limits
from wideberth.refusal import Reason
from wideberth.space.overlap import separation_m
from wideberth.space.volume import Circle, Polygon, Volume4D, box_nd, boxes, check_volume, flatten, normalise

NOW = 1_800_000_000_000_000
HOUR = 3_600_000_000
HORIZON = 48 * HOUR
ND = 10**9


def deg(*points: float) -> Polygon:
    """A ring from latitudes and longitudes in degrees."""
    return Polygon(tuple(round(x * 1e9) for x in points))


SQUARE = deg(10, 20, 10, 20.1, 10.1, 20.1, 10.1, 20)


def volume(outline: Circle | Polygon = SQUARE, lower: int = 0, upper: int = 1_000, start: int = 0, end: int = HOUR):
    """A volume that passes but for what is given; times from now."""
    return Volume4D(outline, lower, upper, NOW + start, NOW + end)


def reason(v: Volume4D, bounds_nd: tuple[int, int, int, int] | None = None) -> Reason | None:
    """Why the volume is refused."""
    refusal = check_volume(v, NOW, HORIZON, bounds_nd)
    if refusal is None:
        return None
    assert refusal.field.startswith("volume.")
    assert refusal.limit
    assert refusal.received
    assert refusal.sentence().endswith(".")
    return refusal.reason


def regular(corners: int, radius_m: float, lat: float = 50.0, lon: float = 10.0) -> Polygon:
    """A regular ring, counter-clockwise."""
    ring_lat, ring_lon, _ = go(lat, lon, np.arange(corners) * -360.0 / corners, np.full(corners, radius_m))
    ring_lon = (ring_lon + 180) % 360 - 180
    return Polygon(tuple(np.round(np.stack([ring_lat, ring_lon], -1) * 1e9).astype(np.int64).ravel().tolist()))


@pytest.mark.parametrize(
    "outline",
    [
        SQUARE,
        Circle(10 * ND, 20 * ND, 1),
        Circle(90 * ND, 180 * ND, limits.RADIUS_MM_MAX),
        regular(3, 0.99 * limits.EXTENT_M_MAX),
        regular(limits.VERTICES_MAX, 10_000),
        deg(10, 20, 10.1, 20, 10.1, 20.1, 10, 20.1),
        deg(10, 20, 10, 20, 10, 20.1, 10.1, 20.1, 10.1, 20.1, 10.1, 20, 10, 20),
        deg(10, 20, 10, 20.05, 10, 20.1, 10.1, 20.1),
        deg(10, 179.9, 10, -179.9, 10.2, -179.9, 10.2, 179.9),
        deg(10, 180, 10, -179.9, 10.2, -180),
        deg(89, 0, 89, 120, 89, -120),
        deg(90, 77, 89, 0, 89, 90),
        deg(-89, 0, -89, 180, -88, 90),
        deg(0, 0, 0, 0.1, 0.000_000_2, 0.05),
    ],
    ids=[
        "square", "circle of 1 mm", "largest circle about a pole", "nearly too wide", "as many points as allowed",
        "clockwise", "repeats and closed", "point on a straight edge", "across the antimeridian",
        "both names of the antimeridian", "around a pole", "corner in a pole", "edge over a pole", "sliver of 2 cm",
    ],
)  # fmt: skip
def test_what_is_unusual_but_sound_passes(outline: Circle | Polygon) -> None:
    """Either orientation, repeats, a closing point, collinear points, slivers, poles, the antimeridian: accepted."""
    assert reason(volume(outline)) is None


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (volume(Polygon((0, 0, 0, ND, ND))), Reason.MALFORMED),
        (volume(deg(91, 0, 0, 1, 1, 1)), Reason.OUT_OF_RANGE),
        (volume(deg(9, 0, 0, 181, 1, 1)), Reason.OUT_OF_RANGE),
        (volume(Circle(0, -180 * ND - 1, 1)), Reason.OUT_OF_RANGE),
        (volume(Circle(0, 0, limits.RADIUS_MM_MAX + 1)), Reason.OUT_OF_RANGE),
        (volume(Circle(0, 0, -1)), Reason.OUT_OF_RANGE),
        (volume(lower=limits.ALTITUDE_MM_MIN - 1), Reason.OUT_OF_RANGE),
        (volume(upper=limits.ALTITUDE_MM_MAX + 1), Reason.OUT_OF_RANGE),
        (volume(start=-NOW - 1), Reason.OUT_OF_RANGE),
        (volume(end=limits.TIME_US_MAX), Reason.OUT_OF_RANGE),
        (volume(start=-limits.DURATION_US_MAX, end=1), Reason.OUT_OF_RANGE),
        (volume(start=HOUR), Reason.TIME_ORDER),
        (volume(end=HORIZON + 1), Reason.PAST_HORIZON),
        (volume(start=-HOUR, end=0), Reason.IN_THE_PAST),
        (volume(lower=1_001), Reason.BAND_ORDER),
        (volume(Polygon(())), Reason.TOO_FEW_POINTS),
        (volume(deg(10, 20, 10, 21)), Reason.TOO_FEW_POINTS),
        (volume(deg(10, 20, 10, 21, 10, 20, 10, 20)), Reason.TOO_FEW_POINTS),
        (volume(deg(90, 0, 90, 120, 90, -120)), Reason.TOO_FEW_POINTS),
        (volume(Polygon((0, 0, 0, ND, 1, ND, ND, 0)[:6])), Reason.TOO_FEW_POINTS),
        (volume(regular(limits.VERTICES_MAX + 1, 10_000)), Reason.TOO_MANY_POINTS),
        (volume(deg(0, 0, 1, 1, 0, 1, 1, 0)), Reason.SELF_CROSSING),
        (volume(deg(0, 0, 0, 2, 1, 1, 2, 2, 2, 0, 1, 1)), Reason.SELF_CROSSING),
        (volume(deg(0, 0, 0, 1, 1, 1, 0, 0.5)), Reason.SELF_CROSSING),
        (volume(deg(0, 0, 0, 1, 1, 1, 3, 1, 1, 1, 1, 0)), Reason.SELF_CROSSING),
        (volume(deg(0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 0)), Reason.SELF_CROSSING),
        (volume(deg(0, 0, 0, 1, 0, 2)), Reason.NO_AREA),
        (volume(deg(0, 10, 40, 10, 20, 10)), Reason.NO_AREA),
        (volume(Circle(0, 0, 0)), Reason.NO_AREA),
        (volume(regular(4, 1.001 * limits.EXTENT_M_MAX)), Reason.TOO_WIDE),
        (volume(deg(0, 0, 0, 90, 0, 180, 0, -90)), Reason.TOO_WIDE),
        (volume(deg(0, 0, 60, 60, -60, 120, 0, -170)), Reason.TOO_WIDE),
    ],
)
def test_what_breaks_a_rule_is_refused_with_its_reason(wrong: Volume4D, why: Reason) -> None:
    """Each limit and rule has its refusal, and none of them hides behind another."""
    assert reason(wrong) is why


def test_a_boundary_of_ten_thousand_kilometres_is_too_long() -> None:
    """A scribble within the extent is refused by its length, so that exact work stays bounded."""
    zigzag = [x for i in range(60) for x in (50 + i * 0.01, 10.0 if i % 2 else 12.5)]
    assert reason(volume(deg(*zigzag, 50.7, 14, 49, 14))) is Reason.TOO_WIDE


def test_the_first_reason_of_the_list_is_given() -> None:
    """Of several faults the one that `Reason` lists first is named."""
    crossing = deg(0, 0, 1, 1, 0, 1, 1, 0)
    order = list(Reason)
    faults = [
        volume(Circle(0, 0, -1), lower=5_000, start=HOUR, end=0),
        volume(crossing, lower=5_000, start=HOUR, end=0),
        volume(crossing, lower=5_000, end=HORIZON + 1),
        volume(crossing, lower=5_000),
        volume(crossing),
    ]
    places = [order.index(why) for why in map(reason, faults) if why is not None]
    assert places == sorted(set(places))


@pytest.mark.parametrize("heading", range(0, 180, 15))
@pytest.mark.parametrize(("offset_mm", "refused"), [(3, True), (-3, False)])
def test_crossing_is_decided_on_geodesics(heading: int, offset_mm: int, refused: bool) -> None:
    """A corner 3 mm beyond the opposite edge of 700 km crosses it, 3 mm before it does not, whichever way it runs;
    in the plane such an edge is off by metres."""
    line = [go(50.0, 10.0, heading, metres) for metres in (-350_000.0, -70_000.0, 350_000.0)]
    (lat1, lon1, _), (lat, lon, ahead), (lat2, lon2, _) = line
    tip = go(lat, lon, ahead - 90, offset_mm / 1000)
    right = go(50.0, 10.0, heading + 60, 200_000.0)
    left = go(50.0, 10.0, heading + 120, 200_000.0)
    ring = [float(x) for at in ((lat1, lon1), (lat2, lon2), right[:2], tip[:2], left[:2]) for x in at]
    assert (reason(volume(deg(*ring))) is Reason.SELF_CROSSING) == refused


BOUNDS = (10 * ND, 20 * ND, 170 * ND, 190 * ND)


@pytest.mark.parametrize(
    ("outline", "inside"),
    [
        (deg(10, 179, 10, -179, 11, 180), True),
        (deg(12, -174, 12, -170, 13, -172), True),
        (deg(9.999, 180, 12, -176, 13, -178), False),
        (deg(12, -169.999, 12, -175, 13, -172), False),
        (Circle(11 * ND, 171 * ND, 1_000_000), True),
        (Circle(10 * ND, 171 * ND, 1_000), False),
        (Circle(11 * ND, -170 * ND, 1_000), False),
    ],
)
def test_bounds_hold_over_the_antimeridian(outline: Circle | Polygon, inside: bool) -> None:
    """The theatre's bounds may cross 180 degrees; edges may bulge over them, points and circles may not."""
    assert reason(volume(outline), BOUNDS) is (None if inside else Reason.OUT_OF_BOUNDS)


def test_bounds_may_be_the_globe() -> None:
    """A theatre of every longitude takes a cap over its pole."""
    globe = (-90 * ND, 90 * ND, -180 * ND, 180 * ND)
    assert reason(volume(Circle(90 * ND, 0, 10_000)), globe) is None
    assert reason(volume(deg(89, 0, 89, 120, 89, -120)), (0, 90 * ND, -10 * ND, 350 * ND)) is None


def test_normal_form_is_one() -> None:
    """Repeats, the closing point, orientation, -180 and 180, a pole's longitude: one form, and it is its own."""
    square = deg(10, 180, 10, -179, 11, -179, 11, 180)
    form = deg(10, -180, 10, -179, 11, -179, 11, -180)
    for same in (
        square,
        form,
        deg(10, 180, 11, 180, 11, -179, 10, -179),
        deg(10, -180, 10, 180, 10, -179, 11, -179, 11, -179, 11, 180, 10, 180),
    ):
        assert normalise(same) == form
    assert normalise(deg(90, 5, 89, 90, 89, 0)) == deg(90, 0, 89, 0, 89, 90)
    assert normalise(Circle(5, 180 * ND, 7)) == Circle(5, -180 * ND, 7)


@settings(deadline=None, max_examples=200)
@given(st.integers(0, 2**32 - 1))
def test_normal_form_is_the_same_place(seed: int) -> None:
    """A ring and its normal form overlap by the same depth as the ring and itself; and it is a fixed point."""
    rng = np.random.default_rng(seed)
    outline = random_outline(rng, rng.uniform(-89, 89), rng.uniform(-180, 180), 10 ** rng.uniform(1, 5.5))
    form = normalise(outline)
    assert normalise(form) == form
    assert separation_m(form, outline) == pytest.approx(separation_m(outline, outline), abs=1e-6)


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 2**32 - 1))
def test_boxes_cover_the_outline_and_little_more(seed: int) -> None:
    """Every point of the boundary, bulge included, lies in the box; away from poles the box is at most 1 % wider."""
    rng = np.random.default_rng(seed)
    lat = rng.uniform(-90, 90) if rng.random() < 0.5 else rng.choice([-1, 1]) * (90 - 10 ** rng.uniform(-5, 0.5))
    lon = rng.uniform(-180, 180) if rng.random() < 0.5 else rng.choice([-180.0, 180.0, 179.9])
    outline = random_outline(rng, round(lat, 9), round(lon, 9), 10 ** rng.uniform(0, 5.6))
    edge_lat, edge_lon = boundary(outline)
    south, north, west, east = box_nd(volume(outline))
    assert -180 * ND <= west < 180 * ND
    assert west <= east <= west + 360 * ND
    assert south <= edge_lat.min() * 1e9 + 0.01
    assert north >= edge_lat.max() * 1e9 - 0.01
    # next to a pole a nanodegree of longitude is finer than doubles of metres are
    room = 0.1 / np.maximum(np.cos(np.radians(edge_lat)), 1e-12) * 1e-3
    past = (edge_lon * 1e9 - west) % (360 * ND)
    beyond = np.where(past <= east - west, 0, np.minimum(past - (east - west), 360 * ND - past))
    assert (beyond <= room + 0.1).all()
    if east - west < 180 * ND:
        assert (north - south) <= 1.01 * (edge_lat.max() - edge_lat.min()) * 1e9 + 30


def boundary(outline: Circle | Polygon) -> tuple[np.ndarray, np.ndarray]:
    """Many points of the boundary, degrees."""
    if isinstance(outline, Circle):
        lat, lon, _ = go(
            outline.lat_nd / 1e9, outline.lon_nd / 1e9, np.linspace(0, 360, 361), np.full(361, outline.radius_mm / 1e3)
        )
        return lat, lon
    lats, lons = np.array(outline.ring[0::2]) / 1e9, np.array(outline.ring[1::2]) / 1e9
    azimuth, metres = between(lats, lons, np.roll(lats, -1), np.roll(lons, -1))
    parts = np.linspace(0, 1, 60)
    lat, lon, _ = go(lats[:, None], lons[:, None], azimuth[:, None], metres[:, None] * parts)
    return lat.ravel(), lon.ravel()


@pytest.mark.parametrize("lat", [-89.0, -60.0, -5.0, 30.0, 75.0, 84.0])
@pytest.mark.parametrize("metres", [100.0, 5_000.0, 29_000.0, 32_000.0, 300_000.0])
def test_boxes_cover_the_bulge_of_edges_that_run_east(lat: float, metres: float) -> None:
    """The middle of an edge between two points of one latitude lies nearer to the pole than both, and in the box."""
    half = float(go(lat, 0.0, 90.0, metres / 2)[1])
    edge_lat = 2 * [float(go(lat, half, 90.0, 0.0)[0])]
    ring = deg(edge_lat[0], -half, edge_lat[1], half, lat - np.sign(lat) * metres / 222_000, 0)
    azimuth, length = between(edge_lat[0], -half, edge_lat[1], half)
    middle = float(go(edge_lat[0], -half, azimuth, length / 2)[0])
    south, north, _, _ = box_nd(volume(ring))
    sag = abs(middle - lat) * 1e9
    assert 0 <= (north - middle * 1e9 if lat > 0 else middle * 1e9 - south) <= 0.12 * sag + 3


def test_boxes_of_poles_and_antimeridian() -> None:
    """Across 180 degrees lon_max passes it; around, at, or over a pole a box takes every longitude."""
    rows = boxes(
        [
            volume(deg(10, 179, 10, -179, 12, -179, 12, 179), 5, 6, 7, 8),
            volume(deg(89, 0, 89, 120, 89, -120)),
            volume(deg(-90, 77, -89, 0, -89, 90)),
            volume(deg(89, 0, 89, 180, 88, 90)),
            volume(Circle(-89_999_000_000, 0, 1_000_000)),
        ]
    )
    assert rows.shape == (5, 8)
    assert rows.dtype == np.int64
    assert rows[0].tolist()[2:] == [179 * ND - 1, 181 * ND + 1, 5, 6, NOW + 7, NOW + 8]
    assert (rows[1:, 2:4] == (-180 * ND, 180 * ND)).all()
    assert rows[1:, 1].tolist()[::2] == [90 * ND, 90 * ND]
    assert rows[2, 0] == rows[4, 0] == -90 * ND
    assert boxes([]).shape == (0, 8)


def test_flat_arrays_hold_the_volumes() -> None:
    """Starts, coordinates, radii and extents say what the volumes say."""
    flat = flatten([volume(Circle(1, 2, 3), 4, 5, 6, 7), volume(Polygon((1, 2, 3, 4, 5, 6)))])
    assert flat.starts.tolist() == [0, 2, 8]
    assert flat.coordinates.tolist() == [1, 2, 1, 2, 3, 4, 5, 6]
    assert flat.radii_mm.tolist() == [3, -1]
    assert flat.extents[0].tolist() == [4, 5, NOW + 6, NOW + 7]


def test_distances_of_the_generator_are_metres() -> None:
    """The test's own circle of vertices has the radius asked for."""
    ring = regular(8, 5_000)
    metres = GEOD.inv(
        np.full(8, 10.0), np.full(8, 50.0), np.array(ring.ring[1::2]) / 1e9, np.array(ring.ring[0::2]) / 1e9
    )
    assert metres[2] == pytest.approx(np.full(8, 5_000.0), abs=1e-3)
