"""Times: RFC 3339 text in, microseconds since 1970-01-01T00:00:00Z out.

In:  text such as "2026-03-01T06:00:00Z" or "2026-03-01T09:00:00.5+03:00" (RFC 3339, section 5.6; "T" and "Z" in either
     case, a space in place of the "T").
Out: integers (UTC, no leap seconds, as POSIX counts), or a `Refusal`.
Refuses: no zone (NAIVE_TIME); a shape that is not RFC 3339 (MALFORMED); days, hours, minutes, seconds and offsets that
     do not exist, 24:00, the leap second :60 (the scale has no place for it: write the second after) and years outside
     the limits (OUT_OF_RANGE).
Digits finer than a microsecond are rounded outward: a start down, an end up.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from wideberth.limits import TIME_US_MAX, TIME_US_MIN
from wideberth.refusal import Reason, Refusal, refuse

_SHAPE: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})"
    r"(?:\.([0-9]{1,18}))?([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
_RULE: Final = 'an RFC 3339 time with its zone, such as "2026-03-01T06:00:00Z"'
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_NAIVE: Final = datetime(1970, 1, 1)  # noqa: DTZ001  UTC, and shown with Z
_US: Final = timedelta(microseconds=1)


def parse_time(text: object, field: str, *, up: bool = False) -> int | Refusal:
    """Microseconds since 1970 of an RFC 3339 time; `up` rounds digits past the microsecond up (an end), else down."""
    if not isinstance(text, str):
        return refuse(Reason.MALFORMED, field, _RULE, text)
    found = _SHAPE.fullmatch(text)
    if found is None:
        return refuse(Reason.MALFORMED, field, _RULE, text)
    *civil, fraction, zone = found.groups()
    if zone is None:
        return refuse(Reason.NAIVE_TIME, field, _RULE, text)
    year, month, day, hour, minute, second = (int(part) for part in civil)
    if second == 60:
        return refuse(Reason.OUT_OF_RANGE, field, "no leap second :60; write the second after", text)
    offset_min = _offset_min(zone)
    if offset_min is None:
        return refuse(Reason.OUT_OF_RANGE, field, "a zone of at most 23:59 hours", text)
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return refuse(Reason.OUT_OF_RANGE, field, "a day and a time that exist (hours 00 to 23)", text)
    time_us = (moment - _EPOCH) // _US - offset_min * 60_000_000 + _fraction_us(fraction or "", up)
    if not TIME_US_MIN <= time_us <= TIME_US_MAX:
        return refuse(Reason.OUT_OF_RANGE, field, "a time from 1970 to 2100", text)
    return time_us


def _offset_min(zone: str) -> int | None:
    """Minutes east of UTC, or None where the zone cannot be."""
    if zone in "Zz":
        return 0
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    if hours > 23 or minutes > 59:
        return None
    return (hours * 60 + minutes) * (-1 if zone[0] == "-" else 1)


def _fraction_us(digits: str, up: bool) -> int:
    """The microseconds that fractional digits stand for."""
    whole = int(digits[:6].ljust(6, "0"))
    return whole + 1 if up and digits[6:].strip("0") else whole


def show_time(time_us: int) -> str:
    """RFC 3339 in UTC with the shortest exact fraction: `parse_time` gives `time_us` back."""
    text = (_EPOCH_NAIVE + timedelta(microseconds=time_us)).isoformat()  # strftime takes four times as long
    return (text.rstrip("0") if "." in text else text) + "Z"
