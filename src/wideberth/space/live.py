"""The live volumes: what a plan comes too near to, decided exactly, among a million.

In:  checked volumes with their kind (a small number from 0: the class of traffic or thing that they belong to), or
     their boxes alone, whose exact shape is fetched when a question first meets them.
Out: `NearLive`: which volume of the question comes nearer to which live one than the minimum for that one's kind, and
     how near, as `wideberth.space.overlap` defines it.
Refuses nothing: volumes were checked before; a slot removed twice is a bug and trips an assertion.

Candidates come from the index, each is then decided by the exact rule. Answers are sorted by volume of the question,
then by slot, and depend on what is live alone; a slot depends on what was live when it was taken.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numba import njit

from wideberth.space.grid import KIND_BITS, LEVEL, Int32s, Int64s
from wideberth.space.index import Float64s, Index, Slots, candidates
from wideberth.space.overlap import Arena, nears
from wideberth.space.shapes import Shapes, shapes
from wideberth.space.store import Store
from wideberth.space.volume import Volume4D

Fetch = Callable[[Int64s], Sequence[Volume4D]]


class NearLive(NamedTuple):
    """Pairs nearer than their minimum, int64 columns of equal length; the last eight are those of `overlap.Near`."""

    query: Int64s
    """Which volume of the question."""
    slot: Int64s
    """Which live volume."""
    horizontal_mm: Int64s
    vertical_mm: Int64s
    start_us: Int64s
    end_us: Int64s
    lower_mm: Int64s
    upper_mm: Int64s
    lat_nd: Int64s
    lon_nd: Int64s


class LiveVolumes:
    """Slots, index and exact shapes as one. A million volumes of four vertices take about 450 MB."""

    def __init__(self, fetch: Fetch | None = None) -> None:
        """In: where to fetch the volumes at slots (n,) that `add_boxes` brought."""
        self._fetch = fetch
        self._slots = Slots()
        self._index = Index()
        self._arena = Arena()

    def __len__(self) -> int:
        """How many volumes are live."""
        return len(self._index)

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self._index.nbytes + self._arena.nbytes

    def add(self, volumes: Sequence[Volume4D] | Shapes, kind: int) -> Int64s:
        """Make checked volumes live. Out: their slots (n,), ascending."""
        added = volumes if isinstance(volumes, Shapes) else shapes(volumes)
        slots = self.add_boxes(added.boxes, np.full(len(added.boxes), kind))
        if len(slots):
            self._arena.adopt(slots, added.store)
        return slots

    def add_boxes(self, boxes: Int64s, kinds: Int64s) -> Int64s:
        """Make volumes live by their boxes (n, 8), as `volume.boxes` gives them. Out: their slots (n,)."""
        slots = self._slots.take(len(boxes))
        self._index.add(slots, boxes, kinds)
        return slots

    def remove(self, slots: Int64s) -> None:
        """End what is live at slots (n,)."""
        self._index.remove(slots)
        self._arena.drop(slots[self._arena.has(slots)])
        self._slots.give(slots.tolist())

    def near(self, volumes: Sequence[Volume4D] | Shapes, minimum_m: Float64s, minimum_mm: Int64s) -> NearLive:
        """Live volumes too near to any of `volumes`: horizontal and vertical minimum (kinds,) by the live one's kind.

        Strictly nearer than both; what overlaps or touches counts also where a minimum is 0.
        """
        query, slot, _, rows = self.near_rows(
            volumes if isinstance(volumes, Shapes) else shapes(volumes), minimum_m, minimum_mm
        )
        return NearLive(query[rows[:, 0]], slot[rows[:, 0]], *rows[:, 1:].T)

    def about(self, boxes: Int64s, margin_m: float, margin_mm: int) -> Int64s:
        """Slots of live volumes whose boxes, widened by a margin, meet boxes (n, 8): never fewer than are that near."""
        _, slots = self._index.query(boxes, np.array((margin_m,)), np.array((margin_mm,)))
        return slots

    def near_rows(
        self, asked: Shapes, minimum_m: Float64s, minimum_mm: Int64s
    ) -> tuple[Int64s, Int64s, Int64s, Int64s]:
        """The same as candidates, query, slot and kind (c,), and rows (p, 9): which candidate, and how near."""
        found = self._near(asked, minimum_m, minimum_mm)
        if not found[4]:
            self._make_ready(found[1])
            found = self._near(asked, minimum_m, minimum_mm)
        assert found[4]
        return found[:4]

    def _near(
        self, asked: Shapes, minimum_m: Float64s, minimum_mm: Int64s
    ) -> tuple[Int64s, Int64s, Int64s, Int64s, bool]:
        grid = self._index.grid
        arrays = (grid.counts, grid.records, grid.heads, grid.pool)
        found: tuple[Int64s, Int64s, Int64s, Int64s, bool] = _near(
            asked.boxes, minimum_m, minimum_mm, *arrays, asked.store, self._arena.store
        )
        return found

    @property
    def store(self) -> Store:
        """Exact outlines by slot, to read: of volumes that were added as such, or that some answer held."""
        return self._arena.store

    def boxes_of(self, slots: Int64s) -> Int64s:
        """Boxes (n, 8) of what is live at slots (n,)."""
        return self._index.boxes_of(slots)

    def _make_ready(self, slot: Int64s) -> None:
        """Fetch the shapes that the arena lacks."""
        ready = self._arena.has(slot)
        if not ready.all():
            assert self._fetch is not None
            missing = np.unique(slot[~ready])
            self._arena.put_many(missing, self._fetch(missing))


@njit(cache=True, nogil=True, error_model="numpy")
def _near(
    boxes: Int64s,
    minimum_m: Float64s,
    minimum_mm: Int64s,
    counts: Int64s,
    records: Int64s,
    heads: Int32s,
    pool: Int64s,
    asked: Store,
    live: Store,
) -> tuple[Int64s, Int64s, Int64s, Int64s, bool]:
    """`near_rows`, and whether every candidate's shape was there; where not, there are no rows."""
    query, slot = candidates(boxes, minimum_m, minimum_mm, counts, records, heads, pool)
    kind = records[:, LEVEL][slot] >> KIND_BITS
    rows = np.empty((len(slot), 9), np.int64)
    n = nears(asked, live, query, slot, minimum_m[kind], minimum_mm[kind], rows)
    return query, slot, kind, rows[: max(n, 0)], n >= 0
