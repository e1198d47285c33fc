"""One sweep of the live watch: all pairs about to come nearer than 5 NM and 1,000 ft within 300 s; reports to tracks.

Peers: MiniSky (a KD-tree and numpy, flat earth) and BlueSky's compiled detector (every pair, C++), both at 20,000
tracks, where both still fit; each gets the same states. A slow peer is measured once, warm, and kept. The traffic is
spread over 25 x 60 degrees at flight levels that are whole thousands of feet; three in ten climb or descend.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.frame import Figure, Kept, console, keep, kept, seconds
from wideberth.feeds.report import AddressKind, Method, Report
from wideberth.space.units import FT_M, NM_M
from wideberth.watch.approach import approaches, moving, one_minimum
from wideberth.watch.fuse import Sky
from wideberth.watch.motion import Moving

MANY = 100_000
COMMON = 20_000
LOOK_S = 300.0
TIMES = 7
T0 = 1_790_000_000_000_000


def run(quick: bool) -> list[Figure]:
    """All figures of the watch."""
    approaches(sky(1_000, 9), one_minimum())
    return [*sweeps(quick), reports_figure()]


def sky(n: int, seed: int, part: float = 1.0) -> Moving:
    """Aircraft over 25 x 60 degrees, or over a part of it."""
    random = np.random.default_rng(seed)
    north, east = 12.5 * part**0.5, 30 * part**0.5
    climbs = np.where(random.random(n) < 0.3, random.uniform(-2_500, 2_500, n), 0.0)
    lat, lon = random.uniform(37.5 - north, 37.5 + north, n), random.uniform(-95 - east, -95 + east, n)
    feet = 1_000.0 * random.integers(10, 42, n).astype(np.float64)
    return moving(lat, lon, feet, random.uniform(150, 260, n), random.uniform(0, 360, n), climbs)


def sweeps(quick: bool) -> list[Figure]:
    """100,000 tracks alone; 20,000 as dense, and as far apart as over the whole, beside the peers."""
    many = sky(MANY, 1)
    pairs = len(approaches(many, one_minimum()).i)
    took = median(lambda: approaches(many, one_minimum()))
    note = f"{MANY:,} tracks, {pairs:,} pairs; compiled before; one core"
    figures = [Figure("watch_sweep_s", "s", took, None, "", "lower", "<= 0.2", took <= 0.2, note)]
    for name, detector, part in (("MiniSky", minisky, 0.2), ("MiniSky", minisky, 1.0), ("BlueSky C++", bluesky, 0.2)):
        figures.append(beside(name, detector, part, quick))
    return figures


def beside(name: str, detector: Callable[[Moving], int | str], part: float, quick: bool) -> Figure:
    """20,000 tracks, ours and a peer's."""
    m = sky(COMMON, 2, part)
    ours, found = median(lambda: approaches(m, one_minimum())), len(approaches(m, one_minimum()).i)
    short = f"{name.split()[0].lower()}{'' if part < 1 else '-sparse'}"
    title = f"watch_sweep_20k_s_{short.replace('-', '_')}"
    slow = peer(short, name, detector, m, quick)
    if isinstance(slow, str):
        return Figure(title, "s", ours, None, slow)
    figure, its = slow.figures["seconds"], int(slow.figures["pairs"])
    dense = "as dense as the 100,000" if part < 1 else "a fifth as dense"
    note = (
        f"{COMMON:,} tracks, {dense}, the same states; ours {found:,} pairs on WGS 84, it {its:,} on a flat earth "
        f"(measured {slow.date} on {slow.machine})"
    )
    aimed = short == "minisky"
    target, met = (">= 100 x", figure / ours >= 100) if aimed else ("", None)
    return Figure(title, "s", ours, figure, slow.peer, "lower", target, met, note)


def median(work: Callable[[], object]) -> float:
    """Of several runs."""
    return float(np.median([seconds(work) for _ in range(TIMES)]))


def peer(short: str, name: str, detector: Callable[[Moving], int | str], m: Moving, quick: bool) -> Kept | str:
    """What a peer took: measured now, or kept, or a word why there is nothing."""
    old = kept(short)
    if quick and old is not None:
        return old
    console.print(f"{name}: {COMMON:,} tracks")
    detector(sky(200, 4))
    begin = time.perf_counter()
    found = detector(m)
    took = time.perf_counter() - begin
    if isinstance(found, str):
        return old or found
    keep(short, name, {"seconds": took, "pairs": found})
    again = kept(short)
    assert again is not None
    return again


class States:
    """Aircraft as both peers want them."""

    def __init__(self, m: Moving) -> None:
        self.ntraf = len(m.kind)
        self.id = self.callsign = [str(k) for k in range(self.ntraf)]
        self.lat, self.lon = np.degrees(m.lat_rad), np.degrees(m.lon_rad)
        self.trk, self.gs = np.degrees(m.track_rad), m.speed_m_s.copy()
        self.alt, self.vs = m.baro * 1e-4, m.climb * 1e-4


def _minima(n: int) -> tuple[npt.NDArray[np.float64], ...]:
    return np.full(n, 5 * NM_M), np.full(n, 1_000 * FT_M), np.full(n, LOOK_S)


def minisky(m: Moving) -> int | str:
    """Pairs by MiniSky's detector."""
    try:
        from minisky._internal.conflict.detection import ConflictDetection
    except ImportError:
        return "MiniSky: not installed, nothing kept"
    states: Any = States(m)
    detector = ConflictDetection.__new__(ConflictDetection)
    found = detector.detect(states, states, *_minima(states.ntraf))
    return len(found.confpairs) // 2


def bluesky(m: Moving) -> int | str:
    """Pairs by BlueSky's compiled detector."""
    try:
        from bluesky.traffic.asas import cstatebased
    except ImportError:
        return "BlueSky: not installed, nothing kept"
    states = States(m)
    found = cstatebased.detect(states, states, *_minima(states.ntraf))
    return len(found[0]) // 2


def reports_figure() -> Figure:
    """Reports of 20,000 aircraft, a second of each, put into strands; and one sweep that makes tracks of them."""
    n, laps = 20_000, 6
    random = np.random.default_rng(3)
    lat, lon = random.uniform(25, 50, n), random.uniform(-125, -65, n)
    speed, track = random.uniform(150, 260, n), random.uniform(0, 360, n)
    watch, took, swept = Sky(), [], []
    for t in range(laps):
        way = np.degrees(speed * t / 6_371_000)
        north = lat + way * np.cos(np.radians(track))
        east = lon + way * np.sin(np.radians(track)) / np.cos(np.radians(lat))
        batch = [
            Report(
                "feed", f"{k:06x}", AddressKind.ICAO, Method.ADS_B, T0 + t * 1_000_000, T0 + t * 1_000_000,
                round(north[k] * 1e9), round(east[k] * 1e9), 35_000, None, round(speed[k] * 1e3),
                round(track[k] * 1e3) % 360_000, 0, f"CALL{k}", False, 30_000,
            )
            for k in range(n)
        ]  # fmt: skip
        took.append(seconds(lambda batch=batch: watch.reports(batch)))  # type: ignore[misc]
        swept.append(seconds(lambda t=t: watch.sweep(T0 + t * 1_000_000)))  # type: ignore[misc]
    rate = n / float(np.median(took[2:]))
    note = f"{n:,} aircraft, one report a second each, batches of {n:,}; a sweep to tracks {np.median(swept[2:]):.3f} s"
    target = ">= 20,000/s with room"
    return Figure("watch_reports_per_s", "/s", rate, None, "", "higher", target, rate >= 40_000, note)
