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
from wideberth.space.fault import SOUND, fault
from wideberth.space.ring import (
    HALF_ND,
    POLE_ND,
    TURN_ND,
    Float64s,
    Int64s,
    circle_area,
    circle_box,
    fill_boxes,
    ring_area,
)
from wideberth.space.store import Store, empty_store, fill
from wideberth.space.volume import Polygon, Volume4D, check_volume

Bounds = tuple[int, int, int, int]

ANYWHERE: Final = (-POLE_ND, POLE_ND, -HALF_ND, HALF_ND)
_HEAD: Final = 6
"""Words before a packed outline's coordinates: how many follow, radius or -1, band, window."""


class Shapes(NamedTuple):
    """Checked volumes, measured."""

    volumes: tuple[Volume4D, ...]
    boxes: Int64s
    """(n, 8): see `volume.boxes`."""
    store: Store
    """Slot i is volume i."""
    areas_m2: Float64s
    """(n,): within 0.5 %."""


def shapes(volumes: Sequence[Volume4D]) -> Shapes:
    """Measure volumes that were checked before."""
    return Shapes(tuple(volumes), *_measured(_packed(volumes), len(volumes)))


def check_volumes(
    volumes: Sequence[Volume4D], now_us: int, horizon_us: int, bounds_nd: Bounds = ANYWHERE, field: str = "volumes"
) -> Shapes | Refusal:
    """Hold volumes against every limit and rule; the first refusal of the first volume that has one, else `Shapes`."""
    try:
        packed = _packed(volumes)
    except OverflowError:
        packed = np.zeros(0, np.int64)
    if not _sound(packed, now_us, now_us + horizon_us, bounds_nd):
        for i, volume in enumerate(volumes):
            no = check_volume(volume, now_us, horizon_us, bounds_nd, f"{field}[{i}]")
            if no is not None:
                return no
    return Shapes(tuple(volumes), *_measured(packed, len(volumes)))


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
def _sound(packed: Int64s, now_us: int, until_us: int, bounds_nd: Bounds) -> bool:
    """Whether there are volumes and nothing is wrong with any. A doubt is False: `check_volume` has the last word."""
    at = 0
    while at < len(packed):
        end = at + _HEAD + packed[at]
        radius_mm, outline = packed[at + 1], packed[at + _HEAD : end]
        if not _ordered(packed[at + 2 : at + _HEAD], now_us, until_us) or not _placed(outline, radius_mm, bounds_nd):
            return False
        if radius_mm < 0 and fault(outline, EXTENT_M_MAX, PERIMETER_M_MAX)[0] != SOUND:
            return False
        at = end
    return at > 0


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
def _placed(outline: Int64s, radius_mm: int, bounds_nd: Bounds) -> bool:
    """Whether a ring of three points or more, or a circle, has coordinates of the globe and lies within the bounds."""
    south, north, west, east = bounds_nd
    for i in range(0, len(outline) - 1, 2):
        if abs(outline[i]) > POLE_ND or abs(outline[i + 1]) > HALF_ND:
            return False
    if radius_mm >= 0:
        box = np.empty(4, np.int64)
        circle_box(outline[0], outline[1], radius_mm, box)
        around = east - west >= TURN_ND or (box[2] - west) % TURN_ND + box[3] - box[2] <= east - west
        return bool(0 < radius_mm <= RADIUS_MM_MAX and south <= box[0] and box[1] <= north and around)
    if len(outline) % 2 == 1 or not 6 <= len(outline) <= 2 * VERTICES_MAX:
        return False
    for i in range(0, len(outline), 2):
        if not south <= outline[i] <= north or (outline[i + 1] - west) % TURN_ND > east - west:
            return False
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def _measured(packed: Int64s, n: int) -> tuple[Int64s, Store, Float64s]:
    """Boxes, exact outlines and areas of n packed volumes."""
    starts, radii_mm = np.zeros(n + 1, np.int64), np.empty(n, np.int64)
    coordinates = np.empty(len(packed) - n * _HEAD, np.int64)
    boxes, areas = np.empty((n, 8), np.int64), np.empty(n)
    at = 0
    for i in range(n):
        starts[i + 1] = starts[i] + packed[at]
        radii_mm[i] = packed[at + 1]
        boxes[i, 4:] = packed[at + 2 : at + _HEAD]
        at += _HEAD
        outline = coordinates[starts[i] : starts[i + 1]]
        outline[:] = packed[at : at + len(outline)]
        areas[i] = ring_area(outline) if radii_mm[i] < 0 else circle_area(outline[0], radii_mm[i])
        at += len(outline)
    fill_boxes(starts, coordinates, radii_mm, boxes)
    store = empty_store(n, len(coordinates) // 2)
    fill(store, np.arange(n), starts, coordinates, radii_mm, boxes[:, 4:])
    return boxes, store, areas
