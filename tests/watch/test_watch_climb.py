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


def test_a_wild_altitude_is_no_climb() -> None:
    """One altitude of another aircraft garbled in, and back: level."""
    sky = Sky()
    for k, feet in enumerate([20_000] * 8 + [31_000] + [20_000] * 8):
        sky.reports([PLOT.report(4.0 * k, baro_ft=feet, climb_mm_s=None)])
        assert sky.sweep(us(4.0 * k)).climb[0] == 0.0
