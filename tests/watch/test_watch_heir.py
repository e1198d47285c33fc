"""What two receivers saw and one goes on seeing stays the same track, with its alert and its owner."""

import pytest
from geographiclib.geodesic import Geodesic
from test_watch_entry import square, zone
from watch_kit import Flyer, us
from worlds import charter

from wideberth.feeds.report import AddressKind
from wideberth.party.charter import TrafficClass
from wideberth.watch.entry import ZoneKind
from wideberth.watch.watch import Watch
from wideberth.watch.whose import Own

FAR = Geodesic.WGS84.Direct(48, 8, 0, 100_000)
A = Flyer("aaaaaa", 48, 8, 0, 220.0)
B = Flyer("bbbbbb", FAR["lat2"], FAR["lon2"], 180, 220.0, 35_500)
PLAN = "AAA/" + "0" * 32


@pytest.mark.parametrize("lost_s", [60, 100, 150, 200])
def test_a_receiver_that_loses_an_aircraft_takes_no_alert_with_it(lost_s: int) -> None:
    """Head-on: opened, warned, taken up, happened once, whenever the receiver that saw it first falls silent."""
    watch = Watch(charter())
    watch.assign(AddressKind.ICAO, "aaaaaa", Own("AAA"))
    events = []
    for half in range(560):
        t = half / 2
        if half % 2 == 0:
            watch.reports([A.report(t, "hill")] if t < lost_s else [])
            watch.reports([A.report(t + 0.2, "roof")] if t >= 5 else [])
            watch.reports([B.report(t + 0.1, "roof")])
        events += [change.event for change in watch.sweep(us(t + 0.3)).changes]
        for alert in watch.alerts.by_id.values():
            watch.acknowledge(alert.id, "AAA", us(t + 0.3))
    assert events == ["opened", "time is short", "too near", "apart"]
    assert len(watch.alerts.by_id) == 1


def owned(silent: range, roof_from: int, until_s: int) -> list[list[str]]:
    """By second, the party's own tracks that are heard of; its plan is at the start, and it flies far from it."""
    watch = Watch(charter())
    watch.assign(AddressKind.ICAO, "aaaaaa", Own("AAA", PLAN))
    plan = zone(square(48, 8, 5_000), PLAN, kind=ZoneKind.OPERATION, traffic=TrafficClass.CREWED_AIR, owner="AAA")
    watch.zones.put(plan)
    seen = []
    for t in range(until_s):
        watch.reports([A.report(t, "hill")] if t not in silent else [])
        watch.reports([A.report(t + 0.2, "roof")] if t >= roof_from else [])
        watch.sweep(us(t + 0.3))
        seen.append([own.name for own in watch.view("AAA").own if own.place.age_s < 5])
    return seen


def test_its_owner_keeps_it_where_one_receiver_goes_on() -> None:
    """66 km from its plan the first receiver is lost for good."""
    assert owned(range(300, 1_000), 5, 420)[10:] == [["aaaaaa"]] * 410


def test_its_owner_has_it_back_after_a_gap() -> None:
    """66 km from its plan nobody hears it for 65 s, then the same receiver does, where it can have flown."""
    seen = owned(range(300, 365), 10_000, 420)
    assert seen[290] == ["aaaaaa"]
    assert seen[366:] == [["aaaaaa"]] * 54


def test_whoever_calls_itself_so_elsewhere_is_not_taken_for_it() -> None:
    """After the gap somebody reports the address 300 km from where it can have come to."""
    watch = Watch(charter())
    watch.assign(AddressKind.ICAO, "aaaaaa", Own("AAA", PLAN))
    plan = zone(square(48, 8, 5_000), PLAN, kind=ZoneKind.OPERATION, traffic=TrafficClass.CREWED_AIR, owner="AAA")
    watch.zones.put(plan)
    there = Geodesic.WGS84.Direct(48, 8, 180, 300_000)
    liar = A._replace(lat=there["lat2"], lon=there["lon2"])
    for t in range(420):
        watch.reports([A.report(t, "hill")] if t < 300 else [liar.report(t, "hill")] if t >= 365 else [])
        watch.sweep(us(t + 0.3))
    assert watch.view("AAA").own == ()


def test_a_plan_that_ends_during_a_conflict_leaves_nobody_unwarned() -> None:
    """Warned, the plan ends a minute before the loss, they meet: the party hears of it to the end, and not after."""
    watch = Watch(charter())
    watch.assign(AddressKind.ICAO, "aaaaaa", Own("AAA", PLAN))
    events = []
    for t in range(300):
        if t == 150:
            watch.assign(AddressKind.ICAO, "aaaaaa")
        watch.reports([A.report(t), B.report(t)])
        events += [(change.event, watch.alerts.by_id[change.alert].parties) for change in watch.sweep(us(t)).changes]
    assert events == [(event, ("AAA",)) for event in ("opened", "time is short", "too near", "apart")]
    assert watch.view("AAA").own == ()


@pytest.mark.parametrize("kind", [ZoneKind.OPERATION, ZoneKind.PROTECTED, ZoneKind.REGISTER])
def test_a_zone_that_ends_ends_its_alert_and_tells_nobody_new(kind: ZoneKind) -> None:
    """A stranger is in it, then the zone is over: for its owner it was its own to the last, and it has passed."""
    watch = Watch(charter())
    watch.assign(AddressKind.ICAO, "aaaaaa", Own("AAA"))
    mine = zone(square(48, 8, 40_000), "BBB/" + "2" * 32, kind=kind, traffic=TrafficClass.CREWED_AIR, owner="BBB")
    watch.zones.put(mine)
    events = []
    for t in range(90):
        if t == 60:
            watch.zones.drop(mine.id)
        watch.reports([A.report(t)])
        events += [(t // 10, change.event) for change in watch.sweep(us(t)).changes]
        (view,) = watch.view("BBB").alerts
        assert view.kind == kind.value
        assert view.own == mine.id
        told = {party for alert in watch.alerts.by_id.values() for party in alert.parties}
        assert told == ({"BBB"} if kind is ZoneKind.REGISTER else {"AAA", "BBB"})
    assert events == [(0, "opened"), (0, "time is short"), (0, "too near"), (6, "apart")]
