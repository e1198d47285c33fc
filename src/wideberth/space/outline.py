"""What two plans share, for showing: the outline of an overlap, and the part of one's own plan that is too near.

In:  two checked outlines, and a minimum in metres.
Out: rings as flat tuples of nanodegrees (lat, lon, lat, lon, ...), counter-clockwise, none where no area is shared
     (outlines that only touch); at most 200 points a ring, the 50 largest rings.
Refuses nothing. These are pictures, not decisions (`overlap` decides): circles are rings of 48 points on their rim, so
0.2 % of the radius is missing between them; what is within the minimum is rounded off by as much, outward; edges are
straight in a gnomonic plane, true to a centimetre for outlines of 50 km and to some 10 m for the largest.
"""

import math
from collections.abc import Iterable
from typing import Final

import numpy as np
import shapely
from numba import njit

from wideberth.space.geodesy import Frame, frame_at, geodetic_nd, project, unproject
from wideberth.space.plane import lay, outward
from wideberth.space.ring import Float64s, Int64s, doubled
from wideberth.space.separation import between
from wideberth.space.store import Store, empty_store, fill, slot_middle, slot_ring
from wideberth.space.volume import Circle, Polygon

Rings = tuple[tuple[int, ...], ...]

CORNERS: Final = 48
POINTS_MAX: Final = 200
RINGS_MAX: Final = 50
_STEP: Final = 2.0 * math.pi / CORNERS
_AREA_M2: Final = 0.01
"""Less is a line or a point, blurred by rounding."""


def overlap_outline(a: Circle | Polygon, b: Circle | Polygon) -> Rings:
    """What two outlines share."""
    return _shared(a, b, 0.0)


def too_near_outline(own: Circle | Polygon, other: Circle | Polygon, minimum_m: float) -> Rings:
    """The part of `own` that lies within `minimum_m` of `other`."""
    return _shared(own, other, minimum_m)


def shared_outlines(
    own: Store, i: Int64s, other: Store, j: Int64s, margins_m: Float64s, limit: int
) -> tuple[list[Rings], list[Rings]]:
    """Of the pairs i[k], j[k]: what each shows of what both share, or, given a margin, of its part within the margin.

    As many pairs as `limit` outlines suffice for: one a pair, two where there is a margin.
    """
    coordinates, ends = _drawn(own, i, other, j, margins_m, limit)
    flat, begin = coordinates.tolist(), 0
    sides: tuple[list[Rings], list[Rings]] = ([], [])
    for k, (here, there) in enumerate(ends.tolist()):
        margin_m = float(margins_m[k])
        for end, drawn in ((here, sides[0]), (there, sides[1])):
            if end >= 0:
                drawn.append((tuple(flat[begin:end]),) if end > begin else ())
                begin = end
            elif margin_m > 0.0 and drawn is sides[1]:
                drawn.append(_rings_of(*_laid(other, j[k], own, i[k], margin_m), margin_m))
            else:
                drawn.append(_rings_of(*_laid(own, i[k], other, j[k], margin_m), margin_m))
    return sides


def _shared(own: Circle | Polygon, other: Circle | Polygon, margin_m: float) -> Rings:
    packed = np.array((*_packed(own), *_packed(other)), np.int64)
    return _rings_of(*_both(packed, float(margin_m)), margin_m)


def _rings_of(convex: bool, ring: Int64s, f: Frame, p: Float64s, q: Float64s, margin_m: float) -> Rings:
    if convex:
        return (tuple(ring.tolist()),) if len(ring) else ()
    grown = shapely.Polygon(q)
    if margin_m > 0.0:
        grown = grown.buffer(margin_m / math.cos(0.5 * _STEP), quad_segs=CORNERS // 4)
    return _rings(f, shapely.intersection(shapely.Polygon(p), grown))


def _packed(outline: Circle | Polygon) -> tuple[int, ...]:
    """How many coordinates follow, the radius or -1, the coordinates."""
    if isinstance(outline, Circle):
        return 2, outline.radius_mm, outline.lat_nd, outline.lon_nd
    return len(outline.ring), -1, *outline.ring


def _rings(f: Frame, shared: shapely.Geometry) -> Rings:
    """The outer rings of what was found in the plane, thinned to the limit."""
    parts: Iterable[shapely.Polygon] = (g for g in shapely.get_parts(shared) if isinstance(g, shapely.Polygon))
    found = []
    for part in sorted((g for g in parts if g.area > _AREA_M2), key=lambda g: -g.area)[:RINGS_MAX]:
        tolerance = 0.01
        while len(part.exterior.coords) > POINTS_MAX + 1:
            part = part.simplify(tolerance)
            tolerance *= 2.0
        corners = np.ascontiguousarray(shapely.get_coordinates(shapely.orient_polygons(part).exterior)[:-1])
        found.append(tuple(_lift(f, corners).tolist()))
    return tuple(found)


@njit(cache=True, nogil=True, error_model="numpy")
def _both(packed: Int64s, margin_m: float) -> tuple[bool, Int64s, Frame, Float64s, Float64s]:
    """`_laid` of two outlines that no store holds."""
    cut = 2 + packed[0]
    starts = np.array((0, packed[0], packed[0] + packed[cut]))
    radii = np.array((packed[1], packed[cut + 1]))
    coordinates = np.concatenate((packed[2:cut], packed[cut + 2 :]))
    store = empty_store(2, len(coordinates) // 2)
    fill(store, np.arange(2), starts, coordinates, radii, np.zeros((2, 4), np.int64))
    return _laid(store, 0, store, 1, margin_m)


@njit(cache=True, nogil=True, error_model="numpy")
def _drawn(own: Store, i: Int64s, other: Store, j: Int64s, margins_m: Float64s, limit: int) -> tuple[Int64s, Int64s]:
    """Rings of the convex pairs, one after the other, both sides in turn, and where each ends; -1 for the others."""
    pairs, left = 0, limit
    while pairs < len(i) and left > 0:
        left -= 2 if margins_m[pairs] > 0.0 else 1
        pairs += 1
    coordinates, ends, n = np.empty(4 * POINTS_MAX * pairs, np.int64), np.full((pairs, 2), -1), 0
    for k in range(pairs):
        if own.spans[i[k], 1] < 0 or other.spans[j[k], 1] < 0:
            continue
        ring = _laid(own, i[k], other, j[k], margins_m[k])[1]
        coordinates[n : n + len(ring)] = ring
        n += len(ring)
        ends[k, 0] = n
        if margins_m[k] > 0.0:
            ring = _laid(other, j[k], own, i[k], margins_m[k])[1]
        coordinates[n : n + len(ring)] = ring
        n += len(ring)
        ends[k, 1] = n
    return coordinates[:n], ends


@njit(cache=True, nogil=True, error_model="numpy")
def _laid(own: Store, i: int, other: Store, j: int, margin_m: float) -> tuple[bool, Int64s, Frame, Float64s, Float64s]:
    """Whether both outlines are convex, and then the ring that they share; the plane, and both as they lie in it."""
    f = between(slot_middle(own, i), own.places[i, 3], slot_middle(other, j), other.places[j, 3])
    p, q = _corners(own, i, f), _corners(other, j, f)
    if own.spans[i, 1] >= 0 and other.spans[j, 1] >= 0:
        return True, _convex(f, p, q, margin_m), f, p, q
    return False, np.empty(0, np.int64), f, p, q


@njit(cache=True, nogil=True, error_model="numpy")
def _corners(store: Store, slot: int, f: Frame) -> Float64s:
    """An outline in the plane; a circle as 48 points of its rim."""
    if store.spans[slot, 1] != 0:
        return lay(f, slot_ring(store, slot))[0]
    x, y, z = slot_middle(store, slot)
    g = frame_at(x, y, z)
    r = g[12] * math.tan(store.places[slot, 3] / g[12])
    out = np.empty((CORNERS, 2))
    for i in range(CORNERS):
        px, py, pz = unproject(g, r * math.cos(i * _STEP), r * math.sin(i * _STEP))
        out[i, 0], out[i, 1] = project(f, px, py, pz)
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _convex(f: Frame, p: Float64s, q: Float64s, margin_m: float) -> Int64s:
    """What a convex ring has in common with another, grown by a margin: one ring of nanodegrees, flat."""
    if margin_m > 0.0:
        q = _grown(q, margin_m)
    p = _clipped(p, q)
    if doubled(p) <= 2.0 * _AREA_M2:
        return np.empty(0, np.int64)
    return _lift(f, p)


@njit(cache=True, nogil=True, error_model="numpy")
def _lift(f: Frame, p: Float64s) -> Int64s:
    """Corners in the plane as nanodegrees, flat; every so many of them where there are too many."""
    every = (len(p) + POINTS_MAX - 1) // POINTS_MAX
    n = (len(p) + every - 1) // every
    out = np.empty(2 * n, np.int64)
    for i in range(n):
        x, y, z = unproject(f, p[i * every, 0], p[i * every, 1])
        out[2 * i], out[2 * i + 1] = geodetic_nd(x, y, z)
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _grown(p: Float64s, margin: float) -> Float64s:
    """A convex ring with every edge moved out by a margin, corners rounded outward in steps of 7.5 degrees."""
    n = len(p)
    out = np.empty((2 * n + CORNERS + 2, 2))
    m = 0
    for i in range(n):
        a1, b1, _ = outward(p, (i - 1) % n)
        a2, b2, _ = outward(p, i)
        turn = math.atan2(a1 * b2 - b1 * a2, a1 * a2 + b1 * b2)
        if turn <= 0.0:
            continue
        start, steps = math.atan2(b1, a1), int(turn / _STEP) + 1
        for k in range(steps):
            # the middle of each step lies on the rim moved outward, so its tangents enclose the arc
            angle = start + turn * (k + 0.5) / steps
            reach = margin / math.cos(0.5 * turn / steps)
            out[m, 0], out[m, 1] = p[i, 0] + reach * math.cos(angle), p[i, 1] + reach * math.sin(angle)
            m += 1
    return out[:m]


@njit(cache=True, nogil=True, error_model="numpy")
def _clipped(p: Float64s, q: Float64s) -> Float64s:
    """The part of a convex ring inside another (I. E. Sutherland, G. W. Hodgman 1974)."""
    a, b = np.empty((len(p) + len(q) + 2, 2)), np.empty((len(p) + len(q) + 2, 2))
    n = len(p)
    for i in range(n):
        a[i, 0], a[i, 1] = p[i, 0], p[i, 1]
    for j in range(len(q)):
        u, v, c = outward(q, j)
        m = 0
        for i in range(n):
            k = i + 1 if i + 1 < n else 0
            s, t = u * a[i, 0] + v * a[i, 1] - c, u * a[k, 0] + v * a[k, 1] - c
            if s <= 0.0:
                b[m, 0], b[m, 1] = a[i, 0], a[i, 1]
                m += 1
            if s * t < 0.0 and m < len(b):
                w = s / (s - t)
                b[m, 0], b[m, 1] = a[i, 0] + w * (a[k, 0] - a[i, 0]), a[i, 1] + w * (a[k, 1] - a[i, 1])
                m += 1
        a, b = b, a
        n = m
        if n == 0:
            break
    return a[:n]
