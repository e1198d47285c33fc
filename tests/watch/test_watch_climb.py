"""How things climb that do not say so: by their altitudes, and only where these are surely no steps of the format."""

import numpy as np
import pytest
from watch_kit import Flyer, us

from wideberth.feeds.report import AddressKind, Method
from wideberth.watch.fuse import Sky
from wideberth.watch.together import Tracks

PLOT = Flyer("17", 50.0, 10.0, 90.0, 200.0, 20_000, kind=AddressKind.RADAR, method=Method.RADAR)
FT_MIN = 0.3048 / 60 * 1e4
"""Tenths of a millimetre a second in one."""


def seen(climb_ft_min: float, until_s: float, every_s: float, step_ft: int, noise_ft: float = 0.0) -> Tracks:
    """After altitudes in steps, some of them flickering, and no word of climb."""
    rng, sky = np.random.default_rng(1), Sky()
    for t in np.arange(0.0, until_s + 0.1, every_s).tolist():
        feet = 20_000 + climb_ft_min * t / 60 + noise_ft * rng.uniform(-1, 1)
        sky.reports([PLOT.report(t, baro_ft=round(feet / step_ft) * step_ft, climb_mm_s=None)])
    return sky.sweep(us(until_s))


@pytest.mark.parametrize("every_s", [1.0, 4.0, 10.0])
@pytest.mark.parametrize("climb_ft_min", [-2_000, -1_000, 1_000, 3_000])
def test_a_climb_is_known_by_altitudes_in_steps_of_100_ft(every_s: float, climb_ft_min: float) -> None:
    """After six altitudes or 40 s within 30 %, in the right direction from the first."""
    tracks = seen(climb_ft_min, max(5 * every_s, 40.0), every_s, 100)
    assert tracks.climb[0] / FT_MIN == pytest.approx(climb_ft_min, rel=0.3)
    assert tracks.baro[0] / 3_048 == pytest.approx(20_000 + climb_ft_min * max(5 * every_s, 40.0) / 60, abs=101)


@pytest.mark.parametrize("every_s", [1.0, 4.0, 10.0])
def test_a_level_flight_between_two_steps_is_level(every_s: float) -> None:
    """An altitude that flickers between two steps of 100 ft is at no time a climb."""
    for until_s in np.arange(0.0, 120.0, every_s).tolist():
        rng, sky = np.random.default_rng(7), Sky()
        for t in np.arange(0.0, until_s + 0.1, every_s).tolist():
            feet = int(rng.choice([20_000, 20_100]))
            sky.reports([PLOT.report(t, baro_ft=feet, climb_mm_s=None)])
        assert sky.sweep(us(until_s)).climb[0] == 0.0


def test_heights_above_the_ellipsoid_serve_where_there_is_no_pressure_and_are_never_mixed() -> None:
    """A tracker with GNSS alone climbs; where pressure comes in between, 400 ft off, no climb is made of the change."""
    sky = Sky()
    for t in range(20):
        sky.reports([PLOT.report(t, baro_ft=None, hae_mm=3_000_000 + 5_000 * t, climb_mm_s=None)])
    assert sky.sweep(us(19)).climb[0] == pytest.approx(50_000, rel=0.05)
    for t in range(20, 60):
        feet, hae = (round((3_000 + 5 * t) / 0.3048) + 400, None) if t % 2 else (None, 3_000_000 + 5_000 * t)
        sky.reports([PLOT.report(t, baro_ft=feet, hae_mm=hae, climb_mm_s=None)])
        assert sky.sweep(us(t)).climb[0] in (0.0, pytest.approx(50_000, rel=0.3))
    assert sky.sweep(us(59)).climb[0] == pytest.approx(50_000, rel=0.1)


def test_what_is_said_comes_before_what_altitudes_give() -> None:
    """A reported climb holds; ten seconds after the last the altitudes take over."""
    sky = Sky()
    for t in range(11):
        sky.reports([PLOT.report(t, baro_ft=20_000 + 30 * t, climb_mm_s=-2_000 if t == 0 else None)])
    assert sky.sweep(us(10)).climb[0] == -20_000
    for t in range(11, 22):
        sky.reports([PLOT.report(t, baro_ft=20_000 + 30 * t, climb_mm_s=None)])
    assert sky.sweep(us(21)).climb[0] == pytest.approx(30 * 3_048, rel=0.1)


@pytest.mark.parametrize("every_s", [1.0, 4.0, 12.0])
@pytest.mark.parametrize("off_ft", [-970, -500, 500, 600, 800, 1_000, 5_000, 11_000])
def test_a_wild_altitude_is_no_climb(every_s: float, off_ft: int) -> None:
    """One altitude that is garbled, or another aircraft's, and back: level all the time."""
    sky = Sky()
    for k in range(20):
        sky.reports([PLOT.report(every_s * k, baro_ft=20_000 + off_ft * (k == 8), climb_mm_s=None)])
        assert sky.sweep(us(every_s * k)).climb[0] == 0.0


@pytest.mark.parametrize("every_s", [1.0, 4.0])
def test_a_wild_altitude_hides_no_climb(every_s: float) -> None:
    """One altitude 700 ft off in a steady climb, and the climb goes on."""
    sky = Sky()
    for k in range(20):
        feet = round((20_000 + 2_000 * every_s * k / 60 + 700 * (k == 12)) / 100) * 100
        sky.reports([PLOT.report(every_s * k, baro_ft=feet, climb_mm_s=None)])
        if k >= 10:
            assert sky.sweep(us(every_s * k)).climb[0] / FT_MIN == pytest.approx(2_000, rel=0.2)


def test_a_climb_of_a_source_that_went_silent_is_not_flown_on() -> None:
    """ADS-B that descended is gone, a radar has it level: 15 s later so it is, as the radar says."""
    sky = Sky()
    down = PLOT._replace(kind=AddressKind.ICAO, method=Method.ADS_B, climb_mm_s=-10_160, baro_ft=30_000)
    for t in range(60):
        sky.reports([down.report(t, "adsb")])
    for t in range(0, 90, 4):
        feet = max(28_000, 30_000 - round(t * 2_000 / 60 / 100) * 100)
        seen = down.report(t, "north", baro_ft=feet, climb_mm_s=None, method=Method.MODE_S, accuracy_mm=300_000)
        sky.reports([seen])
        if t >= 76:
            tracks = sky.sweep(us(t))
            assert tracks.climb[0] == 0.0
            assert tracks.baro[0] == 28_000 * 3_048


def test_an_altitude_that_one_source_still_says_is_taken() -> None:
    """ADS-B without altitude any more, a radar with one: it is the radar's, carried on, and never unknown."""
    sky = Sky()
    one = PLOT._replace(kind=AddressKind.ICAO, method=Method.ADS_B, climb_mm_s=0)
    for t in range(60):
        sky.reports([one.report(t, "adsb", baro_ft=20_000 if t < 5 else None)])
        if t % 4 == 0:
            sky.reports([one.report(t, "north", baro_ft=19_900, method=Method.MODE_S, accuracy_mm=300_000)])
        if t >= 16:
            assert sky.sweep(us(t)).baro[0] == 19_900 * 3_048
