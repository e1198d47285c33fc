"""Heights that contradict one another are unknown, for zones and for pairs; classes hold across sources."""

import pytest
from geographiclib.geodesic import Geodesic
from test_watch_entry import square, zone
from watch_kit import Flyer, us
from worlds import charter

from wideberth.feeds.report import AddressKind, Method
from wideberth.party.charter import CLASSES, TrafficClass
from wideberth.watch.fuse import Sky
from wideberth.watch.watch import Watch
from wideberth.watch.whose import Own

AHEAD = Geodesic.WGS84.Direct(48, 8, 0, 40_000)
A = Flyer("aaaaaa", 48, 8, 0, 200.0, 35_000)


def watched() -> Watch:
    """A watch in which AAA flies the first."""
    watch = Watch(charter())
    watch.assign(AddressKind.ICAO, "aaaaaa", Own("AAA"))
    return watch


@pytest.mark.parametrize("tablet", [False, True])
def test_a_tablet_that_says_no_height_switches_no_warning_off(tablet: bool) -> None:
    """At FL350 towards 9 to 12 km: warned and entered, whether or not something aboard says 0 m."""
    watch = watched()
    watch.zones.put(zone(square(AHEAD["lat2"], AHEAD["lon2"], 5_000), "BBB/1", 9_000, 12_000, owner="BBB"))
    aboard = A._replace(kind=AddressKind.UID, address="ANDROID-1", method=Method.REPORTED, baro_ft=None, hae_mm=0)
    events = []
    for t in range(180):
        watch.reports([A.report(t, "sbs", accuracy_mm=None)])
        if tablet:
            watch.reports([aboard.report(t + 0.1, "tak", climb_mm_s=None, accuracy_mm=10_000)])
        events += [change.event for change in watch.sweep(us(t + 0.2)).changes]
    assert events == ["opened", "time is short", "too near"]


@pytest.mark.parametrize(("lower_m", "upper_m"), [(9_000, 12_000), (0, 3_000), (4_000, 6_000)])
def test_one_that_contradicts_itself_is_anywhere_between(lower_m: int, upper_m: int) -> None:
    """35,000 ft by pressure, 1,000 m by height: each zone that it may enter says so."""
    watch = watched()
    watch.zones.put(zone(square(AHEAD["lat2"], AHEAD["lon2"], 5_000), "BBB/1", lower_m, upper_m, owner="BBB"))
    for t in range(4):
        watch.reports([A.report(t, hae_mm=1_000_000)])
        watch.sweep(us(t + 0.1))
    (alert,) = watch.alerts.by_id.values()
    assert alert.doubt == "altitudes"


@pytest.mark.parametrize(("feet", "alerts"), [(3_300, 1), (20_000, 1), (35_000, 1), (45_000, 0)])
def test_a_stranger_at_either_height_is_met(feet: int, alerts: int) -> None:
    """Head-on, the other at its pressure altitude, at its height, between, above both."""
    watch = watched()
    other = Flyer("bbbbbb", AHEAD["lat2"], AHEAD["lon2"], 180, 200.0, feet)
    for t in range(4):
        watch.reports([A.report(t, hae_mm=1_000_000), other.report(t)])
        watch.sweep(us(t + 0.1))
    assert len(watch.alerts.by_id) == alerts


@pytest.mark.parametrize(("category", "expected"), [("B6", TrafficClass.DRONE), ("C2", TrafficClass.GROUND)])
def test_a_source_that_says_no_class_takes_none_away(category: str, expected: TrafficClass) -> None:
    """One source knows what it is, a better one that comes later does not."""
    sky = Sky()
    for t in range(20):
        sky.reports([A.report(t, "readsb", category=category)])
        if t > 9:
            sky.reports([A.report(t + 0.1, "sbs", accuracy_mm=10_000)])
    assert CLASSES[sky.sweep(us(19.2)).kind[0]] is expected
