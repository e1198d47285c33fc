"""Recordings of every format, found by their content, read whole or played."""

import asyncio
import gzip
import json
import struct
from pathlib import Path

import pytest
from feeds_kit import GOLDEN, told, us
from test_feeds_asterix import ADSB, PLOT, of_day, pack
from test_feeds_cot import said

from wideberth.feeds.cot import write_xml
from wideberth.feeds.formats import Format, found_format
from wideberth.feeds.replay import open_recording, play, reports_in
from wideberth.feeds.report import Report
from wideberth.feeds.settings import Feed
from wideberth.refusal import Reason, Refusal


def capture(packets: list[tuple[int, bytes]], order: str = "<", nano: bool = False, vlan: bool = False) -> bytes:
    """A pcap file of UDP datagrams over Ethernet."""
    magic = 0xA1B23C4D if nano else 0xA1B2C3D4
    out = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65_535, 1)
    for at_us, payload in packets:
        udp = struct.pack(">HHHH", 8_600, 8_600, len(payload) + 8, 0) + payload
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, len(udp) + 20, 0, 0, 64, 17, 0, b"\x7f\0\0\1", b"\x7f\0\0\1") + udp
        frame = bytes(12) + (b"\x81\x00\x00\x07" if vlan else b"") + b"\x08\x00" + ip
        seconds, fraction = divmod(at_us, 1_000_000)
        out += struct.pack(order + "IIII", seconds, fraction * (1_000 if nano else 1), len(frame), len(frame)) + frame
    return out


def read(path: Path, format: Format | None = None) -> list[Report]:
    """All reports of a file."""
    batches = reports_in(path, "file", format)
    assert not isinstance(batches, Refusal)
    return [report for batch in batches for report in batch]


@pytest.mark.parametrize(
    ("name", "format", "count"),
    [
        ("sbs.txt", Format.SBS, 9),
        ("aircraft.json", Format.READSB, 8),
        ("events.xml", Format.COT, 4),
        ("flights.json", Format.REMOTE_ID, 2),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_formats_are_found_by_content(tmp_path: Path, name: str, format: Format, count: int, packed: bool) -> None:
    """Golden files read the same whether their format is told or found, compressed or not."""
    data = (GOLDEN / name).read_bytes()
    assert found_format(data) is format
    path = tmp_path / "recording"
    path.write_bytes(gzip.compress(data) if packed else data)
    reports = read(path)
    assert len(reports) == count
    assert reports == read(path, format)
    assert all(r.received_us == r.time_us for r in reports)


def test_documents_one_a_line_are_all_read(tmp_path: Path) -> None:
    """A log of polls, one document a line, gives what each of them holds."""
    document = json.loads((GOLDEN / "aircraft.json").read_bytes())
    path = tmp_path / "log"
    path.write_bytes(b"".join(json.dumps(document | {"now": document["now"] + i}).encode() + b"\n" for i in range(5)))
    reports = read(path)
    assert len(reports) == 5 * 8
    assert reports[8].time_us - reports[0].time_us == 1_000_000


@pytest.mark.parametrize(("order", "nano", "vlan"), [("<", False, False), (">", False, True), ("<", True, False)])
def test_captures_give_their_datagrams_with_their_times(tmp_path: Path, order: str, nano: bool, vlan: bool) -> None:
    """Either byte order, micro- and nanoseconds, VLAN tags; what is no UDP is passed over."""
    at = us("2026-11-22T20:00:03+00:00")
    path = tmp_path / "capture"
    path.write_bytes(capture([(at, pack(21, ADSB)), (at + 7, pack(48, PLOT))], order, nano, vlan))
    reports = read(path)
    # the plot has no radar's place
    assert [(r.address, r.received_us) for r in reports] == [("4ca2d6", at)]
    events = tmp_path / "mesh"
    events.write_bytes(capture([(at, b"\xbf\x00\xbf" + write_xml(said()))], order, nano, vlan) + b"cut off")
    assert [r.address for r in read(events)] == ["w-1"]


def test_asterix_without_dates_begins_when_it_is_said_to(tmp_path: Path) -> None:
    """Times of day follow the stated start past midnight, longer than a day can be wide."""
    hours = [f"{h % 24:02d}:00:00" for h in range(20, 60, 5)]
    path = tmp_path / "radar"
    path.write_bytes(b"".join(pack(21, ADSB | {"073": of_day(h)}) for h in hours for _ in range(800)))
    recording = open_recording(path, Feed(name="radar", format=Format.ASTERIX, start="2026-11-22T19:59:00Z"))
    assert not isinstance(recording, Refusal)
    times = sorted({r.time_us for batch in recording.batches() for r in batch})
    first = us("2026-11-22T20:00:00+00:00")
    assert times == [first + i * 5 * 3_600_000_000 for i in range(8)]


def test_what_is_no_recording_is_refused(tmp_path: Path) -> None:
    """A file of another kind is named, with what it begins with."""
    path = tmp_path / "song.mp3"
    path.write_bytes(b"ID3\x04 something else")
    refusal = reports_in(path, "file")
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, refusal.field) == (Reason.MALFORMED, "song.mp3")
    path.write_bytes(b"")
    assert isinstance(reports_in(path, "file"), Refusal)


class Clock(asyncio.SelectorEventLoop):
    """A loop whose time runs as its sleeps ask, at once."""

    skipped = 0.0

    def time(self) -> float:
        """Real time and what was slept."""
        return super().time() + self.skipped

    def skip(self, seconds: float) -> None:
        """Let time pass."""
        self.skipped += seconds


@pytest.mark.parametrize(
    ("speed", "spans"), [(1.0, [0, 1, 2.25, 3, 4, 5, 6, 7, 8.5]), (10.0, [0, 0.1, 0.225]), (0, [0, 0, 0])]
)
def test_reports_go_out_when_their_time_has_come(
    monkeypatch: pytest.MonkeyPatch, speed: float, spans: list[float]
) -> None:
    """At a multiple of the recording's speed, by its own clock; at 0 nothing waits."""
    loop = Clock()
    gone: list[float] = []
    begun = loop.time()

    async def sleep(seconds: float) -> None:
        loop.skip(seconds)

    monkeypatch.setattr("wideberth.feeds.replay.asyncio.sleep", sleep)
    recording = open_recording(GOLDEN / "sbs.txt", Feed(name="f", format=Format.SBS))
    assert not isinstance(recording, Refusal)
    loop.run_until_complete(play(recording, speed, lambda _: gone.append(loop.time() - begun)))
    loop.close()
    if speed == 0:
        assert loop.skipped == 0
    else:
        assert gone[: len(spans)] == pytest.approx(spans, abs=0.5)


def test_a_replay_may_begin_now() -> None:
    """All times are moved alike; what lies between them stays."""
    found: list[Report] = []
    recording = open_recording(GOLDEN / "sbs.txt", Feed(name="f", format=Format.SBS))
    assert not isinstance(recording, Refusal)
    asyncio.run(play(recording, 0, found.extend, shift_to_us=us("2030-01-01T00:00:00+00:00")))
    plain = read(GOLDEN / "sbs.txt")
    moved = us("2030-01-01T00:00:00+00:00") - plain[0].time_us
    assert [r.time_us - moved for r in found] == [r.time_us for r in plain]
    assert [told(r) | {"time_us": 0} for r in found] == [told(r) | {"time_us": 0} for r in plain]
