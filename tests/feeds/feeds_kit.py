"""What the tests of feeds share: where the golden files lie, short ways to parse and to compare."""

from datetime import datetime
from pathlib import Path

import msgspec

from wideberth.feeds.parser import Parser
from wideberth.feeds.report import Report

GOLDEN = Path(__file__).parent / "golden"


def us(text: str) -> int:
    """Microseconds of an ISO time, by way of a float that holds them exactly."""
    return round(datetime.fromisoformat(text).timestamp() * 1e6)


NOW = us("2026-11-22T20:00:20+00:00")


def told(report: Report) -> dict[str, object]:
    """A report without what is undefined and without source and reception."""
    left_out = {"source", "received_us"}
    held = msgspec.structs.asdict(report)
    return {k: v for k, v in held.items() if k not in left_out and v is not None and v != "" and v is not False}


def all_of(parser: Parser, data: bytes, pieces: int = 0) -> list[Report]:
    """What a parser finds, given whole or in pieces of so many bytes."""
    size = pieces or max(1, len(data))
    return [r for at in range(0, len(data), size) for r in parser.feed(data[at : at + size], NOW)]
