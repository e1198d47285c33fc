"""What came of a step, summed up."""

import math
import random

import numpy as np
import pytest

from wideberth.load.tally import Tally, percentile


@pytest.mark.parametrize("count", [1, 2, 3, 10, 101, 1_000])
def test_percentiles_are_those_of_numpy(count: int) -> None:
    """Percentiles are linear between neighbours, as numpy's are."""
    rng = random.Random(count)
    values = [rng.expovariate(1) for _ in range(count)]
    for percent in (0, 1, 50, 95, 99, 99.9, 100):
        assert percentile(sorted(values), percent) == pytest.approx(float(np.percentile(values, percent)))


def test_nothing_has_no_percentile() -> None:
    """Where nothing succeeded there is no figure rather than a good one."""
    assert math.isnan(percentile([], 99))


def test_only_successes_are_counted_as_successes() -> None:
    """Rates and times are of successes; what was refused, unanswered or failed stands under its own name."""
    tally = Tally(100.0)
    for took_s in (0.010, 0.020, 0.030):
        tally.success("accept", took_s)
    tally.flight(0.5, 101.2)
    tally.conflicts, tally.timeouts, tally.broken = 5, 2, 1
    tally.refused["429"] += 4
    tally.refused_bare["503"] += 1
    tally.failure("accept 400", "bad")
    tally.failure("accept 400", "bad again")
    step = tally.step(3, 2.0, 1.0, 0.25)
    assert (step.flights, step.flights_per_s, step.requests_per_s) == (1, 0.5, 1.5)
    assert step.kinds["accept"].p50_ms == pytest.approx(20)
    assert step.kinds["accept"].max_ms == pytest.approx(30)
    assert (step.conflicts, step.timeouts, step.broken) == (5, 2, 1)
    assert (step.refused, step.refused_bare) == ({"429": 4}, {"503": 1})
    assert (step.failed, step.said) == ({"accept 400": 2}, {"accept 400": "bad"})
    assert step.per_second == (0, 1)
