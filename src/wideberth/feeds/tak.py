"""TAK protocol version 1 (protobuf), and streams and datagrams that hold Cursor on Target in either form.

A stream message is 0xbf, its length as a varint, the bytes of a TakMessage; a mesh datagram is 0xbf 0x01 0xbf and a
TakMessage, or 0xbf 0x00 0xbf and XML, or bare XML. A stream begins with XML events, which follow one another without a
separator, with XML declarations and white space between; a server that offers version 1 (event of type t-x-takp-v) is
asked for it by t-x-takp-q and answers by t-x-takp-r, after which both sides speak it.

    TakMessage   1 takControl, 2 cotEvent, 3 submissionTime, 4 creationTime
    CotEvent     1 type, 4 opex, 5 uid, 6 sendTime (ms since 1970), 8 staleTime, 9 how, 10 lat, 11 lon, 12 hae,
                 13 ce, 14 le, 15 detail
    Detail       1 xmlDetail, 2 contact {2 callsign}, 7 track {1 speed, 2 course}

Source: AndroidTacticalAssaultKit-CIV, `commoncommo/core/impl/protobuf/` (protocol.txt and the .proto files).

In:  pieces of a stream, or datagrams.
Out: reports; `controls` collects the types of events that ask something of the other side.
Refuses nothing. The protobuf wire format is read here, field by field: unknown fields are passed over.
"""

import re
import struct
from collections.abc import Iterator
from typing import Final

from wideberth.feeds.cot import CE_95, Event, Said, defined, read_details, read_event, report_of, write_details
from wideberth.feeds.parser import Drop, Parser
from wideberth.feeds.report import Report
from wideberth.limits import EVENT_BYTES_MAX, EVENT_ELEMENTS_MAX

MAGIC: Final = 0xBF
OFFER: Final = "t-x-takp-v"
ASK: Final = "t-x-takp-q"
ANSWER: Final = "t-x-takp-r"
PING: Final = "t-x-c-t"
CONTROLS: Final = frozenset({OFFER, ASK, ANSWER, PING})
_DOUBLE: Final = struct.Struct("<d")
_TAIL: Final = 8
"""Of what is no event this much is kept: the beginning of one may stand in it."""
EVENT: Final = re.compile(rb"<event[\s/>]")
BLANK: Final = re.compile(rb"[ \t\r\n\x00]+")
DECLARATION_BYTES_MAX: Final = 256
TAG_BYTES_MAX: Final = 8_192
"""The tag with which an event opens: a dozen short attributes."""
SKIPPED_BYTES_MAX: Final = 1 << 31
"""A message that says it is longer is none: to wait for its end would be to hear nothing more."""
Value = int | bytes


def _fields(data: bytes) -> Iterator[tuple[int, Value]]:
    """Number and value of each field. Raises ValueError on what is no protobuf message."""
    at, end, read = 0, len(data), 0
    while at < end:
        read += 1
        if read > EVENT_ELEMENTS_MAX:
            raise ValueError("fields")
        key, at = _varint(data, at)
        wire, number = key & 7, key >> 3
        if wire == 0:
            value, at = _varint(data, at)
            yield number, value
            continue
        if wire == 2:
            size, at = _varint(data, at)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
        else:
            raise ValueError("wire type")
        if at + size > end:
            raise ValueError("length")
        yield number, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while shift < 64:
        if at >= len(data):
            raise ValueError("varint")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise ValueError("varint")


def _text(value: Value) -> str:
    if not isinstance(value, bytes):
        raise ValueError("text")  # noqa: TRY004
    return value.decode()


def _double(value: Value) -> float | None:
    if not isinstance(value, bytes) or len(value) != 8:
        raise ValueError("double")
    return defined(_DOUBLE.unpack(value)[0])


def read_message(data: bytes) -> Event | Drop:
    """The event of one TakMessage; a message without one is control."""
    if len(data) > EVENT_BYTES_MAX:
        return Drop.TOO_LARGE
    try:
        whole = dict(_fields(data))
        if 2 not in whole:
            return Drop.OTHER
        return _event(dict(_fields(_bytes(whole[2]))))
    except (ValueError, OverflowError):
        return Drop.MALFORMED


def _bytes(value: Value) -> bytes:
    if not isinstance(value, bytes):
        raise ValueError("message")  # noqa: TRY004
    return value


_ZERO: Final = bytes(8)


def _event(has: dict[int, Value]) -> Event:
    time, stale = has.get(6, 0), has.get(8, 0)
    if not isinstance(time, int) or not isinstance(stale, int):
        raise ValueError("time")  # noqa: TRY004
    event = Event(
        uid=_text(has.get(5, b"")),
        type=_text(has.get(1, b"")),
        how=_text(has.get(9, b"")),
        opex=_text(has.get(4, b"")),
        time_us=time * 1_000 or None,
        stale_us=stale * 1_000 or None,
        # a number that is 0 is left out on the wire
        lat=_double(has.get(10, _ZERO)),
        lon=_double(has.get(11, _ZERO)),
        hae_m=_double(has.get(12, _ZERO)),
        ce_m=_double(has.get(13, _ZERO)),
    )
    if 15 in has:
        detail = dict(_fields(_bytes(has[15])))
        if 2 in detail:
            event.callsign = _text(dict(_fields(_bytes(detail[2]))).get(2, b""))
        if 7 in detail:
            track = dict(_fields(_bytes(detail[7])))
            speed, course = _double(track.get(1, _ZERO)), _double(track.get(2, _ZERO))
            event.speed_m_s = None if speed is not None and speed < 0 else speed
            event.course = None if course is not None and course < 0 else course
        if detail.get(1):
            read_details(_text(detail[1]), event)
    return event


def write_message(said: Said) -> bytes:
    """The bytes of a TakMessage."""
    track = b""
    if said.speed_mm_s is not None and said.track_mdeg is not None:
        track = _block(7, _real(1, said.speed_mm_s / 1e3) + _real(2, said.track_mdeg / 1e3))
    contact = _block(2, _block(2, said.callsign.encode())) if said.callsign else b""
    xml = write_details(said).encode()
    detail = (_block(1, xml) if xml else b"") + contact + track
    hae = 9_999_999.0 if said.hae_mm is None else said.hae_mm / 1e3
    ce = 9_999_999.0 if said.accuracy_mm is None else said.accuracy_mm / CE_95 / 1e3
    event = b"".join(
        [
            _block(1, said.type.encode()),
            _block(5, said.uid.encode()),
            *(_whole(n, us // 1_000) for n, us in ((6, said.time_us), (7, said.time_us), (8, said.stale_us))),
            _block(9, said.how.encode()),
            *(_real(n, v) for n, v in ((10, said.lat_nd / 1e9), (11, said.lon_nd / 1e9), (12, hae), (13, ce))),
            _real(14, 9_999_999.0),
            _block(15, detail),
        ]
    )
    return _block(2, event)


def write_stream(said: Said) -> bytes:
    """One message of a stream."""
    message = write_message(said)
    return bytes([MAGIC]) + _encoded(len(message)) + message


def _encoded(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _whole(number: int, value: int) -> bytes:
    return _encoded(number << 3) + _encoded(value)


def _real(number: int, value: float) -> bytes:
    return _encoded(number << 3 | 1) + _DOUBLE.pack(value)


def _block(number: int, data: bytes) -> bytes:
    return _encoded(number << 3 | 2) + _encoded(len(data)) + data


class _Cot(Parser):
    def __init__(self, source: str) -> None:
        super().__init__(source)
        self.controls: list[str] = []
        """Control events since somebody looked, at most a few."""

    def messages(self, data: bytes) -> int:
        """How many events unread bytes hold, about."""
        return max(1, data.count(b"<event ") + data.count(MAGIC))

    def _take(self, event: Event | Drop, received_us: int, found: list[Report]) -> None:
        if isinstance(event, Drop):
            return self.drop(event)
        if event.type in CONTROLS:
            if len(self.controls) < 8:
                self.controls.append(event.type)
            return self.drop(Drop.OTHER)
        report = report_of(event, self.source, received_us)
        return self.drop(report) if isinstance(report, Drop) else self.keep(report, found)


class CotDatagrams(_Cot):
    """Datagrams of a TAK mesh, in any form."""

    def feed(self, data: bytes, received_us: int) -> list[Report]:
        """The report of one datagram."""
        found: list[Report] = []
        if data[:3] == b"\xbf\x01\xbf":
            self._take(read_message(data[3:]), received_us, found)
        else:
            xml = data[3:] if data[:3] == b"\xbf\x00\xbf" else data
            begun = EVENT.search(xml)
            start = begun.start() if begun else -1
            if b"<!" in xml[: max(start, 0)]:
                self.drop(Drop.FORBIDDEN)
            elif start < 0:
                self.drop(Drop.MALFORMED)
            else:
                self._take(read_event(xml[start:].rstrip(b"\x00\r\n \t")), received_us, found)
        return found


class CotStream(_Cot):
    """A stream of events in XML, of TAK messages, or of both in turn."""

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self._held = bytearray()
        self._searched = 0
        """How far the held bytes are known to hold no end of an event."""
        self._declared = False
        self._skipping = 0
        """Bytes of a message that is too large and goes by."""

    def feed(self, data: bytes, received_us: int) -> list[Report]:
        """The reports of the messages that end within the data."""
        found: list[Report] = []
        if self._skipping:
            gone = min(self._skipping, len(data))
            self._skipping -= gone
            data = data[gone:]
        held = self._held
        held += data
        at = 0
        while at < len(held):
            if held[at] == MAGIC:
                after = self._message(at, received_us, found)
            elif (blank := BLANK.match(held, at)) is not None:
                after = blank.end()
            else:
                after = self._event(at, received_us, found)
            if after < 0:
                break
            at = after
        del held[:at]
        self._searched = max(0, self._searched - at)
        return found

    def reset(self) -> None:
        """Half a message is forgotten."""
        if self._held or self._skipping:
            self.drop(Drop.HALF)
        self._held.clear()
        self._searched = self._skipping = 0

    def _message(self, at: int, received_us: int, found: list[Report]) -> int:
        """Where the message that begins here ends; -1 while it has not ended."""
        held = self._held
        try:
            size, start = _varint(bytes(held[at + 1 : at + 11]), 0)
        except ValueError:
            if len(held) - at < 11:
                return -1
            self.drop(Drop.MALFORMED)
            return at + 1
        start += at + 1
        if size > SKIPPED_BYTES_MAX:
            self.drop(Drop.MALFORMED)
            return max(start, held.find(MAGIC, start))
        if size > EVENT_BYTES_MAX:
            self.drop(Drop.TOO_LARGE)
            here = min(size, len(held) - start)
            self._skipping = size - here
            return start + here
        if len(held) < start + size:
            return -1
        self._take(read_message(bytes(held[start : start + size])), received_us, found)
        return start + size

    def _event(self, at: int, received_us: int, found: list[Report]) -> int:
        """The same for an event in XML, and for what stands between events."""
        held = self._held
        if held.startswith(b"<?", at):
            end = held.find(b"?>", at, at + DECLARATION_BYTES_MAX)
            if end < 0:
                return -1 if len(held) - at < DECLARATION_BYTES_MAX else self._between(at, at + 2)
            if self._declared:
                self.drop(Drop.OTHER)
            self._declared = True
            return end + 2
        begun = EVENT.search(held, at)
        if begun is None:
            return self._between(at, max(at, len(held) - _TAIL))
        start = begun.start()
        if start > at:
            return self._between(at, start)
        opened = held.find(b">", start, start + TAG_BYTES_MAX)
        if opened < 0:
            return self._unfinished(start, TAG_BYTES_MAX, -1)
        if held[opened - 1] == 0x2F:
            end = opened + 1
        else:
            end = held.find(b"</event>", max(opened, self._searched - _TAIL))
            if end < 0:
                self._searched = len(held)
                return self._unfinished(start, EVENT_BYTES_MAX, held.rfind(b"<event", opened))
            end += 8
        self._searched, self._declared = 0, False
        again = held.rfind(b"<event ", opened, end)
        if again >= 0:
            # the one before was broken off
            self.drop(Drop.HALF)
            start = again
        self._take(read_event(bytes(held[start:end])), received_us, found)
        return end

    def _unfinished(self, start: int, bytes_max: int, last: int) -> int:
        """`last`: where, as nothing ends before, the next event may begin at the earliest; -1: at the next tag."""
        if len(self._held) - start <= bytes_max:
            return -1
        self.drop(Drop.TOO_LARGE)
        return max(start + 6, last)

    def _between(self, at: int, to: int) -> int:
        """Pass over what is no event; document types are counted as what they are."""
        if to == at:
            return -1
        junk = bytes(self._held[at:to])
        self.drop(Drop.FORBIDDEN if b"<!DOCTYPE" in junk or b"<!ENTITY" in junk else Drop.OTHER)
        return to
