"""Times in: RFC 3339 with a zone, to microseconds."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wideberth.intake.times import parse_time, show_time
from wideberth.limits import TIME_US_MAX, TIME_US_MIN
from wideberth.refusal import Reason, Refusal


@pytest.mark.parametrize(
    ("text", "time_us"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-03-01T06:00:00Z", 1_772_344_800_000_000),
        ("2026-03-01t06:00:00z", 1_772_344_800_000_000),
        ("2026-03-01 06:00:00Z", 1_772_344_800_000_000),
        ("2026-03-01T09:30:00+03:30", 1_772_344_800_000_000),
        ("2026-02-28T22:00:00.000001-08:00", 1_772_344_800_000_001),
        ("2026-03-01T06:00:00-00:00", 1_772_344_800_000_000),
        ("2028-02-29T23:59:59.5Z", 1_835_481_599_500_000),
    ],
)
def test_what_rfc_3339_allows_is_read(text: str, time_us: int) -> None:
    """Either case, a space for the T, any offset and fraction give the instant that they name."""
    assert parse_time(text, "start") == time_us


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2026-03-01T06:00:00", Reason.NAIVE_TIME),
        ("2026-03-01 06:00:00.25", Reason.NAIVE_TIME),
        ("2026-03-01T06:00Z", Reason.MALFORMED),
        ("2026-03-01", Reason.MALFORMED),
        ("20260301T060000Z", Reason.MALFORMED),
        ("2026-03-01T06:00:00 Europe/Berlin", Reason.MALFORMED),
        ("٢٠٢٦-03-01T06:00:00Z", Reason.MALFORMED),
        ("", Reason.MALFORMED),
        (1_772_344_800, Reason.MALFORMED),
        (None, Reason.MALFORMED),
        ("2026-02-29T06:00:00Z", Reason.OUT_OF_RANGE),
        ("2026-03-01T24:00:00Z", Reason.OUT_OF_RANGE),
        ("2026-12-31T23:59:60Z", Reason.OUT_OF_RANGE),
        ("2026-03-01T06:61:00Z", Reason.OUT_OF_RANGE),
        ("2026-03-01T06:00:00+24:00", Reason.OUT_OF_RANGE),
        ("1969-12-31T23:59:59Z", Reason.OUT_OF_RANGE),
        ("2100-01-01T00:00:01Z", Reason.OUT_OF_RANGE),
        ("0000-01-01T00:00:00Z", Reason.OUT_OF_RANGE),
        ("9999-12-31T23:59:59-23:59", Reason.OUT_OF_RANGE),
    ],
)
def test_what_has_no_instant_is_refused(text: object, reason: Reason) -> None:
    """No zone, no such day, a leap second, 24:00 and far years are each refused with their reason and their field."""
    refusal = parse_time(text, "features[0].properties.start")
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, refusal.field) == (reason, "features[0].properties.start")
    assert refusal.limit


def test_digits_past_the_microsecond_widen_the_window() -> None:
    """A start is rounded down and an end up, so a window never shrinks; exact digits stay."""
    assert parse_time("1970-01-01T00:00:01.0000019Z", "start") == 1_000_001
    assert parse_time("1970-01-01T00:00:01.0000011Z", "end", up=True) == 1_000_002
    assert parse_time("1970-01-01T00:00:01.000001000Z", "end", up=True) == 1_000_001


@given(st.integers(TIME_US_MIN, TIME_US_MAX))
def test_every_instant_comes_back(time_us: int) -> None:
    """What is shown is read back to the microsecond."""
    assert parse_time(show_time(time_us), "t") == time_us


@given(
    st.datetimes(datetime(1971, 1, 1), datetime(2099, 1, 1), allow_imaginary=False),  # noqa: DTZ001 (zone below)
    st.integers(-14 * 60, 14 * 60),
)
def test_offsets_agree_with_the_standard_library(moment: datetime, offset_min: int) -> None:
    """datetime.isoformat with any offset is read as the instant that datetime takes it for."""
    local = moment.replace(tzinfo=timezone(timedelta(minutes=offset_min)))
    expected = (local - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    assert parse_time(local.isoformat(), "t") == expected


@given(st.one_of(st.text(max_size=40), st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(Z|[+-][0-9:]{5})?")))
@example("2026-03-01T06:00:00Z\n")
def test_no_text_raises(text: str) -> None:
    """Any text is an instant within the limits or a refusal, never an exception."""
    found = parse_time(text, "t")
    assert isinstance(found, Refusal) or TIME_US_MIN <= found <= TIME_US_MAX
