"""Candidates: which of the live boxes may lie nearer to a box than asked, out of a million, in microseconds.

In:  boxes, int64 of shape (n, 8): lat_min_nd, lat_max_nd, lon_min_nd, lon_max_nd, lower_mm, upper_mm, start_us, end_us.
     lon_min_nd lies in [-180e9, 180e9), lon_max_nd may pass 180e9 where a box crosses the antimeridian and spans at
     most 360e9; a box over a pole spans the full circle. Whoever makes the box rounds it outward.
Out: pairs (query, slot) of boxes that meet once the query is grown by its margins. Outlines and altitudes are closed,
     windows half open: boxes that touch are candidates, windows that only touch are not. Each pair once, sorted by
     query, then by slot; nothing else of the index's past shows in an answer.
Refuses nothing: a slot added twice, or removed twice, is a bug and trips an assertion.

A query walks the cells that it covers on every level in use (see `wideberth.space.grid`). A pair is reported only in
the one cell that holds the maximum of both minima, so no set is needed. Where a query covers so many cells that
testing every record costs less, that is done. Around the antimeridian a query is walked once more, one turn on or back;
a pair counts in the first turn by which it meets.
"""

import heapq
from collections.abc import Iterable
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

from wideberth.space.grid import (
    BAND,
    BAND_GUARDS,
    BAND_MAX,
    BAND_MIN,
    COUNT_MASK,
    EAST,
    END,
    ENTRY_MASK,
    FREE,
    KIND_BITS,
    KINDS,
    LAT_MAX,
    LAT_MIN,
    LEVEL,
    LEVEL_MASK,
    LEVELS,
    LON_MAX,
    LON_MIN,
    POOL_END,
    POOL_LARGEST,
    SIDE_GUARDS,
    START,
    TURN_ND,
    Grid,
    Int32s,
    Int64s,
    add_boxes,
    bucket_of,
    fine_band,
    fine_sides,
    free_grid,
    relink,
    remove_slots,
    shifts,
)

Float64s: TypeAlias = npt.NDArray[np.float64]

POLE_ND: Final = 90_000_000_000
POLAR_ND: Final = 89_900_000_000
"""Beyond this latitude (11 km from a pole) a margin reaches every longitude."""
MERIDIAN_RADIUS_M_MIN: Final = 6_335_439.0
"""Least radius of curvature of a WGS 84 meridian, a(1 - e**2), at the equator: the fewest metres a degree."""
EQUATOR_RADIUS_M: Final = 6_378_137.0
"""WGS 84 a, the least radius of curvature in the prime vertical."""
ND_PER_RADIAN: Final = 180e9 / np.pi
OUTWARD: Final = 1.0 + 1e-9
"""Covers the rounding of the margin's arithmetic; one nanodegree more is added besides."""
RECORDS_PER_CELL: Final = 8
"""Looking up a cell costs about as much as testing so many records in a row."""
LOWER, UPPER = 6, 7
"""Where a query keeps its band, in a word each."""


@njit(cache=True, nogil=True)
def _reach(south: int, north: int, margin_m: float) -> tuple[int, int]:
    """How far a margin reaches from between two parallels, in latitude and longitude: nanodegrees, rounded outward.

    On a path of `margin_m` latitude changes by at most margin / M_min, and longitude by at most
    margin / (a cos(latitude)) at the highest latitude that the path can come to. A full turn is every longitude.
    """
    if margin_m == 0.0:
        return 0, 0
    up = int(np.ceil(min(margin_m * OUTWARD / MERIDIAN_RADIUS_M_MIN * ND_PER_RADIAN, 2.0 * POLE_ND))) + 1
    highest = max(abs(south - up), abs(north + up))
    if highest >= POLAR_ND:
        return up, TURN_ND
    radius_m = EQUATOR_RADIUS_M * np.cos(highest / ND_PER_RADIAN)
    return up, int(np.ceil(min(margin_m * OUTWARD / radius_m * ND_PER_RADIAN, 1.0 * TURN_ND))) + 1


@njit(cache=True, nogil=True)
def _ask(box: Int64s, margins_m: Float64s, margins_mm: Int64s, queries: Int64s) -> None:
    """Write the query of a box for each kind: its sides grown by that kind's margins; the last row by the widest.

    Longitudes of the last row begin in [0, 360e9); the others lie within, in the same turn.
    """
    _, along = _reach(box[0], box[1], margins_m[-1])
    west, east = box[2] + TURN_ND // 2, box[3] + TURN_ND // 2
    everywhere = east - west + 2 * along >= TURN_ND
    turns = (west - along) // TURN_ND * TURN_ND
    for row in range(len(queries)):
        query = queries[row]
        up, along = _reach(box[0], box[1], margins_m[row])
        query[LAT_MIN], query[LAT_MAX] = max(box[0] - up, -POLE_ND), min(box[1] + up, POLE_ND)
        query[LON_MIN] = 0 if everywhere else west - along - turns
        query[LON_MAX] = TURN_ND if everywhere else east + along - turns
        query[START], query[END] = box[6], box[7]
        query[LOWER] = min(max(box[4] - margins_mm[row], BAND_MIN), BAND_MAX)
        query[UPPER] = min(max(box[5] + margins_mm[row], BAND_MIN), BAND_MAX)


@njit(cache=True, nogil=True)
def _first_turn(record: Int64s, query: Int64s) -> int:
    """By how many turns a query first meets a record in longitude: 0, 1 or -1, or 2 for never."""
    west, east = query[LON_MIN], query[LON_MAX]
    if record[LON_MIN] <= east and west <= record[LON_MAX]:
        return 0
    if record[LON_MIN] <= east + TURN_ND and west + TURN_ND <= record[LON_MAX]:
        return 1
    if record[LON_MIN] <= east - TURN_ND and west - TURN_ND <= record[LON_MAX]:
        return -1
    return 2


@njit(cache=True, nogil=True)
def _meets(record: Int64s, query: Int64s) -> bool:
    """Whether a record meets a query in all but longitude."""
    return bool(
        record[LAT_MIN] <= query[LAT_MAX]
        and query[LAT_MIN] <= record[LAT_MAX]
        and record[START] < query[END]
        and query[START] < record[END]
        and record[BAND] >> 32 <= query[UPPER]
        and query[LOWER] <= (record[BAND] << 32) >> 32
    )


@njit(cache=True, nogil=True)
def _cells(query: Int64s, level: int, turn: int) -> tuple[int, int, int, int, int, int]:
    """The cells that a query covers on a level, by a turn: first and last of latitude, longitude, time."""
    s, t = shifts(level)
    west, east = query[LON_MIN] + turn * TURN_ND, query[LON_MAX] + turn * TURN_ND
    last = max(query[END] - 1, query[START])
    return query[LAT_MIN] >> s, query[LAT_MAX] >> s, west >> s, east >> s, query[START] >> t, last >> t


@njit(cache=True, nogil=True)
def _walk(
    queries: Int64s, level: int, turn: int, found: Int64s, n: int, records: Int64s, heads: Int32s, pool: Int64s
) -> int:
    """Collect what one level holds, by one turn. Out: `n` raised by the number found, written as far as room is."""
    query = queries[-1]
    s, t = shifts(level)
    west, east = query[LON_MIN] + turn * TURN_ND, query[LON_MAX] + turn * TURN_ND
    lat0, lat1, lon0, lon1, time0, time1 = _cells(query, level, turn)
    low, high = fine_band(query[LOWER], query[UPPER])
    band = BAND_GUARDS | ENTRY_MASK | high << 32 | (16383 - low) << 47
    for lat in range(lat0, lat1 + 1):
        low, high = fine_sides(query[LAT_MIN], query[LAT_MAX], lat, s)
        lat_sides = SIDE_GUARDS | high | (511 - low) << 10
        for lon in range(lon0, lon1 + 1):
            low, high = fine_sides(west, east, lon, s)
            lon_sides = lat_sides | high << 20 | (511 - low) << 30
            for time in range(time0, time1 + 1):
                bucket = bucket_of(level, lat, lon, time, len(heads) >> 3)
                offset, count = heads[bucket, 0], heads[bucket, 1] & COUNT_MASK
                low, high = fine_sides(query[START], query[END], time, t)
                sides = lon_sides | high << 40 | (511 - low) << 50
                for at in range(offset, offset + count):
                    if (sides - pool[at, 0]) & SIDE_GUARDS != SIDE_GUARDS:
                        continue
                    if (band - pool[at, 1]) & BAND_GUARDS != BAND_GUARDS:
                        continue
                    slot, corner = (pool[at, 1] & ENTRY_MASK) >> 3, pool[at, 1] & 7
                    i, j, k = corner >> 2, (corner >> 1) & 1, corner & 1
                    # the maximum of the minima lies here: this is the record's first cell, or the query's
                    if (i and lat > lat0) or (j and lon > lon0) or (k and time > time0):
                        continue
                    record = records[slot]
                    own = queries[min(record[LEVEL] >> KIND_BITS, len(queries) - 1)]
                    # another cell may share the bucket
                    if (
                        record[LEVEL] & LEVEL_MASK == level
                        and (record[LAT_MIN] >> s) + i == lat
                        and (record[LON_MIN] >> s) + j == lon
                        and (record[START] >> t) + k == time
                        and _meets(record, own)
                        and _first_turn(record, own) == turn
                    ):
                        if n < len(found):
                            found[n] = slot
                        n += 1
    return n


@njit(cache=True, nogil=True)
def _scan(queries: Int64s, found: Int64s, n: int, records: Int64s) -> int:
    """Collect by testing every record."""
    for slot in range(len(records)):
        record = records[slot]
        if record[LEVEL] == FREE:
            continue
        own = queries[min(record[LEVEL] >> KIND_BITS, len(queries) - 1)]
        if _meets(record, own) and _first_turn(record, own) != 2:
            if n < len(found):
                found[n] = slot
            n += 1
    return n


@njit(cache=True, nogil=True)
def _cost(query: Int64s, turn: int, counts: Int64s) -> float:
    """Cells to look up on all levels in use, by one turn."""
    cells = 0.0
    for level in range(LEVELS):
        if counts[level] > 0:
            lat0, lat1, lon0, lon1, time0, time1 = _cells(query, level, turn)
            cells += float(lat1 - lat0 + 1) * float(lon1 - lon0 + 1) * float(time1 - time0 + 1)
    return cells


@njit(cache=True, nogil=True)
def _collect(
    queries: Int64s, found: Int64s, n: int, counts: Int64s, records: Int64s, heads: Int32s, pool: Int64s
) -> int:
    """All slots that meet the query of their kind, in the order of the slots."""
    begin = n
    # a turn is walked only where some box can lie there
    first = -1 if queries[-1, LON_MAX] >= TURN_ND else 0
    last = 1 if queries[-1, LON_MIN] + TURN_ND <= counts[EAST] else 0
    cost = 0.0
    for turn in range(first, last + 1):
        cost += _cost(queries[-1], turn, counts)
    if cost * RECORDS_PER_CELL > len(records):
        return _scan(queries, found, n, records)
    for level in range(LEVELS):
        if counts[level] > 0:
            for turn in range(first, last + 1):
                n = _walk(queries, level, turn, found, n, records, heads, pool)
    found[begin:n].sort()
    return n


@njit(cache=True, nogil=True)
def candidates(
    boxes: Int64s,
    margins_m: Float64s,
    margins_mm: Int64s,
    counts: Int64s,
    records: Int64s,
    heads: Int32s,
    pool: Int64s,
) -> tuple[Int64s, Int64s]:
    """`Index.query` on a grid's arrays."""
    assert margins_m.min() >= 0.0
    assert margins_mm.min() >= 0
    assert len(margins_m) == len(margins_mm)
    assert len(margins_m) == 1 or len(margins_m) >= counts[KINDS], "a kind has no margin"
    # one margin alone is the widest too
    kinds = len(margins_m) if len(margins_m) > 1 else 0
    rows_m, rows_mm = np.empty(kinds + 1), np.empty(kinds + 1, np.int64)
    rows_m[:kinds], rows_mm[:kinds] = margins_m[:kinds], margins_mm[:kinds]
    rows_m[kinds], rows_mm[kinds] = margins_m.max(), margins_mm.max()
    found, ends = np.empty(256, np.int64), np.empty(len(boxes), np.int64)
    queries = np.empty((kinds + 1, 8), np.int64)
    n = 0
    for i in range(len(boxes)):
        _ask(boxes[i], rows_m, rows_mm, queries)
        begin = n
        n = _collect(queries, found, begin, counts, records, heads, pool)
        if n > len(found):
            more = np.empty(n + n // 2, np.int64)
            more[:begin] = found[:begin]
            found = more
            n = _collect(queries, found, begin, counts, records, heads, pool)
        ends[i] = n
    which = np.empty(n, np.int64)
    begin = 0
    for i in range(len(boxes)):
        which[begin : ends[i]] = i
        begin = ends[i]
    return which, found[:n]


class Index:
    """Live boxes by slot. Whoever adds chooses the slots (see `Slots`), densely: memory follows the highest one.

    Capacity doubles as needed. Threads may read it together while nobody writes.
    """

    def __init__(self, capacity: int = 1024) -> None:
        self._live = 0
        self._grid = free_grid(capacity, capacity)

    def __len__(self) -> int:
        """How many boxes are live."""
        return self._live

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return sum(part.nbytes for part in self._grid)

    @property
    def grid(self) -> Grid:
        """The arrays, to read."""
        return self._grid

    def reserve(self, capacity: int) -> None:
        """Make room for slots below `capacity` at once, instead of by doubling."""
        old = self._grid
        if capacity <= len(old.records):
            return
        self._grid = free_grid(capacity, max(capacity, len(old.pool)))
        self._grid.records[: len(old.records)] = old.records
        done = 0
        while (done := relink(done, *self._grid)) < capacity:
            self._grow_pool()

    def _grow_pool(self) -> None:
        """Half as much again, or what the next slot may take where that is more."""
        old, used = self._grid.pool, int(self._grid.store[POOL_END])
        need = used + (16 << int(self._grid.store[POOL_LARGEST]))
        pool = np.empty((max(need, len(old) * 3 // 2), 2), np.int64)
        pool[:used] = old[:used]
        self._grid = self._grid._replace(pool=pool)

    def add(self, slots: Int64s, boxes: Int64s, kinds: int | Int64s = 0) -> None:
        """Put `boxes` (n, 8) at free `slots` (n,). A kind is a small number from 0 that chooses the margins."""
        assert boxes.shape == (len(slots), 8)
        kind_of = kinds if isinstance(kinds, np.ndarray) else np.full(len(slots), kinds)
        assert len(kind_of) == len(slots)
        done = 0
        while (done := add_boxes(slots, boxes, kind_of, done, *self._grid)) != len(slots):
            if slots[done] >= len(self._grid.records):
                self.reserve(max(int(slots.max()) + 1, 2 * len(self._grid.records)))
            else:
                self._grow_pool()
        self._live += len(slots)

    def remove(self, slots: Int64s) -> None:
        """Take away what lies at `slots` (n,)."""
        remove_slots(slots, *self._grid)
        self._live -= len(slots)

    def kinds_of(self, slots: Int64s) -> Int64s:
        """Kinds (n,) of what is live at slots (n,)."""
        kinds: Int64s = self._grid.records[slots, LEVEL] >> KIND_BITS
        return kinds

    def boxes_of(self, slots: Int64s) -> Int64s:
        """Boxes (n, 8) of what is live at slots (n,), as they were added."""
        records = self._grid.records[slots]
        boxes = np.empty((len(slots), 8), np.int64)
        boxes[:, 0], boxes[:, 1] = records[:, LAT_MIN], records[:, LAT_MAX]
        boxes[:, 2], boxes[:, 3] = records[:, LON_MIN], records[:, LON_MAX]
        boxes[:, 2:4] -= TURN_ND // 2
        boxes[:, 4], boxes[:, 5] = records[:, BAND] >> 32, records[:, BAND] << 32 >> 32
        boxes[:, 6], boxes[:, 7] = records[:, START], records[:, END]
        return boxes

    def query(
        self, boxes: Int64s, margin_m: float | Float64s = 0.0, margin_mm: int | Int64s = 0
    ) -> tuple[Int64s, Int64s]:
        """Candidates of `boxes` (m, 8), each grown sideways by `margin_m`, and by `margin_mm` up and down.

        A margin is one for all, or an array of one for each kind of box met; both are given in the same way.
        Out: indices of queries and slots (p,), (p,), sorted by query, then slot. Every live box with a point within
        the margins of a point of the query, and a window in common, is among them; some are farther than that.
        """
        margins_m = margin_m if isinstance(margin_m, np.ndarray) else np.array((margin_m,), np.float64)
        margins_mm = margin_mm if isinstance(margin_mm, np.ndarray) else np.array((margin_mm,), np.int64)
        grid = self._grid
        pairs: tuple[Int64s, Int64s] = candidates(
            boxes, margins_m, margins_mm, grid.counts, grid.records, grid.heads, grid.pool
        )
        return pairs


class Slots:
    """Hands out slots, the lowest free one first: what comes next follows from which are live, not from the past."""

    def __init__(self, live: Iterable[int] = ()) -> None:
        """In: the slots that are live already, as after a snapshot."""
        taken = set(live)
        self._end = max(taken, default=-1) + 1
        # ascending, so it is a heap already
        self._free = [slot for slot in range(self._end) if slot not in taken]

    def take(self, n: int) -> Int64s:
        """Slots (n,), ascending, live from now on."""
        if not self._free:
            self._end += n
            return np.arange(self._end - n, self._end)
        reused = [heapq.heappop(self._free) for _ in range(min(n, len(self._free)))]
        fresh = n - len(reused)
        slots = np.array(reused + list(range(self._end, self._end + fresh)), np.int64)
        self._end += fresh
        return slots

    def give(self, slots: Iterable[int]) -> None:
        """Slots that are no longer live; giving one that was free already is a bug of the caller."""
        for slot in slots:
            heapq.heappush(self._free, int(slot))
