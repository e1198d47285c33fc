"""What the planners of a load ask for: flights of a few volumes, spread over an area or all in one place.

In:  a seed, a place, how many volumes a flight has; the time as an argument.
Out: the `extents` of F3548-21 as bytes of JSON, ids, suffixes: the same for the same seed and time.

`Spread`  begin evenly within the bounds and within 44 hours; squares of 100 to 1,000 m (log-uniform: most are small)
          one after the other in place and in time, each for 10 to 60 minutes, 30 to 150 m high.
`Cell`    all begin within one square and share one window of ten minutes and one band of height; squares of 30 m. A
          cell of 0 m lays every flight over every other.
"""

import math
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

M_PER_DEGREE: Final = 111_320.0
SECOND_US: Final = 1_000_000
LEAD_US: Final = 60 * SECOND_US
"""The first flight starts so long from now."""
CELL_US: Final = 600 * SECOND_US
CELL_ACROSS_M: Final = 30.0
EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - written out with its Z
TAIL: Final = b'Z","format":"RFC3339"}}'


class Spread(NamedTuple):
    """Degrees: the least and the greatest latitude and longitude."""

    lat_min: float = 44.0
    lat_max: float = 52.0
    lon_min: float = 2.0
    lon_max: float = 18.0


class Cell(NamedTuple):
    """Degrees, and the side of the square within which flights begin, metres."""

    lat: float = 48.0
    lon: float = 10.0
    side_m: float = 1_000.0


Where = Spread | Cell


class Drawn(NamedTuple):
    """A flight: when it begins, its volumes as a JSON array."""

    begin_us: int
    extents: bytes


def drawing(words: str) -> random.Random:
    """A source of draws that is the same for the same words."""
    return random.Random(words)  # noqa: S311 - flights of a test, no secrets


class Flights:
    """Draws flights of so many volumes."""

    def __init__(self, where: Where, volumes: int) -> None:
        self._where, self._volumes = where, volumes

    def draw(self, rng: random.Random, now_us: int) -> Drawn:
        """The next flight of a planner with these draws."""
        where = self._where
        if isinstance(where, Spread):
            return self._in_spread(rng, where, now_us)
        north, east = (rng.uniform(-0.5, 0.5) * where.side_m for _ in range(2))
        lat = where.lat + north / M_PER_DEGREE
        lon = where.lon + east / M_PER_DEGREE / math.cos(math.radians(where.lat))
        band_m = (rng.randrange(50, 70), rng.randrange(90, 110))
        begin_us = now_us + LEAD_US
        ends_us = (begin_us, begin_us + CELL_US)
        return Drawn(begin_us, _extents(_chain(rng, lat, lon, self._volumes, CELL_ACROSS_M, band_m), ends_us, 0))

    def _in_spread(self, rng: random.Random, where: Spread, now_us: int) -> Drawn:
        lat, lon = rng.uniform(*where[:2]), rng.uniform(*where[2:])
        base = rng.randrange(500)
        heads = _chain(rng, lat, lon, self._volumes, 10 ** rng.uniform(2, 3), (base, base + rng.randrange(30, 150)))
        ends_us = [now_us + LEAD_US + rng.randrange(44 * 3_600) * SECOND_US]
        for _ in heads:
            ends_us.append(ends_us[-1] + rng.randrange(600, 3_600) * SECOND_US)
        return Drawn(ends_us[0], _extents(heads, ends_us, 1))


def _chain(
    rng: random.Random, lat: float, lon: float, volumes: int, across_m: float, band_m: tuple[int, int]
) -> tuple[bytes, ...]:
    """Squares along a heading, as JSON up to where the window's begin stands."""
    heading = rng.uniform(0, 2 * math.pi)
    per_lon = M_PER_DEGREE * math.cos(math.radians(lat))
    heads = []
    for i in range(volumes):
        north, east = (i * across_m * f(heading) for f in (math.cos, math.sin))
        corners = []
        for turn in (0.25, 0.75, 1.25, 1.75):
            angle, reach = math.pi * turn - heading, across_m * math.sqrt(0.5)
            y = lat + (north + reach * math.sin(angle)) / M_PER_DEGREE
            x = lon + (east + reach * math.cos(angle)) / per_lon
            corners.append(f'{{"lat":{y:.7f},"lng":{x:.7f}}}')
        low, high = (f'{{"value":{value},"reference":"W84","units":"M"}}' for value in band_m)
        heads.append(
            f'{{"volume":{{"outline_polygon":{{"vertices":[{",".join(corners)}]}},'
            f'"altitude_lower":{low},"altitude_upper":{high}}},"time_start":{{"value":"'.encode()
        )
    return tuple(heads)


def _extents(heads: Sequence[bytes], ends_us: Sequence[int], step: int) -> bytes:
    """The volumes, each from one of the ends to the next; with a step of 0 all from the first to the second."""
    stamps = [stamp(end_us) for end_us in ends_us]
    pieces = (
        head + stamps[i * step] + b'Z","format":"RFC3339"},"time_end":{"value":"' + stamps[i * step + 1] + TAIL
        for i, head in enumerate(heads)
    )
    return b"[" + b",".join(pieces) + b"]"


def stamp(time_us: int) -> bytes:
    """A time in RFC 3339 without its zone, to the microsecond."""
    return (EPOCH + timedelta(microseconds=time_us)).isoformat(timespec="microseconds").encode()


def new_id(rng: random.Random) -> str:
    """A UUID of version 4 (RFC 9562, 5.4)."""
    digits = f"{rng.getrandbits(128):032x}"
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def new_suffix(rng: random.Random, now_us: int) -> str:
    """A UUID of version 7 (RFC 9562, 5.7)."""
    time, digits = f"{now_us // 1_000:012x}", f"{rng.getrandbits(80):020x}"
    variant = "89ab"[int(digits[3], 16) & 3]
    return f"{time[:8]}-{time[8:]}-7{digits[:3]}-{variant}{digits[4:7]}-{digits[7:19]}"
