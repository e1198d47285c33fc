"""A sensor that is turned, moved or late is found out by the traffic that others see too."""

import math

import numpy as np
import pytest
from geographiclib.geodesic import Geodesic
from watch_kit import Flyer, us

from wideberth.feeds.report import AddressKind, Method
from wideberth.watch.bias import biased, estimate, turn_by_range
from wideberth.watch.fuse import Sky

GEOD = Geodesic.WGS84
SITE = (48.0, 8.0)
SITE_ND = (48_000_000_000, 8_000_000_000)


def turned(lat: float, lon: float, degrees: float, noise_m: float = 0.0, random: object = None) -> tuple[float, float]:
    """Where a sensor at the site that is turned clockwise sees a place."""
    line = GEOD.Inverse(*SITE, lat, lon)
    seen = GEOD.Direct(*SITE, line["azi1"] + degrees, line["s12"])
    if noise_m:
        assert isinstance(random, np.random.Generator)
        seen = GEOD.Direct(seen["lat2"], seen["lon2"], random.uniform(0, 360), abs(random.normal(0, noise_m)))
    return seen["lat2"], seen["lon2"]


def crowd(n: int, seed: int) -> list[Flyer]:
    """Aircraft within 200 km of the site."""
    random = np.random.default_rng(seed)
    found = []
    for k in range(n):
        at = GEOD.Direct(*SITE, random.uniform(0, 360), random.uniform(10_000, 200_000))
        found.append(Flyer(f"{k:06x}", at["lat2"], at["lon2"], random.uniform(0, 360), random.uniform(80, 250)))
    return found


def radians(places: list[tuple[float, float]]) -> np.ndarray:
    """(n, 2)."""
    return np.radians(np.array(places))


@pytest.mark.parametrize("site", [SITE, None])
@pytest.mark.parametrize("degrees", [107.0, -3.0, 179.5])
@pytest.mark.parametrize("seed", range(4))
def test_a_turned_sensor_is_found_within_ten_tracks(site: tuple | None, degrees: float, seed: int) -> None:
    """Ten aircraft that both name are enough, two of them wrongly paired, with 100 m of noise."""
    random = np.random.default_rng(seed)
    known = [(f.lat, f.lon) for f in crowd(10, seed)]
    seen = [turned(*place, degrees, 100.0, random) for place in known]
    seen[3], seen[7] = seen[7], seen[3]
    bias = estimate(radians(seen), radians(known), None, None if site is None else tuple(map(math.radians, site)))
    assert bias is not None
    assert math.remainder(bias.rotation_deg - degrees, 360) == pytest.approx(0, abs=0.5)
    assert bias.agreeing == 8
    assert biased(bias)


@pytest.mark.parametrize("seed", range(6))
def test_a_turned_radar_is_found_among_strangers(seed: int) -> None:
    """A primary radar names nothing: ten of its places among sixty known aircraft tell the turn."""
    random = np.random.default_rng(seed)
    known = [(f.lat, f.lon) for f in crowd(60, seed)]
    seen = [turned(*place, 107.0, 100.0, random) for place in known[:10]]
    turn = turn_by_range(radians(seen), radians(known), tuple(map(math.radians, SITE)))
    assert turn == pytest.approx(107.0, abs=1.5)


@pytest.mark.parametrize("seed", range(6))
def test_a_radar_that_sees_others_is_not_called_turned(seed: int) -> None:
    """Ten places that no known aircraft explains give no turn."""
    known = [(f.lat, f.lon) for f in crowd(30, seed)]
    seen = [(f.lat, f.lon) for f in crowd(10, seed + 100)]
    assert turn_by_range(radians(seen), radians(known), tuple(map(math.radians, SITE))) is None


def test_offset_and_delay_are_told_apart() -> None:
    """Places 2 km off to the east and 4 s old, of aircraft in all directions: both are found, and no turn."""
    flyers = crowd(20, 1)
    known = [(f.lat, f.lon) for f in flyers]
    seen = []
    for f in flyers:
        old = GEOD.Direct(f.lat, f.lon, f.track, -4.0 * f.speed)
        off = GEOD.Direct(old["lat2"], old["lon2"], 90.0, 2_000.0)
        seen.append((off["lat2"], off["lon2"]))
    speed, track = np.array([f.speed for f in flyers]), np.radians([f.track for f in flyers])
    velocity = np.stack((speed * np.sin(track), speed * np.cos(track)), 1)
    bias = estimate(radians(seen), radians(known), velocity)
    assert bias is not None
    assert bias.delay_s == pytest.approx(4.0, abs=0.3)
    assert bias.east_m == pytest.approx(2_000, abs=60)
    assert abs(bias.rotation_deg) < 0.2


def test_a_good_source_is_not_called_biased() -> None:
    """Noise alone, of 300 m, over many draws: never set aside."""
    for seed in range(30):
        random = np.random.default_rng(seed)
        known = [(f.lat, f.lon) for f in crowd(8, seed)]
        seen = [turned(*place, 0.0, 300.0, random) for place in known]
        bias = estimate(radians(seen), radians(known), None, tuple(map(math.radians, SITE)))
        assert bias is not None
        assert not biased(bias)


def test_few_things_say_nothing() -> None:
    """Four in common are too few for a word."""
    known = [(f.lat, f.lon) for f in crowd(4, 1)]
    assert estimate(radians(known), radians(known)) is None


@pytest.mark.parametrize("named", [True, False])
def test_a_turned_radar_makes_no_tracks_and_comes_back_when_it_is_right(named: bool) -> None:
    """Live: ten tracks turned by 107 degrees are set aside at the first sweep, and return once they lie right."""
    sky = Sky({"radar": SITE_ND})
    flyers = crowd(40, 3)
    kind = AddressKind.ICAO if named else AddressKind.RADAR
    for t in range(40):
        sky.reports([f.report(t) for f in flyers])
        degrees = 107.0 if t < 10 else 0.0
        batch = []
        for n, f in enumerate(flyers[:10]):
            lat, lon, track = f.at(t)
            lat, lon = turned(lat, lon, degrees)
            plot = Flyer(f.address if named else f"1/2/{n}", lat, lon, track + degrees, f.speed)
            batch.append(
                plot.report(0, "radar", time_us=us(t), received_us=us(t), kind=kind, method=Method.RADAR)
            )  # fmt: skip
        sky.reports(batch)
        tracks = sky.sweep(us(t))
        radar = sky.sources["radar"]
        if t < 10:
            assert radar.aside
            assert radar.bias is not None
            assert radar.bias.rotation_deg == pytest.approx(107, abs=1)
            assert len(tracks.number) == 40
            assert not sky.sources["a"].aside
    assert not radar.aside
