"""Durations and counts of a review, as figures.

In:  durations in us; names. Out: `Times`, counts by name.
"""

from collections.abc import Iterable

import msgspec


class Times(msgspec.Struct, frozen=True):
    """How long it took, in seconds: how many, the median, the 95th of a hundred and the worst (nearest rank)."""

    count: int
    median_s: float
    p95_s: float
    worst_s: float


def counts(names: Iterable[str]) -> dict[str, int]:
    """How often each name occurs, in order of the names."""
    counted: dict[str, int] = {}
    for name in sorted(names):
        counted[name] = counted.get(name, 0) + 1
    return counted


def summed(took: dict[str, dict[str, list[int]]]) -> dict[str, dict[str, Times]]:
    """The figures of durations in us, by name and precedence."""
    return {
        name: {precedence: found for precedence, rows in sorted(by.items()) if (found := times(rows)) is not None}
        for name, by in sorted(took.items())
    }


def times(took_us: list[int]) -> Times | None:
    """The figures of so many durations in us, to the millisecond; None of none."""
    if not took_us:
        return None
    rows = sorted(took_us)

    def rank(share: int) -> float:
        return round(rows[max(0, -(-len(rows) * share // 100) - 1)] / 1_000_000, 3)

    return Times(len(rows), rank(50), rank(95), rank(100))
