"""Reports become tracks: put together by name and by flight, told apart by place, doubted by physics."""

import numpy as np
import pytest
from geographiclib.geodesic import Geodesic
from watch_kit import Flyer, metres, place, us

from wideberth.feeds.report import AddressKind, Method, Report
from wideberth.watch.absorb import Verdict
from wideberth.watch.fuse import Sky
from wideberth.watch.state import Flag
from wideberth.watch.track import Fusion

A = Flyer("aaaaaa", 48.0, 8.0, 90.0, 200.0)


def flown(sky: Sky, batches: list[list[Report]]) -> list[int]:
    """How many tracks there are after each second's reports."""
    counts = []
    for t, batch in enumerate(batches):
        sky.reports(batch)
        counts.append(len(sky.sweep(us(t)).number))
    return counts


def test_a_place_is_carried_on_along_its_geodesic() -> None:
    """Between reports a track goes on; after 8 s without any it is where the thing flew, within a metre."""
    sky = Sky()
    sky.reports([A.report(0)])
    tracks = sky.sweep(us(8))
    assert metres(place(tracks, 0), A.at(8)) < 1.0
    assert tracks.age_s[0] == 8
    assert tracks.error_m[0] == pytest.approx(30 + 8 * 10)


def test_two_sources_of_one_address_are_one_track() -> None:
    """The same aircraft by two receivers and a radar that reads its address: one track, one number, all along."""
    sky = Sky()
    radar = {"source": "radar", "method": Method.RADAR, "accuracy_mm": 300_000}
    for t in range(30):
        sky.reports([A.report(t), A.report(t, "b"), A.report(t, **radar)])
        tracks = sky.sweep(us(t))
        assert tracks.number.tolist() == [1]
        assert tracks.members.tolist() == [3]
        assert metres(place(tracks, 0), A.at(t)) < 1.0


def test_what_the_best_lacks_comes_from_the_others() -> None:
    """A place without altitude takes the altitude of the source that has one; an undefined one stays undefined."""
    sky = Sky()
    sky.reports([A.report(0, baro_ft=None), A.report(0, "b", accuracy_mm=500_000, baro_ft=21_000)])
    tracks = sky.sweep(us(0))
    assert tracks.baro[0] == 21_000 * 3_048
    assert np.isnan(tracks.hae[0])


def test_a_radar_track_and_an_address_that_fly_together_are_joined() -> None:
    """Different names, one flight: one track after some seconds, and its number stays that of the elder."""
    sky = Sky()
    radar = A._replace(address="25/1/77", kind=AddressKind.RADAR, method=Method.RADAR)
    counts = flown(sky, [[A.report(t), radar.report(t, "radar", accuracy_mm=200_000)] for t in range(20)])
    assert counts[0] == 2
    assert counts[-5:] == [1] * 5
    assert sky.sweep(us(20)).number.tolist() == [1]


def test_two_that_meet_are_not_joined() -> None:
    """A radar's track that crosses an aircraft stays a track of its own, before, while and after they meet."""
    sky = Sky()
    north = Geodesic.WGS84.Direct(48.0, 8.0, 90.0, 2_000.0)
    start = Geodesic.WGS84.Direct(north["lat2"], north["lon2"], 200.0, 2_000.0)
    other = Flyer("25/1/77", start["lat2"], start["lon2"], 20.0, 200.0, 35_000, 0, AddressKind.RADAR, Method.RADAR)
    assert set(flown(sky, [[A.report(t), other.report(t, "radar")] for t in range(30)])) == {2}


def test_one_source_that_tells_two_apart_is_believed() -> None:
    """Two in formation, each with a name of one source, stay two however long they fly together."""
    sky = Sky()
    wing = A._replace(lat=48.0005, address="25/1/78", kind=AddressKind.RADAR, method=Method.RADAR)
    assert set(flown(sky, [[A.report(t), wing.report(t)] for t in range(20)])) == {2}


def test_one_address_of_two_aircraft_is_two_tracks() -> None:
    """The same address at two places, in turns: two tracks that keep their numbers, both flagged."""
    sky = Sky()
    other = A._replace(lat=50.0, track=270.0)
    counts = flown(sky, [[A.report(t), other.report(t)] for t in range(30)])
    assert counts[-20:] == [2] * 20
    tracks = sky.sweep(us(30))
    assert all(Flag.SHARED in Flag(flags) for flags in tracks.flags.tolist())
    assert {round(lat) for lat in np.degrees(tracks.lat_rad).tolist()} == {48, 50}


def test_one_wild_plot_moves_nothing() -> None:
    """A single report 40 km off is counted, and no track shows it."""
    sky = Sky()
    for t in range(10):
        sky.reports([A.report(t)] if t != 5 else [A._replace(lat=48.4).report(t), A.report(t)])
        tracks = sky.sweep(us(t))
        assert len(tracks.number) == 1
        assert metres(place(tracks, 0), A.at(t)) < 1.0
        assert not tracks.flags[0]
    assert sky.fusion.tallies["a"].count(Verdict.JUMPED) == 1


def test_a_teleport_is_flagged() -> None:
    """What goes on 100 km away, the old place silent, is a new track that physics does not believe."""
    sky = Sky()
    for t in range(60):
        sky.reports([(A if t < 10 else A._replace(lat=49.0)).report(t)])
        tracks = sky.sweep(us(t))
    assert Flag.TELEPORT in Flag(int(tracks.flags[np.degrees(tracks.lat_rad) > 48.5][0]))


@pytest.mark.parametrize(
    ("changes", "flag"),
    [
        ({"speed_mm_s": 2_000_000}, Flag.SPEED),
        ({"climb_mm_s": 900_000}, Flag.SPEED),
        ({"speed_mm_s": 900_000}, Flag.ACCELERATION),
    ],
)
def test_what_nothing_flies_is_flagged(changes: dict[str, int], flag: Flag) -> None:
    """A speed, a climb or a change of speed that no aircraft has is flagged, and the impossible value is not used."""
    sky = Sky()
    sky.reports([A.report(t) for t in range(5)])
    sky.reports([A.report(5, **changes)])
    tracks = sky.sweep(us(5))
    assert flag in Flag(int(tracks.flags[0]))
    assert tracks.speed_m_s[0] <= 1_100


def test_a_speed_that_its_places_do_not_have_is_flagged() -> None:
    """Reports of 200 m/s from a place that moves at 60: flagged after several in a row, never before."""
    sky = Sky()
    slow = A._replace(speed=60.0)
    seen = []
    for t in range(45):
        sky.reports([slow.report(t, speed_mm_s=200_000)])
        seen.append(Flag.MISMATCH in Flag(int(sky.sweep(us(t)).flags[0])))
    assert not any(seen[:30])
    assert all(seen[31:])


def test_turns_climbs_and_noise_of_real_flight_are_not_flagged() -> None:
    """A standard turn with noise of 50 m and time stamps of half a second: no flag, no twin, one track."""
    random = np.random.default_rng(4)
    sky, lat, lon, heading = Sky(), 48.0, 8.0, 0.0
    for t in range(120):
        step = Geodesic.WGS84.Direct(lat, lon, heading, 150.0)
        lat, lon, heading = step["lat2"], step["lon2"], (heading + 3.0) % 360
        off = Geodesic.WGS84.Direct(lat, lon, random.uniform(0, 360), abs(random.normal(0, 50)))
        flyer = Flyer("aaaaaa", off["lat2"], off["lon2"], heading, 150.0)
        report = flyer.report(0, time_us=us(t + random.uniform(-0.4, 0)), received_us=us(t), accuracy_mm=100_000)
        sky.reports([report])
        tracks = sky.sweep(us(t))
        assert len(tracks.number) == 1
        assert not tracks.flags[0]
    assert sky.fusion.tallies["a"].count(Verdict.TAKEN) == 120


def test_every_report_has_its_verdict() -> None:
    """Late, repeated, ahead, simulated, without a place: each is counted as that, and none changes a track."""
    fusion = Fusion(strands_per_source=2)
    fusion.reports([A.report(10)])
    later = {"received_us": us(10)}
    fusion.reports(
        [
            A.report(10),
            A.report(9, **later),
            A.report(100, **later),
            A.report(10, received_us=us(100)),
            A.report(11, simulated=True),
            Flyer("bbbbbb", 50, 8).report(11),
            Flyer("cccccc", 50, 9).report(11),
        ]
    )
    tally = fusion.tallies["a"]
    expected = {
        Verdict.TAKEN: 2, Verdict.REPEATED: 1, Verdict.BACK_IN_TIME: 1, Verdict.AHEAD: 1, Verdict.TOO_OLD: 1,
        Verdict.SIMULATED: 1, Verdict.NO_ROOM: 1,
    }  # fmt: skip
    assert {verdict: tally.count(verdict) for verdict in Verdict if tally.count(verdict)} == expected


def test_what_is_not_heard_of_is_forgotten_and_its_room_used_again() -> None:
    """A minute after its last report a strand is gone; names and rows do not pile up."""
    sky = Sky()
    for lap in range(30):
        sky.reports([Flyer(f"{lap:03x}{n:03x}", 48, 8 + n / 100).report(lap * 100) for n in range(100)])
        assert len(sky.sweep(us(lap * 100)).number) == 100
    assert len(sky.fusion.strands.number) == 1_024
    assert len(sky.fusion.identities) <= 200


def test_a_callsign_and_a_category_come_with_the_name() -> None:
    """A callsign that comes once stays; a category makes a thing a drone."""
    sky = Sky()
    sky.reports([A.report(0, callsign="ALDER11"), A.report(1, category="B6"), A.report(2)])
    tracks = sky.sweep(us(2))
    identity = sky.names(int(tracks.row[0]))
    assert identity.callsign == "ALDER11"
    assert tracks.kind[0] == 1


def test_kinds_of_address_are_not_mixed() -> None:
    """The same text as two kinds of name is two things, unless they fly together."""
    sky = Sky()
    sky.reports([A.report(0), A._replace(lat=50.0).report(0, kind=AddressKind.UID)])
    assert len(sky.sweep(us(0)).number) == 2


def test_over_the_antimeridian_and_the_pole_a_track_stays_one() -> None:
    """Flights across 180 degrees and over the pole: one track, where the thing is."""
    for flyer in (Flyer("aaaaaa", 10, 179.99, 90.0, 250.0), Flyer("aaaaaa", 89.99, 20.0, 0.0, 250.0)):
        sky = Sky()
        for t in range(30):
            sky.reports([flyer.report(t)])
            tracks = sky.sweep(us(t + 2))
            assert len(tracks.number) == 1
            assert metres(place(tracks, 0), flyer.at(t + 2)) < 30.0
        assert sky.fusion.tallies["a"].count(Verdict.TAKEN) == 30
