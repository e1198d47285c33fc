"""Pairs of outlines whose separation is known because one was placed at that distance from the other.

The oracle is GeographicLib (C. F. F. Karney 2013), in C as PROJ carries it, called through pyproj for whole arrays.
Outline A is a ring of vertices on a geodesic circle. A point F of one of its edges is chosen; B gets a corner V at a
given distance from F, square to the edge and outward (below 0: inward), and lies beyond V within a wedge, so that
nothing of B is nearer to A than V is.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from pyproj import Geod

from wideberth.space.volume import Circle, Polygon

GEOD = Geod(ellps="WGS84")
Floats = npt.NDArray[np.float64]


class Pair(NamedTuple):
    """Two outlines and their signed separation in metres."""

    a: Circle | Polygon
    b: Circle | Polygon
    truth_m: float
    kind: str


def nd(deg: Floats) -> Floats:
    """Degrees rounded to whole nanodegrees."""
    return np.round(deg * 1e9) / 1e9


def go(lat: Floats, lon: Floats, azimuth: Floats, metres: Floats) -> tuple[Floats, Floats, Floats]:
    """Latitude, longitude and azimuth (degrees) at the end of geodesics."""
    lat, lon, azimuth, metres = np.broadcast_arrays(lat, lon, azimuth, metres)
    lon2, lat2, back = GEOD.fwd(lon, lat, azimuth, metres)
    return np.asarray(lat2), np.asarray(lon2), np.asarray(back) + 180.0


def between(lat: Floats, lon: Floats, lat2: Floats, lon2: Floats) -> tuple[Floats, Floats]:
    """Azimuth at the first point (degrees) and metres."""
    lat, lon, lat2, lon2 = (np.array(x) for x in np.broadcast_arrays(lat, lon, lat2, lon2))
    azimuth, _, metres = GEOD.inv(lon, lat, lon2, lat2)
    return np.asarray(azimuth), np.asarray(metres)


def places(rng: np.random.Generator, n: int) -> tuple[Floats, Floats]:
    """Centres anywhere: a third uniform, a third within 1 degree of a pole, a third about the antimeridian."""
    lat = np.degrees(np.arcsin(rng.uniform(-1, 1, n)))
    lon = rng.uniform(-180, 180, n)
    kind = rng.integers(0, 3, n)
    polar = rng.choice([-1.0, 1.0], n) * (90 - 10 ** rng.uniform(-7, 0, n))
    meridian = rng.choice([-180.0, 180.0], n) + rng.normal(0, 10 ** rng.uniform(-7, 0, n))
    lat = np.where(kind == 1, polar, lat)
    lon = np.where(kind == 2, (meridian + 180) % 360 - 180, lon)
    return nd(lat), nd(lon)


def distances(rng: np.random.Generator, n: int) -> Floats:
    """A third within 1 m of touching, a third within 1 m of 3 NM, a third from 1 km deep to 1,000 km."""
    kind = rng.integers(0, 3, n)
    touching = rng.choice([-1.0, 1.0], n) * 10 ** rng.uniform(-4, 0, n)
    minimum = 5556.0 + rng.choice([-1.0, 1.0], n) * 10 ** rng.uniform(-4, 0, n)
    far = 10 ** rng.uniform(-3, 6, n)
    deep = -(10 ** rng.uniform(-3, 3.1, n))
    return np.select([kind == 0, kind == 1, rng.random(n) < 0.3], [touching, minimum, deep], far)


def sizes(rng: np.random.Generator, n: int, metres: Floats) -> Floats:
    """Radii from 20 m to 300 km; where B reaches into A, at least 200 times as deep, so that the depth is known."""
    return np.maximum(10 ** rng.uniform(1.3, 5.47, n), -200.0 * metres)


def rings_on_circles(
    rng: np.random.Generator, n: int, corners: int, radius: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """Centres and (n, corners) vertices, clockwise, no two closer than a tenth of their even spacing."""
    lat, lon = places(rng, n)
    even = np.arange(corners) * 360.0 / corners
    azimuth = even + rng.uniform(-0.45, 0.45, (n, corners)) * 360.0 / corners + rng.uniform(0, 360, (n, 1))
    ring_lat, ring_lon, _ = go(lat[:, None], lon[:, None], azimuth, radius[:, None])
    return lat, lon, nd(ring_lat), nd(ring_lon)


def polygon(lat: Floats, lon: Floats) -> Polygon:
    """A ring from degrees."""
    pairs = np.round(np.stack([lat, (lon + 180.0) % 360.0 - 180.0], -1) * 1e9).astype(np.int64)
    return Polygon(tuple(pairs.ravel().tolist()))


def circle(lat: float, lon: float, radius_m: float) -> Circle:
    """A circle from degrees and metres."""
    return Circle(round(lat * 1e9), round(lon * 1e9), round(radius_m * 1e3))


def _wedge(rng: np.random.Generator, lat: Floats, lon: Floats, azimuth: Floats, size: Floats) -> tuple[Floats, Floats]:
    """(n, 4) vertices: V, left, tip, right; a dart, which is not convex, where the tip lies near."""
    n = len(lat)
    spread = np.stack([np.zeros(n), -rng.uniform(20, 75, n), np.zeros(n), rng.uniform(20, 75, n)], -1)
    tip = np.where(rng.random(n) < 0.3, rng.uniform(0.05, 0.2, n), rng.uniform(1.1, 1.5, n))
    reach = np.stack([np.zeros(n), rng.uniform(0.5, 1, n), tip, rng.uniform(0.5, 1, n)], -1) * size[:, None]
    ring_lat, ring_lon, _ = go(lat[:, None], lon[:, None], azimuth[:, None] + spread, reach)
    return nd(ring_lat), nd(ring_lon)


def pairs_at_an_edge(rng: np.random.Generator, n: int, corners: int) -> list[Pair]:
    """Ring A with an edge nearest; B a wedge, or a circle whose rim is nearest; some A with a notch elsewhere."""
    metres = distances(rng, n)
    radius, other = sizes(rng, n, metres), sizes(rng, n, metres)
    lat, lon, ring_lat, ring_lon = rings_on_circles(rng, n, corners, radius)
    azimuth, length = between(ring_lat[:, 0], ring_lon[:, 0], ring_lat[:, 1], ring_lon[:, 1])
    f_lat, f_lon, f_azimuth = go(ring_lat[:, 0], ring_lon[:, 0], azimuth, length * rng.uniform(0.1, 0.9, n))
    out = f_azimuth - 90.0
    v_lat, v_lon, v_azimuth = go(f_lat, f_lon, out, metres)
    v_lat, v_lon = nd(v_lat), nd(v_lon)
    b_lat, b_lon = _wedge(rng, v_lat, v_lon, v_azimuth, other)
    c_radius = np.round(other, 3)
    c_lat, c_lon, _ = go(f_lat, f_lon, out, metres + c_radius)
    notch_lat, notch_lon, _ = go(lat, lon, np.zeros(n), radius * 0.05)
    found = []
    for i in range(n):
        a_lat, a_lon = ring_lat[i], ring_lon[i]
        notched = corners > 3 and rng.random() < 0.3
        if notched:
            a_lat, a_lon = np.insert(a_lat, 3, nd(notch_lat[i])), np.insert(a_lon, 3, nd(notch_lon[i]))
        turn = rng.integers(len(a_lat))
        a = polygon(np.roll(a_lat, turn), np.roll(a_lon, turn))
        if rng.random() < 0.3:
            found.append(Pair(a, circle(c_lat[i], c_lon[i], c_radius[i]), metres[i], "ring and circle"))
        else:
            found.append(Pair(a, polygon(b_lat[i], b_lon[i]), metres[i], "notched and ring" if notched else "rings"))
    return found


def pairs_at_a_corner(rng: np.random.Generator, n: int) -> list[Pair]:
    """Two wedges that point at one another, tip to tip."""
    lat, lon = places(rng, n)
    azimuth = rng.uniform(0, 360, n)
    # nearer than 1 cm the rounding to nanodegrees turns the line from tip to tip out of both wedges
    far_lat, far_lon, far_azimuth = go(lat, lon, azimuth, np.maximum(0.01, np.abs(distances(rng, n))))
    far_lat, far_lon = nd(far_lat), nd(far_lon)
    metres = between(lat, lon, far_lat, far_lon)[1]
    a_lat, a_lon = _wedge(rng, lat, lon, azimuth + 180.0, 10 ** rng.uniform(1.3, 5.47, n))
    b_lat, b_lon = _wedge(rng, far_lat, far_lon, far_azimuth, 10 ** rng.uniform(1.3, 5.47, n))
    return [Pair(polygon(a_lat[i], a_lon[i]), polygon(b_lat[i], b_lon[i]), metres[i], "corners") for i in range(n)]


def pairs_of_circles(rng: np.random.Generator, n: int) -> list[Pair]:
    """Circles by the distance of their centres; below 0 down to one within the other."""
    lat, lon = places(rng, n)
    r1, r2 = np.round(10 ** rng.uniform(0, 5.6, (2, n)), 3)
    metres = distances(rng, n)
    metres = np.where(rng.random(n) < 0.2, -rng.uniform(0, 1, n) * (r1 + r2), np.maximum(metres, -(r1 + r2)))
    lat2, lon2, _ = go(lat, lon, rng.uniform(0, 360, n), metres + r1 + r2)
    return [
        Pair(circle(lat[i], lon[i], r1[i]), circle(lat2[i], lon2[i], r2[i]), metres[i], "circles") for i in range(n)
    ]


def all_pairs(seed: int, n: int) -> list[Pair]:
    """About n pairs of every kind."""
    rng = np.random.default_rng(seed)
    found = pairs_of_circles(rng, n // 10) + pairs_at_a_corner(rng, n // 5)
    for corners in range(3, 10):
        found += pairs_at_an_edge(rng, n // 10, corners)
    return found
