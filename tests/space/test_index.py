"""The candidate index against brute force over boxes, and against geodesics where margins are concerned."""

import os
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import given, settings
from hypothesis import strategies as st

from wideberth.space.index import Index, Slots

Int64s = npt.NDArray[np.int64]

LONG = bool(os.environ.get("WIDEBERTH_LONG"))
TURN_ND = 360_000_000_000
HOUR_US = 3_600_000_000
EPOCH_US = 1_800_000_000_000_000
CAPACITIES = (1, 2**16)
"""In a small index many cells share a bucket and wide queries test every record; in a large one they walk the cells."""


def meeting(boxes: Int64s, query: Int64s) -> Int64s:
    """Brute force: which boxes meet a query, longitudes compared on the circle by their widths."""
    east_of_query = (boxes[:, 2] - query[2]) % TURN_ND <= query[3] - query[2]
    west_of_query = (query[2] - boxes[:, 2]) % TURN_ND <= boxes[:, 3] - boxes[:, 2]
    meets = (
        (boxes[:, 0] <= query[1])
        & (boxes[:, 1] >= query[0])
        & (east_of_query | west_of_query)
        & (boxes[:, 4] <= query[5])
        & (boxes[:, 5] >= query[4])
        & (boxes[:, 6] < query[7])
        & (boxes[:, 7] > query[6])
    )
    return np.flatnonzero(meets)


def spans(random: np.random.Generator, n: int, least: float, most: float) -> Int64s:
    """Lengths spread evenly over orders of magnitude, some of them nothing at all."""
    lengths = np.exp(random.uniform(np.log(least), np.log(most), n)).astype(np.int64)
    lengths[random.random(n) < 0.02] = 0
    return lengths


def world(seed: int, n: int) -> Int64s:
    """Boxes from points to half the globe, crowded, at the poles, on the antimeridian; minutes to months."""
    random = np.random.default_rng(seed)
    boxes = np.empty((n, 8), np.int64)
    height, width = spans(random, n, 1e3, 2e10), spans(random, n, 1e3, 5e10)
    crowd = random.random(n) < 0.5
    lat = np.where(crowd, 48e9 + random.normal(0, 3e8, n), random.uniform(-90e9, 90e9, n)).astype(np.int64)
    lon = np.where(crowd, 10e9 + random.normal(0, 3e8, n), random.uniform(-180e9, 180e9, n)).astype(np.int64)
    seam = random.random(n) < 0.2
    lon[seam] = (180e9 - random.uniform(0, 1.5, seam.sum()) * width[seam]).astype(np.int64)
    lon = np.where(lon >= 180_000_000_000, lon - TURN_ND, lon)
    boxes[:, 0], boxes[:, 1] = lat, np.minimum(lat + height, 90_000_000_000)
    boxes[:, 2], boxes[:, 3] = lon, lon + width
    polar = random.random(n) < 0.03
    north = random.random(n) < 0.5
    boxes[polar & north, 1] = 90_000_000_000
    boxes[polar & ~north, 0] = -90_000_000_000
    boxes[polar, 2], boxes[polar, 3] = -TURN_ND // 2, TURN_ND // 2
    boxes[:, 4] = random.integers(-1_000_000, 12_000_000, n)
    boxes[:, 5] = boxes[:, 4] + spans(random, n, 1, 1e7)
    boxes[:, 6] = EPOCH_US + random.integers(0, 48 * HOUR_US, n)
    boxes[:, 7] = boxes[:, 6] + 1 + spans(random, n, 1e6, 700 * HOUR_US)
    return boxes


def box(lat: tuple[float, float], lon: tuple[float, float], **other: int) -> Int64s:
    """One box (1, 8) of degrees, 0 to 100 m, one hour, unless told otherwise."""
    values = [*(round(d * 1e9) for d in (*lat, *lon))]
    band = [other.get("lower_mm", 0), other.get("upper_mm", 100_000)]
    window = [other.get("start_us", EPOCH_US), other.get("end_us", EPOCH_US + HOUR_US)]
    return np.array([values + band + window], np.int64)


def filled(boxes: Int64s, capacity: int = 1) -> Index:
    """An index of boxes at slots 0, 1, 2, ..."""
    index = Index(capacity)
    index.add(np.arange(len(boxes)), boxes)
    return index


def assert_like_brute_force(index: Index, slots: Int64s, boxes: Int64s, queries: Int64s) -> None:
    """Exactly the pairs of brute force, each once, by query, then slot."""
    which, found = index.query(queries)
    expected = [(i, s) for i, query in enumerate(queries) for s in sorted(slots[meeting(boxes, query)].tolist())]
    assert list(zip(which.tolist(), found.tolist(), strict=True)) == expected


edge_nd = st.sampled_from([0, 1, 2**26 - 1, 2**26, 2**26 + 1, 2**28, 2**30 + 1])
lat_nd = st.one_of(st.integers(-90_000_000_000, 90_000_000_000), edge_nd, st.just(-90_000_000_000))
lon_nd = st.one_of(st.integers(-180_000_000_000, 179_999_999_999), edge_nd, st.just(179_999_999_999))
time_us = st.one_of(st.integers(0, 4_102_444_800_000_000), edge_nd.map(lambda x: EPOCH_US // 2**30 * 2**30 + x))


@st.composite
def any_box(draw: Callable[..., int]) -> list[int]:
    """A box of any size anywhere, with a liking for the edges of cells."""
    south, west, start = draw(lat_nd), draw(lon_nd), draw(time_us)
    lower = draw(st.integers(-1_000_000, 100_000_000))
    height = draw(st.one_of(edge_nd, st.integers(0, 180_000_000_000)))
    width = draw(st.one_of(edge_nd, st.integers(0, TURN_ND)))
    band = draw(st.one_of(st.integers(0, 200_000), st.just(2**13), st.just(0)))
    length = draw(st.one_of(edge_nd.map(lambda x: x + 1), st.integers(1, 30 * 24 * HOUR_US)))
    return [south, min(south + height, 90_000_000_000), west, west + width, lower, lower + band, start, start + length]


@pytest.mark.parametrize("capacity", CAPACITIES)
@given(held=st.lists(any_box(), min_size=1, max_size=30), asked=st.lists(any_box(), min_size=1, max_size=5))
@settings(max_examples=5000 if LONG else 100, deadline=None)
def test_any_boxes(capacity: int, held: list[list[int]], asked: list[list[int]]) -> None:
    """For whatever boxes, the index finds exactly what brute force finds."""
    boxes, queries = np.array(held, np.int64), np.array(asked, np.int64)
    assert_like_brute_force(filled(boxes, capacity), np.arange(len(boxes)), boxes, np.concatenate((queries, boxes)))


@pytest.mark.parametrize("capacity", CAPACITIES)
@pytest.mark.parametrize("seed", range(60 if LONG else 6))
def test_worlds_that_change(seed: int, capacity: int) -> None:
    """Through rounds of adding and removing, with slots used again, the index equals brute force."""
    random = np.random.default_rng(1000 + seed)
    boxes = world(seed, 6000)
    slots, index = Slots(), Index(capacity)
    slot_of = np.full(len(boxes), -1)
    for round_ in range(8):
        joining = random.permutation(np.flatnonzero(slot_of < 0))[:1500]
        slot_of[joining] = slots.take(len(joining))
        index.add(slot_of[joining], boxes[joining])
        live = np.flatnonzero(slot_of >= 0)
        assert len(index) == len(live)
        assert_like_brute_force(index, slot_of[live], boxes[live], world(round_ * 100 + seed, 60))
        leaving = random.permutation(live)[: len(live) // 2]
        index.remove(slot_of[leaving])
        slots.give(slot_of[leaving])
        slot_of[leaving] = -1
    live = np.flatnonzero(slot_of >= 0)
    assert_like_brute_force(index, slot_of[live], boxes[live], boxes[:200])


def test_crowd() -> None:
    """A crowd in one cell, and a query of everything, are found whole."""
    boxes = np.repeat(box((48.0, 48.001), (10.0, 10.001)), 5000, axis=0)
    boxes[:, 6] += np.arange(5000)
    index = filled(boxes)
    _, found = index.query(box((-90, 90), (-180, 180), start_us=0, end_us=EPOCH_US * 2))
    assert found.tolist() == list(range(5000))
    index.remove(np.arange(0, 5000, 2))
    assert index.query(boxes[:1])[1].tolist() == list(range(1, 5000, 2))


def test_one_place_for_years() -> None:
    """Where one place is used again and again, each use is found once, though its cells share buckets."""
    boxes = np.repeat(box((48.0, 48.001), (10.0, 10.001)), 20_000, axis=0)
    boxes[:, 6] += np.arange(20_000) * HOUR_US // 3
    boxes[:, 7] = boxes[:, 6] + HOUR_US
    queries = boxes[:400].copy()
    queries[:, 7] += np.arange(400) * HOUR_US
    assert_like_brute_force(filled(boxes), np.arange(len(boxes)), boxes, queries)


def test_touching() -> None:
    """Outlines and bands that only touch are candidates; windows that only touch are not."""
    index = filled(box((48, 49), (10, 11)))
    beside = box((49, 50), (11, 12), lower_mm=100_000, upper_mm=200_000)
    assert index.query(beside)[1].tolist() == [0]
    for column in (0, 2, 4):
        apart = beside.copy()
        apart[0, column] += 1
        assert index.query(apart)[1].tolist() == [], f"column {column}"
    after = box((48, 49), (10, 11), start_us=EPOCH_US + HOUR_US, end_us=EPOCH_US + 2 * HOUR_US)
    assert index.query(after)[1].tolist() == []
    after[0, 6] -= 1
    assert index.query(after)[1].tolist() == [0]


@pytest.mark.parametrize("capacity", CAPACITIES)
def test_antimeridian(capacity: int) -> None:
    """Boxes meet across the antimeridian, whichever of them crosses it, and count once."""
    crossing = box((0, 1), (179.5, 180.5))
    east, west = box((0, 1), (-179.9, -179)), box((0, 1), (179, 179.9))
    for held in (crossing, east, west):
        for asked in (crossing, east, west):
            expected = [] if held is not asked and crossing is not held and crossing is not asked else [0]
            assert filled(held, capacity).query(asked)[1].tolist() == expected
    around = box((0, 1), (-180, 180))
    assert filled(around, capacity).query(around)[1].tolist() == [0]
    assert filled(west, capacity).query(east, 50_000.0)[1].tolist() == [0]


def geodesic_neighbour(random: np.random.Generator, query: Int64s, margin_m: float) -> Int64s:
    """A box of a point that lies at most the margin away from a point of the query, along a geodesic."""
    lat = random.uniform(query[0], query[1]) / 1e9
    lon = random.uniform(query[2], query[3]) / 1e9
    far = margin_m * random.choice([1.0, random.random()])
    to = Geodesic.WGS84.Direct(lat, lon, random.uniform(-180, 180), far)
    point = query.copy()
    # rounded outward, as whoever makes boxes does
    point[0], point[1] = np.floor(to["lat2"] * 1e9), np.ceil(to["lat2"] * 1e9)
    west = (to["lon2"] + 180) % 360 - 180
    point[2], point[3] = np.floor(west * 1e9), np.ceil(west * 1e9)
    return point


@pytest.mark.parametrize("margin_m", [1.0, 5_556.0, 100_000.0, 1_000_000.0])
def test_margin_reaches(margin_m: float) -> None:
    """Whatever lies within the margin along a geodesic is found, at every latitude, around poles and antimeridian."""
    random = np.random.default_rng(7)
    n = 20_000 if LONG else 1_500
    queries = world(3, n)
    queries[:, 3] = np.minimum(queries[:, 3], queries[:, 2] + 10_000_000_000)
    near_pole = random.random(n) < 0.3
    queries[near_pole, 1] = np.sign(queries[near_pole, 0]) * (90_000_000_000 - spans(random, near_pole.sum(), 1, 1e10))
    queries[near_pole, 0] = queries[near_pole, 1] - spans(random, near_pole.sum(), 1, 1e9)
    queries[:, 0] = np.maximum(queries[:, 0], -90_000_000_000)
    neighbours = np.array([geodesic_neighbour(random, query, margin_m) for query in queries])
    index = filled(neighbours)
    which, found = index.query(queries, margin_m)
    lost = set(range(n)) - set(which[which == found].tolist())
    assert lost == set()


def test_margin_up_and_down() -> None:
    """The vertical margin reaches up and down, its own end included."""
    index = filled(box((48, 49), (10, 11), lower_mm=1_000, upper_mm=2_000))
    above = box((48, 49), (10, 11), lower_mm=2_300, upper_mm=3_000)
    below = box((48, 49), (10, 11), lower_mm=0, upper_mm=700)
    for asked in (above, below):
        assert index.query(asked, 0.0, 299)[1].tolist() == []
        assert index.query(asked, 0.0, 300)[1].tolist() == [0]


@pytest.mark.parametrize("capacity", CAPACITIES)
def test_margins_of_each_kind(capacity: int) -> None:
    """With a margin for each kind, each kind's boxes are found as if they alone were there, with their own margin."""
    random = np.random.default_rng(14)
    boxes, queries = world(5, 4000), world(6, 300)
    polar = random.random(300) < 0.1
    queries[polar, 0], queries[polar, 1] = 89_000_000_000, 89_500_000_000
    kinds = random.integers(0, 3, len(boxes))
    margins_m, margins_mm = np.array([50_000.0, 0.0, 3_000.0]), np.array([0, 900_000, 10_000])
    index = Index(capacity)
    index.add(np.arange(len(boxes)), boxes, kinds)
    which, found = index.query(queries, margins_m, margins_mm)
    assert sorted(zip(which.tolist(), found.tolist(), strict=True)) == list(zip(which, found, strict=True))
    for kind in range(3):
        alone = Index(capacity)
        alone.add(np.flatnonzero(kinds == kind), boxes[kinds == kind])
        one = set(zip(*alone.query(queries, float(margins_m[kind]), int(margins_mm[kind])), strict=True))
        of_kind = kinds[found] == kind
        several = set(zip(which[of_kind], found[of_kind], strict=True))
        assert one
        # around the poles the widest margin may take every longitude for all kinds
        assert one <= several
        assert all(abs(queries[i, :2]).max() > 85_000_000_000 for i, _ in several - one)
    assert len(np.unique(which * len(boxes) + found)) == len(found)


def test_wider_margin() -> None:
    """A wider margin never loses a candidate."""
    index, queries = filled(world(5, 3000)), world(6, 50)
    last = set[tuple[int, int]]()
    for margin_m in (0.0, 1.0, 5_556.0, 1e5, 1e6, 1e7):
        found = set(zip(*(part.tolist() for part in index.query(queries, margin_m)), strict=True))
        assert last <= found
        last = found
    assert len(last) > 5 * len(index.query(queries)[0])


def test_kind_without_margin() -> None:
    """Margins that leave out a kind in the index trip an assertion instead of being guessed."""
    index = Index()
    index.add(np.array([0]), box((0, 1), (0, 1)), np.array([2]))
    with pytest.raises(AssertionError, match="no margin"):
        index.query(box((0, 1), (0, 1)), np.array([1.0, 2.0]), np.array([1, 2]))


def test_wider_than_can_be() -> None:
    """A margin without end finds all that shares the window and the band; bands beyond any sky are not lost."""
    boxes = world(8, 500)
    boxes[:, 4], boxes[:, 5] = -(2**40), 2**40
    boxes[:, 6], boxes[:, 7] = EPOCH_US, EPOCH_US + 1
    asked = box((1, 1), (1, 1), lower_mm=2**39, upper_mm=2**39)
    assert filled(boxes).query(asked, float("inf"))[1].tolist() == list(range(500))


def test_bystander() -> None:
    """Adding boxes never removes a candidate from any answer."""
    boxes, queries = world(9, 4000), world(10, 100)
    index = filled(boxes[:2000])
    before = set(zip(*(part.tolist() for part in index.query(queries)), strict=True))
    index.add(np.arange(2000, 4000), boxes[2000:])
    after = set(zip(*(part.tolist() for part in index.query(queries)), strict=True))
    assert before
    assert before <= after


def test_past_does_not_show() -> None:
    """Two indices that hold the same answer alike, however they came to hold it."""
    boxes, queries = world(11, 3000), world(12, 100)
    straight = filled(boxes, capacity=4096)
    crooked = Index(8)
    order = np.random.default_rng(13).permutation(3000)
    for some in np.array_split(order, 70):
        crooked.add(some, boxes[some])
    crooked.remove(order[::3].copy())
    crooked.add(order[::3].copy(), boxes[order[::3]])
    for one, other in zip(straight.query(queries, 1000.0, 10), crooked.query(queries, 1000.0, 10), strict=True):
        assert one.tolist() == other.tolist()


def test_memory_is_given_back() -> None:
    """Coming and going for ever needs no more room than the most that was live at once."""
    index, slots = Index(), Slots()
    sizes = []
    for round_ in range(100):
        boxes = world(20, 3000)
        boxes[:, 6:] += round_ * 50 * HOUR_US
        taken = slots.take(len(boxes))
        index.add(taken, boxes)
        sizes.append(index.nbytes)
        index.remove(taken)
        slots.give(taken)
    assert len(index) == 0
    assert max(sizes) <= 2 * sizes[0]


def test_slots() -> None:
    """Slots come lowest first, and what comes next depends on which are live alone."""
    slots = Slots()
    assert slots.take(5).tolist() == [0, 1, 2, 3, 4]
    slots.give(np.array([3, 1]))
    assert slots.take(1).tolist() == [1]
    assert Slots([0, 1, 2, 4]).take(3).tolist() == slots.take(3).tolist() == [3, 5, 6]
    assert slots.take(0).tolist() == []


def test_bugs_are_caught() -> None:
    """A slot added twice or removed twice trips an assertion."""
    one = box((0, 1), (0, 1))
    index = filled(one)
    with pytest.raises(AssertionError, match="added twice"):
        index.add(np.array([0]), one)
    index.remove(np.array([0]))
    with pytest.raises(AssertionError, match="removed twice"):
        index.remove(np.array([0]))


def test_nothing() -> None:
    """An index without boxes, and a question without queries, answer with nothing."""
    none = np.empty((0, 8), np.int64)
    for index in (Index(), filled(box((0, 1), (0, 1)))):
        index.add(np.empty(0, np.int64), none)
        index.remove(np.empty(0, np.int64))
        assert [part.tolist() for part in index.query(none)] == [[], []]
    assert Index().query(box((0, 1), (0, 1)))[1].tolist() == []
