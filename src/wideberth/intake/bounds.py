"""Where a plan may lie: a box of latitudes and longitudes, and the check for latitude and longitude swapped.

In:  integers, nanodegrees on WGS 84; a `Bounds`, whose lon_max_nd is above 180e9 where it crosses the antimeridian.
Out: `Bounds` around points; a `Note` or a `Refusal` about a place against the charter's bounds.
Refuses: a place outside whose swap lies inside (SWAPPED); a place outside by any reading (OUT_OF_BOUNDS). A place
     inside whose swap lies inside too is accepted with a note, because nobody but its author can tell.
"""

import math
from collections.abc import Sequence
from typing import Final

import msgspec

from wideberth.intake.fields import Note
from wideberth.refusal import Reason, Refusal, refuse

ND: Final = 1_000_000_000
"""Nanodegrees a degree."""
TURN: Final = 360 * ND
"""All the way around, in nanodegrees."""


class Bounds(msgspec.Struct, frozen=True, array_like=True):
    """A box, edges included; `lon_max_nd` is above 180e9 where it crosses the antimeridian, as in the charter."""

    lat_min_nd: int
    lat_max_nd: int
    lon_min_nd: int
    lon_max_nd: int

    def holds(self, lat_nd: int, lon_nd: int) -> bool:
        """Whether the place lies in the box."""
        east_of_edge = (lon_nd - self.lon_min_nd) % TURN
        return self.lat_min_nd <= lat_nd <= self.lat_max_nd and east_of_edge <= self.lon_max_nd - self.lon_min_nd


def swapped(lat_nd: int, lon_nd: int, bounds: Bounds, field: str = "") -> Note | Refusal | None:
    """Hold a place against the charter's bounds; see the module for the three answers (None: inside, no doubt)."""
    swap_inside = abs(lon_nd) <= 90 * ND and bounds.holds(lon_nd, lat_nd)
    received = f"{lat_nd / ND:.6f}, {lon_nd / ND:.6f}"
    if bounds.holds(lat_nd, lon_nd):
        if swap_inside and lat_nd != lon_nd:
            text = f"latitude {lat_nd / ND:.6f} and longitude {lon_nd / ND:.6f} also lie in the theatre when swapped"
            return Note("swap-possible", f"{field}: {text}" if field else text)
        return None
    if swap_inside:
        limit = f"swapped, it would lie in the theatre ({show_bounds(bounds)})"
        return refuse(Reason.SWAPPED, field, limit, received)
    return refuse(Reason.OUT_OF_BOUNDS, field, f"inside {show_bounds(bounds)}", received)


def show_bounds(bounds: Bounds) -> str:
    """The box for people: "latitude 34 to 36, longitude 40 to 42"."""
    lat = f"{bounds.lat_min_nd / ND:g} to {bounds.lat_max_nd / ND:g}"
    return f"latitude {lat}, longitude {bounds.lon_min_nd / ND:g} to {bounds.lon_max_nd / ND:g}"


def bounds_of(places: Sequence[tuple[int, int]], margin_m: float = 0.0) -> Bounds:
    """The smallest box around (lat_nd, lon_nd) places, the bulge of the shortest paths between them, and a margin.

    Boxes that come near a pole take the whole cap. `places` must not be empty.
    """
    lats = [lat for lat, _ in places]
    west, east = _arc([lon for _, lon in places])
    span_deg = (east - west) / ND
    south, north = _bulged(min(lats) / ND, span_deg, -1), _bulged(max(lats) / ND, span_deg, 1)
    margin_deg = margin_m / 110_500.0
    south, north = max(-90.0, south - margin_deg), min(90.0, north + margin_deg)
    widest = max(abs(south), abs(north))
    lon_margin_deg = 360.0 if widest > 89.0 else margin_deg / math.cos(math.radians(widest))
    if span_deg + 2 * lon_margin_deg >= 360.0 or span_deg >= 180.0:
        return Bounds(math.floor(south * ND), math.ceil(north * ND), -180 * ND, 180 * ND)
    margin_nd = math.ceil(lon_margin_deg * ND)
    start = (west - margin_nd + 180 * ND) % TURN - 180 * ND
    return Bounds(math.floor(south * ND), math.ceil(north * ND), start, start + east - west + 2 * margin_nd)


def _arc(lons: Sequence[int]) -> tuple[int, int]:
    """West end of the shortest arc that holds all longitudes, and its east end, above it."""
    ordered = sorted({lon % TURN for lon in lons})
    gaps = [((ordered[(i + 1) % len(ordered)] - lon) % TURN or TURN, i) for i, lon in enumerate(ordered)]
    widest, i = max(gaps)
    west = ordered[(i + 1) % len(ordered)]
    return west, west + TURN - widest


def _bulged(lat_deg: float, span_deg: float, pole: int) -> float:
    """The latitude that a shortest path between two places on `lat_deg`, `span_deg` apart, reaches toward `pole`."""
    if lat_deg * pole <= 0:
        return lat_deg
    if span_deg >= 180.0:
        return 90.0 * pole
    return math.degrees(math.atan(math.tan(math.radians(lat_deg)) / math.cos(math.radians(span_deg / 2))))
