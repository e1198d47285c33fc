"""Captures: the UDP payloads of a pcap file (libpcap's format, not pcapng), with the times at which they were seen.

    file    magic (4), version (4), zone (4), accuracy (4), longest packet (4), link type (4)
    packet  seconds (4), micro- or nanoseconds (4), bytes kept (4), bytes there were (4), the bytes

Link types: Ethernet (1, with VLAN tags), raw IP (101), Linux cooked (113), BSD loopback (0). IPv4 and IPv6 without
extension headers; fragments are passed over.
Source: draft-ietf-opsawg-pcap; RFC 768, 791, 8200; IEEE 802.1Q.

In:  a file open for reading.
Out: (microseconds since 1970, payload) a datagram.
Refuses nothing: what is no UDP is passed over, a packet that is cut off ends the file.
"""

import struct
from collections.abc import Iterator
from typing import BinaryIO, Final

PACKET_BYTES_MAX: Final = 1 << 18
"""As long as libpcap ever writes one."""
NANO: Final = frozenset({b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d"})
LITTLE: Final = frozenset({b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1"})


def datagrams(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The datagrams of a capture in their order."""
    head = file.read(24)
    if len(head) < 24:
        return
    order = "<" if head[:4] in LITTLE else ">"
    parts = 1_000 if head[:4] in NANO else 1
    link = struct.unpack(order + "I", head[20:24])[0] & 0xFFFF
    packet = struct.Struct(order + "IIII")
    while len(front := file.read(16)) == 16:
        seconds, fraction, kept, _ = packet.unpack(front)
        if kept > PACKET_BYTES_MAX or len(data := file.read(kept)) < kept:
            return
        payload = _udp(_network(data, link))
        if payload is not None:
            yield seconds * 1_000_000 + fraction // parts, payload


def _network(data: bytes, link: int) -> bytes:
    """The IP packet of a frame."""
    if link == 101:
        return data
    if link == 0:
        return data[4:]
    at = 14 if link == 113 else 12
    while data[at : at + 2] in (b"\x81\x00", b"\x88\xa8"):
        at += 4
    return data[at + 2 :] if data[at : at + 2] in (b"\x08\x00", b"\x86\xdd") else b""


def _udp(ip: bytes) -> bytes | None:
    if len(ip) < 28:
        return None
    if ip[0] >> 4 == 4:
        fragment = int.from_bytes(ip[6:8], "big") & 0x3FFF
        start, wanted = (ip[0] & 15) * 4, ip[9] == 17 and not fragment
    else:
        start, wanted = 40, ip[0] >> 4 == 6 and ip[6] == 17
    size = int.from_bytes(ip[start + 4 : start + 6], "big")
    return ip[start + 8 : start + size] if wanted and 8 <= size <= len(ip) - start else None
