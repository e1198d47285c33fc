"""The live volumes against asking the rule of every pair."""

import os
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from geographiclib.geodesic import Geodesic

from wideberth.space.live import LiveVolumes, NearLive
from wideberth.space.overlap import near
from wideberth.space.volume import Circle, Polygon, Volume4D, boxes

LONG = bool(os.environ.get("WIDEBERTH_LONG"))
MINUTE_US = 60_000_000
EPOCH_US = 1_800_000_000_000_000
PLACES = {"europe": (48.0, 10.0), "antimeridian": (-17.0, 180.0), "north pole": (89.98, 30.0), "equator": (0.0, 0.0)}
MINIMUM_M = np.array([5_556.0, 0.0, 500.0])
MINIMUM_MM = np.array([914_400, 0, 50_000])


class EveryPair:
    """Live volumes as a list that is asked one by one."""

    def __init__(self) -> None:
        self.live: dict[int, tuple[Volume4D, int]] = {}

    def near(self, volumes: Sequence[Volume4D]) -> list[tuple[int, ...]]:
        """What `LiveVolumes.near` should answer, without the place."""
        rows = []
        for query, volume in enumerate(volumes):
            for slot, (other, kind) in sorted(self.live.items()):
                found = near(volume, other, float(MINIMUM_M[kind]), int(MINIMUM_MM[kind]))
                if found is not None:
                    rows.append((query, slot, *found[:6]))
        return rows


def rows_of(found: NearLive) -> list[tuple[int, ...]]:
    """Pairs without the place, which may differ by rounding when a pair is asked the other way round."""
    return list(zip(*(column.tolist() for column in found[:8]), strict=True))


def nd(degrees: float) -> int:
    """Nanodegrees."""
    return round(degrees * 1e9)


def volume_near(random: np.random.Generator, lat: float, lon: float) -> Volume4D:
    """A circle or a polygon of 50 m to 5 km, within 12 km and three hours of a place."""
    line = Geodesic.WGS84.Direct(lat, lon, random.uniform(0, 360), 12_000 * random.random())
    radius_m = float(np.exp(random.uniform(np.log(50), np.log(5_000))))
    outline: Circle | Polygon
    if random.random() < 0.3:
        outline = Circle(nd(line["lat2"]), nd(wrapped(line["lon2"])), round(radius_m * 1000))
    else:
        ring: list[int] = []
        for azimuth in np.sort(random.uniform(0, 360, random.integers(3, 7))).tolist():
            corner = Geodesic.WGS84.Direct(line["lat2"], line["lon2"], azimuth, radius_m)
            ring += (nd(corner["lat2"]), nd(wrapped(corner["lon2"])))
        outline = Polygon(tuple(ring))
    lower_mm = int(random.integers(0, 3_000_000))
    start_us = EPOCH_US + int(random.integers(0, 180)) * MINUTE_US
    upper_mm, end_us = lower_mm + int(random.integers(0, 300_000)), start_us + int(random.integers(1, 60)) * MINUTE_US
    return Volume4D(outline, lower_mm, upper_mm, start_us, end_us)


def wrapped(lon: float) -> float:
    """A longitude in [-180, 180)."""
    return (lon + 180) % 360 - 180


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("seed", range(20 if LONG else 2))
def test_like_every_pair(place: str, seed: int) -> None:
    """While volumes come and go, half of them by their boxes alone, answers are those of asking every pair."""
    random = np.random.default_rng(seed)
    twin, known = EveryPair(), dict[int, Volume4D]()
    live = LiveVolumes(lambda slots: [known[slot] for slot in slots.tolist()])
    hits = 0
    for _ in range(6):
        volumes = [volume_near(random, *PLACES[place]) for _ in range(60)]
        kinds = np.repeat(random.integers(0, 3, 2), 30)
        whole = live.add(volumes[:30], int(kinds[0]))
        lazy = live.add_boxes(boxes(volumes[30:]), kinds[30:])
        for slot, volume, kind in zip(np.concatenate((whole, lazy)).tolist(), volumes, kinds.tolist(), strict=True):
            twin.live[slot] = volume, kind
            known[slot] = volume
        asked = [volume_near(random, *PLACES[place]) for _ in range(20)]
        found = rows_of(live.near(asked, MINIMUM_M, MINIMUM_MM))
        assert found == twin.near(asked)
        hits += len(found)
        leaving = random.permutation(sorted(twin.live))[:35]
        live.remove(leaving)
        for slot in leaving.tolist():
            del twin.live[slot], known[slot]
        assert len(live) == len(twin.live)
    assert hits > 60


def test_bystander() -> None:
    """Adding a bystander never removes a pair from an answer, nor changes it."""
    random = np.random.default_rng(3)
    live = LiveVolumes()
    live.add([volume_near(random, 48.0, 10.0) for _ in range(150)], 0)
    asked = [volume_near(random, 48.0, 10.0) for _ in range(20)]
    before = set(rows_of(live.near(asked, MINIMUM_M, MINIMUM_MM)))
    live.add([volume_near(random, 48.0, 10.0) for _ in range(150)], 0)
    assert before
    assert before < set(rows_of(live.near(asked, MINIMUM_M, MINIMUM_MM)))


def test_fetches_what_it_meets() -> None:
    """A box's shape is fetched when a question first meets it, once, and never otherwise."""
    random = np.random.default_rng(4)
    volumes = [volume_near(random, 48.0, 10.0), volume_near(random, -30.0, 100.0)]
    fetched: list[int] = []

    def fetch(slots: npt.NDArray[np.int64]) -> list[Volume4D]:
        fetched.extend(slots.tolist())
        return [volumes[slot] for slot in slots.tolist()]

    live = LiveVolumes(fetch)
    slots = live.add_boxes(boxes(volumes), np.zeros(2, np.int64))
    assert fetched == []
    for _ in range(2):
        found = live.near(volumes[:1], MINIMUM_M, MINIMUM_MM)
        assert found.slot.tolist() == [0]
    assert fetched == [0]
    live.remove(slots)
    assert len(live) == 0


def test_nothing() -> None:
    """Nothing live, or nothing asked, is answered with nothing."""
    live = LiveVolumes()
    assert rows_of(live.near([], MINIMUM_M, MINIMUM_MM)) == []
    assert rows_of(live.near([volume_near(np.random.default_rng(5), 0.0, 0.0)], MINIMUM_M, MINIMUM_MM)) == []
    assert live.add([], 0).tolist() == []
    live.remove(np.empty(0, np.int64))
