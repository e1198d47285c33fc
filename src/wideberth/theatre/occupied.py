"""Which things live where, and which of them come too near to a plan.

In:  things as they are planned: by their boxes, or with their shapes where these are at hand.
Out: `Found`: everything strictly nearer than the minima, thing by thing, in the order in which they were planned.
Refuses nothing: a thing that is added twice, or removed while it is not there, is a bug.

Boxes wait until the next question; what ended before never enters the index. An answer depends on what lives alone, not
on slots: rows are sorted by the entry that planned the thing, then by both places.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from wideberth.limits import VOLUMES_MAX
from wideberth.party.charter import CLASSES, Charter
from wideberth.space.live import LiveVolumes
from wideberth.space.shapes import Shapes
from wideberth.space.store import Store
from wideberth.space.volume import Volume4D
from wideberth.theatre.outcome import Near, Ref

Int64s = npt.NDArray[np.int64]

PLACE_BITS: Final = 10
PLACE_MASK: Final = (1 << PLACE_BITS) - 1
assert VOLUMES_MAX <= 1 << PLACE_BITS, "a place in a list of volumes takes ten bits"
_PLACES: Final = np.arange(1 << PLACE_BITS)
BOX_BYTES: Final = 64
NOBODY: Final = -1


class MinimaRow:
    """The minima of one class against every class, in the order of `CLASSES`."""

    def __init__(self, charter: Charter, own: int) -> None:
        self.pairs = charter.row_mm(CLASSES[own])
        self.flat = tuple(mm for pair in self.pairs for mm in pair)
        self.horizontal_mm = np.array([h for h, _ in self.pairs], dtype=np.int64)
        self.vertical_mm = np.array([v for _, v in self.pairs], dtype=np.int64)
        self.horizontal_m = self.horizontal_mm / 1000


class Margin:
    """One margin, whatever the class: for what is watched or searched rather than kept apart."""

    def __init__(self, horizontal_mm: int, vertical_mm: int) -> None:
        self.horizontal_mm = np.full(len(CLASSES), horizontal_mm, np.int64)
        self.vertical_mm = np.full(len(CLASSES), vertical_mm, np.int64)
        self.horizontal_m = self.horizontal_mm / 1000


EXACT: Final = Margin(0, 0)
"""What overlaps or touches, and nothing else."""


class Found(NamedTuple):
    """What comes too near: thing i has the rows from ends[i - 1] (or 0) to ends[i]."""

    refs: list[Ref]
    ends: list[int]
    severities: list[int]
    """The worst of each thing's rows, as `severity` says it."""
    starts_us: list[int]
    """When each thing first comes too near."""
    kinds: list[int]
    """The class of each thing."""
    rows: Int64s
    """(p, 10): the fields of `outcome.Near`; first counts in the plan, second in the thing."""
    slots: Int64s
    """(p,): the live volume of each row."""

    def spans(self) -> Iterator[tuple[int, int]]:
        """Begin and end of each thing's rows."""
        return zip([0, *self.ends], self.ends, strict=False)

    def near(self) -> Iterator[tuple[Ref, tuple[Near, ...]]]:
        """Each thing with its rows as values."""
        rows = [Near(*row) for row in self.rows.tolist()]
        for ref, (begin, end) in zip(self.refs, self.spans(), strict=True):
            yield ref, tuple(rows[begin:end])

    def only(self, things: Sequence[int]) -> "Found":
        """Some of the things, in the order given."""
        spans = list(self.spans())
        at = np.concatenate([np.arange(*spans[i]) for i in things] or [np.empty(0, np.int64)])
        ends = np.cumsum([spans[i][1] - spans[i][0] for i in things]).tolist()
        worst, starts, kinds = ([c[i] for i in things] for c in (self.severities, self.starts_us, self.kinds))
        return Found([self.refs[i] for i in things], ends, worst, starts, kinds, self.rows[at], self.slots[at])


class Occupied:
    """The live volumes of a theatre, by thing."""

    def __init__(self, volumes_of: Callable[[Ref], Sequence[Volume4D]]) -> None:
        """`volumes_of` a live thing, for shapes that the exact test meets for the first time."""
        self._volumes_of = volumes_of
        self._live = LiveVolumes(self._fetch)
        self._slots: dict[Ref, bytes] = {}
        self._waiting: dict[Ref, tuple[int, int, bytes]] = {}
        """Class, planning entry and boxes of things that are not in the index yet."""
        self._refs: list[Ref] = []
        """By slot, whose it is."""
        self._order = np.empty(0, np.int64)
        """By slot, the entry that planned the thing, above the place in its list of volumes."""

    def __len__(self) -> int:
        """How many volumes live."""
        self.settle()
        return len(self._live)

    @property
    def nbytes(self) -> int:
        """Bytes of the index, the shapes and the arrays here."""
        return self._live.nbytes + self._order.nbytes

    def add(self, ref: Ref, kind: int, sequence: int, boxes: bytes) -> None:
        """A thing of a class lives, planned by entry `sequence`: boxes as `space.volume.boxes`, packed."""
        assert not self._lives(ref), "a thing lives twice"
        self._waiting[ref] = (kind, sequence, boxes)

    def put(self, ref: Ref, kind: int, sequence: int, shapes: Shapes) -> None:
        """The same with its shapes."""
        assert not self._lives(ref), "a thing lives twice"
        self.settle()
        self._enter(ref, sequence, self._live.add(shapes, kind))

    def put_boxes(self, ref: Ref, kind: int, sequence: int, boxes: Int64s) -> None:
        """The same by its boxes (n, 8) alone, at once; shapes are fetched should an exact question meet it."""
        assert not self._lives(ref), "a thing lives twice"
        self.settle()
        self._enter(ref, sequence, self._live.add_boxes(boxes, np.full(len(boxes), kind)))

    def _enter(self, ref: Ref, sequence: int, slots: Int64s) -> None:
        self._make_room(slots)
        self._order[slots] = _PLACES[: len(slots)] + (sequence << PLACE_BITS)
        self._keep(ref, slots.tobytes(), slots.tolist())

    def remove(self, ref: Ref) -> None:
        """A thing lives no longer."""
        if self._waiting.pop(ref, None) is None:
            self._live.remove(np.frombuffer(self._slots.pop(ref), np.int64).copy())

    def settle(self) -> None:
        """Bring what waits into the index, all in one call."""
        if not self._waiting:
            return
        waiting = list(self._waiting.items())
        self._waiting.clear()
        boxes = np.frombuffer(bytearray().join(raw for _, (_, _, raw) in waiting), "<i8").reshape(-1, 8)
        counts = np.array([len(raw) // BOX_BYTES for _, (_, _, raw) in waiting])
        kinds, planned = np.array([(kind, sequence) for _, (kind, sequence, _) in waiting]).T
        slots = self._live.add_boxes(boxes, np.repeat(kinds, counts))
        begins = np.cumsum(counts) - counts
        places = np.arange(len(slots)) - np.repeat(begins, counts)
        self._make_room(slots)
        self._order[slots] = (np.repeat(planned, counts) << PLACE_BITS) + places
        packed, listed = slots.tobytes(), slots.tolist()
        for (ref, _), at, count in zip(waiting, begins.tolist(), counts.tolist(), strict=True):
            self._keep(ref, packed[8 * at : 8 * (at + count)], listed[at : at + count])

    def boxes(self) -> Iterator[tuple[Ref, bytes]]:
        """All that lives, as `add` takes it."""
        self.settle()
        slots = np.frombuffer(b"".join(self._slots.values()), np.int64)
        packed, at = self._live.boxes_of(slots).astype("<i8", copy=False).tobytes(), 0
        for ref, own in self._slots.items():
            size = len(own) // 8 * BOX_BYTES
            yield ref, packed[at : at + size]
            at += size

    def near(self, shapes: Shapes, minima: MinimaRow | Margin, but: int = NOBODY) -> Found:
        """What comes too near to volumes, without the thing that entry `but` planned."""
        self.settle()
        question = (shapes, minima.horizontal_m, minima.vertical_mm)
        query, slot, kind, rows = self._live.near_rows(*question)
        if not len(rows):
            return Found([], [], [], [], [], np.empty((0, 10), np.int64), slot[:0])
        limits = (minima.horizontal_mm, minima.vertical_mm)
        sorted_rows, slots, things = _by_thing(query, slot, kind, rows, self._order, but, *limits)
        firsts, ends, worst, starts, kinds = things.T.tolist()
        return Found([self._refs[slot] for slot in firsts], ends, worst, starts, kinds, sorted_rows, slots)

    def about(self, shapes: Shapes, margin: Margin) -> list[Ref]:
        """Things whose boxes, widened by a margin, meet those of volumes, in the order in which they were planned.

        Quicker than `near`, and wider: what is nearer than the margin is never left out.
        """
        self.settle()
        slots = self._live.about(shapes.boxes, float(margin.horizontal_m[0]), int(margin.vertical_mm[0]))
        if not len(slots):
            return []
        _, first = np.unique(self._order[slots] >> PLACE_BITS, return_index=True)
        return [self._refs[slot] for slot in slots[first].tolist()]

    @property
    def store(self) -> Store:
        """Exact outlines and extents by slot, of slots that `near` has answered."""
        return self._live.store

    def _lives(self, ref: Ref) -> bool:
        return ref in self._slots or ref in self._waiting

    def _fetch(self, slots: Int64s) -> list[Volume4D]:
        return [self._volumes_of(self._refs[s])[self._order[s] & PLACE_MASK] for s in slots.tolist()]

    def _make_room(self, slots: Int64s) -> None:
        size, top = len(self._order), int(slots[-1]) + 1
        if top > size:
            more = max(top - size, size // 2)
            self._order = np.concatenate((self._order, np.empty(more, np.int64)))
            self._refs += [("", b"")] * more

    def _keep(self, ref: Ref, packed: bytes, slots: Sequence[int]) -> None:
        self._slots[ref] = packed
        for slot in slots:
            self._refs[slot] = ref


@njit(cache=True, nogil=True)
def severity(horizontal_mm: int, vertical_mm: int, minimum_h_mm: int, minimum_v_mm: int) -> int:
    """0 where both gaps are gone, 1 where each that is left is under half of its minimum, else 2."""
    if horizontal_mm <= 0 and vertical_mm <= 0:
        return 0
    close = horizontal_mm <= 0 or 2 * horizontal_mm < minimum_h_mm
    return 1 if close and (vertical_mm <= 0 or 2 * vertical_mm < minimum_v_mm) else 2


@njit(cache=True, nogil=True)
def _by_thing(
    query: Int64s,
    slot: Int64s,
    kind: Int64s,
    found: Int64s,
    order: Int64s,
    but: int,
    minimum_h_mm: Int64s,
    minimum_v_mm: Int64s,
) -> tuple[Int64s, Int64s, Int64s]:
    """Rows sorted by planning entry and places, their slots; for each thing a slot and its columns of `Found`."""
    keys, n = np.empty((2, len(found)), np.int64), 0
    for k in range(len(found)):
        own = order[slot[found[k, 0]]]
        if own >> PLACE_BITS != but:
            first = query[found[k, 0]] << PLACE_BITS
            keys[0, n] = own >> PLACE_BITS << 2 * PLACE_BITS | first | own & PLACE_MASK
            keys[1, n] = k
            n += 1
    rows, slots, things, m = np.empty((n, 10), np.int64), np.empty(n, np.int64), np.empty((n, 5), np.int64), 0
    turn, last = np.argsort(keys[0, :n]), -1
    for i in range(n):
        key, k = keys[0, turn[i]], keys[1, turn[i]]
        c = found[k, 0]
        rows[i, 0], rows[i, 1], slots[i] = key >> PLACE_BITS & PLACE_MASK, key & PLACE_MASK, slot[c]
        rows[i, 2:] = found[k, 1:]
        worst = severity(rows[i, 2], rows[i, 3], minimum_h_mm[kind[c]], minimum_v_mm[kind[c]])
        if key >> 2 * PLACE_BITS != last:
            last = key >> 2 * PLACE_BITS
            things[m, 0], things[m, 2], things[m, 3], things[m, 4] = slot[c], worst, rows[i, 4], kind[c]
            m += 1
        things[m - 1, 1] = i + 1
        things[m - 1, 2], things[m - 1, 3] = min(things[m - 1, 2], worst), min(things[m - 1, 3], rows[i, 4])
    return rows, slots, things[:m]
