"""All encounters in recorded rows: losses of separation joined, with intervals and class; bounded in memory.

In:  batches of rows in any order; the table of their names; minima.
Out: `Found`: encounters in the order of time, and counts of what was looked at and left out, by reason.
Refuses nothing: what cannot be meant was refused when the files were read. OSError where the disk is full.

Up to MEMORY_ROWS rows are searched as they are. More are spilled to a folder by slices of ten minutes and searched in
chunks of about CHUNK_ROWS, each with the rows around it that can have a say in it; the result is the same to the bit.
"""

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from wideberth.encounter.join import Encounter, Float64s, Int64s, Losses, Minima, join
from wideberth.encounter.kernels import BUCKET_US, CONTEXT_US, FLOATS, INTS, order, prepare, steps
from wideberth.encounter.rows import ROW, Names, Rows
from wideberth.encounter.sweep import items, spheres, sweep

MEMORY_ROWS: Final = 12_000_000
"""About 1.2 GB at the peak of a search."""
CHUNK_ROWS: Final = 4_000_000
SLICE_US: Final = 30 * BUCKET_US
SPAN_US: Final = 10 * 86_400_000_000
"""Rows that lie farther apart are searched slice by slice even where they are few."""
_ROOM: Final = 65_536
Tell = Callable[[int], None]


class Counts(msgspec.Struct):
    """What became of the rows."""

    rows: int = 0
    searched: int = 0
    repeated: int = 0
    on_ground: int = 0
    held: int = 0
    """A last position held, not measured: mostly of aircraft that have landed."""
    implausible: int = 0
    """Steps that nothing flies: errors of reception, or one identity used by two."""


class Found(NamedTuple):
    """The result of a search."""

    encounters: list[Encounter]
    along: list[Encounter]
    """Perhaps one aircraft under two names."""
    counts: Counts


def losses(rows: Rows, whose: Sequence[int], window_us: tuple[int, int], minima: Minima, threads: int = 1) -> Losses:
    """Losses of separation within [window), a whole number of buckets; rows around it give the context."""
    at = order(rows["code"], rows["time_us"], len(whose))
    owners = np.array(whose, np.int64)
    n = len(at)
    columns = (np.empty(n, np.int32), np.empty(n, np.int64), np.empty((n, 3)), np.empty(n))
    flown = np.empty(n, np.uint8)

    def clean(ends: tuple[int, int]) -> Int64s:
        here = slice(*ends)
        code, time_us, xyz, alt_ft = (c[here] for c in columns)
        counted: Int64s = prepare(rows, at[here], window_us, code, time_us, xyz, alt_ft, flown[here])
        return counted

    with ThreadPoolExecutor(threads) as pool:
        counts = sum(pool.map(clean, pairwise(_cuts(rows["code"], at, threads))), np.zeros(5, np.int64))
    first, last = window_us[0] // BUCKET_US, window_us[1] // BUCKET_US
    made, start = items(n, columns[1], flown, first, last)
    balls = np.empty((len(made), 6))

    def part(ends: tuple[int, int]) -> tuple[list[Int64s], list[Float64s]]:
        begin, wholes, brokens, room = ends[0], [], [], _ROOM
        spheres(np.array(ends), first, made, start, columns, balls)
        while begin < ends[1]:
            whole, broken = np.empty((room, INTS), np.int64), np.empty((room, FLOATS))
            here = np.array([begin, ends[1]])
            reached, n = sweep(here, first, made, start, balls, columns, owners, minima.pair(), whole, broken)
            wholes.append(whole[:n].copy())
            brokens.append(broken[:n].copy())
            room *= 2 if reached == begin else 1  # one bucket alone has more
            begin = reached
        return wholes, brokens

    edges = _edges(start, threads * 4 if threads > 1 else 1)
    with ThreadPoolExecutor(threads) as pool:
        parts = list(pool.map(part, pairwise(edges)))
    wholes = [w for p in parts for w in p[0]] or [np.empty((0, INTS), np.int64)]
    brokens = [b for p in parts for b in p[1]] or [np.empty((0, FLOATS))]
    return Losses(np.concatenate(wholes), np.concatenate(brokens), counts)


def _cuts(code: npt.NDArray[np.int32], at: Int64s, parts: int) -> list[int]:
    """Bounds of parts of sorted rows that do not cut an identity."""
    cuts = {0, len(at)}
    for k in range(1, parts):
        middle = len(at) * k // parts
        while middle < len(at) and middle and code[at[middle]] == code[at[middle - 1]]:
            middle += 1
        cuts.add(middle)
    return sorted(cuts)


def _edges(start: Int64s, parts: int) -> list[int]:
    """Bounds of parts of about as many pieces."""
    wanted = np.linspace(0, start[-1], parts + 1)
    edges = np.searchsorted(start, wanted).tolist()
    return sorted({0, *edges[1:-1], len(start) - 1})


class Search:
    """Rows in, batch by batch; encounters out. A context manager: what was spilled goes when it ends."""

    def __init__(self, minima: Minima, threads: int = 0, memory_rows: int = MEMORY_ROWS) -> None:
        """With as many threads as the machine has cores, unless told otherwise."""
        self.minima = minima
        self.threads = threads or min(os.cpu_count() or 1, 8)
        self.memory_rows, self.chunk_rows = memory_rows, min(CHUNK_ROWS, memory_rows)
        self._batches: list[Rows] = []
        self._held = 0
        self._flags = np.zeros(1024, np.uint8)
        self._spill: tempfile.TemporaryDirectory[str] | None = None
        self._slices: dict[int, int] = {}
        self.rows = 0
        self._codes = 0

    def __enter__(self) -> "Search":
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove what was spilled."""
        if self._spill is not None:
            self._spill.cleanup()

    def add(self, rows: Rows) -> None:
        """Take a batch."""
        if not len(rows):
            return
        top = int(rows["code"].max())
        self._codes = max(self._codes, top + 1)
        if top >= len(self._flags):
            self._flags = np.concatenate([self._flags, np.zeros(max(top + 1, 1024), np.uint8)])
        steps(rows, self._flags)
        self.rows += len(rows)
        self._batches.append(rows)
        self._held += len(rows)
        if self._spill is not None or self.rows > self.memory_rows:
            self._write()

    def _write(self) -> None:
        """Everything held goes to the slices' files."""
        if self._spill is None:
            self._spill = tempfile.TemporaryDirectory(prefix="wideberth-encounters-")
        rows = np.concatenate(self._batches)
        self._batches, self._held = [], 0
        number = rows["time_us"] // SLICE_US
        by = np.argsort(number, kind="stable")
        cuts = np.flatnonzero(np.diff(number[by])) + 1
        for part in np.split(by, cuts):
            name = int(number[part[0]])
            with (Path(self._spill.name) / str(name)).open("ab") as file:
                rows[part].tofile(file)
            self._slices[name] = self._slices.get(name, 0) + len(part)

    def find(self, names: Names, tell: Tell | None = None) -> Found:
        """Search what was taken; `tell` hears how many rows were done."""
        assert self._codes <= len(names), "an identity without a name"
        counts = Counts(rows=self.rows)
        parts = []
        for rows, window_us, own in self._chunks():
            found = losses(rows, names.whose, window_us, self.minima, self.threads)
            parts.append(found)
            add_counts(counts, found.counts)
            if tell is not None:
                tell(own)
        return Found(*join(parts, names, self._flags, self.minima), counts)

    def _chunks(self) -> Iterator[tuple[Rows, tuple[int, int], int]]:
        """Rows with context, the window that they are searched in, and how many lie within it."""
        if self._spill is None and self.rows:
            rows = self._batches[0] if len(self._batches) == 1 else np.concatenate(self._batches)
            self._batches = [rows]
            first, last = int(rows["time_us"].min()), int(rows["time_us"].max())
            if last - first < SPAN_US:
                yield rows, whole_buckets(first, last), len(rows)
                return
            self._write()
        for group in self._groups():
            window_us = group[0] * SLICE_US, (group[-1] + 1) * SLICE_US
            yield self._read(group, window_us), window_us, sum(self._slices[name] for name in group)

    def _groups(self) -> Iterator[list[int]]:
        group: list[int] = []
        held = 0
        for name in sorted(self._slices):
            if group and (name != group[-1] + 1 or held + self._slices[name] > self.chunk_rows):
                yield group
                group, held = [], 0
            group.append(name)
            held += self._slices[name]
        if group:
            yield group

    def _read(self, group: list[int], window_us: tuple[int, int]) -> Rows:
        assert self._spill is not None
        parts = []
        for name in (group[0] - 1, *group, group[-1] + 1):
            if name not in self._slices:
                continue
            rows = np.fromfile(Path(self._spill.name) / str(name), dtype=ROW)
            if not group[0] <= name <= group[-1]:
                near = (rows["time_us"] >= window_us[0] - CONTEXT_US) & (rows["time_us"] < window_us[1] + CONTEXT_US)
                rows = rows[near]
            parts.append(rows)
        return np.concatenate(parts)


def whole_buckets(first_us: int, last_us: int) -> tuple[int, int]:
    """The window of whole buckets that holds both moments."""
    return first_us // BUCKET_US * BUCKET_US, (last_us // BUCKET_US + 1) * BUCKET_US


def add_counts(counts: Counts, more: Int64s) -> None:
    """What a search of one chunk counted."""
    counts.repeated += int(more[0])
    counts.on_ground += int(more[1])
    counts.implausible += int(more[2])
    counts.searched += int(more[3])
    counts.held += int(more[4])
