"""Pictures of what two plans share, areas, and what lies within what, against shapely and GeographicLib."""

import numpy as np
import pytest
import shapely
from brute import degrees, flat, local, random_outline, random_outlines
from constructed import GEOD, go
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Proj

from wideberth.space.outline import POINTS_MAX, RINGS_MAX, Rings, overlap_outline, too_near_outline
from wideberth.space.overlap import area_m2, contains, separation_m
from wideberth.space.volume import Circle, Polygon


def deg(*points: float) -> Polygon:
    """A ring from latitudes and longitudes in degrees."""
    return Polygon(tuple(round(x * 1e9) for x in points))


def laid(outline: Circle | Polygon, plane: Proj, corners: int = 720) -> shapely.Geometry:
    """An outline in a local plane, edges and rims as many chords."""
    if isinstance(outline, Polygon):
        return flat(degrees(outline), plane)
    lat, lon, _ = go(
        outline.lat_nd / 1e9,
        outline.lon_nd / 1e9,
        np.linspace(0, 360, corners),
        np.full(corners, outline.radius_mm / 1e3),
    )
    return shapely.Polygon(list(zip(*plane(lon, lat), strict=True)))


def plane_of(outline: Circle | Polygon) -> Proj:
    """A plane around an outline's centre or first corner."""
    lat, lon = (outline.lat_nd, outline.lon_nd) if isinstance(outline, Circle) else outline.ring[:2]
    return local(lat / 1e9, lon / 1e9)


def shown(rings: Rings, plane: Proj) -> shapely.Geometry:
    """The rings given, in a plane."""
    return shapely.union_all([flat(degrees(Polygon(ring)), plane) for ring in rings])


def test_the_overlap_is_what_shapely_finds() -> None:
    """Of overlapping outlines of any kind the rings cover the intersection but for 0.5 % of a circle's area, and no
    more; none where they are apart."""
    overlapping = 0
    for a, b in random_outlines(np.random.default_rng(1), 300):
        rings = overlap_outline(a, b)
        if separation_m(a, b) >= 0:
            assert rings == ()
            continue
        overlapping += 1
        plane = plane_of(a)
        truth = shapely.intersection(laid(a, plane), laid(b, plane))
        rim = sum(0.004 * area_m2(o) for o in (a, b) if isinstance(o, Circle))
        wrong = shapely.area(shapely.symmetric_difference(shown(rings, plane), truth))
        assert wrong <= rim + 3e-3 * truth.area + 20 * truth.length**0.5
    assert overlapping > 80


def test_the_part_too_near_is_what_shapely_finds() -> None:
    """One's own part within the minimum is the intersection with the other grown by it, to 0.5 % of the minimum."""
    near = 0
    for a, b in random_outlines(np.random.default_rng(2), 300):
        minimum = abs(separation_m(a, b)) * 0.7 + area_m2(a) ** 0.5 * 0.5
        plane = plane_of(a)
        own, other = laid(a, plane), laid(b, plane)
        rings = too_near_outline(a, b, minimum)
        assert (rings == ()) == (own.distance(other) >= minimum)
        if rings:
            near += 1
            truth = own.intersection(other.buffer(minimum, quad_segs=90))
            reach = max(minimum, *(o.radius_mm / 1e3 for o in (a, b) if isinstance(o, Circle)), 0)
            wrong = shapely.area(shapely.symmetric_difference(shown(rings, plane), truth))
            assert wrong <= 0.006 * reach * truth.length + 3e-3 * truth.area
    assert near > 150


def test_what_only_touches_shares_nothing_to_show() -> None:
    """A common edge or corner is a conflict, but no area."""
    square, east = deg(10, 20, 10, 21, 11, 21, 11, 20), deg(10, 21, 10, 22, 11, 22, 11, 21)
    assert overlap_outline(square, east) == ()
    assert overlap_outline(square, deg(11, 21, 11, 22, 12, 22, 12, 21)) == ()
    assert too_near_outline(square, east, 0.0) == ()
    assert len(too_near_outline(square, east, 1.0)) == 1


def test_pictures_stay_small() -> None:
    """At most 200 points a ring and 50 rings, whatever the outlines; no corner lies outside either by more than 1 %."""
    lat, lon, _ = go(50.0, 10.0, np.arange(1_000) * -0.36, np.full(1_000, 20_000.0))
    disc = Polygon(tuple(np.round(np.stack([lat, lon], -1) * 1e9).astype(np.int64).ravel().tolist()))
    (ring,) = overlap_outline(disc, Circle(50_000_000_000, 10_100_000_000, 20_000_000))
    assert len(ring) <= 2 * POINTS_MAX
    teeth = [x for i in range(200) for x in (50.0 + 0.1 * (i % 2), 10.0 + i * 0.001)]
    comb = deg(*teeth, 50.2, 10.199, 50.2, 10.0)
    for other in (deg(50.01, 9, 50.01, 11, 50.02, 11, 50.02, 9), comb):
        rings = overlap_outline(comb, other)
        assert 0 < len(rings) <= RINGS_MAX
        assert max(map(len, rings)) <= 2 * POINTS_MAX


def test_pictures_cross_poles_and_the_antimeridian() -> None:
    """Rings around a pole and across 180 degrees come back where they are, longitudes in [-180, 180)."""
    cap = deg(89, 0, 89, 90, 89, 180, 89, -90)
    (ring,) = overlap_outline(cap, Circle(90_000_000_000, 0, 10_000_000))
    assert np.allclose(np.array(ring[0::2]), 89_910_471_000, atol=30_000)
    (ring,) = overlap_outline(deg(10, 179.5, 10, -179.5, 11, 180), deg(10, 179.9, 10, -179.9, 11, -179.9, 11, 179.9))
    assert {x > 0 for x in ring[1::2]} == {True, False}
    assert all(-180_000_000_000 <= x < 180_000_000_000 for x in ring[1::2])


def test_area_is_geographiclibs() -> None:
    """Within 0.5 % at any size, and within 0.01 % to 50 km."""
    rng = np.random.default_rng(3)
    for _ in range(300):
        size = 10 ** rng.uniform(0, 5.65)
        outline = random_outline(rng, rng.uniform(-90, 90), rng.uniform(-180, 180), size)
        if isinstance(outline, Circle):
            lat, lon, _ = go(outline.lat_nd / 1e9, outline.lon_nd / 1e9, -np.arange(3600) / 10, outline.radius_mm / 1e3)
        else:
            lat, lon = degrees(outline)
        truth = abs(GEOD.polygon_area_perimeter(lon, lat)[0])
        assert area_m2(outline) == pytest.approx(truth, rel=1e-4 if size < 50_000 else 5e-3, abs=0.01)


def test_an_outline_contains_itself_and_its_shrunken_self() -> None:
    """What is the same, shares edges, or was cut off along an edge lies within; a millimetre beyond does not."""
    square = deg(10, 20, 10, 21, 11, 21, 11, 20)
    u = deg(0, 0, 0, 3, 3, 3, 3, 2, 1, 2, 1, 1, 3, 1, 3, 0)
    circle = Circle(10_500_000_000, 20_500_000_000, 10_000_000)
    for outline in (square, u, circle, deg(10, 20, 11, 20, 11, 21, 10, 21)):
        assert contains(outline, outline)
    assert contains(square, deg(10, 20, 10, 21, 11, 21))
    assert contains(u, deg(0, 0, 0, 1, 3, 1, 3, 0))
    assert contains(square, circle)
    assert contains(circle, Circle(10_500_000_000, 20_500_000_000, 9_999_999))
    assert not contains(circle, Circle(10_500_000_000, 20_500_000_000, 10_000_001))
    assert not contains(square, deg(10, 20, 10, 21.000_000_02, 11, 21))
    assert not contains(circle, square)
    assert not contains(square, deg(30, 20, 30, 21, 31, 21))
    # both prongs of the U, and a bar from one to the other across the notch
    assert not contains(u, deg(1.5, 0.5, 1.5, 2.5, 2, 2.5, 2, 0.5))
    assert contains(u, deg(0.1, 0.5, 0.1, 2.5, 0.9, 2.5, 0.9, 0.5))


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_containment_is_what_shapely_says(seed: int) -> None:
    """Away from touching, one outline lies within another exactly where shapely says so."""
    rng = np.random.default_rng(seed)
    lat, lon, size = rng.uniform(-89, 89), rng.uniform(-180, 180), 10 ** rng.uniform(1.5, 5.3)
    outer = random_outline(rng, lat, lon, size)
    lon, lat, _ = GEOD.fwd(lon, lat, rng.uniform(0, 360), size * rng.uniform(0, 0.5))
    inner = random_outline(rng, lat, lon, size * rng.uniform(0.05, 0.6))
    plane = plane_of(outer)
    a, b = laid(outer, plane, 2_000), laid(inner, plane, 2_000)
    room = a.exterior.distance(b)
    if not a.exterior.crosses(b) and room < 1e-3 * size:
        return
    assert contains(outer, inner) == a.covers(b)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 1.0))
def test_a_circle_within_a_circle(seed: int, part: float) -> None:
    """A smaller circle lies within up to where its rim touches, to the millimetre."""
    rng = np.random.default_rng(seed)
    lat, lon, radius = (
        round(rng.uniform(-90, 90), 9),
        round(rng.uniform(-180, 180), 9),
        round(10 ** rng.uniform(1, 5.3), 3),
    )
    small = round(radius * part, 3)
    for out, inside in ((-0.002, True), (0.002, False)):
        there = GEOD.fwd(lon, lat, rng.uniform(0, 360), max(0.0, radius - small + out))
        inner = Circle(round(there[1] * 1e9), round(there[0] * 1e9), round(small * 1e3))
        if radius - small + out > 0:
            assert contains(Circle(round(lat * 1e9), round(lon * 1e9), round(radius * 1e3)), inner) == inside
