"""Whatever bytes come, a parser gives reports or counts, and no exception."""

from collections.abc import Callable
from datetime import UTC

import pytest
from feeds_kit import GOLDEN, NOW
from hypothesis import given, settings
from hypothesis import strategies as st
from test_feeds_asterix import ADSB, PLOT, SITE, TRACK, pack
from test_feeds_cot import said

from wideberth.feeds.asterix import Asterix
from wideberth.feeds.formats import found_format
from wideberth.feeds.parser import Parser, in_range
from wideberth.feeds.readsb import ReadsbDocument, ReadsbLines
from wideberth.feeds.remote_id import RemoteId
from wideberth.feeds.sbs import Sbs
from wideberth.feeds.tak import CotDatagrams, CotStream, write_message, write_stream

MADE: dict[str, tuple[Callable[[], Parser], bytes]] = {
    "sbs": (lambda: Sbs("s", UTC), (GOLDEN / "sbs.txt").read_bytes()),
    "readsb": (lambda: ReadsbDocument("s"), (GOLDEN / "aircraft.json").read_bytes()),
    "readsb-lines": (
        lambda: ReadsbLines("s"),
        b'{"now":1763841600.5,"hex":"4ca2d6","type":"adsb_icao","alt_baro":36000,"lat":48.2,"lon":16.3,"nic":8,"nac_p":9}\n',
    ),
    "cot": (
        lambda: CotStream("s"),
        (GOLDEN / "events.xml").read_bytes() + write_stream(said(speed_mm_s=1, track_mdeg=2)),
    ),
    "mesh": (
        lambda: CotDatagrams("s"),
        b"\xbf\x01\xbf" + write_message(said(callsign="A", speed_mm_s=1, track_mdeg=2)),
    ),
    "asterix": (lambda: Asterix("s", {"*": SITE}), pack(21, ADSB) + pack(48, PLOT) + pack(62, TRACK)),
    "remote-id": (lambda: RemoteId("s"), (GOLDEN / "flights.json").read_bytes()),
}
WORDS = [
    b"1e999",
    b"NaN",
    b"-1",
    b"9999999999999999999999",
    b"null",
    b"true",
    b"\xff",
    b"\x00",
    b",",
    b'"',
    b"<",
    b"_",
    b"\xbf",
]


@st.composite
def spoiled(draw: st.DrawFn, good: bytes) -> bytes:
    """A good input with pieces cut out, doubled, overwritten or put in."""
    data = good
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(data)))
        to = min(len(data), at + draw(st.integers(0, 40)))
        put = draw(st.one_of(st.binary(max_size=8), st.sampled_from(WORDS), st.just(data[at:to] * 2)))
        data = data[:at] + put + data[to:]
    return data


def survives(make: Callable[[], Parser], data: bytes, cuts: list[int]) -> None:
    """Reports in range or counts, in pieces too; the next connection starts clean."""
    parser = make()
    begin = 0
    for cut in [*sorted(cuts), len(data)]:
        for report in parser.feed(data[begin:cut], NOW):
            assert in_range(report)
            assert report.address
        begin = max(begin, cut)
    parser.reset()
    assert all(count > 0 for count in parser.dropped.values())


@pytest.mark.parametrize("name", MADE)
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_spoiled_input_is_no_exception(name: str, data: st.DataObject) -> None:
    """Good input with faults of every kind, cut anywhere."""
    make, good = MADE[name]
    bad = data.draw(spoiled(good))
    survives(make, bad, data.draw(st.lists(st.integers(0, len(bad)), max_size=4)))


@pytest.mark.parametrize("name", MADE)
@given(data=st.binary(max_size=300), cuts=st.lists(st.integers(0, 300), max_size=3))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_no_exception(name: str, data: bytes, cuts: list[int]) -> None:
    """Bytes that were never of any format."""
    survives(MADE[name][0], data, cuts)
    found_format(data)


@pytest.mark.parametrize("name", MADE)
def test_a_parser_goes_on_after_anything(name: str) -> None:
    """After a reset the good input gives all its reports, whatever came before it."""
    make, good = MADE[name]
    wanted = make().feed(good, NOW)
    assert wanted
    parser = make()
    parser.feed(b"\x15\xff<event \xbf\xff{[" + good[: len(good) // 3], NOW)
    parser.reset()
    assert parser.feed(good, NOW) == wanted
