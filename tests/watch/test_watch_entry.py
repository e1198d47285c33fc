"""Tracks and volumes: inside is found at once, entry when it comes, and nothing where nothing is."""

import math

import numpy as np
import pytest
from geographiclib.geodesic import Geodesic
from watch_kit import Flyer, us
from worlds import charter

from wideberth.intake.altitude import STANDARD_AIR
from wideberth.party.charter import TrafficClass
from wideberth.space.volume import Circle, Polygon, Volume4D
from wideberth.watch.entry import Entries, Margins, Zone, ZoneKind, Zones, margins_of
from wideberth.watch.fuse import Sky
from wideberth.watch.heights import Heights
from wideberth.watch.together import Tracks

GEOD = Geodesic.WGS84
HOUR = (us(-3_600), us(3_600))
NO_MARGINS = Margins(np.zeros((7, 7)), np.zeros((7, 7), np.int64))


def square(lat: float, lon: float, half_m: float) -> Polygon:
    """A square about a place."""
    corners = [GEOD.Direct(lat, lon, azimuth, half_m * math.sqrt(2)) for azimuth in (45, 135, 225, 315)]
    return Polygon(tuple(round(x * 1e9) for c in corners for x in (c["lat2"], c["lon2"])))


def zone(
    outline: Circle | Polygon, id_: str = "z", lower_m: float = 0, upper_m: float = 20_000, **changes: object
) -> Zone:
    """A constraint for two hours."""
    volume = Volume4D(outline, round(lower_m * 1_000), round(upper_m * 1_000), *changes.pop("window", HOUR))  # type: ignore[misc]
    fields = {"id": id_, "kind": ZoneKind.CONSTRAINT, "owner": "AAA", "traffic": TrafficClass.CONSTRAINT}
    return Zone(volumes=(volume,), **(fields | changes))  # type: ignore[arg-type]


def held(
    zones: Zones, flyers: list[Flyer], margins: Margins = NO_MARGINS, until: float = 300.0, back: float = 0.0
) -> Entries:
    """What the zones say of things at t = 0, whose heights above the ellipsoid are exact."""
    sky = Sky()
    sky.reports([f.report(0) for f in flyers])
    tracks: Tracks = sky.sweep(us(0))
    heights = np.where(np.isnan(tracks.hae), tracks.baro, tracks.hae) * 0.1
    return zones.entries(tracks, heights, heights, margins, us(0), back, until)


def test_entry_into_a_square_ahead() -> None:
    """A thing that flies at 200 m/s toward an edge 20 km ahead enters after 100 s (its height takes 0.2 % off)."""
    zones = Zones()
    ahead = GEOD.Direct(48, 8, 90, 25_000)
    zones.put(zone(square(ahead["lat2"], ahead["lon2"], 5_000)))
    found = held(zones, [Flyer("a", 48, 8, 90, 200, 10_000), Flyer("b", 48, 8.0001, 270, 200, 10_000)])
    assert found.track.tolist() == [0]
    assert found.zone == ["z"]
    assert found.entry_s[0] == pytest.approx(100 * (1 + 3_048 / 6.371e6), abs=0.1)
    assert found.inside.tolist() == [0]


def test_all_entries_of_random_ways_are_those_of_dense_sampling() -> None:
    """Hundreds of ways among circles and squares: who enters what, and when, as stepping along the geodesics says."""
    random = np.random.default_rng(5)
    zones, outlines = Zones(), []
    for k in range(40):
        lat, lon, size = random.uniform((47.8, 7.7, 1_000), (48.2, 8.3, 8_000)).tolist()
        round_ = bool(k % 2)
        outline = Circle(round(lat * 1e9), round(lon * 1e9), round(size * 1e3)) if round_ else square(lat, lon, size)
        zones.put(zone(outline, f"z{k:02d}"))
        outlines.append((lat, lon, size, round_))
    draws = random.uniform((47.8, 7.7, 0, 0), (48.2, 8.3, 360, 250), (30, 4)).tolist()
    flyers = [Flyer(f"{n:06x}", *draw, 0) for n, draw in enumerate(draws)]
    found = held(zones, flyers, until=120.0)
    got = {(t, z): e for t, z, e in zip(found.track.tolist(), found.zone, found.entry_s.tolist(), strict=True)}
    for n, flyer in enumerate(flyers):
        way = [flyer.at(t) for t in range(0, 121)]
        for k, (lat, lon, size, round_) in enumerate(outlines):
            times = [t for t, place in enumerate(way) if _inside(place, lat, lon, size, round_)]
            entry = got.get((n, f"z{k:02d}"))
            if times and times[0] < 120:
                assert entry is not None
                assert times[0] - 1.0 - 40.0 / max(flyer.speed, 1) <= entry <= times[0] + 0.1
            if entry is not None:
                assert _inside(flyer.at(entry), lat, lon, size + 10, round_)
    assert len(got) > 80


def _inside(place: tuple[float, ...], lat: float, lon: float, size: float, round_: bool) -> bool:
    line = GEOD.Inverse(lat, lon, place[0], place[1])
    if round_:
        return bool(line["s12"] < size)
    a = math.radians(line["azi1"])
    return max(abs(line["s12"] * math.sin(a)), abs(line["s12"] * math.cos(a))) < size - 5


def test_heights_and_windows_count() -> None:
    """Above, below, before and after is not inside; a climb into the band and a window that opens are entries."""
    outline = Circle(48_000_000_000, 8_000_000_000, 100_000_000)
    for low, high, expected in ((0, 3_000, []), (3_048, 4_000, [0.0]), (3_200, 4_000, [])):
        zones = Zones()
        zones.put(zone(outline, "z", low, high))
        assert held(zones, [Flyer("a", 48, 8, 90, 100, 10_000)]).entry_s.tolist() == expected
    zones = Zones()
    zones.put(zone(outline, "z", 3_548, 4_000))
    assert held(zones, [Flyer("a", 48, 8, 90, 100, 10_000, 10_000)]).entry_s[0] == pytest.approx(50, abs=0.1)
    zones.put(zone(outline, "z", window=(us(60), us(90))))
    assert held(zones, [Flyer("a", 48, 8, 90, 100, 10_000)]).entry_s[0] == pytest.approx(60, abs=1e-3)
    zones.put(zone(outline, "z", window=(us(-60), us(0))))
    assert not held(zones, [Flyer("a", 48, 8, 90, 100, 10_000)]).zone


def test_a_line_crossed_between_two_sweeps_was_crossed() -> None:
    """A line 20 m wide, passed at 250 m/s between two sweeps: the sweep after still tells of it."""
    zones = Zones()
    behind = GEOD.Direct(48, 8, 270, 120)
    ring = []
    for azimuth, far in ((0, 30_000), (180, 30_000)):
        for side in (90, 270) if azimuth == 0 else (270, 90):
            end = GEOD.Direct(behind["lat2"], behind["lon2"], azimuth, far)
            corner = GEOD.Direct(end["lat2"], end["lon2"], side, 10)
            ring += [round(corner["lat2"] * 1e9), round(corner["lon2"] * 1e9)]
    zones.put(zone(Polygon(tuple(ring)), kind=ZoneKind.LINE))
    flyer = [Flyer("a", 48, 8, 90, 250, 10_000)]
    assert not held(zones, flyer).zone
    found = held(zones, flyer, back=1.0)
    assert found.entry_s[0] < 0
    assert found.inside.tolist() == [0]


def test_protected_places_have_the_charters_margin() -> None:
    """Crewed aircraft come near a protected place at 500 m, and exactly there they do not."""
    zones, margins = Zones(), margins_of(charter())
    place = Circle(48_000_000_000, 8_000_000_000, 1_000_000)
    zones.put(zone(place, kind=ZoneKind.PROTECTED, traffic=TrafficClass.PROTECTED, upper_m=100))
    for far, height, expected in ((1_499, 0, 1), (1_501, 0, 0), (1_000, 249_999, 1), (1_000, 250_000, 0)):
        at = GEOD.Direct(48, 8, 45, far)
        flyer = Flyer("a", at["lat2"], at["lon2"], 0, 0.0, None, hae_mm=height)
        assert len(held(zones, [flyer], margins).zone) == expected


def test_zones_come_go_and_change() -> None:
    """A zone put again is its newer version; a dropped one is gone; dropping what is not there is nothing."""
    zones = Zones()
    here, away = Circle(48_000_000_000, 8_000_000_000, 1_000_000), Circle(10_000_000_000, 8_000_000_000, 1_000_000)
    flyer = [Flyer("a", 48, 8, 90, 0.0, 10_000)]
    zones.put(zone(here))
    assert held(zones, flyer).zone == ["z"]
    zones.put(zone(away))
    assert held(zones, flyer).zone == []
    zones.put(zone(here, "y"))
    zones.drop("z")
    zones.drop("z")
    assert held(zones, flyer).zone == ["y"]


def test_over_the_antimeridian_and_at_the_pole() -> None:
    """Zones across 180 degrees and around a pole are entered like any other."""
    zones = Zones()
    zones.put(zone(square(10.0, 180.0, 20_000), "date"))
    zones.put(zone(Circle(90_000_000_000, 0, 20_000_000), "pole"))
    flyers = [Flyer("a", 10, 179.7, 90, 250, 0), Flyer("b", 89.7, 100, 0, 250, 0)]
    found = held(zones, flyers)
    assert found.zone == ["date", "pole"]
    line = GEOD.Inverse(10, 179.7, 10, 180)["s12"] - 20_000
    assert found.entry_s[0] == pytest.approx(line / 250, abs=0.5)


def test_pressure_and_height_are_ranges_of_one_another() -> None:
    """A range from a pressure altitude holds the standard height and any weather; there and back it holds itself."""
    lat, lon = np.radians(np.array([48.0, -33.0])), np.radians(np.array([8.0, 151.0]))
    baro = np.array([5_000.0, 35_000.0]) * 3_048
    for heights in (Heights(), Heights(STANDARD_AIR)):
        low, high = heights.of_pressure(baro, lat, lon)
        assert (low < baro + 100e4).all()
        assert (high > baro - 100e4).all()
        for edge in (low, high):
            back_low, back_high = heights.to_pressure(edge, lat, lon)
            assert (back_low <= baro + 3_048).all()
            assert (back_high >= baro - 3_048).all()
    wide, narrow = Heights().of_pressure(baro, lat, lon), Heights(STANDARD_AIR).of_pressure(baro, lat, lon)
    assert (wide[1] - wide[0] > narrow[1] - narrow[0]).all()
    assert (narrow[1] - narrow[0] < 100e4).all()
    assert np.isinf(Heights().of_pressure(np.array([np.nan]), lat[:1], lon[:1])[0][0])
