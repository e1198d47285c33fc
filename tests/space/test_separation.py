"""Signed separations against GeographicLib and shapely: 20,000 pairs of known answer, and brute force."""

import math
import os

import brute
import numpy as np
import pytest
from constructed import GEOD, all_pairs, between
from geographiclib.geodesic import Geodesic
from hypothesis import given, settings
from hypothesis import strategies as st

from wideberth.space.overlap import Arena, near, prepare, separation_m
from wideberth.space.volume import Circle, Polygon, Volume4D, check_volume

LONG = bool(os.environ.get("WIDEBERTH_LONG"))
PAIRS = all_pairs(seed=20, n=200_000 if LONG else 20_000)
NM3_M = 5556.0


def deg(*points: float) -> Polygon:
    """A ring from latitudes and longitudes in degrees."""
    return Polygon(tuple(round(x * 1e9) for x in points))


def test_the_oracle_is_geographiclib() -> None:
    """The C library that places the pairs says what the Python reference says, within 10 um."""
    rng = np.random.default_rng(1)
    lat, lat2 = rng.uniform(-90, 90, (2, 300))
    lon, lon2 = rng.uniform(-180, 180, (2, 300))
    azimuth, metres = between(lat, lon, lat2, lon2)
    for i in range(300):
        truth = Geodesic.WGS84.Inverse(lat[i], lon[i], lat2[i], lon2[i])
        assert abs(metres[i] - truth["s12"]) < 1e-5
        assert abs(math.remainder(azimuth[i] - truth["azi1"], 360)) < 1e-9


def test_20_000_separations_are_signed_and_exact() -> None:
    """Of 20,000 pairs, two thirds of them within 1 m of touching or of 3 NM, at all latitudes, about the poles and the
    antimeridian, each separation is within 5 mm of the truth to 100 km and within 1 m beyond (and in fact, rounding of
    coordinates included, within 0.3 mm)."""
    truth = np.array([pair.truth_m for pair in PAIRS])
    found = np.array([separation_m(pair.a, pair.b) for pair in PAIRS])
    wrong = np.abs(found - truth)
    assert len(PAIRS) >= 20_000
    assert (np.minimum(np.abs(truth), np.abs(truth - NM3_M)) < 1).mean() > 1 / 3
    assert wrong[np.abs(truth) <= 100_000].max() < 0.005
    assert wrong.max() < 1.0
    assert wrong.max() < 0.0003


def test_20_000_decisions_are_right() -> None:
    """The rule decides the same pairs rightly at minima of 0 and 3 NM, except where truth is within 1 mm of them."""
    truth = np.array([pair.truth_m for pair in PAIRS])
    queries = prepare([Volume4D(pair.a, 0, 1, 0, 1) for pair in PAIRS])
    arena = Arena()
    every = np.arange(len(PAIRS))
    arena.put_many(every, [Volume4D(pair.b, 0, 1, 0, 1) for pair in PAIRS])
    for minimum_m in (0.0, NM3_M):
        found = arena.near(queries, every, every, np.full(len(every), minimum_m), np.zeros(len(every)))
        said = np.isin(every, found.pair)
        plain = np.abs(truth - minimum_m) > 0.001
        assert (said == (truth < minimum_m))[plain].all()
        assert (np.abs(found.horizontal_mm / 1e3 - truth[found.pair]) < 0.005).all()


def test_the_pairs_pass_the_check() -> None:
    """What the oracle builds are volumes that a node would take."""
    for pair in PAIRS[::37]:
        for outline in (pair.a, pair.b):
            refusal = check_volume(Volume4D(outline, 0, 1, 0, 1), 0, 1)
            assert refusal is None or refusal.reason == "too-wide", refusal


def test_any_two_outlines_agree_with_brute_force() -> None:
    """Overlapping, nested, interlocked or apart, convex or not: within 1 mm of GeographicLib tried vertex by edge."""
    signs = set()
    for a, b in brute.random_outlines(np.random.default_rng(3), 4_000 if LONG else 400):
        truth = brute.separation(a, b)
        assert abs(separation_m(a, b) - truth) < 0.001, (a, b)
        signs.add(truth > 0)
    assert signs == {True, False}


SQUARE = deg(10, 20, 10, 21, 11, 21, 11, 20)


def test_what_touches_is_exactly_0() -> None:
    """A shared corner, a shared edge, part of an edge, a corner on a meridian edge: 0 within 10 nm."""
    assert abs(separation_m(SQUARE, deg(11, 21, 11, 22, 12, 22, 12, 21))) < 1e-8
    assert abs(separation_m(SQUARE, deg(10, 21, 10, 22, 11, 22, 11, 21))) < 1e-8
    assert abs(separation_m(SQUARE, deg(10.2, 21, 10.2, 22, 10.7, 21.5, 10.7, 21))) < 1e-8
    assert abs(separation_m(SQUARE, deg(10.5, 21, 10.2, 22, 10.7, 22))) < 1e-8
    # the same where one of them is not convex
    ell = deg(11, 20, 11, 21, 11.2, 21, 11.2, 20.2, 12, 20.2, 12, 20)
    assert abs(separation_m(SQUARE, ell)) < 1e-8


def test_what_is_the_same_overlaps_by_its_width() -> None:
    """An outline and itself: the way out across its narrowest side; orientation and start do not matter."""
    width = separation_m(SQUARE, SQUARE)
    assert width == pytest.approx(-GEOD.inv(20, 11, 21, 11)[2], rel=5e-3)
    again = deg(11, 20, 11, 21, 10, 21, 10, 20)
    assert separation_m(SQUARE, again) == pytest.approx(width, abs=1e-6)
    ell = deg(0, 0, 0, 3, 1, 3, 1, 1, 3, 1, 3, 0)
    assert separation_m(ell, ell) < -100_000


@pytest.mark.parametrize("offset_m", [-2.0, -0.01, 0.01, 2.0])
def test_a_centre_beside_a_long_edge_is_on_its_side(offset_m: float) -> None:
    """Circles about points centimetres off an edge of 700 km, and off corners that turn either way: the right sign."""
    line = [GEOD.fwd(10.0, 50.0, 35.0, metres) for metres in (-350_000.0, -70_000.0, 350_000.0)]
    behind = GEOD.fwd(10.0, 50.0, -55.0, 200_000.0)
    ring = deg(*(x for lon, lat, _ in (line[0], line[2], behind) for x in (lat, lon)))
    lon, lat, _ = GEOD.fwd(line[1][0], line[1][1], line[1][2] + 180 + 90, offset_m)
    radius_mm = 5
    found = separation_m(Circle(round(lat * 1e9), round(lon * 1e9), radius_mm), ring)
    assert found == pytest.approx(offset_m - 0.005, abs=0.0003)
    # corners: a spike outward and a notch inward, on the line that halves their angle
    notched = deg(48, 10, 52, 5, 50, 10, 52, 15)
    for corner_lat in (48.0, 50.0):
        lon, lat, _ = GEOD.fwd(10.0, corner_lat, 0.0, offset_m)
        found = separation_m(Circle(round(lat * 1e9), 10_000_000_000, radius_mm), notched)
        outside = offset_m < 0 if corner_lat == 48.0 else offset_m > 0
        assert (found + 0.005 > 0) == outside


def test_what_lies_within_overlaps_by_the_way_out() -> None:
    """Nesting is depth, for every kind of outline, and no corner needs to lie in the other."""
    inner = deg(10.4, 20.4, 10.4, 20.6, 10.6, 20.6, 10.6, 20.4)
    assert separation_m(SQUARE, inner) == pytest.approx(-0.6 * GEOD.inv(20, 10.5, 21, 10.5)[2], rel=5e-3)
    assert separation_m(SQUARE, Circle(10_500_000_000, 20_500_000_000, 1_000_000)) < -50_000
    assert separation_m(inner, Circle(10_500_000_000, 20_500_000_000, 100_000_000)) < -100_000
    bar = deg(10.4, 18, 10.4, 23, 10.6, 23, 10.6, 18)
    assert separation_m(SQUARE, bar) == pytest.approx(brute.separation(SQUARE, bar), abs=0.001)


def test_a_notch_is_outside() -> None:
    """What lies in the notch of a U is apart from it by the gap there, and within its hull all the same."""
    u = deg(0, 0, 0, 3, 3, 3, 3, 2, 1, 2, 1, 1, 3, 1, 3, 0)
    assert separation_m(u, deg(1.5, 1.4, 1.5, 1.6, 2, 1.6, 2, 1.4)) == pytest.approx(44_500, abs=100)
    assert separation_m(u, Circle(2_000_000_000, 1_500_000_000, 1_000_000)) == pytest.approx(54_600, abs=100)
    assert separation_m(u, deg(1.5, 0.5, 1.5, 2.5, 1.6, 2.5, 1.6, 0.5)) < -1000


def test_a_pole_is_a_place_like_any_other() -> None:
    """A cap around a pole, a corner in it, and neighbours over it: distances run across."""
    cap = deg(89, 0, 89, 90, 89, 180, 89, -90)
    beyond = deg(88, -10, 88, 10, 87, 10, 87, -10)
    assert separation_m(cap, Circle(90_000_000_000, 77_000_000_000, 1_000)) < -70_000
    assert separation_m(deg(90, 5, 89, 0, 89, 90), deg(90, -100, 89, 180, 89, -90)) == pytest.approx(0, abs=1e-8)
    assert separation_m(cap, beyond) == pytest.approx(brute.separation(cap, beyond), abs=0.001)
    across = separation_m(deg(89.5, -10, 89.5, 10, 89, 0), deg(89.5, 170, 89.5, -170, 89, 180))
    assert across == pytest.approx(2 * 55_847 * math.cos(math.radians(10)), abs=200)


def test_far_outlines_are_not_near() -> None:
    """Past 4,000 km the bounding circles' distance is given, to the far side of the globe."""
    assert 9_000_000 < separation_m(SQUARE, deg(-10, 120, -10, 121, -9, 121, -9, 120)) < 12_000_000
    assert separation_m(Circle(0, 0, 1_000), Circle(0, 180_000_000_000, 1_000)) > 19_000_000
    far = Volume4D(deg(-10, -160, -10, -159, -9, -159), 0, 1, 0, 1)
    assert near(Volume4D(SQUARE, 0, 1, 0, 1), far, 1e6, 0) is None


@pytest.mark.parametrize("corners", [100, 1_000])
def test_many_vertices_are_as_exact(corners: int) -> None:
    """Rings of many short edges, side by side and crossing, by what circles of the same size say."""
    turn = np.arange(corners) * 2 * np.pi / corners

    def ring(lon_deg: float) -> Polygon:
        lon, lat, _ = GEOD.fwd(
            np.full(corners, lon_deg), np.full(corners, 50.0), np.degrees(turn), np.full(corners, 2e4)
        )
        return Polygon(tuple(np.round(np.stack([lat, lon], -1) * 1e9).astype(np.int64).ravel().tolist()))

    sag = 20_000 * (1 - math.cos(math.pi / corners))
    for lon_deg in (10.7, 10.3):
        circles = separation_m(
            Circle(50_000_000_000, 10_000_000_000, 20_000_000),
            Circle(50_000_000_000, round(lon_deg * 1e9), 20_000_000),
        )
        assert circles - 0.01 <= separation_m(ring(10.0), ring(lon_deg)) <= circles + 2 * sag + 0.01


sizes = st.floats(1.0, 200_000.0)
seeds = st.integers(0, 2**32 - 1)


@settings(max_examples=300, deadline=None)
@given(seeds)
def test_separation_is_symmetric(seed: int) -> None:
    """Who is asked first does not matter, to a micrometre."""
    ((a, b),) = brute.random_outlines(np.random.default_rng(seed), 1)
    assert separation_m(a, b) == pytest.approx(separation_m(b, a), abs=1e-6)


@settings(max_examples=300, deadline=None)
@given(seeds, st.floats(1.0, 3.0))
def test_growing_never_raises_separation(seed: int, factor: float) -> None:
    """A larger outline around the same place is no farther from anything."""
    rng = np.random.default_rng(seed)
    ((_, other),) = brute.random_outlines(rng, 1)
    lat, lon = brute.degrees(other) if isinstance(other, Polygon) else ([other.lat_nd / 1e9], [other.lon_nd / 1e9])
    size, corners = 10 ** rng.uniform(1, 5), int(rng.integers(3, 9))
    centre_lon, centre_lat, _ = GEOD.fwd(lon[0], lat[0], rng.uniform(0, 360), size * rng.uniform(0, 4))
    azimuth = np.arange(corners) * -360.0 / corners
    reach = size * rng.uniform(0.3, 1, corners)

    def star(grown: float) -> Polygon:
        at = np.full(corners, centre_lon), np.full(corners, centre_lat)
        ring_lon, ring_lat, _ = GEOD.fwd(*at, azimuth, reach * grown)
        return Polygon(tuple(np.round(np.stack([ring_lat, ring_lon], -1) * 1e9).astype(np.int64).ravel().tolist()))

    assert separation_m(star(factor), other) <= separation_m(star(1.0), other) + 0.001
