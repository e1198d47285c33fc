"""Volume4Ds of ASTM F3548-21 and F3411-22a requests, read in microseconds where nothing about them is unusual.

In:  JSON, decoded into the forms below, which are the standards' own (unknown members are ignored, as they ask).
Out: volumes of `space.volume`, canonical.
Refuses hardly anything by itself: what is unusual in any way (another offset than Z, more digits than ours, a ring with
a fault) is read once more by `intake.f3548`, which gives the same volume, or names the member and the limit.

A number is the IEEE double nearest to its digits (RFC 8259, section 6), taken by its shortest decimal form.
"""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from math import ceil, floor
from typing import Annotated, Any, Final, Literal

import msgspec
import numpy as np
import numpy.typing as npt
from numba import njit

from wideberth.intake.bounds import ND
from wideberth.intake.f3548 import ALTITUDE_M_LEAST, Missing, read_volume
from wideberth.intake.fields import Book, Field
from wideberth.limits import (
    ALTITUDE_MM_MAX,
    ALTITUDE_MM_MIN,
    AREA_KM2_MAX,
    DURATION_US_MAX,
    EXTENT_M_MAX,
    PERIMETER_M_MAX,
    RADIUS_MM_MAX,
    TIME_US_MAX,
    TIME_US_MIN,
    VERTICES_MAX,
    VOLUMES_MAX,
)
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.space import volume
from wideberth.space.fault import SOUND, fault
from wideberth.space.ring import HALF_ND, POLE_ND, tidy
from wideberth.space.shapes import shapes

Float64s = npt.NDArray[np.float64]
Int64s = npt.NDArray[np.int64]
SECOND_US: Final = 1_000_000
NEAR: Final = 1e-3
"""How near to a turning point of rounding a product of doubles is not to be trusted: far more than it can be off."""
DIGITS_MAX: Final = 40
"""Integers with more digits are read as doubles: they are out of any range."""
_from_iso: Final = datetime.fromisoformat


class Form(msgspec.Struct, gc=False):
    """Common form: what JSON has and is not named here is ignored."""


class LatLngPoint(Form):
    """Degrees on WGS 84."""

    lat: float
    lng: float


class Radius(Form):
    """Metres along the ellipsoid, above 0."""

    value: float
    units: Literal["M"]


class Circle(Form):
    """A circular outline."""

    center: LatLngPoint
    radius: Radius


class Polygon(Form):
    """A ring of three vertices or more; its edges are shortest paths."""

    vertices: list[LatLngPoint]


class Altitude(Form):
    """Metres above the WGS 84 ellipsoid."""

    value: float
    reference: Literal["W84"]
    units: Literal["M"]


class Time(Form):
    """RFC 3339, with its zone."""

    value: Annotated[str, msgspec.Meta(extra_json_schema={"format": "date-time"})]
    format: Literal["RFC3339"]


class Volume3D(Form):
    """Exactly one outline, and a band."""

    outline_circle: Circle | None = None
    outline_polygon: Polygon | None = None
    altitude_lower: Altitude | None = None
    altitude_upper: Altitude | None = None


class Volume4D(Form):
    """A Volume3D and a window."""

    volume: Volume3D
    time_start: Time | None = None
    time_end: Time | None = None


def read_volumes(
    data: bytes, forms: Sequence[Volume4D], path: str, missing: Missing | None = None
) -> tuple[volume.Volume4D, ...] | Refusal:
    """The volumes behind forms that were decoded from `data`; `path` is the member that holds them: one, or a list."""
    if not 1 <= len(forms) <= VOLUMES_MAX:
        return refuse(Reason.OUT_OF_RANGE, path, f"1 to {VOLUMES_MAX} volumes", len(forms))
    found = [plain(form, missing) for form in forms]
    if None not in found:
        return tuple(each for each in found if each is not None)
    return read_again(data, path, missing) or refuse(Reason.MALFORMED, "body", "JSON in UTF-8", "something else")


def read_again(data: bytes, path: str, missing: Missing | None = None) -> tuple[volume.Volume4D, ...] | Refusal:
    """The same by the way that names what is wrong; () where the document cannot be read at all."""
    try:
        document: Any = json.loads(data, parse_int=_whole)
    except (ValueError, RecursionError):
        return ()
    book = Book()
    held = Field(document, "", book).member(path)
    items = held.items(VOLUMES_MAX) if isinstance(held.value, list) else [held]
    read = [read_volume(item, None, missing) for item in items]
    return book.first() or tuple(each for one in read if one is not None for each in one[0])


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= DIGITS_MAX else float(digits)


def plain(form: Volume4D, missing: Missing | None) -> volume.Volume4D | None:
    """The volume behind a form in which nothing is unusual."""
    shape, window = form.volume, _window(form.time_start, form.time_end, missing)
    lower_mm = _bound_mm(shape.altitude_lower, floor, missing, ALTITUDE_MM_MIN)
    upper_mm = _bound_mm(shape.altitude_upper, ceil, missing, ALTITUDE_MM_MAX)
    if window is None or lower_mm is None or upper_mm is None or lower_mm > upper_mm:
        return None
    circle, ring = shape.outline_circle, shape.outline_polygon
    if (circle is None) == (ring is None):
        return None
    outline = _circle(circle) if circle is not None else _polygon(ring.vertices if ring is not None else [])
    return volume.Volume4D(outline, lower_mm, upper_mm, *window) if outline is not None else None


def _window(start: Time | None, end: Time | None, missing: Missing | None) -> tuple[int, int] | None:
    start_us = time_us(start.value) if start is not None else missing and missing.start_us
    if start_us is None:
        return None
    end_us = time_us(end.value) if end is not None else missing and missing.end_after(start_us)
    if end_us is None or not 0 < end_us - start_us <= DURATION_US_MAX:
        return None
    return start_us, end_us


def _bound_mm(
    form: Altitude | None, rounding: Callable[[float], int], missing: Missing | None, absent_mm: int
) -> int | None:
    if form is None:
        return None if missing is None else absent_mm
    found = _mm(form.value, rounding)
    if found is None or found > ALTITUDE_MM_MAX:
        return None
    if found >= ALTITUDE_MM_MIN:
        return found
    return ALTITUDE_MM_MIN if missing is not None and form.value >= ALTITUDE_M_LEAST else None


def _mm(metres: float, rounding: Callable[[float], int]) -> int | None:
    """Metres as millimetres, rounded; None where a double cannot tell which way."""
    if not -1e6 < metres < 1e6:
        return None
    product = metres * 1_000
    nearest = round(product)
    if nearest / 1_000 == metres:
        return nearest
    return None if abs(product - nearest) < NEAR else rounding(product)


def _nd(degrees: float) -> int | None:
    """Degrees as nanodegrees, to the nearest; None where a double cannot tell which."""
    product = degrees * ND
    nearest = round(product)
    return nearest if nearest / ND == degrees or abs(abs(product - nearest) - 0.5) > NEAR else None


def _circle(form: Circle) -> volume.Circle | None:
    centre = form.center
    if not (-90.0 < centre.lat < 90.0 and -180.0 <= centre.lng < 180.0):
        return None
    lat_nd, lon_nd, radius_mm = _nd(centre.lat), _nd(centre.lng), _mm(form.radius.value, ceil)
    if lat_nd is None or lon_nd is None or radius_mm is None or not 0 < radius_mm <= RADIUS_MM_MAX:
        return None
    return volume.Circle(lat_nd, lon_nd, radius_mm) if abs(lat_nd) < POLE_ND and lon_nd < HALF_ND else None


def _polygon(vertices: list[LatLngPoint]) -> volume.Polygon | None:
    if not 3 <= len(vertices) <= VERTICES_MAX:
        return None
    degrees = np.array([angle for vertex in vertices for angle in (vertex.lat, vertex.lng)])
    ring = ring_of(degrees, float(ND), EXTENT_M_MAX, PERIMETER_M_MAX)
    return volume.Polygon(tuple(ring.tolist())) if len(ring) else None


@njit(cache=True, nogil=True, error_model="numpy")
def ring_of(degrees: Float64s, nd: float, extent_m: float, perimeter_m: float) -> Int64s:
    """The canonical ring of latitudes and longitudes in turn (2n,); empty where anything is unusual, see `_nd`."""
    ring = np.empty(len(degrees), np.int64)
    for i, angle in enumerate(degrees):
        most = 180.0 if i % 2 else 90.0
        if not -most <= angle <= most:
            return ring[:0]
        product = angle * nd
        nearest = np.rint(product)
        if nearest / nd != angle and abs(abs(product - nearest) - 0.5) <= NEAR:
            return ring[:0]
        ring[i] = int(nearest)
    return tidy(ring) if fault(ring, extent_m, perimeter_m)[0] == SOUND else ring[:0]


def time_us(text: str) -> int | None:
    """Microseconds of a time such as "2026-03-01T06:00:00.5Z"; None of any other form, and out of range."""
    size = len(text)
    if size != 20 and not (22 <= size <= 27 and text[19] == "."):
        return None
    if not (text[4] == text[7] == "-" and text[10] == "T" and text[13] == text[16] == ":" and text[-1] == "Z"):
        return None
    try:
        found = round(_from_iso(text).timestamp() * SECOND_US)
    except ValueError:
        return None
    return found if TIME_US_MIN <= found <= TIME_US_MAX else None


def check_area(outline: volume.Circle | volume.Polygon, field: str) -> Refusal | None:
    """An outline of a search, a subscription or a service area is not too wide (its area is known within 0.5 %)."""
    km2 = int(shapes((volume.Volume4D(outline, 0, 0, 0, SECOND_US),)).claims_m2_s[0]) / 1e6
    if km2 <= AREA_KM2_MAX:
        return None
    return refuse(Reason.TOO_WIDE, field, f"at most {AREA_KM2_MAX:,} km2; ask for less at a time", f"{km2:,.0f} km2")
