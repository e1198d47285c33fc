"""Times and coordinates in a free text: UTC, Zulu, offsets, date-time groups; degrees with their hemisphere.

In:  words (`tokens.Text`), now.
Out: `When` and `Point` statements.
Refuses nothing: times without a zone and coordinates without a hemisphere can be read in several ways and state nothing
here (as geometry they are refused).
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from wideberth.space.units import time_to_us, us_to_time
from wideberth.words import vocabulary as say
from wideberth.words.statements import role_of
from wideberth.words.tokens import Span, Text
from wideberth.words.vocabulary import Role

_CLOCK: Final = re.compile(r"(\d{1,2}):(\d{2})(?::\d{2}(?:[.,]\d{1,9})?)?|(\d{2})(\d{2})")
_GROUP: Final = re.compile(r"(\d{2})(\d{2})(\d{2})")
_OFFSET: Final = re.compile(r"([+\-−])(\d{1,2})(?::?(\d{2}))?(?![\d:])")
_OFFSET_CHARACTERS: Final = 8
_DASHES: Final = frozenset("-–—‑−")
_DAY: Final = timedelta(days=1)
_METRES_PER_DEGREE: Final = 111_320.0


class Moment(NamedTuple):
    """A time in UTC: minutes after midnight, and the day where it is said, as microseconds since 1970."""

    minute: int
    us: int | None


class When(NamedTuple):
    """A time, or a window from `low` to `high`."""

    span: Span
    role: Role
    low: Moment
    high: Moment


class Point(NamedTuple):
    """A place given by coordinates, in degrees, and by how much it is rounded."""

    span: Span
    lat: float
    lon: float
    slack_m: float


class _Clock(NamedTuple):
    """A time of day as written: minutes, its day of the month or date, its words, and minutes east of UTC."""

    minutes: int
    day: int | datetime | None
    span: Span
    offset: int | None


# times


def when_at(text: Text, i: int, now_us: int) -> When | None:
    """The time of day that is word i, or the window that ends with it."""
    here = _clock(text, i)
    if here is None or here.offset is None or _is_offset(text, i) or _is_low_end(text, here):
        return None
    if text.any(here.span.first - 4, here.span.first - 1, say.OTHER_TIMES):
        return None
    high = _moment(here, here.offset, now_us)
    before = _other_end(text, here.span.first)
    if before is not None:
        if text.any(before.span.first - 4, before.span.first - 1, say.OTHER_TIMES):
            return None
        low = _moment(before, here.offset if before.offset is None else before.offset, now_us)
        return When(Span(before.span.first, here.span.last), Role.BAND, low, high)
    role, _, span = role_of(text, here.span.first, here.span.last)
    return When(span, role, high, high)


def _clock(text: Text, i: int) -> _Clock | None:
    """A time of day at word i, with its date before it and its zone after it."""
    word = text.word(i)
    last = i
    day: int | datetime | None = None
    group = _GROUP.fullmatch(word)
    found = _CLOCK.fullmatch(word)
    if group is not None and text.word(i + 1)[:1] == "z":
        day, hour, minute = (int(part) for part in group.groups())
    elif found is not None:
        hour, minute = int(found[1] or found[3]), int(found[2] or found[4])
        day = _date_before(text, i)
    elif word.isdigit() and len(word) <= 2 and text.word(i + 1) == "h" and len(text.word(i + 2)) == 2:
        if not text.word(i + 2).isdigit():
            return None
        hour, minute, last = int(word), int(text.word(i + 2)), i + 2
    else:
        return None
    if hour > 23 or minute > 59 or day == 0 or (isinstance(day, int) and day > 31):
        return None
    first = i - (4 if text.word(i - 1) == "t" else 3) if isinstance(day, datetime) else i
    offset, last = _zone(text, last, dated=isinstance(day, datetime))
    return _Clock(hour * 60 + minute, day, Span(first, last), offset)


def _is_offset(text: Text, i: int) -> bool:
    """Whether a figure is the offset of the time before it."""
    before = _clock(text, i - 1)
    return before is not None and before.span.last >= i


def _date_before(text: Text, i: int) -> datetime | None:
    """ "2026-11-22" before a time of day, with "T" or a space between."""
    at = i - 1 if text.word(i - 1) == "t" else i
    year, month, day = text.word(at - 3), text.word(at - 2), text.word(at - 1)
    if not (len(year) == 4 and len(month) == len(day) == 2 and (year + month + day).isdigit()):
        return None
    if text.gap(at - 3) != "-" or text.gap(at - 2) != "-" or not 1970 <= int(year) <= 2100 or not 1 <= int(month) <= 12:
        return None
    start = datetime(int(year), int(month), 1, tzinfo=UTC)
    moment = start + (int(day) - 1) * _DAY
    return moment if moment.month == start.month else None


def _zone(text: Text, i: int, *, dated: bool) -> tuple[int | None, int]:
    """Minutes east of UTC that stand after word i, and the last word of them; None where there is no zone."""
    word = text.word(i + 1)
    utc = word in say.UTC or (word[:1] == "z" and len(word) == 4 and text.gap(i) == "")
    if utc and len(text.gap(i)) <= 2:
        i += 1
    end = text.end(i)
    found = _OFFSET.match(text.text[end : end + _OFFSET_CHARACTERS])
    if found is not None and (utc or dated or found[1] == "+") and text.word(i + 2) not in say.UTC:
        hours, minutes = int(found[2]), int(found[3] or 0)
        if hours <= 18 and minutes < 60:
            return (hours * 60 + minutes) * (1 if found[1] == "+" else -1), i + 1
    return (0 if utc else None), i


def _other_end(text: Text, first: int) -> _Clock | None:
    """The time before a time, of a window: "0600-", "from 06:00 to", "between 0600Z and"."""
    at = first - 1
    dashed = bool(text.gap(at).strip()) and set(text.gap(at).strip()) <= _DASHES
    if not dashed and text.word(at) not in say.TO | say.AND:
        return None
    joined = text.word(at) in say.AND
    for i in range(at if dashed else at - 1, first - 6, -1):
        clock = _clock(text, i)
        if clock is None or clock.span.last < (at if dashed else at - 1) or _is_offset(text, i):
            continue
        bound = not joined or text.any(clock.span.first - 3, clock.span.first - 1, say.BETWEEN)
        return clock if bound or text.any(first, first + 4, say.BETWEEN_AFTER) else None
    return None


def _is_low_end(text: Text, here: _Clock) -> bool:
    """Whether a window goes on behind this time, which is then read with its end."""
    last = here.span.last
    after = [last + 1, last + 2] if text.word(last + 1) in say.TO | say.AND else []
    if text.gap(last).strip() and set(text.gap(last).strip()) <= _DASHES:
        after.append(last + 1)
    for i in after:
        for j in range(i, i + 5):
            clock = _clock(text, j)
            if clock is not None and clock.span.first == i and clock.offset is not None:
                other = _other_end(text, clock.span.first)
                return other is not None and other.span.last == last
    return False


def _moment(clock: _Clock, offset: int, now_us: int) -> Moment:
    """The time in UTC; a day of the month is the one nearest to now."""
    minute = (clock.minutes - offset) % 1440
    if clock.day is None:
        return Moment(minute, None)
    if isinstance(clock.day, datetime):
        local = clock.day + timedelta(minutes=clock.minutes - offset)
        return Moment(minute, time_to_us(local))
    now = us_to_time(now_us)
    today = datetime(now.year, now.month, now.day, tzinfo=UTC)
    days = [today + n * _DAY for n in sorted(range(-16, 17), key=abs)]
    day = next((day for day in days if day.day == clock.day), None)
    return Moment(minute, None if day is None else time_to_us(day + timedelta(minutes=clock.minutes - offset)))


# coordinates


def point_at(text: Text, i: int) -> Point | None:
    """The place whose latitude has its letter, N or S, at word i: "42.26N 38.72W", "N42 15.7 W038 43.1", DDMMSS."""
    if text.word(i) not in ("n", "s"):
        return None
    before = _angles(text, i - 1, -1)
    if before:
        lat, east = before, _angles(text, i + 1, 1)
        j = i + 1 + len(east)
        first, last = i - len(before), j
    else:
        lat = _angles(text, i + 1, 1)
        j = i + 1 + len(lat)
        east = _angles(text, j + 1, 1)
        first, last = i, j + len(east)
    if not lat or not east or text.word(j) not in ("e", "w"):
        return None
    north, along = _degrees(lat, 2), _degrees(east, 3)
    if north is None or along is None or north[0] > 90 or along[0] > 180:
        return None
    signs = (-1 if text.word(i) == "s" else 1), (-1 if text.word(j) == "w" else 1)
    slack_m = max(north[1], along[1]) * _METRES_PER_DEGREE
    return Point(Span(first, last), signs[0] * north[0], signs[1] * along[0], slack_m)


def _angles(text: Text, i: int, step: int) -> list[str]:
    """Up to three figures that stand next to one another from word i on."""
    found: list[str] = []
    while len(found) < 3 and text.word(i)[:1].isdigit() and ":" not in text.word(i):
        found.append(text.word(i))
        i += step
    return found[::step]


def _degrees(parts: list[str], width: int) -> tuple[float, float] | None:
    """Degrees, and what one of the last digit is, of degrees, minutes and seconds, apart or run together."""
    if len(parts) == 1 and parts[0].isdigit() and len(parts[0]) in (width + 2, width + 4):
        run = parts[0]
        parts = [run[:width], *(run[k : k + 2] for k in range(width, len(run), 2))]
    if any(len(part) > 12 or part.count(".") + part.count(",") > 1 for part in parts):
        return None
    values = [float(part.replace(",", ".")) for part in parts]
    if any(value >= 60 for value in values[1:]) or len(parts[0].partition(".")[0]) > 3:
        return None
    digits = len(re.split("[.,]", parts[-1])[1]) if re.search("[.,]", parts[-1]) else 0
    unit = 60.0 ** -(len(parts) - 1)
    return sum(value / 60.0**k for k, value in enumerate(values)), unit * 10.0**-digits
