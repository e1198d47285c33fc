"""Reading a JSON document field by field, so that a refusal can name the exact path.

In:  bytes that somebody sent.
Out: `decode` gives the parsed document; `Field` walks it, and gathers what is wrong instead of stopping at the first.
Refuses (MALFORMED unless said): bytes that are not UTF-8 JSON, NaN and Infinity, a name given twice in one object,
     nesting too deep for the reader, numbers of more than 40 characters, a wrong type, a missing member; TOO_LARGE
     past the byte limit.

`Field` reads never fail: what is wrong is written into the `Book` and a harmless value stands in, so that one walk
finds all; the caller then takes `book.first()`, the refusal that stands first in the order of precedence.
"""

import json
from collections.abc import Set
from decimal import Decimal, InvalidOperation
from typing import Final

import msgspec

from wideberth.intake.times import parse_time
from wideberth.limits import NAME_CHARACTERS_MAX, NUMBER_CHARACTERS_MAX
from wideberth.refusal import Reason, Refusal, refuse

_PRECEDENCE: Final = {reason: place for place, reason in enumerate(Reason)}


class Note(msgspec.Struct, frozen=True, array_like=True):
    """Something that was assumed or is worth a look: a short code for programs, a sentence for people."""

    code: str
    text: str


def first_refusal(refusals: list[Refusal]) -> Refusal | None:
    """The one that stands first in the order of precedence; among equals the first found."""
    return min(refusals, key=lambda refusal: _PRECEDENCE[refusal.reason], default=None)


class _Bad(Exception):
    """Carries a refusal out of the JSON decoder's hooks; never leaves this file."""

    def __init__(self, limit: str, received: str) -> None:
        super().__init__(limit)
        self.limit, self.received = limit, received


def _constant(name: str) -> object:
    raise _Bad("a finite number; JSON has no NaN and no Infinity", name)


def _number(text: str) -> Decimal:
    if len(text) > NUMBER_CHARACTERS_MAX:
        raise _Bad(f"numbers of at most {NUMBER_CHARACTERS_MAX} characters", text)
    try:
        return Decimal(text)
    except InvalidOperation:
        raise _Bad("a number", text) from None


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _Bad("each name once in an object", twice)
    return found


def decode(data: bytes, bytes_max: int) -> object | Refusal:
    """The document, numbers as exact decimals, or why it cannot be read."""
    if len(data) > bytes_max:
        return refuse(Reason.TOO_LARGE, "", f"at most {bytes_max} bytes", f"{len(data)} bytes")
    try:
        text = data.decode("utf-8-sig")
        found: object = json.loads(
            text, parse_float=_number, parse_int=_number, parse_constant=_constant, object_pairs_hook=_members
        )
    except UnicodeDecodeError as error:
        return refuse(Reason.MALFORMED, "", f"text in UTF-8; byte {error.start} is not", data[error.start :][:8])
    except json.JSONDecodeError as error:
        limit = f"JSON; line {error.lineno}, column {error.colno}: {error.msg}"
        return refuse(Reason.MALFORMED, "", limit, text[error.pos : error.pos + 40])
    except _Bad as bad:
        return refuse(Reason.MALFORMED, "", bad.limit, bad.received)
    except RecursionError:
        return refuse(Reason.MALFORMED, "", "JSON nested less deep; a plan needs ten levels", text)
    return found


class Book:
    """The refusals that one walk through a document gathered."""

    def __init__(self) -> None:
        self.refusals: list[Refusal] = []

    def first(self) -> Refusal | None:
        """The refusal to answer with, if any."""
        return first_refusal(self.refusals)


_ABSENT: Final = object()
_BROKEN: Final = object()
"""Stands below something that was refused already, so that one mistake is told once."""


class Field:
    """One value of a document with its path, such as `features[3].properties.lower.unit`."""

    def __init__(self, value: object, path: str, book: Book) -> None:
        self.value, self.path, self.book = value, path, book

    @property
    def present(self) -> bool:
        """Whether something other than null stands there, and nothing above it was refused."""
        return self.value is not _ABSENT and self.value is not _BROKEN and self.value is not None

    def refuse(self, reason: Reason, limit: str, received: object = None) -> None:
        """Write down what is wrong here, unless something above was refused already."""
        if self.value is not _BROKEN:
            shown = _shown(self.value) if received is None else received
            self.book.refusals.append(refuse(reason, self.path, limit, shown))

    def member(self, name: str) -> "Field":
        """The member of an object; absent ones are refused only when they are read."""
        path = f"{self.path}.{name}" if self.path else name
        if isinstance(self.value, dict):
            return Field(self.value.get(name, _ABSENT), path, self.book)
        self.refuse(Reason.MALFORMED, "an object")
        self.value = _BROKEN
        return Field(_BROKEN, path, self.book)

    def names(self) -> list[str]:
        """The names of an object's members, [] of anything else."""
        return [str(name) for name in self.value] if isinstance(self.value, dict) else []

    def items(self, most: int, reason: Reason = Reason.OUT_OF_RANGE, least: int = 1, limit: str = "") -> list["Field"]:
        """The items of a list of `least` to `most`; past that `reason`, with `limit` or the number."""
        if not isinstance(self.value, list) or len(self.value) < least:
            self.refuse(Reason.MALFORMED, "a list" if least == 0 else f"a list of at least {least}")
            return []
        if len(self.value) > most:
            self.refuse(reason, limit or f"at most {most}", f"{len(self.value)}")
            return []
        return [Field(item, f"{self.path}[{i}]", self.book) for i, item in enumerate(self.value)]

    def number(self, low: int, high: int, unit: str, *, above: bool = False) -> Decimal:
        """A number from `low` (not included if `above`) to `high`; 0 when refused."""
        value = _exact(self.value)
        if value is None:
            self.refuse(Reason.MALFORMED, f"a number ({unit})")
        elif not low <= value <= high or (above and value == low):
            span = f"above {low} and at most {high}" if above else f"{low} to {high}"
            self.refuse(Reason.OUT_OF_RANGE, f"{span} {unit}")
        else:
            return value
        return Decimal(0)

    def integer(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`; 0 when refused."""
        value = self.number(low, high, "whole number")
        if value != value.to_integral_value():
            self.refuse(Reason.OUT_OF_RANGE, "a whole number")
            return 0
        return int(value)

    def text(self, most: int = NAME_CHARACTERS_MAX) -> str:
        """Printable text of 1 to `most` characters; "" when refused."""
        if not isinstance(self.value, str) or not self.value:
            self.refuse(Reason.MALFORMED, "text")
        elif len(self.value) > most:
            self.refuse(Reason.OUT_OF_RANGE, f"text of at most {most} characters")
        elif not self.value.isprintable():
            self.refuse(Reason.MALFORMED, "text without control characters")
        else:
            return self.value
        return ""

    def one_of(self, names: Set[str], reason: Reason = Reason.MALFORMED) -> str:
        """One of a closed set of words; "" when refused, with `reason`."""
        if isinstance(self.value, str) and self.value in names:
            return self.value
        self.refuse(reason, "one of " + ", ".join(sorted(names)))
        return ""

    def time_us(self, *, up: bool = False) -> int:
        """An RFC 3339 time in microseconds; 0 when refused."""
        if self.value is _BROKEN:
            return 0
        found = parse_time(_shown(self.value) if not isinstance(self.value, str) else self.value, self.path, up=up)
        if isinstance(found, Refusal):
            self.book.refusals.append(found)
            return 0
        return found


def _exact(value: object) -> Decimal | None:
    """The number as a finite decimal; None of anything else. Floats are taken by their shortest form."""
    if isinstance(value, Decimal):
        return value if value.is_finite() else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    return exact if exact.is_finite() else None


def _shown(value: object) -> str:
    """What stood there, for a refusal."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case dict():
            return "an object"
        case list():
            return f"a list of {len(value)}"
        case str() | int() | float() | Decimal():
            return str(value) or "empty text"
    return "nothing"
