"""From a type in an event to the class of the track that it becomes: parser and watch together."""

import pytest
from feeds_kit import NOW

from wideberth.feeds.tak import CotStream
from wideberth.party.charter import CLASSES, TrafficClass
from wideberth.watch.fuse import Sky

EVENT = (
    '<event version="2.0" uid="u" type="%s" how="m-g" time="2026-11-22T20:00:19Z" start="2026-11-22T20:00:19Z" '
    'stale="2026-11-22T20:05:00Z"><point lat="48.2" lon="16.3" hae="300" ce="4" le="5"/></event>'
)


@pytest.mark.parametrize(
    ("type", "wanted"),
    [
        ("a-f-A-M-F-Q", TrafficClass.DRONE),
        ("a-f-A-M-F-Q-r", TrafficClass.DRONE),
        ("a-n-A-C-F-q", TrafficClass.DRONE),
        ("a-u-A-M-H-Q", TrafficClass.DRONE),
        ("a-n-A-C-H-Q", TrafficClass.DRONE),
        ("a-h-A-M-F-Q", TrafficClass.DRONE),
        ("a-f-A-M-F", TrafficClass.CREWED_AIR),
        ("a-f-A-M-H-R", TrafficClass.CREWED_AIR),
        ("a-n-A-C-F", TrafficClass.CREWED_AIR),
        ("a-u-A", TrafficClass.CREWED_AIR),
        ("a-f-G-U-C", TrafficClass.GROUND),
        ("a-f-G", TrafficClass.GROUND),
        ("a-f-S", TrafficClass.SEA),
        ("a-n-S-X-M", TrafficClass.SEA),
        ("a-f-U-N", TrafficClass.SEA),
    ],
)
def test_the_type_of_an_event_gives_the_class_of_its_track(type: str, wanted: TrafficClass) -> None:
    """Drones of every spelling, units on the ground, ships; an affiliation changes nothing."""
    sky = Sky()
    sky.reports(CotStream("desk").feed((EVENT % type).encode(), NOW))
    (kind,) = sky.sweep(NOW).kind.tolist()
    assert CLASSES[kind] is wanted
