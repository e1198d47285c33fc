"""Rates and waits, with time as an argument."""

import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wideberth.delivery.pace import Bucket, backoff_us, retry_after_us

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


@given(st.lists(st.integers(0, 300_000), min_size=1, max_size=200), st.integers(1, 100), st.integers(1, 50))
def test_a_bucket_never_lets_more_through_than_it_says(pauses: list[int], per_s: int, burst: int) -> None:
    """In every window, at most the burst and what the rate adds; and nobody waits while there is room."""
    bucket, now_us, times = Bucket(per_s, burst), 0, []
    for pause in pauses:
        now_us += pause
        times.append(now_us + bucket.take(now_us))
    assert times == sorted(times)
    for first in range(0, len(times), 7):
        for last in range(first, len(times), 5):
            window_s = (times[last] - times[first]) / 1e6
            assert last - first + 1 <= burst + window_s * per_s + 1e-3
    assert times[0] == pauses[0]
    assert bucket.wait_us(times[-1] + round(1e6 * burst / per_s) + 1) == 0


@given(st.integers(1, 10_000), st.integers(0, 2**32))
def test_waits_grow_and_stay_bounded(tries: int, seed: int) -> None:
    """Each wait lies between half and the whole of what doubling gives, and never above the bound."""
    wait_s = backoff_us(tries, 1, 300, random.Random(seed)) / 1e6
    whole_s = min(300, 2.0 ** min(tries - 1, 40))
    assert whole_s / 2 <= wait_s <= whole_s


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        (" 7 ", 7),
        ("999999999999999999999999999", 600),
        ("Sun, 22 Nov 2026 12:00:30 GMT", 30),
        ("Sun, 22 Nov 2026 11:00:30 GMT", 0),
        ("Sun, 22 Nov 2099 12:00:30 GMT", 600),
        ("-5", 0),
        ("1.5", 0),
        ("٧", 0),
        ("soon", 0),
        ("", 0),
        ("Sun, 99 Nov 2026 12:00:30 GMT", 0),
    ],
)
def test_retry_after_is_followed_as_far_as_it_is_sane(text: str, seconds: int) -> None:
    """Seconds or a date; nonsense asks for nothing, and nobody is put off beyond the bound."""
    assert retry_after_us(text, round(NOW.timestamp() * 1e6), 600) == seconds * 1_000_000
