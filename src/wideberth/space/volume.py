"""Where and when: the Volume4D as it is kept and committed.

In:  integers only. Latitude and longitude on WGS 84 in nanodegrees (1e-9 degree), heights in millimetres above the
     WGS 84 ellipsoid, times in microseconds since 1970-01-01T00:00:00Z.
Out: frozen values whose msgspec encoding is canonical, and `check_volume`, which refuses what the rules forbid.
A time window is half open [start, end), an altitude band closed [lower, upper], an outline closed.
Source of the shape: ASTM F3548-21, Annex A4, Volume4D; edges are the shortest paths between vertices.
"""

import msgspec


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
