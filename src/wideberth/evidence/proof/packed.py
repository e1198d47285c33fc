"""msgpack, as much of it as a ledger has: integers, text, bytes, arrays, nil, true and false.

In:  bytes. Out: int, str, bytes, list, None, bool; or a leaf's canonical bytes.
Raises `Unreadable` for anything else, and where something follows the value.
Source: the msgpack specification; the forms used are named in the page on the ledger's format.
"""

from __future__ import annotations

DEPTH_MAX = 32


class Unreadable(Exception):
    """These bytes are not what they should be. The text says what was found."""


def unpack(data: bytes) -> object:
    """The one value behind the bytes."""
    value, end = _value(data, 0, 0)
    if end != len(data):
        raise Unreadable("something follows the value")
    return value


def _take(data: bytes, at: int, count: int) -> tuple[bytes, int]:
    if at + count > len(data):
        raise Unreadable("the value is cut")
    return data[at : at + count], at + count


def _number(data: bytes, at: int, count: int) -> tuple[int, int]:
    raw, at = _take(data, at, count)
    return int.from_bytes(raw, "big"), at


def _value(data: bytes, at: int, depth: int) -> tuple[object, int]:
    if depth > DEPTH_MAX or at >= len(data):
        raise Unreadable("the value is cut, or nested too deeply")
    first = data[at]
    at += 1
    if first < 0x80:
        return first, at
    if first >= 0xE0:
        return first - 256, at
    if 0xA0 <= first < 0xC0:
        return _text(data, at, first & 0x1F)
    if 0x90 <= first < 0xA0:
        return _array(data, at, first & 0x0F, depth)
    if first in _FIXED:
        return _FIXED[first], at
    if first in _SIZED:
        what, width = _SIZED[first]
        number, at = _number(data, at, width)
        if what == "int":
            return number, at
        if what == "signed":
            return number - (1 << 8 * width) if number >> (8 * width - 1) else number, at
        if what == "bytes":
            return _take(data, at, number)
        return _text(data, at, number) if what == "text" else _array(data, at, number, depth)
    raise Unreadable(f"no value of a ledger begins with 0x{first:02x}")


_FIXED = {0xC0: None, 0xC2: False, 0xC3: True}
_SIZED = {
    0xC4: ("bytes", 1),
    0xC5: ("bytes", 2),
    0xC6: ("bytes", 4),
    0xCC: ("int", 1),
    0xCD: ("int", 2),
    0xCE: ("int", 4),
    0xCF: ("int", 8),
    0xD0: ("signed", 1),
    0xD1: ("signed", 2),
    0xD2: ("signed", 4),
    0xD3: ("signed", 8),
    0xD9: ("text", 1),
    0xDA: ("text", 2),
    0xDB: ("text", 4),
    0xDC: ("array", 2),
    0xDD: ("array", 4),
}


def _text(data: bytes, at: int, count: int) -> tuple[str, int]:
    raw, at = _take(data, at, count)
    try:
        return raw.decode(), at
    except UnicodeDecodeError as error:
        raise Unreadable("a text is not UTF-8") from error


def _array(data: bytes, at: int, count: int, depth: int) -> tuple[list[object], int]:
    if count > len(data) - at:
        raise Unreadable("an array is cut")
    values: list[object] = []
    for _ in range(count):
        value, at = _value(data, at, depth + 1)
        values.append(value)
    return values, at
