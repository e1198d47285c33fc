"""The geoid, and altitudes with unit and reference to a band above the ellipsoid."""

import csv
import math
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wideberth.intake.altitude import (
    ANY_AIR,
    STANDARD_AIR,
    Air,
    Altitude,
    Ground,
    Reference,
    Unit,
    altitude,
    band,
    pressure_height_m,
)
from wideberth.intake.bounds import ND, Bounds
from wideberth.intake.geoid import INTERPOLATION_MM, undulation_mm, undulation_range_mm
from wideberth.refusal import Reason, Refusal

AREA = Bounds(34 * ND, 36 * ND, 40 * ND, 42 * ND)
AUTHORITIES = Path(__file__).parent / "authorities"
# NGA (then NIMA), EGM96, input.dat and output.dat of program F477: latitude, longitude, geoid height in metres
NGA_POINTS = [
    (38.6281550, 269.7791550, -31.628),
    (-14.6212170, 305.0211140, -2.969),
    (46.8743190, 102.4487290, -43.575),
    (-23.6174460, 133.8747120, 15.871),
    (38.6254730, 359.9995000, 50.066),
    (-0.4667440, 0.0023000, 17.329),
]


def _nd(degrees: float) -> int:
    return round(degrees * ND)


def _said(value: str, unit: str, reference: str) -> Altitude:
    found = altitude(Decimal(value), unit, reference, "lower")
    assert isinstance(found, Altitude)
    return found


@pytest.mark.parametrize(("lat", "lon", "height_m"), NGA_POINTS)
def test_the_geoid_is_where_nga_says(lat: float, lon: float, height_m: float) -> None:
    """The six published test points of EGM96 come out within 12 mm, far inside the accuracy stated."""
    assert abs(undulation_mm(_nd(lat), _nd((lon + 180) % 360 - 180)) - height_m * 1000) <= 12


def test_the_geoid_agrees_with_proj() -> None:
    """At nodes PROJ's reading of its own grid is met within the rounding; between them its coarser one within 1.2 m."""
    rows = [
        [float(cell) for cell in row] for row in csv.reader((AUTHORITIES / "egm96_proj.csv").read_text().splitlines())
    ]
    errors = np.array([undulation_mm(_nd(lat), _nd(lon)) / 1000 - height for lat, lon, height in rows])
    assert len(errors) == 300
    assert np.abs(errors[:100]).max() <= 0.0055
    # GeographicLib's table gives bilinear readings of this grid 1.152 m at most, 0.040 m root mean square
    assert np.abs(errors[100:]).max() <= 1.2
    assert np.sqrt((errors[100:] ** 2).mean()) <= 0.06


def test_the_geoid_has_no_seam() -> None:
    """180 E is 180 W, all longitudes meet at a pole, and readings a hand's breadth across any node's meridian agree."""
    assert undulation_mm(0, 180 * ND) == undulation_mm(0, -180 * ND)
    for pole in (90 * ND, -90 * ND):
        assert len({undulation_mm(pole, lon * ND) for lon in range(-180, 181, 7)}) == 1
    for lat, lon in ((12.25, 180.0), (12.25, -180.0), (-40.0, 17.5), (89.75, 3.0)):
        across = [undulation_mm(_nd(lat), _nd(lon) + step) for step in (-1, 0, 1) if abs(_nd(lon) + step) <= 180 * ND]
        assert max(across) - min(across) <= 1


def test_the_geoid_runs_smoothly_over_the_poles() -> None:
    """A kilometre before a pole and one behind it on a great circle the slopes add up to nothing, within 3 mm."""
    for pole in (1, -1):
        slopes = []
        top, near = undulation_mm(pole * 90 * ND, 0), pole * (90 * ND - ND // 100)
        for lon in range(0, 180, 15):
            ahead, behind = (undulation_mm(near, (lon - turn) * ND) - top for turn in (0, 180))
            slopes.append(ahead)
            assert abs(ahead + behind) <= 3
        assert max(slopes) - min(slopes) > 15


@given(
    st.floats(-89, 88),
    st.floats(-180, 179),
    st.floats(0.001, 1.5),
    st.floats(0.001, 3),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_a_box_knows_its_lowest_and_highest_geoid(
    south: float, west: float, height: float, width: float, up: float, along: float
) -> None:
    """No place in a box, antimeridian or not, has a geoid height outside the range given for the box."""
    north = min(90.0, south + height)
    box = Bounds(_nd(south), _nd(north), _nd(west), _nd(west) + _nd(width))
    least, most = undulation_range_mm(box)
    lat = box.lat_min_nd + round(up * (box.lat_max_nd - box.lat_min_nd))
    lon = box.lon_min_nd + round(along * (box.lon_max_nd - box.lon_min_nd))
    here = undulation_mm(lat, (lon + 180 * ND) % (360 * ND) - 180 * ND)
    assert least + INTERPOLATION_MM - 100 <= here <= most - INTERPOLATION_MM + 100


def test_the_ellipsoid_is_taken_as_it_stands() -> None:
    """Metres and feet above W84 convert exactly, rounded outward to the millimetre, and assume nothing."""
    found = band(_said("100.0004", "M", "W84"), _said("1000", "FT", "W84"), AREA)
    assert not isinstance(found, Refusal)
    assert (found.lower_mm, found.upper_mm, found.notes) == (100_000, 304_800, ())


def test_sea_level_is_the_geoid_of_the_whole_area() -> None:
    """MSL and EGM96 take the lowest geoid of the area below and the highest above; MSL by its own 2 m more."""
    least, most = undulation_range_mm(AREA)
    egm96 = band(_said("1000", "M", "EGM96"), _said("2000", "M", "EGM96"), AREA)
    msl = band(_said("1000", "M", "MSL"), _said("2000", "M", "MSL"), AREA)
    assert not isinstance(egm96, Refusal)
    assert not isinstance(msl, Refusal)
    assert (egm96.lower_mm, egm96.upper_mm) == (1_000_000 + least, 2_000_000 + most)
    assert (msl.lower_mm, msl.upper_mm) == (egm96.lower_mm - 2_000, egm96.upper_mm + 2_000)
    assert [note.code for note in msl.notes] == ["msl-as-egm96"]


def test_height_above_ground_needs_the_ground() -> None:
    """AGL without a declared ground range is refused; with one, the worst of it is taken on either side."""
    lower, upper = _said("100", "FT", "AGL"), _said("400", "FT", "AGL")
    refusal = band(lower, upper, AREA)
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, refusal.field) == (Reason.UNKNOWN_UNIT, "lower.reference")
    ground = Ground(_said("300", "M", "W84"), _said("500", "M", "W84"))
    found = band(lower, upper, AREA, ground)
    assert not isinstance(found, Refusal)
    assert (found.lower_mm, found.upper_mm) == (330_480, 621_920)


# ICAO Doc 7488/3, table: geopotential altitude in metres, pressure in hPa
ICAO_PRESSURES = [(0, 1013.25), (1000, 898.746), (5000, 540.199), (11000, 226.321), (20000, 54.7489), (32000, 8.68019)]


@pytest.mark.parametrize(("height_m", "pressure_hpa"), ICAO_PRESSURES)
def test_the_standard_atmosphere_is_icaos(height_m: float, pressure_hpa: float) -> None:
    """Warming the air by dT lifts a pressure surface by R dT / g ln(p0 / p), with p of ICAO's table, within 0.1%."""
    low, _ = pressure_height_m(height_m, STANDARD_AIR)
    warm, _ = pressure_height_m(height_m, Air(1013.25, 1013.25, 10.0, 10.0))
    lifted_m = 287.05287 * 10.0 / 9.80665 * math.log(1013.25 / pressure_hpa)
    assert warm - low == pytest.approx(lifted_m, rel=0.02, abs=0.01)
    assert low == pytest.approx(height_m * 6_356_766 / (6_356_766 - height_m), rel=1e-9, abs=1e-6)


def test_low_pressure_and_cold_bring_a_flight_level_down() -> None:
    """27 ft a hectopascal near the ground and 4% a 10 degrees: the rules of thumb of every pilot hold within 15%."""
    lower_qnh, _ = pressure_height_m(3048.0, Air(1003.25, 1003.25, 0, 0))
    standard, _ = pressure_height_m(3048.0, STANDARD_AIR)
    cold, _ = pressure_height_m(3048.0, Air(1013.25, 1013.25, -10, -10))
    assert standard - lower_qnh == pytest.approx(10 * 27 * 0.3048, rel=0.15)
    assert standard - cold == pytest.approx(0.04 * 3048, rel=0.15)


def test_flight_levels_take_the_worst_air() -> None:
    """Without a declared range the widest is assumed, and said; a declared one narrows the band and is said as well."""
    lower, upper = _said("100", "FL", "STD"), _said("120", "FL", "STD")
    wide, narrow = band(lower, upper, AREA), band(lower, upper, AREA, air=Air(1010, 1016, -2, 8))
    assert not isinstance(wide, Refusal)
    assert not isinstance(narrow, Refusal)
    assert wide.lower_mm < narrow.lower_mm < 3_048_000 < 3_657_600 < narrow.upper_mm < wide.upper_mm
    assert "assumed" in wide.notes[0].text
    assert "as declared" in narrow.notes[0].text


@given(
    st.integers(0, 450),
    st.floats(960, 1050),
    st.floats(-20, 20),
)
def test_no_air_in_the_range_escapes_the_band(level: int, qnh_hpa: float, warmer_c: float) -> None:
    """The true height of a flight level, for any air within the assumed range, lies inside the range computed."""
    low, high = pressure_height_m(level * 30.48, ANY_AIR)
    here, same = pressure_height_m(level * 30.48, Air(qnh_hpa, qnh_hpa, warmer_c, warmer_c))
    assert here == same
    assert low - 1e-6 <= here <= high + 1e-6


@pytest.mark.parametrize(
    ("unit", "reference", "field"),
    [
        ("m", "W84", "lower.unit"),
        ("KM", "W84", "lower.unit"),
        ("", "W84", "lower.unit"),
        ("M", "QFE", "lower.reference"),
        ("M", "", "lower.reference"),
        ("FL", "MSL", "lower.reference"),
        ("FL", "W84", "lower.reference"),
    ],
)
def test_unknown_units_and_references_are_refused(unit: str, reference: str, field: str) -> None:
    """Only M, FT, FL and W84, EGM96, MSL, AGL, STD are read, and FL only from the standard pressure."""
    refusal = altitude(Decimal(10), unit, reference, "lower")
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, refusal.field) == (Reason.UNKNOWN_UNIT, field)


@pytest.mark.parametrize("value", ["1e9", "-1e9", "NaN", "Infinity", "100000.1"])
def test_impossible_values_are_refused(value: str) -> None:
    """Above 100 km, below the ground of any place, not a number: out of range, with the limits named."""
    refusal = altitude(Decimal(value), "M", "W84", "upper")
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, refusal.field) == (Reason.OUT_OF_RANGE, "upper.value")


@pytest.mark.parametrize(
    ("lower", "upper"),
    [(("2000", "M", "W84"), ("1999.999", "M", "W84")), (("10000", "FT", "MSL"), ("2000", "M", "W84"))],
)
def test_a_band_upside_down_is_refused(lower: tuple[str, str, str], upper: tuple[str, str, str]) -> None:
    """In one reference the values as said are compared; in two, what is upside down even at its widest."""
    refusal = band(_said(*lower), _said(*upper), AREA)
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Reason.BAND_ORDER
    flat = band(_said(*lower), _said(*lower), AREA)
    assert not isinstance(flat, Refusal)


KINDS = st.sampled_from([("M", "W84"), ("FT", "EGM96"), ("M", "MSL"), ("FT", "AGL"), ("FL", "STD")])


@given(KINDS, KINDS, st.integers(0, 300), st.integers(0, 300))
def test_mixed_references_only_ever_widen(first: tuple[str, str], second: tuple[str, str], low: int, high: int) -> None:
    """A band in any mixture of references holds the band of its own standard, middle reading."""
    ground = Ground(_said("100", "M", "MSL"), _said("200", "M", "MSL"))
    lower, upper = _said(str(low), *first), _said(str(high + 400), *second)
    found = band(lower, upper, AREA, ground)
    if isinstance(found, Refusal):
        assert found.reason in (Reason.BAND_ORDER, Reason.OUT_OF_RANGE)
        return
    assert found.lower_mm <= _nominal_mm(lower) + 1
    assert found.upper_mm >= _nominal_mm(upper) - 1


def _nominal_mm(said: Altitude) -> float:
    """The reading nobody would quarrel with: mid ground, standard air, the geoid in the middle of the area."""
    value = float(said.value) * {Unit.M: 1000.0, Unit.FT: 304.8, Unit.FL: 30480.0}[said.unit]
    geoid = undulation_mm(35 * ND, 41 * ND)
    if said.reference is Reference.W84:
        return value
    return value + geoid + (150_000 if said.reference is Reference.AGL else 0)
