"""What each side of a conflict is shown of where it is.

In:  the state, one side as it will be, and what was found to be too near.
Out: `Spots` for the one side's owner and for the owners of what was found; and what of a volume lies in an area.
Where nothing overlaps, each is shown the part of its own volume inside the minima. The height of a plan that is hidden
shows in steps of the charter, a protected place of another's as a cell of the charter. Past the limit of outlines
places carry their point alone.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

from wideberth.limits import OUTLINES_PER_ENTRY_MAX
from wideberth.party.charter import Area
from wideberth.party.command import Disclosure
from wideberth.space.geodesy import geodetic_nd
from wideberth.space.outline import overlap_outline, shared_outlines
from wideberth.space.overlap import near as pair_near
from wideberth.space.volume import Volume4D
from wideberth.theatre.conflicts import Side
from wideberth.theatre.occupied import Found
from wideberth.theatre.outcome import SHOWS, Place, Spots
from wideberth.theatre.rows import Thing
from wideberth.theatre.state import State

Int64s = npt.NDArray[np.int64]
Float64s = npt.NDArray[np.float64]
Rings = tuple[tuple[int, ...], ...]

MM_PER_ND: Final = 1.11320e-1
"""Millimetres of latitude in a nanodegree, to 0.6 %: 111.32 km a degree."""
OVERLAP, OWN_PART, CELL = range(len(SHOWS))
OPEN, HIDDEN, PROTECTED = range(3)
"""How much of the other side a reader is shown."""
LOWER, UPPER, START, END, HORIZONTAL, VERTICAL, LAT, LON = range(8)
"""Columns of `Spots.rows`."""
ROW_BYTES: Final = 64


class Outliner:
    """Draws outlines until the entry's limit is reached."""

    def __init__(self) -> None:
        self.left = OUTLINES_PER_ENTRY_MAX

    def overlap(self, own: Volume4D, other: Volume4D) -> Rings:
        """What both cover."""
        self.left -= 1
        return overlap_outline(own.outline, other.outline) if self.left >= 0 else ()


def place_in_area(area: Area, volume: Volume4D, outliner: Outliner) -> Place | None:
    """What of a volume lies inside an area of the charter, or None."""
    zone = Volume4D(area.outline, area.lower_mm, area.upper_mm, volume.start_us, volume.end_us)
    near = pair_near(volume, zone, 0.0, 0)
    if near is None:
        return None
    rings = outliner.overlap(volume, zone)
    band = (near.lower_mm, near.upper_mm)
    window = (volume.start_us, volume.end_us)
    return Place("overlap", rings, *band, *window, near.horizontal_mm, near.vertical_mm, near.lat_nd, near.lon_nd)


def veil(reader: str, other: Side | Thing) -> int:
    """How much of a thing its reader in a conflict is shown."""
    if other.ref[0] == reader:
        return OPEN
    if other.what == "protected":
        return PROTECTED
    return OPEN if other.disclosure == Disclosure.OPEN else HIDDEN


def told(state: State, side: Side, found: Found) -> tuple[list[Spots], list[Spots]]:
    """For each thing found: its places as the owner of `side` may see them, and as the thing's owner may."""
    if not found.refs:
        return [], []
    charter, things = state.charter, [state.things[ref] for ref in found.refs]
    veils = [veil(side.party, thing) for thing in things] + [veil(thing.owner, side) for thing in things]
    extents = (side.shapes.boxes[:, 4:], state.occupied.store.extents)
    middles = (side.shapes.store.places, state.occupied.store.places)
    of_things = np.array(found.ends + found.kinds + veils).reshape(4, -1)
    minima_m, step_mm = state.minima[side.class_number].horizontal_m, charter.vertical_step_mm
    where = (found.rows, found.slots, of_things)
    shows, rows, margins_m = _seen(*where, *extents, *middles, minima_m, step_mm, charter.cell_nd)
    plan, live = (side.shapes.store, np.ascontiguousarray(found.rows[:, 0])), (state.occupied.store, found.slots)
    drawn = shared_outlines(*plan, *live, margins_m, OUTLINES_PER_ENTRY_MAX)
    for i in (0, 1):
        _finish(drawn[i], shows[i], rows[i], charter.cell_nd)
    mine, theirs = (_spots(found, shows[i].tobytes(), rows[i].tobytes(), drawn[i]) for i in (0, 1))
    return mine, theirs


def _spots(found: Found, shows: bytes, rows: bytes, rings: list[Rings]) -> list[Spots]:
    return [
        Spots(shows[begin:end], tuple(rings[begin:end]), rows[ROW_BYTES * begin : ROW_BYTES * end])
        for begin, end in found.spans()
    ]


@njit(cache=True, nogil=True)
def _seen(
    found: Int64s,
    slots: Int64s,
    things: Int64s,
    own: Int64s,
    live: Int64s,
    own_middles: Float64s,
    live_middles: Float64s,
    minima_m: Float64s,
    step_mm: int,
    cell_nd: int,
) -> tuple[npt.NDArray[np.uint8], Int64s, Float64s]:
    """What stands at each place for both sides: shows (2, p), rows (2, p, 8); and the margins (p,) to draw it with.

    `own` and `live` are extents (n, 4) of the plan's volumes and of those in slots, middles theirs in ECEF. `things`
    (4, n): of each the end, the class and both veils; the minima are by class. A place of the reader's own part stands
    at the middle of its volume until the outline is drawn: a point between the two would tell where the other begins.
    """
    ends, kinds, veils = things[0], things[1], things[2:]
    shows, rows = np.empty((2, len(found)), np.uint8), np.empty((2, len(found), 8), np.int64)
    margins_m, thing = np.empty(len(found)), 0
    for k in range(len(found)):
        while ends[thing] <= k:
            thing += 1
        margins_m[k] = minima_m[kinds[thing]] if found[k, 2] > 0 else 0.0
        for reader in range(2):
            extent = own[found[k, 0]] if reader == 0 else live[slots[k]]
            at, covered = rows[reader, k], veils[reader, thing]
            at[HORIZONTAL], at[VERTICAL], at[START], at[END] = found[k, 2], found[k, 3], found[k, 4], found[k, 5]
            at[LOWER], at[UPPER], at[LAT], at[LON] = found[k, 6], found[k, 7], found[k, 8], found[k, 9]
            shows[reader, k] = OVERLAP if at[HORIZONTAL] <= 0 else OWN_PART
            if at[HORIZONTAL] > 0 and covered == HIDDEN:
                m = own_middles[found[k, 0]] if reader == 0 else live_middles[slots[k]]
                at[LAT], at[LON] = geodetic_nd(m[0], m[1], m[2])
            if at[VERTICAL] > 0 or covered == PROTECTED:
                at[LOWER], at[UPPER] = extent[0], extent[1]
            if at[VERTICAL] > 0 and covered == HIDDEN:
                at[VERTICAL] = _step_down(at[VERTICAL], step_mm)
            if covered == PROTECTED:
                shows[reader, k] = CELL
                at[HORIZONTAL] = _step_down(max(at[HORIZONTAL], 0), int(cell_nd * MM_PER_ND))
                at[VERTICAL] = _step_down(max(at[VERTICAL], 0), step_mm)
                at[LAT] = at[LAT] // cell_nd * cell_nd + cell_nd // 2
                at[LON] = at[LON] // cell_nd * cell_nd + cell_nd // 2
    return shows, rows, margins_m


@njit(cache=True, nogil=True)
def _step_down(value: int, step: int) -> int:
    return value // step * step if step else value


def _finish(rings: list[Rings], shows: npt.NDArray[np.uint8], rows: Int64s, cell_nd: int) -> None:
    """Cells get their square; the other places with an outline of the reader's own part their middle."""
    kinds = shows.tolist()
    for k, kind in enumerate(kinds[: len(rings)]):
        if kind == OWN_PART and rings[k]:
            rows[k, LAT], rows[k, LON] = _middle(rings[k][0])
    for k in (k for k, kind in enumerate(kinds) if kind == CELL):
        rings += [()] * (k + 1 - len(rings))
        south, west = (rows[k, LAT:] - cell_nd // 2).tolist()
        north, east = south + cell_nd, west + cell_nd
        rings[k] = ((south, west, south, east, north, east, north, west),)


def _middle(ring: tuple[int, ...]) -> tuple[int, int]:
    lats, lons = ring[0::2], ring[1::2]
    return sum(lats) // len(lats), sum(lons) // len(lons)
