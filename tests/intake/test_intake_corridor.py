"""Corridors hold everything within their reach and little more."""

import math

from hypothesis import assume, given
from hypothesis import strategies as st
from pyproj import Geod, Proj
from shapely import Point
from shapely import Polygon as Plane

from wideberth.intake.bounds import ND
from wideberth.intake.corridor import PIECE_M_MAX, corridor

GEOD = Geod(ellps="WGS84")


def _in_plane(ring: tuple[int, ...], lat: float, lon: float) -> Plane:
    """The ring in an azimuthal equidistant plane about a place, its geodesic edges cut into 64 pieces (by PROJ)."""
    plane = Proj(proj="aeqd", lat_0=lat, lon_0=lon, ellps="WGS84")
    corners = [(ring[i + 1] / ND, ring[i] / ND) for i in range(0, len(ring), 2)]
    dense: list[tuple[float, float]] = []
    for (lon_a, lat_a), (lon_b, lat_b) in zip(corners, corners[1:] + corners[:1], strict=True):
        dense += [(lon_a, lat_a), *GEOD.npts(lon_a, lat_a, lon_b, lat_b, 63)]
    return Plane([plane(*corner) for corner in dense])


@given(
    st.floats(-85, 85),
    st.floats(-180, 180),
    st.floats(0, 360),
    st.floats(100, 190_000),
    st.floats(1, 20_000),
    st.floats(0, 1),
)
def test_a_corridor_holds_all_within_its_reach(
    lat: float, lon: float, azimuth: float, length: float, reach: float, part: float
) -> None:
    """A circle of the reach around any point of the line lies inside; no corner is farther out than 1.02 times that."""
    lon_b, lat_b, _ = GEOD.fwd(lon, lat, azimuth, length)
    ends = [(round(lat * ND), round(lon * ND)), (round(lat_b * ND), round(lon_b * ND))]
    (ring,) = corridor(ends, reach)
    onward, _, apart = GEOD.inv(lon, lat, lon_b, lat_b)
    lon_p, lat_p, _ = GEOD.fwd(lon, lat, onward, apart * part)
    # in this plane distances from the point are true, so the circle is a circle
    outline = _in_plane(ring, lat_p, lon_p)
    assert outline.contains(Point(0, 0))
    assert outline.exterior.distance(Point(0, 0)) >= reach - 0.001
    for i in range(0, len(ring), 2):
        to_a = GEOD.inv(lon, lat, ring[i + 1] / ND, ring[i] / ND)[2]
        to_b = GEOD.inv(lon_b, lat_b, ring[i + 1] / ND, ring[i] / ND)[2]
        assert min(to_a, to_b) <= reach * 1.0197 + 0.01


@given(st.floats(-60, 60), st.floats(-180, 180), st.floats(0, 360), st.floats(200_001, 3_000_000))
def test_long_segments_are_divided(lat: float, lon: float, azimuth: float, length: float) -> None:
    """No ring is longer than a piece, the pieces follow the one shortest path, and each begins where the last ended."""
    lon_b, lat_b, _ = GEOD.fwd(lon, lat, azimuth, length)
    assume(abs(lat_b) < 85)
    rings = corridor([(round(lat * ND), round(lon * ND)), (round(lat_b * ND), round(lon_b * ND))], 1000.0)
    # the ends are rounded to a nanodegree, a tenth of a millimetre
    assert len(rings) in {math.ceil((length + slack) / PIECE_M_MAX) for slack in (-0.001, 0.001)}
    onward, _, apart = GEOD.inv(lon, lat, lon_b, lat_b)
    for i, ring in enumerate(rings):
        lon_m, lat_m, _ = GEOD.fwd(lon, lat, onward, apart * (i + 0.5) / len(rings))
        outline = _in_plane(ring, lat_m, lon_m)
        assert outline.exterior.distance(Point(0, 0)) >= 999.9
        assert outline.contains(Point(0, 0))


def test_equal_neighbours_make_no_ring() -> None:
    """A line that stands still for a while has no ring there, and none at all where it never moves."""
    a, b = (35 * ND, 40 * ND), (36 * ND, 40 * ND)
    assert len(corridor([a, a, b, b], 100.0)) == 1
    assert corridor([a, a], 100.0) == []
