"""Many outlines drawn at once against drawing them one by one."""

import numpy as np
from brute import random_outlines

from wideberth.space.outline import overlap_outline, shared_outlines, too_near_outline
from wideberth.space.overlap import prepare
from wideberth.space.volume import Volume4D


def test_each_pair_is_drawn_as_if_it_were_alone() -> None:
    """Circles, convex rings and others: both sides are shown what they are shown pair by pair, as far as the limit."""
    pairs = list(random_outlines(np.random.default_rng(3), 60))
    own, other = (prepare([Volume4D(pair[i], 0, 0, 0, 1) for pair in pairs]) for i in (0, 1))
    margins = np.where(np.arange(len(pairs)) % 3 == 0, 0.0, 5_000.0)
    every = np.arange(len(pairs))
    mine, theirs = shared_outlines(own, every, other, every, margins, 70)
    drawn = np.flatnonzero(np.cumsum(np.where(margins > 0, 2, 1)) >= 70)[0] + 1
    assert len(mine) == len(theirs) == drawn < len(pairs)
    shown = 0
    for (a, b), margin, here, there in zip(pairs, margins.tolist(), mine, theirs, strict=False):
        if margin == 0.0:
            assert here == there == overlap_outline(a, b)
        else:
            assert (here, there) == (too_near_outline(a, b, margin), too_near_outline(b, a, margin))
        shown += bool(here)
    assert shown > 10


def test_no_pairs_are_drawn_as_none() -> None:
    """Nothing found is nothing drawn."""
    nothing = np.empty(0, np.int64)
    assert shared_outlines(prepare([]), nothing, prepare([]), nothing, np.empty(0), 64) == ([], [])
