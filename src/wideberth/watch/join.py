"""Which strands of different names are one thing, and the numbers that tracks keep.

In:  each sweep, clusters of strands that may be one thing (`together.near_strangers`), and groups of strands.
Out: which clusters count as one; a number for each group, the same from sweep to sweep.
Refuses nothing.

Two things that meet look like one for some seconds, so strangers are joined slowly: `JOIN_SWEEPS` sweeps in a row, each
the other's nearest by far, never of one source (who tells them apart knows better), and parted as soon as they part.
"""

from typing import Final

import numpy as np

from wideberth.watch.state import Int64s, Strands

JOIN_SWEEPS: Final = 8
NEAR: Final = 1.0
"""In gates (`together`): nearer than this counts for being one."""
SILENT_US: Final = 15_000_000
"""A strand whose place is so much older than the other's has fallen silent: a radar turns in 4 to 12 s."""
PARTED: Final = 2.0
"""Farther than this, a join ends at once."""

Near = list[tuple[int, int, float]]


class Joins:
    """Scores of pairs of identities."""

    def __init__(self) -> None:
        self._scores: dict[tuple[int, int], int] = {}

    def update(self, near: Near) -> list[tuple[int, int]]:
        """Candidates (identity, identity, how far in gates), each pair once. Out: which of them count as one."""
        by: dict[int, list[float]] = {}
        for a, b, ratio in near:
            by.setdefault(a, []).append(ratio)
            by.setdefault(b, []).append(ratio)
        firsts = {one: sorted(ratios)[:2] for one, ratios in by.items()}
        scores: dict[tuple[int, int], int] = {}
        for a, b, ratio in near:
            pair = (min(a, b), max(a, b))
            score = self._scores.get(pair, 0)
            if score >= JOIN_SWEEPS:
                scores[pair] = JOIN_SWEEPS
            elif ratio <= NEAR and _alone(firsts[a], ratio) and _alone(firsts[b], ratio):
                scores[pair] = score + 1
        self._scores = scores
        return self._one_each(near)

    def _one_each(self, near: Near) -> list[tuple[int, int]]:
        taken: set[int] = set()
        joined: list[tuple[int, int]] = []
        for a, b, _ in sorted(near, key=lambda row: row[2]):
            if self._scores.get((min(a, b), max(a, b)), 0) >= JOIN_SWEEPS and a not in taken and b not in taken:
                taken |= {a, b}
                joined.append((a, b))
        return joined


def _alone(firsts: list[float], ratio: float) -> bool:
    """Whether it is the nearest, and the next one at least twice as far."""
    return firsts[0] == ratio and (len(firsts) == 1 or firsts[1] >= max(0.2, 2.0 * ratio))


def merged(cluster: Int64s, joined: list[tuple[int, int]]) -> Int64s:
    """Groups from clusters and the pairs of clusters that are one."""
    root = np.arange(len(cluster))
    for a, b in joined:
        root[max(a, b)] = root[min(a, b)]
    return root[cluster]


def numbered(s: Strands, rows: Int64s, group: Int64s, order: Int64s) -> Int64s:
    """A number for each group, in the order of groups, kept in the strands for the next sweep.

    A group keeps the eldest number that a member carries. Where groups part, the one with that number's own strand
    keeps it, else the one with the eldest strand; the other goes by its eldest strand's own number. One that is silent
    while the other goes on is what was left behind: then the number, and its own, go with the other.
    """
    sorted_group = group[order]
    starts = np.flatnonzero(np.r_[True, sorted_group[1:] != sorted_group[:-1]])
    wanted = np.minimum.reduceat(s.track[rows[order]], starts)
    _hand_over(s, rows[order], starts, wanted)
    own = s.number[rows[order]]
    eldest = np.minimum.reduceat(own, starts)
    sizes = np.diff(np.r_[starts, len(order)])
    owner = np.maximum.reduceat(own == np.repeat(wanted, sizes), starts)
    # owners first, then the eldest, then keep the first of each number
    turn = np.lexsort((eldest, ~owner, wanted))
    again = np.r_[False, wanted[turn][1:] == wanted[turn][:-1]]
    numbers: Int64s = wanted.copy()
    losers = turn[again]
    numbers[losers] = eldest[losers]
    if len(losers):
        _settle(numbers, eldest)
    s.track[rows[order]] = np.repeat(numbers, sizes)
    return numbers


def _hand_over(s: Strands, rows: Int64s, starts: Int64s, wanted: Int64s) -> None:
    """Where groups part and the one with the number's own strand is silent, both strands change their own numbers."""
    values, counts = np.unique(wanted, return_counts=True)
    if not (counts > 1).any():
        return
    placed = np.maximum.reduceat(s.placed_us[rows], starts)
    ends = np.r_[starts[1:], len(rows)]
    for value in values[counts > 1].tolist():
        groups = np.flatnonzero(wanted == value)
        heir = int(groups[placed[groups].argmax()])
        own = rows[s.number[rows] == value]
        left = own[s.placed_us[own] < placed[heir] - SILENT_US]
        others = rows[starts[heir] : ends[heir]]
        if len(left) and left[0] not in others:
            eldest = others[s.number[others].argmin()]
            s.number[left[0]], s.number[eldest] = s.number[eldest], s.number[left[0]]


def _settle(numbers: Int64s, eldest: Int64s) -> None:
    """A loser's own number may still be carried by others; then these go by theirs."""
    for _ in range(8):
        values, counts = np.unique(numbers, return_counts=True)
        if not (counts > 1).any():
            return
        for value in values[counts > 1].tolist():
            for at in np.flatnonzero(numbers == value).tolist():
                if eldest[at] != value:
                    numbers[at] = eldest[at]
    assert len(np.unique(numbers)) == len(numbers), "two tracks of one number"
