"""The Sarvel valley: where things are in the exercise's invented land, and the shapes that plans take there.

In:  names of the gazetteer that ships with the page (`web/land/sarvel.json`), degrees, metres, minutes from the start.
Out: places, outlines and volumes; the border band as the charter's area.
Nothing is refused here: the land is part of the package.
"""

import json
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any, Final

import msgspec
from pyproj import Geod

from wideberth.intake.corridor import corridor
from wideberth.space.units import deg_to_nd, m_to_mm
from wideberth.space.volume import Circle, Polygon, Volume4D

LOCAL_OFFSET_S: Final = -10_800
MINUTE_US: Final = 60_000_000
SLICE_M: Final = 14_000.0
"""Routes are planned in slices about so long, each with its own window."""
SLACK_MIN: Final = 2.0
"""A slice is held so long before and after the aircraft should be in it."""
_WGS84: Final = Geod(ellps="WGS84")

Spot = str | tuple[float, float]
"""A name of the gazetteer, or latitude and longitude in degrees."""


class Band(msgspec.Struct, frozen=True):
    """A volume whose times still count in minutes from the start of the exercise."""

    outline: Circle | Polygon
    lower_m: float
    upper_m: float
    start_min: float
    end_min: float

    def at(self, start_us: int) -> Volume4D:
        """The volume of an exercise that starts then."""
        window = (start_us + round(self.start_min * MINUTE_US), start_us + round(self.end_min * MINUTE_US))
        return Volume4D(self.outline, m_to_mm(self.lower_m), m_to_mm(self.upper_m), *window)


Bands = tuple[Band, ...]


@cache
def land() -> dict[str, Any]:
    """The file of the land."""
    text = files("wideberth").joinpath("web/land/sarvel.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


@cache
def gazetteer() -> dict[str, tuple[float, float]]:
    """Latitude and longitude by name."""
    return {row["name"]: (row["lat"], row["lon"]) for row in land()["gazetteer"]}


def spot(where: Spot) -> tuple[float, float]:
    """Latitude and longitude in degrees."""
    return gazetteer()[where] if isinstance(where, str) else where


def bounds_nd() -> tuple[int, int, int, int]:
    """The theatre's bounds as the charter has them."""
    south, north, west, east = (deg_to_nd(value) for value in land()["bounds"])
    return south, north, west, east


def border_band() -> Polygon:
    """The border and 1 km to each side."""
    return ring([(lat, lon) for lon, lat in land()["border_band"]])


def ring(places: list[tuple[float, float]]) -> Polygon:
    """A polygon through places; the last is not repeated."""
    if places[0] == places[-1]:
        places = places[:-1]
    return Polygon(tuple(deg_to_nd(value) for place in places for value in place))


def around(where: Spot, radius_m: float) -> Circle:
    """A circle."""
    lat, lon = spot(where)
    return Circle(deg_to_nd(lat), deg_to_nd(lon), m_to_mm(radius_m))


def circle(where: Spot, radius_m: float, lower_m: float, upper_m: float, start_min: float, end_min: float) -> Bands:
    """One circular volume."""
    return (Band(around(where, radius_m), lower_m, upper_m, start_min, end_min),)


def area(places: list[tuple[float, float]], lower_m: float, upper_m: float, start_min: float, end_min: float) -> Bands:
    """One polygonal volume."""
    return (Band(ring(places), lower_m, upper_m, start_min, end_min),)


def route(
    places: list[Spot], reach_m: float, lower_m: float, upper_m: float, start_min: float, end_min: float
) -> Bands:
    """A way from place to place, `reach_m` to each side, in slices that are held only while they are needed."""
    points = _sliced([spot(place) for place in places])
    legs = [_length_m(a, b) for a, b in pairwise(points)]
    total, done, bands = sum(legs), 0.0, list[Band]()
    for (a, b), leg in zip(pairwise(points), legs, strict=True):
        enter = start_min + (end_min - start_min) * done / total
        leave = start_min + (end_min - start_min) * (done + leg) / total
        done += leg
        window = (max(start_min, round(enter - SLACK_MIN)), min(end_min, round(leave + SLACK_MIN)))
        nd = [(deg_to_nd(lat), deg_to_nd(lon)) for lat, lon in (a, b)]
        bands += [Band(Polygon(flat), lower_m, upper_m, *window) for flat in corridor(nd, reach_m)]
    return tuple(bands)


def _length_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    return float(_WGS84.inv(a[1], a[0], b[1], b[0])[2])


def _sliced(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    fine = [points[0]]
    for a, b in pairwise(points):
        count = max(1, round(_length_m(a, b) / SLICE_M))
        between = _WGS84.npts(a[1], a[0], b[1], b[0], count - 1) if count > 1 else []
        fine += [(lat, lon) for lon, lat in between] + [b]
    return fine
