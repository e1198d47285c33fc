"""Where and when: the Volume4D as it is kept and committed.

In:  integers only. Latitude and longitude on WGS 84 in nanodegrees (1e-9 degree), heights in millimetres above the
     WGS 84 ellipsoid, times in microseconds since 1970-01-01T00:00:00Z.
Out: frozen values whose msgspec encoding is canonical, and `check_volume`, which refuses what the rules forbid.
A time window is half open [start, end), an altitude band closed [lower, upper], an outline closed.
Source of the shape: ASTM F3548-21, Annex A4, Volume4D; edges are the shortest paths between vertices.

What is accepted, and what it means:
    orientation     either; the inside is the smaller side.
    repeats         points within 1 mm of the one before, and a last point that repeats the first, count as one.
    antimeridian    longitudes run from -180 to 180 degrees, both included and the same; edges cross it as they please.
    poles           an outline may enclose a pole, touch it, or have it as a corner, whatever longitude it is given.
    bands           may be of no height; windows may not be of no length.
What is refused: see `check_volume`, and `fault` for the rules of rings.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np

from wideberth.limits import (
    ALTITUDE_MM_MAX,
    ALTITUDE_MM_MIN,
    DURATION_US_MAX,
    EXTENT_M_MAX,
    PERIMETER_M_MAX,
    RADIUS_MM_MAX,
    TIME_US_MAX,
    TIME_US_MIN,
    VERTICES_MAX,
)
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.space.fault import CROSSING, FEW, LONG, THIN, WIDE, fault
from wideberth.space.ring import HALF_ND, POLE_ND, TURN_ND, Int64s, fill_boxes, tidy
from wideberth.space.units import spell_us

DAY_US: Final = 86_400_000_000


class Circle(msgspec.Struct, frozen=True, array_like=True, tag="c", gc=False):
    """All points within `radius_mm`, along the geodesic, of a centre."""

    lat_nd: int
    lon_nd: int
    radius_mm: int


class Polygon(msgspec.Struct, frozen=True, array_like=True, tag="p", gc=False):
    """The inside of a ring of geodesic edges, the smaller of the two sides, vertices not repeated at the end.

    `ring` is flat: latitude, longitude, latitude, longitude, ... in nanodegrees.
    """

    ring: tuple[int, ...]


class Volume4D(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An outline, an altitude band and a time window."""

    outline: Circle | Polygon
    lower_mm: int
    upper_mm: int
    start_us: int
    end_us: int


class Flat(NamedTuple):
    """Volumes as arrays: outline i is `coordinates[starts[i]:starts[i + 1]]`; radius -1 marks a ring."""

    starts: Int64s
    coordinates: Int64s
    radii_mm: Int64s
    extents: Int64s
    """(n, 4): lower_mm, upper_mm, start_us, end_us."""


def flatten(volumes: Sequence[Volume4D]) -> Flat:
    """Struct of arrays for the compiled code; the values are taken as they are."""
    starts, coordinates, radii, extents = [0], list[int](), list[int](), list[int]()
    for volume in volumes:
        outline = volume.outline
        if isinstance(outline, Polygon):
            coordinates += outline.ring
            radii.append(-1)
        else:
            coordinates += (outline.lat_nd, outline.lon_nd)
            radii.append(outline.radius_mm)
        starts.append(len(coordinates))
        extents += (volume.lower_mm, volume.upper_mm, volume.start_us, volume.end_us)
    return Flat(
        np.array(starts, np.int64),
        np.array(coordinates, np.int64),
        np.array(radii, np.int64),
        np.array(extents, np.int64).reshape(-1, 4),
    )


def boxes(volumes: Sequence[Volume4D]) -> Int64s:
    """Boxes of checked volumes, int64 (n, 8): lat_min_nd, lat_max_nd, lon_min_nd, lon_max_nd, lower_mm, upper_mm,
    start_us, end_us.

    Rounded outward and around the bulge of geodesic edges. lon_min_nd lies in [-180e9, 180e9); lon_max_nd exceeds
    180e9 where the box crosses the antimeridian. Over a pole, and with a pole on its edge, a box takes every longitude.
    """
    flat = flatten(volumes)
    out = np.empty((len(volumes), 8), np.int64)
    fill_boxes(flat.starts, flat.coordinates, flat.radii_mm, out)
    out[:, 4:] = flat.extents
    return out


def box_nd(volume: Volume4D) -> tuple[int, int, int, int]:
    """lat_min, lat_max, lon_min, lon_max of one volume's outline; see `boxes`."""
    south, north, west, east = boxes((volume,))[0, :4].tolist()
    return south, north, west, east


def normalise(outline: Circle | Polygon) -> Circle | Polygon:
    """The canonical form of a checked outline: the same place, always the same integers for the same list of points.

    Longitudes in [-180e9, 180e9), 0 at a pole; repeats dropped; counter-clockwise; the first point stays the first.
    """
    if isinstance(outline, Circle):
        lat_nd, lon_nd = tidy(np.array((outline.lat_nd, outline.lon_nd), np.int64)).tolist()
        return Circle(lat_nd, lon_nd, outline.radius_mm)
    return Polygon(tuple(tidy(np.array(outline.ring, np.int64)).tolist()))


def check_volume(
    volume: Volume4D,
    now_us: int,
    horizon_us: int,
    bounds_nd: tuple[int, int, int, int] | None = None,
    field: str = "volume",
) -> Refusal | None:
    """Hold a volume against every limit and rule; None where all hold, else the first refusal in `Reason`'s order.

    `bounds_nd` is the charter's lat_min, lat_max, lon_min, lon_max (as `boxes` writes it): the vertices, or a circle's
    box, must lie in it; that an edge between them bulges beyond is not held against a plan.
    """
    return (
        _check_ranges(volume, field)
        or _check_times(volume, now_us, horizon_us, field)
        or _check_outline(volume.outline, f"{field}.outline")
        or (None if bounds_nd is None else _check_bounds(volume, bounds_nd, f"{field}.outline"))
    )


def _check_ranges(volume: Volume4D, field: str) -> Refusal | None:
    """Every figure by itself."""
    outline = volume.outline
    if isinstance(outline, Polygon):
        ring, where = outline.ring, f"{field}.outline.ring"
        if len(ring) % 2 == 1:
            return refuse(Reason.MALFORMED, where, "latitudes and longitudes come in pairs", len(ring))
        lats, lons = ring[0::2], ring[1::2]
    else:
        where = f"{field}.outline"
        lats, lons = (outline.lat_nd,), (outline.lon_nd,)
    for values, name, most in ((lats, "latitude", POLE_ND), (lons, "longitude", HALF_ND)):
        if values and not -most <= min(values) <= max(values) <= most:
            limit = f"{name} between {-most // 10**9} and {most // 10**9} degrees"
            return refuse(Reason.OUT_OF_RANGE, where, limit, next(v for v in values if abs(v) > most) / 1e9)
    if isinstance(outline, Circle) and not 0 <= outline.radius_mm <= RADIUS_MM_MAX:
        limit = f"0 to {RADIUS_MM_MAX // 10**6} km"
        return refuse(Reason.OUT_OF_RANGE, f"{where}.radius_mm", limit, outline.radius_mm)
    for name, value, least, most in (
        ("lower_mm", volume.lower_mm, ALTITUDE_MM_MIN, ALTITUDE_MM_MAX),
        ("upper_mm", volume.upper_mm, ALTITUDE_MM_MIN, ALTITUDE_MM_MAX),
        ("start_us", volume.start_us, TIME_US_MIN, TIME_US_MAX),
        ("end_us", volume.end_us, TIME_US_MIN, TIME_US_MAX),
    ):
        if not least <= value <= most:
            show = spell_us if name.endswith("_us") else str
            return refuse(
                Reason.OUT_OF_RANGE, f"{field}.{name}", f"between {show(least)} and {show(most)}", show(value)
            )
    if volume.end_us - volume.start_us > DURATION_US_MAX:
        limit = f"a window of at most {DURATION_US_MAX // DAY_US} days"
        return refuse(
            Reason.OUT_OF_RANGE, f"{field}.end_us", limit, f"{(volume.end_us - volume.start_us) / DAY_US:.3f} days"
        )
    return None


def _check_times(volume: Volume4D, now_us: int, horizon_us: int, field: str) -> Refusal | None:
    """The window in itself, against the horizon and against now; then the band in itself."""
    if volume.end_us <= volume.start_us:
        return refuse(
            Reason.TIME_ORDER,
            f"{field}.end_us",
            f"after the start, {spell_us(volume.start_us)}",
            spell_us(volume.end_us),
        )
    if volume.end_us > now_us + horizon_us:
        limit = f"ends within {horizon_us / 3.6e9:g} h from now, by {spell_us(now_us + horizon_us)}"
        return refuse(Reason.PAST_HORIZON, f"{field}.end_us", limit, spell_us(volume.end_us))
    if volume.end_us <= now_us:
        return refuse(Reason.IN_THE_PAST, f"{field}.end_us", f"after now, {spell_us(now_us)}", spell_us(volume.end_us))
    if volume.lower_mm > volume.upper_mm:
        return refuse(Reason.BAND_ORDER, f"{field}.lower_mm", f"at most upper_mm {volume.upper_mm}", volume.lower_mm)
    return None


def _check_outline(outline: Circle | Polygon, field: str) -> Refusal | None:
    """The rules of `fault`, and a circle of no area."""
    if isinstance(outline, Circle):
        if outline.radius_mm == 0:
            return refuse(Reason.NO_AREA, f"{field}.radius_mm", "above 0", 0)
        return None
    where, count = f"{field}.ring", len(outline.ring) // 2
    if count > VERTICES_MAX:
        return refuse(Reason.TOO_MANY_POINTS, where, f"at most {VERTICES_MAX} points", count)
    kind, first, second = fault(np.array(outline.ring, np.int64), EXTENT_M_MAX, PERIMETER_M_MAX)
    if kind == FEW:
        return refuse(Reason.TOO_FEW_POINTS, where, "at least 3 points more than 1 mm apart", int(first))
    if kind == CROSSING:
        limit = "edges meet only at the corner they share"
        return refuse(Reason.SELF_CROSSING, where, limit, f"edges from points {int(first)} and {int(second)} that meet")
    if kind == THIN:
        return refuse(Reason.NO_AREA, where, "points more than 1 mm off one line", f"{count} points on one line")
    if kind == WIDE:
        limit = f"within {EXTENT_M_MAX // 1000} km of its middle"
        return refuse(Reason.TOO_WIDE, where, limit, f"{first / 1000:.1f} km" if first < 2e7 else "half the globe")
    if kind == LONG:
        return refuse(Reason.TOO_WIDE, where, f"at most {PERIMETER_M_MAX // 1000} km around", f"{first / 1000:.0f} km")
    return None


def _check_bounds(volume: Volume4D, bounds_nd: tuple[int, int, int, int], field: str) -> Refusal | None:
    """Vertices, or a circle's box, against the theatre's bounds."""
    south, north, west, east = bounds_nd
    outline = volume.outline
    if isinstance(outline, Polygon):
        points = zip(outline.ring[0::2], outline.ring[1::2], strict=True)
        outside = next((p for p in points if not south <= p[0] <= north or (p[1] - west) % TURN_ND > east - west), None)
    else:
        low, high, left, right = box_nd(volume)
        # `boxes` rounds outward by a nanodegree or a few
        around = east - west >= TURN_ND or (left + 9 - west) % TURN_ND + right - left - 18 <= east - west
        fits = south <= low + 9 and high - 9 <= north and around
        outside = None if fits else (outline.lat_nd, outline.lon_nd)
    if outside is None:
        return None
    limit = f"latitude {south / 1e9:g} to {north / 1e9:g}, longitude {west / 1e9:g} to {east / 1e9:g}"
    return refuse(Reason.OUT_OF_BOUNDS, field, limit, f"{outside[0] / 1e9:.6f}, {outside[1] / 1e9:.6f}")
