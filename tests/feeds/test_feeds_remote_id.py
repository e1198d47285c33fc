"""F3411 telemetry against a file written by hand from the standard's interface."""

from feeds_kit import GOLDEN, NOW, told, us

from wideberth.feeds.parser import Drop
from wideberth.feeds.remote_id import RemoteId

DATA = (GOLDEN / "flights.json").read_bytes()


def test_flights_are_read_as_the_standard_says() -> None:
    """255, 361, 63 and -1,000 mean none; pressure altitude and height stay apart; a bad flight loses itself alone."""
    parser = RemoteId("drones")
    reports = parser.feed(DATA, NOW)
    assert [told(r) for r in reports] == [
        {
            "address": "a3423b-213401-0023",
            "kind": "remote_id",
            "method": "reported",
            "time_us": us("2026-11-22T20:00:09.9+00:00"),
            "lat_nd": -34_123_456_789,
            "lon_nd": -118_456_000_000,
            "baro_ft": 2_000,
            "hae_mm": 1_920_250,
            "speed_mm_s": 1_900,
            "track_mdeg": 0,
            "climb_mm_s": -200,
            "accuracy_mm": 10_000,
            "category": "Helicopter",
        },
        {
            "address": "unknowns",
            "kind": "remote_id",
            "method": "reported",
            "time_us": us("2026-11-22T20:00:09.5+00:00"),
            "lat_nd": 47_000_000_000,
            "lon_nd": 8_000_000_000,
            "on_ground": True,
            "category": "NotDeclared",
            "simulated": True,
        },
    ]
    assert reports[0].on_ground is False
    assert parser.dropped == {Drop.NOTHING: 1, Drop.NO_TIME: 1, Drop.MALFORMED: 1, Drop.OUT_OF_RANGE: 1}


def test_an_answer_without_flights_is_quiet() -> None:
    """An empty sky is no fault."""
    parser = RemoteId("drones")
    assert parser.feed(b'{"timestamp":{"value":"2026-11-22T20:00:10Z"},"flights":null}', NOW) == []
    assert parser.dropped == {}
