"""The sky at one time: reports in, tracks out, and how sources stand to one another.

In:  batches of reports; `now_us` of each sweep; where radars stand.
Out: `Tracks`; `Source`s with what became of their reports and their `Bias`; who a track is (`Sky.names`).
Refuses nothing. A source whose bias is past its limits is set aside: its strands are kept and compared, and make no
tracks until it was within limits for `BACK_SWEEPS` sweeps. Nothing is corrected silently.

Judged is a source of lower standing by one of higher: ADS-B, then what things report of themselves, then
multilateration, then radar; but by stated error first: what states more than `SOUND_M`, or nothing, judges only where
nobody else does, and never by what its own error explains (`bias`). So jammed ADS-B puts no radar out of use. Two of
one standing are compared, and neither is set aside, since nobody knows which errs.
"""

from collections.abc import Mapping
from typing import Final

import msgspec
import numpy as np
from numba import njit

from wideberth.feeds.report import AddressKind, Method, Report
from wideberth.intake.altitude import ANY_AIR, Air
from wideberth.space.geodesy import RADIAN_PER_ND
from wideberth.watch.bias import (
    LEAST,
    LIMITS,
    SAMPLES_MAX,
    SOUND_M,
    Bias,
    Limits,
    biased,
    estimate,
    flat_around,
    turn_by_range,
)
from wideberth.watch.heights import Heights
from wideberth.watch.join import Joins, merged, numbered
from wideberth.watch.state import NONE, Float64s, Int64s, Strands
from wideberth.watch.together import Tracks, by_identity, gather, near_strangers, no_tracks, predict, tracks_of
from wideberth.watch.track import KINDS, METHODS, Fusion, Identity, Tally

BACK_SWEEPS: Final = 10
JUDGED_US: Final = 15_000_000
"""Places older than this judge no source: a radar turns in 4 to 12 s."""
RADAR_M: Final = 450_000.0
"""No surveillance radar sees farther."""
_STANDING: Final = {
    Method.ADS_B: 0, Method.ADS_R: 0, Method.REPORTED: 1, Method.MLAT: 2, Method.TIS_B: 2, Method.RADAR: 3,
    Method.MODE_S: 4,
}  # fmt: skip
_STANDINGS: Final = np.array([_STANDING[method] for method in METHODS])
_ICAO, _RADAR = KINDS.index(AddressKind.ICAO), KINDS.index(AddressKind.RADAR)
_PARTED: Final = 2.0


class Source(msgspec.Struct):
    """How a source does."""

    name: str
    tally: Tally
    site: tuple[int, int] | None = None
    """Where its sensor stands, nanodegrees."""
    bias: Bias | None = None
    against: str = ""
    """The source that it was compared with most."""
    aside: bool = False
    good: int = 0
    """Sweeps within limits since it was set aside."""


class Sky:
    """Everything that is reported, put together once a sweep."""

    def __init__(
        self, sites: Mapping[str, tuple[int, int]] | None = None, air: Air = ANY_AIR, limits: Limits = LIMITS
    ) -> None:
        self.fusion = Fusion()
        self.heights = Heights(air)
        self.sources: dict[str, Source] = {}
        self._sites = dict(sites or {})
        self._limits = limits
        self._joins = Joins()

    def reports(self, batch: list[Report]) -> None:
        """Take reports in the order of arrival."""
        self.fusion.reports(batch)

    def names(self, row: int) -> Identity:
        """Who a strand is."""
        return self.fusion.identities[int(self.fusion.strands.identity[row])]

    def members(self, track: int) -> list[Identity]:
        """Everybody that a track was put together from, each name once."""
        s = self.fusion.strands
        rows = np.flatnonzero((s.track == track) & (s.number > 0))
        return [self.fusion.identities[at] for at in np.unique(s.identity[rows]).tolist()]

    def sweep(self, now_us: int) -> Tracks:
        """Forget, judge, put together. Out: the tracks at `now_us`."""
        self.fusion.forget(now_us)
        s = self.fusion.strands
        rows = np.flatnonzero((s.number > 0) & (s.placed_us != NONE) & (s.sure_us != NONE))
        for name in self.fusion.sources:
            if name not in self.sources:
                self.sources[name] = Source(name, self.fusion.tallies[name], self._sites.get(name))
        at = predict(s, rows, now_us)
        fresh = s.placed_us[rows] >= now_us - JUDGED_US
        self._judge(s, rows[fresh], at[fresh])
        aside = np.array([self.sources[name].aside for name in self.fusion.sources] or [False])
        kept = ~aside[s.source[rows]]
        return self._together(s, rows[kept], at[kept], now_us)

    def _together(self, s: Strands, rows: Int64s, at: Float64s, now_us: int) -> Tracks:
        if not len(rows):
            return no_tracks()
        cluster = by_identity(s, rows, at, np.lexsort((s.number[rows], s.identity[rows])))
        group = merged(cluster, self._strangers(s, rows, at, cluster))
        order = np.argsort(group, kind="stable")
        numbers = numbered(s, rows, group, order)
        whole, real = gather(s, rows, at, group, order, now_us)
        return tracks_of(whole, real, numbers)

    def _strangers(self, s: Strands, rows: Int64s, at: Float64s, cluster: Int64s) -> list[tuple[int, int]]:
        """Pairs of clusters under different names that are one thing."""
        identities = self.fusion.identities
        kinds_of = np.array([KINDS.index(one.kind) for one in identities])
        kinds = kinds_of[s.identity[rows]]
        if len(self.fusion.sources) < 2 or (kinds == _ICAO).all():
            return []
        found = near_strangers(s, rows, at, cluster, kinds, _ICAO, _RADAR, _PARTED)
        heard = np.zeros(len(rows), np.int64)
        np.bitwise_or.at(heard, cluster, np.int64(1) << (s.source[rows] % 63))
        names = s.identity[rows]
        near, place = [], dict[tuple[int, int], tuple[int, int]]()
        for a, b, ratio in found.tolist():
            i, j = int(a), int(b)
            if not heard[i] & heard[j]:
                pair = (int(names[i]), int(names[j]))
                near.append((*pair, ratio))
                place[pair] = (i, j)
        return [place[pair] for pair in self._joins.update(near)]

    # sources

    def _judge(self, s: Strands, rows: Int64s, at: Float64s) -> None:
        """Compare every source with those of higher standing, and set aside or take back."""
        if len(self.fusion.sources) < 2:
            return
        order = np.lexsort((s.number[rows], s.identity[rows]))
        common = compared(s, rows, order, _STANDINGS)
        for number, name in enumerate(self.fusion.sources):
            source = self.sources[name]
            own = self._judges(s, rows, common[s.source[rows[common[:, 0]]] == number])
            bias = self._named(source, s, rows, at, own) or self._unnamed(source, s, rows, at, number)
            if bias is None:
                continue
            source.bias = bias
            if len(own):
                others = np.bincount(s.source[rows[own[:, 1]]])
                source.against = self.fusion.sources[int(others.argmax())]
            lower = not len(own) or bool((own[:, 2] > 0).all())
            bad = lower and biased(bias, self._limits)
            source.good = 0 if bad else source.good + 1
            source.aside = bad or (source.aside and source.good < BACK_SWEEPS)

    def _judges(self, s: Strands, rows: Int64s, own: Int64s) -> Int64s:
        """Of what a source has in common with others, what those with a sound error name, where that is enough."""
        sound = own[doubts(s, rows[own[:, 1]]) <= SOUND_M]
        return (sound if len(sound) >= LEAST else own)[:SAMPLES_MAX]

    def _named(self, source: Source, s: Strands, rows: Int64s, at: Float64s, own: Int64s) -> Bias | None:
        """By things that both name alike."""
        seen, known = at[own[:, 0]], at[own[:, 1]]
        speed = np.where(np.isnan(known[:, 3]), 0.0, known[:, 3])
        going = np.stack((speed * np.sin(known[:, 4]), speed * np.cos(known[:, 4])), 1)
        errors = doubts(s, rows[own[:, :2]])
        return estimate(seen[:, :2], known[:, :2], going, self._site(source), errors)

    def _unnamed(self, source: Source, s: Strands, rows: Int64s, at: Float64s, number: int) -> Bias | None:
        """A radar with a known site that names nothing: by how far off it sees things."""
        site = self._site(source)
        mine = s.source[rows] == number
        if site is None or not (s.method[rows[mine]] == METHODS.index(Method.RADAR)).all():
            return None
        own = np.flatnonzero(mine)[:SAMPLES_MAX]
        rest = np.flatnonzero(~mine & (_STANDINGS[s.method[rows]] < _STANDING[Method.RADAR]))
        rest = rest[np.hypot(*flat_around(at[rest, :2], *site).T) <= RADAR_M]
        seen, others = at[own, :2], at[rest, :2]
        if len(seen) < 5 or not len(others):
            return None
        turn = turn_by_range(seen, others, site)
        if turn is None:
            return None
        pairs = matched(flat_around(seen, *site), flat_around(others, *site), np.radians(turn))
        errors = np.stack((doubts(s, rows[own[pairs[:, 0]]]), doubts(s, rows[rest[pairs[:, 1]]])), 1)
        return estimate(seen[pairs[:, 0]], others[pairs[:, 1]], None, site, errors)

    def _site(self, source: Source) -> tuple[float, float] | None:
        return None if source.site is None else (source.site[0] * RADIAN_PER_ND, source.site[1] * RADIAN_PER_ND)


def doubts(s: Strands, rows: Int64s) -> Float64s:
    """How far off places may be by what they state, metres: the wider of accuracy and containment."""
    metres: Float64s = np.maximum(np.maximum(s.accuracy_mm[rows], s.integrity_mm[rows]) * 1e-3, 1.0)
    return metres


def matched(seen: Float64s, known: Float64s, turn_rad: float) -> Int64s:
    """(p, 2) places that lie within 3 km once the turn (clockwise) is taken back: seen, and the nearest known."""
    c, s = np.cos(turn_rad), np.sin(turn_rad)
    back = seen @ np.array([[c, s], [-s, c]])
    far = np.hypot(back[:, None, 0] - known[None, :, 0], back[:, None, 1] - known[None, :, 1])
    nearest = far.argmin(1)
    good = np.flatnonzero(far[np.arange(len(seen)), nearest] < 3_000.0)
    return np.stack((good, nearest[good]), 1)


@njit(cache=True, nogil=True, error_model="numpy")
def compared(s: Strands, rows: Int64s, order: Int64s, standings: Int64s) -> Int64s:
    """(p, 3): of each strand that another source reports under the same name: it, the best of the others, and by how
    much its method stands lower (0: alike). `order` sorts by identity. Best is what stands no lower: of sound error,
    then of the highest standing, then of the least error."""
    out, n, begin = np.empty((len(order), 3), np.int64), 0, 0
    for k in range(1, len(order) + 1):
        if k < len(order) and s.identity[rows[order[k]]] == s.identity[rows[order[begin]]]:
            continue
        for m in range(begin, k):
            one, best, least = order[m], -1, (0, 0, 0)
            mine = standings[s.method[rows[one]]]
            for q in range(begin, k):
                other = rows[order[q]]
                theirs = standings[s.method[other]]
                if s.source[other] == s.source[rows[one]] or theirs > mine:
                    continue
                doubt = max(s.accuracy_mm[other], s.integrity_mm[other])
                rank = (1 if doubt > 1e3 * SOUND_M else 0, theirs, doubt)
                if best < 0 or rank < least:
                    best, least = order[q], rank
            if best >= 0:
                out[n, 0], out[n, 1], out[n, 2] = one, best, mine - standings[s.method[rows[best]]]
                n += 1
        begin = k
    return out[:n]
