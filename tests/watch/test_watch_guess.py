"""Velocities that places alone give: noise predicts nothing, and what comes is warned of all the same."""

import numpy as np
import pytest
from geographiclib.geodesic import Geodesic
from msgspec.structs import replace
from watch_kit import Flyer, us
from worlds import charter

from wideberth.feeds.report import AddressKind, Method
from wideberth.watch.watch import Watch
from wideberth.watch.whose import Own

GEOD = Geodesic.WGS84
ONE = Flyer("1", 48, 8, 0, 200.0, 35_000, kind=AddressKind.RADAR, method=Method.RADAR)
QUIET: dict[str, object] = {"speed_mm_s": None, "track_mdeg": None, "climb_mm_s": None}


def off(azimuth: float, metres: float, **changes: object) -> Flyer:
    """Another, so far away in a direction."""
    at = GEOD.Direct(48, 8, azimuth, metres)
    return ONE._replace(address="2", lat=at["lat2"], lon=at["lon2"], **changes)  # type: ignore[arg-type]


def told(flyers: list[Flyer], until_s: int, every_s: float, noise_m: float, seed: int) -> list[tuple[float, str]]:
    """Events, by plots with so much 95 % noise and no velocity; two sweeps a second."""
    watch, rng = Watch(charter()), np.random.default_rng(seed)
    watch.assign(AddressKind.RADAR, "1", Own("AAA"))
    plots = [
        (k * 0.4 * every_s + n * every_s, f) for k, f in enumerate(flyers) for n in range(int(until_s / every_s) + 1)
    ]
    plots.sort(key=lambda plot: plot[0])
    events = []
    for half in range(2 * until_s):
        while plots and plots[0][0] <= half / 2:
            t, flyer = plots.pop(0)
            north, east = (rng.normal(0, noise_m / 2.4477, 2) * (1e9 / 111_200)).tolist()
            report = flyer.report(t, accuracy_mm=900_000, **QUIET)
            assert report.lat_nd is not None
            assert report.lon_nd is not None
            lat, lon = report.lat_nd + round(north), report.lon_nd + round(east / 0.67)
            watch.reports([replace(report, lat_nd=lat, lon_nd=lon)])
        changes = watch.sweep(us(half / 2 + 0.001)).changes
        events += [(half / 2, change.event) for change in changes]
    return events


@pytest.mark.parametrize(("every_s", "noise_m", "most"), [(1.0, 60.0, 2), (4.0, 100.0, 4), (12.0, 300.0, 20)])
def test_parallel_flight_in_noise_opens_next_to_nothing(every_s: float, noise_m: float, most: int) -> None:
    """Side by side at 9 km, minima 3 NM, an hour in all, each begun anew every five minutes."""
    events = [e for seed in range(12) for _, e in told([ONE, off(90, 9_000)], 300, every_s, noise_m, seed)]
    assert events.count("opened") + events.count("predicted again") <= most
    assert events.count("time is short") <= most


@pytest.mark.parametrize(("every_s", "noise_m"), [(1.0, 60.0), (4.0, 100.0), (12.0, 300.0)])
def test_what_comes_head_on_is_warned_of_in_time(every_s: float, noise_m: float) -> None:
    """At 400 m/s from 70 km: predicted early, warned two minutes before, give or take the noise."""
    coming = off(0, 70_000, track=180)
    entry = (70_000 - 5_556) / 400
    for seed in range(5):
        events = told([ONE, coming], 170, every_s, noise_m, seed)
        at = {event: t for t, event in reversed(events)}
        assert at["opened"] < 60
        assert at["time is short"] == pytest.approx(entry - 120, abs=10 + 2 * every_s)
        assert at["too near"] == pytest.approx(entry, abs=4)
        assert "apart" not in at


def test_two_that_hover_are_not_predicted_to_meet() -> None:
    """7 km apart, nobody says how they move, places scatter: nothing, for five minutes."""
    still = [ONE._replace(speed=0.0, baro_ft=1_000), off(90, 7_000, speed=0.0, baro_ft=1_000)]
    assert told(still, 300, 1.0, 30.0, 1) == []
