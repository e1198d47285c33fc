"""The ellipsoid against geographiclib, the reference implementation of C. F. F. Karney's geodesics."""

import math

import numpy as np
import pytest
from geographiclib.geodesic import Geodesic
from geographiclib.geodesicline import GeodesicLine

from wideberth.space import edge, geodesy

WGS84 = Geodesic.WGS84


def places(seed: int, n: int) -> list[tuple[float, float]]:
    """Latitudes and longitudes everywhere, a third of them within 10 degrees of a pole down to 1 m."""
    rng = np.random.default_rng(seed)
    found = []
    for i in range(n):
        lat = math.degrees(math.asin(rng.uniform(-1, 1)))
        if i % 3 == 0:
            lat = rng.choice([-1, 1]) * (90 - 10 ** rng.uniform(-5, 1))
        found.append((lat, rng.uniform(-180, 180)))
    return found


def xyz(lat: float, lon: float) -> tuple[float, float, float]:
    """ECEF of degrees."""
    return geodesy.ecef_rad(math.radians(lat), math.radians(lon))


def test_inverse_and_direct_agree_with_geographiclib() -> None:
    """Distances, azimuths and ends of geodesics are within 0.1 mm of the reference to 1,500 km."""
    rng = np.random.default_rng(1)
    for lat, lon in places(2, 1_500):
        metres, azimuth = 10 ** rng.uniform(-3, 6.17), rng.uniform(-180, 180)
        there = WGS84.Direct(lat, lon, azimuth, metres)
        lat2, lon2 = geodesy.direct(math.radians(lat), math.radians(lon), math.radians(azimuth), metres)
        end = math.degrees(lat2), math.degrees(lon2)
        assert WGS84.Inverse(*end, there["lat2"], there["lon2"])["s12"] < 1e-4
        truth = WGS84.Inverse(lat, lon, *end)
        s, first, second = geodesy.inverse(math.radians(lat), math.radians(lon), lat2, lon2)
        assert abs(s - truth["s12"]) < 1e-4
        for mine, theirs in ((first, truth["azi1"]), (second, truth["azi2"])):
            assert abs(geodesy.wrap(mine - math.radians(theirs))) * s < 1e-4
        assert abs(geodesy.arc(*xyz(lat, lon), *xyz(*end)) - truth["s12"]) < 1e-4


def test_coinciding_points_are_0_apart() -> None:
    """No distance comes out as NaN, at the poles and on the antimeridian either."""
    for lat, lon in ((0.0, 0.0), (90.0, 17.0), (-90.0, -180.0), (12.5, 180.0)):
        assert geodesy.inverse(math.radians(lat), math.radians(lon), math.radians(lat), math.radians(lon))[0] == 0
        assert geodesy.arc(*xyz(lat, lon), *xyz(lat, lon)) == 0


def test_one_place_has_one_ecef_whatever_its_longitude_is_called() -> None:
    """180 east is 180 west, and a pole is one point, to the last bit: shared corners are exactly shared."""
    assert geodesy.ecef(12_000_000_000, 180_000_000_000) == geodesy.ecef(12_000_000_000, -180_000_000_000)
    assert geodesy.ecef(90_000_000_000, 0) == geodesy.ecef(90_000_000_000, 133_000_000_000)


def test_geodetic_comes_back_as_it_was() -> None:
    """Nanodegrees survive the way through ECEF, and longitudes come back in [-180, 180)."""
    rng = np.random.default_rng(3)
    for lat, lon in zip(
        rng.integers(-89_999_999_999, 90_000_000_000, 2_000),
        rng.integers(-180_000_000_000, 180_000_000_000, 2_000),
        strict=True,
    ):
        back = geodesy.geodetic_nd(*geodesy.ecef(int(lat), int(lon)))
        # near a pole a nanodegree of longitude is less than the rounding of ECEF, 1 nm
        room = 1e-9 / (6.4e6 * math.cos(math.radians(lat / 1e9))) / geodesy.RADIAN_PER_ND
        assert back[0] == lat
        assert abs(back[1] - lon) <= room + 0.5
    assert geodesy.geodetic_nd(*geodesy.ecef(0, 180_000_000_000)) == (0, -180_000_000_000)


def test_the_plane_gives_points_back() -> None:
    """Project and unproject undo one another within 1 um, to 1,500 km from the centre."""
    rng = np.random.default_rng(4)
    for lat, lon in places(5, 500):
        frame = geodesy.frame_at(*xyz(lat, lon))
        end = WGS84.Direct(lat, lon, rng.uniform(-180, 180), 10 ** rng.uniform(0, 6.17))
        point = xyz(end["lat2"], end["lon2"])
        assert geodesy.unproject(frame, *geodesy.project(frame, *point)) == pytest.approx(point, abs=1e-6)


def test_geodesics_bend_in_the_plane_by_less_than_the_bound() -> None:
    """`edge.bend` is never less than how far a geodesic leaves the straight line, and the plane is as good as that
    says: 5 mm for an edge of 100 km within 100 km of the centre."""
    rng = np.random.default_rng(6)
    for lat, lon in places(7, 600):
        frame = geodesy.frame_at(*xyz(lat, lon))
        start = WGS84.Direct(lat, lon, rng.uniform(-180, 180), 10 ** rng.uniform(3, 6.1))
        metres = 10 ** rng.uniform(4, 6)
        line: GeodesicLine = WGS84.DirectLine(start["lat2"], start["lon2"], rng.uniform(-180, 180), metres)
        ends = [line.Position(metres * t) for t in np.linspace(0, 1, 9)]
        flat = np.array([geodesy.project(frame, *xyz(p["lat2"], p["lon2"])) for p in ends])
        chord = flat[-1] - flat[0]
        off = np.abs(chord[0] * (flat[:, 1] - flat[0, 1]) - chord[1] * (flat[:, 0] - flat[0, 0])) / np.hypot(*chord)
        assert off.max() <= edge.bend(np.hypot(*chord), np.hypot(*flat.T).max(), frame[12])
    assert edge.bend(100_000.0, 70_000.0, 6_356_752.0) < 0.025
    assert edge.bend(20_000.0, 100_000.0, 6_356_752.0) < 0.001


def foot(line: GeodesicLine, lat: float, lon: float, bounded: bool) -> tuple[float, float]:
    """Metres along a geodesic to the point nearest to a place, and metres from there: by walking until square."""
    s = line.s13 / 2
    for _ in range(40):
        at = line.Position(s)
        to = WGS84.Inverse(at["lat2"], at["lon2"], lat, lon)
        step = 6_371_000 * math.atan(math.tan(to["s12"] / 6_371_000) * math.cos(math.radians(to["azi1"] - at["azi2"])))
        s += step
        if bounded:
            s = min(max(s, 0.0), line.s13)
    at = line.Position(s)
    return s, WGS84.Inverse(at["lat2"], at["lon2"], lat, lon)["s12"]


def test_the_nearest_point_of_an_edge_is_exact() -> None:
    """Distances to edges of 1 m to 1,000 km, and to their lines, are within 0.2 mm of the reference, and their side is
    right; a poor guess does not matter."""
    rng = np.random.default_rng(8)
    for i, (lat, lon) in enumerate(places(9, 500)):
        length, metres, side = 10 ** rng.uniform(0, 6), 10 ** rng.uniform(-2, 6), rng.choice([-1, 1])
        line = WGS84.DirectLine(lat, lon, rng.uniform(-180, 180), length)
        end = line.Position(length)
        beside = line.Position(length * rng.uniform(-0.3, 1.3))
        place = WGS84.Direct(beside["lat2"], beside["lon2"], beside["azi2"] + 90 * side, metres)
        v = place["lat2"], place["lon2"]
        bounded = i % 2 == 0
        at, truth = foot(line, *v, bounded)
        ends = xyz(lat, lon), xyz(end["lat2"], end["lon2"])
        mine, x, y, z, where = edge.nearest(xyz(*v), *ends, rng.uniform(-0.5, 1.5), 0.0 if bounded else math.inf)
        assert abs(abs(mine) - truth) < 2e-4
        if not bounded or 0 < at < length:
            assert (mine > 0) == (side > 0)
        if bounded and metres > 1:
            assert where == (-1 if at == 0 else 1 if at == length else 0)
        found = math.degrees(geodesy.geodetic(x, y, z)[0]), math.degrees(geodesy.geodetic(x, y, z)[1])
        assert abs(WGS84.Inverse(*found, *v)["s12"] - truth) < 2e-4
