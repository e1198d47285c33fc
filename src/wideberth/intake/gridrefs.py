"""Grid references: MGRS and GARS, text in and text out.

In:  text such as "37S EV 12345 67890" or "441LS26", on WGS 84.
Out: `Cell`: the centre of the cell that the text names, how far the cell reaches from it, and for GARS its outline.
Refuses: letters and digits that make no reference (MALFORMED), an odd number of MGRS digits (AMBIGUOUS, both readings
     shown), a square or a band that does not exist, an MGRS square without digits, which is 100 km wide (OUT_OF_RANGE).

MGRS by NGA's GEOTRANS through the package mgrs, polar squares (UPS) included; source NGA.STND.0037. GARS: cells of 30,
15 and 5 minutes; source NGA, "Global Area Reference System", 2006.
"""

import math
import re
from typing import Final

import mgrs
import msgspec
from mgrs.core import MGRSError

from wideberth.intake.bounds import ND
from wideberth.refusal import Reason, Refusal, refuse

_MGRS: Final = mgrs.MGRS()
_MGRS_SHAPE: Final = re.compile(r"(?:[0-9]{1,2}[C-HJ-NP-X]|[ABYZ])[A-HJ-NP-Z]{2}([0-9]*)")
_GARS_SHAPE: Final = re.compile(r"([0-9]{3})([A-HJ-NP-Z])([A-HJ-NP-Z])(?:([1-4])([1-9])?)?")
_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_HALF_DEGREE: Final = ND // 2
_FIVE_MINUTES: Final = ND // 12
EARTH_M: Final = 6_371_008.8
"""Mean radius of WGS 84."""


class Cell(msgspec.Struct, frozen=True):
    """A centre in nanodegrees and the distance from it to the farthest corner."""

    lat_nd: int
    lon_nd: int
    reach_mm: int


def looks_like_mgrs(text: str) -> bool:
    """Whether the letters and digits stand as in an MGRS reference."""
    return _MGRS_SHAPE.fullmatch(_squeezed(text)) is not None


def looks_like_gars(text: str) -> bool:
    """Whether the letters and digits stand as in a GARS reference."""
    return _GARS_SHAPE.fullmatch(_squeezed(text)) is not None


def _squeezed(text: str) -> str:
    return text.replace(" ", "").upper() if text.isascii() else text


def parse_mgrs(text: str, field: str) -> Cell | Refusal:
    """The cell of an MGRS reference of 10 km to 1 m."""
    squeezed = _squeezed(text)
    found = _MGRS_SHAPE.fullmatch(squeezed)
    if found is None or len(found[1]) > 10:
        limit = "MGRS: zone, band, two letters (no I, no O) and two to ten digits, such as 37S EV 12345 67890"
        return refuse(Reason.MALFORMED, field, limit, text)
    digits = found[1]
    if len(digits) % 2:
        square, half = squeezed[: -len(digits)], len(digits) // 2
        first, second = (f"{square} {digits[:cut]} {digits[cut:]}" for cut in (half, half + 1))
        limit = f"as many digits east as north; this can be read {first} or {second}"
        return refuse(Reason.AMBIGUOUS, field, limit, text)
    if not digits:
        return refuse(
            Reason.OUT_OF_RANGE, field, "at least one digit east and one north; a square is 100 km wide", text
        )
    try:
        lat, lon = _MGRS.toLatLon(squeezed)
    except (MGRSError, ValueError, RuntimeError):
        return refuse(Reason.OUT_OF_RANGE, field, "an MGRS square that exists", text)
    side_m = 10 ** (5 - len(digits) // 2)
    # the grid's scale is 0.9996 to 1.0010 (UTM) and 0.994 to 1.0017 (UPS): 1% covers both
    return Cell(round(lat * ND), _wrapped(round(lon * ND)), math.ceil(side_m * 1000 * math.sqrt(0.5) * 1.01))


def _wrapped(lon_nd: int) -> int:
    return (lon_nd + 180 * ND) % (360 * ND) - 180 * ND if abs(lon_nd) > 180 * ND else lon_nd


def show_mgrs(lat_nd: int, lon_nd: int) -> str:
    """The 1 m cell that holds the place: "37S EV 12345 67890"."""
    # within a centimetre south of the equator GEOTRANS rounds the northing to a square that does not exist
    lat = 0.0 if -100 <= lat_nd < 0 else lat_nd / ND
    plain = str(_MGRS.toMGRS(lat, -180.0 if lon_nd == 180 * ND else lon_nd / ND))
    return f"{plain[:-12]} {plain[-12:-10]} {plain[-10:-5]} {plain[-5:]}"


class GarsCell(msgspec.Struct, frozen=True):
    """South-west corner and side of a GARS cell, in nanodegrees."""

    south_nd: int
    west_nd: int
    side_nd: int

    def cell(self) -> Cell:
        """Centre and reach."""
        half = self.side_nd // 2
        lat_nd = self.south_nd + half
        widest = min(abs(self.south_nd), abs(self.south_nd + self.side_nd)) / ND
        height_m = math.radians(half / ND) * EARTH_M * 1.005
        width_m = height_m * math.cos(math.radians(widest))
        return Cell(lat_nd, self.west_nd + half, math.ceil(math.hypot(height_m, width_m) * 1000))

    def ring(self) -> tuple[int, ...]:
        """An outline of shortest paths that holds the whole cell: flat latitude, longitude, ... in nanodegrees.

        A shortest path between two places of one latitude runs poleward of it, so the side nearer the equator is moved
        toward it by that bulge (on the sphere, doubled for the ellipsoid and the rounding).
        """
        south, north = self.south_nd, self.south_nd + self.side_nd
        east = self.west_nd + self.side_nd
        lower = south - self._bulge_nd(south) if south >= 0 else south
        upper = north + self._bulge_nd(north) if north <= 0 else north
        corners = [(lower, self.west_nd), (lower, east), (upper, east), (upper, self.west_nd)]
        if abs(upper) == 90 * ND or abs(lower) == 90 * ND:
            corners = [*corners[:3]] if upper == 90 * ND else [corners[0], *corners[2:]]
        return tuple(value for corner in corners for value in corner)

    def _bulge_nd(self, lat_nd: int) -> int:
        lat = math.radians(abs(lat_nd) / ND)
        top = math.atan(math.tan(lat) / math.cos(math.radians(self.side_nd / ND / 2)))
        return math.ceil(2 * math.degrees(top - lat) * ND)


def parse_gars(text: str, field: str) -> GarsCell | Refusal:
    """The cell of a GARS reference: 30, 15 (one digit more) or 5 minutes (two digits more)."""
    found = _GARS_SHAPE.fullmatch(_squeezed(text))
    if found is None:
        limit = "GARS: three digits, two letters (no I, no O), then at most 1-4 and 1-9, such as 441LS26"
        return refuse(Reason.MALFORMED, field, limit, text)
    column, row = int(found[1]), _LETTERS.index(found[2]) * 24 + _LETTERS.index(found[3])
    if not 1 <= column <= 720 or row >= 360:
        return refuse(Reason.OUT_OF_RANGE, field, "a GARS cell from 001AA to 720QZ", text)
    south, west, side = row * _HALF_DEGREE - 90 * ND, (column - 1) * _HALF_DEGREE - 180 * ND, _HALF_DEGREE
    if found[4]:
        quadrant = int(found[4]) - 1
        side //= 2
        south, west = south + (1 - quadrant // 2) * side, west + quadrant % 2 * side
    if found[5]:
        key = int(found[5]) - 1
        west, south = west + key % 3 * side // 3, south + (2 - key // 3) * side // 3
        side = _FIVE_MINUTES
    return GarsCell(south, west, side)


def show_gars(lat_nd: int, lon_nd: int) -> str:
    """The 5-minute cell that holds the place; on a border the one north or east of it."""
    up = min(lat_nd + 90 * ND, 180 * ND - 1)
    along = (lon_nd + 180 * ND) % (360 * ND)
    row, column = up // _HALF_DEGREE, along // _HALF_DEGREE
    # sixths of half a degree, counted from the south-west: 5 minutes each
    north, east = up % _HALF_DEGREE * 6 // _HALF_DEGREE, along % _HALF_DEGREE * 6 // _HALF_DEGREE
    quadrant = (1 - north // 3) * 2 + east // 3 + 1
    key = (2 - north % 3) * 3 + east % 3 + 1
    return f"{column + 1:03d}{_LETTERS[row // 24]}{_LETTERS[row % 24]}{quadrant}{key}"
