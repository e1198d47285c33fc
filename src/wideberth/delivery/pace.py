"""How fast, and when again: time as an argument, token buckets, growing waits.

In:  clocks, a source of randomness, what a Retry-After header says.
Out: waits in microseconds.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import NamedTuple


class Clock(NamedTuple):
    """Where the time comes from: the wall clock and one that only goes on, in microseconds, and how to wait."""

    wall_us: Callable[[], int]
    mono_us: Callable[[], int]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class Bucket:
    """So many a second, and so many at once."""

    def __init__(self, per_s: float, burst: int) -> None:
        self._us_each = 1e6 / per_s
        self._ahead_us = self._us_each * (burst - 1)
        self._free_us = 0.0

    def wait_us(self, now_us: int) -> int:
        """How long until one more is free; takes nothing."""
        return max(0, round(self._free_us - self._ahead_us) - now_us)

    def take(self, now_us: int) -> int:
        """Take the next one, however far ahead: how long to wait until it may be used, in microseconds."""
        wait_us = self.wait_us(now_us)
        self._free_us = max(self._free_us, now_us) + self._us_each
        return wait_us


def backoff_us(tries: int, first_s: float, most_s: float, rng: random.Random) -> int:
    """The wait after so many failures in a row (1 and up): doubling, bounded, and never the same for everybody."""
    longest_s = min(most_s, first_s * 2.0 ** min(tries - 1, 32))
    return round(1e6 * longest_s * rng.uniform(0.5, 1.0))


def retry_after_us(text: str, wall_us: int, most_s: float) -> int:
    """What a Retry-After header asks for (RFC 9110, 10.2.3), bounded; 0 where it says nothing readable."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return round(1e6 * min(most_s, int(text[:10])))
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return 0
    at_us = (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1e6
    return max(0, min(round(most_s * 1e6), round(at_us) - wall_us))
