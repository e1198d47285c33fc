"""Whether two rings share area where the plane alone cannot tell: not convex, touching, of long edges. All compiled.

In:  rings as ECEF vertices and as they lie in one plane, and how far edges bend there.
Out: whether the interiors meet; both rings in a plane fine enough to tell what runs along what.
Refuses nothing. Boundaries within a quarter of a millimetre of one another run along one another here.
"""

import math
from typing import Final

import numpy as np
from numba import njit

from wideberth.space.geodesy import Vector, arc, direct, ecef_rad, frame_at, geodetic, inverse
from wideberth.space.plane import ALONG, INSIDE, cross, encloses, foot, fragments, lay
from wideberth.space.ring import Float64s

TOUCH_M: Final = 0.00025
"""Boundaries this near are one: half of half a millimetre, so that what rounds to 0 mm touches."""
MEET_M: Final = 0.0001
"""A vertex this far inside the other ring overlaps it: a nanodegree of latitude."""
_PIECES_MAX: Final = 2_000
"""Pieces into which one ring's long edges are cut where outlines of some 100 km touch."""


@njit(cache=True, nogil=True, error_model="numpy")
def meet(va: Float64s, pa: Float64s, vb: Float64s, pb: Float64s, slack: float, gap: float) -> bool:
    """Whether the interiors of two rings, of which one may not be convex, have a point in common; `gap` is `_gap`'s."""
    doubt = 2.0 * slack + TOUCH_M
    if abs(gap) > 2.0 * doubt:
        # the boundaries cross plainly, or keep apart: then one ring lies within the other, or neither does
        return cross(pa, pb, 0.0) or encloses(pa, pb[0, 0], pb[0, 1]) or encloses(pb, pa[0, 0], pa[0, 1])
    if gap < -MEET_M or cross(pa, pb, doubt):
        return True
    if slack > 0.2 * TOUCH_M:
        pa, pb = fine(va, pa, vb, pb)
    found = fragments(pa, pb, TOUCH_M)
    return found & (INSIDE | ALONG) != 0 or fragments(pb, pa, TOUCH_M) & INSIDE != 0


@njit(cache=True, nogil=True, error_model="numpy")
def fine(va: Float64s, pa: Float64s, vb: Float64s, pb: Float64s) -> tuple[Float64s, Float64s]:
    """Both rings in a plane around where they come nearest, long edges cut so that none bends."""
    x, y, z = _nearest_place(va, pa, vb, pb)
    f = frame_at(x, y, z)
    return lay(f, _pieces(va, x, y, z))[0], lay(f, _pieces(vb, x, y, z))[0]


@njit(cache=True, nogil=True, error_model="numpy")
def _nearest_place(va: Float64s, pa: Float64s, vb: Float64s, pb: Float64s) -> Vector:
    """A vertex at which two boundaries come about nearest."""
    best = math.inf
    x = y = z = 0.0
    for i in range(len(pa)):
        for j in range(len(pb)):
            d = foot(pb[j, 0], pb[j, 1], pa, i)[0]
            if d < best:
                best = d
                x, y, z = vb[j, 0], vb[j, 1], vb[j, 2]
            d = foot(pa[i, 0], pa[i, 1], pb, j)[0]
            if d < best:
                best = d
                x, y, z = va[i, 0], va[i, 1], va[i, 2]
    return x, y, z


@njit(cache=True, nogil=True, error_model="numpy")
def _pieces(v: Float64s, x: float, y: float, z: float) -> Float64s:
    """A ring with its long edges cut on the geodesic, so that in the plane around a place none bends by 0.1 mm."""
    n = len(v)
    reach = total = 0.0
    for i in range(n):
        k = (i + 1) % n
        total += arc(v[i, 0], v[i, 1], v[i, 2], v[k, 0], v[k, 1], v[k, 2])
        reach = max(reach, arc(v[i, 0], v[i, 1], v[i, 2], x, y, z))
    step = max(total / _PIECES_MAX, min(20_000.0, 2.5e9 / max(reach, 1.0)))
    out = np.empty((n + int(total / step) + 1, 3))
    m = 0
    for i in range(n):
        k = (i + 1) % n
        lat, lon = geodetic(v[i, 0], v[i, 1], v[i, 2])
        lat2, lon2 = geodetic(v[k, 0], v[k, 1], v[k, 2])
        length, azimuth, _ = inverse(lat, lon, lat2, lon2)
        count = int(length / step) + 1
        for j in range(count):
            # the corner itself to the last bit
            lat2, lon2 = direct(lat, lon, azimuth, length * j / count)
            cx, cy, cz = ecef_rad(lat2, lon2)
            out[m, 0], out[m, 1], out[m, 2] = (v[i, 0], v[i, 1], v[i, 2]) if j == 0 else (cx, cy, cz)
            m += 1
    return out[:m]
