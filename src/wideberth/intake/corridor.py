"""Corridors: a line and how far to each side it reaches, made into polygons.

In:  the places of a line (lat_nd, lon_nd) on WGS 84, joined by shortest paths, and the reach to each side in metres.
Out: one ring a segment, flat latitude, longitude, ... in nanodegrees, edges shortest paths. Each ring holds every place
     within the reach of its segment, and none farther than 1.02 times the reach and a few millimetres.
Refuses nothing here; the caller has checked that there are two distinct places.

Each end is a half circle drawn around by eight tangents (vertices at reach / cos(11.25 degrees)), and the two sides are
tangents of both ends. A shortest path between points that lie off a geodesic by the same distance bends away from it
(positive curvature), so the sides never cut into the corridor. Segments past 200 km are divided.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from pyproj import Geod

from wideberth.intake.bounds import ND
from wideberth.intake.gridrefs import EARTH_M

PIECE_M_MAX: Final = 200_000.0
"""Longest piece of one ring, so that its bounding circle stays within the limits of an outline."""
_CORNERS: Final = 8
_HALF_STEP_DEG: Final = 90.0 / _CORNERS
_SAFETY_M: Final = 0.005
_WGS84: Final = Geod(ellps="WGS84")


def corridor(places: Sequence[tuple[int, int]], reach_m: float) -> list[tuple[int, ...]]:
    """The rings around every segment of a line; equal neighbours are passed over."""
    rings = []
    for (lat_a, lon_a), (lat_b, lon_b) in pairwise(places):
        if (lat_a, lon_a) != (lat_b, lon_b):
            ends = _divided((lat_a / ND, lon_a / ND), (lat_b / ND, lon_b / ND))
            rings += [_ring(a, b, reach_m) for a, b in pairwise(ends)]
    return rings


def _divided(a: tuple[float, float], b: tuple[float, float]) -> list[tuple[float, float]]:
    """The ends of equal pieces of a segment, none longer than `PIECE_M_MAX`; (lat, lon) in degrees."""
    azimuth, _, length = _WGS84.inv(a[1], a[0], b[1], b[0])
    pieces = math.ceil(length / PIECE_M_MAX)
    between = []
    for i in range(1, pieces):
        lon, lat, _ = _WGS84.fwd(a[1], a[0], azimuth, length * i / pieces)
        between.append((lat, lon))
    return [a, *between, b]


def _ring(a: tuple[float, float], b: tuple[float, float], reach_m: float) -> tuple[int, ...]:
    """The tangents around one piece."""
    away, back, _ = _WGS84.inv(a[1], a[0], b[1], b[0])
    # on a sphere the tangent's corner stands at atan(tan(reach) / cos(half step)), a little past the plane's
    corner_m = EARTH_M * math.atan(math.tan(reach_m / EARTH_M) / math.cos(math.radians(_HALF_STEP_DEG)))
    corner_m = corner_m * (1 + 1e-6) + _SAFETY_M
    ring: list[int] = []
    for (lat, lon), first in ((b, back + 90.0), (a, away + 90.0)):
        for i in range(_CORNERS):
            azimuth = first + _HALF_STEP_DEG * (2 * i + 1)
            corner_lon, corner_lat, _ = _WGS84.fwd(lon, lat, azimuth, corner_m)
            ring += (round(corner_lat * ND), round(corner_lon * ND))
    return tuple(ring)
