"""The values in phrases: how each kind is written, read again, and said digit by digit.

In:  names and texts, codes with check characters, counts, and integers of the house (mm, us, kHz, m, s, degrees).
Out: the same short text in every language (digits of ASCII, units of the SI), and the value again; tokens to be said.
Refuses (None): a value that is not of its kind, or past its limit; a text that no value is written as.

    name, text  as they are; control characters and marks of direction never
    code        422144N0384736WAB        42 2144 N 038 4736 W AB      with its check characters, which must fit
    time        1772344800000000         2026-03-01 06:00Z            seconds and fractions where they are not zero
    height      1524000 mm               1524 m                       above the ellipsoid
    distance    9000 m                   9000 m
    bearing     45 degrees               045°                         from true north, 1 to 360
    frequency   121500 kHz               121.500 MHz
    duration    60 s                     60 s
"""

import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from wideberth.limits import (
    ALTITUDE_MM_MAX,
    ALTITUDE_MM_MIN,
    NAME_CHARACTERS_MAX,
    RULE_COUNT_MAX,
    SAID_CHARACTERS_MAX,
    TEXT_CHARACTERS_MAX,
    TIME_US_MAX,
    TIME_US_MIN,
)
from wideberth.words.check import check_holds, groups

Value = str | int

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_US: Final = timedelta(microseconds=1)
_JOINERS: Final = frozenset("\u200c\u200d")
"""Persian writes with them; they turn nothing around."""
_TIME: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?Z", re.ASCII)
_CODE: Final = re.compile(r"[0-9A-Z]+")


class Kind(StrEnum):
    """What a placeholder holds."""

    NAME = "name"
    TEXT = "text"
    CODE = "code"
    COUNT = "count"
    TIME = "time"
    HEIGHT = "height"
    DISTANCE = "distance"
    BEARING = "bearing"
    FREQUENCY = "frequency"
    DURATION = "duration"
    PRECEDENCE = "precedence"
    DOMAIN = "domain"
    ACTIVITY = "activity"
    PATH = "path"
    FIELD = "field"
    LANGUAGE = "language"


_BOUNDS: Final[dict[Kind, tuple[int, int]]] = {
    Kind.COUNT: (0, RULE_COUNT_MAX),
    Kind.TIME: (TIME_US_MIN, TIME_US_MAX),
    Kind.HEIGHT: (ALTITUDE_MM_MIN, ALTITUDE_MM_MAX),
    Kind.DISTANCE: (0, RULE_COUNT_MAX),
    Kind.BEARING: (1, 360),
    Kind.FREQUENCY: (1, RULE_COUNT_MAX),
    Kind.DURATION: (0, RULE_COUNT_MAX),
}
_CHARACTERS: Final[dict[Kind, int]] = {
    Kind.NAME: NAME_CHARACTERS_MAX,
    Kind.TEXT: TEXT_CHARACTERS_MAX,
    Kind.CODE: SAID_CHARACTERS_MAX,
}
_SCALED: Final[dict[Kind, tuple[str, str]]] = {
    Kind.COUNT: ("0", ""),
    Kind.DISTANCE: ("0", " m"),
    Kind.BEARING: ("03", "°"),
    Kind.DURATION: ("0", " s"),
}
"""How whole numbers are written: their format, and their unit."""


def holds(kind: Kind, value: object) -> bool:
    """Whether a value is of its kind and within its limits; words of a closed set are not looked at here."""
    if kind in _BOUNDS:
        low, high = _BOUNDS[kind]
        return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
    if not isinstance(value, str) or not 0 < len(value) <= _CHARACTERS.get(kind, NAME_CHARACTERS_MAX):
        return False
    if kind is Kind.CODE:
        return _CODE.fullmatch(value) is not None and check_holds(value)
    return all(character.isprintable() or character in _JOINERS for character in value)


def write(kind: Kind, value: Value) -> str:
    """A value that `holds`, as every language writes it."""
    if isinstance(value, str):
        return groups(value) if kind is Kind.CODE else str(value)
    if kind is Kind.TIME:
        return _write_time(value)
    if kind is Kind.HEIGHT:
        return f"{_thousandths(value)} m"
    if kind is Kind.FREQUENCY:
        return f"{value // 1000}.{value % 1000:03d} MHz"
    form, unit = _SCALED[kind]
    return f"{value:{form}d}{unit}"


def read(kind: Kind, text: str) -> Value | None:
    """The value that is written so; None where there is none."""
    value = _read(kind, text)
    return value if value is not None and holds(kind, value) and write(kind, value) == text else None


def _read(kind: Kind, text: str) -> Value | None:
    if kind in (Kind.NAME, Kind.TEXT):
        return text
    if kind is Kind.CODE:
        return text.replace(" ", "")
    if kind is Kind.TIME:
        return _read_time(text)
    number = re.fullmatch(r"(-?)(\d{1,12})(?:\.(\d{1,3}))?(?: ?(?:m|s|MHz|°))?", text, re.ASCII)
    if number is None:
        return None
    sign, whole, part = number.groups()
    if kind in (Kind.HEIGHT, Kind.FREQUENCY):
        size = int(whole) * 1000 + int((part or "").ljust(3, "0"))
        return -size if sign else size
    return int(whole)


def _thousandths(value: int) -> str:
    """Thousandths as whole units, with a part only where there is one."""
    whole, part = divmod(abs(value), 1000)
    return f"{'-' if value < 0 else ''}{whole}" + (f".{part:03d}".rstrip("0") if part else "")


def _write_time(time_us: int) -> str:
    seconds, part = divmod(time_us, 1_000_000)
    moment = _EPOCH + timedelta(seconds=seconds)
    fine = f":{moment:%S}" if moment.second or part else ""
    return f"{moment:%Y-%m-%d %H:%M}{fine}" + (f".{part:06d}".rstrip("0") if part else "") + "Z"


def _read_time(text: str) -> int | None:
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    return (moment - _EPOCH) // _US + int((found[7] or "").ljust(6, "0"))


def tokens(kind: Kind, value: Value) -> list[list[str]]:
    """What is said of a value, in groups: digits, capitals, "." and "-" one by one; names whole but for their digits.

    The unit is not among them; a time is said as year, month, day, hour, minute and what there is of the second.
    """
    written = write(kind, value)
    if kind in (Kind.NAME, Kind.TEXT):
        return [re.findall(r"[0-9]|[^0-9 ]+", written)]
    if kind is Kind.CODE:
        return [list(group) for group in written.split()]
    if kind is Kind.TIME:
        return [list(group) for group in re.findall(r"[0-9.]+", written)]
    return [re.findall(r"[0-9.-]", written)]
