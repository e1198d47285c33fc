"""The watch as one: from reports to what each party sees."""

import numpy as np
import pytest
from geographiclib.geodesic import Geodesic
from test_watch_entry import square, zone
from watch_kit import Flyer, us
from worlds import charter

from wideberth.feeds.report import AddressKind, Method
from wideberth.party.charter import TrafficClass
from wideberth.refusal import Refusal
from wideberth.space.volume import Circle
from wideberth.watch.alert import Alert, AlertState
from wideberth.watch.conformance import Stand
from wideberth.watch.entry import ZoneKind
from wideberth.watch.watch import Watch
from wideberth.watch.whose import Own

GEOD = Geodesic.WGS84
AHEAD = GEOD.Direct(48, 8, 0, 60_000)
A = Flyer("aaaaaa", 48, 8, 0, 200.0)
B = Flyer("bbbbbb", AHEAD["lat2"], AHEAD["lon2"], 180, 200.0, 35_500)


def fly(watch: Watch, flyers: list[Flyer], seconds: range) -> list[tuple[int, str]]:
    """When which event came."""
    events = []
    for t in seconds:
        watch.reports([f.report(t) for f in flyers])
        events += [(t, change.event) for change in watch.sweep(us(t)).changes]
    return events


def test_two_head_on_are_predicted_warned_met_and_passed() -> None:
    """Two minutes of warning before the 3 NM of the charter, and the moments are those of the geometry."""
    watch = Watch(charter())
    watch.assign(AddressKind.ICAO, "aaaaaa", Own("AAA"))
    watch.assign(AddressKind.ICAO, "bbbbbb", Own("BBB"))
    events = fly(watch, [A, B], range(190))
    entry = (60_000 - 5_556) / 400
    assert [event for _, event in events] == ["opened", "time is short", "too near", "apart"]
    opened, short, near, apart = (t for t, _ in events)
    assert opened == 1
    assert short == pytest.approx(entry - 120, abs=2)
    assert near == pytest.approx(entry, abs=1.5)
    assert apart == pytest.approx((60_000 + 1.1 * 5_556) / 400 + 10, abs=2)


def test_the_other_is_seen_only_while_it_matters() -> None:
    """In the alert each sees the other's place and closure; before, after, and whoever is not concerned, nothing."""
    watch = Watch(charter())
    watch.assign(AddressKind.ICAO, "aaaaaa", Own("AAA"))
    watch.assign(AddressKind.ICAO, "bbbbbb", Own("BBB"))
    fly(watch, [A, B], range(30))
    for party, own, other in (("AAA", "aaaaaa", "bbbbbb"), ("BBB", "bbbbbb", "aaaaaa")):
        picture = watch.view(party)
        assert [track.name for track in picture.own] == [own]
        (view,) = picture.alerts
        assert (view.own, view.other) == (own, other)
        assert view.closure_m_s == pytest.approx(400, abs=1)
        assert view.theirs is not None
        assert view.vertical_m == pytest.approx(152.4, abs=0.1)
    assert watch.view("CCC") == type(picture)(us(29), (), ())
    fly(watch, [A, B], range(30, 190))
    (view,) = watch.view("AAA").alerts
    assert view.state is AlertState.PASSED
    assert view.theirs is view.mine is view.entry_s is view.closure_m_s is None


def test_pairs_of_nobody_open_no_alert_unless_somebody_watches_all() -> None:
    """Two strangers are nobody's matter; a traffic service that watches all is told, and told alone."""
    watch = Watch(charter())
    watch.reports([A.report(0), B.report(0)])
    assert watch.sweep(us(0)).pairs == 0
    watch.watch_all("ATS")
    fly(watch, [A, B], range(1, 4))
    (alert,) = watch.alerts.by_id.values()
    assert alert.parties == ("ATS",)


def test_on_the_ground_nobody_is_too_near() -> None:
    """Two on the ground, 50 m apart, are no pair; one of them in the air is one."""
    near = [A._replace(speed=5.0, baro_ft=500), A._replace(address="bbbbbb", lat=48.0005, speed=5.0, baro_ft=500)]
    for grounds, pairs in (((True, True), 0), ((True, False), 0), ((False, False), 1)):
        watch = Watch(charter())
        watch.watch_all("ATS")
        watch.reports([f.report(0, on_ground=g) for f, g in zip(near, grounds, strict=True)])
        assert watch.sweep(us(0)).pairs == pairs


def test_exactly_at_the_minimum_is_no_alert() -> None:
    """3,000 ft apart, on the charter's minimum of 3,000 ft: nothing, however long; 2,999 ft is an alert."""
    for feet, expected in ((38_000, 0), (37_999, 1)):
        watch = Watch(charter())
        watch.assign(AddressKind.ICAO, "aaaaaa", Own("AAA"))
        fly(watch, [A, B._replace(baro_ft=feet)], range(10))
        assert len(watch.alerts.by_id) == expected


def test_a_duplicate_by_radar_is_not_an_alert() -> None:
    """One aircraft by ADS-B and by a radar that names it otherwise raises nothing once joined, and is one track."""
    watch = Watch(charter())
    watch.assign(AddressKind.ICAO, "aaaaaa", Own("AAA"))
    radar = A._replace(address="25/1/7", kind=AddressKind.RADAR, method=Method.RADAR)
    for t in range(120):
        watch.reports([A.report(t), radar.report(t, "radar", accuracy_mm=150_000)])
        watch.sweep(us(t))
    assert len(watch.tracks.number) == 1
    assert all(alert.over for alert in watch.alerts.by_id.values())


def test_entries_tell_owner_and_flyer_what_each_may_know() -> None:
    """A closure ahead: its owner sees the track that comes, the flyer that something begins, by name only if open."""
    ahead = GEOD.Direct(48, 8, 0, 30_000)
    for open_, name in ((True, "z"), (False, "")):
        watch = Watch(charter())
        watch.assign(AddressKind.ICAO, "aaaaaa", Own("AAA"))
        watch.zones.put(zone(square(ahead["lat2"], ahead["lon2"], 10_000), owner="BBB", open=open_))
        events = fly(watch, [A], range(160))
        assert [event for _, event in events] == ["opened", "time is short", "too near"]
        assert events[2][0] == pytest.approx(100, abs=2)
        (mine,), (theirs,) = watch.view("AAA").alerts, watch.view("BBB").alerts
        assert mine.other == name
        assert mine.theirs is None
        assert (theirs.own, theirs.other) == ("z", "aaaaaa")
        assert theirs.theirs is not None


def test_a_register_tells_its_owner_alone() -> None:
    """A party's own register is nobody else's business, not even the flyer's."""
    watch = Watch(charter())
    watch.assign(AddressKind.ICAO, "aaaaaa", Own("AAA"))
    place = Circle(48_100_000_000, 8_000_000_000, 2_000_000)
    watch.zones.put(zone(place, owner="BBB", kind=ZoneKind.REGISTER, traffic=TrafficClass.PROTECTED))
    fly(watch, [A], range(3))
    assert watch.view("AAA").alerts == ()
    assert len(watch.view("BBB").alerts) == 1


def test_a_thing_in_its_own_operation_conforms_and_is_told_when_not() -> None:
    """Inside its own operation there is no entry alert; flying on out of it becomes nonconforming."""
    watch = Watch(charter())
    watch.zones.put(zone(square(48, 8, 5_000), "plan", kind=ZoneKind.OPERATION, traffic=TrafficClass.CREWED_AIR))
    watch.assign(AddressKind.ICAO, "aaaaaa", Own("AAA", "plan"))
    turns = []
    for t in range(60):
        watch.reports([A.report(t)])
        turns += watch.sweep(us(t)).turns
    assert not watch.alerts.by_id
    assert [(turn.after, turn.event) for turn in turns] == [
        (Stand.CONFORMING, "seen"),
        (Stand.NONCONFORMING, "outside too long"),
    ]
    assert (turns[1].time_us - us(0)) / 1e6 == pytest.approx(5_000 / 200 + 5, abs=3)


def test_a_doubtful_track_warns_all_the_same_and_says_so() -> None:
    """A track whose altitudes contradict one another is warned of, by either altitude, with the doubt beside it."""
    watch = Watch(charter())
    watch.assign(AddressKind.ICAO, "aaaaaa", Own("AAA"))
    fly(watch, [A._replace(baro_ft=35_000, hae_mm=1_000_000), B], range(3))
    (alert,) = watch.alerts.by_id.values()
    assert alert.doubt == "altitudes"


def test_a_thing_without_altitude_is_anywhere() -> None:
    """Undefined stays undefined: the pair is an alert, and its vertical distance is none."""
    watch = Watch(charter())
    watch.assign(AddressKind.ICAO, "aaaaaa", Own("AAA"))
    fly(watch, [A, B._replace(baro_ft=None)], range(3))
    (view,) = watch.view("AAA").alerts
    assert view.vertical_m is None


def test_drones_and_crewed_aircraft_have_well_clear_as_a_second_test() -> None:
    """A drone at the height of a crewed aircraft: the alert says when well clear is lost, before they are nearest."""
    watch = Watch(charter())
    watch.assign(AddressKind.ICAO, "aaaaaa", Own("AAA"))
    drone = Flyer("serial", AHEAD["lat2"], 8, 180, 20.0, 35_000, 0, AddressKind.REMOTE_ID, Method.REPORTED)
    fly(watch, [A, drone], range(3))
    (alert,) = watch.alerts.by_id.values()
    assert alert.seen.well_clear_s is not None
    assert alert.seen.well_clear_s < alert.seen.cpa_s


def test_acknowledgement_by_all_concerned() -> None:
    """Both sides acknowledge; a stranger cannot."""
    watch = Watch(charter())
    watch.assign(AddressKind.ICAO, "aaaaaa", Own("AAA"))
    watch.assign(AddressKind.ICAO, "bbbbbb", Own("BBB"))
    fly(watch, [A, B], range(30))
    (alert,) = watch.alerts.by_id.values()
    assert isinstance(watch.acknowledge(alert.id, "CCC", us(30)), Refusal)
    assert watch.acknowledge(alert.id, "AAA", us(30)) == []
    (change,) = watch.acknowledge(alert.id, "BBB", us(31))  # type: ignore[misc]
    assert change.after is AlertState.ACKNOWLEDGED


def test_the_same_reports_give_the_same_alerts() -> None:
    """Two watches that hear the same, in batches cut differently, tell the same, ids included."""
    random = np.random.default_rng(2)
    draws = random.uniform((47.8, 7.7, 0, 50, 80), (48.2, 8.3, 360, 250, 90), (25, 5)).tolist()
    flyers = [Flyer(f"{n:06x}", *draw[:4], round(draw[4]) * 100) for n, draw in enumerate(draws)]
    told: list[list[Alert]] = []
    for size in (1, 7):
        watch = Watch(charter())
        for n in range(0, 25, 3):
            watch.assign(AddressKind.ICAO, f"{n:06x}", Own("AAA"))
        changes = []
        for t in range(40):
            batch = [f.report(t) for f in flyers]
            for at in range(0, len(batch), size):
                watch.reports(batch[at : at + size])
            changes += watch.sweep(us(t)).changes
        told.append(changes)
    assert told[0]
    assert told[0] == told[1]


def test_capitals_of_a_name_do_not_matter() -> None:
    """ATAK's uids and serial numbers have some; of two whose names differ in them alone nobody takes one away."""
    watch = Watch(charter())
    watch.assign(AddressKind.UID, "android-35a2", Own("AAA"))
    one, two = (Flyer(name, 48, 8 + i, kind=AddressKind.UID) for i, name in enumerate(("ANDROID-35a2", "Android-35A2")))
    fly(watch, [one], range(3))
    assert [track.name for track in watch.view("AAA").own] == ["ANDROID-35a2"]
    fly(watch, [one, two], range(3, 6))
    assert [track.name for track in watch.view("AAA").own] == ["ANDROID-35a2", "Android-35A2"]
    fly(watch, [one], range(6, 600))
    assert [track.name for track in watch.view("AAA").own] == ["ANDROID-35a2"]
    fly(watch, [], range(600, 1_200))
    assert watch.view("AAA").own == ()
    assert watch.sky.fusion._folded == {}
