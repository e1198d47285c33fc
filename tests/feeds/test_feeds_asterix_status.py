"""What ASTERIX says against its own reports: duplicates, failed checks, tentative tracks, places carried on."""

import struct

import pytest
from asterix import base
from feeds_kit import NOW
from test_feeds_asterix import ADSB, NEWEST, PLOT, SITE, TRACK, of_day, one, pack

from wideberth.feeds.asterix import Asterix
from wideberth.feeds.parser import Drop
from wideberth.watch.fuse import Sky


def test_two_aircraft_of_one_address_are_two() -> None:
    """What its station knows for a duplicate is no part of the track that has the address."""
    sky = Sky()
    for k in range(4):
        at = {"073": of_day(f"20:00:{10 + k}")}
        there = {"131": struct.pack(">ii", round(48.21 / 180 * 2**30), round(-16.3 / 180 * 2**30))}
        data = pack(21, ADSB | at) + pack(21, ADSB | at | there | {"040": b"\x21\x40", "161": b"\x01\x02"})
        sky.reports(Asterix("radar", {}).feed(data, NOW))
    tracks = sky.sweep(NOW)
    assert {sky.names(row).address for row in tracks.row.tolist()} == {"4ca2d6", "25/2/258"}
    assert tracks.members.tolist() == [1, 1]


@pytest.mark.parametrize(
    ("category", "item", "data", "bit", "why"),
    [
        (21, "040", b"\x01\x01\x10", "NOGO", Drop.DOUBTED),
        (21, "040", b"\x01\x01\x08", "CPR", Drop.DOUBTED),
        (21, "040", b"\x01\x01\x02", "RCF", Drop.DOUBTED),
        (62, "080", b"\x02", "CNF", Drop.DOUBTED),
        (62, "080", b"\x01\x01\x01\x01\x04", "PFT", Drop.DOUBTED),
        (48, "170", b"\x80", "CNF", Drop.DOUBTED),
        (62, "080", b"\x01\x01\x01\x80", "CST", Drop.NO_TARGET),
        (62, "080", b"\x01\x40", "TSE", Drop.NO_TARGET),
    ],
)
def test_what_its_sender_doubts_or_carries_on_is_counted(
    category: int, item: str, data: bytes, bit: str, why: Drop
) -> None:
    """Each bit alone, where libasterix has it, gives no report and its reason."""
    block = pack(category, {21: ADSB, 48: PLOT, 62: TRACK}[category] | {item: data})
    raw = base.RawDatablock.parse(base.Bits.from_bytes(block))
    assert not isinstance(raw, ValueError)
    (read,) = NEWEST[category].cv_uap.parse(raw[0].get_raw_records())
    groups = read.get_item(item).variation.get_item
    assert groups(bit).as_uint() == 1
    parser = Asterix("x", {"*": SITE})
    assert parser.feed(block, NOW) == []
    assert parser.dropped == {why: 1}


@pytest.mark.parametrize("status", [b"\xfc", b"\x01\x01\x01\x7e", b"\x01\x01\xfe"])
def test_what_a_tracker_still_sees_is_a_report(status: bytes) -> None:
    """The ages of single sensors beside CST, and the other bits beside CNF, take no track away."""
    assert one(pack(62, TRACK | {"080": status})).address == "3c0a55"


@pytest.mark.parametrize("source", range(8))
def test_an_altitude_that_nobody_measured_is_none(source: int) -> None:
    """Of the sources of I062/130 those that measure are taken: not a default height, a table, or the coverage."""
    status = bytes([source << 2])
    raw = base.RawDatablock.parse(base.Bits.from_bytes(pack(62, TRACK | {"080": status})))
    assert not isinstance(raw, ValueError)
    (read,) = NEWEST[62].cv_uap.parse(raw[0].get_raw_records())
    assert read.get_item("080").variation.get_item("SRC").as_uint() == source
    found = one(pack(62, TRACK | {"080": status})).hae_mm
    assert (found is not None) == (source in (1, 2, 3, 7))


def test_a_surface_target_is_on_the_ground() -> None:
    """SFC of I062/080, whatever the flight status says."""
    status = b"\x05\x01\x01\x01\x01\x10"
    raw = base.RawDatablock.parse(base.Bits.from_bytes(pack(62, TRACK | {"080": status})))
    assert not isinstance(raw, ValueError)
    (read,) = NEWEST[62].cv_uap.parse(raw[0].get_raw_records())
    assert read.get_item("080").variation.get_item("SFC").as_uint() == 1
    assert one(pack(62, TRACK | {"080": status})).on_ground is True
