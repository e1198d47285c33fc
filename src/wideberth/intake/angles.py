"""Degrees, minutes and seconds as people type them: every way in which a text can be read.

In:  text of a latitude and a longitude, with letters, signs, marks (degree, minute, second signs, colons) or none.
Out: `split` gives the numbers as typed, `readings` what they mean under every scheme that fits them.
Refuses nothing: a text without a reading has none. Choosing is `coordinates`' work.
"""

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Final

import msgspec


class Angle(msgspec.Struct, frozen=True):
    """One angle as typed: its numbers ("35", "30.5"), a degree mark after the first or not, sign, hemisphere letter."""

    parts: tuple[str, ...]
    degree_mark: bool
    sign: int
    letter: str


class Reading(msgspec.Struct, frozen=True):
    """One angle as read: degrees with sign, and the unit of its last digit in degrees."""

    degrees: Fraction
    unit: Fraction


Pair = tuple[Reading, Reading]
"""Latitude and longitude."""

_MARKS: Final = str.maketrans({"º": "°", "˚": "°", "′": "'", "’": "'", "″": '"', "”": '"'})
_PIECE: Final = re.compile(r"[0-9]+(?:\.[0-9]+)*|[NSEW]|[°'\":+\-,;]")
_PIECES: Final = re.compile(rf"\s*(?:(?:{_PIECE.pattern})\s*)+")
_CLOSING: Final = ("°", "'", '"')


def split(text: str) -> tuple[Angle, Angle] | None:
    """The latitude's and the longitude's numbers, or None where no two angles can be told apart.

    With letters each angle runs from or to its letter, and the letters tell which is the latitude; without, the
    latitude comes first and the numbers are split at the comma or in half.
    """
    plain = text.upper().translate(_MARKS)
    if _PIECES.fullmatch(plain) is None:
        return None
    pieces = _PIECE.findall(plain)
    cut = _cut(pieces)
    if cut is None:
        return None
    first, second = _angle(pieces[:cut]), _angle(pieces[cut:])
    if first is None or second is None:
        return None
    axes = [letter and ("lat" if letter in "NS" else "lon") for letter in (first.letter, second.letter)]
    if axes in (["", ""], ["lat", "lon"]):
        return first, second
    return (second, first) if axes == ["lon", "lat"] else None


def _cut(pieces: list[str]) -> int | None:
    """Where the second angle begins."""
    letters = [i for i, piece in enumerate(pieces) if piece in "NSEW"]
    if len(letters) == 2:
        if letters[0] == 0:
            return letters[1]
        return letters[0] + 1 if letters[1] == len(pieces) - 1 else None
    if letters:
        return None
    commas = [i for i, piece in enumerate(pieces) if piece in ",;"]
    if len(commas) == 1:
        return commas[0]
    numbers = [i for i, piece in enumerate(pieces) if piece[0].isdigit()]
    if commas or len(numbers) % 2 or not numbers:
        return None
    cut = numbers[len(numbers) // 2]
    return cut - 1 if pieces[cut - 1] in "+-" else cut


def _angle(pieces: list[str]) -> Angle | None:
    """One angle from its pieces; None where a mark, sign or letter stands out of place."""
    pieces = [piece for piece in pieces if piece not in ",;"]
    letter = ""
    if pieces and pieces[0] in "NSEW":
        letter, pieces = pieces[0], pieces[1:]
    elif pieces and pieces[-1] in "NSEW":
        letter, pieces = pieces[-1], pieces[:-1]
    sign = -1 if letter and letter in "SW" else 1
    if pieces and pieces[0] in "+-":
        if letter:
            return None
        sign, pieces = -1 if pieces[0] == "-" else 1, pieces[1:]
    parts: list[str] = []
    marked = True
    for piece in pieces:
        if piece[0].isdigit():
            parts.append(piece)
            marked = False
        elif marked or len(parts) > 3 or piece not in (_CLOSING[len(parts) - 1], ":"):
            return None
        else:
            marked = True
    if not parts or pieces[-1] == ":":
        return None
    return Angle(tuple(parts), "°" in pieces, sign, letter)


Parts = tuple[str, ...]


def _plain(count: int) -> Callable[[Parts], Parts | None]:
    return lambda parts: parts if len(parts) == count else None


def _matched(pattern: str, join: Callable[..., Parts]) -> Callable[[Parts], Parts | None]:
    """A scheme that reads the parts, set apart by blanks, by a pattern, and hands its groups to `join`."""
    shape = re.compile(pattern)

    def scheme(parts: Parts) -> Parts | None:
        found = shape.fullmatch(" ".join(parts))
        return None if found is None else join(*found.groups())

    return scheme


_SCHEMES: Final[tuple[tuple[str, Callable[[Parts], Parts | None]], ...]] = (
    ("decimal", _plain(1)),
    ("dm", _plain(2)),
    ("dms", _plain(3)),
    ("dms run together", _matched(r"([0-9]{1,3})([0-9]{2})([0-9]{2}(?:\.[0-9]+)?)", lambda d, m, s: (d, m, s))),
    ("dm run together", _matched(r"([0-9]{1,3})([0-9]{2}(?:\.[0-9]+)?)", lambda d, m: (d, m))),
    ("dm run together, dot left out", _matched(r"([0-9]{1,3})([0-9]{2})([0-9]{2})", lambda d, m, f: (d, f"{m}.{f}"))),
    ("degrees.minutes", _matched(r"([0-9]{1,3})(?:\.([0-9]{2}))?", lambda d, m: (d, m) if m else (d,))),
    (
        "degrees.minutes seconds",
        _matched(r"([0-9]{1,3})(?:\.([0-9]{2})([0-9]{2})?)?", lambda *given: tuple(g for g in given if g)),
    ),
    ("degrees.minutes.seconds", _matched(r"([0-9]{1,3})\.([0-9]{1,2})\.([0-9.]+)", lambda d, m, s: (d, m, s))),
    ("degrees.minutes.fraction", _matched(r"([0-9]{1,3})\.([0-9]{1,2})\.([0-9]+)", lambda d, m, f: (d, f"{m}.{f}"))),
    ("dms, dot between", _matched(r"([0-9]{1,3}) ([0-9]{1,2})\.([0-9]{1,2})", lambda d, m, s: (d, m, s))),
    ("dm, dot left out", _matched(r"([0-9]{1,3}) ([0-9]{1,2}) ([0-9]+)", lambda d, m, f: (d, f"{m}.{f}"))),
    ("decimal, dot left out", _matched(r"([0-9]{1,3}) ([0-9]+)", lambda d, f: (f"{d}.{f}",))),
)


def _sum(parts: Parts, sign: int) -> Reading | None:
    """Degrees, minutes and seconds added up; None where one but the last has a fraction, or one reaches 60."""
    if any("." in part for part in parts[:-1]) or parts[-1].count(".") > 1 or len(parts) > 3:
        return None
    values = [Fraction(part.rstrip(".")) for part in parts]
    if any(value >= 60 for value in values[1:]):
        return None
    unit = Fraction(1, 10 ** len(parts[-1].partition(".")[2])) / 60 ** (len(parts) - 1)
    return Reading(sign * sum(value / 60**i for i, value in enumerate(values)), unit)


def readings(angles: tuple[Angle, Angle]) -> dict[str, Pair]:
    """Every scheme that fits both angles, with what they mean; latitudes past 90 and longitudes past 180 do not fit."""
    found: dict[str, Pair] = {}
    for name, scheme in _SCHEMES:
        pair = []
        for angle, most in zip(angles, (90, 180), strict=True):
            parts = scheme(angle.parts)
            reading = None if parts is None else _sum(parts, angle.sign)
            if reading is not None and abs(reading.degrees) <= most:
                pair.append(reading)
        if len(pair) == 2:
            found[name] = (pair[0], pair[1])
    return found
