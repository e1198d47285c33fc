"""Strands become tracks: where each is now, which of them are one thing, and what is known of it.

In:  strands, the time, which sources are set aside, the heights' ranges.
Out: `Tracks`, columns sorted by number; strands carry the number of their track, so that it stays from sweep to sweep.
Refuses nothing.

Strands of one identity from several sources are one track where their places now agree; where not, two aircraft share
an address and are told apart by where they are. Strands of different identities are joined by `join`, which sees
candidates for that in `near_strangers`.
"""

import math
from typing import Final, NamedTuple

import numpy as np
from numba import njit

from wideberth.space.geodesy import RADIAN_PER_ND, arc, direct, ecef_rad
from wideberth.watch.absorb import OLD_VALUE_US, PLAY_M, STAMP_S, UNSTATED_MM, noise, slip, velocity
from wideberth.watch.climb import climb
from wideberth.watch.motion import FOOT, Float64s, Moving
from wideberth.watch.state import NONE, Flag, Int64s, Strands

AT_ODDS: Final = int(Flag.ALTITUDES)
COAST_S: Final = 30.0
"""How long a place is carried on along its velocity; after that the track is not predicted any more."""
FRESH_US: Final = 30_000_000
"""Altitudes older than this are undefined."""
LEVEL_MM_S: Final = 650
"""Climbs up to 128 ft/min, two steps of what ADS-B reports, count as level: level flight scatters by as much."""
HEIGHTS_FT: Final = 1_500
"""Pressure altitudes of one thing that are farther apart, carried on to one time, contradict one another."""
NEIGHBOURS: Final = 8
"""Strangers near one thing that are looked at: where there are more, nothing is sure enough to be joined."""
DRIFT_M_S: Final = 10.0
"""How fast a place grows uncertain while it is carried on."""


WHOLE, REAL = 7, 10
"""Columns of `gather`."""


class Tracks(NamedTuple):
    """Everything that is watched, at one time; columns of one length."""

    number: Int64s
    """Ascending; a track keeps it as long as it lives."""
    row: Int64s
    """Of the strand that gives its place."""
    members: Int64s
    """How many strands it is put together from."""
    lat_rad: Float64s
    lon_rad: Float64s
    error_m: Float64s
    """Expected, now."""
    age_s: Float64s
    """Of the place."""
    placed_us: Int64s
    """When it was there."""
    speed_m_s: Float64s
    """NaN where nothing says."""
    track_rad: Float64s
    climb: Float64s
    """Tenths of a millimetre a second, as reported or as altitudes give it; 0 where level or undefined."""
    baro: Float64s
    hae: Float64s
    """Tenths of a millimetre; NaN is undefined."""
    noise_m_s: Float64s
    """95 % error that the scatter of places leaves in a velocity that they alone give; 0 where it was reported."""
    ground: Int64s
    """1, 0 or NONE; 0 where any strand says that it flies."""
    kind: Int64s
    flags: Int64s

    def select(self, chosen: Int64s) -> "Tracks":
        """Some of them."""
        return Tracks._make(column[chosen] for column in self)


@njit(cache=True, nogil=True, error_model="numpy")
def predict(s: Strands, rows: Int64s, now_us: int) -> Float64s:
    """(n, 5) latitude and longitude in radians now, expected error in metres, speed in m/s (NaN), direction in rad."""
    out = np.empty((len(rows), 5))
    for k in range(len(rows)):
        row = rows[k]
        dt = (now_us - s.placed_us[row]) * 1e-6
        lat, lon = s.lat_nd[row] * RADIAN_PER_ND, s.lon_nd[row] * RADIAN_PER_ND
        speed, track = velocity(s, row)
        out[k, 3], out[k, 4] = np.nan, 0.0
        if speed != NONE:
            out[k, 3], out[k, 4] = speed * 1e-3, math.radians(track * 1e-3)
            if speed > 0:
                lat, lon = direct(lat, lon, out[k, 4], speed * 1e-3 * min(max(dt, -COAST_S), COAST_S))
        accuracy = s.accuracy_mm[row]
        error = (UNSTATED_MM if accuracy == NONE else accuracy) * 1e-3 + max(DRIFT_M_S, slip(s, row)) * abs(dt)
        out[k, 0], out[k, 1], out[k, 2] = lat, lon, error
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _apart(at: Float64s, a: int, b: int) -> float:
    x, y, z = ecef_rad(at[a, 0], at[a, 1])
    u, v, w = ecef_rad(at[b, 0], at[b, 1])
    metres: float = arc(x, y, z, u, v, w)
    return metres


@njit(cache=True, nogil=True, error_model="numpy")
def _gate(at: Float64s, a: int, b: int) -> float:
    fastest = max(at[a, 3] if at[a, 3] == at[a, 3] else 0.0, at[b, 3] if at[b, 3] == at[b, 3] else 0.0)
    metres: float = PLAY_M + at[a, 2] + at[b, 2] + fastest * STAMP_S
    return metres


@njit(cache=True, nogil=True, error_model="numpy")
def by_identity(s: Strands, rows: Int64s, at: Float64s, order: Int64s) -> Int64s:
    """For each of `rows` the place of its cluster's first member. `order` sorts by identity, then by number."""
    cluster = np.arange(len(rows))
    begin = 0
    for k in range(1, len(order) + 1):
        if k < len(order) and s.identity[rows[order[k]]] == s.identity[rows[order[begin]]]:
            continue
        for m in range(begin + 1, k):
            one = order[m]
            for n in range(begin, m):
                other = order[n]
                if cluster[other] != other or s.source[rows[other]] == s.source[rows[one]]:
                    continue
                if _apart(at, one, other) <= _gate(at, one, other):
                    cluster[one] = other
                    break
        begin = k
    return cluster


@njit(cache=True, nogil=True, error_model="numpy")
def near_strangers(
    s: Strands, rows: Int64s, at: Float64s, cluster: Int64s, kinds: Int64s, icao: int, radar: int, factor: float
) -> Float64s:
    """Pairs (p, 3) of clusters that may be one thing: a, b, how far apart in gates. `kinds` of identity by row.

    At least one is no ICAO address; of one kind only radars' numbers; from different sources; alike in velocity
    and altitude, as far as known.
    """
    firsts = np.flatnonzero(cluster == np.arange(len(cluster)))
    order = firsts[np.argsort(at[firsts, 0])]
    widest = 0.0
    for k in order:
        widest = max(widest, at[k, 2] + (at[k, 3] if at[k, 3] == at[k, 3] else 0.0) * STAMP_S)
    reach = factor * (PLAY_M + 2.0 * min(widest, 5_000.0)) / 6_335_000.0
    out, n = np.empty((64, 3)), 0
    for m in range(len(order)):
        a = order[m]
        before = n
        for q in range(m + 1, len(order)):
            b = order[q]
            if at[b, 0] - at[a, 0] > reach or n - before >= NEIGHBOURS:
                break
            if kinds[a] == icao and kinds[b] == icao:
                continue
            if (kinds[a] == kinds[b] and kinds[a] != radar) or s.source[rows[a]] == s.source[rows[b]]:
                continue
            ratio = _apart(at, a, b) / _gate(at, a, b)
            if ratio > factor or not _alike(s, rows[a], rows[b], at, a, b):
                continue
            if n == len(out):
                out = np.concatenate((out, np.empty_like(out)))
            out[n, 0], out[n, 1], out[n, 2] = a, b, ratio
            n += 1
    return out[:n]


@njit(cache=True, nogil=True, error_model="numpy")
def _alike(s: Strands, row: int, other: int, at: Float64s, a: int, b: int) -> bool:
    east = at[a, 3] * math.sin(at[a, 4]) - at[b, 3] * math.sin(at[b, 4])
    north = at[a, 3] * math.cos(at[a, 4]) - at[b, 3] * math.cos(at[b, 4])
    if east * east + north * north > 30.0 * 30.0:
        return False
    if s.baro_ft[row] != NONE and s.baro_ft[other] != NONE:
        return bool(abs(s.baro_ft[row] - s.baro_ft[other]) <= 500)
    if s.hae_mm[row] != NONE and s.hae_mm[other] != NONE:
        return bool(abs(s.hae_mm[row] - s.hae_mm[other]) <= 150_000)
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def gather(
    s: Strands, rows: Int64s, at: Float64s, group: Int64s, order: Int64s, now_us: int
) -> tuple[Int64s, Float64s]:
    """One row a group; `order` sorts by group. Integers: the first of the group's places in `rows`, best row, members,
    ground, kind, flags, when placed. Floats: latitude, longitude, error, age, speed, direction, climb, baro, hae,
    noise."""
    many = len(order)
    whole, real = np.empty((many, WHOLE), np.int64), np.empty((many, REAL))
    n, begin = 0, 0
    for k in range(1, many + 1):
        if k < many and group[order[k]] == group[order[begin]]:
            continue
        best = order[begin]
        flags = 0
        for m in order[begin:k]:
            if at[m, 2] < at[best, 2]:
                best = m
            flags |= s.flags[rows[m]]
        row = rows[best]
        whole[n, 0], whole[n, 1], whole[n, 2] = group[order[begin]], row, k - begin
        whole[n, 3], whole[n, 4], whole[n, 5], whole[n, 6] = s.ground[row], s.kind[row], flags, s.placed_us[row]
        real[n, 0], real[n, 1], real[n, 2] = at[best, 0], at[best, 1], at[best, 2]
        real[n, 3], real[n, 4], real[n, 5] = (now_us - s.placed_us[row]) * 1e-6, at[best, 3], at[best, 4]
        real[n, 9] = noise(s, row)
        if _altitudes(s, rows, order[begin:k], best, now_us, real[n]):
            whole[n, 5] |= AT_ODDS
        for m in order[begin:k]:
            ground = s.ground[rows[m]]
            if ground == 0 or (whole[n, 3] == NONE and ground == 1):
                whole[n, 3] = ground
        begin = k
        n += 1
    return whole[:n], real[:n]


@njit(cache=True, nogil=True, error_model="numpy")
def _altitudes(s: Strands, rows: Int64s, members: Int64s, best: int, now_us: int, out: Float64s) -> bool:
    """Climb and altitudes: of the best strand where it says them of late, else of the one with the newest; carried on
    unless level. A height above the ellipsoid by another name serves only where nobody knows the pressure.

    True where the strands contradict one another: then the height is not known, for any of them may be the wrong one.
    """
    rising = climb(s, rows[best], now_us)
    baro, hae = rows[best], rows[best]
    own_baro, own_hae = now_us - s.baro_us[baro] <= OLD_VALUE_US, now_us - s.hae_us[hae] <= OLD_VALUE_US
    for m in members:
        row = rows[m]
        rising = climb(s, row, now_us) if rising == NONE else rising
        if not own_baro and s.baro_us[row] > s.baro_us[baro]:
            baro = row
    for m in members:
        row = rows[m]
        same = s.identity[row] == s.identity[rows[best]] or s.baro_ft[baro] == NONE
        if not own_hae and same and s.hae_us[row] > s.hae_us[hae]:
            hae = row
    rate = 0.0 if rising == NONE or abs(rising) <= LEVEL_MM_S else rising * 10.0
    out[6], out[7], out[8] = rate, np.nan, np.nan
    if s.baro_ft[baro] != NONE and now_us - s.baro_us[baro] <= FRESH_US:
        out[7] = s.baro_ft[baro] * FOOT + rate * (now_us - s.baro_us[baro]) * 1e-6
    if s.hae_mm[hae] != NONE and now_us - s.hae_us[hae] <= FRESH_US:
        out[8] = s.hae_mm[hae] * 10.0 + rate * (now_us - s.hae_us[hae]) * 1e-6
    lowest, highest = np.inf, -np.inf
    for m in members:
        row = rows[m]
        if s.baro_ft[row] != NONE and now_us - s.baro_us[row] <= FRESH_US:
            feet = s.baro_ft[row] + rate / FOOT * (now_us - s.baro_us[row]) * 1e-6
            lowest, highest = min(lowest, feet), max(highest, feet)
    if highest - lowest > HEIGHTS_FT:
        out[7] = out[8] = np.nan
        return True
    return False


def tracks_of(whole: Int64s, real: Float64s, numbers: Int64s) -> Tracks:
    """Columns from what `gather` made, sorted by number."""
    turn = np.argsort(numbers)
    whole, real = whole[turn], real[turn]
    lat, lon, error, age, speed, track, climb, baro, hae, noises = np.ascontiguousarray(real.T)
    _, row, members, ground, kind, flags, placed = np.ascontiguousarray(whole.T)
    return Tracks(
        numbers[turn], row, members, lat, lon, error, age, placed, speed, track, climb, baro, hae, noises,
        ground, kind, flags,
    )  # fmt: skip


def no_tracks() -> Tracks:
    """Nothing at all."""
    return tracks_of(np.empty((0, WHOLE), np.int64), np.empty((0, REAL)), np.empty(0, np.int64))


def as_moving(tracks: Tracks, low: Float64s, high: Float64s) -> Moving:
    """What `approach` takes. `low` and `high`: range of the pressure altitude, from `Heights` where there is none."""
    known = ~np.isnan(tracks.baro)
    height = np.where(known, tracks.baro, np.where(np.isnan(tracks.hae), 0.0, tracks.hae)) * 1e-4
    speed = np.where(np.isnan(tracks.speed_m_s), 0.0, tracks.speed_m_s)
    return Moving(
        tracks.lat_rad, tracks.lon_rad, height, speed, tracks.track_rad, tracks.baro, tracks.hae,
        low, high, tracks.climb, tracks.kind,
    )  # fmt: skip
