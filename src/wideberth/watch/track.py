"""Reports of one thing put together: strands by source, tracks across sources.

In:  batches of `Report`s in the order of arrival; `now_us`; what is known of sources (`SourceRule`).
Out: `Tracks` as arrays at `now_us`, with stable numbers; what became of every report, by source (`Tally`).
Refuses nothing by exception: what cannot be used is counted by `Verdict`, never silently dropped.

Together belong strands of different sources with the same identity whose places agree, and strands of different kinds
of identity (a radar's track number beside an ADS-B address) that flew together for `JOIN_SWEEPS` sweeps with nothing
else near (`together`). A track is the best strand's place (least expected error now), with what it lacks from
the others.
"""

from collections.abc import Sequence
from operator import attrgetter
from typing import Final

import msgspec
import numpy as np

from wideberth.feeds.report import AddressKind, Method, Report
from wideberth.limits import SOURCE_STRANDS_MAX
from wideberth.watch.absorb import Batch, Verdict, absorb, clear
from wideberth.watch.state import CLASS_NUMBER, END, NONE, Int64s, Strands, class_of, grown, no_strands

LOST_US: Final = 60_000_000
"""A strand that was not heard of for so long is forgotten."""
METHODS: Final = tuple(Method)
KINDS: Final = tuple(AddressKind)
_METHOD_NUMBER: Final = {method: number for number, method in enumerate(METHODS)}
_FIELDS: Final = attrgetter(
    "time_us", "received_us", "lat_nd", "lon_nd", "baro_ft", "hae_mm", "speed_mm_s", "track_mdeg", "climb_mm_s",
    "on_ground", "accuracy_mm", "integrity_mm", "method", "simulated", "source", "kind", "address", "callsign",
    "category",
)  # fmt: skip


class Identity(msgspec.Struct):
    """What reports call a thing."""

    kind: AddressKind
    address: str
    callsign: str = ""
    category: str = ""
    strands: int = 0


class Tally(msgspec.Struct):
    """What became of a source's reports."""

    verdicts: list[int] = msgspec.field(default_factory=lambda: [0] * len(Verdict))
    newest_us: int = 0
    strands: int = 0

    def count(self, verdict: Verdict) -> int:
        """How many had this verdict."""
        return self.verdicts[verdict]


class Fusion:
    """Strands and what leads to them. One writer; `reports` and `sweep` take turns."""

    def __init__(self, strands_per_source: int = SOURCE_STRANDS_MAX) -> None:
        self.strands: Strands = no_strands(1_024)
        self.sources: list[str] = []
        self.tallies: dict[str, Tally] = {}
        self.identities: list[Identity] = []
        self._limit = strands_per_source
        self._heads: list[dict[str, int]] = []
        """By source, kind and address to the first row."""
        self._identity_of: dict[str, int] = {}
        self._folded: dict[str, list[int]] = {}
        """The same without regard to capitals, in which parties and feeds differ."""
        self._idle: list[int] = []
        """Identities that nothing uses."""
        self._free: Int64s = np.arange(1_024)[::-1].copy()
        self._numbers = np.array([0, 1_024])
        """The last number given; rows on the stack."""

    def reports(self, batch: Sequence[Report]) -> None:
        """Take reports in the order of arrival."""
        if not batch:
            return
        self._room(2 * len(batch))
        columns = list(zip(*map(_FIELDS, batch), strict=True))
        sources, kinds, addresses = columns[14:17]
        heads = self._find(batch, sources, kinds, addresses)
        self._name(kinds, addresses, columns[17], columns[18])
        methods = [_METHOD_NUMBER[method] for method in columns[12]]
        taken = Batch._make([np.array(heads, np.int64), *map(_ints, (*columns[:12], methods, columns[13]))])
        verdicts = np.empty(len(batch), np.int64)
        absorb(self.strands, taken, self._free, self._numbers, verdicts)
        self._count(sources, verdicts, taken.received_us)

    def _find(
        self, batch: Sequence[Report], sources: Sequence[str], kinds: Sequence[AddressKind], addresses: Sequence[str]
    ) -> list[int]:
        """The first row of each report's source and identity, made where there is none."""
        heads: list[int] = []
        name, rows = "", dict[str, int]()
        for k, (source, kind, address) in enumerate(zip(sources, kinds, addresses, strict=True)):
            if source != name:
                name, rows = source, self._heads[self._source(source)]
            row = rows.get(kind + address)
            if row is None:
                row = self._begin(batch[k], rows)
            heads.append(row)
        return heads

    def _source(self, name: str) -> int:
        tally = self.tallies.get(name)
        if tally is None:
            self.tallies[name] = Tally()
            self.sources.append(name)
            self._heads.append({})
            return len(self.sources) - 1
        return self.sources.index(name)

    def _begin(self, report: Report, rows: dict[str, int]) -> int:
        """A row for a source and identity that are new, END where the source has as many as it may have."""
        if len(rows) >= self._limit or report.simulated:
            return END
        key = report.kind + report.address
        identity = self._identity_of.get(key)
        if identity is None:
            fresh = Identity(report.kind, report.address, report.callsign, report.category)
            if self._idle:
                identity = self._idle.pop()
                self.identities[identity] = fresh
            else:
                identity = len(self.identities)
                self.identities.append(fresh)
            self._identity_of[key] = identity
            self._folded.setdefault(key.lower(), []).append(identity)
        self.identities[identity].strands += 1
        self._numbers[1] -= 1
        row = int(self._free[self._numbers[1]])
        self._numbers[0] += 1
        s = self.strands
        clear(s, row)
        s.number[row] = s.track[row] = self._numbers[0]
        s.source[row], s.identity[row] = self.sources.index(report.source), identity
        known = self.identities[identity].category or report.category
        s.kind[row] = CLASS_NUMBER[class_of(report.kind, known)]
        rows[key] = row
        return row

    def _room(self, rows: int) -> None:
        """Free rows on the stack."""
        have = len(self.strands.number)
        if self._numbers[1] >= rows:
            return
        size = have + max(rows, have // 2)
        self.strands = grown(self.strands, size)
        stack = np.empty(size, np.int64)
        free = int(self._numbers[1])
        stack[:free] = self._free[:free]
        stack[free : free + size - have] = np.arange(have, size)[::-1]
        self._free = stack
        self._numbers[1] = free + size - have

    def _count(self, sources: Sequence[str], verdicts: Int64s, received_us: Int64s) -> None:
        for name in set(sources):
            own = slice(None) if sources.count(name) == len(sources) else np.array([s == name for s in sources])
            tally = self.tallies[name]
            counts = np.bincount(verdicts[own], minlength=len(Verdict)).tolist()
            tally.verdicts = [a + b for a, b in zip(tally.verdicts, counts, strict=True)]
            tally.newest_us = max(tally.newest_us, int(received_us[own].max()))

    def _name(
        self, kinds: Sequence[str], addresses: Sequence[str], callsigns: Sequence[str], categories: Sequence[str]
    ) -> None:
        """Keep what reports add to a name: callsigns and categories, where there are any and they are new."""
        for kind, address, callsign, category in zip(kinds, addresses, callsigns, categories, strict=True):
            if not callsign and not category:
                continue
            at = self._identity_of.get(kind + address)
            if at is None:
                continue
            identity = self.identities[at]
            if callsign and callsign != identity.callsign:
                identity.callsign = callsign
            if category and category != identity.category:
                identity.category = category
                rows = self.strands.identity == at
                self.strands.kind[rows] = CLASS_NUMBER[class_of(identity.kind, category)]

    def identities_of(self, key: str) -> Sequence[int]:
        """The places in `identities` of a kind and address put together, in any capitals."""
        return self._folded.get(key.lower(), ())

    def forget(self, now_us: int) -> list[int]:
        """Let go of what was not heard of for `LOST_US`. Out: the numbers of strands that ended."""
        s = self.strands
        gone = np.flatnonzero((s.number > 0) & (s.received_us < now_us - LOST_US))
        numbers: list[int] = s.number[gone].tolist()
        for row in gone.tolist():
            self._unchain(row)
            s.number[row] = 0
            self._free[self._numbers[1]] = row
            self._numbers[1] += 1
        return numbers

    def _unchain(self, row: int) -> None:
        """Take a row out of its chain; its identity goes with the last one."""
        s = self.strands
        identity = self.identities[s.identity[row]]
        rows, key = self._heads[s.source[row]], identity.kind + identity.address
        head = rows[key]
        if head == row:
            if s.twin[row] != END:
                rows[key] = int(s.twin[row])
                return
            del rows[key]
            identity.strands -= 1
            if not identity.strands:
                del self._identity_of[key]
                folded = self._folded[key.lower()]
                folded.remove(int(s.identity[row]))
                if not folded:
                    del self._folded[key.lower()]
                self._idle.append(int(s.identity[row]))
            return
        while s.twin[head] != row:
            head = int(s.twin[head])
        s.twin[head] = s.twin[row]


def _ints(column: Sequence[int | None]) -> Int64s:
    return np.array([NONE if value is None else value for value in column], np.int64)
