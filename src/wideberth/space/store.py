"""Outlines made ready for the exact test, by the million: one struct of arrays. The inner half is compiled.

In:  checked volumes, flattened (`volume.Flat`), and the slots that shall hold them.
Out: a `Store` that `overlap` reads: 80 bytes a volume and 24 a vertex.
Refuses nothing: a slot filled twice, or emptied while empty, is a bug and trips an assertion.
"""

from typing import Final, NamedTuple

import numpy as np
from numba import njit

from wideberth.space.geodesy import Vector, ecef
from wideberth.space.plane import is_convex
from wideberth.space.ring import Float64s, Int64s, doubled, middle, plane, reverse, vertices

CONVEX_SLACK_M: Final = 0.00005
"""A ring is convex when no vertex lies farther than this outside the line of another edge: a nanodegree is 0.1 mm,
so points that were meant to lie on one line leave it by half of that."""
ABSENT: Final = -1
_CLASSES: Final = 1_024
"""Free blocks are kept by length; no ring has more vertices than the limit of 1,000."""


class Store(NamedTuple):
    """Row i of spans, extents and places is slot i."""

    spans: Int64s
    """(n, 2): first vertex (ABSENT for an empty slot); vertices, negative where the ring is not convex, 0 a circle."""
    extents: Int64s
    """(n, 4): lower_mm, upper_mm, start_us, end_us."""
    places: Float64s
    """(n, 4): the middle in ECEF, the bounding radius in metres (a circle's own)."""
    vertices: Float64s
    """(m, 3) in ECEF, each ring counter-clockwise in one block."""
    free: Int64s
    """By length: 1 + the first free block, 0 for none; each free block's first number points on in the same way."""
    used: Int64s
    """Vertices up to which the pool was ever used; vertices in free blocks."""


@njit(cache=True, nogil=True, error_model="numpy")
def empty_store(slots: int, pool: int) -> Store:
    """A store of empty slots and room for `pool` vertices."""
    spans = np.zeros((slots, 2), np.int64)
    spans[:, 0] = ABSENT
    return Store(
        spans,
        np.empty((slots, 4), np.int64),
        np.empty((slots, 4)),
        np.empty((pool, 3)),
        np.zeros(_CLASSES, np.int64),
        np.zeros(2, np.int64),
    )


_NONE_FREE: Final = np.zeros(_CLASSES, np.int64)


def small_store(slots: int, pool: int) -> Store:
    """Room outside compiled code for volumes that are all filled in, once; none is dropped, so no block is free."""
    tables = np.empty((slots, 4), np.int64), np.empty((slots, 4)), np.empty((pool, 3))
    return Store(np.empty((slots, 2), np.int64), *tables, _NONE_FREE, np.zeros(2, np.int64))


@njit(cache=True, nogil=True, error_model="numpy")
def slot_middle(store: Store, slot: int) -> Vector:
    """The middle of a slot's outline."""
    return store.places[slot, 0], store.places[slot, 1], store.places[slot, 2]


@njit(cache=True, nogil=True, error_model="numpy")
def slot_ring(store: Store, slot: int) -> Float64s:
    """The vertices of a slot's outline; none for a circle."""
    at = store.spans[slot, 0]
    return store.vertices[at : at + abs(store.spans[slot, 1])]


@njit(cache=True, nogil=True, error_model="numpy")
def fill(store: Store, slots: Int64s, starts: Int64s, coordinates: Int64s, radii_mm: Int64s, extents: Int64s) -> None:
    """Put flattened volumes into empty slots; the caller saw to the room."""
    longest = 1
    for i in range(len(slots)):
        longest = max(longest, (starts[i + 1] - starts[i]) // 2)
    points, flat, kept = np.empty((longest, 3)), np.empty((longest, 2)), np.empty(longest, np.int64)
    for i in range(len(slots)):
        slot = slots[i]
        for k in range(4):
            store.extents[slot, k] = extents[i, k]
        part = coordinates[starts[i] : starts[i + 1]]
        if radii_mm[i] >= 0:
            fill_circle(store, slot, part[0], part[1], radii_mm[i])
            continue
        n = vertices(part, points, kept)
        x, y, z, radius = middle(points, n)
        plane(points, n, x, y, z, flat)
        fill_ring(store, slot, points[:n], flat[:n], x, y, z, radius)


@njit(cache=True, nogil=True, error_model="numpy")
def fill_ring(
    store: Store, slot: int, points: Float64s, flat: Float64s, x: float, y: float, z: float, radius: float
) -> None:
    """Put a ring's distinct vertices, which `plane` laid flat, into a slot; both are turned counter-clockwise."""
    n = len(points)
    _place(store.places, slot, x, y, z, radius)
    if doubled(flat) < 0.0:
        reverse(points, n)
        reverse(flat, n)
    at = _take(store, n)
    for j in range(n):
        for k in range(3):
            store.vertices[at + j, k] = points[j, k]
    store.spans[slot, 0] = at
    store.spans[slot, 1] = n if is_convex(flat, CONVEX_SLACK_M) else -n


@njit(cache=True, nogil=True, error_model="numpy")
def fill_circle(store: Store, slot: int, lat_nd: int, lon_nd: int, radius_mm: int) -> None:
    """Put a circle into a slot."""
    x, y, z = ecef(lat_nd, lon_nd)
    _place(store.places, slot, x, y, z, radius_mm * 1e-3)
    store.spans[slot, 0], store.spans[slot, 1] = 0, 0


@njit(cache=True, nogil=True, error_model="numpy")
def _place(places: Float64s, slot: int, x: float, y: float, z: float, radius: float) -> None:
    places[slot, 0], places[slot, 1], places[slot, 2], places[slot, 3] = x, y, z, radius


@njit(cache=True, nogil=True, error_model="numpy")
def _take(store: Store, n: int) -> int:
    """The first vertex of a free block of n."""
    head = store.free[n]
    if head == 0:
        at = store.used[0]
        store.used[0] += n
        return int(at)
    store.free[n] = np.int64(store.vertices[head - 1, 0])
    store.used[1] -= n
    return int(head - 1)


@njit(cache=True, nogil=True, error_model="numpy")
def clear(store: Store, slots: Int64s) -> bool:
    """Empty slots; False, at the first that is empty already."""
    for slot in slots:
        at, n = store.spans[slot, 0], abs(store.spans[slot, 1])
        if at == ABSENT:
            return False
        if n > 0:
            store.vertices[at, 0] = store.free[n]
            store.free[n] = at + 1
            store.used[1] += n
        store.spans[slot, 0], store.spans[slot, 1] = ABSENT, 0
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def adopt(store: Store, slots: Int64s, other: Store) -> bool:
    """Copy another store's volumes into empty slots, room having been seen to; False, at the first that is filled."""
    for i in range(len(slots)):
        slot, n = slots[i], abs(other.spans[i, 1])
        if store.spans[slot, 0] != ABSENT:
            return False
        at = _take(store, n) if n > 0 else 0
        for j in range(n):
            for k in range(3):
                store.vertices[at + j, k] = other.vertices[other.spans[i, 0] + j, k]
        store.spans[slot, 0], store.spans[slot, 1] = at, other.spans[i, 1]
        for k in range(4):
            store.extents[slot, k] = other.extents[i, k]
            store.places[slot, k] = other.places[i, k]
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def compact(store: Store, pool: Float64s) -> None:
    """Copy all blocks to the start of a new pool, in the order of the slots; no free block remains."""
    at = 0
    for slot in range(len(store.spans)):
        n = abs(store.spans[slot, 1])
        if n > 0:
            old = store.spans[slot, 0]
            for j in range(n):
                for k in range(3):
                    pool[at + j, k] = store.vertices[old + j, k]
            store.spans[slot, 0] = at
            at += n
    store.free[:] = 0
    store.used[0], store.used[1] = at, 0
