"""What is wrong with a ring, exactly: too few points, a boundary that meets itself, no area, too wide. All compiled.

In:  a ring as int64 nanodegrees, flat (lat, lon, lat, lon, ...), at most `limits.VERTICES_MAX` of them.
Out: a code and two figures that say where or how much; `volume.check_volume` makes the refusal of it.
Refuses nothing itself. The rules, in their order:
    FEW       fewer than three distinct points; points within 1 mm of the one before are one with it.
    CROSSING  two edges meet, or come within 0.1 mm, elsewhere than at a corner they share: crossings, a corner on
              another edge, a point visited twice, an edge that runs back on the one before (a spike).
    THIN      all points lie within 1 mm of one geodesic: nothing lies inside (comes before CROSSING for such a ring).
    WIDE      a vertex lies too far from the ring's middle, or the boundary is too long.
Edges are geodesics: what the gnomonic plane around the middle leaves in doubt is solved on the ellipsoid. A ring spread
over more than 6,000 km from its middle has no such plane and is WIDE before it is anything else.
"""

import math
from typing import Final

import numpy as np
from numba import njit

from wideberth.space.edge import bend, nearest
from wideberth.space.geodesy import arc, frame_at
from wideberth.space.plane import apart2, foot, lay, sides
from wideberth.space.ring import Float64s, Int64s, middle, point, vertices

SOUND: Final = 0
FEW: Final = 1
CROSSING: Final = 2
THIN: Final = 3
WIDE: Final = 4
LONG: Final = 5
MEET_M: Final = 0.0001
THIN_M: Final = 0.001
_PLANE_M: Final = 6_000_000.0


@njit(cache=True, nogil=True, error_model="numpy")
def fault(ring: Int64s, extent_m: float, perimeter_m: float) -> tuple[int, float, float]:
    """The first fault: FEW and how many points; CROSSING and the ring's places where both edges start; THIN; WIDE and
    metres from the middle; LONG and metres of boundary; or SOUND."""
    count = len(ring) // 2
    points, kept = np.empty((count, 3)), np.empty(count, np.int64)
    n = vertices(ring, points, kept)
    if n < 3:
        return FEW, float(n), 0.0
    x, y, z, radius = middle(points, n)
    return fault_around(points[:n], kept, x, y, z, radius, extent_m, perimeter_m)


@njit(cache=True, nogil=True, error_model="numpy")
def fault_around(
    v: Float64s, kept: Int64s, x: float, y: float, z: float, radius: float, extent_m: float, perimeter_m: float
) -> tuple[int, float, float]:
    """The same of three distinct vertices or more, whose `middle` is known."""
    n = len(v)
    if radius > _PLANE_M:
        return WIDE, radius, 0.0
    p, reach, longest = lay(frame_at(x, y, z), v)
    slack = 2.0 * bend(longest, reach, 6_350_000.0) + 1e-6
    if _is_thin(v, p, slack):
        return THIN, 0.0, 0.0
    length = 0.0
    for i in range(n):
        k = (i + 1) % n
        length += arc(v[i, 0], v[i, 1], v[i, 2], v[k, 0], v[k, 1], v[k, 2])
    if length > perimeter_m:
        # so long a boundary is not searched for crossings: that work is what the limit bounds
        return LONG, length, 0.0
    i, j = _meeting(v, p, slack)
    if i >= 0:
        return CROSSING, float(kept[i]), float(kept[j])
    return (WIDE, radius, 0.0) if radius > extent_m else (SOUND, 0.0, 0.0)


@njit(cache=True, nogil=True, error_model="numpy")
def _exact(v: Float64s, i: int, j: int, t: float, beyond: float) -> tuple[float, int]:
    """Signed metres from vertex j to edge i (or its line), and whether the nearest point is an end."""
    k = (i + 1) % len(v)
    m, _, _, _, end = nearest(point(v, j), point(v, i), point(v, k), t, beyond)
    return m, end


@njit(cache=True, nogil=True, error_model="numpy")
def _is_thin(v: Float64s, p: Float64s, slack: float) -> bool:
    """Whether all vertices lie near the geodesic through the two that are far apart."""
    far = 0
    for i in range(len(p)):
        if (p[i, 0] - p[0, 0]) ** 2 + (p[i, 1] - p[0, 1]) ** 2 > (p[far, 0] - p[0, 0]) ** 2 + (
            p[far, 1] - p[0, 1]
        ) ** 2:
            far = i
    line, chord = np.empty((2, 2)), np.empty((3, 3))
    line[0], line[1] = p[0], p[far]
    chord[0], chord[1] = v[0], v[far]
    for i in range(len(p)):
        side = sides(line, 0, p[i : i + 1], 0)[0]
        if abs(side) > THIN_M + slack:
            return False
    for i in range(len(p)):
        chord[2] = v[i]
        t = foot(p[i, 0], p[i, 1], line, 0)[1]
        m = nearest(point(v, i), point(v, 0), point(v, far), t, math.inf)[0]
        if abs(m) > THIN_M:
            return False
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def _meeting(v: Float64s, p: Float64s, slack: float) -> tuple[int, int]:
    """Two edges that meet elsewhere than at a shared corner, or -1, -1."""
    n = len(p)
    room = MEET_M + slack
    for i in range(n):
        after = (i + 1) % n
        if _touches(v, p, i, (i + 2) % n, room) or _touches(v, p, after, i, room):
            return i, after
        x0, x1 = min(p[i, 0], p[after, 0]) - room, max(p[i, 0], p[after, 0]) + room
        y0, y1 = min(p[i, 1], p[after, 1]) - room, max(p[i, 1], p[after, 1]) + room
        for j in range(i + 2, n if i > 0 else n - 1):
            if apart2(p, j, x0, x1, y0, y1) > 0.0:
                continue
            k = (j + 1) % n
            if _touches(v, p, i, j, room) or _touches(v, p, i, k, room):
                return i, j
            if _touches(v, p, j, i, room) or _touches(v, p, j, after, room) or _crosses(v, p, i, j, slack):
                return i, j
    return -1, -1


@njit(cache=True, nogil=True, error_model="numpy")
def _touches(v: Float64s, p: Float64s, i: int, j: int, room: float) -> bool:
    """Whether vertex j comes within `MEET_M` of edge i."""
    d2, t = foot(p[j, 0], p[j, 1], p, i)
    return d2 <= room * room and abs(_exact(v, i, j, t, 0.0)[0]) <= MEET_M


@njit(cache=True, nogil=True, error_model="numpy")
def _crosses(v: Float64s, p: Float64s, i: int, j: int, slack: float) -> bool:
    """Whether edges i and j cross, no end of one being near the other."""
    return _splits(v, p, i, j, slack) and _splits(v, p, j, i, slack)


@njit(cache=True, nogil=True, error_model="numpy")
def _splits(v: Float64s, p: Float64s, i: int, j: int, slack: float) -> bool:
    """Whether the ends of edge j lie on different sides of the line through edge i."""
    k = (j + 1) % len(p)
    s1, s2 = sides(p, i, p, j)
    if abs(s1) <= slack:
        s1 = _exact(v, i, j, foot(p[j, 0], p[j, 1], p, i)[1], math.inf)[0]
    if abs(s2) <= slack:
        s2 = _exact(v, i, k, foot(p[k, 0], p[k, 1], p, i)[1], math.inf)[0]
    return s1 * s2 < 0.0
