"""How many position reports a second one core takes from sockets to its sink.

feed_sbs_per_s, feed_readsb_per_s
                   lines over TCP to reports in batches, by the processor time of the receiving process
feed_asterix_us    one CAT062 record of ten items to a report; libasterix takes it apart alone
"""

import json
import socket
import threading
import time
from collections.abc import Callable
from typing import Final

import numpy as np

from bench.feeds_world import UNBOUNDED, receiving
from bench.frame import Figure, console
from wideberth.feeds.asterix import Asterix
from wideberth.feeds.formats import Format
from wideberth.feeds.settings import Feed

REPORTS: Final = 400_000
TARGET: Final = 20_000
CHUNK: Final = 65_536
TRACK: Final = (
    ("field specification", "9b1d34"),
    ("010", "1964"),
    ("070", "3c5fea"),
    ("105", "008123dc002b0ba6"),
    ("185", "fdc90236"),
    ("380 ADR ID", "c03c0a554d4cf1cb3920"),
    ("040", "1374"),
    ("080", "00"),
    ("136", "0578"),
    ("130", "1612"),
    ("220", "ff9c"),
)


def run(quick: bool) -> list[Figure]:
    """The figures; `quick` has a tenth of the reports."""
    count = REPORTS // 10 if quick else REPORTS
    found = []
    for name, format, line in (("sbs", Format.SBS, _sbs), ("readsb", Format.READSB_LINES, _readsb)):
        with console.status(f"{count:,} lines of {name}"):
            found.append(_stream(f"feed_{name}_per_s", format, b"".join(map(line, range(count))), count))
    return [*found, _asterix(quick)]


def _stream(name: str, format: Format, data: bytes, count: int) -> Figure:
    with socket.create_server(("127.0.0.1", 0)) as server:
        feed = Feed(name="f", format=format, url=f"tcp://127.0.0.1:{server.getsockname()[1]}", reports_per_s=UNBOUNDED)
        with receiving([feed], echo=False) as received:
            accepted, _ = server.accept()
            sender = threading.Thread(target=accepted.sendall, args=(data,))
            sender.start()
            took = received.all(count)
            sender.join()
            accepted.close()
    per_s = took.reports / took.cpu_s
    note = (
        f"{took.reports:,} of {count:,} lines became reports, dropped {took.dropped or 'none'}; {took.cpu_s:.1f} s of "
        f"processor time with start, {took.reports / took.wall_s:,.0f}/s by the clock while they came"
    )
    return Figure(
        name, "/s", per_s, None, "", "higher", f">= {TARGET:,}", per_s >= TARGET and took.reports == count, note
    )


def _sbs(n: int) -> bytes:
    at = f"2026/11/22,20:{n // 60_000 % 60:02d}:{n // 1_000 % 60:02d}.{n % 1_000:03d}"
    place = f"{48 + n % 1_000 / 1_000:.5f},{16 + n % 777 / 777:.5f}"
    return f"MSG,3,1,1,{n % 5_000 + 1:06X},1,{at},{at},,{30_000 + n % 9_000},,,{place},,,0,0,0,0\r\n".encode()


def _readsb(n: int) -> bytes:
    return (
        json.dumps(
            {
                "now": 1_763_841_600 + n / 1_000,
                "hex": f"{n % 5_000 + 1:06x}",
                "type": "adsb_icao",
                "flight": "RYR1427 ",
                "alt_baro": 36_000,
                "alt_geom": 36_525,
                "gs": 450.0,
                "track": 89.99,
                "baro_rate": -64,
                "squawk": "1000",
                "category": "A3",
                "lat": 48 + n % 1_000 / 1_000,
                "lon": 16.3,
                "nic": 8,
                "rc": 186,
                "seen_pos": 0.5,
                "nac_p": 9,
                "sil": 3,
                "messages": 999,
                "seen": 0.1,
                "rssi": -12.3,
            }
        ).encode()
        + b"\n"
    )


def _asterix(quick: bool) -> Figure:
    from asterix import base, generated

    track = _packed()
    parser = Asterix("f", {})
    assert len(parser.feed(track, 0)) == 1, parser.dropped

    def theirs() -> None:
        blocks = base.RawDatablock.parse(base.Bits.from_bytes(track))
        assert not isinstance(blocks, ValueError)
        assert not isinstance(generated.Cat_062_1_21.cv_uap.parse(blocks[0].get_raw_records()), ValueError)

    ours_us, theirs_us = _median_us(lambda: parser.feed(track, 0), 2_000), _median_us(theirs, 20 if quick else 200)
    note = f"one record of {len(track)} octets: identity, place, velocity, status; libasterix takes it apart, no report"
    return Figure("feed_asterix_us", "us", ours_us, theirs_us, "libasterix", "lower", "", None, note)


def _packed() -> bytes:
    body = b"".join(bytes.fromhex(data) for _, data in TRACK)
    return b"\x3e" + (len(body) + 3).to_bytes(2, "big") + body


def _median_us(work: Callable[[], object], times: int) -> float:
    took = np.empty(times)
    for i in range(times):
        begin = time.perf_counter_ns()
        work()
        took[i] = (time.perf_counter_ns() - begin) / 1e3
    return float(np.median(took))
