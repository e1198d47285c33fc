"""The same search on many machines: `dask.distributed` over partitions of an hour, with overlap.

In:  a cluster's client; partitions, each the files that hold one span of time; minima.
Out: `Found`, equal to the single machine's to the bit: a loss is found by whoever searches its moment, joined here.
Refuses (`Refusal`): what the files refuse. A file has to be readable under the same path by every worker.

A task reads its partition and what of the neighbours lies within CONTEXT_US of it. Only losses travel, never rows.
`distributed` is the extra `cluster`, imported by nobody but its user.
"""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from wideberth.encounter.columns import AltitudeUnit
from wideberth.encounter.files import Given, read
from wideberth.encounter.join import Losses, Minima, join
from wideberth.encounter.kernels import BUCKET_US, CONTEXT_US, steps
from wideberth.encounter.rows import ROW, Rows
from wideberth.encounter.search import Counts, Found, add_counts, losses
from wideberth.refusal import Reason, Refusal, refuse

HOUR_US: Final = 3_600_000_000


class Partition(NamedTuple):
    """Files, and the span [start, end) of their rows; spans of a search follow one another and do not overlap."""

    start_us: int
    end_us: int
    files: tuple[str, ...]


class Part(NamedTuple):
    """What a task gives back."""

    losses: Losses
    names: list[tuple[str, str]]
    """Identities and sources."""
    flags: npt.NDArray[np.uint8]
    rows: int
    left_out: dict[str, int]
    notes: list[str]


def hourly(folder: Path) -> list[Partition]:
    """The partitions of a recorder's folder."""
    from wideberth.encounter.recorder import hour_of

    hours: dict[int, list[str]] = {}
    for path in sorted(folder.glob("tracks-*-*.parquet")):
        if (hour := hour_of(path)) is not None:
            hours.setdefault(hour, []).append(str(path))
    return [Partition(h * HOUR_US, (h + 1) * HOUR_US, tuple(hours[h])) for h in sorted(hours)]


def search(
    client: Any,
    partitions: Sequence[Partition],
    minima: Minima,
    given: Given | None = None,
) -> Found | Refusal:
    """Search all partitions with the workers of `client`; names, counts and notes go into `given`."""
    given = given if given is not None else Given()
    for before, after in pairwise(partitions):
        if before.end_us > after.start_us:
            return refuse(Reason.TIME_ORDER, "partitions", "spans in order that do not overlap", after.start_us)
    if any(p.start_us % BUCKET_US or p.end_us % BUCKET_US or p.start_us >= p.end_us for p in partitions):
        return refuse(Reason.OUT_OF_RANGE, "partitions", "spans of whole 20 s since 1970")
    options = given.zone, given.altitude_unit, given.geometric
    tasks = [client.submit(part, p, _near(partitions, p), minima, *options, pure=False) for p in partitions]
    parts: list[Part | Refusal] = client.gather(tasks)
    return merge(parts, given, minima)


def _near(partitions: Sequence[Partition], one: Partition) -> tuple[str, ...]:
    """Files of other partitions with rows that have a say in this one's."""
    low, high = one.start_us - CONTEXT_US, one.end_us + CONTEXT_US
    others = (p for p in partitions if p != one and p.start_us < high and p.end_us > low)
    return tuple(file for p in others for file in p.files)


def part(
    one: Partition,
    near: tuple[str, ...],
    minima: Minima,
    zone: str,
    altitude_unit: AltitudeUnit | None,
    geometric: bool = False,
) -> Part | Refusal:
    """One task: read, search, give back losses with the names of their identities."""
    given, around = Given(zone, altitude_unit, geometric), Given(zone, altitude_unit, geometric)
    around.names = given.names
    own = _read(one.files, given)
    if isinstance(own, Refusal):
        return own
    if len(own) and not one.start_us <= own["time_us"].min() <= own["time_us"].max() < one.end_us:
        return refuse(Reason.OUT_OF_RANGE, one.files[0], "rows within the span of its partition")
    context = _read(near, around)
    if isinstance(context, Refusal):
        return context
    times = context["time_us"]
    context = context[(times >= one.start_us - CONTEXT_US) & (times < one.end_us + CONTEXT_US)]
    flags = np.zeros(len(given.names), np.uint8)
    steps(own, flags)
    window_us = one.start_us, one.end_us
    found = losses(np.concatenate([own, context]), given.names.whose, window_us, minima)
    return Part(
        found,
        list(zip(given.names.list, given.names.sources, strict=True)),
        flags,
        len(own),
        given.left_out,
        given.notes,
    )


def _read(files: Sequence[str], given: Given) -> Rows | Refusal:
    parts: list[Rows] = [np.empty(0, dtype=ROW)]
    for file in files:
        for batch in read(Path(file), given):
            if isinstance(batch, Refusal):
                return batch
            parts.append(batch)
    return np.concatenate(parts)


def merge(parts: Sequence[Part | Refusal], given: Given, minima: Minima) -> Found | Refusal:
    """Losses of all tasks, under common numbers of identities, as encounters."""
    counts, found = Counts(), []
    flags = np.zeros(1, np.uint8)
    for one in parts:
        if isinstance(one, Refusal):
            return one
        codes = np.array([given.names.code(*name) for name in one.names], dtype=np.int32)
        flags = np.concatenate([flags, np.zeros(max(len(given.names) - len(flags), 0), np.uint8)])
        flags[codes] |= one.flags
        whole = one.losses.whole.copy()
        whole[:, :2] = codes[whole[:, :2]]
        found.append(one.losses._replace(whole=whole))
        counts.rows += one.rows
        add_counts(counts, one.losses.counts)
        for why, count in one.left_out.items():
            given.count(why, count)
        given.notes += [note for note in one.notes if note not in given.notes]
    return Found(*join(found, given.names, flags, minima), counts)
