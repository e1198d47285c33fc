"""Promises of the shipped gazetteer: what lies in a theatre's bounds, spread, also across the antimeridian."""

from wideberth.intake.gazetteer import landmarks_within
from wideberth.limits import LANDMARKS_MAX
from wideberth.words.place import nearest

ND = 1_000_000_000
SYRIA = (32 * ND, 38 * ND, 35 * ND, 43 * ND)


def test_landmarks_are_inside_and_spelled_in_three_scripts() -> None:
    """Every row lies in the bounds; Raqqa is there as people of three scripts write it, at one place."""
    found = landmarks_within(SYRIA)
    assert 300 < len(found) <= LANDMARKS_MAX
    assert all(32 * ND <= mark.lat_nd <= 38 * ND and 35 * ND <= mark.lon_nd <= 43 * ND for mark in found)
    names = {mark.name: (mark.lat_nd, mark.lon_nd) for mark in found}
    assert names["Ar Raqqah"] == names["Ар-Ракка"] == names["الرقة"] == (35_952_800_000, 39_007_900_000)


def test_landmarks_are_spread() -> None:
    """With few rows the large places of other squares come before the many near one another."""
    found = landmarks_within(SYRIA, 60)
    assert len(found) <= 60
    lats, lons = [mark.lat_nd for mark in found], [mark.lon_nd for mark in found]
    assert max(lats) - min(lats) > 4 * ND
    assert max(lons) - min(lons) > 6 * ND


def test_landmarks_across_the_antimeridian_and_where_nobody_lives() -> None:
    """Bounds past 180 degrees hold places of both sides; an empty sea has none."""
    found = landmarks_within((-20 * ND, -10 * ND, 170 * ND, 195 * ND))
    assert {mark.lon_nd > 0 for mark in found} == {True, False}
    assert landmarks_within((-60 * ND, -58 * ND, -140 * ND, -138 * ND)) == ()


def test_a_landmark_of_the_gazetteer_is_named_in_latin_letters_first() -> None:
    """Of the spellings of one place the Latin one stands in a read-back."""
    spoken = nearest(35_400_000_000, 40_200_000_000, landmarks_within(SYRIA))
    assert spoken is not None
    assert spoken.landmark.name == "Deir ez-Zor"
