"""F3411 telemetry against a file written by hand from the standard's interface."""

import json
import os
from pathlib import Path

import pytest
import yaml
from feeds_kit import GOLDEN, NOW, told, us

from wideberth.feeds.parser import Drop
from wideberth.feeds.remote_id import RemoteId
from wideberth.feeds.report import Report

STANDARDS = os.environ.get("WIDEBERTH_STANDARDS", "")
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


HORIZONTAL = {
    "HAUnknown": None,
    "HA10NMPlus": None,
    "HA10NM": 18_520_000,
    "HA4NM": 7_408_000,
    "HA2NM": 3_704_000,
    "HA1NM": 1_852_000,
    "HA05NM": 926_000,
    "HA03NM": 555_600,
    "HA01NM": 185_200,
    "HA005NM": 92_600,
    "HA30m": 30_000,
    "HA10m": 10_000,
    "HA3m": 3_000,
    "HA1m": 1_000,
}
"""What the descriptions of F3411-22a's HorizontalAccuracy say, in millimetres."""
VERTICAL = ("VAUnknown", "VA150mPlus", "VA150m", "VA45m", "VA25m", "VA10m", "VA3m", "VA1m")


def flight(**position: object) -> Report:
    """The report of one flight that says so of its position."""
    at = {"lat": 47.0, "lng": 8.0, "alt": 500.0} | position
    state = {"timestamp": {"value": "2026-11-22T20:00:09.9Z"}, "position": at}
    parser = RemoteId("drones")
    (report,) = parser.feed(json.dumps({"flights": [{"id": "a", "current_state": state}]}).encode(), NOW)
    assert parser.dropped == {}
    return report


@pytest.mark.parametrize("name", HORIZONTAL)
def test_every_horizontal_accuracy_is_read(name: str) -> None:
    """The finest too; what has no bound stays undefined."""
    assert flight(accuracy_h=name).accuracy_mm == HORIZONTAL[name]


def test_a_position_that_was_computed_is_none() -> None:
    """F3411-22a: `extrapolated` says that it was not measured; it is counted as carried on."""
    at = {"lat": 47.0, "lng": 8.0, "alt": 500.0, "extrapolated": True}
    state = {"timestamp": {"value": "2026-11-22T20:00:09.9Z"}, "position": at}
    parser = RemoteId("drones")
    assert parser.feed(json.dumps({"flights": [{"id": "a", "current_state": state}]}).encode(), NOW) == []
    assert parser.dropped == {Drop.NO_TARGET: 1}
    assert flight(extrapolated=False).lat_nd == 47_000_000_000


@pytest.mark.parametrize("name", VERTICAL)
def test_a_vertical_accuracy_changes_nothing(name: str) -> None:
    """A report holds none."""
    assert flight(accuracy_v=name) == flight()


@pytest.mark.skipif(not STANDARDS, reason="WIDEBERTH_STANDARDS names no folder with the published OpenAPI files")
def test_the_accuracies_are_those_of_the_standard() -> None:
    """No value of its lists is missing here."""
    schemas = yaml.safe_load((Path(STANDARDS) / "f3411-22a-remoteid.yaml").read_bytes())["components"]["schemas"]
    assert tuple(HORIZONTAL) == tuple(schemas["HorizontalAccuracy"]["enum"])
    assert tuple(VERTICAL) == tuple(schemas["VerticalAccuracy"]["enum"])


def test_an_answer_without_flights_is_quiet() -> None:
    """An empty sky is no fault."""
    parser = RemoteId("drones")
    assert parser.feed(b'{"timestamp":{"value":"2026-11-22T20:00:10Z"},"flights":null}', NOW) == []
    assert parser.dropped == {}


def test_flights_past_the_limit_are_not_read() -> None:
    """Of an answer with more flights than fly anywhere the first are read, and that is counted once."""
    parser = RemoteId("s")
    assert parser.feed(b'{"flights":[' + b'{"id":1},' * 60_000 + b"{}]}", NOW) == []
    assert (parser.dropped[Drop.TOO_LARGE], parser.dropped[Drop.MALFORMED]) == (1, 50_000)
