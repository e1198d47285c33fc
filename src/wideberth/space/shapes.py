"""The volumes of one plan, checked and measured in one pass, for all that is asked about them afterwards.

In:  volumes as they came, with the time, the horizon and the bounds that they are held against; or checked volumes.
Out: `Shapes`: the volumes with their boxes, exact outlines and areas.
Refuses: what `volume.check_volume` refuses, in its words: the compiled pass only says that nothing is wrong.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numba import njit

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
from wideberth.refusal import Refusal
from wideberth.space.fault import SOUND, fault_around
from wideberth.space.geodesy import frame_at
from wideberth.space.ring import (
    HALF_ND,
    POLE_ND,
    TURN_ND,
    Int64s,
    circle_area,
    circle_box,
    fan_area,
    middle,
    plane,
    ring_box,
    vertices,
)
from wideberth.space.store import Store, fill_circle, fill_ring, small_store
from wideberth.space.volume import Polygon, Volume4D, check_volume

Bounds = tuple[int, int, int, int]

ANYWHERE: Final = (-POLE_ND, POLE_ND, -HALF_ND, HALF_ND)
_NO_RULES: Final = (0, 0, 0, 0, 0, 0)
_HEAD: Final = 6
"""Words before a packed outline's coordinates: how many follow, radius or -1, band, window."""


class Shapes(NamedTuple):
    """Checked volumes, measured."""

    volumes: tuple[Volume4D, ...]
    boxes: Int64s
    """(n, 8): see `volume.boxes`."""
    store: Store
    """Slot i is volume i."""
    claims_m2_s: Int64s
    """(n,): area, within 0.5 %, times duration."""


def shapes(volumes: Sequence[Volume4D]) -> Shapes:
    """Measure volumes that were checked before."""
    made, _ = _shapes(volumes, _packed(volumes), None)
    return made


def check_volumes(
    volumes: Sequence[Volume4D], now_us: int, horizon_us: int, bounds_nd: Bounds = ANYWHERE, field: str = "volumes"
) -> Shapes | Refusal:
    """Hold volumes against every limit and rule; the first refusal of the first volume that has one, else `Shapes`."""
    try:
        packed = _packed(volumes)
    except OverflowError:
        packed = np.zeros(0, np.int64)
    else:
        made, sound = _shapes(volumes, packed, (now_us, now_us + horizon_us, *bounds_nd))
        if sound:
            return made
    for i, volume in enumerate(volumes):
        no = check_volume(volume, now_us, horizon_us, bounds_nd, f"{field}[{i}]")
        if no is not None:
            return no
    return shapes(volumes)


def _shapes(
    volumes: Sequence[Volume4D], packed: Int64s, rules: tuple[int, int, int, int, int, int] | None
) -> tuple[Shapes, bool]:
    """Measure volumes, and whether all of them were sound, as far as that was to be checked."""
    n = len(volumes)
    vertices_max = (len(packed) - n * _HEAD) // 2
    made = Shapes(tuple(volumes), np.empty((n, 8), np.int64), small_store(n, vertices_max), np.empty(n, np.int64))
    return made, bool(_measure(packed, rules is not None, rules or _NO_RULES, made.boxes, made.store, made.claims_m2_s))


def _packed(volumes: Sequence[Volume4D]) -> Int64s:
    """All volumes in one row of words; OverflowError for figures past 64 bits."""
    words: list[int] = []
    for volume in volumes:
        outline = volume.outline
        if isinstance(outline, Polygon):
            ring, radius = outline.ring, -1
        else:
            ring, radius = (outline.lat_nd, outline.lon_nd), outline.radius_mm
        words += (len(ring), radius, volume.lower_mm, volume.upper_mm, volume.start_us, volume.end_us)
        words += ring
    return np.array(words, np.int64)


@njit(cache=True, nogil=True, error_model="numpy")
def _measure(
    packed: Int64s,
    checking: bool,
    rules: tuple[int, int, int, int, int, int],
    boxes: Int64s,
    store: Store,
    claims_m2_s: Int64s,
) -> bool:
    """Write what the packed volumes measure; False at the first that breaks a rule, or may do so.

    `rules`: now and the horizon in us, and the bounds. What `volume.check_volume` passes may be doubted here.
    """
    now_us, until_us, south, north, west, east = rules
    longest = (len(packed) - _HEAD * len(boxes)) // 2
    points, flat, kept = np.empty((longest, 3)), np.empty((longest, 2)), np.empty(longest, np.int64)
    at = 0
    for i in range(len(boxes)):
        end = at + _HEAD + packed[at]
        extent, radius_mm, outline = packed[at + 2 : at + _HEAD], packed[at + 1], packed[at + _HEAD : end]
        if checking and not (_ordered(extent, now_us, until_us) and _on_globe(outline, radius_mm)):
            return False
        boxes[i, 4:] = extent
        store.extents[i, :] = extent
        if radius_mm >= 0:
            circle_box(outline[0], outline[1], radius_mm, boxes[i])
            area_m2 = circle_area(outline[0], radius_mm)
            fill_circle(store, i, outline[0], outline[1], radius_mm)
        else:
            n = vertices(outline, points, kept)
            if checking and n < 3:
                return False
            x, y, z, radius = middle(points, n)
            v = points[:n]
            if checking and fault_around(v, kept, x, y, z, radius, EXTENT_M_MAX, PERIMETER_M_MAX)[0] != SOUND:
                return False
            ring_box(outline, boxes[i])
            plane(points, n, x, y, z, flat)
            area_m2 = fan_area(flat[:n], frame_at(x, y, z)[12])
            fill_ring(store, i, v, flat[:n], x, y, z, radius)
        if checking and not _within(outline, radius_mm, boxes[i], south, north, west, east):
            return False
        claims_m2_s[i] = int(area_m2 * ((extent[3] - extent[2]) / 1_000_000))
        at = end
    return len(boxes) > 0


@njit(cache=True, nogil=True, error_model="numpy")
def _ordered(extent: Int64s, now_us: int, until_us: int) -> bool:
    """Whether lower_mm, upper_mm, start_us, end_us are within the limits, ascend, and end between now and then."""
    lower, upper, start, end = extent[0], extent[1], extent[2], extent[3]
    return bool(
        ALTITUDE_MM_MIN <= lower <= upper <= ALTITUDE_MM_MAX
        and TIME_US_MIN <= start < end <= TIME_US_MAX
        and end - start <= DURATION_US_MAX
        and now_us < end <= until_us
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _on_globe(outline: Int64s, radius_mm: int) -> bool:
    """Whether it is a circle or a ring of three points or more, with coordinates of the globe."""
    for i in range(0, len(outline) - 1, 2):
        if abs(outline[i]) > POLE_ND or abs(outline[i + 1]) > HALF_ND:
            return False
    if radius_mm >= 0:
        return bool(0 < radius_mm <= RADIUS_MM_MAX)
    return len(outline) % 2 == 0 and 6 <= len(outline) <= 2 * VERTICES_MAX


@njit(cache=True, nogil=True, error_model="numpy")
def _within(outline: Int64s, radius_mm: int, box: Int64s, south: int, north: int, west: int, east: int) -> bool:
    """Whether the vertices, or a circle's box, lie within the bounds."""
    if radius_mm >= 0:
        around = east - west >= TURN_ND or (box[2] - west) % TURN_ND + box[3] - box[2] <= east - west
        return bool(south <= box[0] and box[1] <= north and around)
    for i in range(0, len(outline), 2):
        if not south <= outline[i] <= north or (outline[i + 1] - west) % TURN_ND > east - west:
            return False
    return True
