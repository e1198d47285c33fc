"""Straight motion of many things on the ellipsoid: where each is, and when two of them come too near. All compiled.

In:  columns of places, velocities and altitudes at one common time.
Out: foot points and their velocities in ECEF; for a pair, when it is nearer than both minima, and how near.
Refuses nothing: what cannot be predicted (no position, no speed) is left out before.

The model: each thing goes on along its geodesic at its ground speed. Its foot point (height 0) in ECEF moves along the
tangent at the ground speed times N / (N + h), because speed over ground is a speed at height h. A pair is looked at
along the ellipsoid's normal between both: what is left of the difference is d + w t, and its length is taken as such
(not as dist**2 - t**2 v**2, which cancels). Tested against geodesic motion: 2 m in what is nearest at 250 m/s in 300 s.
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
