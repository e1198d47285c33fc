"""Read-backs: every one-digit error and every displacement of 9 km is stopped."""

import math
import random
import re

import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import given
from hypothesis import strategies as st

from wideberth.intake.times import parse_time
from wideberth.space.volume import Circle, Polygon, Volume4D
from wideberth.words.check import ALPHABET, check_holds, groups, with_check
from wideberth.words.place import Landmark
from wideberth.words.readback import ReadBack, Wrong, centre_of, compare, readback_of

WGS84 = Geodesic.WGS84
ND = 1_000_000_000
START_US, END_US = 1_795_375_800_000_000, 1_795_379_400_000_000
DORUN = Landmark("Dorun", 42_262_100_000, -38_718_200_000)
LANDMARKS = [DORUN, Landmark("Kemra", 42_362_100_000, -38_793_300_000)]


def circle(lat_nd: int, lon_nd: int, lower_mm: int = 450_000, upper_mm: int = 3_050_500) -> Volume4D:
    """3 km around a place, for an hour."""
    return Volume4D(Circle(lat_nd, lon_nd, 3_000_000), lower_mm, upper_mm, START_US, END_US)


def moved(lat: float, lon: float, azimuth: float, metres: float) -> tuple[int, int]:
    """Where the reference implementation gets to."""
    there = WGS84.Direct(lat, lon, azimuth, metres)
    return round(there["lat2"] * ND), round((there["lon2"] + 180) % 360 * ND) - 180 * ND


def items_wrong(expected: ReadBack, said: ReadBack) -> set[str]:
    """Which items differ."""
    return {difference.item for difference in compare(expected, said)}


def test_the_right_read_back_is_right() -> None:
    """As it was sent, read in groups, in small letters: nothing is wrong with it, and every item carries its check."""
    right = readback_of([circle(42_300_000_000, -38_700_000_000)], 3, LANDMARKS)
    assert compare(right, right) == ()
    assert compare(right, [groups(item).lower() for item in right.items()]) == ()
    assert all(check_holds(item) for item in right.items())
    assert right.position == with_check("421800N0384200W")
    assert right.band == with_check("A00450A03051")
    assert right.window == with_check("2611221930Z2611222030Z")
    assert right.version == with_check("V3")
    assert right.bearing[:7] == "0200045"


@pytest.mark.parametrize(
    "place", [(35.3, 40.15), (0.0, 0.0), (-33.0, 179.99), (78.2, -15.6), (89.99, 10.0), (-90.0, 0.0)]
)
def test_every_displacement_of_9_km_is_stopped(place: tuple[float, float]) -> None:
    """In every one of 360 directions, at the equator, at a pole and across 180 degrees: the position differs, and says
    by how much."""
    here = readback_of([circle(round(place[0] * ND), round(place[1] * ND))], 1, LANDMARKS)
    for azimuth in range(360):
        there = readback_of([circle(*moved(*place, azimuth, 9_000.0))], 1, LANDMARKS)
        wrong = {difference.item: difference for difference in compare(here, there)}
        assert {"position", "seal"} <= set(wrong)
        assert wrong["position"].wrong is Wrong.OTHER
        assert wrong["position"].displaced_m == pytest.approx(9_000, abs=62)


@pytest.mark.parametrize("place", [(42.3, -38.7), (0.01, 179.95), (-89.95, 30.0)])
def test_a_ring_displaced_by_9_km_is_stopped(place: tuple[float, float]) -> None:
    """A polygon carried 9 km in any of 360 directions has another middle, also around a pole."""

    def ring(centre: tuple[float, float]) -> Volume4D:
        corners = [moved(*centre, azimuth, 11_000.0) for azimuth in (10, 80, 200, 290)]
        return Volume4D(Polygon(tuple(nd for corner in corners for nd in corner)), 0, 1, START_US, END_US)

    here = readback_of([ring(place)], 1)
    for azimuth in range(360):
        lat_nd, lon_nd = moved(*place, azimuth, 9_000.0)
        assert {"position", "seal"} <= items_wrong(here, readback_of([ring((lat_nd / ND, lon_nd / ND))], 1))


def test_one_part_of_many_displaced_is_stopped() -> None:
    """Of twelve parts one is carried 9 km in any of 360 directions: the seal differs wherever the middle does not."""
    parts = [circle(42 * ND + i * 100_000_000, -38 * ND) for i in range(12)]
    here = readback_of(parts, 1)
    for azimuth in range(360):
        i = azimuth % 12
        other = [*parts[:i], circle(*moved(42 + i * 0.1, -38, azimuth, 9_000.0)), *parts[i + 1 :]]
        assert "seal" in items_wrong(here, readback_of(other, 1))


def test_every_wrong_character_that_is_said_is_stopped() -> None:
    """Any one character of any item said as any other is found, by its check characters alone, without the plan."""
    right = readback_of([circle(42_300_000_000, -38_700_000_000)], 12, LANDMARKS)
    for at, item in enumerate(right.items()):
        for i in range(len(item)):
            for wrong in set(ALPHABET) - {item[i]}:
                said = [*right.items()]
                said[at] = item[:i] + wrong + item[i + 1 :]
                found = compare(right, said)
                assert [(d.item, d.wrong) for d in found] == [(right.__struct_fields__[at], Wrong.MISHEARD)]
        for i in range(len(item) - 1):
            if item[i] != item[i + 1]:
                assert not check_holds(item[:i] + item[i + 1] + item[i] + item[i + 2 :])


def one_digit_errors(text: str) -> list[str]:
    """The text with each of its digits as each other digit."""
    digits = [i for i, character in enumerate(text) if character.isdigit()]
    return [text[:i] + d + text[i + 1 :] for i in digits for d in "0123456789" if d != text[i]]


def test_every_one_digit_error_in_a_coordinate_is_stopped() -> None:
    """Whoever typed one digit of a latitude or longitude wrong has another read-back, whole but other."""

    def plan(text: str) -> Volume4D:
        found = re.fullmatch(r"([0-9]{2})([0-9]{2})([0-9]{2})N([0-9]{3})([0-9]{2})([0-9]{2})E", text)
        assert found is not None
        d = [int(part) for part in found.groups()]
        lat, lon = ((a * 3600 + b * 60 + c) * ND // 3600 for a, b, c in (d[:3], d[3:]))
        return circle(min(lat, 90 * ND), (lon + 180 * ND) % (360 * ND) - 180 * ND)

    right = readback_of([plan("352103N0401507E")], 1, LANDMARKS)
    for wrong in one_digit_errors("352103N0401507E"):
        assert {"position", "seal"} <= items_wrong(right, readback_of([plan(wrong)], 1, LANDMARKS)), wrong


def test_every_one_digit_error_in_an_altitude_is_stopped() -> None:
    """One wrong digit in metres shows in the band."""
    right = readback_of([circle(0, 0, 450_000, 33_050_000)], 1)
    for wrong in one_digit_errors("00450"):
        assert "band" in items_wrong(right, readback_of([circle(0, 0, int(wrong) * 1000, 99_999_000)], 1))
    for wrong in one_digit_errors("33050"):
        assert "band" in items_wrong(right, readback_of([circle(0, 0, 450_000, int(wrong) * 1000)], 1))
    below = readback_of([circle(0, 0, -450_000, 33_050_000)], 1)
    assert "band" in items_wrong(right, below)


def test_every_one_digit_error_in_a_time_is_stopped() -> None:
    """One wrong digit in a date or a time of day, down to the minute, shows in the window."""
    text = "2026-11-22T19:30:00Z"
    start_us = parse_time(text, "")
    assert isinstance(start_us, int)
    right = readback_of([circle(0, 0)], 1)
    others = [us for wrong in one_digit_errors(text[:16]) if isinstance(us := parse_time(wrong + text[16:], ""), int)]
    assert len(others) > 40
    for us in others:
        volume = Volume4D(Circle(0, 0, 3_000_000), 450_000, 3_050_500, us, END_US)
        assert "window" in items_wrong(right, readback_of([volume], 1))


def test_another_version_is_stopped() -> None:
    """A read-back of the version before, or with one digit more or less, is whole but other."""
    right = readback_of([circle(0, 0)], 12)
    for version in (1, 2, 11, 13, 21, 112, 120):
        found = compare(right, readback_of([circle(0, 0)], version))
        assert [(d.item, d.wrong) for d in found] == [("version", Wrong.OTHER)]


def test_seconds_and_millimetres_show_in_the_seal() -> None:
    """What is finer than people read, or inside, is not lost: radius, place, a millimetre, a second, order."""
    one = circle(ND, ND)
    others = [
        Volume4D(Circle(ND, ND, 3_000_001), 450_000, 3_050_500, START_US, END_US),
        Volume4D(Circle(ND + 1, ND, 3_000_000), 450_000, 3_050_500, START_US, END_US),
        Volume4D(Circle(ND, ND, 3_000_000), 450_000, 3_050_501, START_US, END_US),
        Volume4D(Circle(ND, ND, 3_000_000), 450_000, 3_050_500, START_US, END_US - 1),
    ]
    for other in others:
        assert items_wrong(readback_of([one], 1), readback_of([other], 1)) == {"seal"}
    assert items_wrong(readback_of([one, others[0]], 1), readback_of([others[0], one], 1)) == {"seal"}


def test_what_is_missing_too_long_or_foreign_is_named() -> None:
    """Nothing said is not a right answer, nor is a flood, a letter of another script, or an item too many."""
    right = readback_of([circle(0, 0)], 1, [])
    assert right.bearing == ""
    assert {(d.item, d.wrong) for d in compare(right, [])} == {
        (name, Wrong.MISSING) for name in right.__struct_fields__ if name != "bearing"
    }
    said = [*right.items()]
    said[0] = said[0] + " " * 100
    said[1] = said[1].replace("A", "А")[:-1] + "А"
    found = {d.item: d.wrong for d in compare(right, [*said, "more"])}
    assert found == {"position": Wrong.UNREADABLE, "cell": Wrong.UNREADABLE, "": Wrong.UNREADABLE}
    assert all(len(d.said) <= 80 for d in compare(right, ["x" * 10_000] * 9))


def test_the_middle_is_where_people_would_point() -> None:
    """A circle's own centre, a square's crossing of diagonals, and the middle of a row, also across 180 degrees."""
    assert centre_of([circle(12_345_678_901, -180 * ND)]) == (12_345_678_901, -180 * ND)
    square = Polygon((0, 179 * ND, 0, -179 * ND, 2 * ND, -179 * ND, 2 * ND, 179 * ND))
    lat_nd, lon_nd = centre_of([Volume4D(square, 0, 1, START_US, END_US)])
    assert abs(lat_nd - ND) < ND // 1000
    assert abs(abs(lon_nd) - 180 * ND) < 10
    assert centre_of([circle(10 * ND, ND), circle(-10 * ND, ND)]) == (0, ND)
    assert centre_of([circle(0, 0), circle(0, 180 * ND)]) == (0, 0)


@given(
    st.integers(-90 * ND, 90 * ND),
    st.integers(-180 * ND, 180 * ND),
    st.integers(-1_000_000, 100_000_000),
    st.integers(0, 4_102_444_000_000_000),
    st.integers(1, 10**6),
    st.lists(st.text(max_size=90), max_size=9),
)
def test_any_plan_can_be_read_back_and_anything_said(
    lat: int, lon: int, lower: int, start: int, version: int, said: list[str]
) -> None:
    """No plan and no answer is beyond it; only the right answer is right."""
    right = readback_of([Volume4D(Circle(lat, lon, 1), lower, 100_000_000, start, start + 1_000)], version, LANDMARKS)
    assert all(check_holds(item) for item in right.items() if item)
    assert compare(right, right) == ()
    assert compare(right, said)


def test_distances_of_a_wrong_position_are_finite() -> None:
    """The other side of the Earth is far, and a number."""
    right = readback_of([circle(0, 0)], 1)
    found = compare(right, readback_of([circle(0, -180 * ND)], 1))
    assert found[0].displaced_m is not None
    assert math.isfinite(found[0].displaced_m)
    assert found[0].displaced_m > 19_000_000


def test_random_read_backs_never_match() -> None:
    """A thousand other plans: none reads back as this one."""
    rng = random.Random(9)
    right = readback_of([circle(0, 0)], 1)
    for _ in range(1_000):
        other = circle(rng.randrange(-80 * ND, 80 * ND), rng.randrange(-180 * ND, 180 * ND))
        assert compare(right, readback_of([other], 1))
