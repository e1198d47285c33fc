"""The exact search for losses of separation in recorded tracks. All compiled.

In:  rows sorted by (identity, time); minima; which buckets of time to look at.
Out: for every pair of identities and bucket in which both came nearer than both minima at one moment: when, how near.

Between two samples of a track, at most GAP_US apart, it is taken to have flown straight and evenly: in ECEF between the
foot points on the ellipsoid, in altitude between the whole feet. The horizontal separation is what remains of the
difference of two foot points without its part along the ellipsoid's normal midway; to 50 km that is the geodesic within
a metre. Both the horizontal and the vertical separation are closed forms of time on what two segments have in common,
and so is the moment at which they are least: nothing is sampled.

The rule: less than the horizontal minimum in whole millimetres and less than the vertical one in whole feet, both
strictly, at one moment. Exactly 1,000 ft is no loss.
"""

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numba import njit

from wideberth.encounter.rows import GROUND
from wideberth.space.geodesy import A_M, B_M, ecef

GAP_US: Final = 60_000_000
"""Across more than this nobody knows where something flew: a track is cut."""
BUCKET_US: Final = 20_000_000
"""Tracks are compared by their bounding spheres over so long; boundaries are whole multiples since 1970."""
SPEED_M_S: Final = 700.0
CLIMB_FT_S: Final = 500.0
"""No crewed aircraft in shared airspace goes faster; a step past it is an error of reception, or of identity."""
SLACK_S: Final = 1.0
"""Times of reception are rounded to the second in many recordings."""
SLACK_FT: Final = 200.0
RUN_MAX: Final = 5
"""So few samples beside an implausible step are taken for the error; of longer runs neither side is."""
HELD_US: Final = 10_000_000
"""A position that stands to the last digit for longer, after moving at HELD_M_S or nobody knows how, is a last value
held, not measured: mostly of aircraft that have landed. What hovers came slower."""
HELD_M_S: Final = 25.0
HELD_LONG_US: Final = 7 * GAP_US
"""One that stands for so long is held, however it came. One that came at HELD_M_S and then is elsewhere, as far as it
gets at HELD_M_S since it first stood, was held from then on: state vectors once a second repeat a place for seconds."""
CONTEXT_US: Final = 8 * GAP_US
"""What lies farther from a moment than this has no say in it."""
_MARGIN_M: Final = 25.0
_A2: Final = 1.0 / (A_M * A_M)
_B2: Final = 1.0 / (B_M * B_M)

Array = npt.NDArray[Any]
INTS: Final = 7
"""Whole columns of a loss: codes of both, entry, exit, nearest moment, largest sample gap, duration (us)."""
FLOATS: Final = 11
"""Broken columns: nearness, horizontal_m and vertical_ft (second less first) at the nearest moment, least horizontal_m,
least vertical_ft, closing m/s at entry, relative speed m/s at the nearest moment, x, y, z midway then, and the greatest
sum of both speeds over ground, m/s."""
REPEATED, ON_GROUND, IMPLAUSIBLE, KEPT, HELD = 0, 1, 2, 3, 4


@njit(cache=True, nogil=True, error_model="numpy")
def order(code: Array, time_us: Array, codes: int) -> Array:
    """The permutation that sorts by (code, time), stable: counting, then each identity that is out of order."""
    start = np.zeros(codes + 1, np.int64)
    for c in code:
        start[c + 1] += 1
    for c in range(codes):
        start[c + 1] += start[c]
    place = start[:-1].copy()
    made = np.empty(len(code), np.int64)
    for k in range(len(code)):
        made[place[code[k]]] = k
        place[code[k]] += 1
    for c in range(codes):
        part = made[start[c] : start[c + 1]]
        for k in range(1, len(part)):
            if time_us[part[k]] < time_us[part[k - 1]]:
                part[:] = part[np.argsort(time_us[part], kind="mergesort")]
                break
    return made


@njit(cache=True, nogil=True, error_model="numpy")
def _plausible(time_us: Array, xyz: Array, alt_ft: Array, a: int, b: int) -> bool:
    """Whether anything that flies can have gone from one sample to the other."""
    s = (time_us[b] - time_us[a]) * 1e-6
    dx, dy, dz = xyz[b, 0] - xyz[a, 0], xyz[b, 1] - xyz[a, 1], xyz[b, 2] - xyz[a, 2]
    far = SPEED_M_S * (s + SLACK_S)
    climbed = abs(alt_ft[b] - alt_ft[a])
    return bool(dx * dx + dy * dy + dz * dz <= far * far and climbed <= CLIMB_FT_S * s + SLACK_FT)


@njit(cache=True, nogil=True, error_model="numpy")
def prepare(
    rows: Array,
    at: Array,
    counted: tuple[int, int],
    code: Array,
    time_us: Array,
    xyz: Array,
    alt_ft: Array,
    flown: Array,
) -> Array:
    """Sorted rows without repeats, samples on the ground and implausible ones, into columns of the same length.

    Columns: code, time, ECEF of the foot point, altitude, and whether the way to the next was flown (0 where cut, and
    in the rest of the column). Returns counts of samples within `counted` (us): repeated, on the ground, implausible,
    kept, held.
    """
    counts = np.zeros(5, np.int64)
    flown[:] = 0
    kept, last_code, last_us, airborne = 0, -1, np.int64(0), False
    hold, hold_kept, hold_us, hold_m_s, before_us = 0, 0, np.int64(0), 0.0, np.int64(0)
    for k in at:
        row = rows[k]
        one = 1 if counted[0] <= row.time_us < counted[1] else 0
        if row.code == last_code and row.time_us == last_us:
            counts[REPEATED] += one
            continue
        seen = airborne and row.code == last_code and row.time_us - last_us <= GAP_US
        last_code, last_us, airborne = row.code, row.time_us, row.alt_ft != GROUND
        if not airborne:
            counts[ON_GROUND] += one
            continue
        x, y, z = ecef(row.lat_nd, row.lon_nd)
        if not seen:
            hold, hold_us, hold_m_s = k, row.time_us, np.inf
        elif rows[hold].lat_nd != row.lat_nd or rows[hold].lon_nd != row.lon_nd:
            way = math.sqrt((x - xyz[kept - 1, 0]) ** 2 + (y - xyz[kept - 1, 1]) ** 2 + (z - xyz[kept - 1, 2]) ** 2)
            left_m_s = way / ((row.time_us - hold_us) * 1e-6)
            if hold_m_s >= HELD_M_S and left_m_s >= HELD_M_S:
                kept, before_us = _let_go(hold_kept, kept, time_us, flown, counts, counted), hold_us
            hold, hold_us, hold_m_s = k, row.time_us, way / ((row.time_us - before_us) * 1e-6)
        before_us = row.time_us
        stood = row.time_us - hold_us
        if stood >= HELD_LONG_US or (stood > HELD_US and hold_m_s >= HELD_M_S):
            counts[HELD] += one
            kept = _let_go(hold_kept, kept, time_us, flown, counts, counted)
            continue
        if hold_us == row.time_us:
            hold_kept = kept
        code[kept], time_us[kept], alt_ft[kept] = row.code, row.time_us, row.alt_ft
        xyz[kept, 0], xyz[kept, 1], xyz[kept, 2] = x, y, z
        if seen and row.time_us - time_us[kept - 1] <= GAP_US:
            flown[kept - 1] = 1 if _plausible(time_us, xyz, alt_ft, kept - 1, kept) else 2
        counts[KEPT] += one
        kept += 1
    kept = _without_errors(kept, code, time_us, xyz, alt_ft, flown, counts, counted)
    flown[max(kept - 1, 0) :] = 0
    return counts


@njit(cache=True, nogil=True, error_model="numpy")
def _let_go(first: int, kept: int, time_us: Array, flown: Array, counts: Array, counted: tuple[int, int]) -> int:
    """Of the samples of a held position only the first was measured; how many samples are kept then."""
    for i in range(first + 1, kept):
        one = 1 if counted[0] <= time_us[i] < counted[1] else 0
        counts[HELD] += one
        counts[KEPT] -= one
    flown[first:kept] = 0
    return min(kept, first + 1)


@njit(cache=True, nogil=True, error_model="numpy")
def _without_errors(
    n: int,
    code: Array,
    time_us: Array,
    xyz: Array,
    alt_ft: Array,
    flown: Array,
    counts: Array,
    counted: tuple[int, int],
) -> int:
    """Drop short runs beside implausible steps (flown 2) and join what lies around them where that is plausible."""
    kept, begin, dropped_before, before = 0, 0, False, np.uint8(0)
    for k in range(n):
        if flown[k] == 1:
            continue
        after = flown[k]
        if (before == 2 or after == 2) and k + 1 - begin <= RUN_MAX:
            for i in range(begin, k + 1):
                one = 1 if counted[0] <= time_us[i] < counted[1] else 0
                counts[IMPLAUSIBLE] += one
                counts[KEPT] -= one
            dropped_before = True
        else:
            if dropped_before and kept > 0 and code[kept - 1] == code[begin] and flown[kept - 1] == 2:
                near = time_us[begin] - time_us[kept - 1] <= GAP_US
                joined = near and _plausible(time_us, xyz, alt_ft, kept - 1, begin)
                flown[kept - 1] = 1 if joined else 0
            for i in range(begin, k + 1):
                code[kept], time_us[kept], alt_ft[kept] = code[i], time_us[i], alt_ft[i]
                xyz[kept, 0], xyz[kept, 1], xyz[kept, 2] = xyz[i, 0], xyz[i, 1], xyz[i, 2]
                flown[kept] = flown[i]
                kept += 1
            dropped_before = False
        begin, before = k + 1, after
    for k in range(kept):
        if flown[k] == 2:
            flown[k] = 0
    return kept


@njit(cache=True, nogil=True, error_model="numpy")
def steps(rows: Array, flags: Array) -> None:
    """Note by identity what its figures are not multiples of: 1 of 100 ft, 2 of 25 ft, 4 of a second."""
    for k in range(len(rows)):
        row = rows[k]
        if row.alt_ft != GROUND:
            off = (1 if row.alt_ft % 100 else 0) | (2 if row.alt_ft % 25 else 0)
            flags[row.code] |= off | (4 if row.time_us % 1_000_000 else 0)
