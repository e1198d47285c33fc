"""Datums by PROJ: accuracy shown, ballparks refused, no network."""

import math

import pyproj.network
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from wideberth.intake.bounds import ND, Bounds, bounds_of
from wideberth.intake.datums import Converted, Datum, from_wgs84, to_wgs84
from wideberth.refusal import Reason, Refusal

GEOD = Geod(ellps="WGS84")
# where each datum is at home: degrees south, north, west, east
HOMES = {
    Datum.WGS84: (-80.0, 80.0, -170.0, 170.0),
    Datum.ED50: (36.0, 40.0, 27.0, 44.0),
    Datum.SK42: (44.0, 60.0, 32.0, 60.0),
    Datum.PZ90_11: (-70.0, 75.0, -170.0, 170.0),
    Datum.NAD27: (32.0, 46.0, -120.0, -75.0),
}


def _nd(degrees: float) -> int:
    return round(degrees * ND)


def _metres(a: tuple[int, int], b: tuple[int, int]) -> float:
    return float(GEOD.inv(a[1] / ND, a[0] / ND, b[1] / ND, b[0] / ND)[2])


@pytest.mark.parametrize("datum", list(Datum))
@given(up=st.floats(0, 1), along=st.floats(0, 1))
def test_there_and_back_within_a_metre(datum: Datum, up: float, along: float) -> None:
    """To WGS 84 and back moves no place by more than a centimetre (needs row 26 asks for a metre)."""
    south, north, west, east = HOMES[datum]
    place = (_nd(south + up * (north - south)), _nd(west + along * (east - west)))
    area = bounds_of([place])
    there = to_wgs84((place,), datum, area)
    assert isinstance(there, Converted)
    back = from_wgs84(there.places, datum, area)
    assert isinstance(back, Converted)
    assert _metres(place, back.places[0]) <= 0.01
    assert 0 <= there.accuracy_mm < 100_000
    assert (there.accuracy_mm == 0) == (datum is Datum.WGS84)
    assert there.operation


def _helmert(lat: float, lon: float, ellipsoid: tuple[float, float], shift: tuple[float, ...]) -> tuple[float, float]:
    """Seven parameters by hand, position vector (EPSG method 9606): metres, arc seconds, parts per million."""
    a, inverse_f = ellipsoid
    e2 = (2 - 1 / inverse_f) / inverse_f
    phi, lam = math.radians(lat), math.radians(lon)
    n = a / math.sqrt(1 - e2 * math.sin(phi) ** 2)
    x, y, z = n * math.cos(phi) * math.cos(lam), n * math.cos(phi) * math.sin(lam), n * (1 - e2) * math.sin(phi)
    dx, dy, dz, rx, ry, rz, ppm = shift
    rx, ry, rz = (math.radians(r / 3600) for r in (rx, ry, rz))
    m = 1 + ppm * 1e-6
    x, y, z = dx + m * (x - rz * y + ry * z), dy + m * (rz * x + y - rx * z), dz + m * (-ry * x + rx * y + z)
    a, e2 = 6378137.0, (2 - 1 / 298.257223563) / 298.257223563
    p, phi = math.hypot(x, y), math.atan2(z, math.hypot(x, y))
    for _ in range(10):
        n = a / math.sqrt(1 - e2 * math.sin(phi) ** 2)
        phi = math.atan2(z + e2 * n * math.sin(phi), p)
    return math.degrees(phi), math.degrees(math.atan2(y, x))


def test_the_operation_named_is_the_one_used() -> None:
    """ED50 to WGS 84 (30) in Turkey, EPSG:1784, gives what its seven published parameters give by hand, within 1 cm."""
    place = (_nd(38.5), _nd(35.25))
    found = to_wgs84((place,), Datum.ED50, bounds_of([place]))
    assert isinstance(found, Converted)
    assert (found.operation, found.accuracy_mm) == ("ED50 to WGS 84 (30)", 2000)
    lat, lon = _helmert(38.5, 35.25, (6378388.0, 297.0), (-84.1, -101.8, -129.7, 0.0, 0.0, 0.468, 1.05))
    assert _metres(found.places[0], (_nd(lat), _nd(lon))) <= 0.01
    assert 50 < _metres(found.places[0], place) < 250


def test_what_nobody_knows_well_is_refused() -> None:
    """A datum far from home, where PROJ would fall back to a ballpark or to accuracy 999, is no transformation."""
    for datum, lat, lon in (
        (Datum.ED50, 0.0, 0.0),
        (Datum.ED50, 33.0, 44.0),
        (Datum.SK42, -30.0, 20.0),
        (Datum.NAD27, 50.0, 10.0),
    ):
        place = (_nd(lat), _nd(lon))
        refusal = to_wgs84((place,), datum, bounds_of([place]), "features[2].properties.datum")
        assert isinstance(refusal, Refusal)
        assert (refusal.reason, refusal.field) == (Reason.NO_TRANSFORMATION, "features[2].properties.datum")


def test_one_operation_serves_the_whole_area() -> None:
    """An area wider than the best operation's gets one that holds it whole, with its accuracy, or a refusal."""
    place = (_nd(52.0), _nd(10.0))
    near = to_wgs84((place,), Datum.ED50, bounds_of([place]))
    wide = to_wgs84((place,), Datum.ED50, Bounds(_nd(36), _nd(60), _nd(-5), _nd(25)))
    assert isinstance(near, Converted)
    assert isinstance(wide, Converted)
    assert near.operation != wide.operation
    assert near.accuracy_mm < wide.accuracy_mm
    world = to_wgs84((place,), Datum.ED50, Bounds(_nd(-80), _nd(80), _nd(-180), _nd(180)))
    assert isinstance(world, Refusal)


def test_an_area_of_use_across_the_antimeridian_is_understood() -> None:
    """SK-42 is at home at the far east of its area, on both sides of 180 degrees."""
    for lon in (179.5, -179.5):
        place = (_nd(66.0), _nd(lon))
        assert isinstance(to_wgs84((place,), Datum.SK42, bounds_of([place])), Converted)


def test_the_network_stays_off() -> None:
    """After a conversion PROJ may not fetch grids, whatever the environment asked for."""
    pyproj.network.set_network_enabled(True)
    try:
        from wideberth.intake import datums

        datums._operations.cache_clear()
        place = (_nd(52.0), _nd(10.0))
        assert isinstance(to_wgs84((place,), Datum.ED50, bounds_of([place])), Converted)
        assert not pyproj.network.is_network_enabled()
    finally:
        pyproj.network.set_network_enabled(False)
