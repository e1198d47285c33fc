"""Altitudes: a value with its unit and its reference in, millimetres above the WGS 84 ellipsoid out.

In:  `Altitude`s in metres (M), feet (FT) or flight levels (FL), above the ellipsoid (W84), the EGM96 geoid (EGM96),
     mean sea level (MSL), ground (AGL) or the standard pressure surface 1013.25 hPa (STD); the box that the plan lies
     in; where they are needed, the range of ground heights below it (AGL) and the range of the air (STD).
Out: a `Band`, integers, widened outward by everything that is not known, with a `Note` for each assumption.
Refuses: an unknown unit or reference, FL with another reference than STD, AGL without a ground range (UNKNOWN_UNIT);
     values outside the limits (OUT_OF_RANGE); a lower altitude above the upper (BAND_ORDER).

Every reference is a range of heights: where the geoid, the ground or the pressure surface lies lowest and highest
anywhere in the box. The lower altitude is counted from the lowest, the upper from the highest; so bands in mixed
references are compared at their worst. Sources: ICAO Doc 7488 (standard atmosphere), NGA EGM96, 1 ft = 0.3048 m.
"""

import math
from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec

from wideberth.intake.bounds import Bounds
from wideberth.intake.fields import Note
from wideberth.intake.geoid import undulation_range_mm
from wideberth.limits import ALTITUDE_MM_MAX, ALTITUDE_MM_MIN
from wideberth.refusal import Reason, Refusal, refuse

MSL_MM: Final = 2_000
"""Mean sea level, tide gauges and national heights lie this near the EGM96 geoid: the ocean's own slopes reach 2 m."""


class Unit(StrEnum):
    """What a value counts."""

    M = "M"
    FT = "FT"
    FL = "FL"


class Reference(StrEnum):
    """What a value is counted from."""

    W84 = "W84"
    EGM96 = "EGM96"
    MSL = "MSL"
    AGL = "AGL"
    STD = "STD"


MM_PER_UNIT: Final = {Unit.M: Decimal(1000), Unit.FT: Decimal("304.8"), Unit.FL: Decimal(30480)}


class Altitude(msgspec.Struct, frozen=True):
    """What was said: a value, its unit and its reference."""

    value: Decimal
    unit: Unit
    reference: Reference


class Ground(msgspec.Struct, frozen=True):
    """The lowest and the highest ground under a plan, as declared; the reference is W84, EGM96 or MSL."""

    lowest: Altitude
    highest: Altitude


class Air(msgspec.Struct, frozen=True):
    """The range of the air: sea level pressure (QNH) and how much warmer than the standard atmosphere it may be."""

    qnh_min_hpa: float = 960.0
    qnh_max_hpa: float = 1050.0
    isa_min_c: float = -20.0
    isa_max_c: float = 20.0

    def sentence(self) -> str:
        """The assumption in words."""
        qnh = f"QNH {self.qnh_min_hpa:g} to {self.qnh_max_hpa:g} hPa"
        return f"{qnh}, temperature ISA {self.isa_min_c:+g} to {self.isa_max_c:+g} C"


ANY_AIR: Final = Air()
"""What is assumed where a plan in flight levels says nothing of the weather: all but the rarest."""
STANDARD_AIR: Final = Air(1013.25, 1013.25, 0.0, 0.0)
"""Flight levels at their standard heights: right only where every plan that they meet is in flight levels too."""


class Band(msgspec.Struct, frozen=True):
    """Millimetres above the ellipsoid, widened outward, and what was assumed on the way."""

    lower_mm: int
    upper_mm: int
    notes: tuple[Note, ...]


def altitude(value: Decimal | int | float, unit: str, reference: str, field: str = "") -> Altitude | Refusal:
    """An `Altitude` from what was said, its unit and reference checked together."""
    if unit not in Unit.__members__:
        return refuse(Reason.UNKNOWN_UNIT, f"{field}.unit", "one of " + ", ".join(Unit), unit)
    if reference not in Reference.__members__:
        return refuse(Reason.UNKNOWN_UNIT, f"{field}.reference", "one of " + ", ".join(Reference), reference)
    if unit == Unit.FL and reference != Reference.STD:
        limit = "STD, because flight levels are counted from 1013.25 hPa"
        return refuse(Reason.UNKNOWN_UNIT, f"{field}.reference", limit, reference)
    exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    said = Altitude(exact, Unit(unit), Reference(reference))
    low = -30_000_000 if said.reference is Reference.STD else 2 * ALTITUDE_MM_MIN
    if not exact.is_finite() or not low <= exact * MM_PER_UNIT[said.unit] <= ALTITUDE_MM_MAX:
        limit = f"{low // 1000} m to {ALTITUDE_MM_MAX // 1000} m"
        return refuse(Reason.OUT_OF_RANGE, f"{field}.value", limit, f"{exact} {unit}")
    return said


def band(
    lower: Altitude,
    upper: Altitude,
    area: Bounds,
    ground: Ground | None = None,
    air: Air | None = None,
    field: str = "",
) -> Band | Refusal:
    """The band between two altitudes anywhere in `area`, in millimetres above the ellipsoid, worst case outward."""
    if lower.reference is upper.reference and _mm(lower) > _mm(upper):
        return _upside_down(lower, upper, field)
    bottom = _reach_mm(lower, area, ground, air, f"{field}.lower" if field else "lower")
    top = _reach_mm(upper, area, ground, air, f"{field}.upper" if field else "upper")
    if isinstance(bottom, Refusal):
        return bottom
    if isinstance(top, Refusal):
        return top
    lower_mm, upper_mm = bottom[0], top[1]
    if lower_mm > upper_mm:
        return _upside_down(lower, upper, field)
    for name, value_mm in (("lower", lower_mm), ("upper", upper_mm)):
        if not ALTITUDE_MM_MIN <= value_mm <= ALTITUDE_MM_MAX:
            limit = f"{ALTITUDE_MM_MIN // 1000} m to {ALTITUDE_MM_MAX // 1000} m above the ellipsoid"
            return refuse(Reason.OUT_OF_RANGE, f"{field}.{name}" if field else name, limit, f"{value_mm} mm")
    references = dict.fromkeys((lower.reference, upper.reference))
    notes = tuple(note for reference in references for note in _notes(reference, ground, air))
    return Band(lower_mm, upper_mm, notes)


def _upside_down(lower: Altitude, upper: Altitude, field: str) -> Refusal:
    received = f"{show_altitude(lower)} and {show_altitude(upper)}"
    return refuse(Reason.BAND_ORDER, field, "the lower altitude at or below the upper", received)


def show_altitude(said: Altitude) -> str:
    """What was said, on one line: "FL 350 STD", "1200 FT AGL"."""
    return f"{said.value} {said.unit} {said.reference}"


def _mm(said: Altitude) -> Decimal:
    return said.value * MM_PER_UNIT[said.unit]


def _outward(least_mm: Decimal | float, most_mm: Decimal | float) -> tuple[int, int]:
    return math.floor(least_mm), math.ceil(most_mm)


def _reach_mm(
    said: Altitude, area: Bounds, ground: Ground | None, air: Air | None, field: str
) -> tuple[int, int] | Refusal:
    """Least and greatest height above the ellipsoid that `said` can mean anywhere in `area`."""
    match said.reference:
        case Reference.W84:
            return _outward(_mm(said), _mm(said))
        case Reference.EGM96 | Reference.MSL:
            least, most = _sea_mm(said.reference, area)
            return _outward(_mm(said) + least, _mm(said) + most)
        case Reference.STD:
            least, most = _sea_mm(Reference.MSL, area)
            low_m, high_m = pressure_height_m(float(_mm(said)) / 1000, air or ANY_AIR)
            return _outward(low_m * 1000 + least, high_m * 1000 + most)
    if ground is None:
        limit = "W84, EGM96, MSL or STD; AGL needs the declared range of ground heights (ground.min, ground.max)"
        return refuse(Reason.UNKNOWN_UNIT, f"{field}.reference", limit, "AGL")
    lowest = _reach_mm(ground.lowest, area, None, None, f"{field}.ground.min")
    highest = _reach_mm(ground.highest, area, None, None, f"{field}.ground.max")
    if isinstance(lowest, Refusal):
        return lowest
    if isinstance(highest, Refusal):
        return highest
    return _outward(_mm(said) + lowest[0], _mm(said) + highest[1])


def _sea_mm(reference: Reference, area: Bounds) -> tuple[int, int]:
    least, most = undulation_range_mm(area)
    margin = MSL_MM if reference is Reference.MSL else 0
    return least - margin, most + margin


# the standard atmosphere, ICAO Doc 7488: layers of (base in geopotential metres, lapse in K/m)
_P0_HPA: Final = 1013.25
_T0_K: Final = 288.15
_G: Final = 9.80665
_R: Final = 287.05287
_EARTH_M: Final = 6_356_766.0
_LAYERS: Final = ((0.0, -0.0065), (11_000.0, 0.0), (20_000.0, 0.001), (32_000.0, 0.0028), (47_000.0, 0.0))


def _standard_log_pressure(height_m: float) -> float:
    """ln(p0 / p) at a geopotential height of the standard atmosphere."""
    total, temperature = 0.0, _T0_K
    for i, (base, lapse) in enumerate(_LAYERS):
        top = _LAYERS[i + 1][0] if i + 1 < len(_LAYERS) else math.inf
        step = min(height_m, top) - base
        if lapse:
            total += _G / (_R * lapse) * math.log1p(lapse * step / temperature)
        else:
            total += _G * step / (_R * temperature)
        temperature += lapse * step
        if height_m <= top:
            break
    return total


def _standard_height_m(pressure_hpa: float) -> float:
    """Geopotential height of a pressure near sea level in the standard atmosphere (lowest layer, equation inverted)."""
    lapse = _LAYERS[0][1]
    return (_T0_K / lapse) * (math.exp(math.log(_P0_HPA / pressure_hpa) * _R * lapse / _G) - 1.0)


def pressure_height_m(altitude_m: float, air: Air) -> tuple[float, float]:
    """Least and greatest height above mean sea level of a pressure altitude in a range of air.

    The layer between sea level and the pressure surface is as thick as the standard one between the same pressures,
    plus R dT / g ln(QNH / p) where it is warmer by dT throughout (hypsometric equation); geopotential height becomes
    geometric height.
    """
    log_pressure = _standard_log_pressure(altitude_m)
    heights = []
    for qnh_hpa in (air.qnh_min_hpa, air.qnh_max_hpa):
        log_ratio = log_pressure + math.log(qnh_hpa / _P0_HPA)
        for warmer_k in (air.isa_min_c, air.isa_max_c):
            potential_m = altitude_m - _standard_height_m(qnh_hpa) + _R * warmer_k / _G * log_ratio
            heights.append(potential_m * _EARTH_M / (_EARTH_M - potential_m))
    return min(heights), max(heights)


def _notes(reference: Reference, ground: Ground | None, air: Air | None) -> list[Note]:
    match reference:
        case Reference.EGM96:
            return [Note("egm96", "heights above EGM96 were converted by the 15-minute grid, within 0.2 m")]
        case Reference.MSL:
            return [Note("msl-as-egm96", "mean sea level was taken as EGM96 within 2.2 m")]
        case Reference.STD:
            declared = "as declared" if air else "assumed, none was declared"
            words = f"flight levels were taken at their worst over {(air or ANY_AIR).sentence()} ({declared})"
            return [Note("std-worst-case", words)]
        case Reference.AGL if ground is not None:
            span = f"{show_altitude(ground.lowest)} to {show_altitude(ground.highest)}"
            words = f"heights above ground were taken at their worst over ground from {span}, as declared"
            return [Note("agl-worst-case", words)]
    return []
