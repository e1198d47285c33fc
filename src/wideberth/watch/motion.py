"""Straight motion of many things on the ellipsoid: where each is, and when two of them come too near. All compiled.

In:  columns of places, velocities and altitudes at one common time.
Out: foot points and their velocities in ECEF; for a pair, when it is nearer than both minima, and how near.
     A thing's velocity from its places, with its error.
Refuses nothing: what cannot be predicted (no position, no speed) is left out before.

The model: each thing goes on along its geodesic at its ground speed. Its foot point (height 0) in ECEF moves along the
tangent at the ground speed times N / (N + h), because speed over ground is a speed at height h. A pair is looked at
along the ellipsoid's normal between both: what is left of the difference is d + w t, and its length is taken as such
(not as dist**2 - t**2 v**2, which cancels). Tested against geodesic motion: 2 m in what is nearest at 250 m/s in 300 s.
How a thing goes is told by its places too (`follow`): a Kalman filter of nearly constant velocity, both axes alike
(Y. Bar-Shalom, X. R. Li, T. Kirubarajan, Estimation with Applications to Tracking and Navigation, Wiley 2001, 6.2.2),
which for places at even times is the alpha-beta filter of P. R. Kalata (The tracking index, IEEE Trans. AES-20 (2),
1984). How much places scatter is not what they state (a bound, much of it constant) but measured, by mean squares of
their second differences (J. von Neumann and others, The mean square successive difference, Ann. Math. Stat. 12, 1941).
Altitudes are in tenths of a millimetre, in which a foot (3,048) and a millimetre (10) are both whole, so that things
at exactly the vertical minimum are never too near by rounding. Nearer is strict, in both directions.
"""

import math
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from wideberth.space.geodesy import A_M, B_M, E2

Float64s = npt.NDArray[np.float64]
Int64s = npt.NDArray[np.int64]

FOOT: Final = 3_048
"""Tenths of a millimetre of an international foot."""
NEVER: Final = math.inf
GAP_S: Final = 30.0
"""Places farther apart in time give no velocity."""
MANOEUVRE_M_S2: Final = 6.0
"""A turn of 3 degrees a second at 115 m/s: the change of velocity that the filter reckons with."""
START_M_S: Final = 150.0
"""Standard deviation of a velocity of which nothing is known."""
OUTLIER: Final = 8.0
"""A place this many standard deviations off is no motion: a time stamp or a fix that jumped."""
_MEMORY: Final = 12.0
"""Second differences over which the scatter is taken."""
_SCATTER_M: Final = 1.0
_A2: Final = 1.0 / (A_M * A_M)
_B2: Final = 1.0 / (B_M * B_M)


class Moving(NamedTuple):
    """Things at one time, columns of equal length."""

    lat_rad: Float64s
    lon_rad: Float64s
    height_m: Float64s
    """Above the ellipsoid, for the ratio of speeds alone: within a few hundred metres is enough."""
    speed_m_s: Float64s
    track_rad: Float64s
    """From true north, clockwise."""
    baro: Float64s
    """Pressure altitude, tenths of a millimetre; NaN: undefined."""
    hae: Float64s
    """Above the ellipsoid, tenths of a millimetre; NaN: undefined."""
    low: Float64s
    high: Float64s
    """Where the pressure altitude lies, for certain, by everything that is known; -inf, inf where nothing is."""
    climb: Float64s
    """Tenths of a millimetre a second, up is positive."""
    kind: Int64s
    """Class of traffic: a row of the minima."""


class Minima(NamedTuple):
    """How near is too near, by both classes: (k, k), symmetric."""

    horizontal_m: Float64s
    vertical: Float64s
    """Tenths of a millimetre."""


X, Y, Z, VX, VY, VZ, BARO, HAE, LOW, HIGH, CLIMB, KIND = range(12)
"""Columns of what `motion` gives."""
OFF_E, OFF_N, GO_E, GO_N, P_XX, P_XV, P_VV, STEP_E, STEP_N, STEP_S, SCATTER, COUNT, SAID_E, SAID_N, LAG_E, LAG_N = (
    range(16)
)  # fmt: skip
"""A row of `follow`, metres and seconds, east and north at the last place: the filtered place from the last one,
velocity, variances of each axis (place, both, velocity), the last step and its time, variance of the scatter, places;
then what `absorb` keeps: the velocity that was reported there, and how far places went past it."""
UP, UP_GO, UP_XX, UP_XV, UP_VV, UP_US, UP_KIND, UP_COUNT, UP_WILD, UP_WILD_US = range(16, 26)
"""And of `climb.rise`, metres and seconds: altitude, climb, variances (altitude, both, climb), when it was last said,
whether that is by pressure or above the ellipsoid, how many there were; one that did not fit, and when it was said."""
FIT: Final = 26


@njit(cache=True, nogil=True, error_model="numpy")
def motion(m: Moving) -> Float64s:
    """(n, 12): foot points and their velocities in ECEF, then what `Moving` has; a thing in two lines of cache."""
    n = len(m.lat_rad)
    out = np.empty((n, 12))
    for i in range(n):
        sin_lat, cos_lat = math.sin(m.lat_rad[i]), math.cos(m.lat_rad[i])
        sin_lon, cos_lon = math.sin(m.lon_rad[i]), math.cos(m.lon_rad[i])
        big_n = A_M / math.sqrt(1.0 - E2 * sin_lat * sin_lat)
        row = out[i]
        row[X], row[Y], row[Z] = big_n * cos_lat * cos_lon, big_n * cos_lat * sin_lon, big_n * (1.0 - E2) * sin_lat
        ground = m.speed_m_s[i] * big_n / (big_n + m.height_m[i])
        east, north = ground * math.sin(m.track_rad[i]), ground * math.cos(m.track_rad[i])
        row[VX] = -east * sin_lon - north * sin_lat * cos_lon
        row[VY] = east * cos_lon - north * sin_lat * sin_lon
        row[VZ] = north * cos_lat
        row[BARO], row[HAE], row[LOW], row[HIGH] = m.baro[i], m.hae[i], m.low[i], m.high[i]
        row[CLIMB], row[KIND] = m.climb[i], m.kind[i]
    return out


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def flat(a: Float64s, b: Float64s) -> tuple[float, float, float, float, float, float]:
    """The difference of two foot points and of their velocities, without what lies along the normal between them."""
    dx, dy, dz = b[X] - a[X], b[Y] - a[Y], b[Z] - a[Z]
    wx, wy, wz = b[VX] - a[VX], b[VY] - a[VY], b[VZ] - a[VZ]
    nx, ny, nz = (b[X] + a[X]) * _A2, (b[Y] + a[Y]) * _A2, (b[Z] + a[Z]) * _B2
    k = 1.0 / (nx * nx + ny * ny + nz * nz)
    up, rise = (dx * nx + dy * ny + dz * nz) * k, (wx * nx + wy * ny + wz * nz) * k
    return dx - up * nx, dy - up * ny, dz - up * nz, wx - rise * nx, wy - rise * ny, wz - rise * nz


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def gap(a: Float64s, b: Float64s) -> tuple[float, float]:
    """Altitude of b less that of a, and how wide the doubt about it is (0 where both know a kind in common).

    By pressure where both have it, else by height above the ellipsoid, else by what is certain of either.
    """
    above, doubt = b[BARO] - a[BARO], 0.0
    if above != above:
        above = b[HAE] - a[HAE]
    if above != above:
        low, high = b[LOW] - a[HIGH], b[HIGH] - a[LOW]
        above, doubt = 0.5 * (low + high), 0.5 * (high - low)
    if above != above or doubt == np.inf:
        above, doubt = 0.0, np.inf
    return above, doubt


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _span(at: float, rate: float, least: float) -> tuple[float, float]:
    """The open interval of times in which abs(at + rate t) < least; empty where it begins at its end."""
    if rate == 0.0:
        return (-NEVER, NEVER) if abs(at) < least else (NEVER, NEVER)
    middle, half = -at / rate, least / abs(rate)
    return middle - half, middle + half


@njit(cache=True, nogil=True, error_model="numpy")
def meet(
    a: Float64s, b: Float64s, horizontal_m: float, vertical: float, until_s: float
) -> tuple[float, float, float, float, float]:
    """When two rows of `motion` are nearer than both minima from now on: begin, end, and within that and `until_s` the
    moment of the least horizontal distance, that distance in metres, and the altitude of b less that of a then.

    Begin is NEVER where they are not, or not before `until_s`.
    """
    dx, dy, dz, wx, wy, wz = flat(a, b)
    w2 = wx * wx + wy * wy + wz * wz
    least = 0.0
    begin, end = -NEVER, NEVER
    if w2 > 1e-12:
        least = -(dx * wx + dy * wy + dz * wz) / w2
    ex, ey, ez = dx + wx * least, dy + wy * least, dz + wz * least
    room = horizontal_m * horizontal_m - (ex * ex + ey * ey + ez * ez)
    if room <= 0.0:
        return NEVER, NEVER, 0.0, 0.0, 0.0
    if w2 > 1e-12:
        half = math.sqrt(room / w2)
        begin, end = least - half, least + half
    above, doubt = gap(a, b)
    rate = b[CLIMB] - a[CLIMB]
    rises, falls = _span(above, rate, vertical + doubt)
    begin, end = max(begin, rises, 0.0), min(end, falls)
    if begin >= end or begin >= until_s:
        return NEVER, NEVER, 0.0, 0.0, 0.0
    at = min(max(least, begin), min(end, until_s))
    ex, ey, ez = dx + wx * at, dy + wy * at, dz + wz * at
    then = above + rate * at if doubt < np.inf else np.nan
    return begin, end, at, math.sqrt(ex * ex + ey * ey + ez * ez), then


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def swung(east: float, north: float, turn: float) -> tuple[float, float]:
    """A vector where north has turned by that much, radians clockwise: the geodesic's azimuth there less that here."""
    c, s = math.cos(turn), math.sin(turn)
    return east * c + north * s, north * c - east * s


@njit(cache=True, nogil=True, error_model="numpy")
def follow(f: Float64s, east: float, north: float, dt: float, turn: float, start_m: float) -> None:
    """Take a place into the estimate of a velocity: `f` (FIT,) in place, all 0 before the first place.

    `east`, `north`: metres from the place before to this one, by the north there; `dt` seconds, 0 or more; `turn`: see
    `swung`; `start_m`: standard deviation of places before their scatter is known.
    """
    if f[COUNT] == 0.0 or dt > GAP_S:
        _restart(f, start_m * start_m)
        f[GO_E], f[GO_N], f[STEP_S], f[COUNT] = 0.0, 0.0, 0.0, 1.0
        return
    if dt > 0.0:
        _scatter(f, east, north, dt)
        _filter(f, east, north, dt)
    else:
        f[OFF_E], f[OFF_N] = f[OFF_E] - east, f[OFF_N] - north
    for at in (OFF_E, GO_E, STEP_E):
        f[at], f[at + 1] = swung(f[at], f[at + 1], turn)


@njit(cache=True, nogil=True, error_model="numpy")
def _restart(f: Float64s, scatter: float) -> None:
    """The last place as it is, and no velocity that is sure."""
    f[OFF_E], f[OFF_N], f[SCATTER] = 0.0, 0.0, scatter
    f[P_XX], f[P_XV], f[P_VV] = scatter, 0.0, START_M_S * START_M_S


@njit(cache=True, nogil=True, error_model="numpy")
def _scatter(f: Float64s, east: float, north: float, dt: float) -> None:
    """What a step tells of the scatter: how far it lies off the step before, carried on."""
    ratio = dt / f[STEP_S] if f[STEP_S] > 0.0 else math.inf
    if ratio <= 3.0:
        off_e, off_n = east - ratio * f[STEP_E], north - ratio * f[STEP_N]
        one = (off_e * off_e + off_n * off_n) / (2.0 * (1.0 + (1.0 + ratio) ** 2 + ratio * ratio))
        share = 1.0 / min(f[COUNT], _MEMORY)
        f[SCATTER] += share * (min(one, 9.0 * f[SCATTER]) - f[SCATTER])
        f[SCATTER] = max(f[SCATTER], _SCATTER_M * _SCATTER_M)
    f[STEP_E], f[STEP_N], f[STEP_S] = east, north, dt
    f[COUNT] += 1.0


@njit(cache=True, nogil=True, error_model="numpy")
def _filter(f: Float64s, east: float, north: float, dt: float) -> None:
    """One step of the Kalman filter; manoeuvres as white acceleration that lasts a step, or a second."""
    power = MANOEUVRE_M_S2 * MANOEUVRE_M_S2 * max(dt, 1.0)
    xx = f[P_XX] + 2.0 * dt * f[P_XV] + dt * dt * f[P_VV] + power * dt * dt * dt / 3.0
    xv = f[P_XV] + dt * f[P_VV] + power * dt * dt / 2.0
    vv = f[P_VV] + power * dt
    off_e, off_n = east - f[OFF_E] - f[GO_E] * dt, north - f[OFF_N] - f[GO_N] * dt
    whole = xx + f[SCATTER]
    if off_e * off_e + off_n * off_n > OUTLIER * OUTLIER * whole:
        _restart(f, f[SCATTER])
        return
    place, speed = xx / whole, xv / whole
    f[OFF_E], f[OFF_N] = -(1.0 - place) * off_e, -(1.0 - place) * off_n
    f[GO_E], f[GO_N] = f[GO_E] + speed * off_e, f[GO_N] + speed * off_n
    f[P_XX], f[P_XV], f[P_VV] = (1.0 - place) * xx, (1.0 - place) * xv, vv - speed * xv
