"""Who is about to come too near to whom: every pair among up to 100,000 moving things, exact on WGS 84.

In:  things at one common time (`motion.Moving`), the minima by pair of classes, how far to look ahead.
Out: `Pairs`, sorted by i, then j: all pairs that by straight motion (`motion`) are nearer than both of their minima at
     some moment of [0, until_s), and no others, as testing each with each says.
Refuses (`Crowded`): a sky in which more than `NEAR_MAX` pairs are near at once, so that no sweep takes minutes; speeds
above `SPEED_M_S_MAX` are a bug of the caller, who leaves such things out and says so.

Time is cut into slices; in each, `rows` lays everything out so that what may meet stands together, a scan compares
spheres and spans of altitude in float32, and what is left is decided by `motion.meet`. A pair is given only in the
slice that holds the moment when it becomes too near, so no set is needed.
"""

import math
from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from wideberth.party.charter import CLASSES, Charter
from wideberth.watch.motion import FOOT, KIND, NEVER, VZ, Float64s, Int64s, Minima, Moving, flat, gap, meet, motion
from wideberth.watch.rows import LAYER, LAYERS, ROWS, TURN, Bands, Int32s, Slice, cut, make_bands, window

Bools = npt.NDArray[np.bool_]
SPEED_M_S_MAX: Final = 2_000.0
SLICE_S: Final = 75.0
LOOK_AHEAD_S: Final = 300.0
NM_5_M: Final = 9_260.0
FT_1000: Final = 1_000 * FOOT
NEAR_MAX: Final = 4_000_000
"""Pairs that are tested exactly in one slice: about half a second of one core."""
_FIRST: Final = 1 << 16


class Crowded(Exception):
    """More pairs are near one another than a sweep has time for."""


class Pairs(NamedTuple):
    """Pairs about to be too near, columns of equal length; i < j are places in the columns that came in."""

    i: Int64s
    j: Int64s
    entry_s: Float64s
    """When both minima begin to fall short: 0 where they do now."""
    exit_s: Float64s
    """When one of them no longer does; may lie past the look-ahead."""
    cpa_s: Float64s
    """Between entry and exit, and within the look-ahead, when they are nearest horizontally."""
    horizontal_m: Float64s
    """How near then."""
    vertical_m: Float64s
    """Altitude of j less that of i then; NaN where one of them has none."""


def minima_of(charter: Charter) -> Minima:
    """A charter's minima between classes, in the order of `CLASSES`."""
    pairs = np.array([charter.row_mm(own) for own in CLASSES], np.float64)
    return Minima(pairs[:, :, 0] / 1_000.0, pairs[:, :, 1] * 10.0)


def one_minimum(horizontal_m: float = NM_5_M, vertical_ft: int = 1_000) -> Minima:
    """The same for all, as ICAO Doc 4444 has it en route by default: 5 NM and 1,000 ft. One class, 0."""
    return Minima(np.array([[horizontal_m]]), np.array([[float(vertical_ft * FOOT)]]))


def approaches(m: Moving, minima: Minima, until_s: float = LOOK_AHEAD_S, mine: Bools | None = None) -> Pairs:
    """All pairs that become too near before `until_s`; with `mine`, those alone of which one is so."""
    n = len(m.lat_rad)
    if n < 2 or until_s <= 0:
        return _pairs(np.empty((0, 7)))
    assert float(m.speed_m_s.max()) <= SPEED_M_S_MAX, "faster than anything that is watched"
    slices = max(1, int(np.ceil(until_s / SLICE_S)))
    edges = np.linspace(0.0, until_s, slices + 1)
    going = motion(m)
    # compiled code would look for the band of a place that is no number outside of its tables
    assert np.isfinite(going[:, : VZ + 1]).all(), "a place or a velocity that is no number"
    found, whole = _sweep(m, going, minima, edges, _bands(), np.ones(n, np.bool_) if mine is None else mine)
    if not whole:
        raise Crowded
    return _pairs(found)


def held(m: Moving, minima: Minima, wide: Pairs, until_s: float) -> Pairs:
    """Pairs found with wider minima, each held against `minima`: entry_s is infinite where these do not fall short."""
    out = np.stack((wide.i, wide.j, *wide[2:6], wide.vertical_m * 1e4), 1).astype(np.float64)
    if len(out):
        _hold(motion(m), minima, until_s, out)
    return _pairs(out)


@njit(cache=True, nogil=True, error_model="numpy")
def apart(going: Float64s, i: Int64s, j: Int64s) -> Float64s:
    """(k, 2) how far apart rows of `motion` are now, metres across and in height; NaN where that is not known."""
    out = np.empty((len(i), 2))
    for k in range(len(i)):
        dx, dy, dz, _, _, _ = flat(going[i[k]], going[j[k]])
        above, doubt = gap(going[i[k]], going[j[k]])
        out[k, 0] = math.sqrt(dx * dx + dy * dy + dz * dz)
        out[k, 1] = abs(above) * 1e-4 if doubt == 0.0 else np.nan
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _hold(going: Float64s, minima: Minima, until_s: float, out: Float64s) -> None:
    """Write what the narrower minima say over each row; where they do not fall short, entry alone."""
    for k in range(len(out)):
        i, j = int(out[k, 0]), int(out[k, 1])
        a, b = int(going[i, KIND]), int(going[j, KIND])
        far, tall = minima.horizontal_m[a, b], minima.vertical[a, b]
        begin, end, at, distance, above = meet(going[i], going[j], far, tall, until_s)
        out[k, 2] = begin
        if begin < NEVER:
            out[k, 3], out[k, 4], out[k, 5], out[k, 6] = end, at, distance, above


def _pairs(found: Float64s) -> Pairs:
    order = np.lexsort((found[:, 1], found[:, 0]))
    columns = np.ascontiguousarray(found[order].T)
    entry, exit_, cpa, horizontal = columns[2:6]
    return Pairs(
        columns[0].astype(np.int64), columns[1].astype(np.int64), entry, exit_, cpa, horizontal, columns[6] * 1e-4
    )


@cache
def _bands() -> Bands:
    return make_bands()


@njit(cache=True, nogil=True, error_model="numpy")
def _sweep(
    m: Moving, going: Float64s, minima: Minima, edges: Float64s, bands: Bands, mine: Bools
) -> tuple[Float64s, bool]:
    """All slices. Out: (p, 7), the fields of `Pairs`, altitudes in tenths of a millimetre; whether that is all."""
    n = len(m.kind)
    half, low, high = np.empty(n), np.empty(n), np.empty(n)
    for i in range(n):
        k = m.kind[i]
        half[i] = 0.5 * minima.horizontal_m[k].max()
        widest = 0.5 * minima.vertical[k].max()
        low[i], high[i] = m.low[i] - widest, m.high[i] + widest
    out, count = np.empty((_FIRST, 7)), 0
    near = np.empty((_FIRST, 2), np.int32)
    for s in range(len(edges) - 1):
        begin, end = edges[s], edges[s + 1]
        at = cut(going, m.speed_m_s, half, low, high, m.climb, 0.5 * (begin + end), 0.5 * (end - begin), bands)
        found, own = 0, _own(at, mine)
        for row in range(len(at.starts) - 1):
            if at.starts[row] < at.starts[row + 1]:
                near, found = _from_row(at, bands, row, own, near, found)
                if found > NEAR_MAX:
                    return out[:0], False
        out, count = _decide(going, minima, begin, end, edges[-1], near[:found], out, count)
    return out[:count], True


@njit(cache=True, nogil=True, error_model="numpy")
def _own(at: Slice, mine: Bools) -> tuple[Int32s, Int32s]:
    """Where in the slice those stand that somebody watches, and by place how many before it."""
    places, before = np.empty(len(at.who), np.int32), np.empty(len(at.who) + 1, np.int32)
    n = 0
    for k in range(len(at.who)):
        before[k] = n
        if mine[at.who[k]]:
            places[n] = k
            n += 1
    before[len(at.who)] = n
    return places[:n], before


@njit(cache=True, nogil=True, error_model="numpy")
def _from_row(
    at: Slice, bands: Bands, row: int, own: tuple[Int32s, Int32s], near: Int32s, found: int
) -> tuple[Int32s, int]:
    """What a row has with itself, the rest of its band and the bands north of it."""
    band, mine = row // ROWS, row % ROWS
    reach = at.reach_max[1 if mine == ROWS - 1 else 0]
    farthest = max(at.reach_max[0], at.reach_max[1]) + reach
    other_band = band
    while other_band < len(bands.axis_m) and bands.south_m[other_band] - bands.south_m[band + 1] <= farthest:
        first = other_band * ROWS
        if at.starts[first] < at.starts[first + ROWS]:
            for kind in range(mine if other_band == band else 0, ROWS):
                other = first + kind
                if at.starts[other] == at.starts[other + 1] or (max(mine, kind) < LAYERS and abs(mine - kind) > 1):
                    continue
                distance = reach + at.reach_max[1 if kind == ROWS - 1 else 0]
                if bands.south_m[other_band] - bands.south_m[band + 1] > distance:
                    continue
                wide = window(distance, min(bands.axis_m[band], bands.axis_m[other_band]))
                near, found = _walk(at, row, other, wide, own, near, found)
        other_band += 1
    return near, found


@njit(cache=True, nogil=True, error_model="numpy")
def _walk(
    at: Slice, row: int, other: int, wide: int, own: tuple[Int32s, Int32s], near: Int32s, found: int
) -> tuple[Int32s, int]:
    """Two rows side by side along the longitude; once more a turn on and a turn back, where windows reach over.

    What nobody watches is held against what somebody does, and nothing else, so a crowd of strangers costs no square.
    Ends early past `NEAR_MAX`.
    """
    places, before = own
    begin, end, first, last = at.starts[row], at.starts[row + 1], at.starts[other], at.starts[other + 1]
    kind = other % ROWS
    floor = (kind * LAYER - at.reach_max[2]) if 0 < kind < LAYERS else -np.inf
    ceiling = ((kind + 1) * LAYER + at.reach_max[2]) if kind < LAYERS - 1 else np.inf
    whole = 2 * wide >= TURN
    for turn in range(-1, 2):
        shift = turn * TURN
        if (
            (turn != 0 and whole)
            or (turn < 0 and at.lon[end - 1] + wide < TURN)
            or (turn > 0 and at.lon[begin] >= wide)
        ):
            continue
        low, high = first, first
        for i in range(begin, end):
            if at.high[i] < floor or at.low[i] > ceiling:
                continue
            west, east = at.lon[i] - wide + shift, at.lon[i] + wide + shift
            if whole:
                low, high = first, last
            else:
                while low < last and at.lon[low] < west:
                    low += 1
                high = max(high, low)
                while high < last and at.lon[high] <= east:
                    high += 1
            start = max(low, i + 1) if row == other else low
            if start >= high:
                continue
            while found + high - start > len(near):
                near = np.concatenate((near, np.empty_like(near)))
            if before[i + 1] > before[i]:
                for j in range(start, high):
                    found = _note(at, i, j, near, found)
            elif before[high] > before[start]:
                for j in places[before[start] : before[high]]:
                    found = _note(at, i, j, near, found)
            if found > NEAR_MAX:
                return near, found
    return near, found


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _note(at: Slice, i: int, j: int, near: Int32s, found: int) -> int:
    """Note j where its sphere and span of altitude meet those of i."""
    dx, dy, dz, r = at.x[j] - at.x[i], at.y[j] - at.y[i], at.z[j] - at.z[i], at.reach[j] + at.reach[i]
    near[found, 0], near[found, 1] = at.who[i], at.who[j]
    near_it: bool = (dx * dx + dy * dy + dz * dz <= r * r) & (at.low[j] <= at.high[i]) & (at.high[j] >= at.low[i])
    return found + near_it


@njit(cache=True, nogil=True, error_model="numpy")
def _decide(
    going: Float64s, minima: Minima, begin_s: float, end_s: float, until_s: float, near: Int32s,
    out: Float64s, count: int,
) -> tuple[Float64s, int]:  # fmt: skip
    """Write the pairs that become too near in this slice; returns how many there are then."""
    for k in range(len(near)):
        i, j = min(near[k, 0], near[k, 1]), max(near[k, 0], near[k, 1])
        a, b = int(going[i, KIND]), int(going[j, KIND])
        far, tall = minima.horizontal_m[a, b], minima.vertical[a, b]
        begin, end, at, distance, above = meet(going[i], going[j], far, tall, until_s)
        if begin == NEVER or begin < begin_s or begin >= end_s:
            continue
        if count == len(out):
            out = np.concatenate((out, np.empty_like(out)))
        row = out[count]
        row[0], row[1], row[2], row[3], row[4], row[5], row[6] = i, j, begin, end, at, distance, above
        count += 1
    return out, count


def moving(
    lat_deg: Sequence[float] | Float64s,
    lon_deg: Sequence[float] | Float64s,
    baro_ft: Sequence[float] | Float64s,
    speed_m_s: Sequence[float] | Float64s,
    track_deg: Sequence[float] | Float64s,
    climb_ft_min: Sequence[float] | Float64s | None = None,
    kind: Sequence[int] | Int64s | None = None,
) -> Moving:
    """Things with a pressure altitude in feet, or NaN for none; all of class 0 unless said. For benches and tests."""
    feet = np.asarray(baro_ft, np.float64)
    n, known = len(feet), feet == feet
    climb = np.zeros(n) if climb_ft_min is None else np.asarray(climb_ft_min, np.float64) * (FOOT / 60.0)
    return Moving(
        np.radians(np.asarray(lat_deg, np.float64)),
        np.radians(np.asarray(lon_deg, np.float64)),
        np.where(known, feet * 0.3048, 0.0),
        np.asarray(speed_m_s, np.float64),
        np.radians(np.asarray(track_deg, np.float64)),
        feet * FOOT,
        np.full(n, np.nan),
        np.where(known, feet * FOOT, -np.inf),
        np.where(known, feet * FOOT, np.inf),
        climb,
        np.zeros(n, np.int64) if kind is None else np.asarray(kind, np.int64),
    )
