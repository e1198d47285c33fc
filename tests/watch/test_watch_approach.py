"""Approaches: no pair lost, none invented, and as near as geodesic motion says."""

import numpy as np
import pytest
from geographiclib.geodesic import Geodesic
from skies import brute, recorded, sky, turn_m
from worlds import charter

from wideberth.party.charter import CLASSES, TrafficClass, default_separations
from wideberth.space.units import NM_M
from wideberth.watch.approach import Pairs, approaches, minima_of, moving, one_minimum
from wideberth.watch.motion import FOOT, Minima, Moving

GEOD = Geodesic.WGS84


def as_dict(pairs: Pairs) -> dict[tuple[int, int], float]:
    """Pairs by who, with when."""
    return dict(zip(zip(pairs.i.tolist(), pairs.j.tolist(), strict=True), pairs.entry_s.tolist(), strict=True))


def assert_same(found: dict[tuple[int, int], float], expected: dict[tuple[int, int], float]) -> None:
    """The same pairs, at the same moments."""
    assert found.keys() == expected.keys(), (
        sorted(expected.keys() - found.keys())[:5],
        sorted(found.keys() - expected.keys())[:5],
    )
    for pair, entry in expected.items():
        assert found[pair] == pytest.approx(entry, abs=1e-4)


def test_ten_thousand_random_tracks_give_the_pairs_of_brute_force() -> None:
    """Among 10,000 things the sweep finds exactly the pairs that testing each with each finds."""
    m = sky(10_000, 1)
    expected = brute(m, 5 * NM_M, 1_000, 300.0)
    assert len(expected) > 1_000
    assert_same(as_dict(approaches(m, one_minimum())), expected)


@pytest.mark.parametrize(
    ("name", "lat", "lon"),
    [
        ("antimeridian", (-20, -15), (177, 183)),
        ("north pole", (84, 90), (0, 360)),
        ("south pole", (-90, -86), (0, 360)),
        ("greenwich", (50, 53), (-3, 3)),
        ("globe", (-90, 90), (0, 360)),
    ],
)
@pytest.mark.parametrize("look", [(5 * NM_M, 1_000, 300.0), (500.0, 200, 45.0), (60_000.0, 3_000, 900.0)])
def test_nowhere_is_a_pair_lost(
    name: str, lat: tuple[float, float], lon: tuple[float, float], look: tuple[float, int, float]
) -> None:
    """At the poles, over the antimeridian, all over the globe, with small and large minima: those of brute force."""
    m = sky(1_200, 2, lat, lon)
    assert_same(as_dict(approaches(m, one_minimum(*look[:2]), look[2])), brute(m, *look))


def test_a_frame_of_recorded_traffic_gives_the_pairs_of_brute_force() -> None:
    """The same on real traffic: everybody where they were recorded at one moment."""
    path = recorded()
    if path is None:
        pytest.skip("no recorded traffic: `make traffic` writes bench/out/traffic.npz, or set WIDEBERTH_TRAFFIC")
    m = frame(np.load(path)["samples"])
    assert len(m.kind) > 50
    for look in ((5 * NM_M, 1_000, 300.0), (20 * NM_M, 3_000, 600.0)):
        expected = brute(m, *look)
        assert expected
        assert_same(as_dict(approaches(m, one_minimum(*look[:2]), look[2])), expected)


def frame(samples: np.ndarray) -> Moving:
    """Each flight at its middle sample: from several hours, put together, so that the sky is full."""
    rows = []
    for flight in range(int(samples[:, 0].max()) + 1):
        own = samples[(samples[:, 0] == flight) & (samples[:, 5] == 0)]
        if len(own) < 60:
            continue
        a, b = own[len(own) // 2], own[len(own) // 2 + 20]
        leg = GEOD.Inverse(a[2], a[3], b[2], b[3])
        seconds = b[1] - a[1]
        if 0 < seconds < 60 and leg["s12"] / seconds < 400:
            climb = (b[4] - a[4]) / seconds * 60
            rows.append((a[2], a[3], round(a[4]), leg["s12"] / seconds, leg["azi1"] % 360, climb))
    return moving(*np.array(rows).T)


@pytest.mark.parametrize("lat", [0.0, 48.0, 65.0, 80.0])
def test_what_is_nearest_is_that_of_geodesic_motion(lat: float) -> None:
    """Within 2 m of two geodesics flown at 250 m/s for up to 300 s, whatever the crossing, at any latitude."""
    random = np.random.default_rng(int(lat))
    ways, truths = [], []
    for _ in range(40):
        begin, miss, truth = _crossing(random, lat)
        ways += begin
        truths.append((miss, truth))
    lats, lons, speeds, tracks = np.array(ways).T
    m = moving(lats, lons, np.repeat(np.arange(40) * 2_000.0, 2), speeds, tracks)
    m = m._replace(height_m=np.full(80, 11_000.0))
    pairs = approaches(m, one_minimum(12_000.0, 1_000))
    own = {(2 * k, 2 * k + 1): truth for k, (_, truth) in enumerate(truths)}
    found = {(i, j): d for i, j, d in zip(pairs.i.tolist(), pairs.j.tolist(), pairs.horizontal_m.tolist(), strict=True)}
    assert found.keys() == own.keys()
    assert max(abs(found[pair] - own[pair]) for pair in own) < 2.0


def _crossing(random: np.random.Generator, lat: float) -> tuple[list[tuple[float, ...]], float, float]:
    """Two geodesics that come within some km of one another after 60 to 290 s, and how near they really come."""
    at_s, miss = random.uniform(60, 290), random.uniform(0, 9_000)
    spot = GEOD.Direct(lat, 20.0, random.uniform(0, 360), miss)
    ways = []
    for p_lat, p_lon in ((lat, 20.0), (spot["lat2"], spot["lon2"])):
        azimuth, speed = random.uniform(0, 360), random.choice([0.0, 120.0, 250.0])
        radius = turn_m(p_lat, azimuth)
        ground = speed * radius / (radius + 11_000.0)
        back = GEOD.Direct(p_lat, p_lon, azimuth + 180.0, ground * at_s)
        ways.append((back["lat2"], back["lon2"], speed, (back["azi2"] + 180.0) % 360.0, ground))
    lines = [GEOD.DirectLine(w[0], w[1], w[3], 1e6) for w in ways]

    def apart(t: float) -> float:
        a, b = (line.Position(w[4] * t) for line, w in zip(lines, ways, strict=True))
        return GEOD.Inverse(a["lat2"], a["lon2"], b["lat2"], b["lon2"])["s12"]

    coarse = min(np.arange(0.0, 300.0, 2.0), key=apart)
    fine = min(np.arange(max(0.0, coarse - 2), min(300.0, coarse + 2), 0.02), key=apart)
    return [w[:4] for w in ways], miss, apart(fine)


def test_exactly_the_minimum_is_not_too_near() -> None:
    """Nearer is strict: at exactly 1,000 ft no pair, at 999 ft one; also with heights above the ellipsoid."""
    for feet, expected in ((1_000, 0), (999, 1)):
        m = moving([48, 48.01], [8, 8], [35_000, 35_000 + feet], [200, 200], [0, 180])
        assert len(approaches(m, one_minimum()).i) == expected
        by_height = m._replace(hae=m.baro, baro=np.full(2, np.nan))
        assert len(approaches(by_height, one_minimum()).i) == expected


def test_kinds_of_altitude_are_never_mixed() -> None:
    """By pressure where both have it, else by height, else by what is certain of either; undefined is anywhere."""
    feet = 3_048.0
    m = moving([48, 48.01], [8, 8], [35_000, 35_500], [200, 200], [0, 180])
    apart_in_height = m._replace(hae=np.array([0.0, 9e9]))
    assert len(approaches(apart_in_height, one_minimum()).i) == 1
    one_each = m._replace(
        baro=np.array([35_000 * feet, np.nan]), hae=np.array([np.nan, 37_000 * feet]),
        low=np.array([35_000 * feet, 34_000 * feet]), high=np.array([35_000 * feet, 36_500 * feet]),
    )  # fmt: skip
    assert len(approaches(one_each, one_minimum()).i) == 1
    far = one_each._replace(low=np.array([35_000 * feet, 36_000 * feet]), high=np.array([35_000 * feet, 38_000 * feet]))
    assert len(approaches(far, one_minimum()).i) == 0
    unknown = moving([48, 48.01], [8, 8], [35_000, np.nan], [200, 200], [0, 180])
    pairs = approaches(unknown, one_minimum())
    assert len(pairs.i) == 1
    assert np.isnan(pairs.vertical_m[0])


def test_minima_are_by_both_classes() -> None:
    """The charter's table decides by pair of classes, in either order; classes without a row never meet."""
    minima = minima_of(charter(separations=default_separations()))
    crewed, drone = CLASSES.index(TrafficClass.CREWED_AIR), CLASSES.index(TrafficClass.DRONE)
    assert minima.horizontal_m[crewed, drone] == minima.horizontal_m[drone, crewed] == 1_852.0
    assert minima.vertical[crewed, drone] == 500 * FOOT
    for kinds, expected in (((crewed, crewed), 1), ((crewed, drone), 0), ((drone, drone), 0)):
        m = moving([48, 48.04], [8, 8], [3_000, 3_400], [0, 0], [0, 0], None, kinds)
        assert len(approaches(m, minima).i) == expected
    table = Minima(np.array([[0.0, 9_000.0], [9_000.0, 0.0]]), np.array([[0.0, FOOT * 500.0], [FOOT * 500.0, 0.0]]))
    m = moving([48, 48.04], [8, 8], [3_000, 3_400], [0, 0], [0, 0], None, (0, 1))
    assert len(approaches(m, table).i) == 1


def test_entry_exit_and_nearest_of_a_known_encounter() -> None:
    """Head on at 200 m/s each from 40 km: too near 40 - 9.26 km later, nearest at 100 s, out again as far behind."""
    line = GEOD.Inverse(48.0, 8.0, 48.0, 8.0)
    north = GEOD.Direct(48.0, 8.0, 0.0, 40_000.0)
    m = moving([48.0, north["lat2"]], [8, 8], [35_000, 35_600], [200, 200], [0, 180])
    m = m._replace(height_m=np.zeros(2))
    pairs = approaches(m, one_minimum())
    assert line["s12"] == 0
    assert pairs.entry_s[0] == pytest.approx((40_000 - 9_260) / 400, abs=0.02)
    assert pairs.cpa_s[0] == pytest.approx(100, abs=0.02)
    assert pairs.exit_s[0] == pytest.approx((40_000 + 9_260) / 400, abs=0.02)
    assert pairs.horizontal_m[0] < 1
    assert pairs.vertical_m[0] == pytest.approx(600 * 0.3048)


def test_nothing_and_one_thing_have_no_pairs() -> None:
    """An empty sky, one thing, and no time to look ahead give no pair."""
    empty = np.empty(0)
    assert len(approaches(moving(empty, empty, empty, empty, empty), one_minimum()).i) == 0
    assert len(approaches(moving([48], [8], [3_000], [100], [0]), one_minimum()).i) == 0
    assert len(approaches(sky(10, 1, (48, 48.1), (8, 8.1)), one_minimum(), 0.0).i) == 0
