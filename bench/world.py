"""The live volumes that the figures are measured among: crowded in places, thin elsewhere, two days long.

80 % lie in 20 hot spots of 20 km, the rest over 2,000 x 2,000 km; each is a quadrilateral of 0.1 to 20 km across and a
window of 10 to 60 minutes, its band 30 to 150 m high with its base at 0 to 500 m. Sizes are spread evenly by their
logarithm: half are under 1.4 km, as flights of drones are. With `crowded` they are spread evenly, half of them over
10 km, and a query meets five times as many.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wideberth.space.volume import Polygon, Volume4D

Int64s = npt.NDArray[np.int64]

EPOCH_US = 1_800_000_000_000_000
SECOND_US = 1_000_000
CENTRE_LAT, CENTRE_LON = 48.0, 10.0
M_PER_DEGREE = 111_320.0


@dataclass(frozen=True)
class World:
    """Volumes as arrays: corners (n, 8) are latitude, longitude in turn, nanodegrees."""

    corners: Int64s
    lower_mm: Int64s
    upper_mm: Int64s
    start_us: Int64s
    end_us: Int64s

    def __len__(self) -> int:
        return len(self.corners)

    def volumes(self, rows: Int64s | slice = slice(None)) -> list[Volume4D]:
        """Some of them, or all, as volumes."""
        columns = (self.lower_mm, self.upper_mm, self.start_us, self.end_us)
        extents = zip(*(column[rows].tolist() for column in columns), strict=True)
        return [
            Volume4D(Polygon(tuple(ring)), *extent)
            for ring, extent in zip(self.corners[rows].tolist(), extents, strict=True)
        ]


def world(n: int, seed: int, crowded: bool = False) -> World:
    """The same n volumes for the same seed; the hot spots are the same for all seeds."""
    random = np.random.default_rng(seed)
    spots = np.random.default_rng(0).uniform(-1e6, 1e6, (20, 2))
    hot = random.random(n) < 0.8
    spot = spots[random.integers(0, len(spots), n)] + random.uniform(-10e3, 10e3, (n, 2))
    north, east = np.where(hot[:, None], spot, random.uniform(-1e6, 1e6, (n, 2))).T
    lat = CENTRE_LAT + north / M_PER_DEGREE
    lon = CENTRE_LON + east / M_PER_DEGREE / np.cos(np.radians(CENTRE_LAT))
    across = random.uniform(100.0, 20e3, n) if crowded else 10 ** random.uniform(2, np.log10(20e3), n)
    # four corners on a circle, a quarter turn apart give or take an eighth, the quadrilateral turned at will
    turn = random.uniform(0, 2 * np.pi, n)[:, None] + np.arange(4) * np.pi / 2
    turn += random.uniform(-np.pi / 8, np.pi / 8, (n, 4))
    reach = across[:, None] / 2 / M_PER_DEGREE
    corners = np.empty((n, 8), np.int64)
    corners[:, 0::2] = (lat[:, None] + reach * np.sin(turn)) * 1e9
    corners[:, 1::2] = (lon[:, None] + reach * np.cos(turn) / np.cos(np.radians(lat))[:, None]) * 1e9
    lower_mm = random.integers(0, 500_000, n)
    start_us = EPOCH_US + random.integers(0, 48 * 3600, n) * SECOND_US
    return World(
        corners,
        lower_mm,
        lower_mm + random.integers(30_000, 150_000, n),
        start_us,
        start_us + random.integers(600, 3600, n) * SECOND_US,
    )
