"""The map beneath: shipped land, lakes and borders, cut to what a report or a picture shows.

In:  GeoJSON of the shipped land, already parsed; bounds in degrees (south, north, west, east; east may pass 180).
Out: {"features": [{"kind", "lines": [[[lon, lat], ...], ...]}]}, coordinates with four decimals at most.
Rings are cut by the method of Sutherland and Hodgman (1974), lines segment by segment.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

Point = tuple[float, float]
Bounds = tuple[float, float, float, float]
DECIMALS: Final = 4
KINDS: Final = ("land", "lake", "sea", "river", "water", "border", "road")
"""What is drawn of the shipped land."""
POINTS_MAX: Final = 60_000
"""Points of one map; past it lakes and borders of small extent are left out, largest rings first."""


def cut(land: dict[str, Any], bounds: Bounds | None) -> dict[str, Any]:
    """The features that lie in the bounds, as far as they do; none without bounds."""
    if bounds is None:
        return {"features": []}
    features = []
    left = POINTS_MAX
    for feature in land.get("features", ()):
        kind, lines = str(feature["properties"].get("kind", "land")), []
        if kind not in KINDS:
            continue
        closed = "Polygon" in feature["geometry"]["type"]
        for line in sorted(_lines(feature["geometry"]), key=len, reverse=True):
            for piece in _turned(line, bounds, closed):
                if len(piece) > 1 and len(piece) <= left:
                    left -= len(piece)
                    lines.append([[round(lon, DECIMALS), round(lat, DECIMALS)] for lon, lat in piece])
        if lines:
            features.append({"kind": kind, "lines": lines})
    return {"features": features}


def _turned(line: list[list[float]], bounds: Bounds, closed: bool) -> Iterator[list[Point]]:
    """What of a line lies in the bounds, as it stands and a turn on or back: whole lines are moved, since moving each
    point by itself would tear a ring that reaches over the far side of the globe and lay its tear across everything."""
    for turn in (-360.0, 0.0, 360.0):
        moved = [(lon + turn, lat) for lon, lat in _unrolled(line)]
        yield from [_ring(moved, bounds)] if closed else _pieces(moved, bounds)


def _unrolled(line: list[list[float]]) -> Iterator[Point]:
    """A line whose steps over the antimeridian go the short way; a step of a whole turn, along a pole, stays one."""
    turn, before = 0.0, line[0][0] if line else 0.0
    for lon, lat, *_ in line:
        if 180 < abs(lon - before) < 359:
            turn += 360.0 if lon < before else -360.0
        before = lon
        yield lon + turn, lat


def _lines(geometry: dict[str, Any]) -> Iterator[list[list[float]]]:
    match geometry["type"]:
        case "LineString":
            yield geometry["coordinates"]
        case "MultiLineString" | "Polygon":
            yield from geometry["coordinates"]
        case "MultiPolygon":
            for polygon in geometry["coordinates"]:
                yield from polygon


def _ring(points: list[Point], bounds: Bounds) -> list[Point]:
    """A ring cut by the four sides."""
    south, north, west, east = bounds
    lons, lats = [p[0] for p in points], [p[1] for p in points]
    if not points or max(lons) < west or min(lons) > east or max(lats) < south or min(lats) > north:
        return []
    for axis, limit, sign in ((0, west, 1), (0, east, -1), (1, south, 1), (1, north, -1)):
        points = _half(points, axis, limit, sign)
    return points


def _half(points: list[Point], axis: int, limit: float, sign: int) -> list[Point]:
    out: list[Point] = []
    for before, point in zip([*points[-1:], *points], points, strict=False):
        inside, was = sign * (point[axis] - limit) >= 0, sign * (before[axis] - limit) >= 0
        if inside != was:
            t = (limit - before[axis]) / (point[axis] - before[axis])
            out.append((before[0] + t * (point[0] - before[0]), before[1] + t * (point[1] - before[1])))
        if inside:
            out.append(point)
    return out


def _pieces(points: list[Point], bounds: Bounds) -> list[list[Point]]:
    """The stretches of a line whose segments come near the bounds."""
    south, north, west, east = bounds
    pieces: list[list[Point]] = [[]]
    for (lon, lat), (lon2, lat2) in pairwise(points):
        if max(lon, lon2) < west or min(lon, lon2) > east or max(lat, lat2) < south or min(lat, lat2) > north:
            if pieces[-1]:
                pieces.append([])
            continue
        pieces[-1].extend([(lon2, lat2)] if pieces[-1] else [(lon, lat), (lon2, lat2)])
    return pieces
