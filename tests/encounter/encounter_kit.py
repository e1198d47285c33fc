"""What the tests of encounters share: tracks, rows of them, and a search by brute force with nothing of ours in it."""

import itertools
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from geographiclib.geodesic import Geodesic

from wideberth.encounter.join import Minima
from wideberth.encounter.rows import Names, Rows, make_rows
from wideberth.encounter.search import Found, Search

Floats = npt.NDArray[np.float64]
T0_S = 1_700_000_000.0
RADIUS_M = 6_371_000.0


class Track(NamedTuple):
    """Samples of one identity: seconds since T0_S, degrees, whole feet."""

    name: str
    seconds: Floats
    lat: Floats
    lon: Floats
    alt_ft: Floats


def flight(name: str, lat: float, lon: float, azimuth: float, speed_m_s: float, alt_ft: float, times: Floats) -> Track:
    """Along a geodesic at an even speed, the altitude level; at the first time it is at (lat, lon)."""
    line = Geodesic.WGS84.Line(lat, lon, azimuth)
    places = [line.Position(speed_m_s * (t - times[0])) for t in times]
    return Track(
        name,
        times,
        np.array([p["lat2"] for p in places]),
        np.array([p["lon2"] for p in places]),
        np.full(len(times), float(alt_ft)),
    )


def rows_of(tracks: list[Track]) -> tuple[Rows, Names]:
    """As the search takes them."""
    names = Names(t.name for t in tracks)
    code = np.concatenate([names.codes([t.name] * len(t.seconds)) for t in tracks])
    seconds, lat, lon, alt = (np.concatenate([t[k] for t in tracks]) for k in range(1, 5))
    time_us = np.rint((seconds + T0_S) * 1e6).astype(np.int64)
    return make_rows(code, time_us, np.rint(lat * 1e9), np.rint(lon * 1e9), alt), names


def search(tracks: list[Track], minima: Minima, memory_rows: int = 1_000_000, batches: int = 1) -> Found:
    """Our search."""
    rows, names = rows_of(tracks)
    with Search(minima, memory_rows=memory_rows) as made:
        for batch in np.array_split(rows, batches):
            made.add(batch)
        return made.find(names)


def pairs(found: Found) -> set[tuple[str, str]]:
    """The pairs of a result."""
    return {(e.first, e.second) for e in found.encounters}


def place(track: Track, second: float) -> tuple[float, float, float] | None:
    """Where it is, along the geodesic between two samples at most 60 s apart; None where nobody knows."""
    k = int(np.searchsorted(track.seconds, second, side="right")) - 1
    if k < 0 or k >= len(track.seconds) - 1 or track.seconds[k + 1] - track.seconds[k] > 60:
        return None
    f = (second - track.seconds[k]) / (track.seconds[k + 1] - track.seconds[k])
    line = Geodesic.WGS84.InverseLine(track.lat[k], track.lon[k], track.lat[k + 1], track.lon[k + 1])
    at = line.Position(f * line.s13)
    return at["lat2"], at["lon2"], track.alt_ft[k] + f * (track.alt_ft[k + 1] - track.alt_ft[k])


def unit(lat: Floats, lon: Floats) -> Floats:
    """Unit vectors of places on a sphere."""
    a, b = np.radians(lat), np.radians(lon)
    return np.stack([np.cos(a) * np.cos(b), np.cos(a) * np.sin(b), np.sin(a)], axis=-1)


def brute(tracks: list[Track], minima: Minima, step_s: float) -> dict[tuple[str, str], float]:
    """Pairs inside both minima at a moment of a grid, with the least horizontal separation there (geographiclib)."""
    h_m, v_ft = minima.pair()
    found: dict[tuple[str, str], float] = {}
    begin, end = min(t.seconds[0] for t in tracks), max(t.seconds[-1] for t in tracks)
    for second in np.arange(begin, end, step_s):
        there = [(t.name, p) for t in tracks if (p := place(t, second)) is not None]
        if len(there) < 2:
            continue
        at = np.array([p for _, p in there])
        units = unit(at[:, 0], at[:, 1])
        near = units @ units.T > np.cos(1.01 * h_m / RADIUS_M)
        near &= np.abs(at[:, 2][:, None] - at[:, 2]) < v_ft
        for i, j in itertools.compress(np.argwhere(near).tolist(), np.argwhere(near)[:, 0] < np.argwhere(near)[:, 1]):
            apart = Geodesic.WGS84.Inverse(at[i, 0], at[i, 1], at[j, 0], at[j, 1])["s12"]
            key = (min(there[i][0], there[j][0]), max(there[i][0], there[j][0]))
            if apart < h_m and apart < found.get(key, np.inf):
                found[key] = apart
    return found
