"""Recorded flights as plans, and what really happened between them.

In:  the samples of `traffic_export`: flight, seconds, latitude, longitude, altitude in feet, on the ground or not.
Out: `Track`s without implausible samples, cut at gaps; each as volumes (`volumes_of`): a buffered rectangle a slice,
     which holds every recorded position of the slice and the straight way between them; and, apart from all of the
     house's own geometry, the pairs of flights that came nearer than given minima (`encounters`).

Left out: samples on the ground; samples whose altitude lies more than 500 ft from the median of the 15 around them or
that would take more than 400 m/s from the sample before (receiver errors; how many is said); ways across gaps of more
than 60 s, which nobody recorded.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from geographiclib.geodesic import Geodesic

from wideberth.space.units import FT_M
from wideberth.space.volume import Polygon, Volume4D

Floats = npt.NDArray[np.float64]
GAP_S: Final = 60.0
BUFFER_M: Final = 30.0
BAND_M: Final = 5.0
ND: Final = 1_000_000_000
EARTH_M: Final = 6_371_000.0


class Track(NamedTuple):
    """One flight without a gap: seconds, degrees, metres."""

    flight: int
    time_s: Floats
    lat: Floats
    lon: Floats
    height_m: Floats


def tracks(samples: Floats) -> tuple[list[Track], int]:
    """The plausible airborne tracks, and how many samples were left out as implausible."""
    found: list[Track] = []
    dropped = 0
    for flight in range(int(samples[:, 0].max()) + 1):
        rows = samples[(samples[:, 0] == flight) & (samples[:, 5] == 0)]
        kept = rows[_plausible(rows)]
        dropped += len(rows) - len(kept)
        cuts = np.flatnonzero(np.diff(kept[:, 1]) > GAP_S) + 1
        for piece in np.split(kept, cuts):
            if len(piece) >= 2:
                found.append(Track(flight, piece[:, 1], piece[:, 2], piece[:, 3], piece[:, 4] * FT_M))
    return found, dropped


def _plausible(rows: Floats) -> npt.NDArray[np.bool_]:
    if len(rows) < 15:
        return np.zeros(len(rows), dtype=bool)
    padded = np.pad(rows[:, 4], 7, mode="edge")
    median = np.median(np.lib.stride_tricks.sliding_window_view(padded, 15), axis=1)
    good = np.abs(rows[:, 4] - median) <= 500
    last = -1
    for i in np.flatnonzero(good).tolist():
        if last >= 0:
            way = _planar_m(rows[last, 2], rows[last, 3], rows[i, 2], rows[i, 3])
            good[i] = way <= 400 * (rows[i, 1] - rows[last, 1])
        if good[i]:
            last = i
    return good


def _planar_m(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    east = np.radians(lon_b - lon_a) * np.cos(np.radians((lat_a + lat_b) / 2))
    return float(np.hypot(east, np.radians(lat_b - lat_a)) * EARTH_M)


def volumes_of(track: Track, slice_s: float, shift_us: int) -> Iterator[Volume4D]:
    """One volume a slice of `slice_s`, aligned to the clock; times shifted by `shift_us`."""
    first = np.floor(track.time_s[0] / slice_s) * slice_s
    for start in np.arange(first, track.time_s[-1], slice_s):
        a, b = max(start, track.time_s[0]), min(start + slice_s, track.time_s[-1])
        if b > a:
            window = (round(a * 1e6) + shift_us, round(b * 1e6) + shift_us)
            yield _slice(track, a, b, window)


def _slice(track: Track, a: float, b: float, window: tuple[int, int]) -> Volume4D:
    inside = (track.time_s > a) & (track.time_s < b)
    when = np.concatenate([[a], track.time_s[inside], [b]])
    lat, lon, height = (np.interp(when, track.time_s, column) for column in track[2:])
    ring = _rectangle(lat, lon)
    low, high = height.min() - BAND_M, height.max() + BAND_M
    return Volume4D(ring, int(np.floor(low * 1000)), int(np.ceil(high * 1000)), *window)


def _rectangle(lat: Floats, lon: Floats) -> Polygon:
    """The smallest rectangle along the way from first to last that holds all points and the buffer."""
    lat_0, lon_0 = lat.mean(), lon.mean()
    east = np.radians(lon - lon_0) * np.cos(np.radians(lat_0)) * EARTH_M
    north = np.radians(lat - lat_0) * EARTH_M
    way = np.array([east[-1] - east[0], north[-1] - north[0]])
    length = np.hypot(*way)
    along = way / length if length > 1 else np.array([1.0, 0.0])
    across = np.array([-along[1], along[0]])
    u, v = along[0] * east + along[1] * north, across[0] * east + across[1] * north
    u_low, u_high, v_low, v_high = u.min() - BUFFER_M, u.max() + BUFFER_M, v.min() - BUFFER_M, v.max() + BUFFER_M
    corners = [(u_low, v_low), (u_high, v_low), (u_high, v_high), (u_low, v_high)]
    ring: list[int] = []
    for s, t in corners:
        x, y = s * along + t * across
        ring.append(round((lat_0 + np.degrees(y / EARTH_M)) * ND))
        ring.append(round((lon_0 + np.degrees(x / EARTH_M / np.cos(np.radians(lat_0)))) * ND))
    return Polygon(tuple(ring))


def encounters(
    found: list[Track], horizontal_m: float, vertical_m: float
) -> dict[tuple[int, int], tuple[float, float]]:
    """Pairs of flights nearer than both minima at one moment of a 1 s grid, with the nearest separations in metres.

    Positions are interpolated between samples; distances are geodesics of geographiclib wherever a spherical estimate
    comes within 2 % of the minimum. Nothing here is shared with the code that is tested.
    """
    pairs: dict[tuple[int, int], tuple[float, float]] = {}
    begin = int(min(t.time_s[0] for t in found))
    end = int(max(t.time_s[-1] for t in found)) + 1
    for second in range(begin, end):
        for key, apart in _at(found, float(second), horizontal_m, vertical_m):
            if key not in pairs or apart < pairs[key]:
                pairs[key] = apart
    return pairs


def _at(
    found: list[Track], second: float, horizontal_m: float, vertical_m: float
) -> Iterator[tuple[tuple[int, int], tuple[float, float]]]:
    now = [t for t in found if t.time_s[0] <= second <= t.time_s[-1]]
    if len(now) < 2:
        return
    places = np.array([[np.interp(second, t.time_s, column) for column in t[2:]] for t in now])
    lat, lon = np.radians(places[:, 0]), np.radians(places[:, 1])
    i, j = np.triu_indices(len(now), 1)
    haversine = (
        np.sin((lat[i] - lat[j]) / 2) ** 2 + np.cos(lat[i]) * np.cos(lat[j]) * np.sin((lon[i] - lon[j]) / 2) ** 2
    )
    rough = 2 * EARTH_M * np.arcsin(np.sqrt(haversine))
    apart_v = np.abs(places[i, 2] - places[j, 2])
    for n in np.flatnonzero((rough < 1.02 * horizontal_m) & (apart_v < vertical_m)):
        a, b = places[i[n]], places[j[n]]
        exact = Geodesic.WGS84.Inverse(a[0], a[1], b[0], b[1])["s12"]
        flights = sorted((now[i[n]].flight, now[j[n]].flight))
        if exact < horizontal_m and flights[0] != flights[1]:
            yield (flights[0], flights[1]), (float(exact), float(apart_v[n]))
