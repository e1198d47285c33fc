"""Bounding spheres by buckets of time, the sweep over them, and the exact test of two pieces of track. All compiled.

In:  columns of `kernels.prepare`; buckets; minima.
Out: rows of losses, `INTS` and `FLOATS` of `kernels`.
"""

import math

import numpy as np
from numba import njit

from wideberth.encounter.kernels import _A2, _B2, _MARGIN_M, BUCKET_US, Array


@njit(cache=True, nogil=True, error_model="numpy")
def items(n: int, time_us: Array, flown: Array, first: int, last: int) -> tuple[Array, Array]:
    """Pieces of tracks by bucket: rows (first sample, last sample), and where each bucket's begin; [first, last)."""
    start = np.zeros(last - first + 1, np.int64)
    for fill in range(2):
        if fill == 1:
            for b in range(last - first):
                start[b + 1] += start[b]
            made = np.empty((start[-1], 2), np.int64)
            place = start[:-1].copy()
        else:
            made, place = np.empty((0, 2), np.int64), start
        open_bucket, previous = -1, -2
        for k in range(n - 1):
            if not flown[k]:
                continue
            low = time_us[k] // BUCKET_US
            high = (time_us[k + 1] - 1) // BUCKET_US
            for b in range(max(low, first), min(high, last - 1) + 1):
                if b == open_bucket and previous == k - 1:
                    if fill == 1:
                        made[place[b - first] - 1, 1] = k + 1
                elif fill == 1:
                    made[place[b - first], 0], made[place[b - first], 1] = k, k + 1
                    place[b - first] += 1
                else:
                    start[b - first + 1] += 1
                open_bucket, previous = b, k
    return made, start


@njit(cache=True, nogil=True, error_model="numpy")
def _at(xyz: Array, time_us: Array, k: int, when: int, axis: int) -> float:
    """A coordinate between samples k and k + 1."""
    f = (when - time_us[k]) / (time_us[k + 1] - time_us[k])
    return float(xyz[k, axis] + f * (xyz[k + 1, axis] - xyz[k, axis]))


@njit(cache=True, nogil=True, error_model="numpy")
def spheres(
    buckets: Array, first: int, made: Array, start: Array, columns: tuple[Array, Array, Array, Array], out: Array
) -> None:
    """For each piece of some buckets, within its bucket: centre, radius, least and greatest altitude."""
    _code, time_us, xyz, alt_ft = columns
    low, high = np.empty(3), np.empty(3)
    for b in range(buckets[0], buckets[1]):
        begin, end = (first + b) * BUCKET_US, (first + b + 1) * BUCKET_US
        for m in range(start[b], start[b + 1]):
            i, j = made[m, 0], made[m, 1]
            for axis in range(3):
                p = _at(xyz, time_us, i, begin, axis) if time_us[i] < begin else xyz[i, axis]
                q = _at(xyz, time_us, j - 1, end, axis) if time_us[j] > end else xyz[j, axis]
                low[axis], high[axis] = min(p, q), max(p, q)
                for k in range(i + 1, j):
                    low[axis], high[axis] = min(low[axis], xyz[k, axis]), max(high[axis], xyz[k, axis])
                out[m, axis] = 0.5 * (low[axis] + high[axis])
            dx, dy, dz = high[0] - low[0], high[1] - low[1], high[2] - low[2]
            out[m, 3] = 0.5 * math.sqrt(dx * dx + dy * dy + dz * dz)
            out[m, 4], out[m, 5] = alt_ft[i : j + 1].min(), alt_ft[i : j + 1].max()


@njit(cache=True, nogil=True, error_model="numpy")
def sweep(
    buckets: Array,
    first: int,
    made: Array,
    start: Array,
    balls: Array,
    columns: tuple[Array, Array, Array, Array],
    whose: Array,
    minima: tuple[float, float],
    whole: Array,
    broken: Array,
) -> tuple[int, int]:
    """Losses in the buckets [buckets[0], buckets[1]); the bucket not yet looked at, and how many rows were written.

    Two of the same `whose` are one aircraft. Stops early where the next bucket's rows might not fit.
    """
    code = columns[0]
    written = 0
    scratch = np.empty((5, 3))
    for b in range(buckets[0], buckets[1]):
        s, e = start[b], start[b + 1]
        count = e - s
        if count < 2:
            continue
        axis = _widest(balls, s, e)
        low = balls[s:e, axis] - balls[s:e, 3]
        by = np.argsort(low)
        before = written
        reach = minima[0] + _MARGIN_M
        for p in range(count):
            i = s + by[p]
            until = balls[i, axis] + balls[i, 3] + reach
            for q in range(p + 1, count):
                j = s + by[q]
                if low[by[q]] > until:
                    break
                if balls[j, 4] - balls[i, 5] >= minima[1] or balls[i, 4] - balls[j, 5] >= minima[1]:
                    continue
                r = balls[i, 3] + balls[j, 3] + reach
                dx, dy, dz = balls[i, 0] - balls[j, 0], balls[i, 1] - balls[j, 1], balls[i, 2] - balls[j, 2]
                if dx * dx + dy * dy + dz * dz > r * r or whose[code[made[i, 0]]] == whose[code[made[j, 0]]]:
                    continue
                if written == len(whole):
                    return b, before
                window = ((first + b) * BUCKET_US, (first + b + 1) * BUCKET_US)
                if _pair(made[i], made[j], window, columns, minima, whole[written], broken[written], scratch):
                    written += 1
    return buckets[1], written


@njit(cache=True, nogil=True, error_model="numpy")
def _widest(balls: Array, s: int, e: int) -> int:
    best, axis = -1.0, 0
    for k in range(3):
        spread = balls[s:e, k].max() - balls[s:e, k].min()
        if spread > best:
            best, axis = spread, k
    return axis


@njit(cache=True, nogil=True, error_model="numpy")
def _pair(
    a: Array,
    b: Array,
    window: tuple[int, int],
    columns: tuple[Array, Array, Array, Array],
    minima: tuple[float, float],
    whole: Array,
    broken: Array,
    scratch: Array,
) -> bool:
    """Walk two pieces segment by segment; fill one row with what lies inside the minima, False where nothing does."""
    code, time_us, _xyz, _alt = columns
    whole[0], whole[1] = code[a[0]], code[b[0]]
    whole[2], whole[3], whole[5], whole[6] = np.int64(2**62), -np.int64(2**62), 0, 0
    broken[0] = broken[3] = broken[4] = np.inf
    broken[10] = 0.0
    i, j, found = a[0], b[0], False
    while i < a[1] and j < b[1]:
        begin = max(time_us[i], time_us[j])
        end = min(time_us[i + 1], time_us[j + 1])
        if end > begin and end >= window[0] and begin <= window[1]:
            found |= _segments(i, j, begin, end, window, columns, minima, whole, broken, scratch)
        if time_us[i + 1] <= time_us[j + 1]:
            i += 1
        else:
            j += 1
    return found


@njit(cache=True, nogil=True, error_model="numpy")
def _inside(c: float, b: float, a: float, limit2: float) -> tuple[float, float]:
    """Where in [0, 1] c + 2 b t + a t^2 is less than a limit; an empty interval (1, 0) where nowhere."""
    t = min(max(-b / a, 0.0), 1.0) if a > 0.0 else 0.0
    if c + t * (2.0 * b + a * t) >= limit2:
        return 1.0, 0.0
    if a <= 0.0:
        return 0.0, 1.0
    root = math.sqrt(max(b * b - a * (c - limit2), 0.0))
    return max((-b - root) / a, 0.0), min((-b + root) / a, 1.0)


@njit(cache=True, nogil=True, error_model="numpy")
def _segments(
    i: int,
    j: int,
    begin: int,
    end: int,
    window: tuple[int, int],
    columns: tuple[Array, Array, Array, Array],
    minima: tuple[float, float],
    whole: Array,
    broken: Array,
    scratch: Array,
) -> bool:
    """Two straight segments over the time they have in common: add to a row what of it lies inside both minima."""
    _code, time_us, xyz, alt_ft = columns
    span = time_us[i + 1] - time_us[i], time_us[j + 1] - time_us[j]
    fa, ga = (begin - time_us[i]) / span[0], (end - time_us[i]) / span[0]
    fb, gb = (begin - time_us[j]) / span[1], (end - time_us[j]) / span[1]
    v0 = (alt_ft[j] + fb * (alt_ft[j + 1] - alt_ft[j])) - (alt_ft[i] + fa * (alt_ft[i + 1] - alt_ft[i]))
    v1 = (alt_ft[j] + gb * (alt_ft[j + 1] - alt_ft[j])) - (alt_ft[i] + ga * (alt_ft[i + 1] - alt_ft[i]))
    dv = v1 - v0
    limit = minima[1] - 0.5  # whole feet
    if (v0 >= limit and v1 >= limit) or (v0 <= -limit and v1 <= -limit):
        return False
    d, w, m, u = scratch[0], scratch[1], scratch[2:4], scratch[4]
    for k in range(3):
        p0, p1 = xyz[i, k] + fa * (xyz[i + 1, k] - xyz[i, k]), xyz[i, k] + ga * (xyz[i + 1, k] - xyz[i, k])
        q0, q1 = xyz[j, k] + fb * (xyz[j + 1, k] - xyz[j, k]), xyz[j, k] + gb * (xyz[j + 1, k] - xyz[j, k])
        d[k], w[k] = q0 - p0, (q1 - p1) - (q0 - p0)
        m[0, k], m[1, k] = p0 + q0, p1 + q1
        u[k] = (m[0, k] + m[1, k]) * (_B2 if k == 2 else _A2)
    size = 1.0 / math.sqrt(u[0] * u[0] + u[1] * u[1] + u[2] * u[2])
    up_d, up_w = (d[0] * u[0] + d[1] * u[1] + d[2] * u[2]) * size, (w[0] * u[0] + w[1] * u[1] + w[2] * u[2]) * size
    a = b = c = 0.0
    for k in range(3):
        d[k], w[k] = d[k] - up_d * u[k] * size, w[k] - up_w * u[k] * size
        a, b, c = a + w[k] * w[k], b + d[k] * w[k], c + d[k] * d[k]
    near_m = minima[0] - 0.0005  # whole millimetres
    lo, hi = _inside(c, b, a, near_m * near_m)
    if lo > hi:
        return False
    if dv != 0.0:
        t1, t2 = (-limit - v0) / dv, (limit - v0) / dv
        lo, hi = max(lo, min(t1, t2)), min(hi, max(t1, t2))
    lo = max(lo, (window[0] - begin) / (end - begin))
    hi = min(hi, (window[1] - begin) / (end - begin))
    if lo > hi:
        return False
    _add(lo, hi, begin, end, (c, b, a), d, w, (v0, dv), m, minima, max(span[0], span[1]), whole, broken)
    broken[10] = max(broken[10], _speed(xyz, i, span[0]) + _speed(xyz, j, span[1]))
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def _speed(xyz: Array, k: int, span_us: int) -> float:
    dx, dy, dz = xyz[k + 1, 0] - xyz[k, 0], xyz[k + 1, 1] - xyz[k, 1], xyz[k + 1, 2] - xyz[k, 2]
    return math.sqrt(dx * dx + dy * dy + dz * dz) / (span_us * 1e-6)


@njit(cache=True, nogil=True, error_model="numpy")
def _add(
    lo: float,
    hi: float,
    begin: int,
    end: int,
    square: tuple[float, float, float],
    d: Array,
    w: Array,
    vertical: tuple[float, float],
    m: Array,
    minima: tuple[float, float],
    gap: int,
    whole: Array,
    broken: Array,
) -> None:
    """Take one stretch [lo, hi] of a pair of segments into the row of its pair and bucket."""
    _c, b, a = square
    v0, dv = vertical
    seconds = (end - begin) * 1e-6
    enter, leave = begin + np.int64(round(lo * (end - begin))), begin + np.int64(round(hi * (end - begin)))
    if enter < whole[2]:
        whole[2] = enter
        apart = _length(d, w, lo)
        broken[5] = -(b + a * lo) / (apart * seconds) if apart > 0.0 else math.sqrt(a) / seconds
    whole[3], whole[5], whole[6] = max(whole[3], leave), max(whole[5], gap), whole[6] + leave - enter
    # least of (h / H)^2 + (v / V)^2
    hh, vv = 1.0 / (minima[0] * minima[0]), 1.0 / (minima[1] * minima[1])
    bend, slope = a * hh + dv * dv * vv, b * hh + v0 * dv * vv
    t = min(max(-slope / bend, lo), hi) if bend > 0.0 else lo
    h, v = _length(d, w, t), v0 + t * dv
    nearness = h * h * hh + v * v * vv
    if nearness < broken[0]:
        broken[0], broken[1], broken[2], broken[6] = nearness, h, v, math.sqrt(a) / seconds
        whole[4] = begin + np.int64(round(t * (end - begin)))
        for k in range(3):
            broken[7 + k] = 0.5 * (m[0, k] + t * (m[1, k] - m[0, k]))
    t = min(max(-b / a, lo), hi) if a > 0.0 else lo
    broken[3] = min(broken[3], _length(d, w, t))
    ends = abs(v0 + lo * dv), abs(v0 + hi * dv)
    crossing = (v0 + lo * dv) * (v0 + hi * dv) < 0.0
    broken[4] = min(broken[4], 0.0 if crossing else min(ends[0], ends[1]))


@njit(cache=True, nogil=True, error_model="numpy")
def _length(d: Array, w: Array, t: float) -> float:
    x, y, z = d[0] + t * w[0], d[1] + t * w[1], d[2] + t * w[2]
    return math.sqrt(x * x + y * y + z * z)
