"""What the search finds, against brute force and against answers that are known."""

import math
import os
from pathlib import Path

import numpy as np
import pytest
from encounter_kit import Track, brute, flight, pairs, rows_of, search
from geographiclib.geodesic import Geodesic

from wideberth.encounter.join import Minima
from wideberth.encounter.kernels import order, prepare
from wideberth.encounter.rows import GROUND

WIDE = Minima()
SHORT = Minima(horizontal_mm=3_000_000, vertical_ft=800)
TIMES = np.arange(0.0, 300.0, 5.0)


def crossing(lat: float, lon: float, miss_m: float, apart_ft: float = 500.0) -> list[Track]:
    """Two that cross at right angles over (lat, lon) at 150 s, the second `miss_m` late, sampled at different times."""
    back = Geodesic.WGS84.Direct(lat, lon, 270, 150 * 200)
    first = flight("a", back["lat2"], back["lon2"], (back["azi2"] + 180) % 360, 200, 20_000, TIMES)
    below = Geodesic.WGS84.Direct(lat, lon, 180, 150 * 200 + miss_m)
    second = flight("b", below["lat2"], below["lon2"], (below["azi2"] + 180) % 360, 200, 20_000 + apart_ft, TIMES)
    # sampled two seconds off, along the same way
    shifted = flight("b", below["lat2"], below["lon2"], (below["azi2"] + 180) % 360, 200, 20_000 + apart_ft, TIMES + 2)
    line = Geodesic.WGS84.InverseLine(below["lat2"], below["lon2"], second.lat[-1], second.lon[-1])
    at = [line.Position(200 * t) for t in TIMES + 2]
    return [first, shifted._replace(lat=np.array([p["lat2"] for p in at]), lon=np.array([p["lon2"] for p in at]))]


@pytest.mark.parametrize(("lat", "lon"), [(0, 10), (48, 2), (65, 25), (80, -170), (12, 179.99), (-33, -179.999)])
def test_a_crossing_is_found_with_the_miss_distance_of_geodesic_motion(lat: float, lon: float) -> None:
    """The least separation is within 2 m of dense geodesic sampling, from the equator to 80 degrees, also at 180."""
    tracks = crossing(lat, lon, 1_000.0)
    (one,) = search(tracks, SHORT).encounters
    known = 1_000 / math.sqrt(2)
    assert one.least_horizontal_m.value == pytest.approx(known, abs=2.0)
    assert one.least_horizontal_m.value == pytest.approx(brute(tracks, SHORT, 0.05)["a", "b"], abs=2.0)
    assert one.vertical_ft.value == 500
    assert one.nearest_us / 1e6 - 1_700_000_000 == pytest.approx(152.5, abs=0.1)
    assert one.horizontal_m.low <= known <= one.horizontal_m.high
    place = Geodesic.WGS84.Inverse(lat, lon, one.lat_nd / 1e9, one.lon_nd / 1e9)
    assert place["s12"] < 600
    assert one.closing_m_s == pytest.approx(200 * math.sqrt(2), rel=0.05)


def test_over_the_pole_a_crossing_is_found() -> None:
    """Where longitude means nothing the separation is still that of the ellipsoid."""
    tracks = [
        flight("a", 89.7, 0, 0, 200, 30_000, np.arange(0.0, 330.0, 3.0)),
        flight("b", 89.7, 90, 0, 201, 30_000, np.arange(0.0, 330.0, 4.0)),
    ]
    (one,) = search(tracks, SHORT).encounters
    assert one.least_horizontal_m.value == pytest.approx(brute(tracks, SHORT, 0.02)["a", "b"], abs=2.0)


def random_tracks(seed: int, count: int, half_deg: float) -> list[Track]:
    """Tracks with turns, climbs, gaps and uneven sampling, dense enough to meet."""
    rng = np.random.default_rng(seed)
    made = []
    for k in range(count):
        seconds = np.cumsum(rng.choice([1.0, 4.0, 10.0, 30.0, 55.0, 70.0], 12, p=[0.2, 0.3, 0.2, 0.15, 0.1, 0.05]))
        lat, lon = 47 + rng.uniform(-half_deg, half_deg), rng.uniform(-half_deg, half_deg) - 180 * (seed % 2)
        azimuth, speed, alt, climb = rng.uniform(0, 360), rng.uniform(40, 280), rng.uniform(5e3, 9e3), 0.0
        places, feet = [], []
        for step in np.diff(seconds, prepend=0.0):
            at = Geodesic.WGS84.Direct(lat, lon, azimuth, speed * step)
            lat, lon, azimuth = at["lat2"], at["lon2"], at["azi2"] + rng.normal(0, 20)
            climb = rng.choice([0.0, 30.0, -30.0, climb])
            alt += climb * step
            places.append((lat, lon))
            feet.append(round(alt / 25) * 25)
        at_deg = np.array(places)
        made.append(Track(f"t{k:05d}", seconds, at_deg[:, 0], at_deg[:, 1], np.array(feet, dtype=float)))
    return made


@pytest.mark.parametrize("seed", [1, 2])
def test_pairs_equal_brute_force_on_random_tracks(seed: int) -> None:
    """Turns, climbs, gaps, uneven samples, the antimeridian: not one pair more or less than dense sampling finds."""
    tracks = random_tracks(seed, 120, 0.3)
    true = brute(tracks, SHORT, 0.5)
    found = search(tracks, SHORT)
    assert len(true) > 60
    assert set(true) <= pairs(found)
    between = {(e.first, e.second): e for e in found.encounters if (e.first, e.second) not in true}
    assert all(e.inside_us < 500_000 for e in between.values()), "more than fits between two moments of the grid"
    for e in found.encounters:
        if (e.first, e.second) in true and e.inside_us > 5_000_000:
            assert e.least_horizontal_m.value <= true[e.first, e.second] + 2.0


def test_chunks_threads_and_order_of_rows_change_nothing() -> None:
    """Spilled to disk and searched piece by piece, in batches of any order, the result is the same to the bit."""
    tracks = [t._replace(seconds=t.seconds + 433.0 * (k % 7)) for k, t in enumerate(random_tracks(3, 150, 0.15))]
    whole = search(tracks, SHORT)
    assert len(whole.encounters) > 20
    assert search(tracks, SHORT, memory_rows=200, batches=13) == whole
    assert search(tracks[::-1], SHORT, memory_rows=90, batches=5) == whole


def test_exactly_a_thousand_feet_is_no_encounter() -> None:
    """Nearer is strict, in whole feet: 1,000 ft is none, 999 ft is one; also where both climb, sampled apart."""
    assert not search(crossing(48, 2, 0.0, 1_000.0), WIDE).encounters
    assert len(search(crossing(48, 2, 0.0, 999.0), WIDE).encounters) == 1
    climbing = [t._replace(alt_ft=t.alt_ft + np.rint(t.seconds * 30)) for t in crossing(48, 2, 0.0, 1_000.0)]
    assert not search(climbing, WIDE).encounters


def test_exactly_the_horizontal_minimum_is_no_encounter() -> None:
    """Side by side at the minimum in whole millimetres: none; with a minimum of a millimetre more: one."""
    side = Geodesic.WGS84.Direct(0, 0, 90, 3_000.0)
    for minimum_mm, expected in ((3_000_000, 0), (3_000_001, 1)):
        tracks = [
            Track(name, np.array([0.0, 5.0]), np.array([-1e-4, 1e-4]), np.array([lon, lon]), np.array([5e3, 5e3]))
            for name, lon in (("a", 0.0), ("b", side["lon2"]))
        ]
        assert len(search(tracks, Minima(horizontal_mm=minimum_mm)).encounters) == expected


def test_traffic_on_the_ground_is_left_out_and_counted() -> None:
    """A taxiing aircraft under an approach is no encounter, and a track is cut where it stood on the ground."""
    one, two = crossing(48, 2, 100.0)
    stood = two._replace(alt_ft=np.full(len(two.seconds), float(GROUND)))
    found = search([one, stood], WIDE)
    assert not found.encounters
    assert found.counts.on_ground == len(two.seconds)
    middle = two._replace(alt_ft=np.where((two.seconds > 100) & (two.seconds < 200), float(GROUND), two.alt_ft))
    assert not search([one, middle], SHORT).encounters


def test_nobody_flew_across_a_gap() -> None:
    """Samples more than 60 s apart are not joined; 60 s are."""
    one, two = crossing(48, 2, 100.0)
    for last, expected in ((187.0, 0), (182.0, 1)):
        kept = (two.seconds <= 122.0) | (two.seconds >= last)
        times = two.seconds[kept]
        cut = Track("b", times, two.lat[kept], two.lon[kept], two.alt_ft[kept])
        assert np.diff(times).max() == (65 if expected == 0 else 60)
        assert len(search([one, cut], SHORT).encounters) == expected


def test_errors_of_reception_are_left_out_and_counted() -> None:
    """Single altitudes and places that nothing flies neither hide an encounter nor make one."""
    one, two = crossing(48, 2, 1_000.0)
    far = two._replace(name="c", lat=two.lat + 3.0)
    far.lat[29:31] -= 3.0  # jumps to where the others are, and back
    glitch = two.alt_ft.copy()
    glitch[20], glitch[40] = 123_100, -300
    found = search([one, two._replace(alt_ft=glitch), far], SHORT)
    assert pairs(found) == {("a", "b")}
    assert found.counts.implausible == 4


def test_a_position_that_is_held_is_left_out_and_a_hovering_one_is_not() -> None:
    """Whoever lands and keeps a last position in the air is passed by nobody; a drone that hovers is."""
    times = np.arange(0.0, 300.0, 1.0)
    landing = flight("a", 48, 2, 90, 70, 300, times)
    frozen = [np.where(times > 60, column[60], column) for column in (landing.lat, landing.lon)]
    held = Track("a", times, frozen[0], frozen[1], landing.alt_ft)
    slow = flight("a", 48, 2 + 0.055, 90, 5, 300, times)
    stopped = [np.where(times > 20, column[20], column) for column in (slow.lat, slow.lon)]
    hovering = Track("a", times, stopped[0], stopped[1], slow.alt_ft)
    passing = flight("b", 48, 2 - 0.12, 90, 60, 500, times)
    assert not search([held, passing], SHORT).encounters
    assert search([held, passing], SHORT).counts.held == 239
    assert len(search([hovering, passing], SHORT).encounters) == 1


def test_only_samples_of_one_track_are_joined() -> None:
    """Over any mix of holds, gaps, ground, repeats and errors: what counts as flown joins one identity within 60 s."""
    rng = np.random.default_rng(5)
    tracks = [
        t._replace(seconds=np.cumsum(rng.choice([0.0, 1.0, 4.0, 20.0, 70.0], len(t.seconds))))
        for t in random_tracks(4, 200, 1)
    ]
    rows, names = rows_of(tracks)
    for name in ("lat_nd", "lon_nd"):
        stands = rng.random(len(rows) - 1) < 0.7
        for k in np.flatnonzero(stands).tolist():
            rows[name][k + 1] = rows[name][k] if rows["code"][k] == rows["code"][k + 1] else rows[name][k + 1]
    rows["lat_nd"][rng.random(len(rows)) < 0.02] += 10**9
    rows["alt_ft"][rng.random(len(rows)) < 0.1] = GROUND
    n = len(rows)
    at = order(rows["code"], rows["time_us"], len(names))
    code, time_us, xyz = np.empty(n, np.int32), np.empty(n, np.int64), np.empty((n, 3))
    flown = np.empty(n, np.uint8)
    counts = prepare(rows, at, (0, 2**62), code, time_us, xyz, np.empty(n), flown)
    assert counts.sum() == n
    assert (counts > 10).all()
    joined = np.flatnonzero(flown)
    assert len(joined) > 100
    assert (joined < counts[3] - 1).all()
    assert (code[joined] == code[joined + 1]).all()
    assert ((time_us[joined + 1] - time_us[joined] > 0) & (time_us[joined + 1] - time_us[joined] <= 60_000_000)).all()


def test_repeats_and_disorder_change_nothing() -> None:
    """A sample that comes twice counts once, and rows may come in any order."""
    tracks = crossing(65, 25, 700.0)
    twice = [Track(t.name, *(np.concatenate([c[::-1], c[:9]]) for c in t[1:])) for t in tracks]
    found = search(twice, SHORT)
    assert found.encounters == search(tracks, SHORT).encounters
    assert found.counts.repeated == 18


def test_losses_a_minute_apart_are_two_encounters() -> None:
    """One pair that comes near, parts, and comes near again is told as two."""
    times = np.arange(0.0, 900.0, 2.0)
    a = flight("a", 10, 10, 90, 100, 9_000, times)
    weave = a.lat + 0.03 * (1 + np.cos(2 * np.pi * times / 400)) / 2 + 0.005
    found = search([a, Track("b", times, weave, a.lon, a.alt_ft)], Minima(horizontal_mm=2_000_000))
    assert len(found.encounters) == 2
    assert len({e.id for e in found.encounters}) == 2


def recorded() -> Path | None:
    """Where the recording of quickstart is, if it was exported."""
    named = os.environ.get("WIDEBERTH_TRAFFIC")
    path = Path(named) if named else Path(__file__).parents[2] / "bench" / "out" / "traffic.npz"
    return path if path.exists() else None


def test_pairs_of_the_recording_equal_brute_force() -> None:
    """On real ADS-B of 238 flights: the pairs of a grid of seconds with geographiclib, and what falls between."""
    path = recorded()
    if path is None:
        pytest.skip("no recording: `make traffic` exports it, or WIDEBERTH_TRAFFIC names it")
    with np.load(path) as data:
        samples = data["samples"]
    tracks = []
    for number in np.unique(samples[:, 0]):
        rows = samples[(samples[:, 0] == number) & (samples[:, 5] == 0)]
        if len(rows) > 1:
            tracks.append(Track(f"{number:05.0f}", rows[:, 1] - 1_700_000_000.0, *rows[:, 2:5].T))
    clean = [t for t in (plausible(t) for t in tracks) if len(t.seconds) > 1]
    found = search(clean, WIDE)
    assert found.counts.implausible == 0
    true = grid(clean, 9_260.0, 1_000.0)
    assert len(true) > 80
    assert true <= pairs(found)
    more = [e for e in found.encounters if (e.first, e.second) not in true]
    assert all(e.inside_us < 2_000_000 for e in more)


def plausible(track: Track) -> Track:
    """Without samples that stand off the median of nine, in altitude or in place: simpler than ours, and stricter."""
    keep = np.ones(len(track.seconds), dtype=bool)
    for column, off in ((track.alt_ft, 150.0), (track.lat, 0.01), (track.lon, 0.015)):
        padded = np.pad(column, 4, mode="edge")
        keep &= np.abs(column - np.median(np.lib.stride_tricks.sliding_window_view(padded, 9), axis=1)) < off
    for k in range(8, len(keep)):
        stood = (track.lat[k - 8 : k + 1] == track.lat[k]) & (track.lon[k - 8 : k + 1] == track.lon[k])
        keep[k] &= not stood.all()
    last = -1
    for k in np.flatnonzero(keep).tolist():
        if last >= 0:
            way = np.hypot(track.lat[k] - track.lat[last], (track.lon[k] - track.lon[last]) * 0.66) * 111_200
            climb, seconds = abs(track.alt_ft[k] - track.alt_ft[last]), track.seconds[k] - track.seconds[last]
            keep[k] = way < 400 * seconds and climb < 400 * seconds + 100
        last = k if keep[k] else last
    return Track(track.name, *(c[keep] for c in track[1:]))


def grid(tracks: list[Track], h_m: float, v_ft: float) -> set[tuple[str, str]]:
    """Pairs inside both minima at a whole second; linear in degrees between samples at most 60 s apart."""
    found: set[tuple[str, str]] = set()
    begin, end = min(t.seconds[0] for t in tracks), max(t.seconds[-1] for t in tracks)
    seconds = np.arange(np.ceil(begin), end)
    places = np.full((len(seconds), len(tracks), 3), np.nan)
    for n, t in enumerate(tracks):
        k = np.searchsorted(t.seconds, seconds, side="right") - 1
        inside = (k >= 0) & (k < len(t.seconds) - 1)
        inside[inside] &= np.diff(t.seconds)[k[inside]] <= 60
        for axis, column in enumerate((t.lat, t.lon, t.alt_ft)):
            places[inside, n, axis] = np.interp(seconds[inside], t.seconds, column)
    for now in places:
        there = np.flatnonzero(~np.isnan(now[:, 0]))
        lat, lon, alt = now[there].T
        cosine = np.cos(np.radians((lat[:, None] + lat) / 2))
        rough = np.hypot(lat[:, None] - lat, (lon[:, None] - lon) * cosine) * 111_200
        i, j = np.nonzero(np.triu((rough < 1.02 * h_m) & (np.abs(alt[:, None] - alt) < v_ft - 0.5), 1))
        for a, b in zip(i.tolist(), j.tolist(), strict=True):
            key = (tracks[there[a]].name, tracks[there[b]].name)
            if key not in found and Geodesic.WGS84.Inverse(lat[a], lon[a], lat[b], lon[b])["s12"] < h_m:
                found.add((min(key), max(key)))
    return found
