"""Signed separations by brute force: GeographicLib for every vertex against every edge, shapely for what lies where.

Shares nothing with the code under test but the definitions that its docstrings state.
"""

import math

import numpy as np
import numpy.typing as npt
import shapely
from constructed import GEOD, between, go
from pyproj import Proj

from wideberth.space.volume import Circle, Polygon

Floats = npt.NDArray[np.float64]
RADIUS_M = 6_371_000.0


def degrees(ring: Polygon) -> tuple[Floats, Floats]:
    """Latitudes and longitudes of a ring."""
    return np.array(ring.ring[0::2]) / 1e9, np.array(ring.ring[1::2]) / 1e9


def signed_to_edges(
    v: tuple[Floats, Floats], p: tuple[Floats, Floats], q: tuple[Floats, Floats], bounded: bool
) -> Floats:
    """Metres from points to geodesic edges (or whole lines), above 0 to the right; walks to the foot of each."""
    v, p, q = (tuple(np.broadcast_arrays(*x)) for x in (v, p, q))
    shape = np.broadcast_shapes(v[0].shape, p[0].shape)
    v, p, q = (tuple(np.broadcast_to(y, shape).ravel() for y in x) for x in (v, p, q))
    azimuth, length = between(*p, *q)
    s = 0.5 * length
    for _ in range(12):
        lat, lon, ahead = go(*p, azimuth, s)
        to, metres = between(lat, lon, *v)
        angle = np.radians(to - ahead)
        s = s + RADIUS_M * np.arctan(np.tan(metres / RADIUS_M) * np.cos(angle))
        if bounded:
            s = np.clip(s, 0.0, length)
    lat, lon, ahead = go(*p, azimuth, s)
    to, metres = between(lat, lon, *v)
    return (np.sign(np.sin(np.radians(to - ahead))) * metres).reshape(shape)


def matrix(vertices: tuple[Floats, Floats], ring: tuple[Floats, Floats], bounded: bool) -> Floats:
    """(edges, vertices) signed metres."""
    p = (ring[0][:, None], ring[1][:, None])
    q = (np.roll(ring[0], -1)[:, None], np.roll(ring[1], -1)[:, None])
    return signed_to_edges((vertices[0][None], vertices[1][None]), p, q, bounded)


def flat(ring: tuple[Floats, Floats], plane: Proj, pieces: int = 64) -> shapely.Polygon:
    """The ring in a local plane, each edge as many chords of its geodesic."""
    points = []
    for i in range(len(ring[0])):
        j = (i + 1) % len(ring[0])
        azimuth, length = between(ring[0][i], ring[1][i], ring[0][j], ring[1][j])
        lat, lon, _ = go(ring[0][i], ring[1][i], azimuth, length * np.arange(pieces) / pieces)
        points += list(zip(*plane(lon, lat), strict=True))
    return shapely.Polygon(points)


def local(lat: float, lon: float) -> Proj:
    """The azimuthal equidistant plane around a place."""
    return Proj(proj="aeqd", lat_0=lat, lon_0=lon, ellps="WGS84")


def hull(ring: tuple[Floats, Floats], plane: Proj) -> tuple[Floats, Floats]:
    """The corners of the convex hull, counter-clockwise."""
    corners = shapely.convex_hull(shapely.MultiPoint(list(zip(*plane(ring[1], ring[0]), strict=True))))
    x, y = np.array(shapely.orient_polygons(corners).exterior.coords[:-1]).T
    lon, lat = plane(x, y, inverse=True)
    return lat, lon


def separation(a: Circle | Polygon, b: Circle | Polygon) -> float:
    """The definition of `wideberth.space.separation`, computed another way."""
    if isinstance(a, Polygon) and isinstance(b, Polygon):
        return _rings(degrees(a), degrees(b))
    if isinstance(a, Polygon):
        a, b = b, a
    assert isinstance(a, Circle)
    lat, lon, r = a.lat_nd / 1e9, a.lon_nd / 1e9, a.radius_mm / 1e3
    if isinstance(b, Circle):
        return float(GEOD.inv(lon, lat, b.lon_nd / 1e9, b.lat_nd / 1e9)[2]) - r - b.radius_mm / 1e3
    ring = degrees(b)
    metres = float(np.abs(matrix((np.array([lat]), np.array([lon])), ring, True)).min())
    inside = flat(ring, local(lat, lon)).contains(shapely.Point(0, 0))
    return (-metres if inside else metres) - r


def _rings(a: tuple[Floats, Floats], b: tuple[Floats, Floats]) -> float:
    plane = local(float(a[0][0]), float(a[1][0]))
    if flat(a, plane).intersects(flat(b, plane)):
        a, b = hull(a, plane), hull(b, plane)
        return float(max(matrix(b, a, False).min(axis=1).max(), matrix(a, b, False).min(axis=1).max()))
    return float(min(np.abs(matrix(b, a, True)).min(), np.abs(matrix(a, b, True)).min()))


def random_outlines(rng: np.random.Generator, n: int) -> list[tuple[Circle | Polygon, Circle | Polygon]]:
    """Pairs that overlap, nest, interlock or keep apart, of any size and at all latitudes; half of them not convex."""
    found = []
    for _ in range(n):
        lat = (
            math.degrees(math.asin(rng.uniform(-1, 1)))
            if rng.random() < 0.6
            else rng.choice([-1, 1]) * rng.uniform(89, 90)
        )
        lon = rng.uniform(-180, 180) if rng.random() < 0.6 else rng.uniform(179, 181)
        size = 10 ** rng.uniform(1.5, 5.3)
        first = random_outline(rng, lat, lon, size)
        lon2, lat2, _ = GEOD.fwd(lon, lat, rng.uniform(0, 360), size * rng.uniform(0, 3))
        found.append((first, random_outline(rng, lat2, lon2, size * 10 ** rng.uniform(-1, 0.3))))
    return found


def random_outline(rng: np.random.Generator, lat: float, lon: float, size: float) -> Circle | Polygon:
    """A circle, a convex ring, or a star of deep notches."""
    lon = (lon + 180) % 360 - 180
    if rng.random() < 0.25:
        return Circle(round(lat * 1e9), round(lon * 1e9), round(size * 1e3))
    corners = int(rng.integers(3, 9))
    azimuth = (np.arange(corners) + rng.uniform(-0.35, 0.35, corners) + rng.uniform(0, corners)) * -360.0 / corners
    reach = np.full(corners, size) if rng.random() < 0.5 else size * rng.uniform(0.2, 1, corners)
    ring_lat, ring_lon, _ = go(lat, lon, azimuth, reach)
    ring_lon = (ring_lon + 180) % 360 - 180
    return Polygon(tuple(np.round(np.stack([ring_lat, ring_lon], -1) * 1e9).astype(np.int64).ravel().tolist()))
