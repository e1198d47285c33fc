"""Coordinates: text in a declared form in, nanodegrees with their accuracy out; and back for people to read.

In:  text of one place and its `Form`: decimal degrees, DMS, DM, MGRS, GARS. The form is declared and never guessed.
Out: `Position`: latitude and longitude on the datum of the text, how far the true place may lie from it by the digits
     given, the form, and the text as entered.
Refuses: text of another form than the declared one, and digits with two readings (AMBIGUOUS, every reading shown);
     text of no form (MALFORMED); degrees, minutes and seconds outside their ranges (OUT_OF_RANGE).

What counts as ambiguous:
- too few or too many parts for the form: "35 30.5 N" as DMS;
- digits run together: "353030N" may be 35 30'30" or 35 30.30';
- dots as separators: "35.30.30";
- decimal degrees whose fractions all have two or four digits that could be minutes (and seconds), without a degree
  mark: "35.40" may be 35.40 degrees or 35 degrees 40 minutes, 30 km away. "35.40°" and "35.400" are one reading.
"""

import math
from enum import StrEnum
from typing import Final

import msgspec

from wideberth.intake.angles import Pair, readings, split
from wideberth.intake.bounds import ND
from wideberth.intake.gridrefs import EARTH_M, Cell, parse_gars, parse_mgrs, show_gars, show_mgrs
from wideberth.limits import NAME_CHARACTERS_MAX
from wideberth.refusal import Reason, Refusal, refuse


class Form(StrEnum):
    """How a place is written."""

    DECIMAL = "decimal"
    DMS = "dms"
    DM = "dm"
    MGRS = "mgrs"
    GARS = "gars"


FORMS: Final = frozenset(form.value for form in Form)
READINGS_SHOWN: Final = 3
"""How many readings of an ambiguous text a refusal shows."""


class Position(msgspec.Struct, frozen=True):
    """One place as read: `accuracy_mm` is how far the meant place may lie from it by the digits alone."""

    lat_nd: int
    lon_nd: int
    accuracy_mm: int
    form: Form
    as_entered: str


_RULES: Final = {
    Form.DECIMAL: "decimal degrees, latitude and longitude, such as 35.50833, 40.25417 or 35.50833°N 40.25417°E",
    Form.DMS: "degrees, minutes, seconds and a letter for each, such as 35 30 30.5 N 040 15 00 E",
    Form.DM: "degrees, minutes and a letter for each, such as 35 30.5083 N 040 15.0000 E",
}
_PARTS: Final = {Form.DECIMAL: 1, Form.DM: 2, Form.DMS: 3}


def parse(text: str, form: Form, field: str = "") -> Position | Refusal:
    """One place, read in the declared form and in no other."""
    if len(text) > NAME_CHARACTERS_MAX:
        return refuse(Reason.OUT_OF_RANGE, field, f"at most {NAME_CHARACTERS_MAX} characters", text)
    found = _cell(text, form, field) if form in (Form.MGRS, Form.GARS) else _angles(text, form, field)
    if isinstance(found, Refusal):
        others = _other_forms(text, form) if found.reason is Reason.MALFORMED else {}
        return _ambiguous(text, form, others, field) if others and form.value not in others else found
    return Position(found.lat_nd, found.lon_nd, found.reach_mm, form, text)


def _cell(text: str, form: Form, field: str) -> Cell | Refusal:
    """A grid reference."""
    if form is Form.MGRS:
        return parse_mgrs(text, field)
    found = parse_gars(text, field)
    return found if isinstance(found, Refusal) else found.cell()


def _angles(text: str, form: Form, field: str) -> Cell | Refusal:
    """Latitude and longitude as angles, with the error that their digits leave."""
    angles = split(text)
    if angles is None:
        return refuse(Reason.MALFORMED, field, _RULES[form], text)
    found = readings(angles)
    meant = found.pop(form.value, None)
    if meant is None:
        fits = all(len(angle.parts) == _PARTS[form] for angle in angles) and not (found and form is Form.DECIMAL)
        return refuse(Reason.OUT_OF_RANGE if fits else Reason.MALFORMED, field, _RULES[form], text)
    if form is not Form.DECIMAL and not angles[0].letter:
        return refuse(Reason.MALFORMED, field, _RULES[form], text)
    here = _place(meant)
    if form is Form.DECIMAL and not all(angle.degree_mark for angle in angles):
        both = _distinct({form.value: here} | {name: _place(pair) for name, pair in found.items()})
        if len(both) > 1:
            return _ambiguous(text, form, both, field)
    return here


def _distinct(found: dict[str, Cell]) -> dict[str, Cell]:
    """The readings that mean different places, the first name of each."""
    places: dict[tuple[int, int], str] = {}
    for name, place in found.items():
        places.setdefault((place.lat_nd, place.lon_nd), name)
    return {name: found[name] for name in places.values()}


def _place(pair: Pair) -> Cell:
    """A reading in nanodegrees; its error is half a unit of the last digits (sphere, 1% added for the ellipsoid)."""
    lat, lon = pair
    metres = [math.radians(float(axis.unit) / 2) * EARTH_M * 1.01 for axis in pair]
    metres[1] *= math.cos(math.radians(max(0.0, abs(float(lat.degrees)) - float(lat.unit))))
    return Cell(round(lat.degrees * ND), round(lon.degrees * ND), math.ceil(math.hypot(*metres) * 1000))


def _other_forms(text: str, form: Form) -> dict[str, Cell]:
    """How a text that does not fit its form can be read all the same."""
    angles = split(text)
    others = {} if angles is None else {name: _place(pair) for name, pair in readings(angles).items()}
    for other in (Form.MGRS, Form.GARS):
        found = _cell(text, other, "")
        if other is not form and isinstance(found, Cell):
            others[other.value] = found
    return _distinct(others)


def _ambiguous(text: str, form: Form, found: dict[str, Cell], field: str) -> Refusal:
    """Names every reading, in decimal degrees, and how far apart they lie."""
    shown = [f"{name}: {show(p.lat_nd, p.lon_nd, Form.DECIMAL)}" for name, p in list(found.items())[:READINGS_SHOWN]]
    places = list(found.values())
    apart = max(_apart_m(a, b) for a in places for b in places)
    distance = f"; they lie {apart / 1000:.1f} km apart" if len(places) > 1 else ""
    remedy = "; a degree sign after each number makes it decimal" if form is Form.DECIMAL and "decimal" in found else ""
    limit = f"one reading, in the declared form {form.value}; it can be read as {' or '.join(shown)}{distance}{remedy}"
    return refuse(Reason.AMBIGUOUS, field, limit, text)


def _apart_m(a: Cell, b: Cell) -> float:
    """Distance on the sphere (haversine), for people."""
    lat_a, lat_b, turn = (math.radians(nd / ND) for nd in (a.lat_nd, b.lat_nd, b.lon_nd - a.lon_nd))
    chord = math.sin((lat_b - lat_a) / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(turn / 2) ** 2
    return 2 * EARTH_M * math.asin(math.sqrt(min(1.0, chord)))


def show(lat_nd: int, lon_nd: int, form: Form) -> str:
    """A place for people, in any form; `parse` reads it back within the accuracy that its digits state."""
    match form:
        case Form.MGRS:
            return show_mgrs(lat_nd, lon_nd)
        case Form.GARS:
            return show_gars(lat_nd, lon_nd)
    south, west = "S" if lat_nd < 0 else "N", "W" if lon_nd < 0 else "E"
    return f"{_show_angle(lat_nd, form, 2)}{south} {_show_angle(lon_nd, form, 3)}{west}"


def _show_angle(angle_nd: int, form: Form, width: int) -> str:
    """Degrees to 1e-6, minutes to 1e-4 or seconds to 1e-2, rounded half up in whole units so that 60 never shows."""
    angle_nd = abs(angle_nd)
    match form:
        case Form.DECIMAL:
            degrees, rest = divmod((angle_nd + 500) // 1000, 1_000_000)
            return f"{degrees:0{width}d}.{rest:06d}°"
        case Form.DM:
            degrees, rest = divmod((angle_nd * 600_000 + ND // 2) // ND, 600_000)
            return f"{degrees:0{width}d}°{rest // 10_000:02d}.{rest % 10_000:04d}'"
    degrees, rest = divmod((angle_nd * 360_000 + ND // 2) // ND, 360_000)
    return f"{degrees:0{width}d}°{rest // 6000:02d}'{rest % 6000 // 100:02d}.{rest % 100:02d}\""
