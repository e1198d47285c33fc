"""Bearings and distances against geographiclib, cells against the reader of grid references."""

import math
import random

import pytest
from geographiclib.geodesic import Geodesic

from wideberth.intake.gridrefs import show_gars
from wideberth.limits import LANDMARK_M_MAX
from wideberth.words.place import (
    Landmark,
    Spoken,
    displaced_m,
    nearest,
    place_of,
    show_bearing,
    show_cell,
    show_position,
)
from wideberth.words.readback import read_position

WGS84 = Geodesic.WGS84
ND = 1_000_000_000


def somewhere(rng: random.Random) -> tuple[int, int]:
    """Anywhere, evenly, a third of it near a pole."""
    lat = math.degrees(math.asin(rng.uniform(-1, 1)))
    if rng.random() < 0.3:
        lat = rng.choice([-1, 1]) * (90 - 10 ** rng.uniform(-5, 1))
    return round(lat * ND), round(rng.uniform(-180, 180) * ND)


def test_bearing_and_distance_are_geographiclibs() -> None:
    """Said from a landmark, a place is where the reference implementation puts it, within a millimetre."""
    rng = random.Random(1)
    for _ in range(2_000):
        lat_nd, lon_nd = somewhere(rng)
        azimuth, metres = rng.uniform(0, 360), 10 ** rng.uniform(0, math.log10(LANDMARK_M_MAX))
        there = WGS84.Direct(lat_nd / ND, lon_nd / ND, azimuth, metres)
        place = round(there["lat2"] * ND), round(there["lon2"] * ND)
        spoken = nearest(*place, [Landmark("here", lat_nd, lon_nd)])
        if spoken is None:
            assert metres > LANDMARK_M_MAX - 0.001
            continue
        truth = WGS84.Inverse(lat_nd / ND, lon_nd / ND, place[0] / ND, place[1] / ND)
        assert abs(spoken.distance_m - truth["s12"]) < 1e-3
        turned = math.radians(spoken.bearing_deg - truth["azi1"])
        assert abs(math.remainder(turned, 2 * math.pi)) * truth["s12"] < 1e-3
        assert 0 <= spoken.bearing_deg < 360
        back = place_of(spoken)
        assert WGS84.Inverse(back[0] / ND, back[1] / ND, place[0] / ND, place[1] / ND)["s12"] < 2e-3


def test_the_nearest_landmark_is_named() -> None:
    """Of many landmarks the one is named that the reference implementation finds nearest, also across 180 degrees."""
    rng = random.Random(2)
    for _ in range(60):
        lat_nd, lon_nd = (
            rng.randrange(-89 * ND, 89 * ND),
            rng.choice([180 * ND - 1, rng.randrange(-180 * ND, 180 * ND)]),
        )
        near = [(lat_nd + rng.randrange(-ND, ND), lon_nd + rng.randrange(-ND, ND)) for _ in range(40)]
        landmarks = [
            Landmark(f"L{i}", max(-90 * ND, min(90 * ND, lat)), (lon + 180 * ND) % (360 * ND) - 180 * ND)
            for i, (lat, lon) in enumerate(near)
        ]
        far = [WGS84.Inverse(m.lat_nd / ND, m.lon_nd / ND, lat_nd / ND, lon_nd / ND)["s12"] for m in landmarks]
        spoken = nearest(lat_nd, lon_nd, landmarks)
        assert spoken is not None
        assert spoken.landmark == landmarks[far.index(min(far))]


def test_far_landmarks_say_nothing() -> None:
    """Past the limit there is no bearing; without landmarks neither; two as near are told apart by name."""
    assert nearest(0, 0, []) is None
    assert nearest(0, 0, [Landmark("far", 5 * ND, 0)]) is None
    twins = [Landmark("B", ND, 0), Landmark("A", -ND, 0)]
    for order in (twins, twins[::-1]):
        spoken = nearest(0, 0, order)
        assert spoken is not None
        assert spoken.landmark.name == "A"


def test_displacement_has_no_holes() -> None:
    """Distances are the reference's to a millimetre nearby, within 0.6 % around the globe, and never fail."""
    rng = random.Random(3)
    for _ in range(1_000):
        a, b = somewhere(rng), somewhere(rng)
        truth = WGS84.Inverse(a[0] / ND, a[1] / ND, b[0] / ND, b[1] / ND)["s12"]
        mine = displaced_m(*a, *b)
        assert abs(mine - truth) <= (1e-3 if truth < 1_500_000 else 0.006 * truth)
    assert displaced_m(0, 0, 0, 180 * ND) > 20_000_000
    assert displaced_m(90 * ND, 0, 90 * ND, 77 * ND) < 1e-6


def test_cells_are_those_of_the_reader() -> None:
    """The cell said is the cell that `intake` reads and writes, everywhere and on every border."""
    rng = random.Random(4)
    places = [somewhere(rng) for _ in range(5_000)]
    borders = [-180 * ND, -179 * ND, -ND // 12, 0, ND // 12, ND // 2, 180 * ND - 1, 180 * ND]
    places += [(lat, lon) for lat in (-90 * ND, -ND // 2, 0, ND // 12, 90 * ND - 1, 90 * ND) for lon in borders]
    for lat_nd, lon_nd in places:
        assert show_cell(lat_nd, lon_nd) == show_gars(lat_nd, lon_nd)


def test_positions_are_read_as_they_were_written() -> None:
    """Degrees, minutes and seconds give the place back to half a second in each, with the right hemispheres."""
    rng = random.Random(5)
    for lat_nd, lon_nd in [somewhere(rng) for _ in range(5_000)] + [
        (90 * ND, 0),
        (-1, -1),
        (0, 180 * ND),
        (0, -180 * ND),
    ]:
        text = show_position(lat_nd, lon_nd)
        read = read_position(text)
        assert read is not None
        assert abs(read[0] - lat_nd) <= ND // 7200 + 1
        assert abs(math.remainder(read[1] - lon_nd, 360 * ND)) <= ND // 7200 + 1
        assert show_position(*read) == text


@pytest.mark.parametrize(
    "text", ["", "422144N0384736", "426044N0384736W", "912144N0384736W", "422144N1814736W", "422144E0384736N"]
)
def test_what_is_no_position_is_not_read(text: str) -> None:
    """Sixty minutes, 91 degrees and swapped hemispheres are no place."""
    assert read_position(text) is None


@pytest.mark.parametrize(
    ("bearing", "metres", "text"),
    [(0.2, 12_349.9, "3600123"), (359.6, 49.0, "3600000"), (0.5, 50.0, "0010001"), (284.5, 499_999.0, "2855000")],
)
def test_north_is_360_and_halves_go_up(bearing: float, metres: float, text: str) -> None:
    """Bearings have three digits and distances four, rounded one way on every node."""
    assert show_bearing(Spoken(Landmark("x", 0, 0), bearing, metres)) == text
