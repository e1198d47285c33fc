"""One encounter, second by second, out of the rows of both; and the hash of these rows.

In:  the encounter that a search found; the rows of both identities around it; what ledger evidence says of that time.
Out: `Rebuilt`: a series of both places with their separations, the samples, calls and warnings, the evidence.
Refuses nothing: rows were read and found before.

Separations are computed here a second time, as geodesics (`space.geodesy.arc`), not by the search's formula.
The evidence is `rows.csv`: all rows of both from WINDOW_US before entry to WINDOW_US after exit, as integers, sorted;
its SHA-256 is what a ledger may hold. Anybody makes it again from the recording, with `sha256sum` alone.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from wideberth.encounter.join import Encounter, Minima
from wideberth.encounter.kernels import CONTEXT_US, order, prepare
from wideberth.encounter.rows import GROUND, Names, Rows
from wideberth.space.geodesy import arc, geodetic_nd, surface

WINDOW_US: Final = 120_000_000
STEP_US: Final = 1_000_000
COLUMNS: Final = (
    *("time_s", "lat_1", "lon_1", "alt_ft_1", "lat_2", "lon_2", "alt_ft_2"),
    *("horizontal_m", "vertical_ft", "closing_m_s"),
)
"""Of a frame of the animation."""
CSV_HEAD: Final = "identity,time_us,lat_nd,lon_nd,alt_ft\n"


class Side(msgspec.Struct, frozen=True):
    """Where one was."""

    lat_nd: int
    lon_nd: int
    alt_ft: float


class Frame(msgspec.Struct, frozen=True):
    """One moment. A side is None where nobody knows; then so are the separations."""

    time_us: int
    first: Side | None
    second: Side | None
    horizontal_m: float | None = None
    vertical_ft: float | None = None
    closing_m_s: float | None = None
    """Horizontally, over the second before; negative when they drew apart."""


class Said(msgspec.Struct, frozen=True):
    """What a party said, was told or was warned of, by the ledger; never resolved, never ours."""

    time_us: int
    party: str
    kind: str
    text: str
    entry: int
    version: bool = False
    """A version of this very encounter; shown whenever it was filed."""


class Rebuilt(msgspec.Struct, frozen=True):
    """Everything that a report shows."""

    encounter: Encounter
    minima: Minima
    frames: tuple[Frame, ...]
    samples: tuple[tuple[tuple[int, int, int, int], ...], tuple[tuple[int, int, int, int], ...]]
    """Of both: time_us, lat_nd, lon_nd, alt_ft as recorded, without what was left out."""
    said: tuple[Said, ...]
    evidence_sha256: str
    rows_csv: bytes
    sources: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def context_us(one: Encounter) -> tuple[int, int]:
    """From when to when rows have a say in what is shown."""
    return one.enter_us - WINDOW_US - CONTEXT_US, one.exit_us + WINDOW_US + CONTEXT_US


def rebuild(
    one: Encounter,
    minima: Minima,
    batches: Iterable[Rows],
    names: Names,
    said: Iterable[Said] = (),
    sources: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> Rebuilt:
    """Put it together; `batches` may hold any rows, of which those of both around the time are used."""
    codes = [_preferred(name, seen, names) for name, seen in zip((one.first, one.second), one.sources, strict=True)]
    from_us, until_us = context_us(one)
    parts = []
    for rows in batches:
        mine = np.isin(rows["code"], codes[0] + codes[1]) & (rows["time_us"] >= from_us) & (rows["time_us"] <= until_us)
        if mine.any():
            parts.append(rows[mine])
    rows = np.concatenate(parts)
    window = one.enter_us - WINDOW_US, one.exit_us + WINDOW_US
    evidence = canonical(rows[(rows["time_us"] >= window[0]) & (rows["time_us"] <= window[1])], names)
    tracks = [_Track([rows[rows["code"] == code] for code in side]) for side in codes]
    return Rebuilt(
        encounter=one,
        minima=minima,
        frames=tuple(_frames(tracks, window, one.nearest_us)),
        samples=(tracks[0].samples(*window), tracks[1].samples(*window)),
        said=tuple(
            sorted(
                (s for s in said if s.version or from_us <= s.time_us <= until_us), key=lambda s: (s.time_us, s.entry)
            )
        ),
        evidence_sha256=sha256(evidence).hexdigest(),
        rows_csv=evidence,
        sources=tuple(sources),
        notes=tuple(notes),
    )


def canonical(rows: Rows, names: Names) -> bytes:
    """Rows as the bytes of `rows.csv`: sorted, each once; an empty altitude is "on the ground"."""
    columns = [rows[n].tolist() for n in ("code", "time_us", "lat_nd", "lon_nd", "alt_ft")]
    named = {(_field(names.list[code]), *rest) for code, *rest in zip(*columns, strict=True)}
    lines = (f"{n},{t},{la},{lo},{'' if a == GROUND else a}\n" for n, t, la, lo, a in sorted(named))
    return (CSV_HEAD + "".join(lines)).encode()


def _field(name: str) -> str:
    """A field of CSV (RFC 4180)."""
    return '"' + name.replace('"', '""') + '"' if any(c in name for c in ',"\r\n') else name


def _preferred(name: str, sources: Sequence[str], names: Names) -> list[int]:
    """The numbers of an identity, of those sources first by which the encounter was found."""
    found = [names.code(name, source) for source in sources]
    return [*found, *(code for code in names.of(name) if code not in found)]


class _Track:
    """One side as its sources saw it, the preferred first."""

    def __init__(self, rows: Sequence[Rows]) -> None:
        self._seen = [_Seen(part) for part in rows]

    def at(self, when_us: int) -> tuple[npt.NDArray[np.float64], float, int] | None:
        """The foot point in ECEF, the altitude, and by which source: the first that knows."""
        for number, seen in enumerate(self._seen):
            if (place := seen.at(when_us)) is not None:
                return *place, number
        return None

    def samples(self, from_us: int, until_us: int) -> tuple[tuple[int, int, int, int], ...]:
        """As recorded, of all sources in the order of time."""
        return tuple(sorted(sample for seen in self._seen for sample in seen.samples(from_us, until_us)))


class _Seen:
    """What one source saw, without what the search leaves out."""

    def __init__(self, rows: Rows) -> None:
        rows = rows.copy()
        rows["code"] = 0
        n = len(rows)
        at = order(rows["code"], rows["time_us"], 1)
        code, self.time_us, self.xyz = np.empty(n, np.int32), np.empty(n, np.int64), np.empty((n, 3))
        self.alt_ft, self.flown = np.empty(n), np.empty(n, np.uint8)
        counts = prepare(rows, at, (-(2**62), 2**62), code, self.time_us, self.xyz, self.alt_ft, self.flown)
        kept = int(counts[3])
        self.time_us, self.xyz, self.alt_ft = self.time_us[:kept], self.xyz[:kept], self.alt_ft[:kept]

    def at(self, when_us: int) -> tuple[npt.NDArray[np.float64], float] | None:
        """The foot point in ECEF and the altitude."""
        k = int(np.searchsorted(self.time_us, when_us, side="right")) - 1
        if 0 < k < len(self.time_us) and self.time_us[k] == when_us and not self.flown[k]:
            k -= 1
        if not 0 <= k < len(self.time_us) - 1 or not self.flown[k]:
            return None
        f = (when_us - self.time_us[k]) / (self.time_us[k + 1] - self.time_us[k])
        chord = self.xyz[k] + f * (self.xyz[k + 1] - self.xyz[k])
        return np.array(surface(*chord)), float(self.alt_ft[k] + f * (self.alt_ft[k + 1] - self.alt_ft[k]))

    def samples(self, from_us: int, until_us: int) -> tuple[tuple[int, int, int, int], ...]:
        """As recorded."""
        inside = np.flatnonzero((self.time_us >= from_us) & (self.time_us <= until_us)).tolist()
        places = [geodetic_nd(*self.xyz[k]) for k in inside]
        return tuple(
            (int(self.time_us[k]), int(lat), int(lon), round(float(self.alt_ft[k])))
            for k, (lat, lon) in zip(inside, places, strict=True)
        )


def _frames(tracks: Sequence[_Track], window: tuple[int, int], nearest_us: int) -> Iterable[Frame]:
    """Every second, and the nearest moment."""
    first = window[0] // STEP_US * STEP_US
    times = sorted({*range(first, window[1] + STEP_US, STEP_US), nearest_us})
    before: tuple[int, float, tuple[int, int]] | None = None
    for when in times:
        places = [track.at(when) for track in tracks]
        sides = _side(places[0]), _side(places[1])
        if places[0] is None or places[1] is None:
            before = None
            yield Frame(when, sides[0], sides[1])
            continue
        apart = float(arc(*places[0][0], *places[1][0]))
        by = places[0][2], places[1][2]
        closing = None
        if before is not None and before[2] == by:  # another source has another offset
            closing = round((before[1] - apart) / (when - before[0]) * 1e6, 2)
        before = when, apart, by
        yield Frame(when, sides[0], sides[1], round(apart, 3), round(abs(places[1][1] - places[0][1]), 1), closing)


def _side(place: tuple[npt.NDArray[np.float64], float, int] | None) -> Side | None:
    if place is None:
        return None
    lat_nd, lon_nd = geodetic_nd(*place[0])
    return Side(int(lat_nd), int(lon_nd), round(place[1], 1))


def animation(made: Rebuilt) -> dict[str, Any]:
    """What a page plays: one row a frame, degrees, feet and metres; null where nobody knows."""
    one = made.encounter

    def row(f: Frame) -> list[float | None]:
        sides: list[float | None] = []
        for s in (f.first, f.second):
            sides += [None, None, None] if s is None else [s.lat_nd / 1e9, s.lon_nd / 1e9, s.alt_ft]
        return [f.time_us / 1e6, *sides, f.horizontal_m, f.vertical_ft, f.closing_m_s]

    return {
        "version": 1,
        "id": one.id,
        "names": [one.first, one.second],
        "class": one.klass,
        "minima": {"horizontal_m": made.minima.horizontal_mm / 1e3, "vertical_ft": made.minima.vertical_ft},
        "inside": [one.enter_us / 1e6, one.exit_us / 1e6],
        "nearest": one.nearest_us / 1e6,
        "evidence_sha256": made.evidence_sha256,
        "columns": COLUMNS,
        "frames": [row(f) for f in made.frames],
    }
