"""Skies to try the watch on, and an oracle for approaches that shares no code with it."""

import math
import os
from pathlib import Path

import numpy as np
import numpy.typing as npt

from wideberth.watch.approach import moving
from wideberth.watch.motion import FOOT, Moving

Floats = npt.NDArray[np.float64]
A_M, E2 = 6_378_137.0, 0.00669437999014132
RECORDED = Path(__file__).parents[2] / "bench" / "out" / "traffic.npz"


def recorded() -> Path | None:
    """Where the recorded traffic is, if it is."""
    named = os.environ.get("WIDEBERTH_TRAFFIC")
    path = Path(named) if named else RECORDED
    return path if path.exists() else None


def sky(n: int, seed: int, lat: tuple[float, float] = (44, 52), lon: tuple[float, float] = (0, 16)) -> Moving:
    """Things at whole thousands of feet (many at exactly the minimum from others), a third of them climbing."""
    random = np.random.default_rng(seed)
    return moving(
        random.uniform(*lat, n),
        (random.uniform(*lon, n) + 180.0) % 360.0 - 180.0,
        1_000.0 * random.integers(1, 42, n),
        np.where(random.random(n) < 0.02, random.uniform(400, 1_500, n), random.uniform(0, 260, n)),
        random.uniform(0, 360, n),
        np.where(random.random(n) < 0.3, np.round(random.uniform(-40, 40, n)) * 64.0, 0.0),
    )


def ecef(lat: Floats, lon: Floats) -> Floats:
    """Foot points (n, 3)."""
    big_n = A_M / np.sqrt(1 - E2 * np.sin(lat) ** 2)
    return np.stack(
        (big_n * np.cos(lat) * np.cos(lon), big_n * np.cos(lat) * np.sin(lon), big_n * (1 - E2) * np.sin(lat)), 1
    )


def velocities(m: Moving) -> Floats:
    """Of the foot points (n, 3)."""
    lat, lon = m.lat_rad, m.lon_rad
    east = np.stack((-np.sin(lon), np.cos(lon), np.zeros_like(lon)), 1)
    north = np.stack((-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)), 1)
    big_n = A_M / np.sqrt(1 - E2 * np.sin(lat) ** 2)
    ground = (m.speed_m_s * big_n / (big_n + m.height_m))[:, None]
    return ground * (np.sin(m.track_rad)[:, None] * east + np.cos(m.track_rad)[:, None] * north)


def brute(m: Moving, horizontal_m: float, vertical_ft: int, until_s: float) -> dict[tuple[int, int], float]:
    """Every pair with each other: those too near before `until_s`, with the moment from which. Quadratic equations."""
    p, v = ecef(m.lat_rad, m.lon_rad), velocities(m)
    found: dict[tuple[int, int], float] = {}
    slow = m.speed_m_s < 300
    for i in range(len(p) - 1):
        rest = np.arange(i + 1, len(p))
        reach = horizontal_m + 1_000 + until_s * (m.speed_m_s[i] + np.where(slow[rest], 300.0, 2_000.0))
        rest = rest[((p[rest] - p[i]) ** 2).sum(1) < reach**2]
        for j, entry in zip(rest.tolist(), _entries(m, p, v, i, rest, horizontal_m, vertical_ft).tolist(), strict=True):
            if entry < until_s:
                found[i, j] = entry
    return found


def _entries(m: Moving, p: Floats, v: Floats, i: int, rest: npt.NDArray[np.int64], r: float, feet: int) -> Floats:
    """When each of `rest` is first too near to i; infinity for never."""
    up = (p[i] + p[rest]) / np.array([A_M**2, A_M**2, A_M**2 * (1 - E2)])
    up /= np.linalg.norm(up, axis=1)[:, None]
    d, w = p[rest] - p[i], v[rest] - v[i]
    d, w = d - (d * up).sum(1)[:, None] * up, w - (w * up).sum(1)[:, None] * up
    a, b, c = (w * w).sum(1), (d * w).sum(1), (d * d).sum(1) - r * r
    with np.errstate(all="ignore"):
        root = np.sqrt(b * b - a * c)
        still = a < 1e-12
        begin = np.where(still, np.where(c < 0, -np.inf, np.inf), (-b - root) / a)
        end = np.where(still, np.where(c < 0, np.inf, -np.inf), (-b + root) / a)
        above, rate = m.baro[rest] - m.baro[i], m.climb[rest] - m.climb[i]
        level = rate == 0
        first, second = (-feet * FOOT - above) / rate, (feet * FOOT - above) / rate
        near = np.abs(above) < feet * FOOT
        low = np.where(level, np.where(near, -np.inf, np.inf), np.minimum(first, second))
        high = np.where(level, np.where(near, np.inf, -np.inf), np.maximum(first, second))
        begin, end = np.maximum(np.maximum(begin, low), 0.0), np.minimum(end, high)
        return np.where(begin < end, begin, np.inf)


def turn_m(lat_deg: float, azimuth_deg: float) -> float:
    """Radius of curvature of the normal section along an azimuth (Euler)."""
    s2 = math.sin(math.radians(lat_deg)) ** 2
    big_n = A_M / math.sqrt(1 - E2 * s2)
    big_m = A_M * (1 - E2) / (1 - E2 * s2) ** 1.5
    c2 = math.cos(math.radians(azimuth_deg)) ** 2
    return 1.0 / (c2 / big_m + (1 - c2) / big_n)
