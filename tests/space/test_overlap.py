"""The rule: time half open, altitude and outline closed, nearer is strict; and the same for millions of pairs."""

import os
import subprocess
import sys

import numpy as np
import pytest
import shapely
from brute import degrees, flat, local, random_outlines
from constructed import between, go
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from wideberth.space.overlap import Arena, Near, near, prepare, separation_m
from wideberth.space.volume import Circle, Polygon, Volume4D

ND = 10**9


def deg(*points: float) -> Polygon:
    """A ring from latitudes and longitudes in degrees."""
    return Polygon(tuple(round(x * 1e9) for x in points))


SQUARE = deg(10, 20, 10, 20.1, 10.1, 20.1, 10.1, 20)
EAST = deg(10, 20.1, 10, 20.2, 10.1, 20.2, 10.1, 20.1)


def volume(outline: Circle | Polygon = SQUARE, lower: int = 0, upper: int = 1_000, start: int = 0, end: int = 1_000):
    """A volume of simple figures."""
    return Volume4D(outline, lower, upper, start, end)


def circle_east(metres: float, radius_m: float = 1_000.0) -> Circle:
    """A circle whose rim is so far east of a circle of 1 km at 50 N 10 E."""
    lat, lon, _ = go(50.0, 10.0, 90.0, 1_000.0 + metres + radius_m)
    return Circle(round(float(lat) * 1e9), round(float(lon) * 1e9), round(radius_m * 1e3))


HERE = Circle(50 * ND, 10 * ND, 1_000_000)


def test_windows_are_half_open() -> None:
    """One may start the instant the other ends; a microsecond earlier they are near."""
    assert near(volume(), volume(start=1_000, end=2_000), 5_556, 0) is None
    found = near(volume(), volume(start=999, end=2_000), 5_556, 0)
    assert found is not None
    assert (found.start_us, found.end_us) == (999, 1_000)


@pytest.mark.parametrize(
    ("lower", "minimum_mm", "vertical"),
    [(900, 0, -100), (1_000, 0, 0), (1_001, 0, None), (1_500, 500, None), (1_499, 500, 499), (500, 500, -500)],
)
def test_bands_are_closed_and_nearer_is_strict(lower: int, minimum_mm: int, vertical: int | None) -> None:
    """Bands that touch count at a minimum of 0; a gap of exactly the minimum is none, a millimetre less is one."""
    found = near(volume(), volume(lower=lower, upper=9_000), 0, minimum_mm)
    assert (None if found is None else found.vertical_mm) == vertical
    if found is not None:
        assert (found.lower_mm, found.upper_mm) == (min(lower, 1_000), max(lower, 1_000))


def test_a_band_within_another_is_what_they_share() -> None:
    """Nested bands overlap by the height of the inner one, and that is the band given."""
    found = near(volume(), volume(lower=200, upper=300), 0, 0)
    assert found is not None
    assert (found.vertical_mm, found.lower_mm, found.upper_mm) == (-100, 200, 300)


@pytest.mark.parametrize("minimum_m", [0.0, 0.001, 1.0, 463.0, 5_556.0, 100_000.0])
def test_a_gap_of_exactly_the_minimum_is_none(minimum_m: float) -> None:
    """At the minimum they keep it, a millimetre nearer they do not, wherever the minimum lies."""
    gap = round(separation_m(HERE, circle_east(minimum_m)) * 1e3) / 1e3
    assert abs(gap - minimum_m) <= 0.001
    pair = volume(HERE), volume(circle_east(minimum_m))
    kept = near(*pair, gap, 0)
    assert kept is None if gap > 0 else kept is not None
    nearer = near(*pair, gap + 0.001, 0)
    assert nearer is not None
    assert nearer.horizontal_mm == round(gap * 1e3)


def test_touching_counts_at_a_minimum_of_0() -> None:
    """Outlines that share an edge, a corner, or a point of a rim are near though nothing is asked; 1 mm apart, not."""
    corner = deg(10.1, 20.1, 10.1, 20.2, 10.2, 20.2, 10.2, 20.1)
    for other in (EAST, corner):
        found = near(volume(), volume(other), 0, 0)
        assert found is not None
        assert found.horizontal_mm == 0
    assert near(volume(HERE), volume(circle_east(0.0)), 0, 0) is not None
    assert near(volume(HERE), volume(circle_east(0.001)), 0, 0) is None
    assert near(volume(), volume(deg(10, 20.100_000_01, 10, 20.2, 10.1, 20.2, 10.1, 20.100_000_01)), 0, 0) is None


def test_all_three_must_fall_short() -> None:
    """Window, outline and band each keep two volumes apart alone."""
    assert near(volume(), volume(EAST), 1, 1) is not None
    assert near(volume(), volume(EAST, start=1_000, end=1_001), 1, 1) is None
    assert near(volume(), volume(EAST, lower=1_001, upper=1_002), 1, 1) is None
    assert near(volume(), volume(deg(10, 20.2, 10, 20.3, 10.1, 20.2)), 1, 1) is None


def inside(outline: Circle | Polygon, lat_nd: int, lon_nd: int, slack_m: float) -> bool:
    """Whether a place lies in an outline or nearly so."""
    at = Circle(lat_nd, lon_nd, 0)
    if isinstance(outline, Circle):
        return separation_m(at, outline) <= slack_m
    ring = flat(degrees(outline), local(lat_nd / 1e9, lon_nd / 1e9))
    return bool(shapely.distance(ring, shapely.Point(0, 0)) <= slack_m)


def test_the_place_is_where_they_meet() -> None:
    """Of overlapping outlines it lies in both; of others, midway between the nearest points."""
    kinds = set()
    for a, b in random_outlines(np.random.default_rng(5), 300):
        found = near(volume(a), volume(b), 1e6, 0)
        assert found is not None
        kinds.add(found.horizontal_mm > 0)
        metres = max(0.0, found.horizontal_mm / 1e3)
        for outline in (a, b):
            assert inside(outline, found.lat_nd, found.lon_nd, 0.501 * metres + 0.01)
    assert kinds == {True, False}


def random_volumes(rng: np.random.Generator, n: int) -> list[Volume4D]:
    """Volumes close enough to meet: outlines of all kinds within 30 km, bands and windows that partly meet."""
    found = []
    for first, second in random_outlines(rng, n):
        for outline in (first, second):
            lower, start = rng.integers(0, 2_000, 2).tolist()
            here = moved(outline, rng)
            found.append(Volume4D(here, lower, lower + int(rng.integers(0, 2_000)), start, start + 1_200))
    return found


def moved(outline: Circle | Polygon, rng: np.random.Generator) -> Circle | Polygon:
    """The outline's shape, of at most some kilometres, about 47 N 8 E."""
    lat, lon = 47 + rng.uniform(-0.1, 0.1), 8 + rng.uniform(-0.1, 0.1)
    if isinstance(outline, Circle):
        return Circle(round(lat * 1e9), round(lon * 1e9), 1 + outline.radius_mm % 9_000_000)
    ring_lat, ring_lon = degrees(outline)
    azimuth, metres = between(ring_lat[0], ring_lon[0], ring_lat, ring_lon)
    ring_lat, ring_lon, _ = go(lat, lon, azimuth, np.asarray(metres) * 7_000 / np.max(metres))
    return Polygon(tuple(np.round(np.stack([ring_lat, ring_lon], -1) * 1e9).astype(np.int64).ravel().tolist()))


def test_many_at_once_say_what_one_by_one_say() -> None:
    """The arena's answer for each pair is the pair function's, to the last integer, with minima of its own."""
    rng = np.random.default_rng(6)
    volumes = random_volumes(rng, 150)
    live, asking = volumes[:200], volumes[200:]
    arena = Arena(slots=4)
    slots = rng.permutation(500)[:200]
    arena.put_many(slots, live)
    query_of, live_of = rng.integers(0, 100, 6_000), rng.integers(0, 200, 6_000)
    minimum_m, minimum_mm = rng.choice([0.0, 463.0, 5_556.0], 6_000), rng.choice([0, 150, 2_000], 6_000)
    found = arena.near(prepare(asking), query_of, slots[live_of], minimum_m, minimum_mm)
    said = dict(zip(found.pair.tolist(), zip(*(column.tolist() for column in found[1:]), strict=True), strict=True))
    assert (np.diff(found.pair) > 0).all()
    assert 100 < sum(row[0] < 0 for row in said.values()) < len(said) - 100 < 5_000
    for k in range(6_000):
        alone = near(asking[query_of[k]], live[live_of[k]], float(minimum_m[k]), int(minimum_mm[k]))
        assert (None if k not in said else Near(*said[k])) == alone


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 10.0, 5_556.0]))
def test_near_is_symmetric(seed: int, minimum_m: float) -> None:
    """Who is asked first changes nothing but, by rounding, the place."""
    a, b = random_volumes(np.random.default_rng(seed), 1)
    one, other = near(a, b, minimum_m, 100), near(b, a, minimum_m, 100)
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert one[:6] == other[:6]


class ArenaModel(RuleBasedStateMachine):
    """An arena against a dictionary, through any order of putting, dropping and asking."""

    def __init__(self) -> None:
        super().__init__()
        self.arena = Arena(slots=1)
        self.model: dict[int, Volume4D] = {}
        self.rng = np.random.default_rng(7)

    @rule(slots=st.sets(st.integers(0, 300), max_size=40), corners=st.integers(2, 40))
    def put(self, slots: set[int], corners: int) -> None:
        """Fill some empty slots with rings of some length, or circles."""
        empty = sorted(slots - self.model.keys())
        lat, lon, _ = go(
            47.0, 8.0, np.arange(corners) * -360.0 / corners, np.full(corners, self.rng.uniform(10, 9_000))
        )
        ring = np.round(np.stack([lat, lon], -1) * 1e9).astype(np.int64).ravel().tolist()
        made = Polygon(tuple(ring)) if corners > 2 else Circle(ring[0], ring[1], 1_000)
        self.arena.put_many(np.array(empty, np.int64), [volume(made)] * len(empty))
        self.model.update(dict.fromkeys(empty, volume(made)))

    @rule(slots=st.sets(st.integers(0, 300), max_size=60))
    def drop(self, slots: set[int]) -> None:
        """Empty some filled slots."""
        full = sorted(slots & self.model.keys())
        self.arena.drop(np.array(full, np.int64))
        for slot in full:
            del self.model[slot]

    @invariant()
    def same(self) -> None:
        """Both hold the same slots, and every volume is where it was put."""
        assert self.arena.has(np.arange(400)).nonzero()[0].tolist() == sorted(self.model)
        slots = np.array(sorted(self.model), np.int64)
        ask = Circle(47 * ND, 8 * ND, 1)
        n = len(slots)
        found = self.arena.near(prepare([volume(ask)]), np.zeros(n), slots, np.full(n, 1e6), np.zeros(n))
        truth = [round(separation_m(ask, self.model[s].outline) * 1e3) for s in slots.tolist()]
        assert found.horizontal_mm.tolist() == truth


def test_an_arena_is_a_dictionary_of_volumes() -> None:
    """Putting, dropping and asking in any order lose nothing."""
    run_state_machine_as_test(ArenaModel, settings=settings(max_examples=20, stateful_step_count=15, deadline=None))


def test_a_million_volumes_would_take_a_quarter_of_a_gigabyte() -> None:
    """At most 250 bytes a volume of four vertices, also after a tenth was replaced again and again."""
    arena = Arena()
    arena.put_many(np.arange(20_000), [volume()] * 20_000)
    for round_ in range(20):
        slots = np.arange(2_000) * 10 + round_ % 10
        arena.drop(slots)
        arena.put_many(slots, [volume(deg(10, 20, 10, 20.1, 10.1, 20.1)) if round_ % 2 else volume()] * 2_000)
    assert arena.nbytes / 20_000 <= 250


def test_a_slot_is_filled_once_and_emptied_once() -> None:
    """Mistakes of the caller are assertions, before anything changed."""
    arena = Arena()
    arena.put(3, volume())
    for slots in ([3], [4, 4], [-1]):
        with pytest.raises(AssertionError):
            arena.put_many(np.array(slots), [volume()] * len(slots))
    for slots in ([4], [3, 4], [9_999]):
        with pytest.raises(AssertionError):
            arena.drop(np.array(slots))
    with pytest.raises(AssertionError):
        arena.near(prepare([volume()]), np.array([0]), np.array([5]), np.array([0.0]), np.array([0]))
    assert arena.has(np.arange(6)).tolist() == [False, False, False, True, False, False]
    arena.put_many(np.array([], np.int64), [])
    assert len(arena.near(prepare([]), *(np.array([]),) * 4).pair) == 0


@pytest.mark.skipif(not os.environ.get("WIDEBERTH_LONG"), reason="compiles everything twice: WIDEBERTH_LONG=1")
@pytest.mark.parametrize("setting", [{}, {"NUMBA_BOUNDSCHECK": "1"}])
def test_it_runs_from_a_read_only_install(tmp_path, setting: dict[str, str]) -> None:
    """With the cache elsewhere, and with every array index checked, answers are the same."""
    code = "from test_separation import *; test_20_000_separations_are_signed_and_exact(); "
    code += "test_any_two_outlines_agree_with_brute_force(); test_what_touches_is_exactly_0()"
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": os.path.dirname(__file__), **setting}
    environment.pop("WIDEBERTH_LONG")
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert list(tmp_path.rglob("*.nbc"))
