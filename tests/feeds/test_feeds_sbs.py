"""SBS lines against a file written by hand from the format's description."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from feeds_kit import GOLDEN, NOW, all_of, told, us

from wideberth.feeds.parser import Drop
from wideberth.feeds.sbs import Sbs

DATA = (GOLDEN / "sbs.txt").read_bytes()


def second(n: float) -> int:
    """So many seconds after the file's first line."""
    return us("2026-11-22T20:00:00+00:00") + round(n * 1e6)


@pytest.mark.parametrize("pieces", [0, 1, 7, 100])
def test_every_type_of_line_is_read_as_described(pieces: int) -> None:
    """MSG 1 to 8 and MLAT give what they hold and nothing else, however the stream is cut."""
    parser = Sbs("roof", UTC)
    who = {"address": "4ca2d6", "kind": "icao"}
    assert [told(r) for r in all_of(parser, DATA, pieces)] == [
        {**who, "method": "ads-b", "time_us": second(0), "callsign": "RYR1427"},
        {
            **who,
            "method": "ads-b",
            "time_us": second(1),
            "lat_nd": 48_110_278_000,
            "lon_nd": 16_569_722_000,
            "speed_mm_s": 6_173,
            "track_mdeg": 271_400,
            "on_ground": True,
        },
        {
            **who,
            "method": "ads-b",
            "time_us": second(2.25),
            "lat_nd": 48_200_000_000,
            "lon_nd": 16_300_000_000,
            "baro_ft": 36_000,
        },
        {**who, "method": "ads-b", "time_us": second(3), "speed_mm_s": 231_500, "track_mdeg": 0, "climb_mm_s": -5_202},
        {**who, "method": "mode-s", "time_us": second(4), "baro_ft": 35_975},
        {**who, "method": "mode-s", "time_us": second(5), "baro_ft": -25},
        {**who, "method": "mode-s", "time_us": second(6), "baro_ft": 36_000, "on_ground": True},
        {**who, "method": "mode-s", "time_us": second(7)},
        {
            "address": "a1b2c3",
            "kind": "other",
            "method": "mlat",
            "time_us": second(8.5),
            "lat_nd": -33_900_000_000,
            "lon_nd": -179_999_999_999,
            "baro_ft": 5_000,
            "speed_mm_s": 61_733,
            "track_mdeg": 45_000,
            "climb_mm_s": 325,
        },
    ]
    assert parser.dropped == {
        Drop.NOTHING: 1,
        Drop.OTHER: 1,
        Drop.NO_IDENTITY: 1,
        Drop.OUT_OF_RANGE: 1,
        Drop.MALFORMED: 2,
    }


def test_in_the_air_and_unknown_are_two_things() -> None:
    """A ground flag of 0 says airborne; an empty one says nothing."""
    reports = all_of(Sbs("roof", UTC), DATA)
    assert [r.on_ground for r in reports] == [False, True, False, False, False, None, True, False, False]


@pytest.mark.parametrize(
    ("now", "utc"),
    [
        ("2026-07-01T10:00:00+00:00", "2026-07-01T10:00:00+00:00"),
        ("2026-10-25T00:30:01+00:00", "2026-10-25T00:30:00+00:00"),
        ("2026-10-25T01:30:01+00:00", "2026-10-25T01:30:00+00:00"),
    ],
)
def test_local_times_are_taken_by_the_zone_and_the_hour_twice_shown_by_the_reception(now: str, utc: str) -> None:
    """Wall clocks of Vienna become UTC, in summer and in the hour that autumn shows twice."""
    local = ZoneInfo("Europe/Vienna")
    shown = datetime.fromisoformat(utc).astimezone(local).strftime("%Y/%m/%d,%H:%M:%S.000")
    line = f"MSG,5,1,1,4CA2D6,1,{shown},{shown},,35975,,,,,,,0,,0,0\n"
    (report,) = Sbs("roof", local).feed(line.encode(), us(now))
    assert report.time_us == us(utc)


def test_a_zone_that_is_set_back_by_half_an_hour_is_right_in_it() -> None:
    """Lord Howe: at 02:00 clocks show 01:30 again; every minute of that night is the one of its reception."""
    local, first = ZoneInfo("Australia/Lord_Howe"), us("2026-04-04T13:30:00+00:00")
    parser = Sbs("roof", local)
    for minute in range(0, 150):
        time_us = first + minute * 60_000_000
        shown = datetime.fromtimestamp(time_us / 1e6, UTC).astimezone(local).strftime("%Y/%m/%d,%H:%M:%S.000")
        line = f"MSG,5,1,1,4CA2D6,1,{shown},{shown},,35975,,,,,,,0,,0,0\n"
        (report,) = parser.feed(line.encode(), time_us + 1_000_000)
        assert report.time_us == time_us, shown


def test_times_that_go_back_and_repeat_are_passed_on() -> None:
    """The parser judges nothing: lines in any order give their reports in that order."""
    lines = DATA.split(b"\n")[:5]
    reports = Sbs("roof", UTC).feed(b"\n".join([*lines[::-1], lines[0], b""]), NOW)
    assert [r.time_us for r in reports] == [second(s) for s in (4, 3, 2.25, 1, 0, 0)]


def test_a_line_without_times_has_that_of_its_reception() -> None:
    """Some receivers write no dates."""
    (report,) = Sbs("roof", UTC).feed(b"MSG,5,1,1,4CA2D6,1,,,,,,35975,,,,,,,0,,0,0\r\n", NOW)
    assert report.time_us == NOW


def test_an_endless_line_costs_itself_alone() -> None:
    """A megabyte without an end is skipped in bounded memory; the next line is read."""
    parser = Sbs("roof", UTC)
    for _ in range(16):
        assert parser.feed(b"x" * 65_536, NOW) == []
    reports = parser.feed(b"rest\n" + DATA.split(b"\n")[0] + b"\n", NOW)
    assert [r.callsign for r in reports] == ["RYR1427"]
    assert parser.dropped == {Drop.TOO_LARGE: 1}


def test_half_a_line_is_forgotten_with_its_connection() -> None:
    """What a broken connection leaves does not spoil the first line of the next."""
    parser = Sbs("roof", UTC)
    parser.feed(DATA[:20], NOW)
    parser.reset()
    assert len(parser.feed(DATA[: DATA.index(b"\n") + 1], NOW)) == 1
    assert parser.dropped == {Drop.HALF: 1}
