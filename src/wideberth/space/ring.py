"""Rings and circles as the compiled code sees them: vertices in ECEF, the middle, boxes, area. All compiled.

In:  a ring as int64 nanodegrees, flat (lat, lon, lat, lon, ...), or a circle's centre and radius.
Out: float64 ECEF vertices, counter-clockwise; boxes in nanodegrees, rounded outward; square metres.
Refuses nothing: `volume.check_volume` does, with what `fault` finds here.
"""

import math
from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

from wideberth.space.geodesy import (
    A_M,
    B_M,
    E2,
    RADIAN_PER_ND,
    F,
    Vector,
    arc,
    ecef,
    frame_at,
    inverse,
    project,
    surface,
)

Int64s = npt.NDArray[np.int64]
Float64s = npt.NDArray[np.float64]

SAME_M: Final = 0.001
"""Consecutive vertices nearer than this are one: a millimetre is the unit of every distance here."""
POLE_ND: Final = 90_000_000_000
HALF_ND: Final = 180_000_000_000
TURN_ND: Final = 360_000_000_000
_M_MIN: Final = A_M * (1.0 - E2)
"""Least meridional radius of curvature, at the equator."""


@njit(cache=True, nogil=True, error_model="numpy")
def point(rows: Float64s, i: int) -> Vector:
    """Row i of an (n, 3) array."""
    return rows[i, 0], rows[i, 1], rows[i, 2]


@njit(cache=True, nogil=True, error_model="numpy")
def vertices(ring: Int64s, out: Float64s, kept: Int64s) -> int:
    """Write the distinct vertices to out (n, 3) and their places in the ring to kept; returns how many.

    A vertex within 1 mm of the one kept before it is dropped, and so is a last one that repeats the first.
    """
    n = 0
    for i in range(len(ring) // 2):
        x, y, z = ecef(ring[2 * i], ring[2 * i + 1])
        if n > 0 and _same(out, n - 1, x, y, z):
            continue
        out[n, 0], out[n, 1], out[n, 2] = x, y, z
        kept[n] = i
        n += 1
    while n > 1 and _same(out, 0, out[n - 1, 0], out[n - 1, 1], out[n - 1, 2]):
        n -= 1
    return n


@njit(cache=True, nogil=True, error_model="numpy")
def _same(points: Float64s, i: int, x: float, y: float, z: float) -> bool:
    dx, dy, dz = points[i, 0] - x, points[i, 1] - y, points[i, 2] - z
    return bool(dx * dx + dy * dy + dz * dz < SAME_M * SAME_M)


@njit(cache=True, nogil=True, error_model="numpy")
def middle(points: Float64s, n: int) -> tuple[float, float, float, float]:
    """The middle of n vertices, on the surface, and the metres from it to the farthest.

    The radius is infinite where the vertices are spread over more than a third of the globe.
    """
    x, y, z = points[0, 0], points[0, 1], points[0, 2]
    first = _farthest(points, n, x, y, z)
    second = _farthest(points, n, points[first, 0], points[first, 1], points[first, 2])
    x = 0.5 * (points[first, 0] + points[second, 0])
    y = 0.5 * (points[first, 1] + points[second, 1])
    z = 0.5 * (points[first, 2] + points[second, 2])
    if x * x + y * y + z * z < 0.25 * A_M * A_M:
        return points[0, 0], points[0, 1], points[0, 2], math.inf
    x, y, z = surface(x, y, z)
    # after Badoiu and Clarkson, toward the farthest, ever less: within 1 % of the least radius
    k = 0.25
    for _ in range(16):
        i = _farthest(points, n, x, y, z)
        k *= 0.8
        x, y, z = surface(x + k * (points[i, 0] - x), y + k * (points[i, 1] - y), z + k * (points[i, 2] - z))
    i = _farthest(points, n, x, y, z)
    return x, y, z, arc(x, y, z, points[i, 0], points[i, 1], points[i, 2])


@njit(cache=True, nogil=True, error_model="numpy")
def _farthest(points: Float64s, n: int, x: float, y: float, z: float) -> int:
    best, at = -1.0, 0
    for i in range(n):
        dx, dy, dz = points[i, 0] - x, points[i, 1] - y, points[i, 2] - z
        d = dx * dx + dy * dy + dz * dz
        if d > best:
            best, at = d, i
    return at


@njit(cache=True, nogil=True, error_model="numpy")
def plane(points: Float64s, n: int, x: float, y: float, z: float, out: Float64s) -> None:
    """Gnomonic coordinates (n, 2) of vertices around a surface point: east and north, metres."""
    f = frame_at(x, y, z)
    for i in range(n):
        out[i, 0], out[i, 1] = project(f, points[i, 0], points[i, 1], points[i, 2])


@njit(cache=True, nogil=True, error_model="numpy")
def doubled(flat: Float64s) -> float:
    """Twice the signed area of a plane ring; above 0 counter-clockwise."""
    total = 0.0
    for i in range(1, len(flat) - 1):
        x1, y1 = flat[i, 0] - flat[0, 0], flat[i, 1] - flat[0, 1]
        x2, y2 = flat[i + 1, 0] - flat[0, 0], flat[i + 1, 1] - flat[0, 1]
        total += x1 * y2 - x2 * y1
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def reverse(rows: Float64s, n: int) -> None:
    """Turn the order of the first n rows, in place; the first stays first."""
    for i in range(1, (n + 1) // 2):
        j = n - i
        for k in range(rows.shape[1]):
            rows[i, k], rows[j, k] = rows[j, k], rows[i, k]


@njit(cache=True, nogil=True, error_model="numpy")
def _apex(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """The latitude farthest from the equator on an edge (radians), by Clairaut's relation."""
    _, a1, a2 = inverse(lat1, lon1, lat2, lon2)
    top = lat1 if abs(lat1) > abs(lat2) else lat2
    if math.cos(a1) * math.cos(a2) > 0.0 or (math.cos(a1) > 0.0) != (top > 0.0):
        return top
    tan1 = (1.0 - F) * math.tan(lat1)
    cos_apex = abs(math.sin(a1)) / math.sqrt(1.0 + tan1 * tan1)
    apex = math.atan2(math.sqrt(max(0.0, 1.0 - cos_apex * cos_apex)), (1.0 - F) * cos_apex)
    return math.copysign(max(apex, abs(top)), top)


@njit(cache=True, nogil=True, error_model="numpy")
def _reach(lat1_nd: int, lat2_nd: int, dlon_nd: int) -> float:
    """A latitude (nd) at least as far from the equator as any point of the edge is."""
    lat1, lat2, dlon = lat1_nd * RADIAN_PER_ND, lat2_nd * RADIAN_PER_ND, dlon_nd * RADIAN_PER_ND
    top = lat1 if abs(lat1) > abs(lat2) else lat2
    east = A_M * math.cos(min(abs(lat1), abs(lat2))) * dlon
    north = 1.01 * A_M * (lat2 - lat1)
    length2 = east * east + north * north
    if abs(top) < 1.45 and length2 < 1e9:
        # the sag of the parallel against the geodesic, over-estimated: length**2 tan(lat) / 8 R**2
        return top + math.copysign(1.1 * length2 * math.tan(abs(top)) / (8.0 * _M_MIN * _M_MIN), top)
    return _apex(lat1, 0.0, lat2, dlon)


@njit(cache=True, nogil=True, error_model="numpy")
def ring_box(ring: Int64s, out: Int64s) -> None:
    """lat_min, lat_max, lon_min, lon_max of a ring, covering the bulge of its edges; every longitude at a pole."""
    n = len(ring) // 2
    west = east = lon = ring[1]
    low = high = ring[0]
    polar = False
    for i in range(n):
        j = i + 1 if i + 1 < n else 0
        lat, after = ring[2 * i], ring[2 * j]
        step = (ring[2 * j + 1] - ring[2 * i + 1] + HALF_ND) % TURN_ND - HALF_ND
        polar = polar or abs(lat) == POLE_ND or abs(step) == HALF_ND
        lon += step
        west, east = min(west, lon), max(east, lon)
        low, high = min(low, lat), max(high, lat)
        reach = _reach(lat, after, step) / RADIAN_PER_ND
        low = min(low, math.floor(reach) - 1)
        high = max(high, math.ceil(reach) + 1)
    if lon != ring[1] or polar or east - west >= TURN_ND:
        # the smaller side is meant, so it is the pole of the hemisphere in which the ring lies
        low, high = (low, POLE_ND) if low + high > 0 else (-POLE_ND, high)
        west, east = -HALF_ND, HALF_ND
    else:
        west, east = west - 1, east + 1
    _finish(low, high, west, east, out)


@njit(cache=True, nogil=True, error_model="numpy")
def circle_box(lat_nd: int, lon_nd: int, radius_mm: int, out: Int64s) -> None:
    """The same for a circle: the meridian's least curvature radius on the way, and the auxiliary sphere's longitude."""
    r = radius_mm * 1e-3
    lat = lat_nd * RADIAN_PER_ND
    near = math.sin(max(0.0, abs(lat) - r / _M_MIN))
    reach = r * (1.0 - E2 * near * near) ** 1.5 / _M_MIN / RADIAN_PER_ND
    low = lat_nd - math.ceil(reach) - 1
    high = lat_nd + math.ceil(reach) + 1
    tan_beta = (1.0 - F) * math.tan(lat)
    ratio = math.sin(min(r / B_M, 0.5 * math.pi)) * math.sqrt(1.0 + tan_beta * tan_beta)
    if low <= -POLE_ND or high >= POLE_ND or ratio >= 1.0:
        _finish(low, high, -HALF_ND, HALF_ND, out)
        return
    side = math.ceil(math.asin(ratio) / RADIAN_PER_ND) + 1
    _finish(low, high, lon_nd - side, lon_nd + side, out)


@njit(cache=True, nogil=True, error_model="numpy")
def _finish(low: int, high: int, west: int, east: int, out: Int64s) -> None:
    """Clamp latitudes; west into [-180, 180) and east at most a turn beyond it."""
    width = east - west
    if width >= TURN_ND:
        west, width = -HALF_ND, TURN_ND
    west = (west + HALF_ND) % TURN_ND - HALF_ND
    out[0], out[1], out[2], out[3] = max(low, -POLE_ND), min(high, POLE_ND), west, west + width


@njit(cache=True, nogil=True, error_model="numpy")
def fill_boxes(starts: Int64s, coordinates: Int64s, radii_mm: Int64s, out: Int64s) -> None:
    """The first four columns of `volume.boxes`: radius -1 marks a ring, which runs from its start to the next one's."""
    for i in range(len(radii_mm)):
        part = coordinates[starts[i] : starts[i + 1]]
        if radii_mm[i] < 0:
            ring_box(part, out[i])
        else:
            circle_box(part[0], part[1], radii_mm[i], out[i])


@njit(cache=True, nogil=True, error_model="numpy")
def ring_area(ring: Int64s) -> float:
    """Square metres inside a ring: a fan of triangles on a sphere of the Gaussian radius in the ring's middle."""
    count = len(ring) // 2
    points, flat, kept = np.empty((count, 3)), np.empty((count, 2)), np.empty(count, np.int64)
    n = vertices(ring, points, kept)
    x, y, z, _ = middle(points, n)
    plane(points, n, x, y, z, flat)
    return fan_area(flat[:n], frame_at(x, y, z)[12])


@njit(cache=True, nogil=True, error_model="numpy")
def fan_area(flat: Float64s, r: float) -> float:
    """The same, from the ring as `plane` lays it, and the radius."""
    n, total = len(flat), 0.0
    for i in range(n):
        j = i + 1 if i + 1 < n else 0
        x1, y1, x2, y2 = flat[i, 0], flat[i, 1], flat[j, 0], flat[j, 1]
        d1, d2 = math.sqrt(r * r + x1 * x1 + y1 * y1), math.sqrt(r * r + x2 * x2 + y2 * y2)
        # the solid angle of the centre and two others: van Oosterom and Strackee 1983, equation 8
        total += math.atan2((x1 * y2 - x2 * y1) * r, r * d1 * d2 + (x1 * x2 + y1 * y2 + r * r) * r + r * r * (d1 + d2))
    return abs(2.0 * total * r * r)


@njit(cache=True, nogil=True, error_model="numpy")
def circle_area(lat_nd: int, radius_mm: int) -> float:
    """Square metres inside a circle, on the same sphere."""
    x, y, z = ecef(lat_nd, 0)
    r = frame_at(x, y, z)[12]
    return 4.0 * math.pi * r * r * math.sin(0.5e-3 * radius_mm / r) ** 2


@njit(cache=True, nogil=True, error_model="numpy")
def tidy(ring: Int64s) -> Int64s:
    """The canonical ring (see `volume.normalise`); a single point stays one."""
    count = len(ring) // 2
    points, flat, kept = np.empty((count, 3)), np.empty((count, 2)), np.empty(count, np.int64)
    n = vertices(ring, points, kept)
    x, y, z, _ = middle(points, n)
    plane(points, n, x, y, z, flat)
    backwards = n > 2 and doubled(flat[:n]) < 0.0
    out = np.empty(2 * n, np.int64)
    for i in range(n):
        at = kept[(n - i) % n if backwards else i]
        lat, lon = ring[2 * at], ring[2 * at + 1]
        out[2 * i] = lat
        out[2 * i + 1] = 0 if abs(lat) == POLE_ND else (lon + HALF_ND) % TURN_ND - HALF_ND
    return out
