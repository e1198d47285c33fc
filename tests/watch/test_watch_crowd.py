"""One address at thousands of places: bounded work, and a real second aircraft is seen all the same."""

import numpy as np
from watch_kit import Flyer, us

from wideberth.watch.absorb import TWINS_MAX
from wideberth.watch.fuse import Sky


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
