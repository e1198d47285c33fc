"""What is read back of a plan or notice, and what of it is wrong.

In:  the volumes of a plan, its version, the landmarks that both sides know; what somebody said.
Out: `ReadBack`, short texts of digits and capitals, each with two check characters (`check`); `Difference`s.
Refuses nothing: what cannot be read is a difference.

    position  degrees, minutes, seconds of the middle      422144N0384736W   to the second (31 m)
    cell      its GARS cell of 5 minutes                   283LS26
    bearing   from the nearest landmark, and how far       2850123           285 degrees true, 12.3 km
    band      least and greatest height                    A00450A03050      metres above (A) or below (B) the ellipsoid
    window    first start and last end                     2611221930Z2611222030Z   year, month, day, time; UTC
    version   of the plan or notice                        V3
    seal      of every figure of every volume              7K2M9Q            30 bits of SHA-256

A middle is a circle's centre or the mean of a ring's corners (in ECEF), and of several volumes the mean of theirs.
Heights are rounded outward to the metre, times outward to the minute. The readable items speak of the whole; the seal
stands for what they leave out: sizes, shapes, and which part is where and when.
"""

import hashlib
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import msgspec

from wideberth.limits import SAID_CHARACTERS_MAX
from wideberth.party.charter import Landmark
from wideberth.space.geodesy import ecef, geodetic_nd, surface
from wideberth.space.units import us_to_time
from wideberth.space.volume import Circle, Polygon, Volume4D
from wideberth.words.check import CHECK_CHARACTERS, check_holds, plain, with_check
from wideberth.words.place import (
    displaced_m,
    middle,
    nearest,
    show_bearing,
    show_cell,
    show_position,
)

_MINUTE_US: Final = 60_000_000
_SEAL_MARK: Final = b"wideberth/seal/1"
_SEAL_BITS: Final = (25, 20, 15, 10, 5, 0)
_SEAL_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O and U, which are taken for 1, 1, 0 and V."""


class Wrong(StrEnum):
    """What is wrong with an item that was said."""

    MISSING = "missing"
    """It was not said."""
    UNREADABLE = "unreadable"
    """It has characters other than digits and capitals, or far too many."""
    MISHEARD = "misheard"
    """Its check characters do not fit: a slip in saying, hearing or typing. Ask for it again."""
    OTHER = "other"
    """It is whole, and it is not what was sent: the other side has another plan before it. Stop and settle it."""


class ReadBack(msgspec.Struct, frozen=True, array_like=True):
    """What is read back, each item with its check characters; `bearing` is empty where no landmark is near."""

    position: str
    cell: str
    bearing: str
    band: str
    window: str
    version: str
    seal: str

    def items(self) -> tuple[str, ...]:
        """The items in the order in which they are read."""
        return msgspec.structs.astuple(self)


class Difference(msgspec.Struct, frozen=True, array_like=True):
    """An item, what was said of it (shortened), what is right, and what is wrong with what was said."""

    item: str
    said: str
    right: str
    wrong: Wrong
    displaced_m: float | None = None
    """Of a whole but other position, how far it lies from the right one; None elsewhere."""


def centre_of(volumes: Sequence[Volume4D]) -> tuple[int, int]:
    """The middle of volumes, nanodegrees; of one circle exactly its centre."""
    outlines = [volume.outline for volume in volumes]
    if len(outlines) == 1 and isinstance(outlines[0], Circle):
        return outlines[0].lat_nd, outlines[0].lon_nd
    return geodetic_nd(*surface(*middle(_middle(outline) for outline in outlines)))


def _middle(outline: Circle | Polygon) -> tuple[float, float, float]:
    if isinstance(outline, Circle):
        return ecef(outline.lat_nd, outline.lon_nd)
    corners = zip(outline.ring[0::2], outline.ring[1::2], strict=True)
    return surface(*middle(ecef(lat_nd, lon_nd) for lat_nd, lon_nd in corners))


def readback_of(volumes: Sequence[Volume4D], version: int, landmarks: Sequence[Landmark] = ()) -> ReadBack:
    """What has to be read back of checked volumes, at least one."""
    assert volumes, "nothing to read back"
    lat_nd, lon_nd = centre_of(volumes)
    spoken = nearest(lat_nd, lon_nd, landmarks)
    lower_m = min(volume.lower_mm for volume in volumes) // 1000
    upper_m = -(-max(volume.upper_mm for volume in volumes) // 1000)
    start = min(volume.start_us for volume in volumes) // _MINUTE_US
    end = -(-max(volume.end_us for volume in volumes) // _MINUTE_US)
    return ReadBack(
        with_check(show_position(lat_nd, lon_nd)),
        with_check(show_cell(lat_nd, lon_nd)),
        with_check(show_bearing(spoken)) if spoken is not None else "",
        with_check(_height(lower_m) + _height(upper_m)),
        with_check(_minute(start) + _minute(end)),
        with_check(f"V{version}"),
        with_check(seal_of(volumes)),
    )


def landmark_of(volumes: Sequence[Volume4D], landmarks: Sequence[Landmark]) -> str:
    """The landmark from which the bearing is; empty where none is near."""
    spoken = nearest(*centre_of(volumes), landmarks)
    return spoken.landmark.name if spoken is not None else ""


def _height(metres: int) -> str:
    return f"{'B' if metres < 0 else 'A'}{abs(metres):05d}"


def _minute(minutes: int) -> str:
    return f"{us_to_time(minutes * _MINUTE_US):%y%m%d%H%M}Z"


def seal_of(volumes: Sequence[Volume4D]) -> str:
    """Six characters that stand for every figure of every volume, in their order."""
    digest = hashlib.sha256(_SEAL_MARK + msgspec.msgpack.encode(list(volumes))).digest()
    number = int.from_bytes(digest[:4], "big")
    return "".join(_SEAL_ALPHABET[number >> bits & 31] for bits in _SEAL_BITS)


def compare(expected: ReadBack, said: ReadBack | Sequence[str]) -> tuple[Difference, ...]:
    """What of a read-back is wrong, in the order of the items; empty where all of it is right.

    `said` has the items in their order, spaced and written as people do (`check.plain`). Of an item that is not
    expected nothing is asked, and a text past the last item is a difference.
    """
    heard = said.items() if isinstance(said, ReadBack) else tuple(said)
    names = ReadBack.__struct_fields__
    found = [
        _difference(name, heard[i] if i < len(heard) else "", right)
        for i, (name, right) in enumerate(zip(names, expected.items(), strict=True))
        if right
    ]
    if len(heard) > len(names):
        found.append(Difference("", heard[len(names)][:SAID_CHARACTERS_MAX], "", Wrong.UNREADABLE))
    return tuple(difference for difference in found if difference is not None)


def _difference(item: str, said: str, right: str) -> Difference | None:
    shortened = said[:SAID_CHARACTERS_MAX]
    text = plain(shortened) if len(said) <= SAID_CHARACTERS_MAX else None
    if text == right:
        return None
    if text is None:
        return Difference(item, shortened, right, Wrong.UNREADABLE)
    if not text:
        return Difference(item, shortened, right, Wrong.MISSING)
    if not check_holds(text):
        return Difference(item, shortened, right, Wrong.MISHEARD)
    return Difference(item, shortened, right, Wrong.OTHER, _displaced(item, text, right))


def _displaced(item: str, said: str, right: str) -> float | None:
    """How far apart two positions are, whole metres; None where one of them is none."""
    if item != "position":
        return None
    places = [read_position(text[:-CHECK_CHARACTERS]) for text in (said, right)]
    if places[0] is None or places[1] is None:
        return None
    return float(round(displaced_m(*places[0], *places[1])))


def read_position(text: str) -> tuple[int, int] | None:
    """Nanodegrees of degrees, minutes and seconds as `place.show_position` writes them; None for anything else."""
    if len(text) != 15 or text[6] not in "NS" or text[14] not in "EW" or not (text[:6] + text[7:14]).isdigit():
        return None
    lat_s, lon_s = _seconds(text[:6]), _seconds(text[7:14])
    if lat_s is None or lon_s is None or lat_s > 90 * 3600 or lon_s > 180 * 3600:
        return None
    lat_nd, lon_nd = ((s * 1_000_000_000 + 1800) // 3600 for s in (lat_s, lon_s))
    return (-lat_nd if text[6] == "S" else lat_nd), (-lon_nd if text[14] == "W" else lon_nd)


def _seconds(digits: str) -> int | None:
    degrees, minutes, seconds = int(digits[:-4]), int(digits[-4:-2]), int(digits[-2:])
    return degrees * 3600 + minutes * 60 + seconds if minutes < 60 and seconds < 60 else None


def slip_of(typed: Sequence[str], asked: int) -> str:
    """What is slipped in items typed for a read-back, in a sentence, or nothing.

    It does not look at what was sent: a whole item that is another one has to go out, so that its sender hears of it.
    """
    if len(typed) != asked:
        return f"Nothing is sent: {asked} items are read back, with commas between them; {len(typed)} were typed."
    for number, item in enumerate(typed, 1):
        bare = plain(item)
        if bare is None or (bare and not check_holds(bare)):
            return f"Nothing is sent: the check characters of item {number} do not fit. Ask for it again."
    return ""
