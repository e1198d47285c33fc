"""Where and when: the Volume4D as it is kept and committed.

In:  integers only. Latitude and longitude on WGS 84 in nanodegrees (1e-9 degree), heights in millimetres above the
     WGS 84 ellipsoid, times in microseconds since 1970-01-01T00:00:00Z.
Out: frozen values whose msgspec encoding is canonical, and `check_volume`, which refuses what the rules forbid.
A time window is half open [start, end), an altitude band closed [lower, upper], an outline closed.
Source of the shape: ASTM F3548-21, Annex A4, Volume4D; edges are the shortest paths between vertices.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from wideberth.space.ring import Int64s, fill_boxes


class Circle(msgspec.Struct, frozen=True, array_like=True, tag="c"):
    """All points within `radius_mm`, along the geodesic, of a centre."""

    lat_nd: int
    lon_nd: int
    radius_mm: int


class Polygon(msgspec.Struct, frozen=True, array_like=True, tag="p"):
    """The inside of a ring of geodesic edges, the smaller of the two sides, vertices not repeated at the end.

    `ring` is flat: latitude, longitude, latitude, longitude, ... in nanodegrees.
    """

    ring: tuple[int, ...]


class Volume4D(msgspec.Struct, frozen=True, array_like=True):
    """An outline, an altitude band and a time window."""

    outline: Circle | Polygon
    lower_mm: int
    upper_mm: int
    start_us: int
    end_us: int


class Flat(NamedTuple):
    """Volumes as arrays: outline i is `coordinates[starts[i]:starts[i + 1]]`; radius -1 marks a ring."""

    starts: Int64s
    coordinates: Int64s
    radii_mm: Int64s
    extents: Int64s
    """(n, 4): lower_mm, upper_mm, start_us, end_us."""


def flatten(volumes: Sequence[Volume4D]) -> Flat:
    """Struct of arrays for the compiled code; the values are taken as they are."""
    starts, coordinates, radii, extents = [0], list[int](), list[int](), list[int]()
    for volume in volumes:
        outline = volume.outline
        if isinstance(outline, Polygon):
            coordinates += outline.ring
            radii.append(-1)
        else:
            coordinates += (outline.lat_nd, outline.lon_nd)
            radii.append(outline.radius_mm)
        starts.append(len(coordinates))
        extents += (volume.lower_mm, volume.upper_mm, volume.start_us, volume.end_us)
    return Flat(
        np.array(starts, np.int64),
        np.array(coordinates, np.int64),
        np.array(radii, np.int64),
        np.array(extents, np.int64).reshape(-1, 4),
    )


def boxes(volumes: Sequence[Volume4D]) -> Int64s:
    """Boxes of checked volumes, int64 (n, 8): lat_min_nd, lat_max_nd, lon_min_nd, lon_max_nd, lower_mm, upper_mm,
    start_us, end_us.

    Rounded outward and around the bulge of geodesic edges. lon_min_nd lies in [-180e9, 180e9); lon_max_nd exceeds
    180e9 where the box crosses the antimeridian. Over a pole, and with a pole on its edge, a box takes every longitude.
    """
    flat = flatten(volumes)
    out = np.empty((len(volumes), 8), np.int64)
    fill_boxes(flat.starts, flat.coordinates, flat.radii_mm, out)
    out[:, 4:] = flat.extents
    return out


def box_nd(volume: Volume4D) -> tuple[int, int, int, int]:
    """lat_min, lat_max, lon_min, lon_max of one volume's outline; see `boxes`."""
    south, north, west, east = boxes((volume,))[0, :4].tolist()
    return south, north, west, east
