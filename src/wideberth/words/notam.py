"""Drafts of NOTAMs for volumes where others have to take care, for a NOTAM office to check and issue.

In:  volumes on WGS 84; what is in them (`Hazard`); the flight information regions that they lie in.
Out: `Draft`s, one a volume: items Q and A to G after ICAO Annex 15, Appendix 3 and PANS-AIM (Doc 10066), Appendix 3;
     codes after Doc 8126, chapter 6. Nothing in a draft is smaller or shorter than its volume: the circle of Q holds
     all of it, times go outward to the minute, heights to 100 ft, flight levels to whatever the air may be. Corners of
     an area in item E alone are rounded, to a hundredth of a second.
Refuses: regions that are none or of two States, a circle over 999 NM, times that two digits of a year cannot tell.

A draft is made of figures alone: no text that somebody wrote goes into it. Heights are above mean sea level, taken as
EGM96; the levels of Q hold for the air of `ANY_AIR`. The codes of a State's own tables may differ: the office decides.
"""

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from wideberth.intake.altitude import ANY_AIR, pressure_height_m
from wideberth.intake.bounds import Bounds
from wideberth.intake.geoid import undulation_range_mm
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.space.geodesy import RADIAN_PER_ND, ecef, geodetic_nd, inverse
from wideberth.space.units import FT_M, NM_M
from wideberth.space.volume import Circle, Polygon, Volume4D, box_nd

MARK: Final = "DRAFT - NOT ISSUED - A NOTAM OFFICE CHECKS AND ISSUES IT"
FIRS_MAX: Final = 7
"""Item A holds so many (PANS-AIM, Appendix 3)."""
TEXT_CHARACTERS_MAX: Final = 1_200
"""Of item E; an outline with more corners is given as the circle around it. A message has 1,800 in all (Annex 10)."""
LEVEL_MAX: Final = 999
RADIUS_NM_MAX: Final = 999
EDGES: Final = "edges of an area are geodesics, its corners given to a hundredth of a second (0.3 m)"
LONG_DAYS: Final = 89
"""The shortest three months are 89 or 90 days."""
LONG: Final = "what lasts three months or longer belongs into an AIP Supplement, not into a NOTAM (ICAO Annex 15)"
_ROUNDED_M: Final = 0.3
"""What a centre may be off by its rounding to a hundredth of a second."""
_MINUTE_ND: Final = 10**9 // 60
_FIR: Final = re.compile(r"[A-Z]{4}")


class Hazard(StrEnum):
    """What is in the volume."""

    CLOSED = "closed"
    RESERVED = "reserved"
    UNCREWED = "uncrewed"
    EXERCISE = "exercise"
    OTHER = "other"


CODES: Final = {
    Hazard.CLOSED: ("QRTCA", "TEMPO RESTRICTED AREA ACT"),
    Hazard.RESERVED: ("QRACA", "AIRSPACE RESERVATION ACT"),
    Hazard.UNCREWED: ("QWULW", "UNMANNED ACFT WILL TAKE PLACE"),
    Hazard.EXERCISE: ("QWELW", "EXER WILL TAKE PLACE"),
    Hazard.OTHER: ("QXXXX", "CTN ADZ, HAZARD TO ACFT"),
}
"""NOTAM code and its words (Doc 8126, chapter 6; Doc 8400), all for IFR and VFR, as navigation warnings.

The codes of firing are left out: nothing here speaks of weapons. Such an area is OTHER."""


class Around(NamedTuple):
    """A circle as item Q has it: whole minutes, whole nautical miles."""

    lat_nd: int
    lon_nd: int
    radius_nm: int


class Draft(NamedTuple):
    """One NOTAM as it would read, items as (letter, text), and what was assumed."""

    items: tuple[tuple[str, str], ...]
    assumed: tuple[str, ...]

    @property
    def text(self) -> str:
        """As it is handed over, marked as a draft before and after."""
        q, *rest = self.items
        said = {letter: f"{letter}) {words}" for letter, words in rest}
        first = " ".join(said[letter] for letter in "ABC")
        return "\n".join(("(DRAFT NOTAMN", f"Q) {q[1]}", first, said["E"], f"{said['F']} {said['G']})", MARK))


def drafts(volumes: Sequence[Volume4D], hazard: Hazard, firs: Sequence[str]) -> tuple[Draft, ...] | Refusal:
    """A draft for each volume, in their order. `firs`: ICAO location indicators, one State's."""
    no = _check_firs(firs)
    if no is not None:
        return no
    made = [_draft(volume, hazard, firs, (i, len(volumes))) for i, volume in enumerate(volumes, 1)]
    found = [draft for draft in made if isinstance(draft, Draft)]
    return tuple(found) if len(found) == len(made) else next(no for no in made if isinstance(no, Refusal))


def _check_firs(firs: Sequence[str]) -> Refusal | None:
    if not 0 < len(firs) <= FIRS_MAX:
        return refuse(Reason.MALFORMED, "fir", f"one to {FIRS_MAX} flight information regions", len(firs))
    for fir in firs:
        if not _FIR.fullmatch(fir):
            return refuse(Reason.MALFORMED, "fir", "four letters, such as LTAA", fir)
    if len({fir[:2] for fir in firs}) > 1:
        return refuse(Reason.MALFORMED, "fir", "regions of one State: each State issues its own", ", ".join(firs))
    return None


def _draft(volume: Volume4D, hazard: Hazard, firs: Sequence[str], place: tuple[int, int]) -> Draft | Refusal:
    around, times = _around(volume), _times(volume)
    if isinstance(around, Refusal):
        return around
    if isinstance(times, Refusal):
        return times
    lower_m, upper_m = _above_sea_m(volume)
    code, words = CODES[hazard]
    region = firs[0] if len(firs) == 1 else f"{firs[0][:2]}XX"
    levels = f"{_lowest_level(lower_m):03d}/{_highest_level(upper_m):03d}"
    q = f"{region}/{code}/IV/BO/W/{levels}/{_minutes(around.lat_nd, 2, 'NS')}{_minutes(around.lon_nd, 3, 'EW')}"
    of = f" PART {place[0]} OF {place[1]}." if place[1] > 1 else ""
    text = f"{words}.{of} {_where(volume.outline, around)}. COORD WGS-84."
    items = (
        ("Q", f"{q}{around.radius_nm:03d}"),
        ("A", " ".join(firs)),
        ("B", times[0]),
        ("C", times[1]),
        ("E", text),
        ("F", _lower(lower_m)),
        ("G", _upper(upper_m)),
    )
    sea = "mean sea level was taken as EGM96; heights go outward to 100 ft"
    assumed = [sea, f"the levels of item Q hold for {ANY_AIR.sentence()}"]
    assumed += [] if isinstance(volume.outline, Circle) else [EDGES]
    assumed += [LONG] if volume.end_us - volume.start_us >= LONG_DAYS * 86_400_000_000 else []
    return Draft(items, tuple(assumed))


# where


def _corners(outline: Circle | Polygon) -> list[tuple[int, int]]:
    if isinstance(outline, Circle):
        return [(outline.lat_nd, outline.lon_nd)]
    return list(zip(outline.ring[0::2], outline.ring[1::2], strict=True))


def _around(volume: Volume4D) -> Around | Refusal:
    """The least circle around a whole minute near the middle that holds the outline.

    On an edge between corners nothing is farther than at one of them, as long as the circle is under a quarter turn.
    """
    corners = _corners(volume.outline)
    more_m = volume.outline.radius_mm / 1_000.0 if isinstance(volume.outline, Circle) else 0.0
    points = [ecef(*corner) for corner in corners]
    lat_nd, lon_nd = geodetic_nd(*(sum(axis) / len(points) for axis in zip(*points, strict=True)))
    lat_nd, lon_nd = (round(nd / _MINUTE_ND) * 10**9 // 60 for nd in (lat_nd, lon_nd))
    far_m = more_m + max(_apart_m((lat_nd, lon_nd), corner) for corner in corners)
    radius_nm = max(1, math.ceil(far_m / NM_M))
    if radius_nm > RADIUS_NM_MAX:
        return refuse(Reason.TOO_WIDE, "volume.outline", f"within {RADIUS_NM_MAX} NM of its middle", f"{radius_nm} NM")
    return Around(lat_nd, lon_nd, radius_nm)


def _apart_m(one: tuple[int, int], other: tuple[int, int]) -> float:
    return inverse(*(nd * RADIAN_PER_ND for nd in (*one, *other)))[0]


def _where(outline: Circle | Polygon, around: Around) -> str:
    if isinstance(outline, Circle):
        radius_nm = math.ceil((outline.radius_mm / 1_000.0 + _ROUNDED_M) / NM_M * 100) / 100
        return f"CIRCLE RADIUS {radius_nm:.2f}NM CENTRE {_seconds(outline.lat_nd, outline.lon_nd)}"
    corners = [_seconds(*corner) for corner in _corners(outline)]
    text = f"AREA BOUNDED BY {' - '.join((*corners, corners[0]))}"
    if len(text) <= TEXT_CHARACTERS_MAX:
        return text
    middle = _seconds(around.lat_nd, around.lon_nd)
    return f"CIRCLE RADIUS {around.radius_nm}NM CENTRE {middle}, WHICH HOLDS AN AREA OF {len(corners)} CORNERS"


def _minutes(nd: int, digits: int, sides: str) -> str:
    degrees, minutes = divmod(round(abs(nd) / _MINUTE_ND), 60)
    return f"{degrees:0{digits}d}{minutes:02d}{sides[nd < 0]}"


def _seconds(lat_nd: int, lon_nd: int) -> str:
    """A place to the hundredth of a second, 0.3 m."""
    return f"{_second(lat_nd, 2, 'NS')} {_second(lon_nd, 3, 'EW')}"


def _second(nd: int, digits: int, sides: str) -> str:
    minutes, hundredths = divmod(round(abs(nd) * 360_000 / 10**9), 6_000)
    degrees, minute = divmod(minutes, 60)
    return f"{degrees:0{digits}d}{minute:02d}{hundredths // 100:02d}.{hundredths % 100:02d}{sides[nd < 0]}"


# when


def _times(volume: Volume4D) -> tuple[str, str] | Refusal:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    begin = epoch + timedelta(minutes=volume.start_us // 60_000_000)
    end = epoch + timedelta(minutes=-(-volume.end_us // 60_000_000))
    if not 2000 <= begin.year <= end.year <= 2099:
        return refuse(Reason.OUT_OF_RANGE, "volume.start", "a year from 2000 to 2099", f"{begin.year} to {end.year}")
    return f"{begin:%y%m%d%H%M}", f"{end:%y%m%d%H%M}"


# how high


def _above_sea_m(volume: Volume4D) -> tuple[float, float]:
    """Lower and upper height above mean sea level, outward."""
    least_mm, most_mm = undulation_range_mm(Bounds(*box_nd(volume)))
    return (volume.lower_mm - most_mm) / 1_000.0, (volume.upper_mm - least_mm) / 1_000.0


def _lower(metres: float) -> str:
    feet = math.floor(metres / FT_M / 100.0) * 100
    return f"{feet}FT AMSL" if feet > 0 else "SFC"


def _upper(metres: float) -> str:
    feet = math.ceil(metres / FT_M / 100.0) * 100
    return f"{max(feet, 100)}FT AMSL" if feet <= LEVEL_MAX * 100 else "UNL"


def _reach_m(level: int) -> tuple[float, float]:
    """Between which heights above mean sea level something at a flight level may be."""
    return pressure_height_m(level * 100 * FT_M, ANY_AIR)


def _lowest_level(lower_m: float) -> int:
    """The lowest level that may reach up into the volume."""
    return next((level for level in range(LEVEL_MAX) if _reach_m(level)[1] >= lower_m), LEVEL_MAX)


def _highest_level(upper_m: float) -> int:
    """The highest level that may reach down into the volume."""
    return next((level for level in range(LEVEL_MAX, 0, -1) if _reach_m(level)[0] <= upper_m), 0)
