"""Units, exact: the factors of the house and the way from people's units to its integers and back.

In:  feet, nautical miles, metres, degrees, times with a zone.
Out: integers of nanodegrees, millimetres and microseconds, or floats and times made from them.
Refuses nothing: a time without a zone, like NaN or infinity, is the caller's bug here and trips an assertion;
`intake` refuses them before.
"""

import math
from datetime import UTC, datetime, timedelta
from typing import Final

FT_M: Final = 0.3048
"""International foot, exact (1959)."""
NM_M: Final = 1852.0
"""International nautical mile, exact (1929)."""
FT_MM: Final = 304.8
ND_PER_DEG: Final = 1_000_000_000
MM_PER_M: Final = 1_000
US_PER_S: Final = 1_000_000
MINUTE_US: Final = 60 * US_PER_S
ND_PER_RADIAN: Final = 180e9 / math.pi

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CALENDAR_US: Final = 250_000_000_000_000_000
"""In the year 9892; datetime ends with 9999."""
_MICROSECOND: Final = timedelta(microseconds=1)


def deg_to_nd(deg: float) -> int:
    """Degrees to the nearest nanodegree; ties to even."""
    return round(deg * ND_PER_DEG)


def nd_to_deg(nd: int) -> float:
    """Nanodegrees to degrees: the nearest double."""
    return nd / ND_PER_DEG


def m_to_mm(m: float) -> int:
    """Metres to the nearest millimetre; ties to even."""
    return round(m * MM_PER_M)


def mm_to_m(mm: int) -> float:
    """Millimetres to metres: the nearest double."""
    return mm / MM_PER_M


def ft_to_mm(ft: float) -> int:
    """International feet to the nearest millimetre."""
    return round(ft * FT_MM)


def nm_to_mm(nm: float) -> int:
    """Nautical miles to the nearest millimetre."""
    return round(nm * NM_M * MM_PER_M)


def time_to_us(time: datetime) -> int:
    """An aware time to microseconds since 1970-01-01T00:00:00Z, exactly."""
    assert time.tzinfo is not None, "a time without a zone"
    return (time - _EPOCH) // _MICROSECOND


def us_to_time(time_us: int) -> datetime:
    """Microseconds since 1970-01-01T00:00:00Z to an aware time in UTC, exactly."""
    return _EPOCH + timedelta(microseconds=time_us)


def minute_of(time_us: int) -> int:
    """When the minute began that a moment lies in: all that is told of when something hidden begins."""
    return time_us - time_us % MINUTE_US


def spell_us(time_us: int) -> str:
    """The time as people read it (RFC 3339, UTC); the bare figure where no calendar reaches."""
    if not 0 <= time_us < _CALENDAR_US:
        return f"{time_us} us"
    return us_to_time(time_us).isoformat().replace("+00:00", "Z")
