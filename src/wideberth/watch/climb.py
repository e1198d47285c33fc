"""How a strand climbs, where nobody says: radars of Mode A/C and Cursor on Target give altitudes alone. Compiled.

In:  altitudes of a strand, by pressure where it has them, else above the ellipsoid; the two are never mixed.
Out: a climb, where altitudes give one that is surely none of their steps.
Refuses nothing: what comes late or twice changes nothing.

The filter of `motion.follow` in one dimension. Its figures are of Mode C, 100 ft a step every 4 to 12 s: a level flight
whose altitude flickers by a step is level. An altitude that does not fit moves nothing until a second one agrees with
it, since single altitudes are garbled: then both begin anew.
"""

import math
from typing import Final

from numba import njit

from wideberth.watch.motion import (
    GAP_S,
    UP,
    UP_COUNT,
    UP_GO,
    UP_KIND,
    UP_US,
    UP_VV,
    UP_WILD,
    UP_WILD_US,
    UP_XV,
    UP_XX,
    Float64s,
)
from wideberth.watch.state import NONE, Strands

STEP_M: Final = 15.2
"""Standard deviation of an altitude that flickers between two steps of 100 ft, the coarsest that transponders give."""
LIFT_M_S2: Final = 0.1
"""The change of climb that the filter reckons with, 20 ft/min a second."""
START_M_S: Final = 15.0
"""Standard deviation of a climb of which nothing is known: 3,000 ft/min."""
OUTLIER: Final = 3.5
"""An altitude this many standard deviations off does not fit."""
AGREE_M_S: Final = 40.0
"""Two that do not fit agree where no more than this and three steps lies between them: 8,000 ft/min."""
SAID_US: Final = 10_000_000
"""A reported climb that is older is none."""
HEARD_US: Final = 15_000_000
"""Nor do older altitudes give one: a radar turns in 4 to 12 s."""
LEVEL_M_S: Final = 2.0
"""What is known better than this and is no climb is level, whatever another source said before."""
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
def climb(s: Strands, row: int, now_us: int) -> int:
    """In mm/s: as reported of late, else as its altitudes of late give it, 0 where they surely give none; else NONE."""
    if s.climb_mm_s[row] != NONE and s.climb_us[row] >= now_us - SAID_US:
        return int(s.climb_mm_s[row])
    f = s.fit[row]
    if f[UP_COUNT] < COUNT_MIN or f[UP_US] < now_us - HEARD_US:
        return NONE
    if f[UP_GO] * f[UP_GO] < SURE * SURE * f[UP_VV]:
        return 0 if f[UP_VV] < LEVEL_M_S * LEVEL_M_S else NONE
    climbing: int = round(1e3 * f[UP_GO])
    return climbing


@njit(cache=True, nogil=True, error_model="numpy")
def _step(f: Float64s, metres: float, time_us: int, kind: int) -> None:
    dt = (time_us - f[UP_US]) * 1e-6
    if f[UP_COUNT] == 0.0 or f[UP_KIND] != kind or dt > GAP_S:
        _begin(f, metres, time_us, kind)
        return
    if dt <= 0.0:
        return
    power = LIFT_M_S2 * LIFT_M_S2 * max(dt, 1.0)
    xx = f[UP_XX] + 2.0 * dt * f[UP_XV] + dt * dt * f[UP_VV] + power * dt * dt * dt / 3.0
    xv = f[UP_XV] + dt * f[UP_VV] + power * dt * dt / 2.0
    vv = f[UP_VV] + power * dt
    off, whole = metres - f[UP] - f[UP_GO] * dt, xx + STEP_M * STEP_M
    if off * off > OUTLIER * OUTLIER * whole:
        _wild(f, metres, time_us, kind)
        return
    height, speed = xx / whole, xv / whole
    f[UP], f[UP_GO] = metres - (1.0 - height) * off, f[UP_GO] + speed * off
    f[UP_XX], f[UP_XV], f[UP_VV] = (1.0 - height) * xx, (1.0 - height) * xv, vv - speed * xv
    f[UP_US], f[UP_COUNT], f[UP_WILD_US] = time_us, f[UP_COUNT] + 1.0, -math.inf


@njit(cache=True, nogil=True, error_model="numpy")
def _begin(f: Float64s, metres: float, time_us: int, kind: int) -> None:
    f[UP], f[UP_GO], f[UP_US], f[UP_KIND], f[UP_COUNT] = metres, 0.0, time_us, kind, 1.0
    f[UP_XX], f[UP_XV], f[UP_VV], f[UP_WILD_US] = STEP_M * STEP_M, 0.0, START_M_S * START_M_S, -math.inf


@njit(cache=True, nogil=True, error_model="numpy")
def _wild(f: Float64s, metres: float, time_us: int, kind: int) -> None:
    """One that does not fit is kept aside; with a second that agrees with it the estimate begins anew."""
    dt, before = (time_us - f[UP_WILD_US]) * 1e-6, f[UP_WILD]
    if dt <= 0.0:
        return
    if dt > GAP_S or abs(metres - before) > AGREE_M_S * dt + 3.0 * STEP_M:
        f[UP_WILD], f[UP_WILD_US] = metres, time_us
        return
    _begin(f, metres, time_us, kind)
    f[UP_GO], f[UP_COUNT] = (metres - before) / dt, COUNT_MIN - 1.0
    f[UP_XV], f[UP_VV] = STEP_M * STEP_M / dt, 2.0 * STEP_M * STEP_M / (dt * dt)
