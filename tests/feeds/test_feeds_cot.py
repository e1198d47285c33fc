"""Cursor on Target in XML: a stream written by hand, and what is thrown at a parser of XML."""

from xml.etree import ElementTree

import pytest
from feeds_kit import GOLDEN, NOW, all_of, told, us

from wideberth.feeds.cot import LIVE_US, Event, Said, read_event, write_xml
from wideberth.feeds.parser import Drop
from wideberth.feeds.tak import CotDatagrams, CotStream
from wideberth.limits import EVENT_BYTES_MAX
from wideberth.watch.absorb import OLD_US

DATA = (GOLDEN / "events.xml").read_bytes()
PLAIN = (
    b'<event version="2.0" uid="u" type="a-n-A-C-F" how="m-g" time="2026-11-22T20:00:00Z" start="2026-11-22T20:00:00Z" '
    b'stale="2026-11-22T20:01:00Z"><point lat="1" lon="2" hae="3" ce="4" le="5"/>%s</event>'
)
BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE e [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;">]>'
)


def said(**other: object) -> Said:
    """An event to write."""
    values = {
        "uid": "w-1",
        "type": "a-n-A-C-F",
        "time_us": us("2026-11-22T20:00:00+00:00"),
        "stale_us": us("2026-11-22T20:01:00+00:00"),
        "lat_nd": -48_123_456_789,
        "lon_nd": 16_000_000_001,
        **other,
    }
    return Said(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize("pieces", [0, 1, 13, 300])
def test_a_stream_without_separators_is_read_as_described(pieces: int) -> None:
    """Declarations between, unknown details, 9999999 and -1 as undefined, however the stream is cut."""
    parser = CotStream("tak")
    at = us("2026-11-22T20:00:00+00:00")
    assert [told(r) for r in all_of(parser, DATA, pieces)] == [
        {
            "address": "ANDROID-3592",
            "kind": "uid",
            "method": "reported",
            "time_us": at + 123_000,
            "lat_nd": 48_200_000_000,
            "lon_nd": 16_300_000_000,
            "callsign": "GREEN & 1",
            "category": "a-G",
        },
        {
            "address": "drone-7",
            "kind": "uid",
            "method": "reported",
            "time_us": at + 1_000_000,
            "lat_nd": -500_000_000,
            "lon_nd": 179_999_999_999,
            "hae_mm": 1_234_568,
            "speed_mm_s": 12_346,
            "track_mdeg": 0,
            "accuracy_mm": 24_477,
            "category": "a-A-C-H-Q",
        },
        {
            "address": "y",
            "kind": "uid",
            "method": "reported",
            "time_us": at + 3_000_000,
            "lat_nd": 48_000_000_000,
            "lon_nd": 16_000_000_000,
            "hae_mm": 9_000_000,
            "accuracy_mm": 244_770,
            "category": "a-A-M-F",
        },
        {
            "address": "sim",
            "kind": "uid",
            "method": "reported",
            "time_us": at + 4_000_000,
            "lat_nd": 48_000_000_000,
            "lon_nd": 16_000_000_000,
            "hae_mm": 9_000_000,
            "accuracy_mm": 244_770,
            "category": "a-A-M-F",
            "simulated": True,
        },
    ]
    assert parser.dropped == {Drop.NOT_HELD: 1, Drop.OTHER: 1, Drop.NO_TIME: 1, Drop.OUT_OF_RANGE: 1}


def test_nobody_is_held_as_hostile_and_no_unit_by_its_kind() -> None:
    """Neither affiliation nor what a unit on the ground is comes out of the parser; marks on the ground not at all."""
    reports = all_of(CotStream("tak"), DATA)
    assert {r.category for r in reports} == {"a-G", "a-A-C-H-Q", "a-A-M-F"}
    assert "x" not in {r.address for r in reports}


def test_entity_bombs_are_forbidden() -> None:
    """A document type is never read, and an entity in an event ends that event alone."""
    parser = CotStream("tak")
    assert (
        parser.feed(BOMB + PLAIN % b"<detail><contact callsign='&d;'/></detail>" + PLAIN % b"", NOW)[0].address == "u"
    )
    assert parser.dropped == {Drop.FORBIDDEN: 1, Drop.MALFORMED: 1}
    datagrams = CotDatagrams("mesh")
    assert datagrams.feed(BOMB + PLAIN % b"", NOW) == []
    assert datagrams.dropped == {Drop.FORBIDDEN: 1}
    assert read_event(BOMB + PLAIN % b"") is Drop.FORBIDDEN
    assert read_event(b'<!DOCTYPE event SYSTEM "other.dtd">' + PLAIN % b"") is Drop.FORBIDDEN


def test_a_hundred_megabytes_of_one_event_stay_bounded() -> None:
    """A message without an end is dropped past its limit and holds no memory; the next event is read."""
    parser = CotStream("tak")
    parser.feed(PLAIN[: PLAIN.index(b"%s")] + b"<detail>", NOW)
    piece = b"<x>" + b"y" * 65_000 + b"</x>"
    for _ in range(1_600):
        parser.feed(piece, NOW)
        assert len(parser._held) <= EVENT_BYTES_MAX + len(piece)
    assert [r.address for r in parser.feed(b"</detail></event>" + PLAIN % b"", NOW)] == ["u"]
    assert parser.dropped[Drop.TOO_LARGE] == 1


def test_more_elements_than_an_event_may_have_end_it() -> None:
    """Small elements in great number cost a bounded time."""
    assert read_event(PLAIN % (b"<detail>" + b"<a/>" * 5_000 + b"</detail>")) is Drop.MALFORMED


def test_an_event_that_was_broken_off_loses_itself_alone() -> None:
    """A sender that starts again within a message loses the half one."""
    parser = CotStream("tak")
    assert len(parser.feed(PLAIN[:150] + PLAIN % b"" + PLAIN % b"", NOW)) in (1, 2)
    broken = PLAIN[: PLAIN.index(b"%s")] + b"<detail><contact "
    parser = CotStream("tak")
    assert len(parser.feed(broken + PLAIN % b"", NOW)) == 1
    assert parser.dropped == {Drop.HALF: 1}


def test_an_event_without_content_and_other_roots() -> None:
    """An event closed in its own tag is read as one; what is no event is counted and passed over."""
    parser = CotStream("tak")
    data = b'<auth><cot username="u" password="p"/></auth><events><event uid="s" type="t-x-d-d"/>' + PLAIN % b""
    assert len(parser.feed(data, NOW)) == 1
    assert Drop.MALFORMED not in parser.dropped


def event(time: str, stale: str, point: str = 'lat="1" lon="2" hae="3" ce="4" le="5"') -> bytes:
    """An event of 2026-11-22; NOW is 20:00:20 of it."""
    return (
        f'<event version="2.0" uid="u" type="a-n-A-C-F" how="m-g" time="2026-11-22T{time}Z" '
        f'start="2026-11-22T{time}Z" {stale}><point {point}/></event>'
    ).encode()


@pytest.mark.parametrize(
    ("time", "stale", "kept"),
    [
        ("20:00:00", 'stale="2026-11-22T20:00:19.999Z"', False),
        ("20:00:00", 'stale="2026-11-22T20:00:20Z"', True),
        ("19:59:20", 'stale="2026-11-22T19:59:21Z"', False),
        ("20:00:00", 'stale="2026-11-22T21:00:19+01:00"', False),
        ("20:00:20", 'stale="2026-11-22T20:00:19Z"', False),
        # a mark that stands: old, and said to hold for minutes yet
        ("19:55:00", 'stale="2026-11-22T20:05:00Z"', True),
        # a recording, whose reception nobody knows
        ("19:55:00", 'stale="2026-11-22T19:56:00Z"', True),
        ("20:00:00", "", True),
        ("20:00:00", 'stale="2026-11-22T20:00:01"', True),
    ],
)
def test_a_stale_event_is_no_report(time: str, stale: str, kept: bool) -> None:
    """What was stale on arrival is counted; what is not live is left to the watch, and a time without zone is none."""
    parser = CotStream("tak")
    assert len(parser.feed(event(time, stale), NOW)) == kept
    assert parser.dropped == ({} if kept else {Drop.STALE: 1})


def test_no_stale_event_is_live() -> None:
    """Whatever is too old to be judged here, the watch takes for too old."""
    assert LIVE_US >= OLD_US


@pytest.mark.parametrize(
    ("point", "why"),
    [
        ('lat="0.0" lon="0.0" hae="9999999.0" ce="9999999.0" le="9999999.0"', Drop.NO_PLACE),
        ('lat="-0" lon="0" hae="9999999" ce="9999999" le="9999999"', Drop.NO_PLACE),
        ('lat="0" lon="0" hae="9999999" ce="10" le="9999999"', None),
        ('lat="0" lon="0" hae="17" ce="9999999" le="9999999"', None),
        ('lat="0.000001" lon="0" hae="9999999" ce="9999999" le="9999999"', None),
        ('lat="0" lon="16" hae="9999999" ce="9999999" le="9999999"', None),
    ],
)
def test_the_place_of_one_without_a_fix_is_none(point: str, why: Drop | None) -> None:
    """Latitude and longitude 0 and all else undefined is nowhere; the sea off Africa is a place like any other."""
    parser = CotStream("tak")
    assert len(parser.feed(event("20:00:00", "", point), NOW)) == (why is None)
    assert parser.dropped == ({} if why is None else {why: 1})


def test_what_is_written_is_read_again_by_anybody() -> None:
    """The library of Python and our own parser find what was put in, whatever the text is."""
    one = said(
        callsign="<&\"'> \u202e\x00ü",
        remarks="a\nb",
        hae_mm=1_234,
        accuracy_mm=24_477,
        speed_mm_s=51_444,
        track_mdeg=90_500,
    )
    root = ElementTree.fromstring(write_xml(one))
    assert root.get("time") == "2026-11-22T20:00:00Z"
    assert root.find("detail/contact").get("callsign") == "<&\"'> ü"  # type: ignore[union-attr]
    assert root.findtext("detail/remarks") == "a\nb"
    found = read_event(write_xml(one))
    assert isinstance(found, Event)
    assert (found.uid, found.type, found.time_us, found.stale_us) == ("w-1", "a-n-A-C-F", one.time_us, one.stale_us)
    assert found.lat is not None
    assert round(found.lat * 1e9) == -48_123_456_789
    assert (found.hae_m, found.ce_m, found.speed_m_s, found.course) == (1.234, 10.0, 51.444, 90.5)
    bare = read_event(write_xml(said()))
    assert isinstance(bare, Event)
    assert (bare.hae_m, bare.ce_m, bare.speed_m_s, bare.course, bare.callsign) == (None, None, None, None, "")


def test_a_drip_of_single_bytes_is_no_more_work_than_its_length() -> None:
    """Bytes that come one at a time are not searched again and again: as many as an event may have end in time."""
    parser = CotStream("tak")
    head = PLAIN[: PLAIN.index(b"%s")]
    for byte in head + b"y" * 100_000:
        parser.feed(bytes([byte]), NOW)
    assert parser._searched == len(parser._held)
