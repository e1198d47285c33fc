"""Candidates for approach: who may come near to whom within a slice of time, out of 100,000. All compiled.

In:  foot points, velocities, spans of altitude, how far each reaches.
Out: in order: rows of things that lie in one band and layer, sorted by longitude, for `approach` to walk.
Refuses nothing.

At the middle of a slice each thing is a ball: half its widest minimum, how far it gets in half a slice, and a margin
for what the straight tangent leaves of the ellipsoid. Two balls that do not meet hold no pair in this slice. Rows are
bands of ECEF Z (edges such that each is at least `BAND_M` of meridian), within them layers of altitude, within them
longitude in 65,536 parts of a turn. What is fast, or spans much altitude, has rows of its own, so that one bad velocity
does not widen the windows of all others.
"""

import math
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from wideberth.space.geodesy import A_M, B_M
from wideberth.watch.motion import VX, VY, VZ, Float64s, X, Y, Z

Float32s = npt.NDArray[np.float32]
Int32s = npt.NDArray[np.int32]

BAND_M: Final = 30_000.0
"""At 5 NM and 260 m/s two balls of a slice of 75 s meet within 28.8 km: a band then meets its neighbours alone."""
LAYER: Final = 20_000_000.0
"""2 km, in tenths of a millimetre."""
LAYERS: Final = 12
"""Up to 24 km; what is higher shares the topmost, what is lower the lowest."""
TALL: Final = 7_500_000.0
"""Half a span of altitude of 750 m: what spans more is in no layer."""
FAST_M_S: Final = 350.0
ROWS: Final = LAYERS + 2
"""Rows of a band: its layers, the tall, the fast."""
TURN: Final = 65_536
_Z_STEP_M: Final = 500.0
_ROUNDING_M: Final = 4.0
"""Of float32 in ECEF, doubled."""


class Bands(NamedTuple):
    """Bands of ECEF Z."""

    of_step: Int32s
    """By step of Z from the south pole."""
    south_m: Float64s
    """By band, where it begins along the meridian."""
    axis_m: Float64s
    """By band, the least distance from the axis."""


@njit(cache=True, nogil=True, error_model="numpy")
def make_bands() -> Bands:
    """Bands of at least `BAND_M`, whatever the latitude."""
    steps = int(2.0 * B_M / _Z_STEP_M) + 1
    of_step, south, axis = np.empty(steps + 1, np.int32), np.empty(steps + 2), np.empty(steps + 2)
    band, begun = 0, -math.inf
    for k in range(steps + 1):
        z = min(max(k * _Z_STEP_M - B_M, -B_M), B_M)
        # the least metres a radian of reduced latitude is B, so bands are never narrower than they should be
        at = B_M * math.asin(z / B_M)
        if k == 0 or at - begun >= BAND_M:
            band = band + 1 if k else 0
            south[band], begun = at, at
        of_step[k] = band
    south[band + 1] = B_M * math.pi / 2.0
    for b in range(band + 1):
        low, high = south[b] / B_M, south[b + 1] / B_M
        axis[b] = max(0.0, A_M * math.cos(max(abs(low), abs(high))))
    return Bands(of_step, south[: band + 2].copy(), axis[: band + 1].copy())


class Slice(NamedTuple):
    """Everything at the middle of a slice, sorted by row, then by longitude; float32 but for who it is."""

    who: Int32s
    x: Float32s
    y: Float32s
    z: Float32s
    reach: Float32s
    low: Float32s
    high: Float32s
    lon: Int32s
    """In parts of a turn, 0 to 65,535."""
    starts: Int32s
    """By row (band * ROWS + row), where it begins; one more at the end."""
    reach_max: Float64s
    """(3,): the farthest reach of what is in layers or tall, and of what is fast; half the tallest span in layers."""


@njit(cache=True, nogil=True, error_model="numpy", fastmath=True)
def _slow_angle(x: float, y: float) -> float:
    """The angle of a point in turns, [0, 1), within 1e-5 of a turn: a minimax polynomial of atan on [0, 1]."""
    ax, ay = abs(x), abs(y)
    a = min(ax, ay) / max(max(ax, ay), 1e-9)
    s = a * a
    r = ((-0.0464964749 * s + 0.15931422) * s - 0.327622764) * s * a + a
    if ay > ax:
        r = 1.57079637 - r
    if x < 0.0:
        r = 3.14159274 - r
    if y < 0.0:
        r = 6.28318531 - r
    return r * 0.15915494309189535


ANGLE_PARTS: Final = 4
"""How many parts of a turn `_slow_angle` may be off, and the rounding of both."""


@njit(cache=True, nogil=True, error_model="numpy")
def layer_of(low: float, high: float) -> int:
    """The layer of the middle of a span of altitude."""
    return min(max(int(0.5 * (low + high) / LAYER), 0), LAYERS - 1)


@njit(cache=True, nogil=True, error_model="numpy")
def _place(
    m: Float64s, speed: Float64s, half: Float64s, at_s: float, half_s: float, bands: Bands, xyz: Float32s,
    reach: Float32s, lon: Int32s, band: Int32s,
) -> None:  # fmt: skip
    """Where everything is at `at_s`, on the surface; how far it reaches within half a slice; its band and longitude."""
    for i in range(len(m)):
        x, y, z = m[i, X] + at_s * m[i, VX], m[i, Y] + at_s * m[i, VY], m[i, Z] + at_s * m[i, VZ]
        k = 1.0 / math.sqrt((x * x + y * y) / (A_M * A_M) + z * z / (B_M * B_M))
        x, y, z = x * k, y * k, z * k
        xyz[0, i], xyz[1, i], xyz[2, i] = x, y, z
        gone = speed[i] * (at_s + half_s)
        reach[i] = half[i] + speed[i] * half_s + _ROUNDING_M + gone * gone * gone / (2.0 * B_M * B_M)
        lon[i] = int(_slow_angle(x, y) * TURN) % TURN
        band[i] = bands.of_step[int((z + B_M) / _Z_STEP_M)]


@njit(cache=True, nogil=True, error_model="numpy")
def cut(
    m: Float64s, speed: Float64s, half: Float64s, low: Float64s, high: Float64s, climb: Float64s, at_s: float,
    half_s: float, bands: Bands,
) -> Slice:  # fmt: skip
    """One slice. `half` is half of each one's widest horizontal minimum; low and high its altitudes now, widened by
    half of its widest vertical one."""
    n = len(m)
    xyz, reach, lon, band = (
        np.empty((3, n), np.float32),
        np.empty(n, np.float32),
        np.empty(n, np.int32),
        np.empty(n, np.int32),
    )
    _place(m, speed, half, at_s, half_s, bands, xyz, reach, lon, band)
    row, lo, hi = np.empty(n, np.int32), np.empty(n, np.float32), np.empty(n, np.float32)
    reach_max = np.zeros(3)
    for i in range(n):
        moved, more = climb[i] * at_s, abs(climb[i]) * half_s
        bottom, top = low[i] + moved - more, high[i] + moved + more
        # float32 rounds by up to 16 of these units at 30 km
        lo[i], hi[i] = bottom - 64.0, top + 64.0
        if speed[i] > FAST_M_S:
            kind = LAYERS + 1
        elif top - bottom > 2.0 * TALL:
            kind = LAYERS
        else:
            kind = layer_of(bottom, top)
            reach_max[2] = max(reach_max[2], 0.5 * (top - bottom) + 128.0)
        fast = 1 if kind == LAYERS + 1 else 0
        reach_max[fast] = max(reach_max[fast], reach[i])
        row[i] = band[i] * ROWS + kind
    order, starts = _sorted(row, lon, len(bands.axis_m) * ROWS)
    return Slice(
        order, xyz[0][order], xyz[1][order], xyz[2][order], reach[order], lo[order], hi[order], lon[order], starts,
        reach_max,
    )  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy")
def _sorted(row: Int32s, lon: Int32s, rows: int) -> tuple[Int32s, Int32s]:
    """The order by row, then longitude, and where each row begins: two counting sorts, least digit first."""
    n = len(row)
    counts = np.zeros(TURN + 1, np.int32)
    for i in range(n):
        counts[lon[i] + 1] += 1
    for k in range(TURN):
        counts[k + 1] += counts[k]
    by_lon = np.empty(n, np.int32)
    for i in range(n):
        by_lon[counts[lon[i]]] = i
        counts[lon[i]] += 1
    starts = np.zeros(rows + 1, np.int32)
    for i in range(n):
        starts[row[i] + 1] += 1
    for k in range(rows):
        starts[k + 1] += starts[k]
    at, order = starts[:-1].copy(), np.empty(n, np.int32)
    for k in range(n):
        i = by_lon[k]
        order[at[row[i]]] = i
        at[row[i]] += 1
    return order, starts


@njit(cache=True, nogil=True, error_model="numpy")
def window(distance_m: float, axis_m: float) -> int:
    """How many parts of a turn two points of this chord may lie apart, both at least `axis_m` from the axis."""
    if distance_m >= 1.99 * axis_m:
        return TURN
    return int(2.0 * math.asin(0.5 * distance_m / axis_m) / (2.0 * math.pi) * TURN) + 1 + ANGLE_PARTS
