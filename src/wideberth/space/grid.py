"""The arrays behind the candidate index, and how boxes get into them and out again.

In:  boxes, int64 of shape (n, 8), as `wideberth.space.index` describes them, and the slots they go to.
Out: a `Grid`, a hash grid over (space level x time level).
Refuses nothing: a slot added twice, or removed twice, is a bug and trips an assertion.

A box lives on the level whose cells are no smaller than the box, so it spans at most 2 x 2 x 2 cells, and has an entry
in each. A cell's entries stand side by side in a block of one pool, found by a hash without keys: cells that share a
bucket are told apart by the records. An entry is 16 bytes: its sides within the cell in 512ths, its band in steps of
8 m, and its slot with the corner of the box that the cell is. So few records are read that do not meet the query.
Blocks are powers of two, and free ones are kept in lists by size. Longitudes are kept in [0, 720e9]: a box is never cut
at the antimeridian, a query is turned instead.
"""

from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

Int64s: TypeAlias = npt.NDArray[np.int64]
Int32s: TypeAlias = npt.NDArray[np.int32]

SPACE_BITS: Final = 26
"""The finest cell is 2**26 nd: 7.5 km of latitude. Smaller boxes share it: an entry is passed over in a nanosecond."""
SPACE_STEP: Final = 2
"""Each level's cells are four times as wide as the last one's."""
SPACE_LEVELS: Final = 8
"""The coarsest cell is 2**40 nd, more than three turns."""
TIME_BITS: Final = 30
"""The finest cell is 2**30 us: 18 minutes."""
TIME_STEP: Final = 2
TIME_LEVELS: Final = 16
"""The coarsest cell is 2**60 us, longer than any window."""
LEVELS: Final = SPACE_LEVELS * TIME_LEVELS
EAST, KINDS = LEVELS, LEVELS + 1
"""Places in `Grid.counts` after the levels: the greatest longitude ever held, and one more than the greatest kind."""
TURN_ND: Final = 360_000_000_000

# a record: eight words; the band takes one of them, and the kind stands above the level in the last
LAT_MIN, LAT_MAX, LON_MIN, LON_MAX, START, END, BAND, LEVEL = range(8)
FREE: Final = -1
KIND_BITS: Final = 16
LEVEL_MASK: Final = (1 << KIND_BITS) - 1
BAND_MIN: Final = -(2**31)
BAND_MAX: Final = 2**31 - 1

# a bucket: offset of its block in the pool; size class of the block above the number of entries
COUNT_BITS: Final = 26
COUNT_MASK: Final = (1 << COUNT_BITS) - 1
BUCKETS_PER_SLOT: Final = 4

# an entry: six fields of nine bits for its sides within the cell; two of fourteen for its band above slot * 8 + corner.
# Each field has a guard bit above it. Field by field, the query's far side less the entry's near side keeps the guard
# bit exactly when they meet, so one subtraction tests all sides at once.
SIDE_GUARDS: Final = sum(1 << (10 * i + 9) for i in range(6))
BAND_GUARDS: Final = 1 << 46 | 1 << 61
ENTRY_MASK: Final = (1 << 32) - 1

# the pool's books: the first free block of each size class, where the untouched rest begins, the largest class used
NOTHING: Final = -1
POOL_END: Final = 32
POOL_LARGEST: Final = 33


class Grid(NamedTuple):
    """The arrays, in the order in which the functions below take them."""

    counts: Int64s
    """(LEVELS + 2,): boxes on each level, EAST, KINDS."""
    records: Int64s
    """(capacity, 8)."""
    positions: Int32s
    """(capacity, 8): where in its bucket the entry of each corner stands."""
    heads: Int32s
    """(buckets, 2)."""
    pool: Int64s
    """(entries, 2)."""
    store: Int64s
    """The pool's books."""


def free_grid(capacity: int, entries: int) -> Grid:
    """An empty grid with room for slots below `capacity`, and for so many entries; each record on one cache line."""
    raw = np.empty(capacity * 8 + 8, np.int64)
    skip = -raw.ctypes.data // 8 % 8
    records = raw[skip : skip + capacity * 8].reshape(capacity, 8)
    records[:, LEVEL] = FREE
    store = np.full(POOL_LARGEST + 1, NOTHING, np.int64)
    store[POOL_END] = store[POOL_LARGEST] = 0
    heads = np.zeros((max(8, BUCKETS_PER_SLOT << (capacity - 1).bit_length()), 2), np.int32)
    positions = np.empty((capacity, 8), np.int32)
    return Grid(np.zeros(LEVELS + 2, np.int64), records, positions, heads, np.empty((entries, 2), np.int64), store)


@njit(cache=True, nogil=True)
def shifts(level: int) -> tuple[int, int]:
    """Binary logarithms of a level's cell: nanodegrees, microseconds."""
    return SPACE_BITS + level // TIME_LEVELS * SPACE_STEP, TIME_BITS + level % TIME_LEVELS * TIME_STEP


@njit(cache=True, nogil=True)
def bucket_of(level: int, lat: int, lon: int, time: int, blocks: int) -> int:
    """The bucket of a cell; 2 x 4 cells neighbouring in longitude and time share one cache line."""
    key = ((lat * 1_048_583 + (lon >> 1)) * 67_108_879 + (time >> 2)) * 1031 + level
    key = (key ^ (key >> 32)) * -7046029254386353131
    key = (key ^ (key >> 29)) * -4658895280553007687
    key ^= key >> 32
    return int(((key & (blocks - 1)) << 3) | ((lon & 1) << 2) | (time & 3))


@njit(cache=True, nogil=True)
def fine_sides(low: int, high: int, cell: int, shift: int) -> tuple[int, int]:
    """A range in 512ths of a cell, floored and clamped, so that ranges that meet there still do."""
    origin, fine = cell << shift, shift - 9
    return min(max((low - origin) >> fine, 0), 511), min(max((high - origin) >> fine, 0), 511)


@njit(cache=True, nogil=True)
def fine_band(lower_mm: int, upper_mm: int) -> tuple[int, int]:
    """An altitude band in steps of 8.2 m from 1,049 m below the ellipsoid, floored and clamped likewise."""
    return min(max((lower_mm + (1 << 20)) >> 13, 0), 16383), min(max((upper_mm + (1 << 20)) >> 13, 0), 16383)


@njit(cache=True, nogil=True)
def _level(record: Int64s) -> int:
    """The finest level whose cells are no smaller than the box: space level * TIME_LEVELS + time level."""
    width = max(record[LAT_MAX] - record[LAT_MIN], record[LON_MAX] - record[LON_MIN])
    length = record[END] - record[START]
    space = 0
    while space < SPACE_LEVELS - 1 and width > (1 << (SPACE_BITS + space * SPACE_STEP)):
        space += 1
    time = 0
    while time < TIME_LEVELS - 1 and length > (1 << (TIME_BITS + time * TIME_STEP)):
        time += 1
    return space * TIME_LEVELS + time


@njit(cache=True, nogil=True)
def _take_block(size: int, pool: Int64s, store: Int64s) -> int:
    """The offset of a free block of 2**size entries; `_has_room` has seen to it that there is one."""
    offset = store[size]
    if offset != NOTHING:
        store[size] = pool[offset, 0]
        return int(offset)
    offset = store[POOL_END]
    store[POOL_END] = offset + (1 << size)
    store[POOL_LARGEST] = max(store[POOL_LARGEST], size)
    return int(offset)


@njit(cache=True, nogil=True)
def _move_block(bucket: int, size: int, heads: Int32s, pool: Int64s, store: Int64s) -> None:
    """Move a bucket's entries into a block of another size class."""
    offset, count, old = heads[bucket, 0], heads[bucket, 1] & COUNT_MASK, heads[bucket, 1] >> COUNT_BITS
    target = _take_block(size, pool, store)
    for i in range(count):
        pool[target + i, 0] = pool[offset + i, 0]
        pool[target + i, 1] = pool[offset + i, 1]
    pool[offset, 0] = store[old]
    store[old] = offset
    heads[bucket, 0] = target
    heads[bucket, 1] = size << COUNT_BITS | count


@njit(cache=True, nogil=True)
def _push(bucket: int, sides: int, entry: int, heads: Int32s, pool: Int64s, store: Int64s) -> int:
    """Append an entry to a bucket. Out: its position there."""
    count, size = heads[bucket, 1] & COUNT_MASK, heads[bucket, 1] >> COUNT_BITS
    if count == 0:
        heads[bucket, 0] = _take_block(0, pool, store)
    elif count == 1 << size:
        _move_block(bucket, size + 1, heads, pool, store)
    at = heads[bucket, 0] + count
    pool[at, 0], pool[at, 1] = sides, entry
    heads[bucket, 1] += 1
    return int(count)


@njit(cache=True, nogil=True)
def _pull(bucket: int, position: int, positions: Int32s, heads: Int32s, pool: Int64s, store: Int64s) -> None:
    """Take an entry out of a bucket; the last one takes its place."""
    offset, count, size = heads[bucket, 0], heads[bucket, 1] & COUNT_MASK, heads[bucket, 1] >> COUNT_BITS
    count -= 1
    last = pool[offset + count, 1] & ENTRY_MASK
    pool[offset + position, 0] = pool[offset + count, 0]
    pool[offset + position, 1] = pool[offset + count, 1]
    positions[last >> 3, last & 7] = position
    heads[bucket, 1] = size << COUNT_BITS | count
    if count == 0:
        pool[offset, 0] = store[size]
        store[size] = offset
        heads[bucket, 1] = 0
    elif size > 1 and count == 1 << (size - 2):
        _move_block(bucket, size - 1, heads, pool, store)


@njit(cache=True, nogil=True)
def _link(
    slot: int, join: bool, records: Int64s, positions: Int32s, heads: Int32s, pool: Int64s, store: Int64s
) -> None:
    """Put the entries of a slot into their buckets, or take them out."""
    record = records[slot]
    level = record[LEVEL] & LEVEL_MASK
    s, t = shifts(level)
    lat0, lon0, time0 = record[LAT_MIN] >> s, record[LON_MIN] >> s, record[START] >> t
    lats = (record[LAT_MAX] >> s) - lat0
    lons = (record[LON_MAX] >> s) - lon0
    times = max((record[END] - 1 >> t) - time0, 0)
    low, high = fine_band(record[BAND] >> 32, (record[BAND] << 32) >> 32)
    band = low << 32 | (16383 - high) << 47
    for corner in range(8):
        i, j, k = corner >> 2, (corner >> 1) & 1, corner & 1
        if i > lats or j > lons or k > times:
            continue
        bucket = bucket_of(level, lat0 + i, lon0 + j, time0 + k, len(heads) >> 3)
        if join:
            south, north = fine_sides(record[LAT_MIN], record[LAT_MAX], lat0 + i, s)
            west, east = fine_sides(record[LON_MIN], record[LON_MAX], lon0 + j, s)
            start, end = fine_sides(record[START], record[END], time0 + k, t)
            sides = south | (511 - north) << 10 | west << 20 | (511 - east) << 30 | start << 40 | (511 - end) << 50
            positions[slot, corner] = _push(bucket, sides, band | slot << 3 | corner, heads, pool, store)
        else:
            _pull(bucket, positions[slot, corner], positions, heads, pool, store)


@njit(cache=True, nogil=True)
def _has_room(pool: Int64s, store: Int64s) -> bool:
    """Whether the pool's rest holds eight blocks twice as large as the largest: the most that one slot may take."""
    return bool(store[POOL_END] + (16 << store[POOL_LARGEST]) <= len(pool))


@njit(cache=True, nogil=True)
def add_boxes(
    slots: Int64s,
    boxes: Int64s,
    kinds: Int64s,
    begin: int,
    counts: Int64s,
    records: Int64s,
    positions: Int32s,
    heads: Int32s,
    pool: Int64s,
    store: Int64s,
) -> int:
    """Write and link boxes from `begin` on. Out: where it stopped: the end, or where an array must grow first."""
    for i in range(begin, len(slots)):
        if slots[i] >= len(records) or not _has_room(pool, store):
            return i
        record, box = records[slots[i]], boxes[i]
        assert record[LEVEL] == FREE, "a slot was added twice"
        assert kinds[i] >= 0
        record[LAT_MIN], record[LAT_MAX], record[START], record[END] = box[0], box[1], box[6], box[7]
        west = (box[2] + TURN_ND // 2) % TURN_ND
        record[LON_MIN], record[LON_MAX] = west, west + (box[3] - box[2])
        lower, upper = min(max(box[4], BAND_MIN), BAND_MAX), min(max(box[5], BAND_MIN), BAND_MAX)
        record[BAND] = lower << 32 | upper & ENTRY_MASK
        level = _level(record)
        record[LEVEL] = kinds[i] << KIND_BITS | level
        counts[level] += 1
        counts[KINDS] = max(counts[KINDS], kinds[i] + 1)
        counts[EAST] = max(counts[EAST], record[LON_MAX])
        _link(slots[i], True, records, positions, heads, pool, store)
    return len(slots)


@njit(cache=True, nogil=True)
def remove_slots(
    slots: Int64s,
    counts: Int64s,
    records: Int64s,
    positions: Int32s,
    heads: Int32s,
    pool: Int64s,
    store: Int64s,
) -> None:
    """Unlink."""
    for slot in slots:
        assert records[slot, LEVEL] != FREE, "a slot was removed twice"
        _link(slot, False, records, positions, heads, pool, store)
        counts[records[slot, LEVEL] & LEVEL_MASK] -= 1
        records[slot, LEVEL] = FREE


@njit(cache=True, nogil=True)
def relink(
    begin: int,
    counts: Int64s,
    records: Int64s,
    positions: Int32s,
    heads: Int32s,
    pool: Int64s,
    store: Int64s,
) -> int:
    """Link every written record from `begin` on into a grid that was free. Out: where it stopped, as `add_boxes`."""
    for slot in range(begin, len(records)):
        if not _has_room(pool, store):
            return slot
        if records[slot, LEVEL] != FREE:
            counts[records[slot, LEVEL] & LEVEL_MASK] += 1
            counts[EAST] = max(counts[EAST], records[slot, LON_MAX])
            counts[KINDS] = max(counts[KINDS], (records[slot, LEVEL] >> KIND_BITS) + 1)
            _link(slot, True, records, positions, heads, pool, store)
    return len(records)
