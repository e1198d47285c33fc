"""Boxes, and latitude and longitude swapped."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from wideberth.intake.bounds import ND, Bounds, bounds_of, swapped
from wideberth.intake.fields import Note
from wideberth.refusal import Reason, Refusal

THEATRE = Bounds(34 * ND, 36 * ND, 40 * ND, 42 * ND)
MIRROR = Bounds(30 * ND, 45 * ND, 35 * ND, 50 * ND)
PACIFIC = Bounds(-10 * ND, 10 * ND, 170 * ND, 190 * ND)
INSIDE = st.tuples(st.integers(34 * ND, 36 * ND), st.integers(40 * ND, 42 * ND))


@given(INSIDE)
def test_every_swap_out_of_the_theatre_is_named(place: tuple[int, int]) -> None:
    """A place of a theatre whose bounds do not overlap their mirror is accepted, and its swap refused as one."""
    lat, lon = place
    assert swapped(lat, lon, THEATRE) is None
    refusal = swapped(lon, lat, THEATRE, "centre")
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, refusal.field) == (Reason.SWAPPED, "centre")


@given(st.integers(35 * ND, 45 * ND), st.integers(35 * ND, 45 * ND))
def test_a_swap_that_stays_inside_is_flagged(lat: int, lon: int) -> None:
    """Where both readings lie in the theatre the place is accepted with a note, and so is its swap."""
    for answer in (swapped(lat, lon, MIRROR), swapped(lon, lat, MIRROR)):
        assert answer is None if lat == lon else isinstance(answer, Note) and answer.code == "swap-possible"


@given(st.integers(-90 * ND, 90 * ND), st.integers(-180 * ND, 180 * ND))
def test_no_place_passes_unflagged_that_could_be_a_swap(lat: int, lon: int) -> None:
    """Everywhere on Earth: silence means inside and not inside when swapped; outside is always a refusal."""
    for bounds in (THEATRE, MIRROR, PACIFIC):
        answer = swapped(lat, lon, bounds)
        inside = _inside(lat, lon, bounds)
        mirrored = abs(lon) <= 90 * ND and _inside(lon, lat, bounds)
        if inside:
            assert isinstance(answer, Note) == (mirrored and lat != lon)
            assert not isinstance(answer, Refusal)
        else:
            assert isinstance(answer, Refusal)
            assert answer.reason is (Reason.SWAPPED if mirrored else Reason.OUT_OF_BOUNDS)


def _inside(lat: int, lon: int, bounds: Bounds) -> bool:
    """Brute force: try the longitude a turn lower and a turn higher."""
    return bounds.lat_min_nd <= lat <= bounds.lat_max_nd and any(
        bounds.lon_min_nd <= lon + turn * 360 * ND <= bounds.lon_max_nd for turn in (-1, 0, 1)
    )


def test_a_theatre_across_the_antimeridian_holds_both_sides() -> None:
    """175 E and 175 W lie in a box from 170 E to 190 E, and 0 does not; 180 is one meridian by either sign."""
    assert [PACIFIC.holds(0, lon * ND) for lon in (175, -175, 180, -180, 0, 169, -169)] == [True] * 4 + [False] * 3


@given(
    st.lists(
        st.tuples(st.integers(-89 * ND, 89 * ND), st.integers(-180 * ND, 180 * ND - 1)), min_size=2, max_size=2
    ).filter(lambda pair: pair[0] != pair[1]),
    st.floats(0, 1),
)
def test_a_box_holds_the_shortest_paths_between_its_places(pair: list[tuple[int, int]], part: float) -> None:
    """A point on the geodesic (geographiclib, through PROJ) between two places lies in their box, bulge and all."""
    geod = Geod(ellps="WGS84")
    (lat_a, lon_a), (lat_b, lon_b) = pair
    azimuth, _, length = geod.inv(lon_a / ND, lat_a / ND, lon_b / ND, lat_b / ND)
    if length > 5_000_000:
        length = 5_000_000.0
        lon, lat, _ = geod.fwd(lon_a / ND, lat_a / ND, azimuth, length)
        lat_b, lon_b = round(lat * ND), round(lon * ND)
    lon, lat, _ = geod.fwd(lon_a / ND, lat_a / ND, azimuth, length * part)
    # the ellipsoid's geodesics leave the sphere's by up to 0.4% of the bulge: a margin of 20 km covers 5,000 km
    box = bounds_of([(lat_a, lon_a), (lat_b, lon_b)], 20_000)
    assert box.holds(round(lat * ND), round(lon * ND))


@pytest.mark.parametrize("lat", [0, 45, -60, 88])
def test_a_margin_reaches_as_far_in_every_direction(lat: int) -> None:
    """Points 50 km away in 36 directions lie in a box with a margin of 50 km around one place."""
    geod = Geod(ellps="WGS84")
    box = bounds_of([(lat * ND, 179 * ND)], 50_000)
    for azimuth in range(0, 360, 10):
        lon, reached, _ = geod.fwd(179, lat, azimuth, 49_999)
        assert box.holds(round(reached * ND), round(lon * ND))
