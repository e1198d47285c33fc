"""Straight-line geometry of rings in a plane: sides, hulls, what lies inside, what two rings share. All compiled.

In:  float64 (n, 2) rings, counter-clockwise, first vertex not repeated, metres.
Out: booleans, indices, points, metres.
Refuses nothing: rings that cross themselves are refused before.
"""

import math
from typing import Final

import numpy as np
from numba import njit

from wideberth.space.geodesy import Frame, project
from wideberth.space.ring import Float64s, Int64s

INSIDE: Final = 1
OUTSIDE: Final = 2
ALONG: Final = 4
AGAINST: Final = 8


@njit(cache=True, nogil=True, error_model="numpy")
def lay(f: Frame, vertices: Float64s) -> tuple[Float64s, float, float]:
    """Vertices in the plane, the greatest distance of one from its centre and the longest edge, metres."""
    n = len(vertices)
    out = np.empty((n, 2))
    reach = longest = 0.0
    for i in range(n):
        x, y = project(f, vertices[i, 0], vertices[i, 1], vertices[i, 2])
        out[i, 0], out[i, 1] = x, y
        reach = max(reach, x * x + y * y)
    j = n - 1
    for i in range(n):
        dx, dy = out[i, 0] - out[j, 0], out[i, 1] - out[j, 1]
        longest = max(longest, dx * dx + dy * dy)
        j = i
    return out, math.sqrt(reach), math.sqrt(longest)


@njit(cache=True, nogil=True, error_model="numpy")
def encloses(ring: Float64s, x: float, y: float) -> bool:
    """Even-odd: whether a point that is not on the ring lies inside."""
    odd = False
    j = len(ring) - 1
    for i in range(len(ring)):
        if (ring[i, 1] > y) != (ring[j, 1] > y):
            at = (ring[j, 0] - ring[i, 0]) * (y - ring[i, 1]) / (ring[j, 1] - ring[i, 1]) + ring[i, 0]
            if x < at:
                odd = not odd
        j = i
    return odd


@njit(cache=True, nogil=True, error_model="numpy")
def bounds(ring: Float64s) -> tuple[float, float, float, float]:
    """Least x, greatest x, least y, greatest y."""
    x0 = x1 = ring[0, 0]
    y0 = y1 = ring[0, 1]
    for i in range(1, len(ring)):
        x0, x1 = min(x0, ring[i, 0]), max(x1, ring[i, 0])
        y0, y1 = min(y0, ring[i, 1]), max(y1, ring[i, 1])
    return x0, x1, y0, y1


@njit(cache=True, nogil=True, error_model="numpy")
def foot(x: float, y: float, ring: Float64s, i: int) -> tuple[float, float]:
    """Squared distance from a point to edge i, and how far along the edge's line the foot lies (not clamped)."""
    j = i + 1 if i + 1 < len(ring) else 0
    ex, ey = ring[j, 0] - ring[i, 0], ring[j, 1] - ring[i, 1]
    dx, dy = x - ring[i, 0], y - ring[i, 1]
    t = (dx * ex + dy * ey) / (ex * ex + ey * ey)
    k = min(1.0, max(0.0, t))
    dx, dy = dx - k * ex, dy - k * ey
    return dx * dx + dy * dy, t


@njit(cache=True, nogil=True, error_model="numpy")
def outward(ring: Float64s, i: int) -> tuple[float, float, float]:
    """Edge i's line as a, b, c: a x + b y - c is the distance to its right, outside the ring."""
    j = i + 1 if i + 1 < len(ring) else 0
    ex, ey = ring[j, 0] - ring[i, 0], ring[j, 1] - ring[i, 1]
    k = 1.0 / math.sqrt(ex * ex + ey * ey)
    a, b = ey * k, -ex * k
    return a, b, a * ring[i, 0] + b * ring[i, 1]


@njit(cache=True, nogil=True, error_model="numpy")
def clearance(ring: Float64s, other: Float64s, best: float) -> float:
    """The greatest distance by which the line through an edge of a convex ring keeps the other ring outside, or best.

    Below 0 no edge's line separates them (the separating axis theorem, half of it).
    """
    for i in range(len(ring)):
        a, b, c = outward(ring, i)
        least = math.inf
        for j in range(len(other)):
            least = min(least, a * other[j, 0] + b * other[j, 1] - c)
            if least <= best:
                break
        best = max(best, least)
    return best


@njit(cache=True, nogil=True, error_model="numpy")
def gap2(ring: Float64s, other: Float64s, best: float) -> float:
    """The least squared distance from a vertex of the other ring to an edge of this one, or best."""
    x0, x1, y0, y1 = bounds(other)
    for i in range(len(ring)):
        if apart2(ring, i, x0, x1, y0, y1) < best:
            for j in range(len(other)):
                best = min(best, foot(other[j, 0], other[j, 1], ring, i)[0])
    return best


@njit(cache=True, nogil=True, error_model="numpy")
def apart2(ring: Float64s, i: int, x0: float, x1: float, y0: float, y1: float) -> float:
    """Squared distance between the box around edge i and another box."""
    j = i + 1 if i + 1 < len(ring) else 0
    dx = max(0.0, min(ring[i, 0], ring[j, 0]) - x1, x0 - max(ring[i, 0], ring[j, 0]))
    dy = max(0.0, min(ring[i, 1], ring[j, 1]) - y1, y0 - max(ring[i, 1], ring[j, 1]))
    return float(dx * dx + dy * dy)


@njit(cache=True, nogil=True, error_model="numpy")
def sides(p: Float64s, i: int, q: Float64s, j: int) -> tuple[float, float]:
    """How far the ends of edge j of q lie to the right of the line through edge i of p, metres."""
    a, b, c = outward(p, i)
    k = j + 1 if j + 1 < len(q) else 0
    return a * q[j, 0] + b * q[j, 1] - c, a * q[k, 0] + b * q[k, 1] - c


@njit(cache=True, nogil=True, error_model="numpy")
def cross(p: Float64s, q: Float64s, margin: float) -> bool:
    """Whether an edge of p crosses one of q, each end being more than margin from the other's line."""
    x0, x1, y0, y1 = bounds(q)
    for i in range(len(p)):
        if apart2(p, i, x0, x1, y0, y1) > 0.0:
            continue
        for j in range(len(q)):
            s1, s2 = sides(p, i, q, j)
            if s1 * s2 >= 0.0 or min(abs(s1), abs(s2)) <= margin:
                continue
            s1, s2 = sides(q, j, p, i)
            if s1 * s2 < 0.0 and min(abs(s1), abs(s2)) > margin:
                return True
    return False


@njit(cache=True, nogil=True, error_model="numpy")
def hull(ring: Float64s) -> Int64s:
    """Places of the convex hull's corners, counter-clockwise (A. M. Andrew 1979, monotone chain)."""
    n = len(ring)
    order = np.empty(n, np.int64)
    for i in range(n):
        k = i
        while k > 0 and _follows(ring, order[k - 1], i):
            order[k] = order[k - 1]
            k -= 1
        order[k] = i
    out = np.empty(2 * n + 1, np.int64)
    m = 0
    for step in range(2):
        base = m + 1
        for i in range(n):
            at = order[i] if step == 0 else order[n - 1 - i]
            while m > base and _turn(ring, out[m - 2], out[m - 1], at) <= 0.0:
                m -= 1
            out[m] = at
            m += 1
        m -= 1
    return out[:m]


@njit(cache=True, nogil=True, error_model="numpy")
def _follows(ring: Float64s, i: int, j: int) -> bool:
    """Whether vertex i comes after j, by x and then by y."""
    return bool(ring[i, 0] > ring[j, 0] or (ring[i, 0] == ring[j, 0] and ring[i, 1] > ring[j, 1]))


@njit(cache=True, nogil=True, error_model="numpy")
def rows(table: Float64s, places: Int64s) -> Float64s:
    """Some rows of a table, in the order of their places."""
    out = np.empty((len(places), table.shape[1]))
    for i in range(len(places)):
        for k in range(table.shape[1]):
            out[i, k] = table[places[i], k]
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _turn(ring: Float64s, i: int, j: int, k: int) -> float:
    dx, dy = ring[j, 0] - ring[i, 0], ring[j, 1] - ring[i, 1]
    return float(dx * (ring[k, 1] - ring[i, 1]) - dy * (ring[k, 0] - ring[i, 0]))


@njit(cache=True, nogil=True, error_model="numpy")
def is_convex(ring: Float64s, slack: float) -> bool:
    """Whether every vertex lies within slack of the inner side of every edge's line."""
    n = len(ring)
    for i in range(n):
        k = (i + 2) % n
        a, b, c = outward(ring, i)
        if a * ring[k, 0] + b * ring[k, 1] - c > slack:
            return False
    return clearance_inside(ring) <= slack


@njit(cache=True, nogil=True, error_model="numpy")
def clearance_inside(ring: Float64s) -> float:
    """The greatest distance by which a vertex lies outside the line of one of the ring's own edges."""
    worst = 0.0
    for i in range(len(ring)):
        a, b, c = outward(ring, i)
        for j in range(len(ring)):
            worst = max(worst, a * ring[j, 0] + b * ring[j, 1] - c)
    return worst


@njit(cache=True, nogil=True, error_model="numpy")
def shared_middle(p: Float64s, q: Float64s) -> tuple[float, float]:
    """A point of what two overlapping rings share: the mean of its corners, or the corner nearest to that."""
    found = np.empty((64, 2))
    n = 0
    for j in range(len(q)):
        if n < 32 and encloses(p, q[j, 0], q[j, 1]):
            found[n, 0], found[n, 1] = q[j, 0], q[j, 1]
            n += 1
    for i in range(len(p)):
        if n < 48 and encloses(q, p[i, 0], p[i, 1]):
            found[n, 0], found[n, 1] = p[i, 0], p[i, 1]
            n += 1
        for j in range(len(q)):
            s1, s2 = sides(p, i, q, j)
            s3, s4 = sides(q, j, p, i)
            if n < 64 and s1 * s2 < 0.0 and s3 * s4 < 0.0:
                k, t = j + 1 if j + 1 < len(q) else 0, s1 / (s1 - s2)
                found[n, 0], found[n, 1] = q[j, 0] + t * (q[k, 0] - q[j, 0]), q[j, 1] + t * (q[k, 1] - q[j, 1])
                n += 1
    x = y = 0.0
    for i in range(n):
        x, y = x + found[i, 0] / n, y + found[i, 1] / n
    if n == 0:
        # only in the plane do they not meet: anything nearby
        return 0.5 * (p[0, 0] + q[0, 0]), 0.5 * (p[0, 1] + q[0, 1])
    if encloses(p, x, y) and encloses(q, x, y):
        return x, y
    best, at = math.inf, 0
    for i in range(n):
        d = (found[i, 0] - x) ** 2 + (found[i, 1] - y) ** 2
        if d < best:
            best, at = d, i
    return found[at, 0], found[at, 1]


@njit(cache=True, nogil=True, error_model="numpy")
def fragments(p: Float64s, q: Float64s, slack: float) -> int:
    """Where p's boundary runs, cut wherever it meets q's: INSIDE q, OUTSIDE it, ALONG its boundary or AGAINST it.

    A piece whose middle is within slack of q's boundary runs along or against it.
    """
    found = 0
    cuts = np.empty(3 * len(q) + 2)
    for i in range(len(p)):
        j = i + 1 if i + 1 < len(p) else 0
        n = _cuts(p, i, q, slack, cuts)
        ex, ey = p[j, 0] - p[i, 0], p[j, 1] - p[i, 1]
        length = math.sqrt(ex * ex + ey * ey)
        for k in range(n - 1):
            if (cuts[k + 1] - cuts[k]) * length > 4.0 * slack:
                t = 0.5 * (cuts[k] + cuts[k + 1])
                found |= _where(p[i, 0] + t * ex, p[i, 1] + t * ey, ex, ey, q, slack)
    return found


@njit(cache=True, nogil=True, error_model="numpy")
def _cuts(p: Float64s, i: int, q: Float64s, slack: float, cuts: Float64s) -> int:
    """Write the sorted parameters at which edge i of p meets q's boundary, with 0 and 1; returns how many."""
    cuts[0], cuts[1] = 0.0, 1.0
    n = 2
    for j in range(len(q)):
        k = j + 1 if j + 1 < len(q) else 0
        x0, x1 = min(q[j, 0], q[k, 0]) - slack, max(q[j, 0], q[k, 0]) + slack
        y0, y1 = min(q[j, 1], q[k, 1]) - slack, max(q[j, 1], q[k, 1]) + slack
        if apart2(p, i, x0, x1, y0, y1) > 0.0:
            continue
        s1, s2 = sides(q, j, p, i)
        if s1 * s2 < 0.0:
            n = _insert(cuts, n, s1 / (s1 - s2))
        d, t = foot(q[j, 0], q[j, 1], p, i)
        if d <= slack * slack and 0.0 < t < 1.0:
            n = _insert(cuts, n, t)
        d, t = foot(q[k, 0], q[k, 1], p, i)
        if d <= slack * slack and 0.0 < t < 1.0:
            n = _insert(cuts, n, t)
    return n


@njit(cache=True, nogil=True, error_model="numpy")
def _insert(cuts: Float64s, n: int, t: float) -> int:
    """Put t in its place among n ascending figures; returns how many there are then."""
    k = n
    while k > 0 and cuts[k - 1] > t:
        cuts[k] = cuts[k - 1]
        k -= 1
    cuts[k] = t
    return n + 1


@njit(cache=True, nogil=True, error_model="numpy")
def _where(x: float, y: float, ex: float, ey: float, q: Float64s, slack: float) -> int:
    """INSIDE, OUTSIDE, ALONG or AGAINST for one point of a boundary that runs in direction e."""
    best, at = math.inf, 0
    for j in range(len(q)):
        d = foot(x, y, q, j)[0]
        if d < best:
            best, at = d, j
    if best > slack * slack:
        return INSIDE if encloses(q, x, y) else OUTSIDE
    k = at + 1 if at + 1 < len(q) else 0
    return ALONG if ex * (q[k, 0] - q[at, 0]) + ey * (q[k, 1] - q[at, 1]) > 0.0 else AGAINST
