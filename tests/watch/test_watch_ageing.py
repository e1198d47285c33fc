"""What a source said once does not hold for ever: velocity, climb, accuracy, being on the ground."""

import numpy as np
import pytest
from geographiclib.geodesic import Geodesic
from watch_kit import Flyer, us

from wideberth.feeds.report import Method, Report
from wideberth.watch.fuse import Sky
from wideberth.watch.state import NONE, Flag
from wideberth.watch.together import Tracks

GEOD = Geodesic.WGS84
EAST = Flyer("aaaaaa", 50.0, 10.0, 90.0, 230.0, 10_000)
BARE: dict[str, object] = {
    "speed_mm_s": None, "track_mdeg": None, "climb_mm_s": None, "on_ground": None, "accuracy_mm": None,
}  # fmt: skip


def after(*reports: Report) -> Tracks:
    """The tracks at the time of the last report."""
    sky = Sky()
    for report in reports:
        sky.reports([report])
    return sky.sweep(reports[-1].time_us)


def flags(tracks: Tracks) -> Flag:
    """Of the only track."""
    assert len(tracks.number) == 1
    return Flag(int(tracks.flags[0]))


def test_velocity_and_climb_expire_and_places_take_over() -> None:
    """North and up was said once, then it flies east: after 10 s it goes as its places do, and climbs no more."""
    first = EAST.report(0, track_mdeg=0, climb_mm_s=15_000)
    rest = [EAST.report(t, **BARE) for t in range(1, 61)]
    held = after(first, *rest[:9])
    assert held.track_rad[0] == 0.0
    assert held.climb[0] == 150_000
    tracks = after(first, *rest[:11])
    assert np.degrees(tracks.track_rad[0]) == pytest.approx(90.0, abs=2.0)
    assert tracks.climb[0] == 0.0
    tracks = after(first, *rest)
    assert np.degrees(tracks.track_rad[0]) == pytest.approx(EAST.at(60)[2], abs=0.5)
    assert tracks.speed_m_s[0] == pytest.approx(230.0, abs=1.0)


def test_an_impossible_climb_keeps_no_old_one() -> None:
    """A climb that nothing has is flagged, and the one before still expires."""
    tracks = after(EAST.report(0, climb_mm_s=15_000), EAST.report(11, climb_mm_s=900_000))
    assert tracks.climb[0] == 0.0
    assert Flag.SPEED in flags(tracks)


def test_places_that_go_another_way_than_reported_are_flagged() -> None:
    """The right speed, the wrong way, all along: flagged after three stretches of 10 s, never before."""
    reports = [EAST.report(t, track_mdeg=0) for t in range(32)]
    assert Flag.MISMATCH not in flags(after(*reports[:29]))
    assert Flag.MISMATCH in flags(after(*reports))


@pytest.mark.parametrize("step", [1, 4, 12])
@pytest.mark.parametrize(("speed", "rate"), [(250.0, 3.0), (250.0, -3.0), (15.0, 20.0)])
def test_turns_that_are_reported_are_no_mismatch(step: int, speed: float, rate: float) -> None:
    """Circles at every rate of report, half a minute and more: each place goes as the reports around it say."""
    lat, lon, track, reports = 48.0, 8.0, 0.0, []
    for t in range(20 * 12):
        if t % step == 0:
            flyer = Flyer("aaaaaa", lat, lon, track % 360.0, speed)
            reports.append(flyer.report(0, time_us=us(t), received_us=us(t)))
        end = GEOD.Direct(lat, lon, track + rate / 2, speed)
        lat, lon, track = end["lat2"], end["lon2"], track + rate
    assert not flags(after(*reports))


def test_over_the_pole_nothing_is_a_mismatch() -> None:
    """North turns by half a turn between two reports: directions are compared by the same north."""
    flyer = Flyer("aaaaaa", 89.97, 20.0, 5.0, 250.0)
    assert not flags(after(*(flyer.report(t) for t in range(60))))


def test_accuracy_goes_with_the_method_that_stated_it() -> None:
    """Multilateration after ADS-B of 3 m is not good for 3 m; a radar without a word is good for 0.9 km."""
    fine = EAST.report(0, accuracy_mm=3_000)
    assert after(fine).error_m[0] == 3.0
    assert after(fine, EAST.report(1, accuracy_mm=None)).error_m[0] == 3.0
    for method, metres in ((Method.MLAT, 500.0), (Method.RADAR, 900.0), (Method.TIS_B, 900.0)):
        assert after(fine, EAST.report(1, accuracy_mm=None, method=method)).error_m[0] == metres
    altitude = EAST.report(1, **(BARE | {"method": Method.MODE_S, "lat_nd": None, "lon_nd": None}))
    assert after(fine, altitude, EAST.report(2, accuracy_mm=None)).error_m[0] == 3.0


def test_accuracy_expires() -> None:
    """Ten seconds after it was stated last, none is; what is stated anew holds, containment too."""
    reports = [EAST.report(0, accuracy_mm=3_000), *(EAST.report(t, accuracy_mm=None) for t in range(1, 12))]
    assert after(*reports[:11]).error_m[0] == 3.0
    assert after(*reports).error_m[0] == 500.0
    assert after(*reports, EAST.report(12, accuracy_mm=10_000)).error_m[0] == 10.0
    assert after(*reports, EAST.report(12, accuracy_mm=None, integrity_mm=185_200)).error_m[0] == pytest.approx(185.2)


TAXI = Flyer("aaaaaa", 50.0, 10.0, 90.0, 5.0, 1_000)


def test_on_the_ground_yields_to_speed() -> None:
    """At 195 kt it flies, with the flag said once or said on; a taxiing one that says so stays on the ground."""
    fast = TAXI._replace(speed=100.0)
    taxi = TAXI.report(0, on_ground=True)
    assert after(taxi, TAXI.report(1, on_ground=True)).ground[0] == 1
    assert after(taxi, fast.report(1, on_ground=None)).ground[0] == 0
    assert after(taxi, fast.report(1, on_ground=True)).ground[0] == 0
    assert after(taxi, *(fast.report(t, **BARE) for t in range(1, 9))).ground[0] == 0


@pytest.mark.parametrize("kind", ["baro_ft", "hae_mm"])
def test_on_the_ground_yields_to_height(kind: str) -> None:
    """Slow, and 250 ft above where it stood: a helicopter that took off."""
    foot = 1.0 if kind == "baro_ft" else 304.8

    def at(t: float, feet: float, on_ground: bool | None) -> Report:
        return TAXI.report(t, **{"baro_ft": None, "on_ground": on_ground, kind: round(feet * foot)})

    stood = at(0, 1_000, True)
    assert after(stood, at(1, 1_100, None)).ground[0] == 1
    assert after(stood, at(1, 1_250, None)).ground[0] == 0
    assert after(stood, at(1, 1_250, True), at(2, 1_300, None)).ground[0] == 1


def test_on_the_ground_expires() -> None:
    """After 10 s without a word nobody knows, and what nobody knows is not left out."""
    taxi = [TAXI.report(0, on_ground=True), *(TAXI.report(t, on_ground=None) for t in range(1, 12))]
    assert after(*taxi[:11]).ground[0] == 1
    assert after(*taxi).ground[0] == NONE
