"""aircraft.json and JSON lines against a file written by hand from readsb's description."""

import json

import pytest
from feeds_kit import GOLDEN, NOW, all_of, told

from wideberth.feeds.parser import Drop
from wideberth.feeds.readsb import ReadsbDocument, ReadsbLines
from wideberth.watch.absorb import Verdict
from wideberth.watch.fuse import Sky
from wideberth.watch.motion import FOOT

DATA = (GOLDEN / "aircraft.json").read_bytes()
AT = 1_763_841_600_500_000


def expected() -> list[dict[str, object]]:
    """What the file says, in the house's units."""
    return [
        {
            "address": "4ca2d6",
            "kind": "icao",
            "method": "ads-b",
            "time_us": AT - 500_000,
            "lat_nd": 48_200_000_000,
            "lon_nd": 16_300_000_000,
            "baro_ft": 36_000,
            "hae_mm": 11_132_820,
            "speed_mm_s": 231_500,
            "track_mdeg": 89_990,
            "climb_mm_s": -650,
            "callsign": "RYR1427",
            "accuracy_mm": 30_000,
            "integrity_mm": 186_000,
            "category": "A3",
        },
        {
            "address": "2a3b4c",
            "kind": "other",
            "method": "tis-b",
            "time_us": AT - 1_000_000,
            "lat_nd": 48_110_000_000,
            "lon_nd": 16_570_000_000,
            "speed_mm_s": 1_646,
            "on_ground": True,
        },
        place("3c660c", "mlat", 12.0, 47.0, 11.0),
        {"address": "3c660c", "kind": "icao", "method": "mlat", "time_us": AT - 2_000_000, "baro_ft": 21_000},
        place("3c660d", "mlat", 2.0, 47.5, 11.5, 21_025) | {"accuracy_mm": 92_600, "integrity_mm": 370_400},
        place("3c660e", "ads-b", 2.0, 47.6, 11.6, 1_000)
        | {"climb_mm_s": 3_251, "accuracy_mm": 92_600, "integrity_mm": 370_400},
        {"address": "3c660f", "kind": "icao", "method": "mode-s", "time_us": AT - 3_000_000, "baro_ft": -50},
        place("3c6610", "ads-r", 0.0, 47.7, 11.7, 4_500) | {"accuracy_mm": 3_000, "integrity_mm": 7_500},
    ]


def place(address: str, method: str, age: float, lat: float, lon: float, ft: int | None = None) -> dict[str, object]:
    """A position, with its altitude where that is as old."""
    held = {
        "address": address,
        "kind": "icao",
        "method": method,
        "time_us": AT - round(age * 1e6),
        "lat_nd": round(lat * 1e9),
        "lon_nd": round(lon * 1e9),
    }
    return held if ft is None else held | {"baro_ft": ft}


def test_a_document_is_read_as_described() -> None:
    """Ages, of a place and of what is newer, ground, MLAT by type and by list, NACp and NIC; one bad aircraft loses
    itself alone."""
    parser = ReadsbDocument("roof")
    assert [told(r) for r in parser.feed(DATA, NOW)] == expected()
    assert parser.dropped == {Drop.NOTHING: 1, Drop.MALFORMED: 1, Drop.NO_IDENTITY: 1, Drop.OUT_OF_RANGE: 1}


@pytest.mark.parametrize("pieces", [0, 1, 999])
def test_lines_say_the_same_as_the_document(pieces: int) -> None:
    """The streaming form, cut anywhere, gives the same reports."""
    document = json.loads(DATA)
    lines = b"".join(json.dumps(a | {"now": document["now"]}).encode() + b"\n" for a in document["aircraft"])
    parser = ReadsbLines("roof")
    assert [told(r) for r in all_of(parser, lines, pieces)] == expected()
    assert parser.dropped == {Drop.NOTHING: 1, Drop.MALFORMED: 1, Drop.NO_IDENTITY: 1, Drop.OUT_OF_RANGE: 1}


def aircraft(**other: object) -> bytes:
    """A document of one aircraft, in descent."""
    one = {
        "hex": "3c6620",
        "type": "adsb_icao",
        "flight": "DLH1",
        "alt_baro": 18_600,
        "alt_geom": 18_900,
        "gs": 400.0,
        "track": 90.0,
        "baro_rate": -3_000,
        "lat": 48.0,
        "lon": 16.0,
        "nac_p": 9,
        "seen_pos": 28.0,
        "seen": 0.1,
        **other,
    }
    return json.dumps({"now": AT / 1e6, "aircraft": [one]}).encode()


def test_an_old_place_makes_no_new_altitude_old() -> None:
    """Place and accuracy as of seen_pos, all else as of seen; the track is at the altitude that was last heard."""
    old, new = ReadsbDocument("roof").feed(aircraft(), AT)
    assert told(old) == place("3c6620", "ads-b", 28.0, 48.0, 16.0) | {"callsign": "DLH1", "accuracy_mm": 30_000}
    assert told(new) == {
        "address": "3c6620",
        "kind": "icao",
        "method": "ads-b",
        "time_us": AT - 100_000,
        "baro_ft": 18_600,
        "hae_mm": 5_760_720,
        "speed_mm_s": 205_778,
        "track_mdeg": 90_000,
        "climb_mm_s": -15_240,
    }
    sky = Sky()
    sky.reports([old, new])
    tracks = sky.sweep(AT)
    assert tracks.baro / FOOT == pytest.approx([18_595], abs=1)
    assert tracks.hae / FOOT == pytest.approx([18_895], abs=1)
    assert tracks.age_s == pytest.approx([28.0])


def test_the_same_document_again_says_nothing_new() -> None:
    """Polled twice, a place and what is newer than it are both repeated, and neither goes back in time."""
    sky = Sky()
    for _ in range(2):
        sky.reports(ReadsbDocument("roof").feed(aircraft(), AT))
    tally = sky.fusion.tallies["roof"]
    assert [tally.count(verdict) for verdict in (Verdict.TAKEN, Verdict.REPEATED)] == [2, 2]


@pytest.mark.parametrize(
    "other",
    [
        {"seen_pos": 1.1},
        {"seen_pos": None},
        {"seen": None},
        {"seen": 40.0},
        {"alt_baro": None, "alt_geom": None, "gs": None, "track": None, "baro_rate": None},
    ],
)
def test_what_is_of_one_age_is_one_report(other: dict[str, object]) -> None:
    """Up to a second between place and latest message, ages that are missing, and a place alone."""
    (report,) = ReadsbDocument("roof").feed(aircraft(**other), AT)
    assert report.lat_nd == 48_000_000_000
    assert report.callsign == "DLH1"


def test_ages_in_a_line_without_a_time_count_from_its_reception() -> None:
    """So that no part of a report lies in the future."""
    line = json.dumps(json.loads(aircraft())["aircraft"][0]).encode() + b"\n"
    assert [r.time_us for r in ReadsbLines("roof").feed(line, NOW)] == [NOW - 28_000_000, NOW - 100_000]


def test_a_place_that_cannot_be_loses_itself_alone() -> None:
    """What was heard since stands."""
    parser = ReadsbDocument("roof")
    (report,) = parser.feed(aircraft(lon=191.0), AT)
    assert (report.baro_ft, report.lat_nd) == (18_600, None)
    assert parser.dropped == {Drop.OUT_OF_RANGE: 1}


def test_signal_levels_are_not_held() -> None:
    """What would help to find a receiver is nowhere in a report."""
    assert "rssi" not in str(ReadsbDocument("roof").feed(DATA, NOW))


def test_a_document_cut_in_half_is_counted() -> None:
    """Half a file gives nothing and says why."""
    parser = ReadsbDocument("roof")
    assert parser.feed(DATA[:500], NOW) == []
    assert parser.dropped == {Drop.MALFORMED: 1}


def test_brackets_without_end_are_no_exception() -> None:
    """A hundred thousand opening brackets are malformed, whatever the parser below thinks of them."""
    parser = ReadsbDocument("roof")
    assert parser.feed(b'{"now":1,"aircraft":[' + b"[" * 100_000, NOW) == []
    lines = ReadsbLines("roof")
    assert lines.feed(b'{"hex":"4ca2d6","mlat":' + b"[" * 100_000 + b"\n", NOW) == []
    assert parser.dropped == lines.dropped == {Drop.MALFORMED: 1}
