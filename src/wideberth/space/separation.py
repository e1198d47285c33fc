"""How far two outlines are from one another, signed, on the ellipsoid. All compiled.

In:  slots of stores, and a minimum.
Out: metres, above 0 a gap, 0 touching, below 0 a depth; and a place between them or in what they share, in ECEF.
     Where the outlines are surely farther apart than the minimum, infinity.
Refuses nothing. Accuracy, tested against geographiclib: 5 mm to 100 km, 1 m to 1,000 km; what touches is
0 within 10 nm. Past 4,000 km the bounding circles' distance stands for the outlines'.

The gap is the length of the shortest geodesic between two points of the closed outlines.

The depth is what one outline reaches behind the other's sides:
    two circles        r1 + r2 - d: by how much the radii exceed the distance of the centres;
    circle and ring    r - s, where s is the centre's signed distance to the ring (below 0 inside);
    two rings          of all lines through an edge of either ring's convex hull, the least distance by which the
                       other ring reaches behind the line. For convex rings this is how far one of them would have
                       to be moved so that they only touch; for others it never understates that.
It is symmetric, below 0 wherever the interiors meet (nesting included), and growing an outline never raises it.
It joins the gap continuously at 0, except that two rings of which one is not convex may jump to their hulls' depth.

Method: both outlines in one gnomonic plane between them; there, what is surely far is left, and what may be nearest
(within the plane's distortion and the bend of long edges) is solved exactly by `edge.nearest`.
"""

import math
from typing import Final, TypeAlias

from numba import njit

from wideberth.space.edge import bend, nearest
from wideberth.space.geodesy import (
    A_M,
    Frame,
    Vector,
    arc,
    frame_at,
    surface,
    unproject,
)
from wideberth.space.meet import TOUCH_M, fine, meet
from wideberth.space.plane import (
    OUTSIDE,
    apart2,
    bounds,
    clearance,
    encloses,
    foot,
    fragments,
    gap2,
    hull,
    lay,
    outward,
    rows,
    shared_middle,
)
from wideberth.space.ring import Float64s, point
from wideberth.space.store import Store, slot_middle, slot_ring

Found: TypeAlias = tuple[float, float, float, float]
"""Signed metres and a place in ECEF."""

FAR_M: Final = 4_000_000.0
_STRETCH: Final = 1.03
"""Bound of the plane's greatest scale less 1, over t**2."""


@njit(cache=True, nogil=True, error_model="numpy")
def separation(a: Store, i: int, b: Store, j: int, minimum_m: float) -> Found:
    """Signed metres between the outlines in slot i of a and slot j of b, and a place."""
    at_a, ra, at_b, rb = slot_middle(a, i), a.places[i, 3], slot_middle(b, j), b.places[j, 3]
    dx, dy, dz = at_b[0] - at_a[0], at_b[1] - at_a[1], at_b[2] - at_a[2]
    between_m = math.sqrt(dx * dx + dy * dy + dz * dz) - ra - rb
    if between_m > max(minimum_m, 0.0) + 0.002:
        return math.inf, 0.0, 0.0, 0.0
    na, nb = a.spans[i, 1], b.spans[j, 1]
    if between_m > FAR_M or (na == 0 and nb == 0):
        return _circles(at_a, ra, at_b, rb)
    if na == 0:
        return _circle_ring(at_a, ra, slot_ring(b, j), minimum_m)
    if nb == 0:
        return _circle_ring(at_b, rb, slot_ring(a, i), minimum_m)
    f = between(at_a, ra, at_b, rb)
    return _rings(slot_ring(a, i), na > 0, slot_ring(b, j), nb > 0, f, minimum_m)


@njit(cache=True, nogil=True, error_model="numpy")
def _circles(at_a: Vector, ra: float, at_b: Vector, rb: float) -> Found:
    d = arc(at_a[0], at_a[1], at_a[2], at_b[0], at_b[1], at_b[2])
    # on the line of centres, a covers [-ra, ra] and b covers [d - rb, d + rb]
    low, high = max(-ra, d - rb), min(ra, d + rb)
    x, y, z = along(at_a, at_b, 0.5 * (low + high) / d if d > 0.0 else 0.0)
    return d - ra - rb, x, y, z


@njit(cache=True, nogil=True, error_model="numpy")
def along(a: Vector, b: Vector, k: float) -> Vector:
    """The surface point a part k of the way from a to b, within a thousandth of it."""
    dx, dy, dz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    # equal angles are not equal parts of the chord
    half = math.asin(min(1.0, 0.5 * math.sqrt(dx * dx + dy * dy + dz * dz) / A_M))
    if half > 1e-6:
        k = 0.5 + 0.5 * math.tan((2.0 * k - 1.0) * half) / math.tan(half)
    return surface(a[0] + k * dx, a[1] + k * dy, a[2] + k * dz)


@njit(cache=True, nogil=True, error_model="numpy")
def between(at_a: Vector, ra: float, at_b: Vector, rb: float) -> Frame:
    """A plane whose centre is the middle of the gap, or of what the bounding circles share."""
    dx, dy, dz = at_b[0] - at_a[0], at_b[1] - at_a[1], at_b[2] - at_a[2]
    chord = math.sqrt(dx * dx + dy * dy + dz * dz)
    low, high = max(-ra, chord - rb), min(ra, chord + rb)
    k = 0.5 * (low + high) / chord if chord > 0.0 else 0.0
    x, y, z = along(at_a, at_b, k)
    return frame_at(x, y, z)


@njit(cache=True, nogil=True, error_model="numpy")
def _rings(va: Float64s, convex_a: bool, vb: Float64s, convex_b: bool, f: Frame, minimum_m: float) -> Found:
    pa, reach_a, longest_a = lay(f, va)
    pb, reach_b, longest_b = lay(f, vb)
    reach = max(reach_a, reach_b)
    slack = 2.0 * bend(max(longest_a, longest_b), reach, f[12]) + 1e-6
    stretch = 1.0 + _STRETCH * (reach / f[12]) ** 2
    clear = -math.inf
    if convex_a:
        clear = clearance(pa, pb, clear)
    if convex_b:
        clear = clearance(pb, pa, clear)
    if clear / stretch - slack > max(minimum_m, 0.0) + 0.001:
        return math.inf, 0.0, 0.0, 0.0
    if clear > slack:
        return _apart(va, pa, vb, pb, stretch, slack, minimum_m)
    if convex_a and convex_b:
        depth = _depth(va, pa, vb, pb, clear, reach, slack, f)
        if depth > 0.0:
            return _apart(va, pa, vb, pb, stretch, slack, minimum_m)
        return _shared(depth, pa, pb, f)
    gap = _gap(va, pa, vb, pb, stretch, slack, math.inf)
    if not meet(va, pa, vb, pb, slack, gap[0]):
        return abs(gap[0]), gap[1], gap[2], gap[3]
    ha, hb = hull(pa), hull(pb)
    va, qa, vb, qb = rows(va, ha), rows(pa, ha), rows(vb, hb), rows(pb, hb)
    clear = clearance(qb, qa, clearance(qa, qb, -math.inf))
    return _shared(min(0.0, _depth(va, qa, vb, qb, clear, reach, slack, f)), pa, pb, f)


@njit(cache=True, nogil=True, error_model="numpy")
def _shared(depth: float, pa: Float64s, pb: Float64s, f: Frame) -> Found:
    u, v = shared_middle(pa, pb)
    x, y, z = unproject(f, u, v)
    return depth, x, y, z


@njit(cache=True, nogil=True, error_model="numpy")
def _apart(
    va: Float64s, pa: Float64s, vb: Float64s, pb: Float64s, stretch: float, slack: float, minimum_m: float
) -> Found:
    """`_gap` of rings that are known not to overlap."""
    m, x, y, z = _gap(va, pa, vb, pb, stretch, slack, minimum_m)
    return abs(m), x, y, z


@njit(cache=True, nogil=True, error_model="numpy")
def _gap(
    va: Float64s, pa: Float64s, vb: Float64s, pb: Float64s, stretch: float, slack: float, minimum_m: float
) -> Found:
    """The least distance from a vertex of one to an edge of the other; below 0 where that vertex lies inside.

    Nothing else can be nearest: between two edges' inner points the distance has no minimum, because on a surface that
    curves like a ball both could be moved alongside and come nearer.
    """
    least = math.sqrt(gap2(pb, pa, gap2(pa, pb, math.inf)))
    if least / stretch - slack > max(minimum_m, 0.0) + 0.001:
        return math.inf, 0.0, 0.0, 0.0
    bound = least * stretch + slack
    m, x, y, z = _refine(va, pa, vb, pb, bound, stretch, slack)
    n, x2, y2, z2 = _refine(vb, pb, va, pa, min(bound, abs(m) * stretch + slack), stretch, slack)
    return (m, x, y, z) if abs(m) <= abs(n) else (n, x2, y2, z2)


@njit(cache=True, nogil=True, error_model="numpy")
def _refine(v: Float64s, p: Float64s, w: Float64s, q: Float64s, bound: float, stretch: float, slack: float) -> Found:
    """Exact least distance from vertices of q, those within bound in the plane, to p; below 0 inside; the midpoint."""
    best = math.inf
    outside = True
    x = y = z = 0.0
    x0, x1, y0, y1 = bounds(q)
    for i in range(len(p)):
        if apart2(p, i, x0, x1, y0, y1) > bound * bound:
            continue
        k = i + 1 if i + 1 < len(p) else 0
        for j in range(len(q)):
            d2, t = foot(q[j, 0], q[j, 1], p, i)
            if d2 > bound * bound:
                continue
            m, fx, fy, fz, end = nearest(point(w, j), point(v, i), point(v, k), t, 0.0)
            if abs(m) < best:
                best = abs(m)
                outside = m > 0.0 if end == 0 else _is_corner(p, i if end < 0 else k)
                bound = min(bound, best * stretch + slack)
                x, y, z = surface(0.5 * (fx + w[j, 0]), 0.5 * (fy + w[j, 1]), 0.5 * (fz + w[j, 2]))
    return (best if outside else -best), x, y, z


@njit(cache=True, nogil=True, error_model="numpy")
def _depth(
    va: Float64s, pa: Float64s, vb: Float64s, pb: Float64s, clear: float, reach: float, slack: float, f: Frame
) -> float:
    """Exact `clearance` of two convex rings, both ways; clear is what the plane says."""
    # a foot may lie as far beyond an edge's end as the vertex lies behind its line
    spread = _STRETCH * ((reach + abs(clear)) / f[12]) ** 2
    margin = 2.0 * abs(clear) * spread + 2.0 * slack
    best = _clearance(va, pa, vb, pb, clear - margin, margin, -math.inf)
    return _clearance(vb, pb, va, pa, clear - margin, margin, best)


@njit(cache=True, nogil=True, error_model="numpy")
def _clearance(v: Float64s, p: Float64s, w: Float64s, q: Float64s, floor: float, margin: float, best: float) -> float:
    for i in range(len(p)):
        a, b, c = outward(p, i)
        least = math.inf
        for j in range(len(q)):
            least = min(least, a * q[j, 0] + b * q[j, 1] - c)
            if least < floor:
                break
        if least < floor:
            continue
        k = i + 1 if i + 1 < len(p) else 0
        exact = math.inf
        for j in range(len(q)):
            if a * q[j, 0] + b * q[j, 1] - c <= least + margin:
                t = foot(q[j, 0], q[j, 1], p, i)[1]
                m = nearest(point(w, j), point(v, i), point(v, k), t, math.inf)[0]
                exact = min(exact, m)
                if exact <= best:
                    break
        best = max(best, exact)
    return best


@njit(cache=True, nogil=True, error_model="numpy")
def signed(at: Vector, v: Float64s, minimum_m: float) -> tuple[float, float, float, float]:
    """Exact signed distance from a surface point to a ring, below 0 inside, and the nearest boundary point.

    Infinity where it is outside by surely more than the minimum.
    """
    f = frame_at(at[0], at[1], at[2])
    p, reach, longest = lay(f, v)
    r = f[12]
    slack = bend(longest, reach, r) + 1e-6
    least = math.inf
    for i in range(len(p)):
        least = min(least, foot(0.0, 0.0, p, i)[0])
    least = math.sqrt(least)
    inside = encloses(p, 0.0, 0.0)
    spread = 0.01 * (least / r) ** 2
    if not inside and r * math.atan(least / r) * (1.0 - spread) - slack > max(minimum_m, 0.0) + 0.001:
        return math.inf, 0.0, 0.0, 0.0
    # distance from the plane's centre keeps its order, but for the ellipsoid and the bend
    bound = (least * (1.0 + 2.0 * spread) + 2.0 * slack) ** 2
    best = math.inf
    x = y = z = 0.0
    outside = True
    for i in range(len(p)):
        d2, t = foot(0.0, 0.0, p, i)
        if d2 > bound:
            continue
        k = i + 1 if i + 1 < len(p) else 0
        m, fx, fy, fz, end = nearest(at, point(v, i), point(v, k), t, 0.0)
        if abs(m) < best:
            best = abs(m)
            x, y, z = fx, fy, fz
            outside = m > 0.0 if end == 0 else _is_corner(p, i if end < 0 else k)
    if least > 2.0 * slack:
        outside = not inside
    return (best if outside else -best), x, y, z


@njit(cache=True, nogil=True, error_model="numpy")
def _is_corner(p: Float64s, i: int) -> bool:
    """Whether the ring turns left at a vertex: what is nearest to that vertex lies outside then."""
    n = len(p)
    h, j = (i - 1) % n, (i + 1) % n
    dx, dy = p[i, 0] - p[h, 0], p[i, 1] - p[h, 1]
    return bool(dx * (p[j, 1] - p[i, 1]) - dy * (p[j, 0] - p[i, 0]) > 0.0)


@njit(cache=True, nogil=True, error_model="numpy")
def _circle_ring(at: Vector, r: float, v: Float64s, minimum_m: float) -> Found:
    d, x, y, z = signed(at, v, max(minimum_m, 0.0) + r)
    if d == math.inf:
        return math.inf, 0.0, 0.0, 0.0
    gap = d - r
    if gap > 0.0:
        x, y, z = along((x, y, z), at, 0.5 * gap / d)
    elif d < 0.0:
        x, y, z = at
    return gap, x, y, z


@njit(cache=True, nogil=True, error_model="numpy")
def contained(store: Store, outer: int, inner: int, slack_m: float) -> bool:
    """Whether the outline in one slot lies within that in another, touching allowed, out by at most the slack."""
    va, at_a, ra = slot_ring(store, outer), slot_middle(store, outer), store.places[outer, 3]
    vb, at_b, rb = slot_ring(store, inner), slot_middle(store, inner), store.places[inner, 3]
    if len(vb) == 0:
        if len(va) == 0:
            return bool(arc(at_a[0], at_a[1], at_a[2], at_b[0], at_b[1], at_b[2]) + rb <= ra + slack_m)
        return bool(signed(at_b, va, 0.0)[0] + rb <= slack_m)
    for i in range(len(vb)):
        at = point(vb, i)
        ahead = arc(at_a[0], at_a[1], at_a[2], at[0], at[1], at[2]) - ra if len(va) == 0 else signed(at, va, 0.0)[0]
        if ahead > slack_m:
            return False
    if store.spans[outer, 1] >= 0:
        return True
    f = frame_at(at_b[0], at_b[1], at_b[2])
    pa, reach_a, longest_a = lay(f, va)
    pb, reach_b, longest_b = lay(f, vb)
    if 2.0 * bend(max(longest_a, longest_b), max(reach_a, reach_b), f[12]) > 0.2 * TOUCH_M:
        pa, pb = fine(va, pa, vb, pb)
    return fragments(pb, pa, TOUCH_M) & OUTSIDE == 0
