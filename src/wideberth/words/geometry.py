"""What volumes say, seen from a place: how far they lie from it and in which directions.

In:  checked volumes; places in nanodegrees.
Out: `Seen`, one row a volume. Exact to 1 % of the distance within 1,000 km, which is finer than people speak.
Refuses nothing. Work grows with the number of vertices, and is done once for each place asked about.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from wideberth.space.geodesy import RADIAN_PER_ND
from wideberth.space.ring import Float64s, Int64s
from wideberth.space.volume import Volume4D, flatten

_EARTH_M: Final = 6_371_008.8
"""Mean radius of WGS 84: places are laid on a sphere, 0.6 % off at most."""


class Corners(NamedTuple):
    """All corners as unit vectors, where each volume's begin, the corner after each, and radii (0 for rings)."""

    xyz: Float64s
    starts: Int64s
    following: Int64s
    radii_m: Float64s


class Seen(NamedTuple):
    """Of each volume: least and greatest distance in metres, the middle direction and how far it spreads, degrees."""

    near_m: Float64s
    far_m: Float64s
    bearing_deg: Float64s
    spread_deg: Float64s


def corners_of(volumes: Sequence[Volume4D]) -> Corners:
    """The outlines as arrays."""
    flat = flatten(volumes)
    lat, lon = flat.coordinates[0::2] * RADIAN_PER_ND, flat.coordinates[1::2] * RADIAN_PER_ND
    xyz = np.stack((np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)), axis=1)
    starts = flat.starts // 2
    following = np.arange(1, len(xyz) + 1)
    following[starts[1:] - 1] = starts[:-1]
    return Corners(xyz, starts[:-1], following, np.maximum(flat.radii_mm, 0) / 1000.0)


def seen_from(lat_nd: int, lon_nd: int, corners: Corners) -> Seen:
    """The volumes from a place, in the plane that keeps distances and directions from it."""
    lat, lon = lat_nd * RADIAN_PER_ND, lon_nd * RADIAN_PER_ND
    sin_lat, cos_lat, sin_lon, cos_lon = np.sin(lat), np.cos(lat), np.sin(lon), np.cos(lon)
    axes = np.array(
        [
            [-sin_lon, -sin_lat * cos_lon, cos_lat * cos_lon],
            [cos_lon, -sin_lat * sin_lon, cos_lat * sin_lon],
            [0.0, cos_lat, sin_lat],
        ]
    )
    east, north, up = (corners.xyz @ axes).T
    across = np.hypot(east, north)
    far = np.arctan2(across, up) * _EARTH_M
    with np.errstate(invalid="ignore", divide="ignore"):
        stretch = np.where(across > 0, far / across, 0.0)
    x, y = east * stretch, north * stretch
    return _summed(x, y, far, corners)


def _summed(x: Float64s, y: Float64s, far: Float64s, corners: Corners) -> Seen:
    """Distances and directions from the origin, volume by volume."""
    starts, radii = corners.starts, corners.radii_m
    x2, y2 = x[corners.following], y[corners.following]
    dx, dy = x2 - x, y2 - y
    length2 = dx * dx + dy * dy
    along = np.clip(-(x * dx + y * dy) / np.where(length2 > 0, length2, 1.0), 0.0, 1.0)
    edges = np.hypot(x + along * dx, y + along * dy)
    crosses = ((y > 0) != (y2 > 0)) & ((x * dy - y * dx > 0) == (dy > 0))
    inside = np.add.reduceat(crosses.astype(np.int64), starts) % 2 == 1
    near = np.where(inside, 0.0, np.maximum(np.minimum.reduceat(edges, starts) - radii, 0.0))
    farthest = np.maximum.reduceat(far, starts) + radii
    counts = np.diff(np.append(starts, len(x)))
    bearing = np.arctan2(np.add.reduceat(x, starts), np.add.reduceat(y, starts))
    turned = np.arctan2(x, y) - np.repeat(bearing, counts)
    turned = np.abs((turned + np.pi) % (2 * np.pi) - np.pi)
    spread = np.degrees(np.maximum.reduceat(turned, starts))
    round_one = np.degrees(np.arcsin(np.clip(radii / np.maximum(farthest - radii, 1e-9), 0.0, 1.0)))
    spread = np.where(near <= 0, 180.0, np.maximum(spread, round_one))
    return Seen(near, farthest, np.degrees(bearing) % 360.0, spread)
