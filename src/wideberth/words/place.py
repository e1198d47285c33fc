"""Places in words: bearing and distance from the nearest landmark, and the short forms that are read aloud.

In:  a place in nanodegrees on WGS 84; landmarks, as an argument.
Out: `Spoken`, degrees from true north at the landmark and metres along the geodesic; canonical text; metres between
     two places.
Refuses: nothing is said (None) where no landmark lies within `LANDMARK_M_MAX`.

Distances are Vincenty's (`space.geodesy`). What is rounded for reading is rounded from a fixed number of digits, half
up, so that every node says the same.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from wideberth.limits import LANDMARK_M_MAX
from wideberth.party.charter import Landmark
from wideberth.space.geodesy import RADIAN_PER_ND, direct, inverse

_TURN_ND: Final = 360_000_000_000
_POLE_ND: Final = 90_000_000_000
_CELL_PER_DEGREE: Final = 12
"""GARS cells of 5 minutes."""
_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_METRES_PER_ND: Final = 1.105e-4
"""Least length of a nanodegree of latitude; bounds from below how far a landmark can be."""
_EARTH_M: Final = 6_371_008.8
"""Mean radius of WGS 84."""


class Spoken(NamedTuple):
    """Where a place lies, seen from a landmark: degrees from true north, 0 to under 360, and metres."""

    landmark: Landmark
    bearing_deg: float
    distance_m: float


def displaced_m(lat_nd: int, lon_nd: int, other_lat_nd: int, other_lon_nd: int) -> float:
    """Metres between two places, past 60 degrees of arc on the sphere (within 0.6 %)."""
    return _line(lat_nd, lon_nd, other_lat_nd, other_lon_nd)[0]


def _line(lat_nd: int, lon_nd: int, other_lat_nd: int, other_lon_nd: int) -> tuple[float, float]:
    """Metres and bearing in degrees from the first place to the second; no bearing (0) past 60 degrees of arc."""
    lat, lon = lat_nd * RADIAN_PER_ND, lon_nd * RADIAN_PER_ND
    there = other_lat_nd * RADIAN_PER_ND, other_lon_nd * RADIAN_PER_ND
    spread = math.sin(lat) * math.sin(there[0]) + math.cos(lat) * math.cos(there[0]) * math.cos(there[1] - lon)
    if spread < 0.5:
        return math.acos(max(spread, -1.0)) * _EARTH_M, 0.0
    metres, azimuth, _ = inverse(lat, lon, *there)
    return metres, math.degrees(azimuth) % 360.0


def nearest(lat_nd: int, lon_nd: int, landmarks: Sequence[Landmark]) -> Spoken | None:
    """The place as seen from its nearest landmark; of two equally near ones the one whose name comes first."""
    best: tuple[float, str, Landmark, float] | None = None
    for landmark in landmarks:
        if abs(landmark.lat_nd - lat_nd) * _METRES_PER_ND > (LANDMARK_M_MAX if best is None else best[0] + 1.0):
            continue
        metres, bearing = _line(landmark.lat_nd, landmark.lon_nd, lat_nd, lon_nd)
        metres = round(metres, 3)
        if metres <= LANDMARK_M_MAX and (best is None or (metres, landmark.name) < best[:2]):
            best = metres, landmark.name, landmark, bearing
    return None if best is None else Spoken(best[2], best[3], best[0])


def place_of(spoken: Spoken) -> tuple[int, int]:
    """The place, in nanodegrees, that lies so from the landmark."""
    start = spoken.landmark.lat_nd * RADIAN_PER_ND, spoken.landmark.lon_nd * RADIAN_PER_ND
    lat, lon = direct(*start, math.radians(spoken.bearing_deg), spoken.distance_m)
    return round(lat / RADIAN_PER_ND), wrapped(round(lon / RADIAN_PER_ND))


def wrapped(lon_nd: int) -> int:
    """A longitude in [-180e9, 180e9)."""
    return (lon_nd + _TURN_ND // 2) % _TURN_ND - _TURN_ND // 2


def half_up(value: float, digits: int = 6) -> int:
    """The nearest whole number, halves up, of what is left of a value at so many digits."""
    return math.floor(round(value, digits) + 0.5)


def show_position(lat_nd: int, lon_nd: int) -> str:
    """Degrees, minutes and seconds, to the nearest second (31 m): "422144N0384736W"."""
    lat_s, lon_s = ((abs(nd) * 3600 + 500_000_000) // 1_000_000_000 for nd in (lat_nd, wrapped(lon_nd)))
    lat = f"{lat_s // 3600:02d}{lat_s // 60 % 60:02d}{lat_s % 60:02d}"
    lon = f"{lon_s // 3600:03d}{lon_s // 60 % 60:02d}{lon_s % 60:02d}"
    return f"{lat}{'S' if lat_nd < 0 and lat_s else 'N'}{lon}{_east_or_west(lon_nd, lon_s)}"


def _east_or_west(lon_nd: int, lon_s: int) -> str:
    return "W" if wrapped(lon_nd) < 0 and 0 < lon_s < 180 * 3600 else "E"


def show_cell(lat_nd: int, lon_nd: int) -> str:
    """The 5-minute GARS cell that holds the place, on a border the one north or east of it: "441LS26".

    Source: NGA, Global Area Reference System, 2006.
    """
    along = (wrapped(lon_nd) + _TURN_ND // 2) * _CELL_PER_DEGREE // 1_000_000_000
    up = min((lat_nd + _POLE_ND) * _CELL_PER_DEGREE // 1_000_000_000, 180 * _CELL_PER_DEGREE - 1)
    (column, east), (row, north) = divmod(along, 6), divmod(up, 6)
    quadrant, key = (1 - north // 3) * 2 + east // 3 + 1, (2 - north % 3) * 3 + east % 3 + 1
    return f"{column + 1:03d}{_LETTERS[row // 24]}{_LETTERS[row % 24]}{quadrant}{key}"


def show_bearing(spoken: Spoken) -> str:
    """Bearing in degrees from true north (360 is north) and distance in hundreds of metres: "2850123" is 12.3 km."""
    hundreds = half_up(spoken.distance_m / 100.0)
    bearing = half_up(spoken.bearing_deg) % 360 or 360
    return f"{bearing:03d}{hundreds:04d}"


def middle(points: Iterable[tuple[float, float, float]]) -> tuple[float, float, float]:
    """The mean of points in ECEF metres; the first where they balance one another around the Earth's centre."""
    listed = list(points)
    total = tuple(math.fsum(axis) / len(listed) for axis in zip(*listed, strict=True))
    return (total[0], total[1], total[2]) if math.hypot(*total) > 1_000.0 else listed[0]
