"""Which format: told by the settings, or found by the first bytes of a file.

In:  a format's name and what its parser has to know, or the beginning of a file.
Out: a parser, or the format.
Refuses: nothing; a beginning that is of no known format gives None.
"""

from collections.abc import Mapping
from datetime import tzinfo
from enum import StrEnum
from typing import Final

from wideberth.feeds.asterix import Asterix, Site
from wideberth.feeds.asterix_items import PROFILES, blocks
from wideberth.feeds.parser import Parser
from wideberth.feeds.readsb import ReadsbDocument, ReadsbLines
from wideberth.feeds.remote_id import RemoteId
from wideberth.feeds.sbs import OTHERS, Sbs
from wideberth.feeds.tak import CotDatagrams, CotStream


class Format(StrEnum):
    """The formats that are read."""

    SBS = "sbs"
    READSB = "readsb"
    """aircraft.json, a document at a time."""
    READSB_LINES = "readsb-lines"
    """The stream of JSON lines."""
    COT = "cot"
    """Cursor on Target, XML and TAK protobuf."""
    ASTERIX = "asterix"
    REMOTE_ID = "remote-id"


DOCUMENTS: Final = frozenset({Format.READSB, Format.REMOTE_ID})
"""Formats that come as whole documents."""
PCAP: Final = frozenset({b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d"})
"""First bytes of a capture: either byte order, microseconds or nanoseconds."""
HEAD_BYTES: Final = 65_536
"""How much of a file is looked at to find its format."""


def parser_for(format: Format, source: str, zone: tzinfo, sites: Mapping[str, Site], datagrams: bool = False) -> Parser:
    """The parser of a feed; `zone` is for SBS, `sites` for ASTERIX, `datagrams` tells the two ways of CoT apart."""
    match format:
        case Format.SBS:
            return Sbs(source, zone)
        case Format.READSB:
            return ReadsbDocument(source)
        case Format.READSB_LINES:
            return ReadsbLines(source)
        case Format.COT:
            return CotDatagrams(source) if datagrams else CotStream(source)
        case Format.ASTERIX:
            return Asterix(source, sites)
        case Format.REMOTE_ID:
            return RemoteId(source)


def found_format(head: bytes) -> Format | None:
    """The format of what begins so; of a capture, pass the payload of its first datagram."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text[:1] == b"\xbf" or text[:1] == b"<":
        return Format.COT
    if text[:1] == b"{":
        line = text.split(b"\n", 1)[0]
        if b'"flights"' in text:
            return Format.REMOTE_ID
        return Format.READSB if b'"aircraft"' in text else Format.READSB_LINES if b'"hex"' in line else None
    kind = text.split(b",", 1)[0]
    if b"," in text and kind.decode("ascii", "replace") in OTHERS | {"MSG", "MLAT"}:
        return Format.SBS
    # categories and lengths that fit one another from block to block; the last may be cut off
    whole, rest = blocks(head)
    if whole and (whole[0][0] in PROFILES or whole[0][0] in (34, 65)) and (not rest or len(head) == HEAD_BYTES):
        return Format.ASTERIX
    return None
