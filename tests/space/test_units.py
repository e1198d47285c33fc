"""Units: exact factors, exact ways there and back."""

from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wideberth.space import units


def test_factors_are_those_of_the_treaties() -> None:
    """A foot is 0.3048 m and a nautical mile 1,852 m, exactly."""
    assert Fraction(units.FT_MM).limit_denominator(10) == Fraction(3048, 10)
    assert (units.ft_to_mm(3_000), units.nm_to_mm(3)) == (914_400, 5_556_000)
    assert (units.FT_M, units.NM_M) == (0.3048, 1852.0)


@given(st.integers(-180 * 10**9, 180 * 10**9))
def test_degrees_come_back_as_they_were(nd: int) -> None:
    """Nanodegrees survive the way through a double."""
    assert units.deg_to_nd(units.nd_to_deg(nd)) == nd


@given(st.integers(-(10**12), 10**12))
def test_metres_come_back_as_they_were(mm: int) -> None:
    """Millimetres survive the way through a double."""
    assert units.m_to_mm(units.mm_to_m(mm)) == mm


@given(st.integers(0, 4_102_444_800_000_000))
def test_times_come_back_as_they_were(us: int) -> None:
    """Microseconds survive the way through an aware time, whatever its zone."""
    time = units.us_to_time(us)
    assert time.tzinfo is UTC
    assert units.time_to_us(time.astimezone(timezone(timedelta(hours=5, minutes=45)))) == us


def test_a_time_without_a_zone_is_a_bug() -> None:
    """No zone is ever assumed."""
    with pytest.raises(AssertionError):
        units.time_to_us(datetime(2026, 1, 1))  # noqa: DTZ001
