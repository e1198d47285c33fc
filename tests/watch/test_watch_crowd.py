"""One address at thousands of places, thousands in one place: bounded work, and what is real is seen all the same."""

import time

import numpy as np
import pytest
from watch_kit import Flyer, us
from worlds import charter

from wideberth.feeds.report import AddressKind
from wideberth.watch import approach
from wideberth.watch.absorb import TWINS_MAX
from wideberth.watch.fuse import Sky
from wideberth.watch.watch import Watch
from wideberth.watch.whose import Own


def test_an_address_that_is_everywhere_takes_a_few_rows() -> None:
    """Whatever a source says of one address, it takes no more rows than `TWINS_MAX` and its first; once that ends, two
    aircraft that really share the address are two tracks."""
    sky, random = Sky(), np.random.default_rng(3)
    for t in range(4):
        wild = [Flyer("3c6444", *random.uniform((-80, -179), (80, 179))).report(t) for _ in range(2_000)]
        sky.reports(wild)
        sky.sweep(us(t))
        assert int((sky.fusion.strands.number > 0).sum()) <= 1 + TWINS_MAX
    two = [Flyer("3c6444", 48, 8), Flyer("3c6444", 10, 100)]
    for t in range(5, 12):
        sky.reports([one.report(t) for one in two])
        tracks = sky.sweep(us(t))
    near = [np.degrees(tracks.lat_rad) > 47.9, np.abs(np.degrees(tracks.lat_rad) - 10) < 0.2]
    assert [int(found.sum()) for found in near] == [1, 1]


def test_what_is_no_number_is_refused() -> None:
    """A course that is no number: said at once, before compiled code looks for the place of it."""
    m = approach.moving([48, 48.1], [8, 8], [35_000, 35_000], [200, 200], [0, np.nan])
    with pytest.raises(AssertionError, match="no number"):
        approach.approaches(m, approach.one_minimum(), 300.0)


@pytest.mark.parametrize("share", [0.0, 0.002, 0.1, 1.0])
def test_pairs_of_those_who_are_watched_equal_brute_force(share: float) -> None:
    """In a crowd, with as many that somebody watches: each of their pairs, and none of two strangers."""
    random, n = np.random.default_rng(5), 900
    columns = (random.uniform(*span, n) for span in ((59.5, 60.5), (179.4, 180.6), (0, 300), (0, 360), (500, 9_000)))
    lat, lon, speed, track, feet = columns
    m = approach.moving(lat, (lon + 180) % 360 - 180, np.where(random.random(n) < 0.05, np.nan, feet), speed, track)
    minima, mine = approach.one_minimum(), random.random(n) < share
    every = approach.approaches(m, minima, 300.0)
    found = approach.approaches(m, minima, 300.0, mine)
    kept = mine[every.i] | mine[every.j]
    assert len(every.i) > 10_000
    assert [found.i.tolist(), found.j.tolist()] == [every.i[kept].tolist(), every.j[kept].tolist()]
    assert found.entry_s.tolist() == every.entry_s[kept].tolist()


def test_a_crowd_of_strangers_costs_no_square() -> None:
    """40,000 in half a degree, one aircraft of a party among them: within 2 s, where it took 13."""
    random, n = np.random.default_rng(1), 40_000
    watch = Watch(charter())
    watch.assign(AddressKind.ICAO, "aaaaaa", Own("AAA"))
    places = random.uniform((50, 10, 0, 0), (50.5, 10.5, 360, 50), (n, 4)).tolist()
    feet = (random.integers(0, 30, n) * 100).tolist()
    strange = [
        Flyer(f"u{k}", *place, low, kind=AddressKind.UID)
        for k, (place, low) in enumerate(zip(places, feet, strict=True))
    ]
    watch.reports([one.report(0) for one in [*strange, Flyer("aaaaaa", 50.2, 10.2, 0.0, 100.0, 1_500)]])
    watch.sweep(us(0.1))
    began = time.perf_counter()
    swept = watch.sweep(us(0.6))
    assert time.perf_counter() - began < 2.0
    assert swept.pairs > 1_000
