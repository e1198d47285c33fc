"""Losses of separation, joined into encounters: one for each time a pair came near, whoever saw it.

In:  losses by pair and bucket of time, of all chunks; names with their sources; what was noted of their steps; minima.
Out: encounters, and pairs that flew along, in the order of time and names.
Refuses nothing.

Losses of one pair less than JOIN_US apart are one encounter. What several sources saw of a pair is one, by the best of
them (one source for both before two, small gaps before large ones); what a lesser one saw counts where its nearest
moment is none that a better one saw inside. Two names that flew along, each seen by another source and both by none,
are perhaps one aircraft: they are told apart from the encounters.
"""

import math
from collections.abc import Iterator
from hashlib import sha256
from typing import Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from wideberth.encounter.judge import Class, Interval, classify, gravity, horizontal, method, vertical
from wideberth.encounter.kernels import BUCKET_US, FLOATS, INTS
from wideberth.encounter.rows import Names
from wideberth.space.geodesy import geodetic_nd
from wideberth.space.units import spell_us

JOIN_US: Final = 60_000_000
ALONG_M: Final = 1_000.0
"""What sources of one aircraft are apart: offsets of radars, and seconds between their clocks."""
ALONG_FT: Final = 300.0
ALONG_US: Final = 30_000_000
Int64s = npt.NDArray[np.int64]
Float64s = npt.NDArray[np.float64]


class Minima(msgspec.Struct, frozen=True):
    """Nearer than both is an encounter."""

    horizontal_mm: int = 9_260_000
    """5 NM."""
    vertical_ft: int = 1_000

    def pair(self) -> tuple[float, float]:
        """Metres and feet."""
        return self.horizontal_mm / 1000.0, float(self.vertical_ft)


class Encounter(msgspec.Struct, frozen=True):
    """One close approach. Distances in metres, altitudes in feet, times in microseconds since 1970 UTC."""

    id: str
    first: str
    second: str
    enter_us: int
    exit_us: int
    nearest_us: int
    """When both separations together, each by its minimum, were least."""
    horizontal_m: Interval
    vertical_ft: Interval
    """Both at that moment."""
    least_horizontal_m: Interval
    least_vertical_ft: Interval
    """Each for itself, while inside the minima."""
    inside_us: int
    """How long in all."""
    closing_m_s: float
    """At entry, horizontally; negative when they drew apart already."""
    relative_m_s: float
    """Of one to the other at the nearest moment, horizontally."""
    lat_nd: int
    lon_nd: int
    """Midway at the nearest moment."""
    gap_us: int
    """Largest distance in time between two samples that were interpolated."""
    quanta_ft: tuple[int, int]
    klass: Class = msgspec.field(name="class")
    worst: Class
    best: Class
    method: str
    sources: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    """Who saw either, that of the nearest moment first; empty where the recording does not say."""


class Losses(NamedTuple):
    """What the kernels give, by pair and bucket."""

    whole: Int64s
    broken: Float64s
    counts: Int64s


def join(
    parts: list[Losses], names: Names, flags: npt.NDArray[np.uint8], minima: Minima
) -> tuple[list[Encounter], list[Encounter]]:
    """Losses of all chunks as encounters, and as pairs that flew along; in the order of time and names."""
    whole = np.concatenate([p.whole for p in parts] or [np.empty((0, INTS), np.int64)])
    broken = np.concatenate([p.broken for p in parts] or [np.empty((0, FLOATS))])
    seen = list(zip(names.list, names.sources, strict=True))
    rank = np.empty(len(names), np.int64)
    rank[sorted(range(len(names)), key=seen.__getitem__)] = np.arange(len(names))
    flip = rank[whole[:, 0]] > rank[whole[:, 1]]
    whole[flip, 0], whole[flip, 1] = whole[flip, 1], whole[flip, 0]
    broken[flip, 2] *= -1.0
    owner = rank[np.array(names.whose, np.int64)]
    first, second = whole[:, 0], whole[:, 1]
    by = np.lexsort((rank[second], rank[first], whole[:, 3], whole[:, 2], owner[second], owner[first]))
    whole, broken = whole[by], broken[by]
    encounters: list[Encounter] = []
    along: list[Encounter] = []
    for a, b in _runs(owner[whole[:, :2]], whole):
        run, figures = whole[a:b], broken[a:b]
        kept = _best_seen(run, names)
        made = _encounter(run[kept], figures[kept], names, flags, minima)
        (along if _flew_along(run, figures, names, minima) else encounters).append(made)
    return sorted(encounters, key=_when), sorted(along, key=_when)


def _when(one: Encounter) -> tuple[int, str, str]:
    return one.enter_us, one.first, one.second


def _runs(owners: Int64s, whole: Int64s) -> Iterator[tuple[int, int]]:
    """Rows of one pair whose losses lie less than JOIN_US apart."""
    pairs, times = owners.tolist(), whole[:, 2:4].tolist()
    begin, until = 0, 0
    for k, (enter, leave) in enumerate(times):
        if k and (pairs[k - 1] != pairs[k] or enter - until >= JOIN_US):
            yield begin, k
            begin, until = k, leave
        until = leave if k == begin else max(until, leave)
    if times:
        yield begin, len(times)


def _best_seen(run: Int64s, names: Names) -> Int64s:
    """The rows by the best pair of sources, and of lesser ones those whose nearest moment no better one saw inside."""
    views: dict[tuple[int, int], list[int]] = {}
    for k, (first, second) in enumerate(run[:, :2].tolist()):
        views.setdefault((first, second), []).append(k)
    if len(views) == 1:
        return np.arange(len(run))

    def worth(view: tuple[int, int]) -> tuple[bool, int, int, tuple[str, str]]:
        rows, sources = run[views[view]], (names.sources[view[0]], names.sources[view[1]])
        return sources[0] != sources[1], int(rows[:, 5].max()), -int(rows[:, 6].sum()), sources

    kept: list[int] = []
    for view in sorted(views, key=worth):
        better = run[kept]
        new = [k for k in views[view] if not np.any((better[:, 2] <= run[k, 4]) & (run[k, 4] <= better[:, 3]))]
        kept += new
    return np.array(sorted(kept))


def _flew_along(run: Int64s, broken: Float64s, names: Names, minima: Minima) -> bool:
    """Whether no source saw both, and all that different sources saw of them was close together, and lasted.

    Minima that are hardly wider than that do not show whether they came from elsewhere: then nobody is taken for one.
    """
    if minima.horizontal_mm < 2e3 * ALONG_M or minima.vertical_ft < 2 * ALONG_FT:
        return False
    if any(names.sources[a] == names.sources[b] for a, b in run[:, :2].tolist()):
        return False
    lasted = int(run[:, 3].max() - run[:, 2].min())
    near = (broken[:, 1] <= ALONG_M) & (np.abs(broken[:, 2]) <= ALONG_FT)
    return lasted >= ALONG_US and bool(near.all())


def _encounter(
    whole: Int64s, broken: Float64s, names: Names, flags: npt.NDArray[np.uint8], minima: Minima
) -> Encounter:
    nearest = int(np.lexsort((whole[:, 4], broken[:, 0]))[0])
    order = [nearest, *range(len(whole))]
    sides = [list(dict.fromkeys(whole[order, side].tolist())) for side in (0, 1)]
    quanta = max(quantum_ft(int(flags[c])) for c in sides[0]), max(quantum_ft(int(flags[c])) for c in sides[1])
    seconds = not all(flags[c] & 4 for side in sides for c in side)
    gap_us = int(whole[:, 5].max())
    gap_s, speeds = gap_us / 1e6, float(broken[:, 10].max())
    at = broken[nearest]
    apart_m = horizontal(_mm(at[1]), gap_s, speeds, seconds)
    apart_ft = vertical(round(abs(float(at[2])), 1), gap_s, quanta)
    worst_at = broken[_gravest(broken, nearest, minima.pair())]
    klass, worst, best = classify(
        horizontal(_mm(worst_at[1]), gap_s, speeds, seconds),
        vertical(round(abs(float(worst_at[2])), 1), gap_s, quanta),
        minima.pair(),
    )
    lat_nd, lon_nd = geodetic_nd(at[7], at[8], at[9])
    first, second = names.list[sides[0][0]], names.list[sides[1][0]]
    enter_us = int(whole[0, 2])
    return Encounter(
        id=name_of(first, second, enter_us),
        first=first,
        second=second,
        enter_us=enter_us,
        exit_us=int(whole[:, 3].max()),
        nearest_us=int(whole[nearest, 4]),
        horizontal_m=apart_m,
        vertical_ft=apart_ft,
        least_horizontal_m=horizontal(_mm(broken[:, 3].min()), gap_s, speeds, seconds),
        least_vertical_ft=vertical(round(float(broken[:, 4].min()), 1), gap_s, quanta),
        inside_us=_inside_us(whole),
        closing_m_s=round(float(broken[0, 5]), 2),
        relative_m_s=round(float(at[6]), 2),
        lat_nd=int(lat_nd),
        lon_nd=int(lon_nd),
        gap_us=gap_us,
        quanta_ft=quanta,
        klass=klass,
        worst=worst,
        best=best,
        method=method(gap_s, quanta, seconds),
        sources=(_sources(sides[0], names), _sources(sides[1], names)),
    )


def _inside_us(whole: Int64s) -> int:
    """How long in all; what two pairs of sources saw at once counts once."""
    buckets: dict[int, list[list[int]]] = {}
    for row in whole.tolist():
        buckets.setdefault(row[2] // BUCKET_US, []).append(row)
    return sum(
        min(sum(r[6] for r in rows), max(r[3] for r in rows) - min(r[2] for r in rows)) for rows in buckets.values()
    )


def _sources(codes: list[int], names: Names) -> tuple[str, ...]:
    return tuple(names.sources[c] for c in codes if names.sources[c])


def _gravest(broken: Float64s, nearest: int, minima: tuple[float, float]) -> int:
    """Of the parts of an encounter that in which it was of the gravest class; the nearest, where that is as grave."""
    classes = [gravity(float(row[1]), abs(float(row[2])), minima) for row in broken]
    worst = min(range(len(classes)), key=classes.__getitem__)
    return worst if classes[worst] < classes[nearest] else nearest


def _mm(metres: float) -> float:
    """Whole millimetres; what is inside a minimum stays inside."""
    return math.floor(float(metres) * 1e3) / 1e3


def quantum_ft(flags: int) -> int:
    """The step of an identity's altitudes, by what `kernels.steps` noted."""
    return 1 if flags & 2 else 25 if flags & 1 else 100


def name_of(first: str, second: str, enter_us: int) -> str:
    """The id of an encounter: ten hexadecimal digits that follow from both identities and the second of entry."""
    text = f"{first}\n{second}\n{spell_us(enter_us // 1_000_000 * 1_000_000)}"
    return sha256(text.encode()).hexdigest()[:10]
