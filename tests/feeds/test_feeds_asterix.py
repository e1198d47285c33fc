"""ASTERIX: records packed by hand, the samples where they are, and libasterix, which knows every item."""

import math
import os
import struct
from collections import Counter
from pathlib import Path

import pytest
from asterix import base, generated
from feeds_kit import NOW, told, us
from geographiclib.geodesic import Geodesic

from wideberth.feeds.asterix import Asterix, Site
from wideberth.feeds.asterix_items import PROFILES, Kind, blocks, record
from wideberth.feeds.capture import datagrams
from wideberth.feeds.parser import Drop
from wideberth.feeds.report import Report

SITE = Site(latitude=48.0, longitude=16.0, height_m=300.0)
NEWEST = {21: generated.Cat_021_2_7, 48: generated.Cat_048_1_32, 62: generated.Cat_062_1_21}
SAMPLES = os.environ.get("WIDEBERTH_SAMPLES", "")


def pack(category: int, items: dict[str, bytes]) -> bytes:
    """One block of one record: the profile's order, a bit for each item, an octet for seven bits."""
    names = [field and field[0] for field in PROFILES[category]]
    bits = [name in items for name in names]
    octets = max(i for i, bit in enumerate(bits) if bit) // 7 + 1
    head = bytes(
        sum(128 >> i for i in range(7) if o * 7 + i < len(bits) and bits[o * 7 + i]) | (o < octets - 1)
        for o in range(octets)
    )
    body = head + b"".join(items[name] for name in names if name in items)
    return struct.pack(">BH", category, len(body) + 3) + body


def of_day(text: str) -> bytes:
    """A time of day in 1/128 s."""
    hour, minute, second = text.split(":")
    return round((int(hour) * 3_600 + int(minute) * 60 + float(second)) * 128).to_bytes(3, "big")


def six(text: str) -> bytes:
    """Eight characters of six bits."""
    table = " ABCDEFGHIJKLMNOPQRSTUVWXYZ" + " " * 21 + "0123456789"
    return sum(table.index(c) << (42 - 6 * i) for i, c in enumerate(text.ljust(8))).to_bytes(6, "big")


def one(data: bytes, received_us: int = NOW, sites: dict[str, Site] | None = None) -> Report:
    """The only report of a block."""
    parser = Asterix("radar", {"*": SITE} if sites is None else sites)
    (report,) = parser.feed(data, received_us)
    assert parser.dropped == {}
    return report


ADSB = {
    "010": b"\x19\x02",
    "040": b"\x01\x40",
    "131": struct.pack(">ii", round(48.2 / 180 * 2**30), round(-16.3 / 180 * 2**30)),
    "080": b"\x4c\xa2\xd6",
    "073": of_day("19:59:59.5"),
    "140": struct.pack(">h", 5_844),
    "090": bytes([0x01 | 8 << 1, 9 << 1]),
    "210": bytes([2 << 3]),
    "145": struct.pack(">h", 1_440),
    "157": struct.pack(">H", 0x7FFF & -20),
    "160": struct.pack(">HH", 2_048, 0x4000),
    "170": six("RYR1427"),
    "020": b"\x03",
}
PLOT = {
    "010": b"\x19\x02",
    "140": of_day("20:00:01"),
    "020": b"\xa0",
    "040": struct.pack(">HH", 60 * 256, 0x2000),
    "090": struct.pack(">H", 1_440),
    "220": b"\x3c\x66\x0c",
    "240": six("DLH65A"),
    "161": b"\x02\x00",
    "200": struct.pack(">HH", 2_048, 0x8000),
    "230": b"\x20\x00",
}
TRACK = {
    "010": b"\x19\x64",
    "070": of_day("20:00:02"),
    "105": struct.pack(">ii", round(45.4 / 180 * 2**25), round(15.1 / 180 * 2**25)),
    "185": struct.pack(">hh", -400, 300),
    "040": b"\x13\x74",
    "080": b"\x04",
    "380": b"\xc0" + b"\x3c\x0a\x55" + six("SXD4723"),
    "136": struct.pack(">h", 1_400),
    "130": struct.pack(">h", 5_650),
    "220": struct.pack(">h", -100),
    "500": b"\x80" + struct.pack(">HH", 40, 60),
}


def test_an_adsb_report_is_read_as_specified() -> None:
    """CAT021: high-resolution position, NACp and NIC, ground bit, the letters of the emitter category."""
    lat, lon = (round(round(x / 180 * 2**30) * 180 / 2**30 * 1e9) for x in (48.2, -16.3))
    assert told(one(pack(21, ADSB))) == {
        "address": "4ca2d6",
        "kind": "icao",
        "method": "ads-b",
        "time_us": us("2026-11-22T19:59:59.5+00:00"),
        "lat_nd": lat,
        "lon_nd": lon,
        "baro_ft": 36_000,
        "hae_mm": 36_525 * 304.8,
        "speed_mm_s": 231_500,
        "track_mdeg": 90_000,
        "climb_mm_s": -635,
        "callsign": "RYR1427",
        "on_ground": True,
        "accuracy_mm": 30_000,
        "integrity_mm": 185_200,
        "category": "A3",
    }


@pytest.mark.parametrize(
    ("items", "wanted"),
    [
        ({"140": b"\x7f\xff"}, {"hae_mm": None}),
        ({"160": struct.pack(">HH", 0x8000 | 2_048, 0x4000)}, {"speed_mm_s": None, "track_mdeg": 90_000}),
        ({"157": struct.pack(">H", 0x8000 | 20)}, {"climb_mm_s": None}),
        ({"040": b"\x01\x20"}, {"simulated": True, "on_ground": False}),
        ({"040": b"\x01\x10"}, {"simulated": True}),
        ({"040": b"\x02"}, {"simulated": True, "on_ground": None}),
        ({"040": b"\x60"}, {"kind": "other"}),
        ({"040": b"\x20"}, {"kind": "other", "address": "4ca2d6"}),
        ({"040": b"\x20", "161": b"\x01\x02"}, {"kind": "radar", "address": "25/2/258"}),
        ({"040": b"\x00", "161": b"\x01\x02"}, {"kind": "icao", "address": "4ca2d6"}),
        ({"040": b"\x40"}, {"kind": "icao", "address": "4ca2d6"}),
        # range check passed; LLC, IPC and LDPJ take no report away
        ({"040": b"\x05\x41\x64"}, {"kind": "icao", "on_ground": True}),
        ({"090": bytes([8 << 1])}, {"accuracy_mm": None, "integrity_mm": None}),
        ({"210": b"\x00", "090": bytes([7 << 1])}, {"accuracy_mm": 185_200, "integrity_mm": None}),
        ({"090": bytes([0x01, 0])}, {"accuracy_mm": None, "integrity_mm": None}),
        ({"080": b"\0\0\0", "161": b"\x01\x02"}, {"kind": "radar", "address": "25/2/258"}),
        ({"145": struct.pack(">h", -40)}, {"baro_ft": -1_000}),
    ],
)
def test_what_is_undefined_or_simulated_is_so(items: dict[str, bytes], wanted: dict[str, object]) -> None:
    """CAT021's marks for more than can be said, simulated, test and field monitor targets, and older versions."""
    report = one(pack(21, ADSB | items))
    assert {name: getattr(report, name) for name in wanted} == wanted


def slant(lat: float, lon: float, height_m: float) -> tuple[float, float]:
    """Slant range in metres and azimuth in degrees from the site, by vectors in space."""

    def at(lat: float, lon: float, h: float) -> tuple[float, float, float]:
        a, e2 = 6_378_137.0, 0.0066943799901413165
        p, q = math.radians(lat), math.radians(lon)
        n = a / math.sqrt(1 - e2 * math.sin(p) ** 2)
        return (
            (n + h) * math.cos(p) * math.cos(q),
            (n + h) * math.cos(p) * math.sin(q),
            (n * (1 - e2) + h) * math.sin(p),
        )

    azimuth = Geodesic.WGS84.Inverse(SITE.latitude, SITE.longitude, lat, lon)["azi1"]
    return math.dist(at(SITE.latitude, SITE.longitude, SITE.height_m), at(lat, lon, height_m)), azimuth % 360


@pytest.mark.parametrize(("bearing", "km"), [(0, 5), (45, 60), (90, 200), (200, 400), (315, 120)])
def test_plots_land_where_the_radar_saw_them(bearing: float, km: float) -> None:
    """CAT048: slant range and azimuth become the place that vectors in space give, within the steps of the item."""
    there = Geodesic.WGS84.Direct(SITE.latitude, SITE.longitude, bearing, km * 1e3)
    range_m, azimuth = slant(there["lat2"], there["lon2"], 36_000 * 0.3048)
    polar = struct.pack(">HH", round(range_m / 1_852 * 256), round(azimuth * 65_536 / 360) % 65_536)
    report = one(pack(48, PLOT | {"040": polar}))
    assert report.lat_nd is not None
    assert report.lon_nd is not None
    off = Geodesic.WGS84.Inverse(there["lat2"], there["lon2"], report.lat_nd / 1e9, report.lon_nd / 1e9)["s12"]
    # half a step of range, stretched where the target is high above, and of azimuth; 0.1 % for the sphere below
    assert off < 3.7 * range_m / (km * 1e3) * 1.1 + km * 1e3 * math.radians(360 / 65_536 / 2) + km


def test_a_plot_without_altitude_says_how_far_it_may_be_off() -> None:
    """Between the ground and 50,000 ft lies the truth, and the accuracy covers both."""
    bare = {name: data for name, data in PLOT.items() if name != "090"}
    near = one(pack(48, bare | {"040": struct.pack(">HH", 12 * 256, 0)}))
    assert near.baro_ft is None
    assert near.lat_nd is not None
    assert near.accuracy_mm is not None
    middle = Geodesic.WGS84.Inverse(48.0, 16.0, near.lat_nd / 1e9, 16.0)["s12"]
    low, high = 12 * 1_852.0, math.sqrt((12 * 1_852.0) ** 2 - (15_240.0 - 300) ** 2)
    assert abs(middle - (low + high) / 2) < 30
    assert abs(near.accuracy_mm / 1e3 - (low - high) / 2) < 30


def test_a_radar_report_is_read_as_specified() -> None:
    """CAT048: identity, altitude, speed, the ground as Mode S says it."""
    held = told(one(pack(48, PLOT)))
    assert {name: held.get(name) for name in held if name not in ("lat_nd", "lon_nd")} == {
        "address": "3c660c",
        "kind": "icao",
        "method": "radar",
        "time_us": us("2026-11-22T20:00:01+00:00"),
        "baro_ft": 36_000,
        "speed_mm_s": 231_500,
        "track_mdeg": 180_000,
        "callsign": "DLH65A",
    }
    assert one(pack(48, PLOT | {"230": b"\x24\x00"})).on_ground is True
    assert one(pack(48, PLOT | {"230": b"\x3c\x00"})).on_ground is None
    assert one(pack(48, PLOT | {"090": struct.pack(">H", 0x8000 | 1_440)})).baro_ft is None
    assert one(pack(48, PLOT | {"090": struct.pack(">H", 0x4000 | 1_440)})).baro_ft is None
    assert one(pack(48, PLOT | {"090": struct.pack(">H", 0x3FFF)})).baro_ft == -25
    assert one(pack(48, PLOT | {"020": b"\xb0"})).simulated
    assert one(pack(48, PLOT | {"020": b"\xa1\x80"})).simulated
    assert one(pack(48, {n: d for n, d in PLOT.items() if n != "220"})).address == "25/2/512"


@pytest.mark.parametrize(
    ("items", "without", "why"),
    [
        ({"020": b"\x00"}, (), Drop.NO_TARGET),
        ({"170": b"\x01\x40"}, (), Drop.NO_TARGET),
        ({"170": b"\x01\x80"}, (), Drop.NO_TARGET),
        ({}, ("140",), Drop.NO_TIME),
        ({}, ("220", "161"), Drop.NO_IDENTITY),
        ({"140": b"\xff\xff\xff"}, (), Drop.NO_TIME),
    ],
)
def test_ghosts_ends_and_the_nameless_are_counted(items: dict[str, bytes], without: tuple[str, ...], why: Drop) -> None:
    """What the radar itself says is not there gives no report, nor does a plot of nobody."""
    parser = Asterix("radar", {"*": SITE})
    held = {name: data for name, data in (PLOT | items).items() if name not in without}
    assert parser.feed(pack(48, held), NOW) == []
    assert parser.dropped == {why: 1}


def test_a_radar_without_a_place_gives_no_plots() -> None:
    """A plot is never put anywhere by guessing; the station's own place goes before that of all others."""
    parser = Asterix("radar", {"25/3": SITE})
    assert parser.feed(pack(48, PLOT), NOW) == []
    assert parser.dropped == {Drop.NO_SITE: 1}
    other = Site(latitude=-48.0, longitude=16.0, height_m=0.0)
    found = one(pack(48, PLOT), sites={"25/2": SITE, "*": other})
    assert found.lat_nd is not None
    assert found.lat_nd > 0


def test_a_tracker_is_read_as_specified() -> None:
    """CAT062: place, velocity from its parts, identity from the aircraft, estimated accuracy as a 95 % radius."""
    assert told(one(pack(62, TRACK))) == {
        "address": "3c0a55",
        "kind": "icao",
        "method": "radar",
        "time_us": us("2026-11-22T20:00:02+00:00"),
        "lat_nd": round(round(45.4 / 180 * 2**25) * 180 / 2**25 * 1e9),
        "lon_nd": round(round(15.1 / 180 * 2**25) * 180 / 2**25 * 1e9),
        "baro_ft": 35_000,
        "hae_mm": 10_763_250,
        "speed_mm_s": 125_000,
        "track_mdeg": 306_870,
        "climb_mm_s": -3_175,
        "callsign": "SXD4723",
        "accuracy_mm": 73_431,
    }
    parser = Asterix("tracker", {})
    assert parser.feed(pack(62, TRACK | {"080": b"\x01\x40"}), NOW) == []
    assert parser.dropped == {Drop.NO_TARGET: 1}
    assert one(pack(62, TRACK | {"080": b"\x01\x80"})).simulated
    bare = {name: data for name, data in TRACK.items() if name not in ("136", "380")}
    assert one(pack(62, bare | {"135": struct.pack(">H", 0x8000 | 1_400)})).baro_ft is None
    assert one(pack(62, bare | {"135": struct.pack(">H", 0x7FFF & -40)})).baro_ft == -1_000
    assert one(pack(62, bare)).address == "25/100/4980"


@pytest.mark.parametrize(
    ("received", "of", "wanted"),
    [
        ("2026-11-23T00:00:01+00:00", "23:59:59.5", "2026-11-22T23:59:59.5+00:00"),
        ("2026-11-22T23:59:59+00:00", "00:00:00.5", "2026-11-23T00:00:00.5+00:00"),
        ("2026-11-22T12:00:01+00:00", "00:00:01.5", "2026-11-22T00:00:01.5+00:00"),
        ("2026-11-22T11:59:59+00:00", "23:59:58.5", "2026-11-22T23:59:58.5+00:00"),
        ("2026-11-22T12:00:01+00:00", "00:00:00.5", "2026-11-23T00:00:00.5+00:00"),
    ],
)
def test_times_of_day_lie_on_the_nearest_day(received: str, of: str, wanted: str) -> None:
    """Around midnight a report is of the day on which it was made, not of the clock that reads it."""
    assert one(pack(21, ADSB | {"073": of_day(of)}), us(received)).time_us == us(wanted)


def test_service_messages_are_passed_over() -> None:
    """CAT034 and CAT065 are counted as what they are, and the block after them is read."""
    parser = Asterix("radar", {"*": SITE})
    data = b"\x22\x00\x05\x80\x01" + pack(21, ADSB) + b"\x41\x00\x05\x80\x01"
    assert len(parser.feed(data, NOW)) == 1
    assert parser.dropped == {Drop.OTHER: 2}


def test_a_record_that_cannot_be_read_ends_its_block_alone() -> None:
    """What stands before it in the block, and the next block, are read."""
    good = pack(21, ADSB)
    broken = struct.pack(">BH", 21, len(good) + 2) + good[3:] + b"\x80\x19"
    parser = Asterix("radar", {"*": SITE})
    assert len(parser.feed(broken + good + b"\x15\xff", NOW)) == 2
    assert parser.dropped == {Drop.MALFORMED: 2}


def kind_of(variation: type) -> Kind:
    """A kind of item of libasterix in our spelling."""
    if issubclass(variation, base.Element | base.Group):
        return variation.cv_bit_size // 8
    if issubclass(variation, base.Extended):
        return "x"
    if issubclass(variation, base.Explicit):
        return "e"
    if issubclass(variation, base.Repetitive):
        size = variation.cv_variation.cv_bit_size
        if variation.cv_rep_bytes:
            return f"r{size // 8}"
        # the bit that says whether more follows belongs to the piece
        return "x" if size == 7 else f"f{(size + 1) // 8}"
    assert issubclass(variation, base.Compound)
    return tuple(i and (i.cv_name, kind_of(i.cv_rule.cv_variation)) for i in variation.cv_items_list)


def unnamed(kind: Kind) -> object:
    """A kind without the names of its subfields: ages of items are numbered here."""
    return tuple(field and unnamed(field[1]) for field in kind) if isinstance(kind, tuple) else kind


@pytest.mark.parametrize("category", [21, 48, 62])
def test_profiles_are_those_of_the_specification(category: int) -> None:
    """Order, names and lengths of all items and subfields are as libasterix draws them from EUROCONTROL's text."""
    theirs: list[tuple[str, Kind] | None] = []
    for i in NEWEST[category].cv_uap.cv_record.cv_items_list:
        item = i.cv_non_spare if issubclass(i, base.UapItem) else None
        theirs.append(item and (item.cv_name, kind_of(item.cv_rule.cv_variation)))
    profile = PROFILES[category]
    assert [field and field[0] for field in profile] == [field and field[0] for field in theirs]
    for ours, other in zip(profile, theirs, strict=True):
        if ours is not None and other is not None:
            assert unnamed(ours[1]) == unnamed(other[1]), ours[0]
            if isinstance(ours[1], tuple) and ours[1][0] and not ours[1][0][0].isdigit():
                assert ours[1] == other[1]


def by_libasterix(data: bytes) -> list[tuple[int, dict[str, bytes]]]:
    """Category and items of every record of the categories that are read."""
    found = []
    raw = base.RawDatablock.parse(base.Bits.from_bytes(data))
    assert not isinstance(raw, ValueError)
    for block in raw:
        if block.get_category() in NEWEST:
            records = NEWEST[block.get_category()].cv_uap.parse(block.get_raw_records())
            assert not isinstance(records, ValueError), records
            found += [
                (block.get_category(), {n: i.unparse().to_bytes() for n, i in r.items_regular.items()}) for r in records
            ]
    return found


def ours(data: bytes) -> list[tuple[int, dict[str, bytes]]]:
    """The same by our own reading."""
    found, (whole, rest) = [], blocks(data)
    assert rest == b""
    for category, block in whole:
        at = 0
        while category in PROFILES and at < len(block):
            items, at = record(PROFILES[category], block, at)
            found.append((category, {name: item for name, item in items.items() if "/" not in name}))
    return found


def test_hand_packed_records_are_read_alike_by_libasterix() -> None:
    """The other library takes the same items out of what the tests pack."""
    data = pack(21, ADSB) + pack(48, PLOT) + pack(62, TRACK)
    assert ours(data) == by_libasterix(data)


samples = pytest.mark.skipif(not SAMPLES, reason="WIDEBERTH_SAMPLES names no folder with recorded ASTERIX")


def sample(name: str) -> list[tuple[int, bytes]]:
    """The datagrams of a recorded file, or the file as one."""
    path = Path(SAMPLES) / "asterix" / name
    if name.endswith(".pcap"):
        with path.open("rb") as file:
            return list(datagrams(file))
    return [(NOW, path.read_bytes())]


@samples
@pytest.mark.parametrize(
    "name", ["cat048.raw", "cat062cat065.raw", "cat21_re.ast", "cat_034_048.pcap", "cat_062_065.pcap"]
)
def test_recorded_samples_decode_whole(name: str) -> None:
    """Every record of the recordings has the items that libasterix finds, and gives a report or a counted reason."""
    data = sample(name)
    assert data
    total: Counter[str] = Counter()
    for seen_us, payload in data:
        assert ours(payload) == by_libasterix(payload)
        parser = Asterix("x", {"*": SITE})
        reports = parser.feed(payload, seen_us)
        total["reports"] += len(reports)
        total["records"] += len(ours(payload))
        total.update({why.value: count for why, count in parser.dropped.items()})
    assert total["malformed"] == total["out-of-range"] == 0
    left = total["no-identity"] + total["no-target"] + total["doubted"] + total["nothing"] + total["no-time"]
    assert total["reports"] + left == total["records"]


@samples
def test_positions_and_identities_of_samples_are_those_of_their_bytes() -> None:
    """A few lines that know only where the octets lie find the same identities, times and places."""
    ((_, data),) = sample("cat062cat065.raw")
    first, second = Asterix("x", {}).feed(data, NOW)
    # record 1 begins at octet 3 with four octets of field specification (bf cf fd 02), then I062/010, 015, 070, 105
    assert data[3:7] == bytes.fromhex("bfcffd02")
    assert first.address == f"{data[7]}/{data[8]}/{int.from_bytes(bytes.fromhex('1374'), 'big')}"
    of_day_s = int.from_bytes(data[10:13], "big") / 128
    assert first.time_us % 86_400_000_000 == pytest.approx(of_day_s * 1e6, abs=1)
    lat, lon = struct.unpack(">ii", data[13:21])
    assert (first.lat_nd, first.lon_nd) == (round(lat * 180 / 2**25 * 1e9), round(lon * 180 / 2**25 * 1e9))
    assert (second.address, second.callsign) == ("3c0a55", "SXD4723")
    ((_, data),) = sample("cat048.raw")
    (plot,) = Asterix("x", {"*": SITE}).feed(data, NOW)
    assert (plot.address, plot.callsign, plot.baro_ft) == ("3c660c", "DLH65A", 33_000)
    ((_, data),) = sample("cat21_re.ast")
    vehicles = Asterix("x", {}).feed(data, NOW)
    # seven octets of field specification, I021/010, 040 with one extension, 130
    assert data[3:10] == bytes.fromhex("c51d3101432304")
    lat, lon = (int.from_bytes(data[at : at + 3], "big", signed=True) for at in (14, 17))
    assert [v.address for v in vehicles] == ["000001", "000002"]
    assert (vehicles[0].lat_nd, vehicles[0].lon_nd) == (round(lat * 180 / 2**23 * 1e9), round(lon * 180 / 2**23 * 1e9))
    assert all(v.on_ground for v in vehicles)
