"""What came of the requests of one step: successes timed, everything else counted under its own name.

In:  one call for each answer, or for what stood in its place.
Out: a `Step`: rates and percentiles of successes alone, refusals, time-outs, connection errors and failures apart.
"""

import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Sequence

import msgspec

QUANTILES = tuple(range(101))


class Times(msgspec.Struct, frozen=True):
    """How long successes of one kind took, milliseconds. `quantiles` are those of 0, 1 … 100 %."""

    count: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float
    quantiles_ms: tuple[float, ...]


class Step(msgspec.Struct, frozen=True):
    """What so many planners came to in so many seconds, warm-up left out."""

    planners: int
    seconds: float
    warm_up_s: float
    flights: int
    """Flights that were accepted, activated and deleted; with `puts` intents that were accepted."""
    flights_per_s: float
    requests_per_s: float
    """Successful requests."""
    kinds: dict[str, Times]
    """By kind of request, and `flight` as a whole with everything that was tried again."""
    conflicts: int
    """409 for a key that was not whole, answered with a key that is: tried again, no failure."""
    refused: dict[str, int]
    """429 and 503 with Retry-After, which was waited for, by status."""
    refused_bare: dict[str, int]
    """429 and 503 without it."""
    timeouts: int
    broken: int
    """Connections that could not be made or fell."""
    failed: dict[str, int]
    """Other answers, by kind and status, and flights given up."""
    said: dict[str, str]
    """The first message of each of these."""
    late_share: float
    """With a rate: the share of flights that began more than 100 ms after their turn."""
    client_cores: float
    """Processor time of the generator for each second."""
    per_second: tuple[int, ...]
    """Flights in each second."""


def percentile(sorted_values: Sequence[float], percent: float) -> float:
    """The value below which so many percent lie, linear between neighbours; nan of nothing."""
    if not sorted_values:
        return math.nan
    place = (len(sorted_values) - 1) * percent / 100
    low = math.floor(place)
    high = min(low + 1, len(sorted_values) - 1)
    return sorted_values[low] + (sorted_values[high] - sorted_values[low]) * (place - low)


class Tally:
    """Counts of one stretch of time that begins at `begin_s` of the generator's clock."""

    def __init__(self, begin_s: float) -> None:
        self.begin_s = begin_s
        self.times: defaultdict[str, array[float]] = defaultdict(lambda: array("d"))
        self.conflicts = self.timeouts = self.broken = 0
        self.refused: Counter[str] = Counter()
        self.refused_bare: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self.said: dict[str, str] = {}
        self.per_second: Counter[int] = Counter()
        self.begun = self.late = 0

    def success(self, kind: str, took_s: float) -> None:
        """A request of this kind succeeded."""
        self.times[kind].append(took_s * 1e3)

    def flight(self, took_s: float, now_s: float) -> None:
        """A whole flight came to its end."""
        self.success("flight", took_s)
        self.per_second[int(now_s - self.begin_s)] += 1

    def failure(self, what: str, message: str) -> None:
        """Something was answered otherwise, or given up."""
        self.failed[what] += 1
        self.said.setdefault(what, message)

    def step(self, planners: int, seconds: float, warm_up_s: float, cores: float) -> Step:
        """The sum."""
        kinds = {kind: _times(values) for kind, values in sorted(self.times.items())}
        flights = len(self.times.get("flight", ()))
        requests = sum(times.count for kind, times in kinds.items() if kind != "flight")
        return Step(
            planners=planners,
            seconds=round(seconds, 3),
            warm_up_s=warm_up_s,
            flights=flights,
            flights_per_s=round(flights / seconds, 3),
            requests_per_s=round(requests / seconds, 3),
            kinds=kinds,
            conflicts=self.conflicts,
            refused=dict(self.refused),
            refused_bare=dict(self.refused_bare),
            timeouts=self.timeouts,
            broken=self.broken,
            failed=dict(self.failed),
            said=self.said,
            late_share=round(self.late / self.begun, 4) if self.begun else 0.0,
            client_cores=round(cores, 3),
            per_second=tuple(self.per_second[second] for second in range(math.ceil(seconds))),
        )


def _times(values: Sequence[float]) -> Times:
    ordered = sorted(values)
    quantiles = tuple(round(percentile(ordered, q), 3) for q in QUANTILES)
    return Times(len(ordered), quantiles[50], quantiles[95], quantiles[99], quantiles[100], quantiles)
