"""Whose a track is: nobody gets another's aircraft by naming it, and no phantom stands in for a real one."""

import pytest
from test_watch_entry import square, zone
from test_watch_whole import GEOD, A, B, fly
from watch_kit import Flyer, us
from worlds import charter

from wideberth.feeds.report import AddressKind
from wideberth.party.charter import TrafficClass
from wideberth.watch import approach
from wideberth.watch.alert import AlertState
from wideberth.watch.conformance import Stand
from wideberth.watch.entry import ZoneKind
from wideberth.watch.watch import Watch
from wideberth.watch.whose import Own

MINE, THEIRS = Own("AAA", "mine"), Own("CCC", "theirs")


def planned(**at: tuple[float, float]) -> Watch:
    """A watch with square plans of 10 km."""
    watch = Watch(charter())
    for name, (lat, lon) in at.items():
        owner = {"mine": "AAA", "theirs": "CCC"}[name]
        square_ = square(lat, lon, 5_000)
        watch.zones.put(zone(square_, name, kind=ZoneKind.OPERATION, owner=owner, traffic=TrafficClass.CREWED_AIR))
    return watch


def owned(watch: Watch) -> dict[str, list[str]]:
    """By party, its own tracks."""
    return {party: [track.name for track in watch.view(party).own] for party in ("AAA", "CCC")}


def test_a_plan_elsewhere_gets_nobodys_aircraft() -> None:
    """Who names an address in a plan far away neither sees the aircraft nor takes it from whose plan it flies."""
    watch = planned(mine=(48, 8), theirs=(30, 40))
    watch.assign(AddressKind.ICAO, "aaaaaa", THEIRS, MINE)
    watch.assign(AddressKind.ICAO, "bbbbbb", THEIRS)
    fly(watch, [A, B], range(3))
    assert owned(watch) == {"AAA": ["aaaaaa"], "CCC": []}
    assert watch.view("AAA").unsure == watch.view("CCC").unsure == ()
    assert [alert.parties for alert in watch.alerts.by_id.values() if alert.key[0] == "pair"] == [("AAA",)]


def test_of_plans_in_one_place_it_is_that_in_which_it_flies_and_all_are_told() -> None:
    """Both near: it is his in whose volumes it is, whoever was first; both parties read that the name is not sure."""
    watch = planned(mine=(48, 8), theirs=(48.15, 8))
    watch.assign(AddressKind.ICAO, "aaaaaa", THEIRS, MINE)
    fly(watch, [A], range(2))
    assert owned(watch) == {"AAA": ["aaaaaa"], "CCC": []}
    assert watch.view("AAA").unsure == watch.view("CCC").unsure == ("aaaaaa",)


def test_what_was_once_near_its_plan_stays_its_own() -> None:
    """It flies 60 km off: it is its party's still, off its plan, and warned for."""
    watch = planned(mine=(48, 8))
    watch.assign(AddressKind.ICAO, "aaaaaa", MINE)
    turns = []
    for t in range(0, 300, 2):
        watch.reports([A.report(t)])
        turns += watch.sweep(us(t)).turns
    assert owned(watch)["AAA"] == ["aaaaaa"]
    assert turns[-1].after is Stand.CONTINGENT_DUE


def test_a_callsign_in_a_plan_elsewhere_counts_for_nothing() -> None:
    """The same by callsign."""
    watch = planned(mine=(48, 8), theirs=(30, 40))
    watch.assign_callsign("HELP41", THEIRS, MINE)
    watch.reports([A.report(0, callsign="HELP41")])
    watch.sweep(us(0))
    assert owned(watch) == {"AAA": ["aaaaaa"], "CCC": []}


def test_a_phantom_inside_does_not_hide_that_the_real_one_is_out() -> None:
    """Two tracks go by a plan's names: the one that is outside counts."""
    watch = planned(mine=(48, 8))
    watch.assign(AddressKind.ICAO, "aaaaaa", MINE)
    watch.assign(AddressKind.UID, "phantom", MINE)
    real = A._replace(lat=48.2)
    phantom = Flyer("phantom", 48, 8, speed=0.0, kind=AddressKind.UID)
    turns = []
    for t in range(12):
        watch.reports([real.report(t), phantom.report(t, "b")])
        turns += watch.sweep(us(t)).turns
    assert [turn.after for turn in turns] == [Stand.CONFORMING, Stand.NONCONFORMING]


def test_two_names_of_one_plan_are_no_pair() -> None:
    """One aircraft by its address and by its tablet, or a formation: its party's own to keep apart."""
    watch = planned(mine=(48, 8))
    watch.assign(AddressKind.ICAO, "aaaaaa", MINE)
    watch.assign(AddressKind.UID, "tablet", MINE)
    fly(watch, [A, A._replace(address="tablet", kind=AddressKind.UID)], range(5))
    assert len(watch.tracks.number) == 2
    assert not watch.alerts.by_id


def test_a_plan_that_ends_off_plan_ends_that_too() -> None:
    """When nothing is flown any more the turn that was open is closed."""
    watch = planned(mine=(48.2, 8))
    watch.assign(AddressKind.ICAO, "aaaaaa", MINE)
    for t in range(10):
        watch.reports([A._replace(speed=0.0).report(t)])
        last = watch.sweep(us(t)).turns
    watch.assign(AddressKind.ICAO, "aaaaaa")
    last = watch.sweep(us(10)).turns
    assert [(turn.event, turn.before, turn.after) for turn in last] == [("over", Stand.NONCONFORMING, Stand.UNSEEN)]


def test_silence_is_not_passing() -> None:
    """Both fall silent in front of a meeting: the alert ends as out of sight, never as passed."""
    watch = Watch(charter())
    watch.assign(AddressKind.ICAO, "aaaaaa", Own("AAA"))
    fly(watch, [A, B], range(40))
    fly(watch, [], range(40, 120))
    (view,) = watch.view("AAA").alerts
    assert view.state is AlertState.LOST


def test_slow_climbs_are_seen_in_time() -> None:
    """Two that near one another by 240 ft a minute each are warned of two minutes before they are too near."""
    watch = Watch(charter())
    watch.assign(AddressKind.ICAO, "aaaaaa", Own("AAA"))
    low = Flyer("aaaaaa", 48, 8, speed=100.0, baro_ft=30_000, climb_mm_s=1_219)
    high = Flyer("bbbbbb", 48.01, 8, speed=100.0, baro_ft=34_500, climb_mm_s=-1_219)
    events = {event: t for t, event in reversed(fly(watch, [low, high], range(250)))}
    assert events["too near"] - events["time is short"] == pytest.approx(120, abs=5)


def test_who_flies_is_not_taken_down_by_another_source() -> None:
    """A second source says of a flying thing that it is on the ground, or far lower: it is warned of all the same, and
    heights that contradict one another are flagged and count as unknown."""
    for lie in ({"on_ground": True}, {"baro_ft": 20_000}):
        watch = Watch(charter())
        watch.assign(AddressKind.ICAO, "aaaaaa", Own("AAA"))
        for t in range(5):
            watch.reports([A.report(t), B.report(t)])
            watch.reports([A.report(t, "liar", accuracy_mm=3_000, **lie)])
            watch.sweep(us(t))
        (view,) = watch.view("AAA").alerts
        assert view.kind == "pair"
        assert ("altitudes" in watch.view("AAA").own[0].flags) == ("baro_ft" in lie)


def test_a_crowd_in_one_place_is_left_out_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are too many pairs, those of nobody are left out first; a party's are kept, and the sweep says so."""
    monkeypatch.setattr("wideberth.watch.watch.TRACKS_MAX", 300)
    watch = Watch(charter())
    watch.assign(AddressKind.ICAO, "ffffff", Own("AAA"))
    crowd = [Flyer(f"{k:06x}", 48 + 0.0001 * (k % 20), 8 + 0.0001 * (k // 20), speed=0.0) for k in range(400)]
    swept = None
    for t in range(3):
        watch.reports([one.report(t) for one in [*crowd, A._replace(address="ffffff", speed=0.0)]])
        swept = watch.sweep(us(t))
    assert swept is not None
    assert (swept.left_out, swept.predicted, swept.crowded) == (101, 300, False)
    assert len(watch.view("AAA").alerts) == 299
    m = approach.moving([48.0] * 400, [8.0] * 400, [1_000] * 400, [0] * 400, [0] * 400)
    mine = m.kind == 1
    mine[7] = True
    assert len(approach.approaches(m, approach.one_minimum(), mine=mine).i) == 399


def test_more_pairs_than_a_sweep_has_time_for_are_refused() -> None:
    """3,000 in one spot are four and a half million pairs: refused for all, found for those of one of them."""
    n = 3_000
    m = approach.moving([48.0] * n, [8.0] * n, [1_000] * n, [0] * n, [0] * n)
    with pytest.raises(approach.Crowded):
        approach.approaches(m, approach.one_minimum())
    mine = m.kind == 1
    mine[7] = True
    pairs = approach.approaches(m, approach.one_minimum(), mine=mine)
    assert len(pairs.i) == n - 1
    assert ((pairs.i == 7) | (pairs.j == 7)).all()


def test_ends_tell_how_near_it_was() -> None:
    """What is kept of an alert is the nearest that was, with its height then, not the nearest that was predicted."""
    watch = Watch(charter())
    watch.assign(AddressKind.ICAO, "aaaaaa", Own("AAA"))
    fly(watch, [A, B], range(150))
    (alert,) = watch.alerts.by_id.values()
    assert alert.nearest is not None
    assert (alert.nearest.time_us - us(0)) / 1e6 == pytest.approx(150, abs=1)
    assert alert.nearest.apart_m == pytest.approx(abs(GEOD.Inverse(*A.at(149)[:2], *B.at(149)[:2])["s12"]), abs=2)
    assert alert.nearest.above_m == pytest.approx(152.4, abs=0.1)


@pytest.mark.parametrize("hostile", [False, True])
def test_who_names_another_s_aircraft_silences_nobody(hostile: bool) -> None:
    """One plan names both of two that meet, over the volumes of the other's plan, and was first: both are warned."""
    watch = Watch(charter())
    first, second = "AAA/" + "1" * 32, "BBB/" + "2" * 32
    for plan in (first, second):
        where = zone(
            square(48, 8, 80_000), plan, kind=ZoneKind.OPERATION, traffic=TrafficClass.CREWED_AIR, owner=plan[:3]
        )
        watch.zones.put(where)
    watch.watch_all("ATS")
    watch.assign(AddressKind.ICAO, "aaaaaa", Own("AAA", first))
    watch.assign(AddressKind.ICAO, "bbbbbb", *[Own("AAA", first)] * hostile, Own("BBB", second))
    fly(watch, [A, B], range(40))
    for party in ("AAA", "BBB", "ATS"):
        assert [view.kind for view in watch.view(party).alerts if view.kind == "pair"] == ["pair"]
    assert watch.view("BBB").unsure == (("bbbbbb",) if hostile else ())
