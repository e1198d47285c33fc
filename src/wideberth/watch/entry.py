"""Tracks against volumes: who is inside, who will be, and when.

In:  `Zone`s that come and go (operations, constraints, agreed lines, protected places, registers); tracks at a time.
Out: `Entries`: track by track, zone by zone, when the first of the zone's volumes is entered.
Refuses nothing: volumes were checked before.

A track goes on along its geodesic, as in `approach`; its height is the range that is certain of it (`Heights`), so a
thing that knows its pressure alone is inside where it may be. Time to entry is found by walking: from a point that is d
outside, nothing is entered before d / speed (`space.separation` says d, exactly). Steps are at least `STEP_M`, so what
is cut by less than that at a corner may pass; what takes more than `STEPS` is said to be entered then, which errs on
the safe side. The walk begins one sweep back: a line that was crossed between two sweeps was crossed.
"""

import math
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numba import njit

from wideberth.party.charter import CLASSES, Charter, TrafficClass
from wideberth.space.geodesy import RADIAN_PER_ND, direct, ecef_rad
from wideberth.space.index import Index, Slots
from wideberth.space.overlap import Arena
from wideberth.space.ring import circle_box
from wideberth.space.separation import separation
from wideberth.space.store import Store, empty_store
from wideberth.space.volume import Volume4D, boxes
from wideberth.watch.motion import NEVER, Float64s, Int64s
from wideberth.watch.together import Tracks

STEP_M: Final = 2.0
STEPS: Final = 4_000
EARTH_M: Final = 6_371_000.0
"""Speed over ground at a height, brought down to the ground."""
PIECES: Final = 4
"""A way is looked up in so many pieces: boxes around shorter ones hold less that is not near."""


class ZoneKind(StrEnum):
    """What a zone is."""

    OPERATION = "operation"
    CONSTRAINT = "constraint"
    LINE = "line"
    """An agreed line or ring, as the charter's parties drew it: crossing it is a breach."""
    PROTECTED = "protected"
    REGISTER = "register"
    """A party's own register: it alone is told."""


class Zone(msgspec.Struct, frozen=True):
    """What a track may come into."""

    id: str
    """The caller's own; stable while the zone lives."""
    kind: ZoneKind
    owner: str
    """The party that is told."""
    traffic: TrafficClass
    """The class whose minima count."""
    volumes: tuple[Volume4D, ...]
    open: bool = False
    """Whether everybody may know where it is."""


class Entries(NamedTuple):
    """Tracks and zones, columns of equal length, sorted by track, then by zone."""

    track: Int64s
    """A place in the tracks."""
    zone: list[str]
    entry_s: Float64s
    """0 or less: inside now, or crossed since the sweep before."""
    inside: Int64s
    """1 where it is inside now."""


class Zones:
    """All zones, in an index of their volumes."""

    def __init__(self) -> None:
        self.by_id: dict[str, Zone] = {}
        self._slots = Slots()
        self._index = Index()
        self._arena = Arena()
        self._own: dict[str, Int64s] = {}
        self._zone_of: dict[int, str] = {}

    def put(self, zone: Zone) -> None:
        """A zone lives, in place of an earlier version."""
        self.drop(zone.id)
        slots = self._slots.take(len(zone.volumes))
        self._index.add(slots, boxes(zone.volumes), CLASSES.index(zone.traffic))
        self._arena.put_many(slots, zone.volumes)
        self._own[zone.id] = slots
        self._zone_of |= dict.fromkeys(slots.tolist(), zone.id)
        self.by_id[zone.id] = zone

    def drop(self, id_: str) -> None:
        """A zone lives no longer; nothing happens where it did not."""
        slots = self._own.pop(id_, None)
        if slots is None:
            return
        self._index.remove(slots)
        self._arena.drop(slots)
        self._slots.give(slots.tolist())
        for slot in slots.tolist():
            del self._zone_of[slot]
        del self.by_id[id_]

    def entries(
        self, tracks: Tracks, low: Float64s, high: Float64s, margins: "Margins", now_us: int, back_s: float,
        until_s: float,
    ) -> Entries:  # fmt: skip
        """Who is inside or will be before `until_s`. Heights above the ellipsoid, low and high, in millimetres."""
        none = Entries(np.empty(0, np.int64), [], np.empty(0), np.empty(0, np.int64))
        if not self.by_id or not len(tracks.number):
            return none
        height = np.where(np.isinf(low) | np.isinf(high), 0.0, 0.5e-3 * (low + high))
        speed = np.where(np.isnan(tracks.speed_m_s), 0.0, tracks.speed_m_s) * EARTH_M / (EARTH_M + height)
        ways = np.stack((tracks.lat_rad, tracks.lon_rad, tracks.track_rad, speed, low, high, tracks.climb * 0.1), 1)
        found = []
        for kind in np.unique(tracks.kind).tolist():
            own = np.flatnonzero(tracks.kind == kind)
            asked = np.empty((len(own) * PIECES, 8), np.int64)
            _ways(ways[own], now_us, back_s, until_s, asked)
            query, slot = self._index.query(asked, margins.horizontal_m[kind], margins.vertical_mm[kind])
            pairs = np.unique(np.stack((own[query // PIECES], slot), 1), axis=0)
            zone_kind = self._index.kinds_of(pairs[:, 1])
            far, tall = margins.horizontal_m[kind][zone_kind], margins.vertical_mm[kind][zone_kind]
            times = _enter(self._arena.store, pairs, ways, far, tall, now_us, back_s, until_s)
            met = times[:, 0] < NEVER
            found.append((pairs[met], times[met]))
        pairs, times = np.concatenate([p for p, _ in found]), np.concatenate([t for _, t in found])
        return self._first_of_each(pairs, times)

    def _first_of_each(self, pairs: Int64s, times: Float64s) -> Entries:
        """The first entry of each track into each zone."""
        best: dict[tuple[int, str], tuple[float, int]] = {}
        for (track, slot), (entry, inside) in zip(pairs.tolist(), times.tolist(), strict=True):
            key = (track, self._zone_of[slot])
            old = best.get(key, (NEVER, 0))
            best[key] = (min(old[0], entry), max(old[1], int(inside)))
        rows = sorted(best.items())
        return Entries(
            np.array([key[0] for key, _ in rows], np.int64),
            [key[1] for key, _ in rows],
            np.array([value[0] for _, value in rows], np.float64),
            np.array([value[1] for _, value in rows], np.int64),
        )


class Margins(NamedTuple):
    """By class of track, then class of zone: how near counts as inside."""

    horizontal_m: Float64s
    vertical_mm: Int64s


def margins_of(charter: Charter) -> Margins:
    """The charter's minima to protected places; all other zones are entered where they begin."""
    horizontal, vertical = np.zeros((len(CLASSES), len(CLASSES))), np.zeros((len(CLASSES), len(CLASSES)), np.int64)
    protected = CLASSES.index(TrafficClass.PROTECTED)
    for own, traffic in enumerate(CLASSES):
        far, tall = charter.minima_mm(traffic, TrafficClass.PROTECTED)
        horizontal[own, protected], vertical[own, protected] = far / 1_000.0, tall
    return Margins(horizontal, vertical)


_BAND_MM: Final = 1 << 40


@njit(cache=True, nogil=True, error_model="numpy")
def _ways(ways: Float64s, now_us: int, back_s: float, until_s: float, out: Int64s) -> None:
    """Boxes around pieces of each way; rows of `ways`: latitude, longitude, direction, speed, low, high, climb."""
    part = (until_s + back_s) / PIECES
    for k in range(len(ways)):
        w = ways[k]
        for piece in range(PIECES):
            begin = -back_s + piece * part
            lat, lon = direct(w[0], w[1], w[2], w[3] * (begin + 0.5 * part)) if w[3] > 0.0 else (w[0], w[1])
            row = out[k * PIECES + piece]
            radius = int(1_000.0 * (w[3] * part * 0.5 + 5.0))
            circle_box(round(lat / RADIAN_PER_ND), round(lon / RADIAN_PER_ND), radius, row)
            low = w[4] + min(w[6] * begin, w[6] * (begin + part))
            high = w[5] + max(w[6] * begin, w[6] * (begin + part))
            row[4] = math.floor(max(low, -_BAND_MM * 1.0))
            row[5] = math.ceil(min(high, _BAND_MM * 1.0))
            row[6], row[7] = now_us + int(begin * 1e6), now_us + int((begin + part) * 1e6) + 1


@njit(cache=True, nogil=True, error_model="numpy")
def _enter(
    s: Store, pairs: Int64s, ways: Float64s, far_m: Float64s, tall_mm: Int64s, now_us: int, back_s: float,
    until_s: float,
) -> Float64s:  # fmt: skip
    """(p, 2): when each is entered (NEVER), and 1 where it is inside now."""
    out = np.empty((len(pairs), 2))
    point = empty_store(1, 0)
    point.spans[0, 0], point.spans[0, 1] = 0, 0
    for k in range(len(pairs)):
        slot, w = pairs[k, 1], ways[pairs[k, 0]]
        begin, end = _when(s, slot, w, tall_mm[k], now_us)
        out[k, 0], out[k, 1] = NEVER, 0.0
        if begin >= end or end <= -back_s or begin >= until_s:
            continue
        out[k, 0] = _walk(s, slot, w, far_m[k], max(begin, -back_s), min(end, until_s), point)
        if begin <= 0.0 < end and out[k, 0] <= 0.0:
            out[k, 1] = 1.0 if _outside(s, slot, w, 0.0, far_m[k], point) < 0.0 else 0.0
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _when(s: Store, slot: int, w: Float64s, tall_mm: int, now_us: int) -> tuple[float, float]:
    """From when until when the window holds and the heights are too near: bands are closed, nearer is strict."""
    lower, upper = s.extents[slot, 0], s.extents[slot, 1]
    begin, end = (s.extents[slot, 2] - now_us) * 1e-6, (s.extents[slot, 3] - now_us) * 1e-6
    # half a millimetre: what touches is inside, what is exactly at the minimum is not
    room = max(tall_mm - 0.5, 0.5)
    above, below = w[4] - upper - room, lower - w[5] - room
    if w[6] == 0.0:
        return (begin, end) if above < 0.0 and below < 0.0 else (NEVER, NEVER)
    # above + climb t < 0 and below - climb t < 0
    falls, rises = -above / w[6], below / w[6]
    if w[6] > 0.0:
        return max(begin, rises), min(end, falls)
    return max(begin, falls), min(end, rises)


@njit(cache=True, nogil=True, error_model="numpy")
def _outside(s: Store, slot: int, w: Float64s, t: float, far_m: float, point: Store) -> float:
    """By how many metres a track is outside the margin at t; below 0 inside."""
    lat, lon = direct(w[0], w[1], w[2], w[3] * t) if w[3] > 0.0 else (w[0], w[1])
    x, y, z = ecef_rad(lat, lon)
    point.places[0, 0], point.places[0, 1], point.places[0, 2], point.places[0, 3] = x, y, z, 0.0
    d = separation(point, 0, s, slot, np.inf)[0]
    if d < 0.0005:
        return d - 0.0005
    return d - far_m if far_m > 0.0 else d


@njit(cache=True, nogil=True, error_model="numpy")
def _walk(s: Store, slot: int, w: Float64s, far_m: float, begin: float, end: float, point: Store) -> float:
    """The first moment within [begin, end) at which a track is inside, NEVER for none."""
    t = begin
    for _ in range(STEPS):
        d = _outside(s, slot, w, t, far_m, point)
        if d < 0.0:
            return t
        if w[3] <= 0.0:
            return NEVER
        t += max(d, STEP_M) / w[3]
        if t >= end:
            return NEVER
    return t
