"""Whether two volumes are nearer to one another than allowed: for one pair, and for a million live volumes.

In:  checked volumes, or slots of an `Arena`, and the minima: metres horizontally, millimetres vertically.
Out: `Near` for a pair or None; `Nears`, a struct of arrays, for many pairs at once. One compiled rule decides both.
Refuses nothing: volumes were checked before (`volume.check_volume`).

The rule. Two volumes are near when all of this holds:
    their windows [start, end) have a moment in common (half open: one may start the instant the other ends);
    the signed horizontal separation of their outlines, in whole millimetres, is less than the horizontal minimum, or 0
    or less (outlines are closed: touching and overlapping always count, also where the minimum is 0);
    the signed vertical separation of their bands (closed) is less than the vertical minimum, or 0 or less.
A gap of exactly the minimum is not near. What `separation` finds is rounded to the millimetre, ties to even, before the
rule is applied, so a gap under half a millimetre touches.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from wideberth.space.geodesy import geodetic_nd
from wideberth.space.ring import Float64s, Int64s, circle_area, ring_area
from wideberth.space.separation import contained, separation
from wideberth.space.store import ABSENT, Store, adopt, clear, compact, empty_store, fill
from wideberth.space.volume import Circle, Flat, Polygon, Volume4D, flatten

SLACK_M: Final = 0.0005
"""What rounds to 0 mm is 0."""


class Near(NamedTuple):
    """How two volumes come nearer than allowed."""

    horizontal_mm: int
    """Signed: above 0 a gap, 0 touching, below 0 a depth (`separation` says of what)."""
    vertical_mm: int
    """Signed likewise."""
    start_us: int
    end_us: int
    """The window in common."""
    lower_mm: int
    upper_mm: int
    """The altitudes in common, or else the gap between the bands."""
    lat_nd: int
    lon_nd: int
    """A place in what they share, or midway between their nearest points."""


class Nears(NamedTuple):
    """The near ones of many pairs, int64 columns of equal length; the fields are those of `Near`."""

    pair: Int64s
    """Which pair, ascending: a place in query_of and slot_of."""
    horizontal_mm: Int64s
    vertical_mm: Int64s
    start_us: Int64s
    end_us: Int64s
    lower_mm: Int64s
    upper_mm: Int64s
    lat_nd: Int64s
    lon_nd: Int64s


@njit(cache=True, nogil=True, error_model="numpy")
def _near(a: Store, i: int, b: Store, j: int, minimum_m: float, minimum_mm: int, out: Int64s) -> bool:
    """Apply the rule to two slots; where it holds, write the fields of `Near`."""
    start, end = max(a.extents[i, 2], b.extents[j, 2]), min(a.extents[i, 3], b.extents[j, 3])
    if start >= end:
        return False
    lower, upper = max(a.extents[i, 0], b.extents[j, 0]), min(a.extents[i, 1], b.extents[j, 1])
    vertical = lower - upper
    if vertical >= minimum_mm and vertical > 0:
        return False
    horizontal_min = np.int64(round(minimum_m * 1000.0))
    m, x, y, z = separation(a, i, b, j, minimum_m)
    if m == np.inf:
        return False
    horizontal = np.int64(round(m * 1000.0))
    if horizontal >= horizontal_min and horizontal > 0:
        return False
    out[0], out[1], out[2], out[3] = horizontal, vertical, start, end
    out[4], out[5] = min(lower, upper), max(lower, upper)
    out[6], out[7] = geodetic_nd(x, y, z)
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def nears(
    a: Store, b: Store, query_of: Int64s, slot_of: Int64s, minimum_m: Float64s, minimum_mm: Int64s, out: Int64s
) -> int:
    """Write a row for each near pair, its number first; returns how many, or -1 - pair where a slot is empty."""
    n = 0
    for k in range(len(query_of)):
        i, j = query_of[k], slot_of[k]
        if a.spans[i, 0] == ABSENT or j >= len(b.spans) or b.spans[j, 0] == ABSENT:
            return -1 - k
        if _near(a, i, b, j, minimum_m[k], minimum_mm[k], out[n, 1:]):
            out[n, 0] = k
            n += 1
    return n


@njit(cache=True, nogil=True, error_model="numpy")
def _separation(store: Store, i: int, j: int) -> float:
    return separation(store, i, store, j, np.inf)[0]


@njit(cache=True, nogil=True, error_model="numpy")
def _contains(store: Store, outer: int, inner: int) -> bool:
    return contained(store, outer, inner, SLACK_M)


def prepare(volumes: Sequence[Volume4D]) -> Store:
    """Checked volumes as a store of their own, slot by place, to ask an `Arena` with."""
    return _prepare(flatten(volumes))


def _prepare(flat: Flat) -> Store:
    n = len(flat.radii_mm)
    store = empty_store(n, len(flat.coordinates) // 2)
    fill(store, np.arange(n), *flat)
    return store


def separation_m(a: Circle | Polygon, b: Circle | Polygon) -> float:
    """Signed horizontal separation of two checked outlines, metres; `wideberth.space.separation` defines it."""
    return float(_separation(prepare((Volume4D(a, 0, 0, 0, 0), Volume4D(b, 0, 0, 0, 0))), 0, 1))


def area_m2(outline: Circle | Polygon) -> float:
    """Square metres inside a checked outline, within 0.5 %."""
    if isinstance(outline, Circle):
        return float(circle_area(outline.lat_nd, outline.radius_mm))
    return float(ring_area(np.array(outline.ring, np.int64)))


def contains(outer: Circle | Polygon, inner: Circle | Polygon) -> bool:
    """Whether a checked outline lies within another; it may touch, and stick out by less than half a millimetre."""
    return bool(_contains(prepare((Volume4D(outer, 0, 0, 0, 0), Volume4D(inner, 0, 0, 0, 0))), 0, 1))


def near(a: Volume4D, b: Volume4D, minimum_m: float, minimum_mm: int) -> Near | None:
    """The rule for one pair of checked volumes; symmetric but for the place, which may differ by rounding."""
    store = prepare((a, b))
    pair, minima = np.array((0, 1)), (np.array((minimum_m,), np.float64), np.array((minimum_mm,), np.int64))
    found = _ask(store, store, pair[:1], pair[1:], *minima)
    assert found is not None
    return Near(*found[0, 1:].tolist()) if len(found) else None


def _ask(
    a: Store, b: Store, query_of: Int64s, slot_of: Int64s, minimum_m: Float64s, minimum_mm: Int64s
) -> Int64s | None:
    """One row a near pair: its number and the fields of `Near`; None where a slot is empty."""
    out = np.empty((len(query_of), 1 + len(Near._fields)), np.int64)
    n = nears(a, b, query_of, slot_of, minimum_m, minimum_mm, out)
    return out[:n] if n >= 0 else None


class Arena:
    """Live volumes by slot, made ready once. Slots should be dense: memory follows the highest.

    A volume of four vertices takes 176 bytes and up to a quarter more in room to grow. Not for several writers.
    """

    def __init__(self, slots: int = 1_024) -> None:
        self._store = empty_store(slots, 4 * slots)

    @property
    def store(self) -> Store:
        """What is filled, to read."""
        return self._store

    @property
    def nbytes(self) -> int:
        """Bytes allocated."""
        return sum(column.nbytes for column in self._store)

    def has(self, slots: Int64s) -> npt.NDArray[np.bool_]:
        """Which slots are filled."""
        slots = np.asarray(slots, np.int64)
        known = slots < len(self._store.spans)
        known[known] = self._store.spans[slots[known], 0] != ABSENT
        return known

    def put(self, slot: int, volume: Volume4D) -> None:
        """Fill one empty slot with a checked volume."""
        self.put_many(np.array([slot]), (volume,))

    def put_many(self, slots: Int64s, volumes: Sequence[Volume4D]) -> None:
        """Fill empty slots, each once, with checked volumes."""
        slots = np.asarray(slots, np.int64)
        assert len(slots) == len(volumes) == len(np.unique(slots)), "one slot a volume, each once"
        if not len(slots):
            return
        assert slots.min() >= 0, "slots count from 0"
        assert not self.has(slots).any(), "a slot is filled already"
        flat = flatten(volumes)
        self._reserve(int(slots.max()) + 1, len(flat.coordinates) // 2)
        fill(self._store, slots, *flat)

    def adopt(self, slots: Int64s, ready: Store) -> None:
        """Fill empty slots (n,), ascending, with what `prepare` made of n volumes."""
        self._reserve(int(slots[-1]) + 1, len(ready.vertices))
        free = adopt(self._store, slots, ready)
        assert free, "a slot is filled already"

    def drop(self, slots: Int64s) -> None:
        """Empty filled slots."""
        slots = np.asarray(slots, np.int64)
        assert self.has(slots).all(), "a slot is empty already"
        once = clear(self._store, slots)
        assert once, "a slot was dropped twice"

    def near(self, queries: Store, query_of: Int64s, slot_of: Int64s, minimum_m: Float64s, minimum_mm: Int64s) -> Nears:
        """The rule for every pair (query_of[k], slot_of[k]) with its own minima; exactly what `near` says of each."""
        pairs = (np.asarray(query_of, np.int64), np.asarray(slot_of, np.int64))
        minima = (np.asarray(minimum_m, np.float64), np.asarray(minimum_mm, np.int64))
        rows = _ask(queries, self._store, *pairs, *minima)
        assert rows is not None, "a pair names an empty slot"
        return Nears(*rows.T)

    def _reserve(self, slots: int, more: int) -> None:
        """Make room for that many slots and for that many more vertices; what dropped rings left is closed up first."""
        store = self._store
        rows = len(store.spans)
        if slots > rows:
            rows = max(slots, rows + rows // 4)
            grown = empty_store(rows, 0)
            for new, old in zip(grown[:3], store[:3], strict=True):
                new[: len(old)] = old
            store = store._replace(spans=grown.spans, extents=grown.extents, places=grown.places)
        used, free = store.used.tolist()
        if used + more > len(store.vertices):
            if 4 * free > used or free > more:
                used -= free
            pool = np.empty((max(used + more, len(store.vertices), used + used // 4), 3))
            if free:
                compact(store, pool)
            else:
                pool[:used] = store.vertices[:used]
            store = store._replace(vertices=pool)
        self._store = store
