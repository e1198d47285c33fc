"""Velocity from places alone: steady where things stand, quick where they turn, and honest about its error."""

import math

import numpy as np
import pytest
from geographiclib.geodesic import Geodesic
from watch_kit import Flyer, us
from worlds import charter

from wideberth.feeds.report import Method, Report
from wideberth.watch.fuse import Sky
from wideberth.watch.motion import COUNT, FIT, GO_E, GO_N, P_VV, SCATTER, follow
from wideberth.watch.together import DRIFT_M_S, Tracks
from wideberth.watch.watch import Watch

GEOD = Geodesic.WGS84
BARE: dict[str, object] = {"speed_mm_s": None, "track_mdeg": None, "climb_mm_s": None}


def plot(lat: float, lon: float, t: float, sigma_m: float, random: np.random.Generator, **changes: object) -> Report:
    """A place alone, with noise of that much in both axes."""
    east, north = random.normal(0.0, sigma_m, 2)
    end = GEOD.Direct(lat, lon, math.degrees(math.atan2(east, north)), math.hypot(east, north))
    fields = {"method": Method.MLAT, "accuracy_mm": None} | BARE | changes
    return Flyer("aaaaaa", end["lat2"], end["lon2"]).report(0, time_us=us(t), received_us=us(t), **fields)


def flown(reports: list[Report]) -> list[Tracks]:
    """Swept after each report."""
    sky, out = Sky(), []
    for report in reports:
        sky.reports([report])
        out.append(sky.sweep(report.time_us))
        assert len(out[-1].number) == 1
    return out


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("changes", [{}, {"method": Method.ADS_B}, {"accuracy_mm": 3_000}, {"accuracy_mm": 500_000}])
def test_what_stands_does_not_seem_to_fly(seed: int, changes: dict[str, object]) -> None:
    """Parked, 50 m of noise, a place a second, whatever it states: under 15 m/s on average after 10 s."""
    random = np.random.default_rng(seed)
    tracks = flown([plot(50.0, 10.0, t, 50.0, random, **changes) for t in range(120)])
    speeds = [float(t.speed_m_s[0]) for t in tracks[10:]]
    assert np.mean(speeds) < 15.0
    assert max(speeds) < 45.0


@pytest.mark.parametrize(("sigma_m", "degrees", "vector_m_s"), [(0.0, 3.0, 6.0), (15.0, 9.0, 18.0), (50.0, 18.0, 36.0)])
@pytest.mark.parametrize("seed", range(4))
def test_a_standard_turn_is_followed(seed: int, sigma_m: float, degrees: float, vector_m_s: float) -> None:
    """3 degrees a second at 120 m/s, twice round: on average so near in direction and in velocity."""
    random = np.random.default_rng(seed)
    lat, lon, track = 50.0, 10.0, 0.0
    reports, truth = [], []
    for t in range(260):
        reports.append(plot(lat, lon, t, sigma_m, random))
        truth.append(track)
        rate = 3.0 if t >= 20 else 0.0
        end = GEOD.Direct(lat, lon, track + rate / 2, 120.0)
        lat, lon, track = end["lat2"], end["lon2"], (track + rate) % 360.0
    tracks = flown(reports)[30:]
    seen = np.array([t.track_rad[0] for t in tracks])
    wanted = np.radians(truth[30:])
    speed = np.array([t.speed_m_s[0] for t in tracks])
    off = np.degrees(np.abs((seen - wanted + np.pi) % (2 * np.pi) - np.pi))
    apart = np.hypot(speed * np.sin(seen) - 120 * np.sin(wanted), speed * np.cos(seen) - 120 * np.cos(wanted))
    assert off.mean() < degrees
    assert apart.mean() < vector_m_s


@pytest.mark.parametrize("step", [1.0, 4.0, 12.0])
def test_straight_flight_is_exact(step: float) -> None:
    """Without noise the velocity is right from the third place on, also over the pole and the antimeridian."""
    for flyer in (
        Flyer("aaaaaa", 50, 10, 30.0, 230.0), Flyer("aaaaaa", 89.95, 20, 3.0, 250.0), Flyer("aaaaaa", 10, 179.95, 90.0)
    ):  # fmt: skip
        tracks = flown([flyer.report(step * k, **BARE) for k in range(8)])
        for k in range(3, 8):
            _, _, course = flyer.at(step * k)
            assert tracks[k].speed_m_s[0] == pytest.approx(flyer.speed, rel=0.1)
            turn = math.remainder(math.degrees(tracks[k].track_rad[0]) - course, 360.0)
            assert turn == pytest.approx(0.0, abs=1.0)


def test_the_error_of_a_velocity_grows_the_places() -> None:
    """Eight seconds after a noisy place a track is surer of less than one whose velocity was reported."""
    random = np.random.default_rng(1)
    sky = Sky()
    for t in range(30):
        sky.reports([plot(50.0, 10.0, t, 50.0, random, accuracy_mm=100_000)])
    drift = (sky.sweep(us(37)).error_m[0] - 100.0) / 8.0
    assert drift == pytest.approx(2.45 * 11.0, rel=0.3)
    sky.reports([plot(50.0, 10.0, 38, 50.0, random, accuracy_mm=100_000, speed_mm_s=0, track_mdeg=0)])
    assert (sky.sweep(us(46)).error_m[0] - 100.0) / 8.0 == DRIFT_M_S


def test_no_velocity_is_worse_than_its_variance() -> None:
    """Straight at 100 m/s with noise of 5 to 200 m: its scatter is found, the variance has room for turns."""
    for sigma in (5.0, 50.0, 200.0):
        random, square, said, scatter = np.random.default_rng(2), [], [], []
        for _ in range(200):
            f, before = np.zeros(FIT), np.zeros(2)
            for k in range(40):
                at = np.array([100.0 * k, 0.0]) + random.normal(0, sigma, 2)
                follow(f, at[0] - before[0], at[1] - before[1], 1.0 if k else 0.0, 0.0, 50.0)
                before = at
            square.append(((f[GO_E] - 100.0) ** 2 + f[GO_N] ** 2) / 2)
            said.append(f[P_VV])
            scatter.append(f[SCATTER])
        assert 0.8 * sigma**2 < np.mean(scatter) < sigma**2 + 30.0 + 0.2 * sigma**2
        assert 0.1 * np.mean(said) < np.mean(square) < np.mean(said)


def test_a_fix_that_jumps_is_no_speed() -> None:
    """Places 700 m to the side at once, as a receiver does that regains its satellites: the speed stays."""
    f = np.zeros(FIT)
    for k in range(20):
        follow(f, 50.0 if k else 0.0, 0.0, 1.0 if k else 0.0, 0.0, 10.0)
    follow(f, 50.0, 700.0, 1.0, 0.0, 10.0)
    assert math.hypot(f[GO_E] - 50.0, f[GO_N]) < 5.0
    assert f[P_VV] >= 150.0**2
    for _ in range(4):
        follow(f, 50.0, 0.0, 1.0, 0.0, 10.0)
    assert math.hypot(f[GO_E] - 50.0, f[GO_N]) < 25.0
    assert f[P_VV] < 30.0**2


def test_a_second_place_of_the_same_moment_is_no_motion() -> None:
    """A corrected place moves where the filter stands, and no velocity comes of it."""
    f = np.zeros(FIT)
    for k in range(10):
        follow(f, 50.0 if k else 0.0, 0.0, 1.0 if k else 0.0, 0.0, 10.0)
    follow(f, 30.0, 0.0, 0.0, 0.0, 10.0)
    follow(f, 20.0, 0.0, 1.0, 0.0, 10.0)
    assert f[GO_E] == pytest.approx(50.0, abs=1.0)


def test_after_a_gap_it_begins_anew() -> None:
    """Half a minute without a place: what was known before says nothing of now."""
    sky = Sky()
    flyer = Flyer("aaaaaa", 50, 10)
    sky.reports([flyer.report(t, **BARE) for t in range(10)])
    sky.reports([flyer.report(45, **BARE)])
    assert math.isnan(sky.sweep(us(45)).speed_m_s[0])
    assert sky.fusion.strands.fit[sky.sweep(us(46)).row[0], COUNT] == 1.0


def test_an_implausible_speed_removes_no_track() -> None:
    """Places that leap 3 km a second to and fro: nothing goes so fast, so it has no speed, and it is still watched."""
    watch = Watch(charter())
    for k in range(20):
        lat = 50.0 + (0.0117 if k % 2 else 0.0)
        where = Flyer("aaaaaa", lat, 10.0)
        watch.reports([where.report(0, time_us=us(0.6 * k), received_us=us(0.6 * k), accuracy_mm=500_000, **BARE)])
        swept = watch.sweep(us(0.6 * k))
        assert swept.predicted == swept.tracks == 1
        assert not watch.tracks.speed_m_s[0] > 1_100.0
