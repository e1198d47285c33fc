"""Recordings: files of any format, compressed by gzip or not, read whole or played with their own times.

In:  a path, what the settings say of it.
Out: lists of reports in the order of the file, all at once (`reports_in`) or each when its time has come (`play`).
Refuses: files of no known format.

A recording does not say when its reports were received: that is the time of the packet in a capture, else the time of
the report itself. A time that lies before an earlier one waits for nothing and is passed on as it is.
"""

import asyncio
import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final, cast

from msgspec.structs import replace

from wideberth.feeds.asterix import Asterix
from wideberth.feeds.capture import datagrams
from wideberth.feeds.formats import DOCUMENTS, HEAD_BYTES, PCAP, Format, found_format, parser_for
from wideberth.feeds.parser import Parser
from wideberth.feeds.report import Report
from wideberth.feeds.settings import Feed, zone_of
from wideberth.intake.times import parse_time
from wideberth.limits import DOCUMENT_BYTES_MAX, FEED_CHUNK_BYTES
from wideberth.refusal import Reason, Refusal, refuse

STEP_US: Final = 100_000
"""Reports within a tenth of a second of the recording's time go out together."""
BLOCK_HEAD: Final = 3


class Recording:
    """A file behind its parser. `parser.dropped` counts what gave no report."""

    def __init__(self, path: Path, feed: Feed, format: Format, captured: bool) -> None:
        self.path = path
        self.format = format
        self.captured = captured
        self._at_us = _began(feed, path)
        zone = zone_of(feed.time_zone)
        assert zone is not None, "settings are checked before"
        self.parser: Parser = parser_for(format, feed.name, zone, feed.sites, datagrams=captured)

    def batches(self) -> Iterator[list[Report]]:
        """The reports, some at a time."""
        with _opened(self.path) as file:
            for seen_us, data in datagrams(file) if self.captured else self._pieces(file):
                reports = self.parser.feed(data, seen_us or self._at_us)
                if not reports:
                    continue
                # a day of ASTERIX goes on where the last piece ended
                self._at_us = max(self._at_us, reports[-1].time_us) if isinstance(self.parser, Asterix) else self._at_us
                yield reports if self.captured else [replace(r, received_us=r.time_us) for r in reports]
        self.parser.reset()

    def _pieces(self, file: BinaryIO) -> Iterator[tuple[int, bytes]]:
        if self.format in DOCUMENTS:
            yield from _documents(file)
            return
        held = b""
        while piece := file.read(FEED_CHUNK_BYTES):
            if self.format is not Format.ASTERIX:
                yield 0, piece
                continue
            held += piece
            end = _whole_blocks(held)
            yield 0, held[:end]
            held = held[end:]
        # a last line may lack its end
        yield 0, held if self.format is Format.ASTERIX else b"\n"


def open_recording(path: Path, feed: Feed, format: Format | None = None) -> Recording | Refusal:
    """A file of a stated format, or of the one that its first bytes show."""
    with _opened(path) as file:
        head = file.read(HEAD_BYTES)
    captured = head[:4] in PCAP
    if format is None and captured:
        with _opened(path) as file:
            first = next((payload for _, payload in datagrams(file) if found_format(payload)), b"")
        format = found_format(first)
    elif format is None:
        format = found_format(head)
    if format is None:
        names = ", ".join(Format)
        return refuse(Reason.MALFORMED, str(path.name), f"a recording of one of {names}", head[:40])
    return Recording(path, feed, format, captured)


def reports_in(path: Path, source: str, format: Format | None = None) -> Iterator[list[Report]] | Refusal:
    """All reports of a file, as fast as it can be read."""
    recording = open_recording(path, Feed(name=source, format=format or Format.SBS), format)
    return recording if isinstance(recording, Refusal) else recording.batches()


async def play(
    recording: Recording, speed: float, emit: Callable[[list[Report]], None], shift_to_us: int | None = None
) -> None:
    """Give the reports when their time has come, at a multiple of the recording's speed; 0 waits for nothing.

    `shift_to_us` moves all times so that the first is that one.
    """
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    first_us: int | None = None
    for batch in recording.batches():
        first_us = batch[0].time_us if first_us is None else first_us
        moved = 0 if shift_to_us is None else shift_to_us - first_us
        for step in steps(batch):
            if speed:
                due_s = began_s + (step[0].time_us - first_us) / 1e6 / speed
                if (wait_s := due_s - loop.time()) > 0:
                    await asyncio.sleep(wait_s)
            emit(
                [replace(r, time_us=r.time_us + moved, received_us=r.received_us + moved) for r in step]
                if moved
                else step
            )
        await asyncio.sleep(0)


def steps(reports: list[Report]) -> Iterator[list[Report]]:
    """The reports in their order, cut where the time has gone on by a step."""
    begin = 0
    for i, report in enumerate(reports):
        if report.time_us - reports[begin].time_us >= STEP_US:
            yield reports[begin:i]
            begin = i
    yield reports[begin:]


def _documents(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """One document in all, or one a line."""
    whole = file.read(DOCUMENT_BYTES_MAX + 1)
    lines = whole.split(b"\n")
    if len(whole) <= DOCUMENT_BYTES_MAX and not (
        len(lines) > 1 and lines[0].rstrip().endswith(b"}") and lines[1].lstrip()
    ):
        yield 0, whole
        return
    for line in lines[:-1]:
        yield 0, line
    rest = lines[-1]
    while line := file.readline(DOCUMENT_BYTES_MAX + 1):
        yield 0, rest + line
        rest = b""
    if rest.strip():
        yield 0, rest


def _whole_blocks(data: bytes) -> int:
    """Where the last whole data block ends; all of it where the next can be none."""
    at = 0
    while at + BLOCK_HEAD <= len(data):
        size = int.from_bytes(data[at + 1 : at + 3], "big")
        if size < BLOCK_HEAD:
            return len(data)
        if at + size > len(data):
            break
        at += size
    return at


def _opened(path: Path) -> BinaryIO:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return cast(BinaryIO, gzip.open(path, "rb")) if packed else path.open("rb")


def _began(feed: Feed, path: Path) -> int:
    """When a recording without dates began."""
    started = parse_time(feed.start, "start") if feed.start else path.stat().st_mtime_ns // 1_000
    assert not isinstance(started, Refusal), "settings are checked before"
    return started
