"""What waits for an open stream: of each alert the newest, and a word where more alerts came than may wait."""

import json

import pytest

from wideberth.limits import ALERTS_SHOUTED_MAX
from wideberth.node.streams import MISSED, Streams, Waiting


def told(name: int, state: str = "warned") -> bytes:
    """An alert as the live watch tells it."""
    return b"event: alert\ndata: " + json.dumps({"id": f"a{name}", "view": {"state": state}}).encode() + b"\n\n"


@pytest.fixture
def streams() -> Streams:
    """A node's streams."""
    return Streams()


def entered(streams: Streams) -> Waiting:
    """A place for AAA."""
    place = streams.enter("AAA")
    assert isinstance(place, Waiting)
    return place


def test_of_each_alert_the_newest_view_alone_waits(streams: Streams) -> None:
    """However often a pair changes, it takes one place: nothing else falls away for it."""
    place = entered(streams)
    streams.tell("AAA", told(1))
    for i in range(2 * ALERTS_SHOUTED_MAX):
        streams.tell("AAA", told(2, f"change {i}"))
    assert place.shouted() == told(1) + told(2, f"change {2 * ALERTS_SHOUTED_MAX - 1}")
    assert place.shouted() == b""


def test_a_stream_says_once_that_alerts_fell_away(streams: Streams) -> None:
    """Past the bound the oldest give way and the reader is told to ask again; STOPs leave first, all of them."""
    slow, quick = entered(streams), entered(streams)
    streams.shout(b"STOP")
    assert quick.shouted() == b"STOP"
    for i in range(ALERTS_SHOUTED_MAX + 500):
        streams.tell("AAA", told(i))
        if i < ALERTS_SHOUTED_MAX:
            assert quick.shouted() == told(i)
    newest = b"".join(told(i) for i in range(500, ALERTS_SHOUTED_MAX + 500))
    assert slow.shouted() == b"STOP" + newest + MISSED
    assert MISSED not in quick.shouted(), "who keeps up has missed nothing"
    streams.tell("AAA", told(0))
    assert slow.shouted() == told(0), "it is said once"


def test_nobody_listens(streams: Streams) -> None:
    """What is told to a party without a stream waits for nobody."""
    place = entered(streams)
    streams.tell("BBB", told(1))
    assert place.shouted() == b""
