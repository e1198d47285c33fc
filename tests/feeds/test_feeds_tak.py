"""The TAK protocol beside takproto, which reads and writes the same messages by Google's protobuf."""

import pytest
import takproto
from feeds_kit import NOW, told, us
from takproto.proto import TakMessage
from test_feeds_cot import said

from wideberth.feeds.cot import Event, write_xml
from wideberth.feeds.parser import Drop
from wideberth.feeds.tak import CotDatagrams, CotStream, read_message, write_message, write_stream


def theirs(**other: object) -> TakMessage:
    """A message built by the other library."""
    message = TakMessage()
    event = message.cotEvent
    event.type, event.uid, event.how = "a-n-A-C-F", "THEIRS", "m-g"
    event.sendTime = event.startTime = us("2026-11-22T20:00:00.250+00:00") // 1_000
    event.staleTime = event.sendTime + 60_000
    event.lat, event.lon, event.hae, event.ce, event.le = -48.5, 0.0, 1_200.5, 10.0, 9_999_999.0
    event.detail.contact.callsign = "ÖBB 1"
    event.detail.track.course, event.detail.track.speed = 271.5, 51.25
    for name, value in other.items():
        setattr(event, name, value)
    return message


WANTED = {
    "address": "THEIRS",
    "kind": "uid",
    "method": "reported",
    "time_us": us("2026-11-22T20:00:00.250+00:00"),
    "lat_nd": -48_500_000_000,
    "lon_nd": 0,
    "hae_mm": 1_200_500,
    "speed_mm_s": 51_250,
    "track_mdeg": 271_500,
    "callsign": "ÖBB 1",
    "accuracy_mm": 24_477,
    "category": "a-A-C-F",
}


def framed(message: TakMessage) -> bytes:
    """A message of a stream; under 128 bytes its length is one octet, else two."""
    data: bytes = message.SerializeToString()
    size = len(data)
    return b"\xbf" + (bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])) + data


def test_their_messages_are_read() -> None:
    """Mesh and stream framing; a longitude of 0, which the wire leaves out, is 0."""
    mesh = CotDatagrams("mesh")
    assert [told(r) for r in mesh.feed(b"\xbf\x01\xbf" + theirs().SerializeToString(), NOW)] == [WANTED]
    stream = CotStream("tak")
    both = framed(theirs()) + write_xml(said()) + b"\n" + framed(theirs(uid="OTHER"))
    found = [r for byte in both for r in stream.feed(bytes([byte]), NOW)]
    assert [r.address for r in found] == ["THEIRS", "w-1", "OTHER"]
    assert told(found[0]) == WANTED
    assert mesh.dropped == stream.dropped == {}


def test_ours_are_read_by_them() -> None:
    """What we write, the other library reads with the same values."""
    ours = said(callsign="Ü", remarks="a<b", hae_mm=1_234, accuracy_mm=24_477, speed_mm_s=51_250, track_mdeg=271_500)
    message = TakMessage()
    message.ParseFromString(write_message(ours))
    event = message.cotEvent
    assert (event.uid, event.type, event.how) == ("w-1", "a-n-A-C-F", "m-g")
    assert (event.sendTime, event.staleTime) == (ours.time_us // 1_000, ours.stale_us // 1_000)
    assert (event.lat, event.lon, event.hae, event.ce, event.le) == (
        -48.123456789,
        16.000000001,
        1.234,
        10.0,
        9_999_999.0,
    )
    assert (event.detail.contact.callsign, event.detail.track.course) == ("Ü", 271.5)
    assert event.detail.xmlDetail == "<remarks>a&lt;b</remarks>"
    assert takproto.parse_proto(bytearray(write_stream(ours))) is not None


def test_what_is_left_in_xml_is_read_there() -> None:
    """Contact and track in xmlDetail count where the message has none of its own."""
    message = theirs()
    message.cotEvent.detail.ClearField("contact")
    message.cotEvent.detail.ClearField("track")
    message.cotEvent.detail.xmlDetail = '<contact callsign="IN"/><track course="1.5" speed="2"/><uid Droid="IN"/>'
    event = read_message(message.SerializeToString())
    assert isinstance(event, Event)
    assert (event.callsign, event.course, event.speed_m_s) == ("IN", 1.5, 2.0)


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_half_a_message_is_malformed(cut: int) -> None:
    """A message that was cut off anywhere within its event is counted and no exception."""
    mesh = CotDatagrams("mesh")
    assert mesh.feed(b"\xbf\x01\xbf" + theirs().SerializeToString()[:-cut], NOW) == []
    assert mesh.dropped == {Drop.MALFORMED: 1}


def test_a_message_of_a_gigabyte_goes_by() -> None:
    """A length past the limit is skipped in bounded memory."""
    stream = CotStream("tak")
    stream.feed(b"\xbf\x80\x80\x80\x01" + b"z" * 50_000, NOW)
    for _ in range(31):
        stream.feed(b"z" * 65_536, NOW)
        assert not stream._held
    stream.feed(b"z" * (2_097_152 - 50_000 - 31 * 65_536), NOW)
    assert [told(r) for r in stream.feed(framed(theirs()), NOW)] == [WANTED]
    assert stream.dropped == {Drop.TOO_LARGE: 1}


def test_a_message_of_no_length_that_is_loses_itself_alone() -> None:
    """One that says it is of 2**62 bytes is malformed; what comes after it is read."""
    parser = CotStream("s")
    wild = b"\xbf" + b"\x80" * 8 + b"\x40"
    assert len(parser.feed(wild + framed(theirs()), NOW)) == 1
    assert parser.dropped[Drop.MALFORMED] == 1


def test_tags_without_end_are_passed_over_at_once() -> None:
    """A stream of opening tags is dropped by the quarter of a megabyte, not tag by tag; the event after it is read."""
    parser = CotStream("s")
    for _ in range(16):
        assert parser.feed(b"<event>" * 9_362, NOW) == []
    assert parser.dropped[Drop.TOO_LARGE] <= 8
    event = write_xml(said())
    assert len(parser.feed(event, NOW)) == 1


def test_stale_messages_and_places_that_are_none_are_counted() -> None:
    """As in XML: what was stale on arrival, and 0 and 0 with all else undefined, which the wire leaves out."""
    sent_ms = us("2026-11-22T20:00:00.250+00:00") // 1_000
    stream = CotStream("tak")
    nowhere = {"lat": 0.0, "lon": 0.0, "hae": 9_999_999.0, "ce": 9_999_999.0}
    found = stream.feed(
        framed(theirs(staleTime=sent_ms + 10_000))
        + framed(theirs(**nowhere))
        + framed(theirs(uid="LIVE", staleTime=sent_ms + 30_000))
        + framed(theirs(uid="UNSAID", staleTime=0)),
        NOW,
    )
    assert [r.address for r in found] == ["LIVE", "UNSAID"]
    assert stream.dropped == {Drop.STALE: 1, Drop.NO_PLACE: 1}


def test_control_messages_are_no_reports() -> None:
    """A message without an event is control."""
    message = TakMessage()
    message.takControl.minProtoVersion = 1
    assert read_message(message.SerializeToString()) is Drop.OTHER
    assert read_message(b"") is Drop.OTHER
