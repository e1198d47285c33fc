"""How a strand climbs, where nobody says: radars of Mode A/C and Cursor on Target give altitudes alone. Compiled.

In:  altitudes of a strand, by pressure where it has them, else above the ellipsoid; the two are never mixed.
Out: a climb, where altitudes give one that is surely none of their steps.
Refuses nothing: what comes late or twice changes nothing.

The filter of `motion.follow` in one dimension. Its figures are of Mode C, 100 ft a step every 4 to 12 s: a level flight
whose altitude flickers by a step is level, and a climb of 2,000 ft/min out of level flight is known after 7 s of
altitudes once a second, 11 s of one in 4 s, 17 s of one in 10 s.
"""

from typing import Final

from numba import njit

from wideberth.watch.motion import (
    GAP_S,
    OUTLIER,
    UP,
    UP_COUNT,
    UP_GO,
    UP_KIND,
    UP_US,
    UP_VV,
    UP_XV,
    UP_XX,
    Float64s,
)
from wideberth.watch.state import NONE, Strands

STEP_M: Final = 15.2
"""Standard deviation of an altitude that flickers between two steps of 100 ft, the coarsest that transponders give."""
LIFT_M_S2: Final = 0.1
"""The change of climb that the filter reckons with, 20 ft/min a second."""
START_M_S: Final = 30.0
"""Standard deviation of a climb of which nothing is known: 6,000 ft/min."""
COUNT_MIN: Final = 4
"""Fewer altitudes give no climb."""
SURE: Final = 3.0
"""Nor do more of them one of fewer standard deviations: of levels that flicker at random none was taken for a climb."""
_PRESSURE, _ELLIPSOID = 1, 2


@njit(cache=True, nogil=True, error_model="numpy")
def rise(s: Strands, row: int, baro_ft: int, hae_mm: int, time_us: int) -> None:
    """Take the altitudes of a report; NONE is undefined."""
    f = s.fit[row]
    if baro_ft != NONE:
        _step(f, baro_ft * 0.3048, time_us, _PRESSURE)
    elif hae_mm != NONE and (f[UP_KIND] != _PRESSURE or (time_us - f[UP_US]) * 1e-6 > GAP_S):
        _step(f, hae_mm * 1e-3, time_us, _ELLIPSOID)


@njit(cache=True, nogil=True, error_model="numpy")
def climb(s: Strands, row: int) -> int:
    """In mm/s: as reported of late, else as its altitudes give it, else NONE."""
    if s.climb_mm_s[row] != NONE:
        return int(s.climb_mm_s[row])
    f = s.fit[row]
    if f[UP_COUNT] < COUNT_MIN or f[UP_GO] * f[UP_GO] < SURE * SURE * f[UP_VV]:
        return NONE
    climbing: int = round(1e3 * f[UP_GO])
    return climbing


@njit(cache=True, nogil=True, error_model="numpy")
def _step(f: Float64s, metres: float, time_us: int, kind: int) -> None:
    dt = (time_us - f[UP_US]) * 1e-6
    begun = f[UP_COUNT] > 0.0 and f[UP_KIND] == kind and dt <= GAP_S
    if begun and dt <= 0.0:
        return
    power = LIFT_M_S2 * LIFT_M_S2 * max(dt, 1.0)
    xx = f[UP_XX] + 2.0 * dt * f[UP_XV] + dt * dt * f[UP_VV] + power * dt * dt * dt / 3.0
    xv = f[UP_XV] + dt * f[UP_VV] + power * dt * dt / 2.0
    vv = f[UP_VV] + power * dt
    off, whole = metres - f[UP] - f[UP_GO] * dt, xx + STEP_M * STEP_M
    if not begun or off * off > OUTLIER * OUTLIER * whole:
        f[UP], f[UP_GO], f[UP_COUNT] = metres, 0.0, 0.0
        f[UP_XX], f[UP_XV], f[UP_VV] = STEP_M * STEP_M, 0.0, START_M_S * START_M_S
    else:
        height, speed = xx / whole, xv / whole
        f[UP], f[UP_GO] = metres - (1.0 - height) * off, f[UP_GO] + speed * off
        f[UP_XX], f[UP_XV], f[UP_VV] = (1.0 - height) * xx, (1.0 - height) * xv, vv - speed * xv
    f[UP_US], f[UP_KIND], f[UP_COUNT] = time_us, kind, f[UP_COUNT] + 1.0
